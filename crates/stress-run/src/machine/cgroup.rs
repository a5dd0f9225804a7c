//! The control groups of this process, which a container runs in: how much memory they leave, and how often
//! they stop it.
//!
//! Version 1 has a hierarchy for each controller, version 2 one for all of them; a machine may have both.
//! What the groups above set counts as well.

use std::{
    fs,
    path::{Path, PathBuf},
};

use procfs::{
    ProcessCGroups,
    process::{MountInfos, Process},
};

/// Memory that this process and its children may still take; `None` where no group sets a limit.
pub(crate) fn memory_available() -> Option<u64> {
    groups("memory").iter().filter_map(|group| memory_left(group)).min()
}

/// The directories of the groups that this process is in for a controller: its own, then those above.
pub(crate) fn groups(controller: &str) -> Vec<PathBuf> {
    let found = || {
        let process = Process::myself().ok()?;
        Some(directories(controller, &process.cgroups().ok()?, &process.mountinfo().ok()?))
    };
    found().unwrap_or_default()
}

fn directories(controller: &str, groups: &ProcessCGroups, mounts: &MountInfos) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    for group in groups {
        let is_version_2 = group.hierarchy == 0;
        if !is_version_2 && !group.controllers.iter().any(|name| name == controller) {
            continue;
        }
        let mount = mounts.iter().find(|mount| match is_version_2 {
            true => mount.fs_type == "cgroup2",
            false => mount.fs_type == "cgroup" && mount.super_options.contains_key(controller),
        });
        let Some(mount) = mount else { continue };
        // A container may see its own part of the hierarchy only.
        if let Ok(below) = Path::new(&group.pathname).strip_prefix(&mount.root) {
            directories.extend(below.ancestors().map(|group| mount.mount_point.join(group)));
        }
    }
    directories
}

/// Of one group. What it holds of files can be given up, so it counts as free.
fn memory_left(group: &Path) -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        // Version 2 says `max` where there is no limit.
        fs::read_to_string(group.join(name)).ok()?.trim().parse().ok()
    };
    let limits = ["memory.max", "memory.high", "memory.limit_in_bytes"];
    let limit = limits.into_iter().filter_map(number).min()?;
    let used = number("memory.current").or_else(|| number("memory.usage_in_bytes"))?;
    let stat = fs::read_to_string(group.join("memory.stat")).ok()?;
    // Only version 1 tells the groups below apart.
    let of_files = |key| value(&stat, &format!("total_{key}")).or_else(|| value(&stat, key));
    let files = of_files("active_file").unwrap_or(0) + of_files("inactive_file").unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(files)))
}

/// How often a limit on CPU time has stopped what is in one of these groups; `None` where none tells.
pub(crate) fn throttled_times(groups: &[PathBuf]) -> Option<u64> {
    let stats = groups.iter().filter_map(|group| fs::read_to_string(group.join("cpu.stat")).ok());
    stats.filter_map(|stat| value(&stat, "nr_throttled")).reduce(|sum, times| sum + times)
}

/// Of a file whose lines are a key, a blank and a number.
fn value(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use procfs::FromBufRead;
    use tempfile::TempDir;

    use super::*;

    fn directories_of(controller: &str, groups: &str, mounts: &str) -> Vec<String> {
        let groups = ProcessCGroups::from_buf_read(groups.as_bytes()).unwrap();
        let mounts = MountInfos::from_buf_read(mounts.as_bytes()).unwrap();
        let directories = directories(controller, &groups, &mounts);
        directories.iter().map(|path| path.display().to_string()).collect()
    }

    const BOTH: &str = "\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

    #[test]
    fn groups_are_found_in_both_versions_with_those_above() {
        let groups = "4:memory:/jobs/one\n1:cpu,cpuacct:/\n0::/user\n";
        assert_eq!(
            directories_of("memory", groups, BOTH),
            [
                "/sys/fs/cgroup/memory/jobs/one",
                "/sys/fs/cgroup/memory/jobs",
                "/sys/fs/cgroup/memory/",
                "/sys/fs/cgroup/unified/user",
                "/sys/fs/cgroup/unified/",
            ]
        );
        let cpu = directories_of("cpu", groups, BOTH);
        assert_eq!(cpu[0], "/sys/fs/cgroup/cpu,cpuacct/");
        assert_eq!(directories_of("memory", groups, ""), [""; 0]);
    }

    #[test]
    fn a_container_that_sees_a_part_of_the_hierarchy_is_at_its_root() {
        let mounts = "35 31 0:32 /docker/4f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let found = directories_of("memory", "4:memory:/docker/4f\n", mounts);
        assert_eq!(found, ["/sys/fs/cgroup/memory/"]);
        assert_eq!(directories_of("memory", "4:memory:/elsewhere\n", mounts), [""; 0]);
    }

    fn group(files: &[(&str, &str)]) -> TempDir {
        let group = TempDir::new().unwrap();
        files.iter().for_each(|(name, text)| fs::write(group.path().join(name), text).unwrap());
        group
    }

    #[test]
    fn memory_left_is_the_limit_without_what_is_used_and_cannot_be_given_up() {
        let version_1 = group(&[
            ("memory.limit_in_bytes", "1000\n"),
            ("memory.usage_in_bytes", "700\n"),
            ("memory.stat", "active_file 1\ntotal_active_file 200\ntotal_inactive_file 100\n"),
        ]);
        // 1000 - (700 - 300)
        assert_eq!(memory_left(version_1.path()), Some(600));
        let version_2 = |max: &str, high: &str| {
            let files = [
                ("memory.max", max),
                ("memory.high", high),
                ("memory.current", "500\n"),
                ("memory.stat", "anon 450\nactive_file 20\ninactive_file 30\n"),
            ];
            memory_left(group(&files).path())
        };
        // 800 - (500 - 50)
        assert_eq!(version_2("800\n", "max\n"), Some(350));
        assert_eq!(version_2("800\n", "600\n"), Some(150));
        assert_eq!(version_2("400\n", "max\n"), Some(0));
        assert_eq!(version_2("max\n", "max\n"), None);
        assert_eq!(memory_left(group(&[]).path()), None);
    }

    #[test]
    fn throttling_is_that_of_all_groups_together() {
        let stat = |text| group(&[("cpu.stat", text)]);
        let version_1 = stat("nr_periods 9\nnr_throttled 3\nthrottled_time 1500000000\n");
        let version_2 = stat("usage_usec 7\nnr_periods 9\nnr_throttled 2\nthrottled_usec 250000\n");
        let none = stat("usage_usec 7\n");
        let groups = [&version_1, &version_2, &none].map(|dir| dir.path().to_owned());
        assert_eq!(throttled_times(&groups), Some(5));
        assert_eq!(throttled_times(&groups[2..]), None);
    }
}
