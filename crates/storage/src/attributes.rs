//! What the file that is replaced leaves to the one that takes its name: owner, group, mode and
//! access list, so that the same people may read and write it as before.
//!
//! Where this process may not give all of them, the new file is open to fewer people, never to more.
//! Other extended attributes describe the old content and go with it.

use std::{fs::File, io};

use cap_std::fs::Dir;
use protocol::FileName;
use rustix::{
    buffer::spare_capacity,
    fs::{
        AtFlags, FileType, Gid, Mode, Stat, Uid, XattrFlags, fchmod, fchown, fgetxattr,
        fremovexattr, fsetxattr, fstat, statat,
    },
    io::Errno,
};

use crate::disk;

/// Where Linux keeps the access list of a file that has one.
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Room for some five hundred people and groups.
const ACCESS_LIST_LEN_MAX: usize = 4096;

#[derive(Debug)]
pub(crate) struct Attributes {
    owner: Uid,
    group: Gid,
    mode: Mode,
    access_list: AccessList,
}

/// Whom a file is open to besides its owner, its group and everyone.
#[derive(Debug)]
enum AccessList {
    /// Nobody: the mode says all.
    None,
    /// As the kernel has it. The mode's bits for the group are then bounds for the list, and may allow
    /// more than the group may.
    Some(Vec<u8>),
    Unknown,
}

impl Attributes {
    /// Those of the regular file `name`; `None` when there is none.
    pub(crate) fn of(dir: &Dir, name: &FileName) -> io::Result<Option<Self>> {
        let stat = match statat(dir, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let access_list = match AccessList::of(dir, name) {
            // It was taken away in between.
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            list => list?,
        };
        Ok(Some(Self {
            owner: owner(&stat),
            group: group(&stat),
            // What runs as somebody else must not begin to run what a client sent.
            mode: permissions(&stat) - (Mode::SUID | Mode::SGID | Mode::SVTX),
            access_list,
        }))
    }

    /// Gives them to `file`, which is its owner's alone until now if it matters who reads it.
    pub(crate) fn give_to(&self, file: &File) -> io::Result<()> {
        let has_group = self.give_owner(file)?;
        let is_same = match &self.access_list {
            AccessList::Unknown => false,
            AccessList::Some(list) => {
                has_group && fsetxattr(file, ACCESS_LIST, list, XattrFlags::empty()).is_ok()
            }
            // The directory may have given the new file a list of its own.
            AccessList::None => has_group && AccessList::remove(file),
        };
        let mode = if is_same { self.mode } else { open_to_everyone_alike(self.mode) };
        if permissions(&fstat(file)?) != mode {
            // Where a file system has no modes, this changes nothing. The file stays as it was made.
            let _ = fchmod(file, mode);
        }
        Ok(())
    }

    /// Gives owner and group, or the group alone; whether the file has the group then.
    fn give_owner(&self, file: &File) -> io::Result<bool> {
        let stat = fstat(file)?;
        if (owner(&stat), group(&stat)) == (self.owner, self.group) {
            return Ok(true);
        }
        let given = fchown(file, Some(self.owner), Some(self.group))
            .or_else(|_| fchown(file, None, Some(self.group)));
        Ok(given.is_ok())
    }
}

impl AccessList {
    /// An error has nothing to do with the list. To take it for one that is not known would lock out,
    /// for good, whom the file is open to.
    fn of(dir: &Dir, name: &FileName) -> io::Result<Self> {
        if !cfg!(target_os = "linux") {
            return Ok(Self::None);
        }
        let file = match disk::open_to_lock(dir, name.as_str()) {
            Err(err) if err.kind() == io::ErrorKind::PermissionDenied => return Ok(Self::Unknown),
            file => file?,
        };
        let mut list = Vec::with_capacity(ACCESS_LIST_LEN_MAX);
        match fgetxattr(&file, ACCESS_LIST, spare_capacity(&mut list)) {
            Ok(_) => Ok(Self::Some(list)),
            Err(Errno::NODATA | Errno::NOTSUP) => Ok(Self::None),
            Err(Errno::ACCESS | Errno::PERM | Errno::RANGE) => Ok(Self::Unknown),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Whether the file has none then.
    fn remove(file: &File) -> bool {
        !cfg!(target_os = "linux")
            || matches!(
                fremovexattr(file, ACCESS_LIST),
                Ok(()) | Err(Errno::NODATA | Errno::NOTSUP)
            )
    }
}

/// For a file that cannot have its group, or whose group may do less than the mode says: whoever is
/// not the owner gets what both the group and everyone had.
fn open_to_everyone_alike(mode: Mode) -> Mode {
    let bits = mode.as_raw_mode();
    let both = bits >> 3 & bits & 0o7;
    Mode::from_raw_mode(bits & 0o700 | both << 3 | both)
}

fn owner(stat: &Stat) -> Uid {
    Uid::from_raw(stat.st_uid)
}

fn group(stat: &Stat) -> Gid {
    Gid::from_raw(stat.st_gid)
}

fn permissions(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode)
}
