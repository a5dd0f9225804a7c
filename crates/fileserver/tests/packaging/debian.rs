//! The Debian package, made of the programs that the tests run.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use nix::unistd::geteuid;
use tempfile::TempDir;
use testkit::{ServerBuilder, skip};

use crate::{both, can_run, expect_silence, output, project, stdout};

const PROGRAMS: [&str; 6] =
    ["chatsim", "filebalancer", "fileclient", "filepeer", "fileserver", "stress-run"];
const UNIT: &str = "usr/lib/systemd/system/fileserver.service";
const SETTINGS: &str = "etc/default/fileserver";

/// In tenths of a point, of which systemd-analyze gives ten. Most of them are for the network.
const EXPOSURE_MAX: &str = "--threshold=15";

/// What cutting connections and writing the log may take, after the grace period.
const STOP_AFTER_DRAIN_S: u64 = 10;

/// The package, and the files in it.
struct Package {
    dir: TempDir,
    deb: PathBuf,
}

impl Package {
    /// Makes it, or shares the one that another test has.
    fn get() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Package>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(package) = shared.upgrade() {
            return Some(package);
        }
        for tool in ["dpkg-deb", "objdump", "strip"] {
            if !can_run(tool) {
                skip(&format!("there is no {tool} to make a Debian package with"));
                return None;
            }
        }
        let package = Arc::new(Self::make());
        *shared = Arc::downgrade(&package);
        Some(package)
    }

    fn make() -> Self {
        let server = Path::new(env!("CARGO_BIN_EXE_fileserver"));
        for program in PROGRAMS {
            let is_there = server.with_file_name(program).is_file();
            assert!(is_there, "build the whole workspace first: cargo test --workspace does");
        }
        let dir = tempfile::tempdir().unwrap();
        let deb = stdout(
            Command::new("bash")
                .arg(project().join("packaging/deb"))
                .args([server.parent().unwrap(), dir.path()])
                // To compress it takes a quarter of a minute and shows nothing.
                .env("DPKG_DEB_COMPRESSOR_TYPE", "none"),
        );
        let package = Self { deb: deb.trim_end().into(), dir };
        expect_silence(
            Command::new("dpkg-deb").arg("--extract").args([&package.deb, &package.path("")]),
        );
        package
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("files").join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The settings of the service: names and values.
    fn settings(&self) -> Vec<(String, String)> {
        let text = self.text(SETTINGS);
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let settings = lines.map(|line| line.split_once('=').unwrap());
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The value of a line of the service.
    fn unit(&self, key: &str) -> String {
        let text = self.text(UNIT);
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {key} in\n{text}")).to_owned()
    }
}

#[test]
fn what_is_installed_is_complete_and_is_removed_but_for_what_people_stored() {
    let Some(package) = Package::get() else { return };
    if !geteuid().is_root() {
        return skip("only root can install a package, be it into a directory");
    }
    let root = tempfile::tempdir().unwrap();
    let path = |path: &str| root.path().join(path);
    prepare_root(root.path());
    let dpkg = |arguments: &[&str]| {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg("--root").arg(root.path()).args(["--force-script-chrootless"]);
        // The packages that it depends on are installed elsewhere.
        stdout(dpkg.args(["--force-depends"]).args(arguments))
    };
    dpkg(&["--install", package.deb.to_str().unwrap()]);
    assert_eq!(dpkg(&["--verify", "kolam"]), "");
    for installed in dpkg(&["--listfiles", "kolam"]).lines().filter(|line| *line != "/.") {
        let metadata = fs::symlink_metadata(path(&installed[1..])).unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        let expected = match installed {
            "/etc/fileserver" => 0o700,
            program if program.starts_with("/usr/bin/") => 0o755,
            _ if metadata.is_dir() => 0o755,
            _ => 0o644,
        };
        assert_eq!((metadata.uid(), metadata.gid(), mode), (0, 0, expected), "{installed}");
    }

    if can_run("systemctl") {
        // It says what it links.
        let mut enable = Command::new("systemctl");
        stdout(enable.arg("--root").arg(root.path()).args(["enable", "fileserver"]));
    }
    let kept = ["var/lib/fileserver/a.txt", "etc/fileserver/key.pem"];
    let log = path("var/log/fileserver/fileserver.log");
    for path in kept.map(path).iter().chain([&log]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    dpkg(&["--remove", "kolam"]);
    let settings = [SETTINGS, "etc/logrotate.d/fileserver"];
    let mut left: BTreeSet<_> = kept.into_iter().chain(settings).map(PathBuf::from).collect();
    left.insert("var/log/fileserver/fileserver.log".into());
    assert_eq!(files(root.path()), left);

    let said = dpkg(&["--purge", "kolam"]);
    assert!(said.contains("still in /var/lib/fileserver"), "{said}");
    assert_eq!(files(root.path()), kept.map(PathBuf::from).into());
}

/// What dpkg needs to take a directory for a system.
fn prepare_root(root: &Path) {
    for dir in ["updates", "info", "triggers"] {
        fs::create_dir_all(root.join("var/lib/dpkg").join(dir)).unwrap();
    }
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    fs::create_dir_all(root.join("var/log")).unwrap();
}

/// All files and links below `root` that are not dpkg's own.
fn files(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match fs::symlink_metadata(&path).unwrap().is_dir() {
                true => dirs.push(path),
                false => drop(found.insert(path.strip_prefix(root).unwrap().to_owned())),
            }
        }
    }
    let dpkgs = |path: &Path| path.starts_with("var/lib/dpkg") || path.ends_with("dpkg.log");
    found.retain(|path| !dpkgs(path));
    found
}

#[test]
fn the_package_needs_no_library_that_it_does_not_name() {
    let Some(package) = Package::get() else { return };
    let mut needed = BTreeSet::new();
    for program in PROGRAMS {
        let path = package.path("usr/bin").join(program);
        let headers = stdout(Command::new("objdump").arg("-p").arg(path));
        let names = headers.lines().filter_map(|line| line.trim().strip_prefix("NEEDED"));
        needed.extend(names.map(|name| name.trim().to_owned()));
    }
    needed.retain(|name| !name.starts_with("ld-linux"));
    let of_libc6_and_libgcc_s1 = ["libc.so.6", "libgcc_s.so.1", "libm.so.6"];
    assert_eq!(needed, of_libc6_and_libgcc_s1.map(str::to_owned).into());
    let depends = stdout(Command::new("dpkg-deb").arg("--field").arg(&package.deb).arg("Depends"));
    assert!(depends.starts_with("libc6 (>= 2.") && depends.contains("libgcc-s1"), "{depends}");
}

#[test]
fn the_installed_server_runs_on_the_settings_of_its_service() {
    let Some(package) = Package::get() else { return };
    let page = gunzipped(&package.path("usr/share/man/man1/fileserver.1.gz"));
    let mut builder = ServerBuilder::new(package.path("usr/bin/fileserver")).without_defaults();
    for (name, value) in package.settings() {
        assert!(page.contains(&format!("{name}\\fR")), "no option has the variable {name}");
        builder = builder.env(name, value);
    }
    let dir = builder.dir().to_owned();
    let mut server = builder.env("FILESERVER_PORT", "0").env("FILESERVER_DIR", &dir).start();
    assert_eq!(server.stats().mode, "async");
    let address = server.address().to_string();
    let client = |arguments: &[&str]| {
        let mut client = Command::new(package.path("usr/bin/fileclient"));
        stdout(client.args(["--server", &address]).args(arguments).current_dir(&dir))
    };
    let unit = package.path(UNIT);
    client(&["upload", unit.to_str().unwrap(), "--as", "unit"]);
    assert_eq!(client(&["get", "unit", "-o", "-"]), package.text(UNIT));
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

#[test]
fn the_service_gives_the_server_time_to_drain() {
    let Some(package) = Package::get() else { return };
    let settings = package.settings();
    let drain = settings.iter().find(|(name, _)| name == "FILESERVER_DRAIN").unwrap();
    let (drain, timeout) = (drain.1.parse::<u64>().unwrap(), package.unit("TimeoutStopSec"));
    assert!(timeout.parse::<u64>().unwrap() >= drain + STOP_AFTER_DRAIN_S, "{timeout}");
    assert_eq!(package.unit("EnvironmentFile"), format!("-/{SETTINGS}"));
}

#[test]
fn systemd_understands_the_service_and_finds_it_confined() {
    let Some(package) = Package::get() else { return };
    if !can_run("systemd-analyze") {
        return skip("there is no systemd-analyze to check a service with");
    }
    let installed = package.unit("ExecStart");
    let here = package.path(installed.trim_start_matches('/'));
    let unit = package.text(UNIT).replace(&installed, here.to_str().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fileserver.service");
    fs::write(&path, unit).unwrap();
    let mut verify = Command::new("systemd-analyze");
    let verified = output(verify.args(["verify", "--man=no"]).arg(&path));
    // It may have something to say about other services of this machine.
    let said = both(&verified);
    assert!(verified.status.success() && !said.contains("fileserver.service"), "{said}");
    let mut security = Command::new("systemd-analyze");
    stdout(security.args(["security", "--offline=true", "--no-pager", EXPOSURE_MAX]).arg(&path));
}

#[test]
fn every_manual_page_that_is_named_is_there_and_renders() {
    let Some(package) = Package::get() else { return };
    let dir = package.path("usr/share/man/man1");
    let mut pages = String::new();
    for entry in fs::read_dir(&dir).unwrap() {
        let page = gunzipped(&entry.unwrap().path());
        for line in page.lines().filter_map(|line| line.strip_suffix("(1)")) {
            let named = format!("{}.1.gz", line.replace('\\', ""));
            assert!(dir.join(&named).is_file(), "{named} is named and missing");
        }
        pages += &page;
    }
    for program in PROGRAMS {
        assert!(dir.join(format!("{program}.1.gz")).is_file(), "{program}");
    }
    if !can_run("groff") {
        return skip("there is no groff to render manual pages with");
    }
    let all = dir.join("all");
    fs::write(&all, pages).unwrap();
    expect_silence(Command::new("groff").args(["-man", "-ww", "-z", "-Tutf8"]).arg(&all));
    fs::remove_file(all).unwrap();
}

#[test]
fn the_completions_load_and_complete() {
    let Some(package) = Package::get() else { return };
    for program in PROGRAMS {
        let file = package.path("usr/share/bash-completion/completions").join(program);
        let script =
            "source \"$1\"; function=$(complete -p \"$0\" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
             COMP_WORDS=(\"$0\" --vers) COMP_CWORD=1
             \"$function\" \"$0\" --vers \"$0\"; echo \"${COMPREPLY[@]}\"";
        let completed = stdout(Command::new("bash").args(["-ec", script, program]).arg(&file));
        assert_eq!(completed, "--version\n", "{program}");
        for (shell, file) in [
            ("zsh", format!("usr/share/zsh/vendor-completions/_{program}")),
            ("fish", format!("usr/share/fish/vendor_completions.d/{program}.fish")),
        ] {
            match can_run(shell) {
                true => expect_silence(Command::new(shell).arg("-n").arg(package.path(&file))),
                false => assert!(package.text(&file).contains("version"), "{file}"),
            }
        }
    }
}

fn gunzipped(path: &Path) -> String {
    stdout(Command::new("gzip").arg("-dc").arg(path))
}
