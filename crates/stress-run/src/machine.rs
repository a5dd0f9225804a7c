//! The machine that a run is made on: what it is, what it has room for, and what else it does meanwhile.

#[cfg(target_os = "linux")]
mod cgroup;
pub(crate) mod description;
pub(crate) mod preflight;
pub(crate) mod resources;
pub(crate) mod thread_times;
pub(crate) mod work_dir;
