//! The metrics page: what Prometheus and its like read from a server.
//!
//! [`render`] words one snapshot of the counts as OpenMetrics; [`serve`] hands it to whoever asks,
//! in the format that they understand. A scrape costs one thread while it lasts and one walk
//! through the slots; between scrapes the page costs nothing.

mod collector;
mod family;
mod format;
mod http;
mod page;

pub use collector::{render, render_own};
pub use family::{Family, Labels, Samples};
pub use format::PageFormat;
pub use http::serve;
pub use prometheus_client::registry::Unit;
