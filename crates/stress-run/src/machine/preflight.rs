//! What must be there before a run begins.

use std::{net::TcpListener, path::Path};

use anyhow::{Context, ensure};
use cli::units;
use nix::sys::statvfs::statvfs;

use super::description::{filesystem_of, memory_available};
use crate::plan::Needs;

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
        free.is_none_or(|free| free >= needs.disk_bytes),
        "{} has {} free, and this run needs {}; choose smaller --volumes or fewer --clients, \
         or another directory with --work-dir",
        work_dir.display(),
        units::size(free.unwrap_or_default()),
        units::size(needs.disk_bytes)
    );
    // The directory may have to be made yet: what counts then is the nearest one above it.
    let above = results_dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    let free = free_bytes(above)
        .with_context(|| format!("cannot use {} for results", results_dir.display()))?;
    ensure!(
        free.is_none_or(|free| free >= needs.results_bytes),
        "{} has {} free, and the results of this run need {}; make room there, or choose another \
         directory with --out",
        above.display(),
        units::size(free.unwrap_or_default()),
        units::size(needs.results_bytes)
    );
    // Port 0 is a free one.
    TcpListener::bind(("127.0.0.1", port))
        .with_context(|| format!("cannot use port {port} of 127.0.0.1; choose another --port"))?;
    let files = [(work_dir, needs.disk_bytes), (above, needs.results_bytes)];
    let in_memory = files.into_iter().filter(|(dir, _)| is_in_memory(dir));
    check_memory(needs, in_memory.map(|(_, bytes)| bytes).sum(), memory_available())
}

/// Of the files, `in_memory` bytes lie in memory, where they compete with the programs.
fn check_memory(needs: &Needs, in_memory: u64, available: Option<u64>) -> anyhow::Result<()> {
    let needed = needs.memory_bytes.saturating_add(in_memory);
    let available = available.unwrap_or(u64::MAX);
    let (of_files, remedy) = match in_memory {
        0 => (String::new(), "fewer --clients or --servers"),
        _ => (
            format!(", {} of it for files in memory", units::size(in_memory)),
            "smaller --volumes or fewer --clients, or a --work-dir on a disk",
        ),
    };
    ensure!(
        available >= needed,
        "{} of memory are available, and this run needs about {}{of_files}; choose {remedy}",
        units::size(available),
        units::size(needed)
    );
    Ok(())
}

/// Whether what is stored there is memory that is taken.
fn is_in_memory(dir: &Path) -> bool {
    filesystem_of(dir).is_some_and(|kind| ["tmpfs", "ramfs", "devtmpfs"].contains(&kind.as_str()))
}

/// `None` where the file system does not tell: those without a size of their own say that they have no
/// blocks at all.
fn free_bytes(dir: &Path) -> nix::Result<Option<u64>> {
    let stat = statvfs(dir)?;
    let is_told = stat.blocks() > 0;
    Ok(is_told.then(|| stat.blocks_available() as u64 * stat.fragment_size() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Needs = Needs {
        rows: 1,
        cells: 1,
        payload_bytes: 1,
        disk_bytes: 1,
        results_bytes: 1,
        memory_bytes: 300 << 20,
    };

    #[test]
    fn a_run_that_does_not_fit_is_refused_with_what_it_needs_and_what_there_is() {
        let small = Needs { memory_bytes: 1, ..SMALL };
        let (root, results) = (Path::new("/"), Path::new("/not/made/yet"));
        assert!(check(&small, root, results, 0).is_ok());
        let large = Needs { disk_bytes: 1 << 60, ..small };
        let refusal = check(&large, root, root, 0).unwrap_err().to_string();
        assert!(refusal.starts_with("/ has ") && refusal.contains("needs 1.00 EiB"), "{refusal}");
        let large = Needs { results_bytes: 1 << 60, ..small };
        let refusal = check(&large, root, results, 0).unwrap_err().to_string();
        assert!(refusal.contains("the results of this run need 1.00 EiB"), "{refusal}");
    }

    #[test]
    fn files_in_memory_take_of_the_memory() {
        let available = Some(400 << 20);
        assert!(check_memory(&SMALL, 100 << 20, available).is_ok());
        assert!(check_memory(&SMALL, 1 << 60, None).is_ok());
        let refusal = check_memory(&SMALL, 101 << 20, available).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "400 MiB of memory are available, and this run needs about 401 MiB, 101 MiB of \
             it for files in memory; choose smaller --volumes or fewer --clients, or a --work-dir on a \
             disk"
        );
        let refusal = check_memory(&SMALL, 0, Some(1 << 20)).unwrap_err().to_string();
        assert!(refusal.ends_with("300 MiB; choose fewer --clients or --servers"), "{refusal}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_system_without_blocks_is_not_full() {
        // It has files, and no size.
        assert_eq!(free_bytes(Path::new("/proc")), Ok(None));
        assert!(free_bytes(Path::new("/")).unwrap().is_some());
        assert!(!is_in_memory(Path::new("/proc")));
        let shared_memory = Path::new("/dev/shm");
        assert!(is_in_memory(shared_memory) || !shared_memory.exists());
    }
}
