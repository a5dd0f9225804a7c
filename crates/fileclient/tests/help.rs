//! The help is the golden one, on a terminal of 80 columns. `TRYCMD=overwrite cargo test -p fileclient --test help` rewrites
//! the files; the difference is then reviewed.

#[test]
fn the_help_is_the_golden_one() {
    trycmd::TestCases::new().case("tests/golden/*.trycmd").env("COLUMNS", "80");
}
