//! What a cell becomes on its way from the clients to the files and back.

use std::{collections::BTreeMap, fs, path::Path};

use super::*;
use crate::{
    machine::resources::Resources,
    plan::{Attempt, Cell, Configuration, Encoding, Mode, Operation, Volume},
};

const HEADS: &str = "mode,operation,volume_bytes,clients,server_workers,repetition,attempt,bursts,\
    names,clients_succeeded,clients_failed,failure_causes,mean_s,min_s,median_s,p95_s,max_s,\
    first_byte_mean_s,queue_mean_s,queue_max_s,service_mean_s,client_cpu_mean_s,\
    client_run_queue_mean_s,client_blocked_mean_s,throughput_bytes_per_s,makespan_s,\
    goodput_bytes_per_s,jain_fairness,server_workers_succeeded,server_workers_failed,\
    server_requests_ok,server_requests_failed,server_bytes,server_cpu_s,server_peak_pss_bytes,\
    generator_cpu_s,steal_s,foreign_cpu_s,swapped_pages,throttled_times,stood_still_s,disturbed,\
    server_failure,invalid,encoding";

const CEILING_HEADS: &str = "operation,volume_bytes,clients,repetition,bursts,clients_failed,\
    failure_causes,mean_s,makespan_s,goodput_bytes_per_s,generator_cpu_s,disturbed,encoding";

fn attempt(clients: u32) -> Attempt {
    let server = Configuration { mode: Some(Mode::Thread), workers: 1 };
    let (operation, volume) = (Operation::Download, Volume { bytes: 1 << 20 });
    let cell = Cell { encoding: Encoding::Base64, operation, volume, clients, server };
    Attempt { cell, repetition: 1, number: 1 }
}

/// Moments after the release, in sixteenths of a second: connected, picked up, the first byte, the last. And
/// how long the thread ran, and waited for a processor.
fn outcome(
    client: u32,
    [connected, picked_up, first, last, cpu, run_queue]: [u64; 6],
) -> JobOutcome {
    const SIXTEENTH_NS: u64 = 62_500_000;
    let at = |sixteenths: u64| 7_000 + sixteenths * SIXTEENTH_NS;
    JobOutcome {
        connected_ns: Some(at(connected)),
        first_byte_ns: Some(at(first)),
        finished_ns: Some(at(last)),
        bytes: 1 << 20,
        cpu_ns: Some(cpu * SIXTEENTH_NS),
        run_queue_ns: Some(run_queue * SIXTEENTH_NS),
        service: Some(Service {
            server_worker: "thread-1".to_owned(),
            accepted_ns: at(connected),
            picked_up_ns: at(picked_up),
            began_ns: at(picked_up),
        }),
        ..JobOutcome::of(client, 1, 7_000)
    }
}

/// Two clients that one worker serves in turn, for 1 s each.
fn in_turn() -> Record {
    Record {
        outcomes: vec![outcome(1, [4, 8, 12, 16, 2, 1]), outcome(2, [4, 16, 20, 32, 2, 3])],
        resources: Resources {
            server_cpu_s: Some(0.5),
            server_peak_pss_bytes: Some(5_000_000),
            generator_cpu_s: Some(0.25),
            ..Resources::default()
        },
        server: ServerAfter::Counted(Accounting {
            workers_succeeded: 1,
            workers_failed: 0,
            requests_ok: 2,
            requests_failed: 0,
            bytes: 2 << 20,
        }),
        ..Record::unmeasured(attempt(2))
    }
}

/// The same without base64, of which the second client failed, and with it the server.
fn failed() -> Record {
    let mut record = in_turn();
    record.outcomes[1].fail("reset", "connection reset".to_owned());
    record.server = ServerAfter::Failed("it ended with signal 9\n  out of memory".to_owned());
    record.attempt.repetition = 2;
    record.attempt.cell.encoding = Encoding::Raw;
    record
}

/// Times are 1 and 2 s: 3 s in all, and 2 MiB. Rates of 2 to 1 have Jain's index (2 + 1)² / (2 (4 + 1)). Waits
/// in the queue are 0.25 and 0.75 s; service takes 0.5 and 1 s. Of the first client's 1 s the queue, 0.125 s of
/// processor and 0.0625 s of run queue leave 0.5625 s; of the second one's 2 s are left 0.9375 s.
const IN_TURN: &str = "thread,download,1048576,2,1,1,1,1,,2,0,,1.5,1.0,1.0,2.0,2.0,1.0,0.5,0.75,0.75,\
    0.125,0.125,0.75,699050.6666666666,2.0,1048576.0,0.9,1,0,2,0,2097152,0.5,5000000,0.25,,,,,,,,,base64";

/// Only the first client counts; the server's numbers are gone.
const FAILED: &str = "thread,download,1048576,2,1,2,1,1,,1,1,reset 1,1.0,1.0,1.0,1.0,1.0,0.75,0.25,0.25,\
    0.5,0.125,0.0625,0.5625,1048576.0,1.0,1048576.0,1.0,,,,,,0.5,5000000,0.25,,,,,,,\
    it ended with signal 9 | out of memory,,raw";

#[test]
fn a_record_is_written_as_these_lines_and_read_as_it_was() {
    let out = tempfile::tempdir().unwrap();
    let mut files = RunFiles::create(out.path(), &Environment::made_up()).unwrap();
    let dir = files.dir().to_owned();
    let records = [in_turn(), failed()];
    let lines = records.each_ref().map(CellLine::of);
    for (line, record) in lines.iter().zip(&records) {
        files.append(line, &record.outcomes).unwrap();
        files.append_ceiling(line).unwrap();
    }
    let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(text("cells.csv"), format!("{HEADS}\n{IN_TURN}\n{FAILED}\n"));
    let ceilings = "download,1048576,2,1,1,0,,1.5,2.0,1048576.0,0.25,,base64\n\
                    download,1048576,2,2,1,1,reset 1,1.0,1.0,1048576.0,0.25,,raw\n";
    assert_eq!(text("ceilings.csv"), format!("{CEILING_HEADS}\n{ceilings}"));
    let run = Run::open(&dir).unwrap();
    assert_eq!(run.attempts, lines);
    let known = |line: &CellLine| (line.clients, line.repetition, line.goodput_bytes_per_s);
    assert_eq!(run.ceilings.iter().map(known).collect::<Vec<_>>(), lines.each_ref().map(known));
    assert_eq!(run.ceilings[0].cell().server, Configuration::UNKNOWN);
    assert_eq!(run.ceilings[1].cell().encoding, Encoding::Raw);
    assert_eq!(run.encodings(), [Encoding::Base64, Encoding::Raw]);
    let told = run.outcomes(|attempt| attempt.repetition == 2).unwrap();
    let of = |(attempt, outcome): &(Attempt, JobOutcome)| {
        (*attempt, outcome.client, outcome.seconds(), outcome.service.is_some())
    };
    let expected = [(records[1].attempt, 1, Some(1.0), true), (records[1].attempt, 2, None, true)];
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), expected);
    assert_eq!(run.missing_transfers().unwrap(), 0);
    assert_eq!(run.failed_configurations().len(), 1);
}

#[test]
fn what_is_not_known_of_every_client_is_empty() {
    let without = |change: fn(&mut JobOutcome)| {
        let mut record = in_turn();
        change(&mut record.outcomes[1]);
        let line = CellLine::of(&record);
        let known = [line.queue_mean_s, line.service_mean_s, line.client_blocked_mean_s];
        (line.mean_s, known.map(|value| value.is_some()))
    };
    assert_eq!(without(|_| ()), (Some(1.5), [true, true, true]));
    assert_eq!(without(|outcome| outcome.service = None), (Some(1.5), [false, false, false]));
    assert_eq!(without(|outcome| outcome.cpu_ns = None), (Some(1.5), [true, true, false]));
    let none = CellLine::unmeasured(attempt(2));
    assert_eq!((none.mean_s, none.goodput_bytes_per_s, none.queue_mean_s), (None, None, None));
}

/// All numbers of the reference were computed again from its clients' lines by numpy 2.4.6, and differ by less
/// than 2e-15 of themselves.
#[test]
fn the_numbers_of_the_reference_follow_from_what_its_clients_did() {
    let reference = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../results/reference"));
    let run = Run::open(reference).unwrap();
    let is_checked = |attempt: Attempt| attempt.repetition == 1;
    let mut outcomes = BTreeMap::<Attempt, Vec<JobOutcome>>::new();
    for (attempt, outcome) in run.outcomes(is_checked).unwrap() {
        outcomes.entry(attempt).or_default().push(outcome);
    }
    assert!(outcomes.len() >= 216, "{}", outcomes.len());
    for line in run.attempts.iter().filter(|line| is_checked(line.attempt())) {
        let outcomes = outcomes.remove(&line.attempt()).unwrap();
        let again = CellLine::of(&Record { outcomes, ..Record::unmeasured(line.attempt()) });
        let counts = |line: &CellLine| (line.bursts, line.clients_succeeded, line.clients_failed);
        assert_eq!(counts(&again), counts(line));
        let numbers = |line: &CellLine| {
            [
                line.mean_s,
                line.min_s,
                line.median_s,
                line.p95_s,
                line.max_s,
                line.first_byte_mean_s,
                line.queue_mean_s,
                line.queue_max_s,
                line.service_mean_s,
                line.client_cpu_mean_s,
                line.client_run_queue_mean_s,
                line.client_blocked_mean_s,
                line.throughput_bytes_per_s,
                line.makespan_s,
                line.goodput_bytes_per_s,
                line.jain_fairness,
            ]
            .map(Option::unwrap)
        };
        for (again, number) in numbers(&again).into_iter().zip(numbers(line)) {
            assert!((again - number).abs() <= 1e-12 * number, "{:?}", line.attempt());
        }
    }
}
