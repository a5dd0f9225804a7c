//! What a server takes of the machine, to see that it gives everything back.

use crate::processes;

/// What all processes of a server hold together at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Footprint {
    pub processes: usize,
    pub threads: usize,
    pub descriptors: usize,
    /// Without the pages of files, such as the program's; shared pages are counted once.
    pub memory_kib: u64,
}

impl Footprint {
    /// Of `pid` and everything below it.
    pub fn of_tree(pid: u32) -> Self {
        let mut all = Self::default();
        for pid in processes::tree(pid) {
            all.processes += 1;
            all.threads += processes::thread_count(pid);
            all.descriptors += processes::descriptor_count(pid);
            all.memory_kib += processes::anonymous_kib(pid);
        }
        all
    }

    /// As many processes and no more of anything else, but for so much memory: what a program has
    /// freed it may keep for later.
    pub fn is_back_at(&self, before: &Self, memory_allowance_kib: u64) -> bool {
        self.processes == before.processes
            && self.threads <= before.threads
            && self.descriptors <= before.descriptors
            && self.memory_kib <= before.memory_kib + memory_allowance_kib
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{self, Command};

    use super::*;

    #[test]
    fn a_child_and_what_it_holds_are_part_of_the_tree() {
        let mut shell = Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        crate::eventually(crate::PATIENCE, "the shell has started its child", || {
            Footprint::of_tree(shell.id()).processes == 2
        });
        let tree = Footprint::of_tree(shell.id());
        assert_eq!(tree.threads, 2);
        assert!(tree.descriptors >= 6 && tree.memory_kib > 0, "{tree:?}");
        for pid in processes::children(shell.id()).into_iter().chain([shell.id()]) {
            processes::send_signal(pid, crate::Signal::SIGKILL);
        }
        shell.wait().unwrap();
        assert_eq!(Footprint::of_tree(shell.id()), Footprint::default());
        assert!(Footprint::of_tree(process::id()).threads > 0);
    }

    #[test]
    fn more_of_anything_but_a_little_memory_is_not_back() {
        let before = Footprint { processes: 1, threads: 5, descriptors: 20, memory_kib: 1000 };
        assert!(before.is_back_at(&before, 0));
        assert!(Footprint { memory_kib: 1100, ..before }.is_back_at(&before, 100));
        assert!(!Footprint { memory_kib: 1101, ..before }.is_back_at(&before, 100));
        assert!(!Footprint { descriptors: 21, ..before }.is_back_at(&before, 100));
        assert!(!Footprint { threads: 6, ..before }.is_back_at(&before, 100));
        assert!(!Footprint { processes: 2, ..before }.is_back_at(&before, 100));
        assert!(!Footprint { processes: 0, ..before }.is_back_at(&before, 100));
    }
}
