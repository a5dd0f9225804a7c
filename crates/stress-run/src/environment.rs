//! Where and with what a run was made.

use std::{env, path::Path};

use nix::sys::utsname::uname;
use serde::Serialize;

use crate::plan::{Needs, Plan};

/// Contents of `environment.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Environment {
    pub(crate) started: String,
    pub(crate) preset: &'static str,
    pub(crate) command_line: Vec<String>,
    pub(crate) version: &'static str,
    pub(crate) git_commit: &'static str,
    pub(crate) rustc: &'static str,
    pub(crate) build: &'static str,
    pub(crate) cpu: Option<String>,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) kernel: Option<String>,
    /// Of the temporary files: the served directory, sources and downloads.
    pub(crate) filesystem: Option<String>,
    /// The server that was running already, where one was measured.
    pub(crate) connected_to: Option<String>,
    pub(crate) plan: Plan,
    pub(crate) needs: Needs,
}

impl Environment {
    pub(crate) fn of_this_run(
        started: String,
        preset: &'static str,
        work_dir: &Path,
        connected_to: Option<String>,
        plan: &Plan,
    ) -> Self {
        Self {
            started,
            preset,
            command_line: env::args().collect(),
            version: env!("CARGO_PKG_VERSION"),
            git_commit: env!("KOLAM_COMMIT"),
            rustc: env!("KOLAM_RUSTC"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            cpu: cpu_model(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_total(),
            kernel: uname().ok().map(|uts| {
                format!("{} {}", uts.sysname().to_string_lossy(), uts.release().to_string_lossy())
            }),
            filesystem: filesystem_of(work_dir),
            connected_to,
            plan: plan.clone(),
            needs: plan.needs(),
        }
    }

    /// One line for people: the machine.
    pub(crate) fn machine(&self) -> String {
        let cpu = self.cpu.as_deref().unwrap_or("unknown CPU");
        let memory = self
            .memory_bytes
            .map_or_else(String::new, |bytes| format!(", {}", indicatif::HumanBytes(bytes)));
        let kernel = self.kernel.as_deref().unwrap_or("unknown kernel");
        let filesystem = self.filesystem.as_deref().unwrap_or("unknown file system");
        format!("{cpu}, {} cores{memory}, {kernel}, {filesystem}", self.cores)
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    use procfs::{CpuInfo, Current, Meminfo, process::Process};

    pub(super) fn cpu_model() -> Option<String> {
        CpuInfo::current().ok()?.model_name(0).map(str::to_owned)
    }

    pub(super) fn memory_total() -> Option<u64> {
        Some(Meminfo::current().ok()?.mem_total)
    }

    pub(crate) fn memory_available() -> Option<u64> {
        Meminfo::current().ok()?.mem_available
    }

    /// The type of the mount that holds `path`.
    pub(super) fn filesystem_of(path: &Path) -> Option<String> {
        let path = path.canonicalize().ok()?;
        let mounts = Process::myself().ok()?.mountinfo().ok()?;
        mounts
            .into_iter()
            .filter(|mount| path.starts_with(&mount.mount_point))
            // Of mounts on the same point the later one hides the earlier.
            .max_by_key(|mount| mount.mount_point.as_os_str().len())
            .map(|mount| mount.fs_type)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::path::Path;

    pub(super) fn cpu_model() -> Option<String> {
        None
    }

    pub(super) fn memory_total() -> Option<u64> {
        None
    }

    pub(crate) fn memory_available() -> Option<u64> {
        None
    }

    pub(super) fn filesystem_of(_path: &Path) -> Option<String> {
        None
    }
}

pub(crate) use system::memory_available;
use system::{cpu_model, filesystem_of, memory_total};
