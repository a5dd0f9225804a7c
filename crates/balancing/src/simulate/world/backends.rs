//! What happens to backends: checks find them, and incidents befall them.

use std::time::Duration;

use super::{Event, Request, World};
use crate::{
    pool::{Change, Outcome},
    retry_budget::RetryBudget,
    simulate::{scenario::IncidentKind, server::Condition},
};

/// Checks without a pause between them would leave no time for anything else.
const INTERVAL_MIN: Duration = Duration::from_millis(1);

impl World<'_> {
    pub(super) fn check(&mut self, place: usize) {
        let Some(checks) = self.scenario.checks else { return };
        if self.servers[place].condition() == Condition::Stopped {
            self.agenda.schedule_in(checks.timeout, Event::CheckTimedOut(place));
        } else {
            self.checked(place);
        }
        self.agenda.schedule_in(checks.interval.max(INTERVAL_MIN), Event::Check(place));
    }

    pub(super) fn checked(&mut self, place: usize) {
        let passed = self.servers[place].condition() == Condition::Running;
        let change = self.pool.checked(self.ids[place], passed, self.agenda.now());
        if change == Some(Change::Fell) {
            let lost = self.servers[place].lose_work();
            // No part of the budget: what a check has found is one loss, however many requests it meets.
            self.repeat(place, lost, |_, _| true);
        }
        self.note(change);
    }

    /// Sends what a backend had to others, where the budget allows it.
    fn repeat(
        &mut self,
        place: usize,
        lost: Vec<Request>,
        may_repeat: impl Fn(&mut RetryBudget, Duration) -> bool,
    ) {
        let now = self.agenda.now();
        for mut request in lost {
            self.occupancy.leave(place, now);
            self.finish(place, Outcome::Failed);
            request.excluded.push(self.ids[place]);
            if may_repeat(&mut self.retry_budget, now) {
                self.results.retries += u64::from(request.is_measured);
                self.place(request);
            } else {
                self.fail(&request, |failures| &mut failures.not_repeated);
            }
        }
    }

    pub(super) fn incident(&mut self, number: usize) {
        let (now, incident) = (self.agenda.now(), &self.scenario.incidents[number]);
        let (place, id) = (incident.backend, self.ids[incident.backend]);
        match &incident.kind {
            IncidentKind::Killed => {
                let lost = self.servers[place].kill();
                self.repeat(place, lost, RetryBudget::take);
            }
            IncidentKind::Stopped => self.servers[place].stop(),
            IncidentKind::Started => self.servers[place].start(),
            IncidentKind::Continued => self.go_on(place),
            IncidentKind::Drained => self.pool.drain(id, now),
            IncidentKind::Enabled => self.pool.enable(id, now),
            IncidentKind::Service(service) => self.servers[place].set_service(service.clone()),
        }
        self.agenda.schedule_in(Duration::ZERO, Event::Room);
    }

    fn go_on(&mut self, place: usize) {
        for completion in self.servers[place].go_on() {
            self.served(place, completion);
        }
        // Workers that were idle have found nothing to begin until now.
        while let Some(begun) = self.servers[place].begin(self.agenda.now()) {
            self.schedule_completion(place, Some(begun));
        }
    }
}
