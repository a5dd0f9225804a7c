//! What `--help` prints, as golden files: `TRYCMD=overwrite cargo test -p stress-run --test help`
//! rewrites them.

#[test]
fn help_is_as_reviewed() {
    trycmd::TestCases::new().case("tests/golden/*.trycmd").env("COLUMNS", "100");
}
