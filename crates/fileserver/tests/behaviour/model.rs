//! The concurrency models, and the macro that makes a test of a claim for each of them.

use std::convert;

use testkit::{Server, ServerBuilder};

/// Instantiates claims for every concurrency model, with files in a directory.
macro_rules! for_every_model {
    ($($claim:ident),+ $(,)?) => {
        for_every_model_of!(std::convert::identity: $($claim)+);
    };
}

/// Instantiates claims for every concurrency model, with files where the function puts them.
macro_rules! for_every_model_of {
    ($files:path: $($claim:ident)+) => {
        for_model!(legacy_mode "legacy" $files: $($claim)+);
        for_model!(thread_mode "thread" $files: $($claim)+);
        #[cfg(target_os = "linux")]
        for_model!(process_mode "process" $files: $($claim)+);
        for_model!(async_mode "async" $files: $($claim)+);
        #[cfg(target_os = "linux")]
        for_model!(event_mode "event" $files: $($claim)+);
    };
}

/// Instantiates claims for one of them; with files in a directory, where nothing else is said.
macro_rules! for_model {
    ($module:ident $mode:literal: $($claim:ident)+) => {
        for_model!($module $mode std::convert::identity: $($claim)+);
    };
    ($module:ident $mode:literal $files:path: $($claim:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $claim() {
                    super::$claim(crate::Model { mode: $mode, files: $files });
                }
            )+
        }
    };
}

/// A concurrency model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    /// Its name on the command line.
    pub(crate) mode: &'static str,
    /// Says where the files are, if that is no directory.
    pub(crate) files: fn(ServerBuilder) -> ServerBuilder,
}

impl Model {
    /// With files in a directory.
    pub(crate) fn named(mode: &'static str) -> Self {
        Self { mode, files: convert::identity }
    }

    pub(crate) fn server(self) -> ServerBuilder {
        (self.files)(ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")))
            .args(["--mode", self.mode])
    }

    pub(crate) fn start(self) -> Server {
        self.server().start()
    }
}
