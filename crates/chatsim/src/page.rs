//! The page of `chatsim serve`: what a browser asks for, built into the program.
//!
//! It is written by hand and needs no build step. `main.js` puts it together; `world.js` is all that the page
//! knows, from the server's messages, and every other module shows a part of that. Each text is in `en.json` and
//! in `id.json`. Nothing is styled or scripted within `index.html`, so that the page may forbid it.

/// A file as a browser gets it.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    /// Its `Content-Type`.
    pub(crate) kind: &'static str,
    pub(crate) content: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const WORDS: &str = "application/json";
const PICTURE: &str = "image/svg+xml";

macro_rules! asset {
    ($path:expr, $kind:expr, $file:literal) => {
        Asset { path: $path, kind: $kind, content: include_str!(concat!("page/", $file)) }
    };
    ($kind:expr, $file:literal) => {
        asset!(concat!("/", $file), $kind, $file)
    };
}

/// Everything that the page is made of.
pub(crate) static ASSETS: &[Asset] = &[
    asset!("/", HTML, "index.html"),
    asset!(STYLE, "style.css"),
    asset!(PICTURE, "icon.svg"),
    asset!(WORDS, "en.json"),
    asset!(WORDS, "id.json"),
    asset!(SCRIPT, "cards.js"),
    asset!(SCRIPT, "chart.js"),
    asset!(SCRIPT, "dom.js"),
    asset!(SCRIPT, "experiments.js"),
    asset!(SCRIPT, "fate.js"),
    asset!(SCRIPT, "flying.js"),
    asset!(SCRIPT, "head.js"),
    asset!(SCRIPT, "life.js"),
    asset!(SCRIPT, "log.js"),
    asset!(SCRIPT, "main.js"),
    asset!(SCRIPT, "measures.js"),
    asset!(SCRIPT, "network.js"),
    asset!(SCRIPT, "node.js"),
    asset!(SCRIPT, "notices.js"),
    asset!(SCRIPT, "numbers.js"),
    asset!(SCRIPT, "settings.js"),
    asset!(SCRIPT, "share.js"),
    asset!(SCRIPT, "socket.js"),
    asset!(SCRIPT, "words.js"),
    asset!(SCRIPT, "world.js"),
];

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;

    fn content(path: &str) -> &'static str {
        ASSETS.iter().find(|asset| asset.path == path).unwrap().content
    }

    fn words(path: &str) -> BTreeMap<String, String> {
        serde_json::from_str(content(path)).unwrap()
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
        let paths = entries.map(|name| format!("/{}", name.to_str().unwrap()));
        let files: BTreeSet<_> = paths.map(|path| path.replace("/index.html", "/")).collect();
        let served: BTreeSet<_> = ASSETS.iter().map(|asset| asset.path.to_owned()).collect();
        assert_eq!(served, files);
    }

    #[test]
    fn every_module_that_is_imported_is_served() {
        for asset in ASSETS.iter().filter(|asset| asset.kind == SCRIPT) {
            for line in asset.content.lines().filter(|line| line.contains(" from \"./")) {
                let name = line.split("\"./").nth(1).unwrap().trim_end_matches("\";");
                content(&format!("/{name}"));
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_words_with_the_same_gaps() {
        let (english, indonesian) = (words("/en.json"), words("/id.json"));
        let keys = |words: &BTreeMap<String, String>| words.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&english), keys(&indonesian));
        for (key, text) in &english {
            assert_eq!(gaps(text), gaps(&indonesian[key]), "{key}");
            assert!(!text.trim().is_empty() && !indonesian[key].trim().is_empty(), "{key}");
        }
    }

    fn gaps(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    /// Keys that are put together at run time (`fate-…`) are looked at in a browser.
    #[test]
    fn every_word_that_the_page_names_is_there() {
        let words = words("/en.json");
        for asset in ASSETS {
            for mark in ["say(\"", "data-say=\"", "\"data-say\": \"", "data-say-label=\""] {
                for rest in asset.content.split(mark).skip(1) {
                    let key = rest.split('"').next().unwrap();
                    assert!(words.contains_key(key), "{}: {key}", asset.path);
                }
            }
        }
    }

    #[test]
    fn nothing_of_the_page_comes_from_elsewhere_or_is_written_within_the_html() {
        for asset in ASSETS.iter().filter(|asset| asset.kind != PICTURE) {
            for word in ["http://", "https://", "@import", "url(", "innerHTML", "eval("] {
                let text = asset.content.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(word), "{}: {word}", asset.path);
            }
        }
        let html = content("/");
        assert!(!html.contains("style=") && !html.contains("<style") && !html.contains(" on"));
        assert_eq!(html.matches("<script").count(), 1, "the one that names main.js");
    }
}
