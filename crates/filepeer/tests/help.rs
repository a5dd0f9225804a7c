//! What `--help` prints, as golden files: `TRYCMD=overwrite cargo test -p filepeer --test help` rewrites them.

#[test]
fn help_is_as_reviewed() {
    trycmd::TestCases::new().case("tests/golden/*.trycmd");
}

#[test]
fn help_fits_a_terminal() {
    let help = include_str!("golden/help.trycmd");
    assert!(help.lines().all(|line| line.chars().count() <= 80));
}
