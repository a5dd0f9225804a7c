//! One log that several servers write.

use std::collections::BTreeSet;

use regex::Regex;

use super::*;

/// The recorder of a server that listens on this port.
fn start_at(port: u16, log: &Path, format: LogFormat) -> Running {
    let mut config = config(log, format, None);
    config.run.address.set_port(port);
    Running::start(&config)
}

fn say(server: &Running, number: usize) {
    server.journal.say(Level::Info, &format!("this is number {number} of many"));
}

/// Who said which number, by the port, in lines that are whole.
fn numbers(lines: &[String]) -> Vec<(u16, usize)> {
    let said = r"this is number (\d+) of many";
    let text = r"[-0-9]{10} [:0-9]{8},\d{3} - fileserver:(\d+) - main - INFO - ";
    let head = r#"\{"time":"[^"]+","program":"fileserver","port":(\d+),"level":"info","#;
    let tail = r#""source":"main","pid":\d+,"event":"message","text":"#;
    let shape = format!(r#"^(?:{text}{said}|{head}{tail}"{said}"\}})$"#);
    let shape = Regex::new(&shape).unwrap();
    let told = lines.iter().filter(|line| !line.contains("events-lost"));
    let number = |line: &String| {
        let found = shape.captures(line).unwrap_or_else(|| panic!("not a line: {line}"));
        let mut groups = found.iter().skip(1).flatten();
        let mut next = || groups.next().unwrap().as_str();
        (next().parse().unwrap(), next().parse().unwrap())
    };
    told.map(number).collect()
}

#[test]
fn one_log_of_several_servers_names_each_and_has_every_event_once() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let dir = TempDir::new().unwrap();
        let log = dir.path().join("combined_log.txt");
        let ports = [8000, 8080, 8081];
        let servers = ports.map(|port| start_at(port, &log, format));
        let told = 3000;
        thread::scope(|scope| {
            for server in &servers {
                scope.spawn(|| (0..told).for_each(|number| say(server, number)));
            }
        });
        for server in servers {
            assert_eq!(server.end().total(), 0);
        }
        let read: BTreeSet<_> = numbers(&lines(&log)).into_iter().collect();
        let all = ports.into_iter().flat_map(|port| (0..told).map(move |number| (port, number)));
        assert_eq!(lines(&log).len(), ports.len() * told);
        assert!(all.eq(read), "an event is missing");
    }
}

#[test]
fn servers_that_share_a_log_lose_only_their_own_events_when_its_disk_is_full() {
    let dir = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::mount(&dir) else {
        return testkit::skip("nobody may mount here");
    };
    let (log, ballast) = (disk.0.join("combined_log.txt"), disk.0.join("ballast"));
    let ports = [8080, 8081];
    let servers = ports.map(|port| start_at(port, &log, LogFormat::Text));
    let mut told = 0;
    let tell = |told: &mut usize| {
        servers.iter().for_each(|server| say(server, *told));
        *told += 1;
        thread::sleep(Duration::from_micros(100));
    };
    (0..50).for_each(|_| tell(&mut told));
    eventually("each has its first lines", || lines(&log).len() == 2 * told);
    fs::write(&ballast, vec![0; 2 << 20]).unwrap_err();
    while servers.iter().any(|server| server.losses.log.load(Relaxed) == 0) {
        tell(&mut told);
    }
    fs::remove_file(&ballast).unwrap();
    eventually("each says what it lost", || ports.iter().all(|port| has_told_losses(&log, *port)));
    (0..50).for_each(|_| tell(&mut told));
    let lost: u64 = servers.map(|server| server.end().log.load(Relaxed)).into_iter().sum();
    let numbers = numbers(&lines(&log));
    assert_eq!(numbers.len() as u64 + lost, 2 * told as u64);
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "a line twice");
    for port in ports {
        assert!(numbers.contains(&(port, 0)) && numbers.contains(&(port, told - 1)));
    }
}

fn has_told_losses(log: &Path, port: u16) -> bool {
    let program = format!(" - fileserver:{port} - monitor - ERROR - events-lost ");
    lines(log).iter().any(|line| line.contains(&program))
}
