//! The directories of runs, and the link to the newest of them.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, bail};

const LATEST: &str = "latest";

/// Makes a directory in `out` with this name, or one like it: two runs may start in the same second.
pub fn create_unused(out: &Path, run: &str) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(out)
        .with_context(|| format!("cannot create the directory {}", out.display()))?;
    let names = std::iter::once(run.to_owned()).chain((2..100).map(|n| format!("{run}-{n}")));
    for name in names {
        let dir = out.join(name);
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
            Err(err) => {
                return Err(err).with_context(|| format!("cannot create {}", dir.display()));
            }
        }
    }
    bail!("{} holds too many runs of this second", out.display())
}

/// Refuses a directory in which `latest` is something that must not be replaced.
pub fn check_latest(out: &Path) -> anyhow::Result<()> {
    let latest = out.join(LATEST);
    match fs::symlink_metadata(&latest) {
        Ok(found) if !found.is_symlink() => bail!(
            "{} is where the link to the newest run belongs; give what is there another name, or \
             choose another directory with --out",
            latest.display()
        ),
        _ => Ok(()),
    }
}

/// Has `out/latest` point to the directory of a run. In one step, so that it always points somewhere.
pub fn point_latest_to(out: &Path, dir: &Path) -> anyhow::Result<()> {
    check_latest(out)?;
    let name = dir.file_name().expect("a run has a name");
    let temporary = out.join(format!(".latest-{}", process::id()));
    let pointed = symlink(name, &temporary).and_then(|()| fs::rename(&temporary, out.join(LATEST)));
    pointed.with_context(|| {
        let _ = fs::remove_file(&temporary);
        format!(
            "cannot make the link {} to the newest run; choose another directory with --out",
            out.join(LATEST).display()
        )
    })
}
