//! What can be changed while the balancer runs: by an operator, or by its configuration file.

mod client;
mod command;
mod config;
mod socket;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use balancing::{DuplicateName, Settings};

use self::command::Answer;
pub(crate) use self::{
    client::ask,
    command::Request,
    config::{Config, ConfigError},
    socket::{ControlSocket, SocketError},
};
use crate::{
    backend::{Backend, BackendConfig, BackendError},
    checks::{self, CheckSettings},
    pool::{SharedPool, Standing},
    security::Security,
    stats,
};

/// Changes a pool, one change at a time. To be used within the runtime, where new backends are checked.
pub(crate) struct Control {
    pool: SharedPool,
    /// Where the balancer listens.
    address: SocketAddr,
    /// The command line's.
    settings: Settings,
    checks: CheckSettings,
    config: Option<PathBuf>,
    security: Arc<Security>,
    /// Held while something changes.
    changing: Mutex<()>,
}

impl Control {
    pub(crate) fn new(
        pool: SharedPool,
        address: SocketAddr,
        settings: Settings,
        checks: CheckSettings,
        config: Option<PathBuf>,
        security: Arc<Security>,
    ) -> Self {
        Self { pool, address, settings, checks, config, security, changing: Mutex::default() }
    }

    /// Does what an operator asks.
    fn answer(&self, request: &Request) -> Answer {
        if let Request::Show { .. } = request {
            return Answer::Backends(stats::rows(&self.pool));
        }
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(request).map_or_else(Answer::Refused, Answer::Done)
    }

    /// In words what was done, or why nothing was.
    fn change(&self, request: &Request) -> Result<String, String> {
        match request {
            Request::Show { .. } => Ok(String::new()),
            Request::Drain { name, .. } => {
                self.pool.drain(&*self.find(name)?);
                Ok(format!("{name} gets nothing new"))
            }
            Request::Enable { name } => {
                self.pool.enable(&*self.find(name)?);
                Ok(format!("{name} gets work if its checks pass"))
            }
            Request::Weight { name, weight } => {
                self.pool.set_weight(&*self.find(name)?, *weight);
                Ok(format!("{name} has weight {weight}"))
            }
            Request::Add { backend } => {
                let config: BackendConfig =
                    backend.parse().map_err(|err: BackendError| err.to_string())?;
                config.expect_not_at(self.address).map_err(|err| err.to_string())?;
                let others = self.pool.backends();
                config
                    .expect_apart_from(others.iter().map(|it| &it.config))
                    .map_err(|err| err.to_string())?;
                let backend = self.add(config).map_err(|err| err.to_string())?;
                Ok(format!("{} is added, and gets work unless its checks fail", backend.name()))
            }
            Request::Remove { name } => {
                self.pool.remove(&*self.find(name)?);
                Ok(format!("{name} is removed"))
            }
            Request::Reload => self.reload().inspect_err(|why| {
                tracing::error!("the configuration stays as it was: {why}");
            }),
        }
    }

    fn find(&self, name: &str) -> Result<Arc<Backend>, String> {
        let found = self.pool.backends().into_iter().find(|backend| backend.name() == name);
        found.ok_or_else(|| format!("no backend is called {name}; ctl show lists them"))
    }

    fn add(&self, config: BackendConfig) -> Result<Arc<Backend>, DuplicateName> {
        self.pool.add(config).inspect(|backend| self.watch(backend))
    }

    /// Reads the configuration again, for SIGHUP. What comes of it is logged.
    pub(crate) fn reload_at_hang_up(&self) {
        if self.config.is_some() || self.security.is_used() {
            self.answer(&Request::Reload);
        }
    }

    /// Reads what the command line names. All of it is put into force, or nothing.
    fn reload(&self) -> Result<String, String> {
        let config = self.config.as_deref().map(|path| self.read_config(path)).transpose()?;
        let certificates =
            self.security.read_again().map_err(|err| format!("{:#}", anyhow::Error::from(err)))?;
        let mut done = Vec::new();
        if let (Some(path), Some(config)) = (&self.config, config) {
            let what = self.put_into_force(&config);
            done.push(format!("{} is in force: {what}", path.display()));
        }
        if self.security.is_used() {
            self.security.put_into_force(certificates);
            done.push("new connections have the certificates that were read now".to_owned());
        }
        if done.is_empty() {
            return Err("this balancer was started without --config and without TLS".to_owned());
        }
        let done = done.join("; ");
        tracing::info!("{done}");
        Ok(done)
    }

    fn read_config(&self, path: &Path) -> Result<Config, String> {
        let config = Config::read_again(path).map_err(|err| err.to_string())?;
        for backend in &config.backends {
            let refusal = |why| format!("{}: {}: {why}", path.display(), backend.name);
            backend.expect_not_at(self.address).map_err(refusal)?;
        }
        Ok(config)
    }

    /// In words what is in force now.
    fn put_into_force(&self, config: &Config) -> String {
        let policy = config.policy.unwrap_or(self.settings.policy);
        self.pool.set_settings(Settings { policy, ..self.settings.clone() });
        let changes = self.set_all(&config.backends);
        format!("policy {policy}, {changes} backends added, removed or changed")
    }

    /// Has the pool consist of these, which have different names. How many are not as they were.
    fn set_all(&self, configs: &[BackendConfig]) -> usize {
        let mut changes = 0;
        for config in configs {
            changes += usize::from(self.set(config));
        }
        // Last, so that at no moment there is nobody to forward to.
        for backend in self.pool.backends() {
            if configs.iter().all(|config| config.name != backend.name()) {
                self.pool.remove(&backend);
                changes += 1;
            }
        }
        changes
    }

    /// Has a backend of that name be as it is configured; whether it was not.
    fn set(&self, config: &BackendConfig) -> bool {
        let mut standings = self.pool.standings().into_iter();
        let known = standings.find(|standing| standing.backend.name() == config.name);
        let Some(Standing { backend, weight, .. }) = known else {
            return self.add(config.clone()).is_ok();
        };
        let reweighed = BackendConfig { weight: config.weight, ..backend.config.clone() };
        if *config != reweighed {
            // Another server, or one that is asked elsewhere.
            let replaced = self.pool.replace(&backend, config.clone());
            return replaced.inspect(|backend| self.watch(backend)).is_ok();
        }
        let is_other = weight != config.weight;
        if is_other {
            self.pool.set_weight(&backend, config.weight);
        }
        is_other
    }

    /// Has a backend checked until it is removed.
    fn watch(&self, backend: &Arc<Backend>) {
        let (pool, checks) = (self.pool.clone(), self.checks.clone());
        tokio::spawn(checks::watch(pool, Arc::clone(backend), checks, None));
    }
}
