//! A run that people watch: its report as it grows, on an address of this machine, until the run is over.
//!
//! The run itself makes the page anew, between two measurements, and takes a two-hundredth of its time for that at
//! most. While it measures, nothing is made here: whoever asks for the page is sent one that is ready, by a thread of
//! the server, and whoever follows is told a sentence when a row begins, which never waits for anybody. The server ends
//! with the process; before that it gives those who follow a moment to fetch the last page.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use figures::{Catalogue, Live, Page, Strip};
use listening::http::{self, Answer, Audience, Clients, Reply, Request};

/// Enough for some people with several windows each.
const CLIENTS_MAX: usize = 16;

/// After a page was made, nothing is made for so many times as long.
const PAUSE: u32 = 200;

/// For those who follow to fetch the last page. A browser that draws it takes less.
const FAREWELL: Duration = Duration::from_secs(2);
const LOOK_PAUSE: Duration = Duration::from_millis(5);

/// The page has all it needs in it and may ask nobody but its server, whatever a run has put into it.
const HEADERS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
    Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; img-src data:; frame-ancestors 'none'\r\n";

/// The texts that a catalogue must have for a run that is watched, with their values.
pub const WATCH_TEXTS: &[(&str, &[&str])] =
    &[("watch_at", &["url"]), ("watch_begins", &[]), ("watch_over", &[]), ("watch_lost", &[])];

/// A run that is watched, or one that nobody wants to watch, of which nothing is made.
#[derive(Default)]
pub struct Watch(Option<Watched>);

struct Watched {
    site: Arc<Site>,
    clients: Clients,
    /// From then on a page may be made.
    next: Instant,
}

/// What the server's threads know.
struct Site {
    texts: &'static Catalogue,
    shown: Mutex<Shown>,
    audience: Arc<Audience>,
}

struct Shown {
    page: Arc<Page>,
    number: u64,
    strip: Strip,
    /// How often the page was asked for since the run was over.
    fetched: usize,
}

impl Watch {
    /// Answers at the address from now on, where there is one, and says which it is. `lang` is the tag of the language
    /// of the texts.
    pub fn open(
        address: Option<SocketAddr>,
        lang: &'static str,
        texts: &'static Catalogue,
    ) -> anyhow::Result<Self> {
        let Some(address) = address else { return Ok(Self(None)) };
        let bound = TcpListener::bind(address).and_then(|it| Ok((it.local_addr()?, it)));
        let (address, listener) = bound.map_err(|reason| {
            anyhow!("cannot listen on --watch {address}: {reason}; choose another address or port")
        })?;
        let watched = Watched::serve(listener, lang, texts)?;
        cli::errln!("{}", texts.text("watch_at", &[("url", format!("http://{address}/"))]));
        Ok(Self(Some(watched)))
    }

    /// Tells how far the run is. Costs a write for each window that is open.
    pub fn tell(&self, share: f64, words: impl FnOnce() -> String) {
        if let Some(Watched { site, .. }) = &self.0 {
            let strip = Strip { share, words: words(), is_over: false };
            site.audience.tell("row", &strip.render().0);
            site.lock().strip = strip;
        }
    }

    /// Shows what there is by now, unless that was done too short a time ago. For the time between two measurements.
    pub fn show(&mut self, page: impl FnOnce() -> anyhow::Result<Page>) {
        if self.0.as_ref().is_some_and(|watched| Instant::now() >= watched.next) {
            self.show_anyway(page);
        }
    }

    /// The same, for a place that a run comes to once.
    pub fn show_anyway(&mut self, page: impl FnOnce() -> anyhow::Result<Page>) {
        let Some(watched) = &mut self.0 else { return };
        let began = Instant::now();
        // What is wrong with the files the end of the run tells. Until then the last page stays.
        if let Ok(page) = page() {
            watched.site.put(page);
        }
        watched.next = Instant::now() + began.elapsed() * PAUSE;
    }

    /// Shows the whole report, and says that the run is over.
    pub fn end(self, page: impl FnOnce() -> anyhow::Result<Page>) {
        let Some(Watched { site, clients, .. }) = self.0 else { return };
        let words = site.texts.text("watch_over", &[]);
        let strip = Strip { share: 1.0, words, is_over: true };
        let told = strip.render().0;
        site.lock().strip = strip;
        site.lock().fetched = 0;
        if let Ok(page) = page() {
            site.put(page);
        }
        let followers = site.audience.followers();
        site.audience.tell("over", &told);
        let deadline = Instant::now() + FAREWELL;
        let is_fetched = || site.lock().fetched >= followers && clients.is_empty();
        while !is_fetched() && Instant::now() < deadline {
            thread::sleep(LOOK_PAUSE);
        }
    }
}

impl Watched {
    fn serve(
        listener: TcpListener,
        lang: &'static str,
        texts: &'static Catalogue,
    ) -> anyhow::Result<Self> {
        let words = texts.text("watch_begins", &[]);
        let page = Page::blank(lang, words.clone());
        let strip = Strip { share: 0.0, words, is_over: false };
        let shown = Shown { page: Arc::new(page), number: 0, strip, fetched: 0 };
        let site = Arc::new(Site { texts, shown: Mutex::new(shown), audience: Arc::default() });
        let answering = Arc::clone(&site);
        let answer = move |request: &Request| answering.answer(request);
        let clients = http::serve(listener, "watch", CLIENTS_MAX, answer)?;
        Ok(Self { site, clients, next: Instant::now() })
    }
}

impl Site {
    fn answer(&self, request: &Request) -> Answer {
        if !request.asks_an_address() {
            return Answer::Reply(Reply::text("403 Forbidden", "ask for 127.0.0.1 or localhost\n"));
        }
        match request.path.as_str() {
            "/" => Answer::Reply(Reply { headers: HEADERS, ..Reply::html(self.page()) }),
            "/events" => Answer::Events(Arc::clone(&self.audience)),
            _ => Answer::Reply(Reply::text("404 Not Found", "not found; the report is at /\n")),
        }
    }

    fn page(&self) -> String {
        let lost = self.texts.text("watch_lost", &[]);
        let (page, number, strip) = {
            let mut shown = self.lock();
            shown.fetched += 1;
            (Arc::clone(&shown.page), shown.number, shown.strip.clone())
        };
        page.live(&Live { number, strip: &strip, lost: &lost })
    }

    fn put(&self, page: Page) {
        let mut shown = self.lock();
        shown.page = Arc::new(page);
        shown.number += 1;
        self.audience.tell("page", &shown.number.to_string());
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
        sync::LazyLock,
    };

    use super::*;

    static TEXTS: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::parse(
            "watch_at = at { $url }\nwatch_begins = begun\nwatch_over = over\nwatch_lost = lost\n",
        )
    });

    fn watched() -> (Watch, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (Watch(Some(Watched::serve(listener, "en", &TEXTS).unwrap())), address)
    }

    fn page(title: &str) -> anyhow::Result<Page> {
        Ok(Page::blank("en", title.to_owned()))
    }

    /// What is replied to a request with this host, whole.
    fn get(address: SocketAddr, path: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    #[test]
    fn a_page_is_made_again_only_when_two_hundred_times_as_long_as_it_took_is_over() {
        const TOOK: Duration = Duration::from_millis(5);
        let (mut watch, address) = watched();
        let began = Instant::now();
        watch.show(|| {
            thread::sleep(TOOK);
            page("first")
        });
        let next = watch.0.as_ref().unwrap().next;
        assert!(next >= began + TOOK * (PAUSE + 1));
        watch.show(|| page("too early"));
        watch.0.as_mut().unwrap().next = Instant::now();
        watch.show(|| Err(anyhow!("its files cannot be read")));
        assert!(get(address, "/", "localhost").contains("<title>first</title>"));
    }

    #[test]
    fn strangers_names_and_other_paths_are_refused() {
        let (watch, address) = watched();
        watch.tell(0.5, || "row 1 < 2".to_owned());
        let status = |path: &str, host: &str| get(address, path, host)[9..12].to_owned();
        assert_eq!(status("/", "127.0.0.1:1"), "200");
        assert_eq!(status("/", "evil.example"), "403");
        assert_eq!(status("/events", "evil.example"), "403");
        assert_eq!(status("/etc/passwd", "localhost"), "404");
        let reply = get(address, "/", "localhost");
        for part in ["default-src 'none'", "<p>row 1 &lt; 2</p>", "data-lost=\"lost\""] {
            assert!(reply.contains(part), "{part} is not in {reply}");
        }
    }

    #[test]
    fn the_end_waits_for_those_who_follow_to_have_the_last_page_and_for_nobody_else() {
        let began = Instant::now();
        watched().0.end(|| page("last"));
        assert!(began.elapsed() < FAREWELL / 2, "nobody follows");
        let (watch, address) = watched();
        let mut events = TcpStream::connect(address).unwrap();
        write!(events, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let site = Arc::clone(&watch.0.as_ref().unwrap().site);
        while site.audience.followers() == 0 {
            thread::sleep(LOOK_PAUSE);
        }
        let viewer = thread::spawn(move || {
            let mut told = String::new();
            while !told.contains("event: over") {
                let mut room = [0; 512];
                let len = events.read(&mut room).unwrap();
                told.push_str(&String::from_utf8_lossy(&room[..len]));
            }
            get(address, "/", "localhost")
        });
        watch.end(|| page("last"));
        let last = viewer.join().unwrap();
        assert!(last.contains("<title>last</title>") && !last.contains("http-equiv"), "{last}");
    }

    #[test]
    fn a_run_that_nobody_watches_makes_nothing_and_a_port_that_is_taken_is_said() {
        let mut unwatched = Watch::open(None, "en", &TEXTS).unwrap();
        unwatched.show(|| unreachable!("nobody watches"));
        unwatched.tell(0.0, || unreachable!("nobody watches"));
        unwatched.end(|| unreachable!("nobody watches"));
        let (_taken, address) = watched();
        let refusal = Watch::open(Some(address), "en", &TEXTS).err().unwrap().to_string();
        let said = format!("cannot listen on --watch {address}: Address already in use");
        assert!(refusal.starts_with(&said), "{refusal}");
        assert!(refusal.ends_with("; choose another address or port"), "{refusal}");
    }
}
