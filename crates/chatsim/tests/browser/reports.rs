//! The reports that lie in the repository, of every program, as a browser shows them: with values, tables that sort,
//! on any screen, in any light and on paper.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use thirtyfour::Key;

use crate::{Driver, Page};

const AUDIT: &str = include_str!("audit.js");

/// Each stored run's.
fn reports() -> Vec<PathBuf> {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../results");
    let runs = fs::read_dir(results).unwrap().map(|entry| entry.unwrap().path());
    let reports: Vec<PathBuf> =
        runs.map(|run| run.join("report.html")).filter(|report| report.exists()).collect();
    assert!(reports.len() >= 2, "{reports:?}");
    reports.into_iter().map(|report| report.canonicalize().unwrap()).collect()
}

#[track_caller]
fn each_report(driver: &Driver, look: impl Fn(&Page<'_>)) {
    for report in reports() {
        let page = driver.open_file(&report);
        look(&page);
        page.expect_silent();
    }
}

#[test]
fn a_report_is_readable_on_every_screen_and_in_any_light() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        page.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true })");
        for scheme in ["light", "dark"] {
            page.prefer("prefers-color-scheme", scheme);
            for (width, height) in [(1280, 900), (1024, 768), (360, 740)] {
                page.resize(width, height);
                let wrong = page.evaluate(AUDIT);
                assert_eq!(wrong, json!([]), "{scheme}, {width} pixels");
            }
        }
    });
}

#[test]
fn a_table_that_people_hand_in_is_whole_on_a_desktop() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        for width in [1024, 1280, 1920] {
            page.resize(width, 900);
            let cut = "[...document.querySelectorAll('.whole')].filter((it) => it.scrollWidth > it.clientWidth).length";
            assert_eq!(page.evaluate(cut), json!(0), "{width} pixels");
        }
    });
}

#[test]
fn a_mark_tells_its_value_to_the_mouse_and_to_the_keyboard() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        page.click("#figure-1 .panel svg");
        page.tab_to("#figure-1 .panel svg");
        let first = page.text(".tip");
        assert!(!first.is_empty(), "the first mark has no value");
        page.press(Key::Right);
        page.press(Key::End);
        assert_ne!(page.text(".tip"), first);
        page.press(Key::Escape);
        assert_eq!(page.text(".tip"), "");
        let place = page.evaluate(
            "const mark = document.querySelector('#figure-1 .panel svg [data-value]').getBoundingClientRect();
            const panel = document.querySelector('#figure-1 .panel svg').getBoundingClientRect();
            return [mark.x + mark.width / 2 - panel.x, mark.y + mark.height / 2 - panel.y]",
        );
        let at = |index: usize| place[index].as_f64().unwrap();
        page.click_at("#figure-1 .panel svg", at(0), at(1));
        assert!(!page.text(".tip").is_empty(), "nothing is shown under the mouse");
    });
}

#[test]
fn a_table_sorts_by_a_column_and_keeps_what_belongs_to_a_row_below_it() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        const TABLE: &str = "#tables table.sortable, #table table.sortable";
        let state = format!(
            "const table = document.querySelector({TABLE:?});
            const column = table.tHead.rows[0].cells.length - 3;
            const rows = [...table.tBodies[0].rows].filter((row) => !row.matches('.group, .more'));
            const numbers = rows.map((row) => parseFloat(row.cells[column].textContent.replace('−', '-')));
            const of_rows = rows.map((row) => row.nextElementSibling?.matches('.more') ? row.nextElementSibling.textContent : '');
            return [numbers.filter(Number.isFinite), of_rows.sort()]"
        );
        let before = page.evaluate(&state);
        let click = format!(
            "const head = [...document.querySelector({TABLE:?}).tHead.rows[0].cells].at(-3); head.querySelector('button').click(); return head.ariaSort"
        );
        assert_eq!(page.evaluate(&click), json!("ascending"));
        let after = page.evaluate(&state);
        let numbers: Vec<f64> = serde_json::from_value(after[0].clone()).unwrap();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(after[1], before[1]);
        assert_eq!(page.evaluate(&click), json!("descending"));
    });
}

#[test]
fn a_row_that_a_figure_names_is_opened_with_what_it_is_judged_by() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        let links = "document.querySelectorAll('figcaption a[href^=\"#\"]')";
        if page.evaluate(&format!("{links}.length")) == json!(0) {
            return;
        }
        page.evaluate(&format!("[...{links}].at(-1).click()"));
        page.waits_until(
            "the row is seen",
            "document.querySelector('tr:target')?.checkVisibility()",
        );
        let more = "document.querySelector('tr:target').nextElementSibling.checkVisibility()";
        assert_eq!(page.evaluate(more), json!(true));
    });
}

#[test]
fn a_report_on_paper_has_every_table_and_no_more_pages_than_are_read() {
    const PAGES_MAX: usize = 30;
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        let pages = page.print();
        assert!((2..=PAGES_MAX).contains(&pages), "{pages} pages");
        page.devtools("Emulation.setEmulatedMedia", json!({"media": "print"}));
        let hidden = "[...document.querySelectorAll('.part table')].filter((it) => it.clientHeight === 0).length";
        assert_eq!(page.evaluate(hidden), json!(0));
    });
}

#[test]
fn a_figure_with_time_across_is_walked_through_by_keyboard_and_ends_with_everyone_served() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        if page.count(".player") == 0 {
            return;
        }
        page.prefer("prefers-reduced-motion", "reduce");
        let share = || page.evaluate("Number(document.querySelector('.player input').value)");
        page.tab_to(".player button");
        page.press(Key::Enter);
        let moves = "document.querySelector('.player input').value > 0 && document.querySelector('.player input').value < 1";
        page.waits_until("it plays from the start", moves);
        page.press(Key::Enter);
        let paused = share();
        page.evaluate(
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        );
        assert_eq!(share(), paused);
        page.press(Key::Tab);
        page.press(Key::Enter);
        assert!(share().as_f64() > paused.as_f64(), "a step leads on to the next change");
        let states = page.texts(".state");
        assert!(states.iter().any(|state| !state.starts_with("50 waiting")), "{states:?}");
        page.press(Key::Tab);
        page.press(Key::End);
        assert!(page.text(".state").ends_with(" 50 done"), "{}", page.text(".state"));
    });
}

#[test]
fn without_a_script_nothing_is_missing_but_the_hint_of_it() {
    let Some(driver) = Driver::start() else { return };
    each_report(&driver, |page| {
        let text = "document.querySelector('main').textContent.replace(/\\s+/g, ' ').length";
        let with = page.evaluate(text);
        page.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true}));
        page.evaluate("location.reload()");
        // The driver's own scripts run all the same.
        let is_there =
            "document.readyState === 'complete' && document.querySelector('[hidden].by-script')";
        page.waits_until("all of the page is there again", is_there);
        assert_eq!(page.evaluate("document.querySelectorAll('th button').length"), json!(0));
        let without = page.evaluate(text);
        let titles = page.evaluate("[...document.querySelectorAll('svg title')].map((it) => it.textContent).join('').length");
        assert!(without.as_u64() >= with.as_u64() && titles.as_u64() > Some(0));
    });
}
