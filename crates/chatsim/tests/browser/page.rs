//! The page as its user has it: what is seen, clicked and typed.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{PATIENCE, eventually};
use thirtyfour::{By, Key, TypingData, WebDriver, WebElement, error::WebDriverResult};

use crate::driver::Driver;

/// A browser with the page. It is closed when dropped.
pub(crate) struct Page<'a> {
    driver: &'a Driver,
    browser: Option<WebDriver>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(driver: &'a Driver, browser: WebDriver) -> Self {
        Self { driver, browser: Some(browser) }
    }

    fn browser(&self) -> &WebDriver {
        self.browser.as_ref().expect("it is there until the page is dropped")
    }

    #[track_caller]
    fn run<T>(&self, action: impl Future<Output = WebDriverResult<T>>) -> T {
        self.driver.run(action).unwrap_or_else(|err| panic!("{err}"))
    }

    #[track_caller]
    pub(crate) fn go_to(&self, url: &str) {
        self.run(self.browser().goto(url));
    }

    #[track_caller]
    pub(crate) fn waits_for_connection(&self) {
        self.waits_until("the page is connected", "document.querySelector('#set-loss').value");
    }

    #[track_caller]
    pub(crate) fn show_file(&self, path: &Path) {
        self.run(self.browser().goto(format!("file://{}", path.display())));
    }

    /// The value of an expression, or what `return` gives back.
    #[track_caller]
    pub(crate) fn evaluate(&self, script: &str) -> Value {
        let script =
            if script.contains("return ") { script.to_owned() } else { format!("return {script}") };
        self.run(self.browser().execute(script, Vec::new())).json().clone()
    }

    #[track_caller]
    pub(crate) fn waits_until(&self, what: &str, condition: &str) {
        let is_true = format!("return Boolean({condition})");
        eventually(PATIENCE, what, || self.evaluate(&is_true) == Value::Bool(true));
    }

    /// The text of the first element; empty where there is none.
    #[track_caller]
    pub(crate) fn text(&self, css: &str) -> String {
        let text = self.evaluate(&format!("document.querySelector({css:?})?.textContent ?? ''"));
        text.as_str().expect("it is a text").to_owned()
    }

    #[track_caller]
    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        let script = format!("[...document.querySelectorAll({css:?})].map((it) => it.textContent)");
        serde_json::from_value(self.evaluate(&script)).expect("they are texts")
    }

    #[track_caller]
    pub(crate) fn count(&self, css: &str) -> usize {
        self.texts(css).len()
    }

    #[track_caller]
    fn find(&self, css: &str) -> WebElement {
        let found = self.driver.run(self.browser().find(By::Css(css)));
        found.unwrap_or_else(|err| panic!("{css}: {err}"))
    }

    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        let element = self.find(css);
        self.evaluate(&format!(
            "document.querySelector({css:?}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        ));
        self.run(element.click());
    }

    /// Puts the text into the field in place of what it holds, and then presses Enter.
    #[track_caller]
    pub(crate) fn enter(&self, css: &str, text: &str) {
        let field = self.find(css);
        self.run(field.send_keys(Key::Control + "a" + Key::Null + text + Key::Enter));
    }

    /// Clicks at a place of the element, counted in pixels from its upper left corner.
    #[track_caller]
    pub(crate) fn click_at(&self, css: &str, x: f64, y: f64) {
        let corner = self.evaluate(&format!(
            "const it = document.querySelector({css:?}).getBoundingClientRect(); return [it.x, it.y]"
        ));
        let at = |index: usize, offset: f64| {
            (corner[index].as_f64().expect("it is a number") + offset).round() as i64
        };
        self.run(self.browser().action_chain().move_to(at(0, x), at(1, y)).click().perform());
    }

    /// Presses keys where the focus is.
    #[track_caller]
    pub(crate) fn press(&self, keys: impl Into<TypingData>) {
        self.run(self.browser().action_chain().send_keys(keys).perform());
    }

    /// Goes on to the element with the Tab key alone.
    #[track_caller]
    pub(crate) fn tab_to(&self, css: &str) {
        const MOST: usize = 120;
        let is_there = format!("document.activeElement.matches({css:?})");
        let reached = (0..MOST).any(|_| {
            self.press(Key::Tab);
            self.evaluate(&is_there) == Value::Bool(true)
        });
        assert!(reached, "{css} is not reached by {MOST} tabs");
    }

    /// A command of the DevTools protocol.
    #[track_caller]
    pub(crate) fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.run(self.browser().cdp().send_raw(method, parameters))
    }

    /// Headless windows are never narrower than 500 pixels; the screen that the page sees may be.
    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", screen);
    }

    /// What the reader prefers, as `prefers-color-scheme`: `dark`.
    #[track_caller]
    pub(crate) fn prefer(&self, feature: &str, value: &str) {
        let features = json!({"features": [{"name": feature, "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    /// Nothing was said on the console, and no request went to another host than the server.
    #[track_caller]
    pub(crate) fn expect_clean(&self) {
        let said = self.run(self.browser().browser_log());
        assert!(said.is_empty(), "on the console: {said:?}");
        let own = self.evaluate("location.host").as_str().expect("it is a text").to_owned();
        let urls = self.requested();
        assert!(!urls.is_empty(), "the page itself was requested");
        for url in urls {
            let is_own = ["http", "ws"].iter().any(|it| url.starts_with(&format!("{it}://{own}/")));
            assert!(is_own || url.starts_with("data:"), "asked for {url}");
        }
    }

    /// Nothing was said on the console, and nothing was requested but the file itself.
    #[track_caller]
    pub(crate) fn expect_silent(&self) {
        let said = self.run(self.browser().browser_log());
        assert!(said.is_empty(), "on the console: {said:?}");
        let requested = self.requested();
        let is_file = |url: &&String| url.starts_with("file://") && url.ends_with(".html");
        assert!(requested.iter().all(|url| is_file(&url)), "{requested:?}");
        assert!(!requested.is_empty(), "the file itself was requested");
    }

    /// How many pages it has on paper.
    #[track_caller]
    pub(crate) fn print(&self) -> usize {
        let printed = self.devtools("Page.printToPDF", json!({"preferCSSPageSize": true}));
        let printed = printed["data"].as_str().expect("it is a text");
        let printed = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, printed);
        let printed = printed.expect("it is base64");
        let of_page = b"/Type /Page\n";
        printed.windows(of_page.len()).filter(|window| window == of_page).count()
    }

    fn requested(&self) -> Vec<String> {
        let entries = self.run(self.browser().get_log("performance"));
        let messages = entries.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(&entry.message).ok()?;
            let message = &event["message"];
            let parameters = &message["params"];
            let url = match message["method"].as_str()? {
                "Network.requestWillBeSent" => &parameters["request"]["url"],
                "Network.webSocketCreated" => &parameters["url"],
                _ => return None,
            };
            Some(url.as_str()?.to_owned())
        });
        messages.collect()
    }
}

/// What people do with it.
impl Page<'_> {
    #[track_caller]
    pub(crate) fn register(&self, node: &str) {
        self.click(&format!("#register-{node}"));
        let may_write = format!("document.querySelector('#send-{node}').checkVisibility()");
        self.waits_until("it may write", &may_write);
    }

    /// Sends ten messages.
    #[track_caller]
    pub(crate) fn send_many(&self, node: &str, method: &str) {
        self.click(&format!("#node-{node} input[value={method}]"));
        self.click(&format!("#many-{node}"));
    }

    /// Changes one field of the conditions; returns when the server has taken it.
    #[track_caller]
    pub(crate) fn set(&self, field: &str, value: &str) {
        let told = "[...document.querySelectorAll('#log li')].filter((it) => it.textContent.includes('conditions')).length";
        let before = self.evaluate(told);
        self.enter(&format!("#set-{field}"), value);
        self.waits_until("it is taken", &format!("{told} > {before}"));
    }

    /// Lets the simulated time run ten times as fast as real time.
    #[track_caller]
    pub(crate) fn hurry(&self) {
        self.evaluate(
            "const speed = document.querySelector('#speed');
            speed.value = '10';
            speed.dispatchEvent(new Event('change'));
            return true",
        );
    }

    /// Returns when the answer of 10,000 messages is there.
    #[track_caller]
    pub(crate) fn run_experiment(&self, experiment: u32) {
        self.click(&format!("#run-{experiment}"));
        let answer = format!("document.querySelector('#card-{experiment} .result:not([hidden])')");
        self.waits_until("the answer is there", &answer);
    }

    /// Returns when its 20 messages of each case have crossed the network.
    #[track_caller]
    pub(crate) fn waits_for_the_end(&self, experiment: u32) {
        let over = format!("!document.querySelector('#run-{experiment}').disabled");
        self.waits_until("all have crossed the network", &over);
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        if let Some(browser) = self.browser.take() {
            // Of a browser that no longer answers the driver is killed.
            let _ = self.driver.run(browser.quit());
        }
    }
}
