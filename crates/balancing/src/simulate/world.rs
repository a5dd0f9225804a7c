//! The balancer, its backends and its clients, moved from event to event.

mod backends;

use std::time::Duration;

use simulation::{Agenda, Chance, Moments};

use super::{
    occupancy::Occupancy,
    results::{Failures, Results},
    scenario::{Scenario, SimulatedBackend},
    server::{Begun, Completion, Job, Server},
};
use crate::{
    backend::BackendId,
    policy::Policy,
    pool::{Change, DuplicateName, NoBackend, Outcome, Pool},
    queue::Queue,
    retry_budget::RetryBudget,
};

/// Simulates a scenario to its end, which is when all requests have ended.
pub fn run(scenario: &Scenario) -> Result<Results, DuplicateName> {
    run_in(scenario, Pool::new(scenario.settings.clone()))
}

/// The same by any policy, whatever the settings name.
pub fn run_with_policy(
    scenario: &Scenario,
    policy: Box<dyn Policy>,
) -> Result<Results, DuplicateName> {
    run_in(scenario, Pool::with_policy(scenario.settings.clone(), policy))
}

fn run_in(scenario: &Scenario, pool: Pool) -> Result<Results, DuplicateName> {
    let mut world = World::new(scenario, pool)?;
    while world.ended < scenario.requests
        && let Some((_, event)) = world.agenda.next()
    {
        world.handle(event);
    }
    Ok(world.into_results())
}

/// The stream of chance that says when requests arrive: who draws from it with the seed of a scenario has the
/// same arrivals.
pub const ARRIVALS: u64 = 0;

/// The stream of chance from which a policy picks, for whoever would have it pick the same.
pub const PICKS: u64 = 1;

/// Another one for each backend's service times, at this number plus its place. So neither a policy nor a service
/// time moves an arrival.
const SERVICE: u64 = 2;

#[derive(Debug)]
struct Request {
    is_measured: bool,
    arrived: Duration,
    /// When it came into the balancer's queue, and how long it has been there in all.
    queued_at: Duration,
    queued: Duration,
    /// Those that refused or lost it.
    excluded: Vec<BackendId>,
}

#[derive(Debug)]
enum Event {
    Arrival,
    /// A worker of this backend is done.
    Served(usize, Completion),
    /// The answer of this backend is there. Boxed, since there may be none of them among millions of others.
    Answered(usize, Box<Job<Request>>),
    Check(usize),
    CheckTimedOut(usize),
    /// Which of the scenario.
    Incident(usize),
    QueueExpiry,
    EjectionOver,
    /// More has changed than that one request has left, so all who wait may have a place.
    Room,
}

struct World<'a> {
    scenario: &'a Scenario,
    agenda: Agenda<Event>,
    arrivals: Moments,
    arrived: u64,
    ended: u64,
    pool: Pool,
    picks: Chance,
    queue: Queue<Request>,
    /// Whether an event is on the agenda for the first one who has waited too long.
    expects_expiry: bool,
    retry_budget: RetryBudget,
    servers: Vec<Server<Request>>,
    /// What the pool calls them, in ascending order.
    ids: Vec<BackendId>,
    occupancy: Occupancy,
    results: Results,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, mut pool: Pool) -> Result<Self, DuplicateName> {
        let add = |backend: &SimulatedBackend| pool.add(backend.spec.clone(), Duration::ZERO);
        let ids = scenario.backends.iter().map(add).collect::<Result<Vec<_>, _>>()?;
        let chance = |stream| Chance::new(scenario.seed, stream);
        let server = |(stream, backend): (u64, &SimulatedBackend)| {
            Server::new(backend.workers, backend.service.clone(), chance(stream))
        };
        let mut world = Self {
            scenario,
            agenda: Agenda::default(),
            arrivals: scenario.arrivals.moments(chance(ARRIVALS)),
            arrived: 0,
            ended: 0,
            pool,
            picks: chance(PICKS),
            queue: Queue::new(scenario.queue.len_max, scenario.queue.wait_max),
            expects_expiry: false,
            retry_budget: RetryBudget::default(),
            servers: (SERVICE..).zip(&scenario.backends).map(server).collect(),
            occupancy: Occupancy::new(scenario.backends.iter().map(|it| it.workers.get())),
            ids,
            results: Results::of_none(scenario.backends.iter().map(|backend| &backend.spec)),
        };
        world.schedule_first_events();
        Ok(world)
    }

    fn schedule_first_events(&mut self) {
        for (number, incident) in self.scenario.incidents.iter().enumerate() {
            if incident.backend < self.servers.len() {
                self.agenda.schedule(incident.at, Event::Incident(number));
            }
        }
        if let Some(checks) = self.scenario.checks {
            for place in 0..self.servers.len() {
                self.agenda.schedule(checks.interval, Event::Check(place));
            }
        }
        self.schedule_arrival();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrival => self.arrive(),
            Event::Served(place, completion) => self.served(place, completion),
            Event::Answered(place, job) => self.answered(place, *job),
            Event::Check(place) => self.check(place),
            // One that has gone on meanwhile has answered.
            Event::CheckTimedOut(place) => self.checked(place),
            Event::Incident(number) => self.incident(number),
            Event::QueueExpiry => self.expire(),
            Event::EjectionOver => {
                self.pool.tick(self.agenda.now());
                self.serve_waiting(usize::MAX);
            }
            Event::Room => self.serve_waiting(usize::MAX),
        }
    }
}

/// What becomes of a request.
impl World<'_> {
    fn schedule_arrival(&mut self) {
        if self.arrived < self.scenario.requests
            && let Some(moment) = self.arrivals.next()
        {
            self.agenda.schedule(moment, Event::Arrival);
        }
    }

    fn arrive(&mut self) {
        let now = self.agenda.now();
        if self.arrived == self.scenario.unmeasured {
            self.occupancy.measure_from(now);
        }
        let is_measured = self.arrived >= self.scenario.unmeasured;
        self.arrived += 1;
        self.retry_budget.request(now);
        let (queued_at, queued) = (now, Duration::ZERO);
        self.place(Request { is_measured, arrived: now, queued_at, queued, excluded: Vec::new() });
        self.schedule_arrival();
        if self.arrived == self.scenario.requests {
            // From now on the backends empty, which is not how full they were.
            (self.results.in_flight_mean, self.results.fullest_mean) = self.occupancy.means(now);
            let shares = self.occupancy.busy_shares(now).into_iter();
            let backends = self.results.backends.iter_mut().zip(shares);
            backends.for_each(|(backend, share)| backend.busy_share = share);
        }
    }

    /// Sends it to a backend or has it wait; or it fails.
    fn place(&mut self, mut request: Request) {
        let now = self.agenda.now();
        loop {
            match self.pool.pick(now, &mut self.picks, &request.excluded) {
                Ok(id) => match self.send(id, request) {
                    Ok(()) => return,
                    Err(refused) => request = refused,
                },
                Err(NoBackend::Full) => return self.wait(request),
                Err(NoBackend::Down) => {
                    return self.fail(&request, |failures| &mut failures.no_backend);
                }
            }
        }
    }

    /// Sends it to the backend that was picked, which may refuse; that takes no time and no part of the
    /// budget for repeats.
    fn send(&mut self, id: BackendId, request: Request) -> Result<(), Request> {
        let now = self.agenda.now();
        let place = self.ids.binary_search(&id).expect("a pool picks a backend that was added");
        match self.servers[place].accept(request, now) {
            Ok(begun) => {
                self.occupancy.enter(place, now);
                self.schedule_completion(place, begun);
                Ok(())
            }
            Err(mut refused) => {
                self.finish(place, Outcome::Failed);
                self.results.refused += u64::from(refused.is_measured);
                refused.excluded.push(id);
                Err(refused)
            }
        }
    }

    fn wait(&mut self, mut request: Request) {
        let now = self.agenda.now();
        request.queued_at = now;
        match self.queue.push(now, request) {
            Ok(_) => {
                self.results.queue_peak = self.results.queue_peak.max(self.queue.len());
                self.expect_expiry();
            }
            Err(request) => self.fail(&request, |failures| &mut failures.queue_full),
        }
    }

    /// Takes those who wait out of the queue in their order, as long as somebody has room for them.
    fn serve_waiting(&mut self, most: usize) {
        let now = self.agenda.now();
        for _ in 0..most {
            let mut answer = Err(NoBackend::Full);
            let (pool, picks) = (&mut self.pool, &mut self.picks);
            let fits = |request: &Request| {
                answer = pool.pick(now, picks, &request.excluded);
                answer != Err(NoBackend::Full)
            };
            let Some(mut request) = self.queue.pop_where(fits) else { return };
            request.queued += now - request.queued_at;
            match answer {
                Ok(id) => {
                    if let Err(refused) = self.send(id, request) {
                        self.place(refused);
                    }
                }
                // It was taken out since nobody is up for it any more.
                Err(_) => self.fail(&request, |failures| &mut failures.no_backend),
            }
        }
    }

    fn expect_expiry(&mut self) {
        if !self.expects_expiry
            && let Some(at) = self.queue.next_expiry()
        {
            self.expects_expiry = true;
            self.agenda.schedule(at, Event::QueueExpiry);
        }
    }

    fn expire(&mut self) {
        self.expects_expiry = false;
        for request in self.queue.expired(self.agenda.now()) {
            self.fail(&request, |failures| &mut failures.queue_wait);
        }
        self.expect_expiry();
    }

    fn schedule_completion(&mut self, place: usize, begun: Option<Begun>) {
        if let Some((done, completion)) = begun {
            self.agenda.schedule(done, Event::Served(place, completion));
        }
    }

    fn served(&mut self, place: usize, completion: Completion) {
        let now = self.agenda.now();
        let Some(job) = self.servers[place].complete(completion) else { return };
        self.occupancy.leave(place, now);
        let begun = self.servers[place].begin(now);
        self.schedule_completion(place, begun);
        match self.scenario.transit {
            Duration::ZERO => self.answered(place, job),
            transit => self.agenda.schedule_in(transit, Event::Answered(place, Box::new(job))),
        }
    }

    fn answered(&mut self, place: usize, job: Job<Request>) {
        let now = self.agenda.now();
        self.pool.answered(self.ids[place], now - job.sent, now);
        self.finish(place, Outcome::Succeeded);
        self.ended += 1;
        if job.request.is_measured {
            let results = &mut self.results;
            results.succeeded += 1;
            results.backends[place].answered += 1;
            results.response.record(now - job.request.arrived);
            results.queued.record(job.request.queued);
            results.waited.record(job.began - job.sent);
        }
        self.serve_waiting(1);
    }

    /// Tells the pool what became of a request on this backend.
    fn finish(&mut self, place: usize, outcome: Outcome) {
        let change = self.pool.finished(self.ids[place], outcome, self.agenda.now());
        self.note(change);
    }

    fn fail(&mut self, request: &Request, reason: impl Fn(&mut Failures) -> &mut u64) {
        self.ended += 1;
        if request.is_measured {
            *reason(&mut self.results.failures) += 1;
        }
    }

    /// Schedules what follows from a change of a backend.
    fn note(&mut self, change: Option<Change>) {
        match change {
            None => {}
            Some(Change::Ejected { until }) => self.agenda.schedule(until, Event::EjectionOver),
            // Whoever waits has a place now, or learns that nobody is up any more.
            Some(Change::Fell | Change::Rose | Change::Readmitted) => {
                self.agenda.schedule_in(Duration::ZERO, Event::Room);
            }
        }
    }

    fn into_results(mut self) -> Results {
        let peaks = self.occupancy.peaks().iter().copied();
        self.results
            .backends
            .iter_mut()
            .zip(peaks)
            .for_each(|(backend, peak)| backend.in_flight_peak = peak);
        let measured = self.scenario.requests.saturating_sub(self.scenario.unmeasured);
        let results = &mut self.results;
        results.duration = self.agenda.now();
        results.unfinished = measured - results.succeeded - results.failures.total();
        self.results
    }
}
