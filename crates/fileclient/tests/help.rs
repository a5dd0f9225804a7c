//! The help is the golden one. `TRYCMD=overwrite cargo test -p fileclient --test help` rewrites
//! the files; the difference is then reviewed.

#[test]
fn the_help_is_the_golden_one() {
    trycmd::TestCases::new().case("tests/golden/*.trycmd").env("COLUMNS", "100");
}
