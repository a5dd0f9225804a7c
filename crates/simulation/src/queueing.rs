//! How long work waits in queues whose answer is known on paper. All are means in the long run, of queues
//! that forget: arrivals are Poisson, who comes first is served first, and nobody gives up.
//!
//! Each is `None` where more arrives than can be served, so that there is no mean, and where a number makes
//! no sense. λ arrivals a second and a mean service time s keep ρ = λ s / servers of them busy.

use std::time::Duration;

use crate::distribution::Distribution;

/// The wait before service at one server with any service times (M/G/1; Pollaczek and Khinchine):
/// `W = λ E[S²] / (2 (1 - ρ))`. M/M/1 and M/D/1 are its cases.
pub fn one_server(per_second: f64, service: &Distribution) -> Option<Duration> {
    let utilisation = utilisation(per_second, service.mean(), 1)?;
    let square = service.mean().as_secs_f64().powi(2) + service.variance();
    wait(per_second * square / (2.0 * (1.0 - utilisation)))
}

/// The wait before service in one queue for `servers` with exponential service times (M/M/c; Erlang's C).
pub fn one_queue(per_second: f64, mean_service: Duration, servers: usize) -> Option<Duration> {
    let utilisation = utilisation(per_second, mean_service, servers)?;
    let load = utilisation * servers as f64;
    // Erlang's B, for one server more each time: the share that finds all of them busy if nobody waits.
    let blocked = (1..=servers).fold(1.0, |b, servers| load * b / (servers as f64 + load * b));
    let waiting = blocked / (1.0 - utilisation * (1.0 - blocked));
    wait(waiting * mean_service.as_secs_f64() / (servers as f64 * (1.0 - utilisation)))
}

/// The wait before service in one queue for `servers` that all take equally long (M/D/c; Crommelin 1932).
///
/// Whoever is served at some moment is done one service time later, and nobody else is. So there are then
/// those who waited, and a Poisson number of arrivals: a chain, which is followed from an empty queue until it
/// changes no more. `None` also where that takes long: of more than 200 servers, or above 98% utilisation.
pub fn one_queue_constant(per_second: f64, service: Duration, servers: usize) -> Option<Duration> {
    const SERVERS_MAX: usize = 200;
    const UTILISATION_MAX: f64 = 0.98;
    let utilisation = utilisation(per_second, service, servers)?;
    if servers > SERVERS_MAX || utilisation > UTILISATION_MAX {
        return None;
    }
    // The chance that so many are there is far below what a number can tell from none.
    let len = 5 * servers + (40.0 / (1.0 - utilisation)) as usize;
    let arrivals = poisson(utilisation * servers as f64, len);
    let mut present = vec![0.0; len];
    present[0] = 1.0;
    let mut waiting = 0.0;
    loop {
        present = after_a_service(&present, &arrivals, servers);
        let beyond = present.iter().enumerate().skip(servers);
        let mean: f64 = beyond.map(|(count, chance)| (count - servers) as f64 * chance).sum();
        // From an empty queue on the mean only grows.
        if mean - waiting <= mean * 1e-9 {
            return wait(mean / per_second);
        }
        waiting = mean;
    }
}

/// The chances of how many are there, one service time later.
fn after_a_service(present: &[f64], arrivals: &[f64], servers: usize) -> Vec<f64> {
    let mut after = vec![0.0; present.len()];
    for (count, chance) in present.iter().enumerate() {
        let stayed = count.saturating_sub(servers);
        for (sum, arrived) in after[stayed..].iter_mut().zip(arrivals) {
            *sum += chance * arrived;
        }
    }
    after
}

/// The chances of 0, 1, 2 and so on, up to `len`.
fn poisson(mean: f64, len: usize) -> Vec<f64> {
    let mut chances = vec![(-mean).exp()];
    for count in 1..len {
        chances.push(chances[count - 1] * mean / count as f64);
    }
    chances
}

/// The wait before service at each of `servers` with exponential service times, who get the arrivals in
/// turn: each sees every n-th arrival (`E_n`/M/1; Kleinrock, Queueing Systems 1, 6.4).
pub fn in_turn(per_second: f64, mean_service: Duration, servers: usize) -> Option<Duration> {
    let utilisation = utilisation(per_second, mean_service, servers)?;
    // An arrival finds n others with a probability of (1 - σ) σ^n, where σ < 1 solves σ = A(1 - σ) for
    // the transform A of the gaps between arrivals, with the service time as the unit of time.
    let load = utilisation * servers as f64;
    let transform = |at: f64| (1.0 + at / load).powf(-(servers as f64));
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if transform(1.0 - middle) > middle { low = middle } else { high = middle }
    }
    wait(low / (1.0 - low) * mean_service.as_secs_f64())
}

/// The same where all services of a server take equally long, and each has so many `workers` (`E_n`/D/c). The
/// arrivals of one queue for all workers with equal services would begin, and end, in their order, each with
/// the worker of the arrival that is one round of all workers before: which is in turn.
pub fn in_turn_constant(
    per_second: f64,
    service: Duration,
    servers: usize,
    workers: usize,
) -> Option<Duration> {
    one_queue_constant(per_second, service, servers.checked_mul(workers)?)
}

/// The wait before service where each arrival looks at two of very many servers with exponential service
/// times and takes the shorter queue (Mitzenmacher 1996): the mean time in the system, in service times,
/// is the sum of ρ^(2^i - 2) over i ≥ 1, of which the first is the service itself.
pub fn two_choices(per_second: f64, mean_service: Duration, servers: usize) -> Option<Duration> {
    let utilisation = utilisation(per_second, mean_service, servers)?;
    // Even of the largest number below 1 the power 2^63 is zero.
    let terms = (2..63).map(|i| utilisation.powf(2_f64.powi(i) - 2.0));
    wait(terms.sum::<f64>() * mean_service.as_secs_f64())
}

fn utilisation(per_second: f64, mean_service: Duration, servers: usize) -> Option<f64> {
    let utilisation = per_second * mean_service.as_secs_f64() / servers as f64;
    (utilisation > 0.0 && utilisation < 1.0).then_some(utilisation)
}

fn wait(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// In service times of a millisecond.
    fn assert_wait(wait: Option<Duration>, expected: f64) {
        let wait = wait.unwrap().as_secs_f64() * 1e3;
        assert!((wait - expected).abs() < 2e-6, "{wait} {expected}");
    }

    #[test]
    fn one_server_makes_work_wait_as_textbooks_say() {
        let exponential = Distribution::Exponential { mean: MS };
        // M/M/1: ρ / (1 - ρ); M/D/1: half of it.
        for (per_second, expected) in [(500.0, 1.0), (800.0, 4.0), (900.0, 9.0)] {
            assert_wait(one_server(per_second, &exponential), expected);
            assert_wait(one_server(per_second, &Distribution::Constant(MS)), expected / 2.0);
            assert_wait(one_queue(per_second, MS, 1), expected);
            assert_wait(in_turn(per_second, MS, 1), expected);
        }
        // 0.5 / ms and E[S²] = 1 + 1/3 ms², for 0 to 2 ms.
        let uniform = Distribution::Uniform { min: Duration::ZERO, max: 2 * MS };
        assert_wait(one_server(500.0, &uniform), 2.0 / 3.0);
    }

    /// Erlang's C of 2 servers and a load of 1 is 1/3. The other two by a program of its own, in Python.
    #[test]
    fn one_queue_for_several_servers_is_erlangs() {
        assert_wait(one_queue(1000.0, MS, 2), 1.0 / 3.0);
        assert_wait(one_queue(8000.0, MS, 10), 0.409_180_150_8 / 2.0);
        assert_wait(one_queue(90_000.0, MS, 100), 0.216_940_5 / 10.0);
    }

    /// One server is M/D/1. The others by a program of its own, in Python, which solves the equations of a chain
    /// of 200 states.
    #[test]
    fn one_queue_for_several_servers_that_take_equally_long_is_crommelins() {
        assert_wait(one_queue_constant(800.0, MS, 1), 2.0);
        assert_wait(one_queue_constant(500.0, MS, 1), 0.5);
        for (per_second, servers, expected) in
            [(1_600.0, 2, 0.903_283_9), (3_600.0, 6, 0.046_674_4), (5_400.0, 6, 0.629_966_3)]
        {
            assert_wait(one_queue_constant(per_second, MS, servers), expected);
        }
        assert_eq!(one_queue_constant(990.0, MS, 1), None);
        assert_eq!(one_queue_constant(10.0, MS, 201), None);
    }

    /// By a program of its own, in Python; with a thousand it is close to D/M/1.
    #[test]
    fn arrivals_in_turn_wait_less_the_more_servers_there_are() {
        for (servers, expected) in [(2, 6.588_283_6), (10, 4.660_276_4), (1000, 4.183_474_4)] {
            assert_wait(in_turn(900.0 * servers as f64, MS, servers), expected);
        }
    }

    /// Mitzenmacher's thesis, table 4.1, has 1.2657, 1.6145, 2.6141 and 5.4320 service times.
    #[test]
    fn two_choices_are_mitzenmachers() {
        for (utilisation, expected) in
            [(0.5, 0.265_686_0), (0.7, 0.614_453_8), (0.9, 1.614_057_4), (0.99, 4.431_996_6)]
        {
            assert_wait(two_choices(utilisation * 1e6, MS, 1000), expected);
        }
    }

    #[test]
    fn a_queue_that_grows_has_no_mean() {
        let exponential = Distribution::Exponential { mean: MS };
        for per_second in [1000.0, 1e9, 0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(one_server(per_second, &exponential), None, "{per_second}");
            assert_eq!(one_queue(per_second, MS, 1), None);
            assert_eq!(in_turn(per_second, MS, 1), None);
            assert_eq!(two_choices(per_second, MS, 1), None);
            assert_eq!(one_queue_constant(per_second, MS, 1), None);
        }
        assert_eq!(one_queue(10.0, MS, 0), None);
    }
}
