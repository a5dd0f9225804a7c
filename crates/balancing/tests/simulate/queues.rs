//! Mean times that are known on paper, by formulas that share nothing with the simulation.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use balancing::{
    PolicyName,
    simulate::{Prediction, Results, Scenario, predict, run, run_with_policy},
};
use simulation::{Arrivals, Distribution};

use crate::{MS, SkipsOne, exponential, poisson, scenario};

const SEEDS: Range<u64> = 1..4;

/// How far the mean is from the prediction, in standard errors.
fn deviation(results: &Results, prediction: Prediction) -> f64 {
    let mean = results.response.mean().unwrap().as_secs_f64();
    let error = results.response.standard_error().unwrap().as_secs_f64();
    (mean - prediction.mean.as_secs_f64()) / error
}

fn assert_within_three_standard_errors(model: &str, mut scenario: Scenario) {
    let prediction = predict(&scenario).unwrap();
    assert_eq!(prediction.model, model);
    (scenario.requests, scenario.unmeasured) = (165_000, 15_000);
    for seed in SEEDS {
        scenario.seed = seed;
        let results = run(&scenario).unwrap();
        assert_eq!(results.succeeded, 150_000);
        let deviation = deviation(&results, prediction);
        assert!(deviation.abs() < 3.0, "{model}, seed {seed}: {deviation} standard errors");
    }
}

#[test]
fn one_backend_is_the_queue_of_the_textbook() {
    let uniform = Distribution::Uniform { min: MS / 2, max: MS * 3 / 2 };
    for (model, service) in
        [("M/M/1", exponential(MS)), ("M/D/1", Distribution::Constant(MS)), ("M/G/1", uniform)]
    {
        for per_second in [500.0, 800.0] {
            let scenario = scenario(PolicyName::RoundRobin, 1, &service, poisson(per_second));
            assert_within_three_standard_errors(model, scenario);
        }
    }
}

#[test]
fn several_workers_of_one_backend_share_its_queue() {
    let mut several = scenario(PolicyName::RoundRobin, 1, &exponential(MS), poisson(3_200.0));
    several.backends[0].workers = 4.try_into().unwrap();
    assert_within_three_standard_errors("M/M/c", several.clone());
    several.backends[0].service = Distribution::Constant(MS);
    assert_within_three_standard_errors("M/D/c", several);
}

/// Then all wait in the balancer, for the first place that gets free, so no policy matters.
#[test]
fn backends_that_take_no_more_than_they_can_serve_are_one_queue_under_every_policy() {
    for policy in PolicyName::ALL {
        let mut four = scenario(policy, 4, &exponential(MS), poisson(3_200.0));
        four.backends.iter_mut().for_each(|backend| backend.spec.in_flight_max = 1);
        assert_within_three_standard_errors("M/M/c", four);
    }
}

#[test]
fn in_turn_each_backend_sees_every_nth_arrival() {
    for count in [2_u32, 10] {
        let arrivals = poisson(800.0 * f64::from(count));
        let scenario = scenario(PolicyName::RoundRobin, count as usize, &exponential(MS), arrivals);
        assert_within_three_standard_errors("E_n/M/1", scenario);
    }
}

/// The two workers of each take turns too, so it is one queue for six, however many wait at each backend.
#[test]
fn in_turn_backends_with_constant_times_are_one_queue_for_all_workers() {
    let service = Distribution::Constant(MS);
    let mut three = scenario(PolicyName::RoundRobin, 3, &service, poisson(2_400.0));
    assert_within_three_standard_errors("E_n/D/c", three.clone());
    let mut central = three.clone();
    central.backends.iter_mut().for_each(|backend| backend.spec.in_flight_max = 1);
    assert_eq!(predict(&three).map(|it| it.mean), predict(&central).map(|it| it.mean));
    three.backends.iter_mut().for_each(|backend| backend.workers = 2.try_into().unwrap());
    three.arrivals = poisson(4_800.0);
    assert_within_three_standard_errors("E_n/D/c", three.clone());
    // Each of them is a queue of its own, whatever the others take.
    three.backends[2].service = Distribution::Constant(MS / 2);
    assert_within_three_standard_errors("E_n/D/c", three);
}

/// Each for itself, as two hundred chains, they would take two hundred times as long as one queue.
#[test]
fn backends_that_are_alike_are_worked_out_once() {
    let service = Distribution::Constant(MS);
    let mut many = scenario(PolicyName::RoundRobin, 200, &service, poisson(180_000.0));
    let timed = |scenario: &Scenario| {
        let began = Instant::now();
        (predict(scenario).unwrap().mean, began.elapsed())
    };
    let (in_turn, time) = timed(&many);
    many.backends.iter_mut().for_each(|backend| backend.spec.in_flight_max = 1);
    let (one_queue, time_of_one) = timed(&many);
    assert_eq!(in_turn, one_queue);
    assert!(time < 50 * time_of_one, "{time:?} {time_of_one:?}");
}

/// Whoever is under way keeps no worker from others.
#[test]
fn transit_makes_every_answer_later_and_no_queue_longer() {
    let mut one = scenario(PolicyName::RoundRobin, 1, &Distribution::Constant(MS), poisson(800.0));
    let at_once = predict(&one).unwrap();
    one.transit = 2 * MS;
    assert_eq!(predict(&one).unwrap().mean, at_once.mean + 2 * MS);
    assert_within_three_standard_errors("M/D/1", one);
}

#[test]
fn in_turn_a_slow_backend_keeps_its_share_and_makes_it_wait() {
    let mut two = scenario(PolicyName::RoundRobin, 2, &exponential(MS), poisson(400.0));
    two.backends[1].service = exponential(4 * MS);
    assert_within_three_standard_errors("E_n/M/1", two);
}

/// Mitzenmacher 1996: 2.614 service times at 90% load.
#[test]
fn two_choices_among_many_take_as_long_as_mitzenmacher_says() {
    let mut many = scenario(PolicyName::TwoChoices, 1_000, &exponential(MS), poisson(900_000.0));
    (many.requests, many.unmeasured) = (1_000_000, 200_000);
    let prediction = predict(&many).unwrap();
    assert_eq!((prediction.model, prediction.mean.as_micros()), ("two choices", 2_614));
    let results = run(&many).unwrap();
    let mean = results.response.mean().unwrap();
    let ratio = mean.div_duration_f64(prediction.mean);
    assert!((ratio - 1.0).abs() < 0.01, "{mean:?}");
    // Little: what is in flight is what arrives in the time that one takes.
    let in_flight = 900.0 * mean.as_secs_f64();
    let ratio = results.in_flight_mean / in_flight;
    assert!((ratio - 1.0).abs() < 0.01, "{in_flight} {}", results.in_flight_mean);
}

#[test]
fn a_policy_that_skips_a_backend_is_found() {
    let mut ten = scenario(PolicyName::RoundRobin, 10, &exponential(MS), poisson(8_000.0));
    (ten.requests, ten.unmeasured) = (220_000, 20_000);
    let (right, broken) =
        (run(&ten).unwrap(), run_with_policy(&ten, Box::<SkipsOne>::default()).unwrap());
    assert_eq!((right.share_error(), broken.share_error()), (Some(0.0), Some(1.0)));
    let prediction = predict(&ten).unwrap();
    assert!(deviation(&right, prediction).abs() < 3.0);
    assert!(deviation(&broken, prediction) > 10.0, "{}", deviation(&broken, prediction));
}

/// Where backends take no more than they can serve at once, each answer takes as long as its service. Then a
/// fast backend that is late once in two hundred times is taken for slow, for seconds.
#[test]
fn one_late_answer_has_peak_ewma_spare_a_fast_backend_for_seconds() {
    let share_of_slow = |fast: Distribution| {
        let mut three = scenario(PolicyName::PeakEwma, 3, &fast, poisson(270.0));
        three.backends[0].service = Distribution::Constant(40 * MS);
        for backend in &mut three.backends {
            backend.workers = 2.try_into().unwrap();
            backend.spec.in_flight_max = 2;
        }
        (three.requests, three.unmeasured) = (100_000, 10_000);
        let results = run(&three).unwrap();
        results.backends[0].answered as f64 / results.succeeded as f64
    };
    let steady = share_of_slow(Distribution::Constant(10 * MS));
    let mut services = vec![10 * MS; 199];
    services.push(40 * MS);
    let sometimes_late = share_of_slow(Distribution::Sample(services));
    assert!(sometimes_late > 1.2 * steady, "{sometimes_late} {steady}");
}

#[test]
fn the_same_seed_gives_the_same_and_another_one_another() {
    for policy in PolicyName::ALL {
        let mut ten = scenario(policy, 10, &exponential(MS), poisson(9_000.0));
        ten.requests = 5_000;
        let first = format!("{:?}", run(&ten).unwrap());
        assert_eq!(format!("{:?}", run(&ten).unwrap()), first);
        ten.seed = 2;
        assert_ne!(format!("{:?}", run(&ten).unwrap()), first);
    }
}

/// Which makes their difference less a matter of chance. What takes no time ends with the last arrival.
#[test]
fn all_policies_see_the_same_arrivals() {
    let durations = PolicyName::ALL.map(|policy| {
        let service = Distribution::Constant(Duration::ZERO);
        let mut ten = scenario(policy, 10, &service, poisson(1_000.0));
        ten.requests = 1_000;
        run(&ten).unwrap().duration
    });
    assert_eq!(durations, [durations[0]; 4]);
    assert!(durations[0] > 900 * MS, "{durations:?}");
}

#[test]
fn where_no_formula_is_known_nothing_is_predicted() {
    let known = || scenario(PolicyName::TwoChoices, 100, &exponential(MS), poisson(90_000.0));
    assert!(predict(&known()).is_some());
    let mut unequal = known();
    unequal.backends[7].service = exponential(4 * MS);
    let mut least = known();
    least.settings.policy = PolicyName::LeastConnections;
    let constant = Distribution::Constant(MS);
    let paired = scenario(PolicyName::TwoChoices, 100, &constant, poisson(90_000.0));
    let mut steady = known();
    steady.arrivals = Arrivals::Steady { per_second: 90_000.0 };
    let mut heavier = scenario(PolicyName::RoundRobin, 2, &exponential(MS), poisson(100.0));
    heavier.backends[1].spec.weight = 5.try_into().unwrap();
    let mut overloaded = known();
    overloaded.arrivals = poisson(100_000.0);
    let few = scenario(PolicyName::TwoChoices, 10, &exponential(MS), poisson(9_000.0));
    let none = scenario(PolicyName::TwoChoices, 0, &exponential(MS), poisson(9_000.0));
    for unknown in [unequal, least, paired, steady, heavier, overloaded, few, none] {
        assert_eq!(predict(&unknown), None);
    }
}
