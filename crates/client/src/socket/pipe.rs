//! A pipe that bytes go through from a socket into a file without leaving the kernel (splice(2)).

#[cfg(target_os = "linux")]
pub(crate) use self::linux::Pipe;
#[cfg(not(target_os = "linux"))]
pub(crate) use self::other::Pipe;

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        fs::File,
        io::{self, ErrorKind, PipeReader, PipeWriter, Read},
        net::TcpStream,
        os::unix::fs::FileExt,
    };

    use nix::{
        errno::Errno,
        fcntl::{FcntlArg, SpliceFFlags, fcntl, splice},
    };

    /// Room in the pipe. With the usual 64 KiB a download takes half as long again.
    const LEN: usize = 1024 * 1024;

    /// Empty, but between a call that fills it and the one that empties it.
    #[derive(Debug)]
    pub(crate) struct Pipe {
        exit: PipeReader,
        entrance: PipeWriter,
    }

    impl Pipe {
        pub(crate) fn open() -> io::Result<Self> {
            let (exit, entrance) = io::pipe()?;
            // A user who has many pipes may get no larger ones.
            let _ = fcntl(&entrance, FcntlArg::F_SETPIPE_SZ(LEN as i32));
            Ok(Self { exit, entrance })
        }

        /// Takes what has come from a socket, at most so much and at least a byte; nothing at its end.
        /// Waits as long as the socket does. The pipe must be empty.
        pub(crate) fn fill_from(&self, socket: &TcpStream, len_max: u64) -> io::Result<usize> {
            let len = len_max.min(LEN as u64) as usize;
            Ok(splice(socket, None, &self.entrance, None, len, SpliceFFlags::SPLICE_F_MOVE)?)
        }

        /// Writes the `len` bytes that are there to their place in a file.
        pub(crate) fn empty_into(
            &mut self,
            file: &File,
            offset: u64,
            len: usize,
        ) -> io::Result<()> {
            let mut place = i64::try_from(offset).map_err(|_| ErrorKind::FileTooLarge)?;
            let mut left = len;
            while left > 0 {
                let flags = SpliceFFlags::SPLICE_F_MOVE;
                match splice(&self.exit, None, file, Some(&mut place), left, flags) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(moved) => left -= moved,
                    Err(Errno::EINTR) => {}
                    // Not every file system knows how.
                    Err(Errno::EINVAL) => {
                        let mut bytes = vec![0; left];
                        self.exit.read_exact(&mut bytes)?;
                        return file.write_all_at(&bytes, offset + (len - left) as u64);
                    }
                    Err(err) => return Err(err.into()),
                }
            }
            Ok(())
        }
    }
}

/// Other systems have no such call, so everything is copied.
#[cfg(not(target_os = "linux"))]
mod other {
    use std::{fs::File, io, net::TcpStream};

    #[derive(Debug)]
    pub(crate) enum Pipe {}

    impl Pipe {
        pub(crate) fn open() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn fill_from(&self, _socket: &TcpStream, _len_max: u64) -> io::Result<usize> {
            match *self {}
        }

        pub(crate) fn empty_into(
            &mut self,
            _file: &File,
            _offset: u64,
            _len: usize,
        ) -> io::Result<()> {
            match *self {}
        }
    }
}
