use std::{sync::mpsc, time::Duration};

use testkit::{PATIENCE, eventually};

use super::*;

const MS: Duration = Duration::from_millis(1);

/// A runner whose clock stands at zero, and the timers that were due with the moment each was handed back.
struct Bench {
    runner: Box<dyn Runner>,
    clock: Arc<Clock>,
    due: Due,
    handed_back: mpsc::Receiver<(Timer, Duration)>,
}

impl Bench {
    fn start(name: RunnerName) -> Self {
        let clock = Arc::new(Clock::start(10.0));
        clock.set_paused(true);
        clock.restart();
        let (sender, handed_back) = mpsc::channel();
        let of_due = Arc::clone(&clock);
        let due: Due = Arc::new(move |timer| sender.send((timer, of_due.now())).unwrap());
        let runner = name.start(Arc::clone(&clock), Arc::clone(&due)).unwrap();
        Self { runner, clock, due, handed_back }
    }

    fn schedule(&self, number: u64, at: Duration, flow: u32, message: u64) {
        let lane = Lane { flow, message };
        self.runner.schedule(Timer { at, number, lane });
    }

    fn let_it_run(&self) {
        self.clock.set_paused(false);
        self.runner.clock_changed();
    }

    fn step_to(&self, moment: Duration) {
        self.clock.step_to(moment);
        self.runner.clock_changed();
    }

    fn next(&self) -> (Timer, Duration) {
        self.handed_back.recv_timeout(PATIENCE).expect("a timer is due")
    }
}

#[test]
fn each_timer_is_handed_back_once_and_none_before_its_time() {
    for name in RunnerName::ALL {
        let bench = Bench::start(name);
        for number in 0..500 {
            // Neither in the order of time nor in that of messages.
            bench.schedule(
                number,
                MS * (number * 7 % 500) as u32,
                (number % 3) as u32,
                number % 50,
            );
        }
        bench.let_it_run();
        let mut numbers: Vec<u64> = (0..500)
            .map(|_| {
                let (timer, now) = bench.next();
                assert!(now >= timer.at, "{name:?}: {timer:?} came at {now:?}");
                timer.number
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, Vec::from_iter(0..500), "{name:?}");
        assert!(bench.handed_back.try_recv().is_err(), "{name:?}");
    }
}

#[test]
fn while_the_clock_stands_a_step_hands_back_what_it_reaches_and_no_more() {
    for name in RunnerName::ALL {
        let bench = Bench::start(name);
        bench.schedule(0, MS * 20, 0, 0);
        bench.schedule(1, MS * 10, 0, 1);
        bench.step_to(MS * 10);
        assert_eq!(bench.next().0.number, 1, "{name:?}");
        bench.step_to(MS * 20);
        assert_eq!(bench.next().0.number, 0, "{name:?}");
        // It was waited for in vain before it was set, and is earlier than what is waited for now.
        bench.schedule(2, MS * 40, 0, 0);
        bench.schedule(3, MS * 30, 0, 0);
        bench.step_to(MS * 30);
        let lane = Lane { flow: 0, message: 0 };
        assert_eq!(bench.next(), (Timer { at: MS * 30, number: 3, lane }, MS * 30));
        assert!(bench.handed_back.try_recv().is_err(), "{name:?}");
    }
}

#[test]
fn what_is_forgotten_never_comes_and_the_rest_does() {
    for name in RunnerName::ALL {
        let bench = Bench::start(name);
        for (number, message) in [(0, 0), (1, 1), (2, 0)] {
            bench.schedule(number, MS * (1 + number as u32), 0, message);
        }
        bench.runner.forget(Lane { flow: 0, message: 0 });
        bench.let_it_run();
        assert_eq!(bench.next().0.number, 1, "{name:?}");
        // Another of the same number may come.
        bench.schedule(3, MS * 4, 0, 0);
        assert_eq!(bench.next().0.number, 3, "{name:?}");
        assert!(bench.handed_back.try_recv().is_err(), "{name:?}");
    }
}

#[test]
fn nothing_is_left_of_a_runner_that_is_dropped() {
    for name in RunnerName::ALL {
        let Bench { runner, due, clock, .. } = Bench::start(name);
        for number in 0..20 {
            let at = Duration::from_secs(3600);
            runner.schedule(Timer { at, number, lane: Lane { flow: 0, message: number } });
        }
        drop(runner);
        let what = format!("{name:?}: no thread and no task holds it");
        eventually(PATIENCE, &what, || Arc::strong_count(&due) == 1);
        drop(clock);
    }
}

#[test]
fn a_thread_is_there_as_long_as_its_message() {
    let bench = Bench::start(RunnerName::Thread);
    let without = bench.runner.threads();
    for number in 0..10 {
        bench.schedule(number, MS * 5, 0, number % 5);
    }
    assert_eq!(bench.runner.threads(), without + 5);
    bench.runner.forget(Lane { flow: 0, message: 0 });
    assert_eq!(bench.runner.threads(), without + 4);
    bench.step_to(MS * 5);
    eventually(PATIENCE, "the threads have left", || bench.runner.threads() == without);
    assert_eq!(bench.handed_back.iter().take(8).count(), 8);
}
