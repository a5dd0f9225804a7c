//! Giving up root: the port is bound as root, the files are served as somebody else.

use file_service::FileService;
use nix::{
    errno::Errno,
    unistd::{User, geteuid},
};

/// The user for whom the server gives up root.
#[derive(Debug)]
pub(crate) struct ServingUser(User);

/// Why a server does not run as the user it was told.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("--user works only when the server is started as root")]
    NotRoot,
    #[error("--user {0:?} is not a user of this machine")]
    Unknown(String),
    #[error("--user {0} is root itself; choose one without its rights")]
    IsRoot(String),
    #[error("cannot look up --user {name}")]
    Lookup { name: String, source: Errno },
    #[error("cannot give up root for {name}")]
    Switch { name: String, source: Errno },
    #[error("root was given up for {0} but could be taken back")]
    NotForGood(String),
    #[error(
        "--user {name} cannot {access} --dir; give it the directory with `chown {name}`, \
         or choose another user"
    )]
    Directory { name: String, access: &'static str, source: Errno },
    #[error("--user needs Linux")]
    NotLinux,
}

/// Says what a server risks that keeps root.
pub(crate) fn warn_of_root() {
    if geteuid().is_root() {
        tracing::warn!("running as root; --user NAME gives that up once the port is bound");
    }
}

impl ServingUser {
    pub(crate) fn find(name: &str) -> Result<Self, UserError> {
        if !cfg!(target_os = "linux") {
            return Err(UserError::NotLinux);
        }
        if !geteuid().is_root() {
            return Err(UserError::NotRoot);
        }
        let user = User::from_name(name)
            .map_err(|source| UserError::Lookup { name: name.to_owned(), source })?
            .ok_or_else(|| UserError::Unknown(name.to_owned()))?;
        if user.uid.is_root() { Err(UserError::IsRoot(user.name)) } else { Ok(Self(user)) }
    }

    /// Makes the calling process, which must have no second thread, this user's for good.
    #[cfg(target_os = "linux")]
    pub(crate) fn take_over(self, service: &FileService) -> Result<(), UserError> {
        use std::ffi::CString;

        use nix::{
            fcntl::AtFlags,
            unistd::{AccessFlags, Uid, faccessat, initgroups, setgid, setuid},
        };

        let Self(User { name, uid, gid, .. }) = self;
        // The last of the three: only root may do the others.
        let switch = || {
            initgroups(&CString::new(name.as_str()).map_err(|_| Errno::EINVAL)?, gid)?;
            setgid(gid)?;
            setuid(uid)
        };
        switch().map_err(|source| UserError::Switch { name: name.clone(), source })?;
        if setuid(Uid::from_raw(0)).is_ok() {
            return Err(UserError::NotForGood(name));
        }
        let (mode, access) = match service.limits.read_only {
            true => (AccessFlags::R_OK | AccessFlags::X_OK, "read"),
            false => (AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK, "read and write"),
        };
        if let Some(directory) = service.store.directory() {
            // Better refused now than with the first upload.
            faccessat(directory, ".", mode, AtFlags::empty())
                .map_err(|source| UserError::Directory { name: name.clone(), access, source })?;
        }
        tracing::info!("root given up for {name}");
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn take_over(self, _service: &FileService) -> Result<(), UserError> {
        Err(UserError::NotLinux)
    }
}
