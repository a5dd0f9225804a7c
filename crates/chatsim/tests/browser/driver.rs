//! A chromedriver of a test's own, and the browsers that it starts.

use std::{
    future::Future,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use testkit::{Signal, skip};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};
use tokio::runtime::{self, Runtime};

use crate::page::Page;

/// It ends when dropped, with all its browsers, also in a test that fails.
pub(crate) struct Driver {
    process: Child,
    url: String,
    runtime: Runtime,
    /// Where the browsers have their profiles.
    _dir: TempDir,
}

impl Driver {
    /// `None` where chromium or its driver is missing, which is said.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        if !["chromium", "chromedriver"].into_iter().all(is_installed) {
            skip("no chromium with its driver is installed (packages chromium, chromium-driver)");
            return None;
        }
        // Built with the whole workspace, the driver's client has no provider of its own. All but the first
        // test find one installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir =
            TempDir::with_prefix("kolam-browser-").expect("a temporary directory can be made");
        // The driver leaves its browsers behind when it is killed, so they are killed as a group.
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig=TERM", "--", "chromedriver", "--port=0"])
            .env("TMPDIR", dir.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv runs");
        let output = process.stdout.take().expect("it is a pipe");
        let port = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let mut builder = runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime can be made");
        let mut driver = Self { process, url: String::new(), runtime, _dir: dir };
        driver.url = format!("http://127.0.0.1:{}", port.expect("it says where it listens"));
        Some(driver)
    }

    /// A browser of its own that shows the server's page, behind the path with its query and fragment.
    #[track_caller]
    pub(crate) fn open(&self, server: SocketAddr, path: &str) -> Page<'_> {
        let page = self.open_unconnected(server, path);
        page.waits_for_connection();
        page
    }

    /// The same, where the page may not be let in.
    #[track_caller]
    pub(crate) fn open_unconnected(&self, server: SocketAddr, path: &str) -> Page<'_> {
        let browser = self.run(WebDriver::new(&self.url, capabilities())).expect("chromium starts");
        let page = Page::new(self, browser);
        page.go_to(&format!("http://{server}{path}"));
        page
    }

    /// A browser of its own that shows a file.
    #[track_caller]
    pub(crate) fn open_file(&self, path: &Path) -> Page<'_> {
        let browser = self.run(WebDriver::new(&self.url, capabilities())).expect("chromium starts");
        let page = Page::new(self, browser);
        page.show_file(path);
        page
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.id()).expect("process ids are small");
        let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

/// A browser that resolves no name, so that whatever asks another host fails and is seen.
fn capabilities() -> thirtyfour::ChromeCapabilities {
    let mut chrome = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        "--lang=en",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ] {
        chrome.add_arg(argument).expect("it is a word");
    }
    for log in ["browser", "performance"] {
        chrome.set_logging_prefs(log, LoggingPrefsLogLevel::All).expect("it is a level");
    }
    chrome
}

fn is_installed(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
