//! The metrics page: what Prometheus and its like read from a server.
//!
//! [`render`] words one snapshot of the counts as OpenMetrics; [`serve`] hands it to whoever asks,
//! in the format that they understand. A scrape costs one thread while it lasts and one walk
//! through the slots; between scrapes the page costs nothing.

mod collector;
mod format;
mod http;

pub use collector::render;
pub use format::PageFormat;
pub use http::serve;
