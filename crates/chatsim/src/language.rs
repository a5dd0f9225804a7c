//! What is printed, in the languages it can be printed in. The texts are in `language/en.ftl` and
//! `language/id.ftl`, for whoever translates; this is what puts values into them.

mod words;

use clap::ValueEnum;

use crate::experiments::Experiment;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Indonesian
    Id,
}

figures::catalogues!(En: "language/en.ftl", Id: "language/id.ftl");

impl Language {
    /// The name of an experiment.
    pub(crate) fn experiment(self, experiment: Experiment) -> String {
        match experiment {
            Experiment::Normal => self.experiment_normal(),
            Experiment::HighLoss => self.experiment_high_loss(),
            Experiment::Latency => self.experiment_latency(),
            Experiment::Parameters => self.experiment_parameters(),
            Experiment::Bursts => self.experiment_bursts(),
        }
    }

    /// What the course expects of it.
    pub(crate) fn expected(self, experiment: Experiment) -> String {
        match experiment {
            Experiment::Normal => self.expected_normal(),
            Experiment::HighLoss => self.expected_high_loss(),
            Experiment::Latency => self.expected_latency(),
            Experiment::Parameters => self.expected_parameters(),
            Experiment::Bursts => self.expected_bursts(),
        }
    }
}
