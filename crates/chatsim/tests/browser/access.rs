//! Whoever has no mouse, sees little, hears the page read out, has a phone, or wants no motion.

use serde_json::{Value, json};
use thirtyfour::Key;

use crate::{ANY_PORT, Driver, Page, serve};

const AUDIT: &str = include_str!("audit.js");

#[test]
fn everything_is_done_by_keyboard_alone() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.tab_to("#set-loss");
    page.press("0" + Key::Tab);
    let taken = "document.querySelector('#log').textContent.includes('conditions')";
    page.waits_until("a right value is taken", taken);
    page.tab_to("#set-ack_timeout_ms");
    page.press("0" + Key::Tab);
    let refused = "document.querySelector('#refused-ack_timeout_ms:not([hidden])')?.textContent.includes('from 1 to')";
    page.waits_until("a wrong value is refused in words", refused);
    page.tab_to("#register-A");
    page.press(Key::Enter);
    page.waits_until("the cursor is in the text", "document.activeElement.id === 'text-A'");
    page.press("by hand alone" + Key::Enter);
    page.waits_until("it is delivered", "document.querySelector('#talk-A small.good')");
    page.tab_to("#pause");
    page.press(Key::Enter);
    page.waits_until("the world stands", "!document.querySelector('#step').disabled");
    page.tab_to("#many-A");
    page.press(Key::Enter);
    page.waits_until(
        "packets can be reached",
        "document.querySelectorAll('#flying li').length === 10",
    );
    page.tab_to("#flying button");
    page.press(Key::Enter);
    page.waits_until("one is dropped", "document.querySelectorAll('#flying li').length === 9");
    let is_on_the_next = page.evaluate("document.activeElement.matches('#flying button')");
    assert_eq!(is_on_the_next, json!(true));
    page.tab_to("#card-1-said");
    page.press(Key::Right);
    page.tab_to("#run-1");
    page.press(Key::Enter);
    let answer = "document.querySelector('#card-1 .result:not([hidden])')";
    page.waits_until("the answer is there", answer);
    page.expect_clean();
}

#[test]
fn text_is_readable_and_everything_has_a_name_on_every_screen() {
    let Some(driver) = Driver::start() else { return };
    for language in ["en", "id"] {
        let server = serve(ANY_PORT);
        let page = driver.open(server.address(), &format!("/?lang={language}"));
        assert_eq!(page.evaluate("document.documentElement.lang"), json!(language));
        show_all(&page);
        for scheme in ["light", "dark"] {
            page.prefer("prefers-color-scheme", scheme);
            for (width, height) in [(1280, 900), (360, 740)] {
                page.resize(width, height);
                let wrong = page.evaluate(AUDIT);
                assert_eq!(wrong, json!([]), "{language}, {scheme}, {width} pixels");
            }
        }
        assert_eq!(nameless(&page), Vec::<String>::new(), "{language}");
        page.expect_clean();
    }
}

#[test]
fn what_is_pressed_is_readable_under_the_pointer_too() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    for scheme in ["light", "dark"] {
        page.prefer("prefers-color-scheme", scheme);
        for pressed in ["#partition", "[data-language=id]", "[data-language=en]"] {
            page.click(pressed);
            let is_so = "document.querySelector('PRESSED').matches(':hover[aria-pressed=true]')";
            page.waits_until("it is pressed", &is_so.replace("PRESSED", pressed));
            assert_eq!(page.evaluate(AUDIT), json!([]), "{pressed}, {scheme}");
        }
        page.click("#partition");
    }
    page.expect_clean();
}

/// Whatever the page can show, so that it is looked at.
#[track_caller]
fn show_all(page: &Page) {
    page.register("A");
    page.register("B");
    page.send_many("A", "pub_sub");
    page.send_many("B", "direct");
    page.click("#settings summary");
    for experiment in 0..=5 {
        page.run_experiment(experiment);
        page.evaluate("document.querySelector('#cards [data-say=cancel]:not([hidden])')?.click()");
        page.waits_for_the_end(experiment);
    }
    page.evaluate(
        "document.querySelectorAll('#cards details').forEach((it) => { it.open = true })",
    );
    page.enter("#set-loss", "200");
    let refused = "document.querySelector('#refused-loss:not([hidden])')";
    page.waits_until("a wrong value is refused", refused);
    // While the world stands nothing moves away from under the pointer.
    page.click("#pause");
    page.waits_until("the world stands", "!document.querySelector('#step').disabled");
    page.click("#talk-A li button");
    page.waits_until("a life is drawn", "document.querySelector('#life-picture .flight')");
    page.click("#share");
    page.waits_until("a notice is shown", "document.querySelector('.notice')");
}

/// What a screen reader would find without a name.
#[track_caller]
fn nameless(page: &Page) -> Vec<String> {
    const NAMED: [&str; 9] = [
        "button",
        "combobox",
        "image",
        "link",
        "progressbar",
        "radio",
        "slider",
        "spinbutton",
        "textbox",
    ];
    page.devtools("Accessibility.enable", json!({}));
    let tree = page.devtools("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    assert!(nodes.len() > 100, "the tree has only {} nodes", nodes.len());
    let has_no_name = |node: &&Value| {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let name = node["name"]["value"].as_str().unwrap_or_default();
        node["ignored"] == json!(false) && NAMED.contains(&role) && name.trim().is_empty()
    };
    nodes.iter().filter(has_no_name).map(Value::to_string).collect()
}

#[test]
fn whoever_wants_little_motion_sees_two_pictures_a_second() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.prefer("prefers-reduced-motion", "reduce");
    page.set("latency_max_ms", "9000");
    page.register("A");
    page.send_many("A", "pub_sub");
    page.evaluate(
        "window.pictures = 0;
        window.began = performance.now();
        const clear = CanvasRenderingContext2D.prototype.clearRect;
        CanvasRenderingContext2D.prototype.clearRect = function (...all) {
            pictures++;
            clear.apply(this, all);
        };
        return true",
    );
    // A loaded machine may draw later, never more often.
    page.waits_until("there are five pictures", "pictures >= 5");
    let rate = page.evaluate("pictures * 1000 / (performance.now() - began)").as_f64().unwrap();
    assert!(rate <= 2.6, "{rate} pictures a second");
}
