//! What must be there before a run begins.

use std::path::Path;

use anyhow::{Context, ensure};
use indicatif::HumanBytes;
use nix::sys::statvfs::statvfs;

use crate::{environment::memory_available, plan::Needs};

/// Refuses a run that the disk or the memory cannot hold, before anything is written.
pub(crate) fn check(needs: &Needs, work_dir: &Path) -> anyhow::Result<()> {
    let stat = statvfs(work_dir)
        .with_context(|| format!("cannot use {} for temporary files", work_dir.display()))?;
    let free = stat.blocks_available() as u64 * stat.fragment_size() as u64;
    ensure!(
        free >= needs.disk_bytes,
        "{} has {} free, and this run needs {}; choose smaller --volumes or fewer --clients, \
         or another directory with --work-dir",
        work_dir.display(),
        HumanBytes(free),
        HumanBytes(needs.disk_bytes)
    );
    let available = memory_available().unwrap_or(u64::MAX);
    ensure!(
        available >= needs.memory_bytes,
        "{} of memory are available, and this run needs about {}; choose fewer --clients or --servers",
        HumanBytes(available),
        HumanBytes(needs.memory_bytes)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_fit_is_refused_with_what_it_needs_and_what_there_is() {
        let needs =
            Needs { rows: 1, cells: 1, payload_bytes: 1, disk_bytes: 1 << 60, memory_bytes: 1 };
        let refusal = check(&needs, Path::new("/")).unwrap_err().to_string();
        assert!(refusal.starts_with("/ has ") && refusal.contains("needs 1.00 EiB"), "{refusal}");
        let fits = Needs { disk_bytes: 1, ..needs };
        assert!(check(&fits, Path::new("/")).is_ok());
    }
}
