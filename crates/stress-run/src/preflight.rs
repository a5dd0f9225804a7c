//! What must be there before a run begins.

use std::{net::TcpListener, path::Path};

use anyhow::{Context, ensure};
use indicatif::HumanBytes;
use nix::sys::statvfs::statvfs;

use crate::{environment::memory_available, plan::Needs};

/// Refuses a run that the disks or the memory cannot hold, or whose port is taken, before anything is
/// written.
pub(crate) fn check(
    needs: &Needs,
    work_dir: &Path,
    results_dir: &Path,
    port: u16,
) -> anyhow::Result<()> {
    let free = free_bytes(work_dir)
        .with_context(|| format!("cannot use {} for temporary files", work_dir.display()))?;
    ensure!(
        free >= needs.disk_bytes,
        "{} has {} free, and this run needs {}; choose smaller --volumes or fewer --clients, \
         or another directory with --work-dir",
        work_dir.display(),
        HumanBytes(free),
        HumanBytes(needs.disk_bytes)
    );
    check_results_dir(needs, results_dir)?;
    // Port 0 is a free one.
    TcpListener::bind(("127.0.0.1", port))
        .with_context(|| format!("cannot use port {port} of 127.0.0.1; choose another --port"))?;
    let available = memory_available().unwrap_or(u64::MAX);
    ensure!(
        available >= needs.memory_bytes,
        "{} of memory are available, and this run needs about {}; choose fewer --clients or --servers",
        HumanBytes(available),
        HumanBytes(needs.memory_bytes)
    );
    Ok(())
}

/// The directory may have to be made yet: what counts then is the nearest one above it.
fn check_results_dir(needs: &Needs, results_dir: &Path) -> anyhow::Result<()> {
    let above = results_dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    let free = free_bytes(above)
        .with_context(|| format!("cannot use {} for results", results_dir.display()))?;
    ensure!(
        free >= needs.results_bytes,
        "{} has {} free, and the results of this run need {}; make room there, or choose another \
         directory with --out",
        above.display(),
        HumanBytes(free),
        HumanBytes(needs.results_bytes)
    );
    Ok(())
}

fn free_bytes(dir: &Path) -> nix::Result<u64> {
    let stat = statvfs(dir)?;
    Ok(stat.blocks_available() as u64 * stat.fragment_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_fit_is_refused_with_what_it_needs_and_what_there_is() {
        let needs = Needs {
            rows: 1,
            cells: 1,
            payload_bytes: 1,
            disk_bytes: 1 << 60,
            results_bytes: 1,
            memory_bytes: 1,
        };
        let root = Path::new("/");
        let refusal = check(&needs, root, root, 0).unwrap_err().to_string();
        assert!(refusal.starts_with("/ has ") && refusal.contains("needs 1.00 EiB"), "{refusal}");
        let fits = Needs { disk_bytes: 1, ..needs };
        let (root, results) = (Path::new("/"), Path::new("/not/made/yet"));
        assert!(check(&fits, root, results, 0).is_ok());
        let large = Needs { results_bytes: 1 << 60, ..fits };
        let refusal = check(&large, root, results, 0).unwrap_err().to_string();
        assert!(refusal.contains("the results of this run need 1.00 EiB"), "{refusal}");
    }
}
