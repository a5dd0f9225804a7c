//! How long a batch of the first experiment takes, and how much memory, from ten thousand messages to ten million:
//! `cargo run --release -p delivery --example growth`.

use std::{fs, time::Instant};

use delivery::{
    Config, Method,
    simulate::{self, Load, Scenario},
};
use simulation::Arrivals;

fn main() {
    let steady = |per_second| Load::Open(Arrivals::Steady { per_second });
    let windowed = Config { window: Some(32), ..Config::default() };
    println!("{:<24}{:>12}{:>10}{:>14}{:>12}", "load", "messages", "s", "ns a message", "peak MiB");
    for (name, method, config, load) in [
        ("Direct, 10/s", Method::Direct, Config::default(), steady(10.0)),
        ("PubSub, 10/s", Method::PubSub, Config::default(), steady(10.0)),
        ("PubSub, window of 32", Method::PubSub, windowed, Load::Saturated),
        ("PubSub, 1000/s", Method::PubSub, Config::default(), steady(1_000.0)),
    ] {
        for messages in [10_000, 100_000, 1_000_000, 10_000_000] {
            let config = config.clone();
            let scenario = Scenario { config, method, messages, load, seed: 1 };
            let begun = Instant::now();
            let totals =
                simulate::run(&scenario, |_| ()).expect("the scenario is within its limits");
            let seconds = begun.elapsed().as_secs_f64();
            assert_eq!(totals.messages, messages);
            let each = seconds * 1e9 / messages as f64;
            let peak = peak_mib();
            println!("{name:<24}{messages:>12}{seconds:>10.3}{each:>14.0}{peak:>12.1}");
        }
    }
}

/// Of this process, up to now.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}
