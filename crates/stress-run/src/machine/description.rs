//! What the machine is, and what it has free.

use std::{fs, path::Path};

use anyhow::ensure;
use nix::sys::utsname::uname;
use serde::{Deserialize, Serialize};

use crate::language::Language;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: Option<String>,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) kernel: Option<String>,
    /// Of the temporary files: the served directory, sources and downloads.
    pub(crate) filesystem: Option<String>,
    /// Processes that wanted to run in the minute before the start.
    #[serde(default)]
    pub(crate) load_average: Option<f64>,
    #[serde(default)]
    pub(crate) swap_bytes: Option<u64>,
    /// Least, first and most bytes of the kernel's buffers for a connection.
    #[serde(default)]
    pub(crate) tcp_rmem: Option<String>,
    #[serde(default)]
    pub(crate) tcp_wmem: Option<String>,
    #[serde(default)]
    pub(crate) transparent_hugepage: Option<String>,
}

impl Machine {
    pub(crate) fn of_this_run(work_dir: &Path) -> Self {
        let setting = |path: &str| {
            let text = fs::read_to_string(path).ok()?;
            Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        Self {
            cpu: cpu_model(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: memory_total(),
            kernel: uname().ok().map(|uts| {
                format!("{} {}", uts.sysname().to_string_lossy(), uts.release().to_string_lossy())
            }),
            filesystem: filesystem_of(work_dir),
            load_average: load_average(),
            swap_bytes: swap_total(),
            tcp_rmem: setting("/proc/sys/net/ipv4/tcp_rmem"),
            tcp_wmem: setting("/proc/sys/net/ipv4/tcp_wmem"),
            transparent_hugepage: setting("/sys/kernel/mm/transparent_hugepage/enabled"),
        }
    }

    /// Refuses another machine than the one that began the run.
    pub(crate) fn check_same(&self, now: &Self) -> anyhow::Result<()> {
        let same = |what, then: String, now: String| {
            ensure!(
                then == now,
                "another machine: its {what} was {then} when the run began, and is {now}"
            );
            Ok(())
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
        same("processor", text(&self.cpu), text(&now.cpu))?;
        same("number of cores", self.cores.to_string(), now.cores.to_string())?;
        same("kernel", text(&self.kernel), text(&now.kernel))?;
        ensure!(
            self.filesystem == now.filesystem,
            "the temporary files of the run were on {}, and are on {} now; give the same --work-dir",
            text(&self.filesystem),
            text(&now.filesystem)
        );
        Ok(())
    }

    /// One line for people.
    pub(crate) fn in_words(&self, language: Language) -> String {
        let parts = [
            self.cpu.clone().unwrap_or_else(|| language.unknown_cpu()),
            language.cores(self.cores),
            self.memory_bytes.map(|bytes| language.size(bytes)).unwrap_or_default(),
            self.kernel.clone().unwrap_or_else(|| language.unknown_kernel()),
            self.filesystem.clone().unwrap_or_else(|| language.unknown_filesystem()),
        ];
        let known: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        known.join(", ")
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::path::Path;

    use procfs::{CpuInfo, Current, LoadAverage, Meminfo, process::Process};

    use crate::machine::cgroup;

    pub(super) fn cpu_model() -> Option<String> {
        CpuInfo::current().ok()?.model_name(0).map(str::to_owned)
    }

    pub(super) fn memory_total() -> Option<u64> {
        Some(Meminfo::current().ok()?.mem_total)
    }

    pub(super) fn swap_total() -> Option<u64> {
        Some(Meminfo::current().ok()?.swap_total)
    }

    pub(super) fn load_average() -> Option<f64> {
        let load = f64::from(LoadAverage::current().ok()?.one);
        Some((load * 100.0).round() / 100.0)
    }

    /// For this process and its children: of the machine, or of the container where that leaves less.
    pub(crate) fn memory_available() -> Option<u64> {
        let of_machine = Meminfo::current().ok().and_then(|memory| memory.mem_available);
        of_machine.into_iter().chain(cgroup::memory_available()).min()
    }

    /// The type of the mount that holds `path`.
    pub(crate) fn filesystem_of(path: &Path) -> Option<String> {
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

    pub(super) fn swap_total() -> Option<u64> {
        None
    }

    pub(super) fn load_average() -> Option<f64> {
        None
    }

    pub(crate) fn memory_available() -> Option<u64> {
        None
    }

    pub(crate) fn filesystem_of(_path: &Path) -> Option<String> {
        None
    }
}

use system::{cpu_model, load_average, memory_total, swap_total};
pub(crate) use system::{filesystem_of, memory_available};
