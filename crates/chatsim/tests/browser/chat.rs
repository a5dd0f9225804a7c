//! Nodes, messages and what becomes of them.

use serde_json::json;

use crate::{ANY_PORT, Driver, Page, serve};

/// What both charts show at most.
const POINTS_MAX: u64 = 20;

#[test]
fn two_browsers_register_chat_and_see_what_becomes_of_each_message() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let [one, other] = [(); 2].map(|()| driver.open(server.address(), "/"));
    one.set("loss", "0");
    one.register("A");
    other.waits_until(
        "A is somebody else",
        "document.querySelector('#node-A header span').textContent === 'another page'",
    );
    other.register("B");
    one.enter("#text-A", "halo <b>B</b>");
    other.waits_until("it is received", "document.querySelector('#talk-B li.direct')");
    assert!(other.text("#talk-B li").starts_with("halo <b>B</b>Direct · from A · "));
    other.send_many("B", "pub_sub");
    one.waits_until(
        "ten are received",
        "document.querySelectorAll('#talk-A li.pub_sub').length === 10",
    );
    other.waits_until(
        "ten are acknowledged",
        "[...document.querySelectorAll('#talk-B .own small.good')].filter((it) => it.textContent.includes('acknowledged')).length === 10",
    );
    one.set("loss", "100");
    other.waits_until(
        "both have the new conditions",
        "document.querySelector('#set-loss').value === '100'",
    );
    one.enter("#text-A", "gone");
    one.waits_until(
        "it is lost",
        "document.querySelector('#talk-A small.bad')?.textContent.includes('lost')",
    );
    assert_eq!(other.count("#talk-B li.direct"), 1);
    one.expect_clean();
    other.expect_clean();
}

#[test]
fn the_life_of_a_message_is_drawn_and_told() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.set("loss", "0");
    page.register("A");
    page.click("#node-A input[value=pub_sub]");
    page.enter("#text-A", "hello");
    page.waits_until(
        "it is acknowledged",
        "document.querySelector('#talk-A small.good')?.textContent.includes('✓✓ acknowledged · arrived after ')",
    );
    page.click("#talk-A li button");
    page.waits_until(
        "it is drawn",
        "document.querySelectorAll('#life-picture .flight').length === 2",
    );
    let told = page.texts("#life-words li").join("\n");
    for part in ["message 1 delivered", "ACK 1 sent", "ACK 1 acknowledged"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let trace = page.evaluate("document.querySelector('#life-trace').getAttribute('href')");
    assert_eq!(trace, json!("/traces/0"));
    page.click("#life-close");
    assert_eq!(page.evaluate("document.querySelector('#life').hidden"), json!(true));
    page.expect_clean();
}

#[test]
fn charts_move_twice_a_second_and_have_at_most_20_points() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.set("latency_min_ms", "1");
    page.register("A");
    let points = "document.querySelectorAll('#throughput .dot.direct').length";
    page.waits_until("the chart is full", &format!("{points} === {POINTS_MAX}"));
    page.evaluate(
        "window.draws = [];
        const chart = document.querySelector('#throughput');
        new MutationObserver(() => draws.push(performance.now())).observe(chart, {childList: true});
        return true",
    );
    page.send_many("A", "direct");
    page.waits_until("it is drawn ten times more", "draws.length >= 10");
    let seconds = page.evaluate("(draws[9] - draws[0]) / 1000").as_f64().unwrap();
    // A loaded machine may draw later, never more often.
    assert!(seconds >= 3.0, "nine pauses of half a second took {seconds} s");
    assert_eq!(page.evaluate(points), json!(POINTS_MAX));
    let dots = page.evaluate("document.querySelectorAll('#latency .dot.direct').length");
    assert!((1..=POINTS_MAX).contains(&dots.as_u64().unwrap()), "{dots} points of latency");
    page.expect_clean();
}

#[test]
fn a_packet_is_dropped_by_a_click_while_the_world_stands() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    with_ten_on_their_way(&page);
    let [right, down] = place_of_a_packet(&page);
    page.click_at("#canvas", right, down);
    page.waits_until("one is gone", "document.querySelectorAll('#flying li').length === 9");
    page.click("#pause");
    page.waits_until("nine arrive", "document.querySelectorAll('#talk-A small.good').length === 9");
    let lost = page.texts("#talk-A small.bad");
    assert!(lost.len() == 1 && lost[0].contains("disturbed by hand"), "{lost:?}");
    page.expect_clean();
}

#[test]
fn while_the_world_stands_each_step_lets_one_packet_arrive() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    with_ten_on_their_way(&page);
    for left in [9, 8] {
        page.click("#step");
        let is_one_less = format!("document.querySelectorAll('#flying li').length === {left}");
        page.waits_until("one has arrived", &is_one_less);
        assert_eq!(page.count("#talk-A small.good"), 10 - left, "and nothing else");
    }
    page.expect_clean();
}

#[test]
fn what_has_happened_is_exported_by_the_links_of_the_page() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let page = driver.open(server.address(), "/");
    page.set("loss", "0");
    page.register("A");
    page.send_many("A", "pub_sub");
    let acknowledged = "[...document.querySelectorAll('#talk-A small.good')].filter((it) => it.textContent.includes('acknowledged')).length === 10";
    page.waits_until("all are acknowledged", acknowledged);
    page.evaluate(
        "window.exported = {};
        for (const link of document.querySelectorAll('[href^=\"/export\"]'))
            fetch(link.href).then((it) => it.text()).then((it) => { exported[link.pathname] = it });
        return true",
    );
    page.waits_until("both are there", "Object.keys(exported).length === 2");
    let lines = page.evaluate("exported['/export.csv'].trim().split('\\n').length");
    let records = page.evaluate("JSON.parse(exported['/export.json']).length");
    assert_eq!((lines, records), (json!(11), json!(10)));
    page.expect_clean();
}

/// None would be lost, and the world stands already.
#[track_caller]
fn with_ten_on_their_way(page: &Page) {
    page.set("loss", "0");
    page.register("A");
    page.click("#pause");
    page.waits_until("the world stands", "!document.querySelector('#step').disabled");
    page.send_many("A", "direct");
    page.waits_until("they are sent", "document.querySelectorAll('#flying li').length === 10");
}

/// Where the pointer says that it is over one, from the upper left corner of the canvas.
#[track_caller]
fn place_of_a_packet(page: &Page) -> [f64; 2] {
    let place = page.evaluate(
        "const canvas = document.querySelector('#canvas');
        canvas.scrollIntoView({block: 'center'});
        const {x, y, width, height} = canvas.getBoundingClientRect();
        for (let down = 10; down < height; down += 10) for (let right = 10; right < width; right += 10) {
            canvas.dispatchEvent(new PointerEvent('pointermove', {clientX: x + right, clientY: y + down}));
            if (canvas.classList.contains('aims')) return [right, down];
        }
        return null",
    );
    serde_json::from_value(place).expect("one of ten is somewhere")
}

#[test]
fn a_server_that_is_started_again_finds_the_page_and_its_node_again() {
    let Some(driver) = Driver::start() else { return };
    let server = serve(ANY_PORT);
    let address = server.address();
    let page = driver.open(address, "/");
    page.register("A");
    drop(server);
    page.waits_until("the loss is said", "document.querySelector('[data-notice=notice-lost]')");
    let _server = serve(address.port());
    page.waits_until("it no longer is", "!document.querySelector('[data-notice=notice-lost]')");
    page.enter("#text-A", "here again");
    page.waits_until("it is sent", "document.querySelector('#talk-A li.direct')");
}
