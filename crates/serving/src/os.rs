//! The only unsafe code of the project: memory and connections that forked processes share, fork
//! itself, and how many wait at a listener. And how many descriptors there may be.

use std::{
    ffi::c_void,
    io,
    net::{TcpListener, TcpStream},
    num::NonZeroUsize,
    os::{fd::AsFd, unix::net::UnixStream},
    ptr::NonNull,
    slice,
    sync::atomic::AtomicU64,
};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use telemetry::{Labels, Scoreboard, Slot, Totals};

use crate::{application::FileRange, listener::AcceptQueue, shutdown::DrainFlag};

/// What all processes of a server write to and read from.
#[derive(Clone, Copy, Debug)]
pub struct SharedState {
    pub scoreboard: Scoreboard,
    pub(crate) drain_flag: &'static DrainFlag,
}

#[repr(C)]
struct Header {
    totals: Totals,
    drain_flag: DrainFlag,
}

impl SharedState {
    /// A scoreboard of so many slots, and what belongs to it, in memory that processes forked later
    /// share. It is never unmapped.
    #[expect(unsafe_code, reason = "shared memory has no safe interface")]
    pub fn map(slots: usize, labels: Labels) -> io::Result<Self> {
        // The header gets as much room as whole slots take, so that the slots stay aligned.
        let header_slots = size_of::<Header>().div_ceil(size_of::<Slot>());
        let start = map_zeroed((header_slots + slots) * size_of::<Slot>())?;
        // SAFETY: the mapping is at least as long as the header and the slots, page-aligned,
        // zeroed and never unmapped. Header and Slot consist of atomic integers, for which zeros
        // are a value and which may be shared with other threads and processes.
        unsafe {
            let header = start.cast::<Header>().as_ref();
            let first_slot = start.cast::<Slot>().add(header_slots);
            let slots = slice::from_raw_parts(first_slot.as_ptr(), slots);
            let scoreboard = Scoreboard::new(&header.totals, slots, labels);
            Ok(Self { scoreboard, drain_flag: &header.drain_flag })
        }
    }
}

/// So many numbers, all zero, that processes forked later share. They are never given back.
#[expect(unsafe_code, reason = "shared memory has no safe interface")]
pub fn share_words<const N: usize>() -> io::Result<&'static [AtomicU64; N]> {
    let start = map_zeroed(size_of::<[AtomicU64; N]>())?;
    // SAFETY: the mapping is long enough, page-aligned, zeroed and never unmapped, and zeros are a
    // value of atomic integers.
    Ok(unsafe { start.cast().as_ref() })
}

#[expect(unsafe_code, reason = "mapping memory has no safe interface")]
fn map_zeroed(len: usize) -> io::Result<NonNull<c_void>> {
    let len = NonZeroUsize::new(len).ok_or(io::ErrorKind::InvalidInput)?;
    let (protection, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED);
    // SAFETY: the kernel chooses the place, so no memory in use is replaced.
    Ok(unsafe { mmap_anonymous(None, len, protection, flags) }?)
}

/// Who waits at a listening socket. The fields of `tcp_info` mean that in this state (Linux,
/// `tcp_get_info`).
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "this socket option has no safe interface")]
pub(crate) fn accept_queue(listener: &TcpListener) -> io::Result<AcceptQueue> {
    use std::{mem, os::fd::AsRawFd};

    use nix::libc;

    // SAFETY: the structure consists of integers, for which zeros are a value.
    let mut info: libc::tcp_info = unsafe { mem::zeroed() };
    let mut len = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes to `info`, and the new length to `len`; both
    // outlive the call, as the descriptor does.
    let result = unsafe {
        let (level, name) = (libc::IPPROTO_TCP, libc::TCP_INFO);
        libc::getsockopt(listener.as_raw_fd(), level, name, (&raw mut info).cast(), &raw mut len)
    };
    nix::errno::Errno::result(result)?;
    Ok(AcceptQueue { len: info.tcpi_unacked as usize, len_max: info.tcpi_sacked as usize })
}

/// Other systems do not tell, so nobody is ever one too many there.
#[cfg(not(target_os = "linux"))]
pub(crate) fn accept_queue(_listener: &TcpListener) -> io::Result<AcceptQueue> {
    Ok(AcceptQueue { len: 0, len_max: 0 })
}

/// Closes a socket that is borrowed. For a process that was just forked and never comes back to the
/// owner, whose descriptor would be one of another thing then.
#[cfg(target_os = "linux")]
pub fn close(socket: &TcpListener) {
    use std::os::fd::AsRawFd;

    // A descriptor that is not open any more is closed as well as can be.
    let _ = nix::unistd::close(socket.as_raw_fd());
}

/// Other systems have no processes that are forked.
#[cfg(not(target_os = "linux"))]
pub fn close(_socket: &TcpListener) {}

/// Sends a connection to the process at the other end of `socket`, if there is room. Never waits.
#[cfg(target_os = "linux")]
pub(crate) fn hand_over(connection: &TcpStream, socket: &UnixStream) -> nix::Result<()> {
    use std::{io::IoSlice, os::fd::AsRawFd};

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    let (descriptors, flags) = ([connection.as_raw_fd()], MsgFlags::MSG_DONTWAIT);
    let rights = [ControlMessage::ScmRights(&descriptors)];
    // A message without a byte would be none.
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(&[0])], &rights, flags, None).map(drop)
}

/// What was handed over to this end of `socket`, one at a time. Never waits.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the kernel gives numbers, which nobody owns yet")]
pub(crate) fn handed_over(socket: &UnixStream) -> nix::Result<Vec<TcpStream>> {
    use std::{
        io::IoSliceMut,
        os::fd::{AsRawFd, FromRawFd, RawFd},
    };

    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

    let (mut byte, mut space) = ([0], nix::cmsg_space!(RawFd));
    let mut room = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut room, Some(&mut space), flags)?;
    let rights = message.cmsgs()?.filter_map(|part| match part {
        ControlMessageOwned::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    // SAFETY: the kernel has just made these descriptors for this process, and nobody else knows
    // them. Whatever they are of, reading from it as from a socket fails at worst.
    Ok(rights.flatten().map(|descriptor| unsafe { TcpStream::from_raw_fd(descriptor) }).collect())
}

/// Other systems have no processes that would hand anything over.
#[cfg(not(target_os = "linux"))]
pub(crate) fn handed_over(_socket: &UnixStream) -> io::Result<Vec<TcpStream>> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// Has the kernel send bytes of a file, at most as many as the socket takes; none where the file has no
/// more. An error may be the socket's or the file's.
#[cfg(target_os = "linux")]
pub(crate) fn send_file(socket: impl AsFd, range: FileRange<'_>) -> io::Result<usize> {
    // No file is that long.
    let mut offset = i64::try_from(range.offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
    Ok(nix::sys::sendfile::sendfile(socket, range.file, Some(&mut offset), range.len)?)
}

/// Other systems have ways of their own; the file is read and written instead.
#[cfg(not(target_os = "linux"))]
pub(crate) fn send_file(_socket: impl AsFd, _range: FileRange<'_>) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A connection takes some descriptors, and the usual soft limit is 1,024.
pub fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Forks the calling process, which must have no second thread.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "fork has no safe interface")]
pub fn fork() -> nix::Result<nix::unistd::ForkResult> {
    assert!(thread_count().is_none_or(|count| count == 1), "only one thread survives a fork");
    // SAFETY: the process has one thread, as checked above, so no lock can be held by a thread that
    // does not exist in the child.
    unsafe { nix::unistd::fork() }
}

/// The kernel's id of the calling thread; 0 where it has none.
#[cfg(target_os = "linux")]
pub fn thread_id() -> u32 {
    nix::unistd::gettid().as_raw() as u32
}

#[cfg(not(target_os = "linux"))]
pub fn thread_id() -> u32 {
    0
}

/// Threads of this process.
#[cfg(target_os = "linux")]
pub fn thread_count() -> Option<i64> {
    Some(procfs::process::Process::myself().ok()?.stat().ok()?.num_threads)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::Relaxed;

    use telemetry::SlotCounts;

    use super::*;

    #[test]
    fn what_is_shared_begins_with_zeros() {
        let shared = SharedState::map(3, &["GET"]).unwrap();
        assert_eq!(shared.scoreboard.slots().len(), 3);
        for slot in shared.scoreboard.slots() {
            assert_eq!(slot.counts(), SlotCounts::default());
            assert_eq!(std::ptr::from_ref(slot).addr() % align_of::<Slot>(), 0);
        }
        assert_eq!((shared.scoreboard.accepted(), shared.drain_flag.has_cut()), (0, false));
        let words = share_words::<8>().unwrap();
        assert!(words.iter().all(|word| word.load(Relaxed) == 0));
    }
}
