//! What the program says about itself, and that its examples work.

use testkit::ServerBuilder;

#[test]
fn help_is_as_reviewed() {
    trycmd::TestCases::new().case("tests/golden/*.trycmd");
}

#[test]
fn help_fits_a_terminal() {
    let help = include_str!("golden/help.trycmd");
    assert!(help.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn the_examples_in_the_help_start_servers() {
    let help = include_str!("golden/help.trycmd");
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    let lines = examples.lines().map_while(|line| line.strip_prefix("  fileserver"));
    let mut started = 0;
    for line in lines {
        let (options, purpose) = line.split_once("   ").unwrap();
        // An example may name a port and a directory that this machine does not have to spare.
        let options = options.replace("/srv/files", "files");
        let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
            .without_defaults()
            .env("FILESERVER_PORT", "0")
            .args(options.split_whitespace());
        std::fs::create_dir(builder.dir().join("files")).unwrap();
        let mut server = builder.start();
        assert_eq!(server.ask("PING").outcome(), "OK", "{options}: {purpose}");
        assert_eq!(server.stop().exit_code, Some(0), "{options}: {purpose}");
        started += 1;
    }
    assert_eq!(started, 4);
}
