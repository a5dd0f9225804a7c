//! A backend as a queue: workers, and those who wait for one, first come first served.

use std::{collections::VecDeque, mem, num::NonZeroUsize, time::Duration};

use simulation::{Chance, Distribution};

/// A request `T` on its backend.
#[derive(Debug)]
pub(super) struct Job<T> {
    pub(super) request: T,
    pub(super) sent: Duration,
    pub(super) began: Duration,
}

/// Which worker will be done. It means nothing any more once the server has lost its work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    worker: usize,
    generation: u64,
}

/// When a worker that has just begun will be done.
pub(super) type Begun = (Duration, Completion);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Condition {
    Running,
    /// Accepts and does nothing.
    Stopped,
    /// Refuses.
    Dead,
}

#[derive(Debug)]
pub(super) struct Server<T> {
    condition: Condition,
    service: Distribution,
    chance: Chance,
    workers_max: usize,
    /// As many as were ever needed at once.
    workers: Vec<Option<Job<T>>>,
    idle: Vec<usize>,
    waiting: VecDeque<Job<T>>,
    /// What became due while it was stopped.
    overdue: Vec<Completion>,
    generation: u64,
}

impl<T> Server<T> {
    /// Draws service times from a stream of chance of its own.
    pub(super) fn new(workers: NonZeroUsize, service: Distribution, chance: Chance) -> Self {
        Self {
            condition: Condition::Running,
            service,
            chance,
            workers_max: workers.get(),
            workers: Vec::new(),
            idle: Vec::new(),
            waiting: VecDeque::new(),
            overdue: Vec::new(),
            generation: 0,
        }
    }

    pub(super) fn condition(&self) -> Condition {
        self.condition
    }

    pub(super) fn set_service(&mut self, service: Distribution) {
        self.service = service;
    }

    /// Takes a request, which begins at once if a worker is idle. Gives it back if nobody is there.
    pub(super) fn accept(&mut self, request: T, now: Duration) -> Result<Option<Begun>, T> {
        if self.condition == Condition::Dead {
            return Err(request);
        }
        self.waiting.push_back(Job { request, sent: now, began: now });
        Ok(self.begin(now))
    }

    /// Has an idle worker begin with the one that has waited longest.
    pub(super) fn begin(&mut self, now: Duration) -> Option<Begun> {
        if self.condition != Condition::Running || self.waiting.is_empty() {
            return None;
        }
        let worker = self.idle.pop().or_else(|| self.another_worker())?;
        let job = self.waiting.pop_front()?;
        self.workers[worker] = Some(Job { began: now, ..job });
        let done = now.saturating_add(self.service.draw(&mut self.chance));
        Some((done, Completion { worker, generation: self.generation }))
    }

    fn another_worker(&mut self) -> Option<usize> {
        let worker = self.workers.len();
        (worker < self.workers_max).then(|| self.workers.push(None))?;
        Some(worker)
    }

    /// Ends a job. `None` where it was lost before, or its end has to wait until the server goes on.
    pub(super) fn complete(&mut self, completion: Completion) -> Option<Job<T>> {
        if completion.generation != self.generation {
            return None;
        }
        if self.condition == Condition::Stopped {
            self.overdue.push(completion);
            return None;
        }
        self.idle.push(completion.worker);
        self.workers[completion.worker].take()
    }

    /// Stands still. One that is dead stays dead, here and in [`Server::go_on`].
    pub(super) fn stop(&mut self) {
        if self.condition == Condition::Running {
            self.condition = Condition::Stopped;
        }
    }

    /// Goes on, and gives what became due meanwhile.
    pub(super) fn go_on(&mut self) -> Vec<Completion> {
        if self.condition == Condition::Stopped {
            self.condition = Condition::Running;
        }
        mem::take(&mut self.overdue)
    }

    pub(super) fn start(&mut self) {
        if self.condition == Condition::Dead {
            self.condition = Condition::Running;
        }
    }

    pub(super) fn kill(&mut self) -> Vec<T> {
        self.condition = Condition::Dead;
        self.lose_work()
    }

    /// Gives back all that it has, in the order in which it came: whoever sent it has turned away.
    pub(super) fn lose_work(&mut self) -> Vec<T> {
        self.generation += 1;
        self.overdue.clear();
        self.idle = (0..self.workers.len()).collect();
        let mut lost: Vec<_> = self.workers.iter_mut().filter_map(Option::take).collect();
        lost.sort_by_key(|job| job.sent);
        lost.extend(self.waiting.drain(..));
        lost.into_iter().map(|job| job.request).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn server(workers: usize) -> Server<char> {
        let workers = NonZeroUsize::new(workers).unwrap();
        Server::new(workers, Distribution::Constant(10 * MS), Chance::new(1, 0))
    }

    #[test]
    fn workers_take_those_who_wait_in_their_order() {
        let mut server = server(2);
        let begun: Vec<_> = ['a', 'b', 'c', 'd']
            .into_iter()
            .zip(1..)
            .filter_map(|(request, at)| server.accept(request, at * MS).unwrap())
            .collect();
        assert_eq!([begun[0].0, begun[1].0], [11 * MS, 12 * MS]);
        assert_eq!(begun.len(), 2);
        let first = server.complete(begun[0].1).unwrap();
        assert_eq!((first.request, first.sent, first.began), ('a', MS, MS));
        let (done, third) = server.begin(11 * MS).unwrap();
        assert_eq!(done, 21 * MS);
        assert!(server.begin(11 * MS).is_none());
        let third = server.complete(third).unwrap();
        assert_eq!((third.request, third.sent, third.began), ('c', 3 * MS, 11 * MS));
    }

    #[test]
    fn a_killed_server_loses_all_and_refuses_until_it_is_started() {
        let mut server = server(1);
        let (_, completion) = server.accept('a', MS).unwrap().unwrap();
        assert!(server.accept('b', MS).unwrap().is_none());
        assert_eq!(server.kill(), ['a', 'b']);
        assert!(matches!(server.accept('c', MS), Err('c')));
        server.stop();
        assert!(server.go_on().is_empty());
        assert_eq!(server.condition(), Condition::Dead);
        server.start();
        let (_, later) = server.accept('d', 2 * MS).unwrap().unwrap();
        assert!(server.complete(completion).is_none());
        assert_eq!(server.complete(later).unwrap().request, 'd');
    }

    #[test]
    fn a_stopped_server_answers_late_and_begins_nothing() {
        let mut server = server(1);
        let (_, completion) = server.accept('a', MS).unwrap().unwrap();
        server.stop();
        assert!(server.accept('b', MS).unwrap().is_none());
        assert!(server.complete(completion).is_none());
        assert!(server.begin(20 * MS).is_none());
        let [overdue] = server.go_on()[..] else { panic!("one was due") };
        assert_eq!(server.complete(overdue).unwrap().request, 'a');
        assert!(server.begin(20 * MS).is_some());
    }
}
