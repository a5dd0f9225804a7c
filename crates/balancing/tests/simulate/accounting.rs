//! Whatever happens, each request ends once and is counted once.

use balancing::{
    PolicyName,
    simulate::{Checks, Incident, IncidentKind, QueueLimits, Scenario, run},
};
use proptest::{collection::vec, prelude::*};
use simulation::{Arrivals, Distribution};

use crate::{MS, exponential, scenario};

fn incidents() -> impl Strategy<Value = Vec<Incident>> {
    let kind = prop_oneof![
        Just(IncidentKind::Killed),
        Just(IncidentKind::Started),
        Just(IncidentKind::Stopped),
        Just(IncidentKind::Continued),
        Just(IncidentKind::Drained),
        Just(IncidentKind::Enabled),
        Just(IncidentKind::Service(Distribution::Constant(30 * MS))),
    ];
    let incident = (0..400_u32, 0..4_usize, kind);
    vec(incident.prop_map(|(at, backend, kind)| Incident { at: at * MS, backend, kind }), 0..12)
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let arrivals = prop_oneof![
        Just(Arrivals::Poisson { per_second: 1_000.0 }),
        Just(Arrivals::Bursts { size: 20, every: 30 * MS }),
    ];
    let limits = (1..4_usize, 1..4_usize, 0..20_usize, 0..30_u32, 0..4_u32);
    let policy = prop::sample::select(PolicyName::ALL.to_vec());
    (any::<u64>(), policy, arrivals, limits, any::<bool>(), incidents()).prop_map(
        |(
            seed,
            policy,
            arrivals,
            (max, workers, len_max, wait_ms, transit_ms),
            is_checked,
            incidents,
        )| {
            let mut scenario = scenario(policy, 3, &exponential(4 * MS), arrivals);
            for (number, backend) in scenario.backends.iter_mut().enumerate() {
                backend.spec.in_flight_max = max + number;
                backend.workers = workers.try_into().unwrap();
            }
            scenario.transit = transit_ms * MS;
            scenario.queue = QueueLimits { len_max, wait_max: wait_ms * MS };
            scenario.checks = is_checked.then_some(Checks { interval: 20 * MS, timeout: 10 * MS });
            Scenario { requests: 400, unmeasured: 50, incidents, seed, ..scenario }
        },
    )
}

proptest! {
    #[test]
    fn each_request_is_answered_or_fails_or_is_kept_and_only_one_of_them(
        scenario in any_scenario()
    ) {
        let results = run(&scenario).unwrap();
        let answered: u64 = results.backends.iter().map(|backend| backend.answered).sum();
        prop_assert_eq!(answered, results.succeeded);
        prop_assert_eq!(results.succeeded + results.failures.total() + results.unfinished, 350);
        let counts = [results.response.count(), results.queued.count(), results.waited.count()];
        prop_assert_eq!(counts, [answered; 3]);
        prop_assert!(results.queue_peak <= scenario.queue.len_max);
        for (backend, simulated) in results.backends.iter().zip(&scenario.backends) {
            prop_assert!(backend.in_flight_peak <= simulated.spec.in_flight_max);
        }
        // It waits at first, and again after each backend that loses it.
        let longest = results.queued.longest().unwrap_or_default();
        prop_assert!(longest <= 4 * scenario.queue.wait_max, "{longest:?}");
    }
}
