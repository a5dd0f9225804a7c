//! A pipe that bytes go through from one socket to another without leaving the kernel (splice(2)).

#[cfg(target_os = "linux")]
pub(super) use self::linux::Pipe;
#[cfg(not(target_os = "linux"))]
pub(super) use self::other::Pipe;

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        io,
        os::fd::{AsFd, OwnedFd},
    };

    use nix::{
        fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice},
        unistd::pipe2,
    };

    /// Room in the pipe. With the usual 64 KiB a transfer takes four times as many calls; much more only
    /// takes the memory of whoever reads slowly.
    const PIPE_LEN: usize = 256 * 1024;

    /// Empty, but between a call that fills it and those that empty it.
    #[derive(Debug)]
    pub(in crate::splice) struct Pipe {
        exit: OwnedFd,
        entrance: OwnedFd,
    }

    impl Pipe {
        pub(in crate::splice) fn open() -> io::Result<Self> {
            let (exit, entrance) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
            // A user who has many pipes may get no larger ones.
            let _ = fcntl(&entrance, FcntlArg::F_SETPIPE_SZ(PIPE_LEN as i32));
            Ok(Self { exit, entrance })
        }

        /// Takes what has come from a socket; nothing at its end. The pipe must be empty.
        pub(in crate::splice) fn fill_from(&self, socket: impl AsFd) -> io::Result<usize> {
            Ok(splice(socket, None, &self.entrance, None, PIPE_LEN, flags())?)
        }

        /// Gives a socket as much as it takes of the `len` bytes that are there.
        pub(in crate::splice) fn empty_into(
            &self,
            socket: impl AsFd,
            len: usize,
        ) -> io::Result<usize> {
            match splice(&self.exit, None, socket, None, len, flags())? {
                0 => Err(io::ErrorKind::WriteZero.into()),
                taken => Ok(taken),
            }
        }
    }

    fn flags() -> SpliceFFlags {
        SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK
    }
}

/// Other systems have no such call, so everything is copied.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::io;

    #[derive(Debug)]
    pub(in crate::splice) enum Pipe {}

    impl Pipe {
        pub(in crate::splice) fn open() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::splice) fn fill_from<T>(&self, _socket: T) -> io::Result<usize> {
            match *self {}
        }

        pub(in crate::splice) fn empty_into<T>(
            &self,
            _socket: T,
            _len: usize,
        ) -> io::Result<usize> {
            match *self {}
        }
    }
}
