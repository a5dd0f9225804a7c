//! The concurrency models, and the macro that makes a test of a claim for each of them.

use testkit::{Server, ServerBuilder};

/// Instantiates claims for every concurrency model.
macro_rules! for_every_model {
    ($($claim:ident),+ $(,)?) => {
        for_model!(legacy_mode "legacy": $($claim)+);
        for_model!(thread_mode "thread": $($claim)+);
        #[cfg(target_os = "linux")]
        for_model!(process_mode "process": $($claim)+);
        for_model!(async_mode "async": $($claim)+);
        #[cfg(target_os = "linux")]
        for_model!(event_mode "event": $($claim)+);
    };
}

/// Instantiates claims for one of them.
macro_rules! for_model {
    ($module:ident $mode:literal: $($claim:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $claim() {
                    super::$claim(crate::Model($mode));
                }
            )+
        }
    };
}

/// A concurrency model, by its name on the command line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model(pub(crate) &'static str);

impl Model {
    pub(crate) fn server(self) -> ServerBuilder {
        ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).args(["--mode", self.0])
    }

    pub(crate) fn start(self) -> Server {
        self.server().start()
    }
}
