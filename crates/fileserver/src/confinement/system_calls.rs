//! System calls that serving does not need and that whoever takes a process over would start with.
//!
//! A list of what is refused, not of what is allowed: which calls an allocator, a TLS library or the
//! next C library makes is theirs to change, and a server must not die of it. Refused calls fail with
//! EPERM. The listener is there already, so no process makes a socket, of any kind, unless the events
//! go to a database over the network, and then no worker does, or the files are in a bucket, and then all
//! do. A worker process has one thread and starts no other, but for those that speak to a bucket.

use std::env::consts::ARCH;

use nix::libc::{self, c_long};
use seccompiler::{BpfProgram, Error, SeccompAction, SeccompFilter, TargetArch, apply_filter};

/// To every process of the server.
#[rustfmt::skip]
const OF_SERVERS: &[c_long] = &[
    // Other programs, and other processes' memory.
    libc::SYS_execve, libc::SYS_execveat, libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_pidfd_getfd,
    // A ring makes and connects sockets, without a system call of its own for each.
    libc::SYS_bind, libc::SYS_listen, libc::SYS_io_uring_setup,
    // Another view of the file system, or of the machine.
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_move_mount,
    libc::SYS_open_tree, libc::SYS_fsopen, libc::SYS_fsmount, libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at, libc::SYS_unshare, libc::SYS_setns,
    // The kernel itself, and the parts of it that break most often.
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_kexec_load,
    libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module,
    libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key,
];

/// To every process of a server that talks to no database and no bucket.
const OF_UNCONNECTED: &[c_long] = &[libc::SYS_socket, libc::SYS_connect];

/// To worker processes, besides: processes and threads of their own.
#[cfg(target_arch = "x86_64")]
const OF_WORKERS: &[c_long] = &[libc::SYS_clone, libc::SYS_clone3, libc::SYS_fork, libc::SYS_vfork];
/// Newer architectures no longer have the older names.
#[cfg(not(target_arch = "x86_64"))]
const OF_WORKERS: &[c_long] = &[libc::SYS_clone, libc::SYS_clone3];

/// Refuses what no server needs to the calling thread and to what it starts from now on.
pub(super) fn refuse_to_server() -> Result<(), Error> {
    refuse([OF_SERVERS, OF_UNCONNECTED].concat())
}

/// The same where the log goes to a database over the network, or the files are in a bucket.
pub(super) fn refuse_to_client() -> Result<(), Error> {
    refuse(OF_SERVERS.to_vec())
}

/// Refuses to a worker process, which is one of a server, what it does not need either.
pub(super) fn refuse_to_worker() -> Result<(), Error> {
    refuse([OF_UNCONNECTED, OF_WORKERS].concat())
}

fn refuse(calls: Vec<c_long>) -> Result<(), Error> {
    let refused = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let eperm = SeccompAction::Errno(libc::EPERM as u32);
    let arch = TargetArch::try_from(ARCH)?;
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, eperm, arch)?;
    apply_filter(&BpfProgram::try_from(filter)?)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::ErrorKind,
        net::{TcpListener, UdpSocket},
        os::unix::net::UnixStream,
        process::Command,
        thread,
    };

    use super::*;

    #[test]
    fn a_worker_starts_nothing_and_opens_no_socket() {
        let confined = || {
            refuse_to_server().unwrap();
            assert!(thread::Builder::new().spawn(|| {}).is_ok());
            refuse_to_worker().unwrap();
            assert_eq!(Command::new("/bin/true").status().unwrap_err().kind(), REFUSAL);
            assert_eq!(thread::Builder::new().spawn(|| {}).unwrap_err().kind(), REFUSAL);
            assert_eq!(TcpListener::bind("127.0.0.1:0").unwrap_err().kind(), REFUSAL);
            assert_eq!(UdpSocket::bind("127.0.0.1:0").unwrap_err().kind(), REFUSAL);
            assert_eq!(UnixStream::connect("/no/such/socket").unwrap_err().kind(), REFUSAL);
            assert!(fs::read("/proc/self/stat").is_ok());
        };
        const REFUSAL: ErrorKind = ErrorKind::PermissionDenied;
        // The filter binds the thread alone.
        thread::spawn(confined).join().unwrap();
        assert!(TcpListener::bind("127.0.0.1:0").is_ok());
    }
}
