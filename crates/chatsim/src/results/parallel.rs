//! The same work on several things, on several threads.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// What the work gives for each item, in their order. An item is one thread's alone, so what comes out of it does
/// not depend on how many there are.
pub(crate) fn each<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        while let Some((index, item)) =
            Some(next.fetch_add(1, Relaxed)).and_then(|index| Some((index, items.get(index)?)))
        {
            done.push((index, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let threads = threads.clamp(1, items.len().max(1));
        let crew: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        crew.into_iter()
            .flat_map(|thread| thread.join().expect("the work does not panic"))
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_their_items_on_any_number_of_threads() {
        let items: Vec<u64> = (0..100).collect();
        for threads in [0, 1, 3, 200] {
            assert_eq!(
                each(threads, &items, |item| item * item),
                items.iter().map(|it| it * it).collect::<Vec<_>>()
            );
        }
        assert_eq!(each(4, &[] as &[u64], |item| *item), [0; 0]);
    }
}
