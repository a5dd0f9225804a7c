//! What the page says when something is not as its user wants it.

use serde_json::json;

use crate::{ANY_PORT, Driver, Page, serve, serve_with};

#[track_caller]
fn refused(page: &Page, field: &str) -> String {
    let refused = format!("#refused-{field}");
    page.waits_until("it is refused", &format!("!document.querySelector('{refused}').hidden"));
    page.text(&refused)
}

#[test]
fn a_least_latency_above_the_most_is_refused_in_the_language_of_the_page() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    for (language, exceeds, is_below) in [
        (
            "en",
            "Must not be more than “Max latency”, 250.",
            "Must not be less than “Min latency”, 50.",
        ),
        (
            "id",
            "Tidak boleh lebih dari “Latensi maks”, 250.",
            "Tidak boleh kurang dari “Latensi min”, 50.",
        ),
    ] {
        let page = driver.open(server.address(), &format!("/?lang={language}"));
        page.enter("#set-latency_min_ms", "300");
        assert!(refused(&page, "latency_min_ms").starts_with(exceeds));
        page.enter("#set-latency_max_ms", "40");
        assert!(refused(&page, "latency_max_ms").starts_with(is_below));
        page.expect_clean();
    }
}

/// What the other page did has not reached this one when its user presses Enter.
#[test]
fn of_two_pages_that_change_the_conditions_at_once_the_second_is_told_and_shows_what_holds() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let [one, other] = [(); 2].map(|()| driver.open(server.address(), "/"));
    one.set("loss", "20");
    other.waits_until("it is told", "document.querySelector('#set-loss').value === '20'");
    let is_behind =
        "import('./world.js').then(({ world }) => { world.rev = 0; window.isBehind = true; })";
    other.evaluate(is_behind);
    other.waits_until("it knows of nothing", "window.isBehind");
    other.enter("#set-loss", "30");
    other.waits_until("it is said", "document.querySelector('[data-notice=notice-rev]')");
    let shown = other.evaluate("document.querySelector('#set-loss').value");
    assert_eq!(shown, json!("20"), "what holds now");
    assert_eq!(one.evaluate("document.querySelector('#set-loss').value"), json!("20"));
    one.set("max_retries", "3");
    other.waits_until("it is told", "document.querySelector('#set-max_retries').value === '3'");
    other.set("loss", "30");
    one.waits_until("then it is taken", "document.querySelector('#set-loss').value === '30'");
    other.expect_clean();
}

#[test]
fn a_page_too_many_says_so_and_connects_when_another_is_closed() {
    let Some(driver) = Driver::start() else { return };
    let server = serve_with(&["--port", "0", "--max-per-address", "1"]);
    let first = driver.open(server.address(), "/");
    let second = driver.open_unconnected(server.address(), "/?lang=id");
    let said = "document.querySelector('[data-notice=notice-crowd] span')?.textContent";
    second.waits_until("it is said", said);
    second.waits_until("in its language", &format!("{said}.startsWith('Dari alamatmu')"));
    drop(first);
    second.waits_until("it is connected", "document.querySelector('#set-loss').value");
    assert_eq!(second.count("[data-notice=notice-crowd]"), 0);
}

/// That the server says so to a page that is too slow, other tests show.
#[test]
fn a_page_that_was_too_slow_says_for_a_while_what_it_has_missed() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.evaluate("import('./world.js').then(({ now, receive }) => receive({ t_ms: now(), messages: [{ type: 'lagged', missed: 7 }] }))");
    let notice = "document.querySelector('[data-notice=notice-lagged]')";
    let said = format!("{notice}?.textContent.includes('has missed 7 updates')");
    page.waits_until("it is said", &said);
    assert!(page.text("#log li").contains("has missed 7 updates"));
    page.waits_until("it puts itself away", &format!("!{notice}"));
    page.expect_clean();
}
