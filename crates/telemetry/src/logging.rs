//! What the parts of a program say in words, as events among the others.

use std::fmt::{self, Write};

pub use tracing::Level as LogLevel;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::journal::Journal;

/// Tells `journal` what the program says in words, from now on. Does nothing the second time.
pub fn start_logging(journal: Journal) {
    let level = LevelFilter::from_level(journal.level().into());
    let layer = Words(journal).with_filter(level);
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

struct Words(Journal);

impl<S: Subscriber> Layer<S> for Words {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.say((*event.metadata().level()).into(), &text.0);
    }
}

/// The words of an event, then its other fields.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Memory takes all that is written.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
