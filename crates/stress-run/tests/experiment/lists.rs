//! LIST, asked for by many at once.

use std::{fs, process::Command};

use testkit::ServerBuilder;

use super::{
    column,
    foreign_server::{self, Fault},
    run::{self, Run},
};

const HEADS: &str = "Number,Operation,Files,Client workers,Server workers,\
    Total time per client (s),Client workers succeeded/failed,Server workers succeeded/failed";

#[test]
fn lists_have_a_table_of_their_own_beside_that_of_the_transfers() {
    let run = Run::new();
    let ops = ["--ops", "download,upload,list", "--volumes", "0.25", "--list-files", "7"];
    let pools = ["--modes", "thread,process", "--clients", "1,3", "--servers", "1,2"];
    let finished = run.finish(&[&ops[..], &pools].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for mode in ["thread", "process"] {
        assert_eq!(run::rows(&run.latest(&format!("table-{mode}.csv"))).len(), 8);
        let table = run.latest(&format!("table-{mode}-list.csv"));
        assert_eq!(table.lines().next(), Some(HEADS));
        let rows = run::rows(&table);
        assert_eq!(column(&rows, 0), ["1", "2", "3", "4"]);
        assert_eq!(column(&rows, 1), ["list"; 4]);
        // Beside them is the file that downloads read.
        assert_eq!(column(&rows, 2), ["8"; 4]);
        assert_eq!(column(&rows, 3), ["1", "1", "3", "3"]);
        for row in &rows {
            assert!(row[5].parse::<f64>().unwrap() > 0.0, "{row:?}");
            assert_eq!(row[6], format!("{} succeeded, 0 failed", row[3]));
            assert!(row[7].ends_with(" 0 failed"), "{row:?}");
        }
        assert!(finished.stdout.contains(&format!("Server mode: {mode}, the operation list")));
    }
    let report = run.latest("report.html");
    assert!(report.contains(r##"href="#mode-process-list""##), "the report has the table");
    let mut compare = Command::new(run::stress_run());
    compare.arg("compare").arg(run.out().join("latest")).args(["--between", "modes"]);
    let compared = String::from_utf8(compare.output().unwrap().stdout).unwrap();
    assert!(compared.contains("download") && !compared.contains("list"), "{compared}");
    assert!(run.latest("table.md").contains("## Server mode: thread, the operation list"));
}

#[test]
fn ten_thousand_files_are_listed_whole_by_every_client() {
    let run = Run::new();
    let cell = ["--ops", "list", "--modes", "async", "--clients", "5", "--servers", "2"];
    let how = ["--list-files", "10000", "--client-pool", "process"];
    let finished = run.finish(&[&cell[..], &how].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-async-list-process-clients.csv"));
    assert_eq!((rows[0][2].as_str(), rows[0][6].as_str()), ("10000", "5 succeeded, 0 failed"));
    // Nothing was moved: no table of transfers, no ceiling, no throughput.
    assert!(!run.out().join("latest/table-async-process-clients.csv").exists());
    let found = "With 5 clients at once, async mode with 2 workers answered LIST soonest: after ";
    assert!(finished.stdout.replace("\n  ", " ").contains(found), "{}", finished.stdout);
    assert!(run::rows(&run.latest("ceilings.csv")).is_empty());
    let gate = ["--gate", "op=list:mean_s<60"];
    let gated = Run::new().finish(&[&cell[..], &gate].concat());
    assert_eq!(gated.code, Some(0), "{}", gated.stdout);
}

#[test]
fn the_files_of_a_running_server_are_listed_and_left_alone() {
    let run = Run::new();
    let server = ServerBuilder::new(run::fileserver()).args(["--read-only"]).start();
    server.place("one.txt", b"1");
    server.place("two.txt", b"2");
    let address = server.address().to_string();
    let finished = run.finish(&["--connect", &address, "--ops", "list", "--clients", "3"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-thread-list.csv"));
    assert_eq!((rows.len(), rows[0][2].as_str()), (1, "2"));
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 2);
}

#[test]
fn a_list_that_lacks_a_name_makes_the_run_invalid() {
    let run = Run::new();
    let address = foreign_server::start(Fault::ListsNothing);
    let finished = run.finish(&["--connect", &address, "--ops", "list", "--clients", "1"]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stdout.contains("the content is 0 names, "), "{}", finished.stdout);
}
