//! A server that is running already: what it is, and whether it can be measured.

use std::{fs::File, path::Path};

use anyhow::{Context, bail, ensure};
use client::{ClientError, FileName};

use super::{
    content::{CHECKED, ContentHasher, DOWNLOADED, SourceFile, UPLOADED},
    target::Target,
};
use crate::{
    args::PlanArgs,
    plan::{Configuration, Mode, Operation, Plan, Volume},
};

/// A server that answers.
pub(crate) struct Connected {
    address: String,
    target: Target,
}

impl Connected {
    /// Finds the server that the options name, if they do.
    pub(crate) fn open(options: &PlanArgs) -> anyhow::Result<Option<Self>> {
        let Some(address) = options.server.address() else { return Ok(None) };
        let access = options.server.access()?;
        if let Some(warning) = access.options().warning(&address) {
            cli::errln!("warning: {warning}");
        }
        let address = address.to_string();
        let target = Target::new(&address, &access, options.timeout())
            .with_context(|| format!("cannot measure {address}"))?;
        Ok(Some(Self { address, target }))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        self.target.access.options().tls.is_some()
    }

    /// What it says that it is, or else what the options say.
    pub(crate) fn configuration(&self, options: &PlanArgs) -> anyhow::Result<Configuration> {
        let (address, said) = (&self.address, options.servers());
        match (self.target.stats()?, said) {
            (Some(stats), [] | [_]) => {
                if let [workers] = said {
                    let told = stats.workers;
                    ensure!(
                        *workers == told,
                        "the server at {address} has {told} workers, and --servers says {workers}"
                    );
                }
                let mode = stats.mode.to_ascii_lowercase().parse::<Mode>().ok();
                Ok(Configuration { mode, workers: stats.workers })
            }
            (None, said @ ([] | [_])) => {
                Ok(Configuration { mode: None, workers: said.first().copied().unwrap_or(0) })
            }
            (_, _) => bail!(
                "the server at {address} runs already, with one number of workers; leave --servers \
                 out, or name that number"
            ),
        }
    }

    /// The size of a file that it has.
    pub(crate) fn volume_of(&self, name: &FileName) -> anyhow::Result<Volume> {
        let fetched = self.target.fetch(name, &mut ContentHasher::default());
        let bytes = fetched.with_context(|| {
            format!("cannot measure downloads of {name} from the server at {}", self.address)
        })?;
        ensure!(
            bytes > 0,
            "{name} on the server at {} is empty; name another --file",
            self.address
        );
        Ok(Volume { bytes })
    }

    /// Takes a file that it has, into `dir`.
    pub(crate) fn fetch(&self, dir: &Path, name: &FileName) -> anyhow::Result<SourceFile> {
        let path = dir.join("fetched.bin");
        let write = || format!("cannot write {}", path.display());
        let mut file = File::create(&path).with_context(write)?;
        let bytes = self.target.fetch(name, &mut file)?;
        let digest = ContentHasher::of_file(&path).with_context(write)?;
        Ok(SourceFile { volume: Volume { bytes }, path, name: name.clone(), digest })
    }

    /// Refuses a plan that the server does not let be measured, and finds out how uploads can be verified.
    pub(crate) fn check(&mut self, plan: &Plan) -> anyhow::Result<()> {
        if plan.operations.contains(&Operation::List) {
            let listed = self.target.stored_names();
            listed.with_context(|| format!("cannot list the files on {}", self.address))?;
        }
        if let Some(name) = &plan.file {
            ensure!(
                !plan.operations.contains(&Operation::Upload),
                "--file measures downloads and stores nothing; leave upload out of --ops"
            );
            self.target.learn_digest(name);
            return Ok(());
        }
        if !plan.stores_files() {
            return Ok(());
        }
        let name = CHECKED.parse().expect("this is a plain name");
        let stored = self.target.store_probe(&name);
        stored.with_context(|| {
            format!(
                "cannot store files on the server at {}, as downloads and uploads need (--file NAME \
                 measures downloads of a file that it has)",
                self.address
            )
        })?;
        self.target.learn_digest(&name);
        // Some servers cannot delete; what is left is told at the end.
        let _ = self.target.delete(&name);
        Ok(())
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// What runs have stored there and could not delete.
    pub(crate) fn left_behind(&self) -> Result<Vec<String>, ClientError> {
        self.target.names_that_begin_with(&[DOWNLOADED, UPLOADED, CHECKED])
    }
}
