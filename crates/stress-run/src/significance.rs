//! Whether a difference between repetitions is more than chance.
//!
//! The Mann-Whitney test asks how often chance alone would order two groups of times as far apart
//! as they are. It assumes no distribution of the times, and here it is exact: all ways to deal the
//! ranks out are counted, ties included, so it also holds for four repetitions.

/// Fewest repetitions on each side that are tested: 4 against 4 can reach p = 2/70 = 0.029, while 3
/// against 3 never goes below 2/20 = 0.1.
pub(crate) const REPETITIONS_MIN: usize = 4;

/// How often a range may miss the true ratio.
pub(crate) const ERROR_RATE: f64 = 0.05;

/// Most repetitions on each side: the number of ways to deal out 128 ranks still fits an integer.
pub(crate) const REPETITIONS_MAX: usize = 64;

/// The largest corrected p-value that counts as a discovery.
pub(crate) const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// The exact two-sided p-value of the Mann-Whitney test, the same when `a` and `b` change places.
///
/// It is the share of all ways to deal the ranks out whose rank sum is at least as far from its
/// mean as the one that was observed. Neither group may have more than [`REPETITIONS_MAX`] values.
pub(crate) fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    debug_assert!(a.len() <= REPETITIONS_MAX && b.len() <= REPETITIONS_MAX);
    let (fewer, more) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let ranks = doubled_ranks(fewer, more);
    let (drawn, all, total) = (fewer.len(), ranks.len(), ranks.iter().sum::<usize>());
    let distance = |rank_sum: usize| (all * rank_sum).abs_diff(drawn * total);
    let observed = distance(ranks[..drawn].iter().sum());
    let (mut extreme, mut every) = (0_u128, 0_u128);
    for (rank_sum, &ways) in ways_to_draw(&ranks, drawn).iter().enumerate() {
        every += ways;
        if distance(rank_sum) >= observed {
            extreme += ways;
        }
    }
    extreme as f64 / every as f64
}

/// The ratios of `a` to `b` that the Mann-Whitney test does not refuse: they hold the true one but for
/// the error rate. It is Moses's interval (Hollander and Wolfe, Nonparametric Statistical Methods, 4.3)
/// of the logarithms. `None` where there are too few values for it.
pub(crate) fn ratio_range(a: &[f64], b: &[f64], error_rate: f64) -> Option<(f64, f64)> {
    let rank = extreme_rank_sums(a.len(), b.len(), error_rate);
    if rank == 0 || a.len().min(b.len()) < REPETITIONS_MIN {
        return None;
    }
    let ratios_to = |b: &f64| a.iter().map(|a| a / b).collect::<Vec<f64>>();
    let mut ratios: Vec<f64> = b.iter().flat_map(ratios_to).collect();
    ratios.sort_by(f64::total_cmp);
    Some((ratios[rank - 1], ratios[ratios.len() - rank]))
}

/// How many rank sums at either end have a p-value of at most the error rate.
fn extreme_rank_sums(a: usize, b: usize, error_rate: f64) -> usize {
    let ranks: Vec<usize> = (1..=a + b).collect();
    let ways = ways_to_draw(&ranks, a.min(b));
    let every = ways.iter().sum::<u128>() as f64;
    let mut extreme = 0;
    let p_value = |&ways: &u128| {
        extreme += ways;
        2.0 * extreme as f64 / every
    };
    let possible = ways.iter().skip_while(|ways| **ways == 0);
    possible.map(p_value).take_while(|p_value| *p_value <= error_rate).count()
}

/// Fewest repetitions with which a difference can be more than chance though its p-value is multiplied
/// by so many tests.
pub(crate) fn repetitions_needed(tests: usize) -> usize {
    let error_rate = ERROR_RATE / tests as f64;
    let can_show = |count: &usize| extreme_rank_sums(*count, *count, error_rate) > 0;
    (REPETITIONS_MIN..REPETITIONS_MAX).find(can_show).unwrap_or(REPETITIONS_MAX)
}

/// Twice the rank of each value among all, those of `first` first. Equal values share the mean of
/// their ranks, which doubled is a whole number.
fn doubled_ranks(first: &[f64], second: &[f64]) -> Vec<usize> {
    let values: Vec<f64> = first.iter().chain(second).copied().collect();
    let rank = |value: &f64| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        2 * below + equal + 1
    };
    values.iter().map(rank).collect()
}

/// At index s: in how many ways `drawn` of the ranks add up to s.
fn ways_to_draw(ranks: &[usize], drawn: usize) -> Vec<u128> {
    let total: usize = ranks.iter().sum();
    let mut ways = vec![vec![0_u128; total + 1]; drawn + 1];
    ways[0][0] = 1;
    let mut sum_max = 0;
    for &rank in ranks {
        sum_max += rank;
        // Downwards, so that each rank is drawn at most once.
        for count in (1..=drawn).rev() {
            let (without, with) = ways.split_at_mut(count);
            for sum in rank..=sum_max {
                with[0][sum] += without[count - 1][sum - rank];
            }
        }
    }
    ways.swap_remove(drawn)
}

/// Each p-value corrected for how many there are, after Benjamini and Hochberg: of those that are
/// at most [`FALSE_DISCOVERY_RATE`] no more than that share is expected to be chance.
pub(crate) fn corrected(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (position, &index) in order.iter().enumerate().rev() {
        least = least.min(p_values[index] * p_values.len() as f64 / (position + 1) as f64);
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_p(a: &[f64], b: &[f64], expected: f64) {
        assert!((mann_whitney(a, b) - expected).abs() < 1e-15, "{a:?} {b:?}");
        assert_eq!(mann_whitney(a, b), mann_whitney(b, a), "{a:?} {b:?}");
    }

    #[test]
    fn small_groups_without_ties_have_the_p_values_counted_by_hand() {
        assert_p(&[1.0], &[2.0], 1.0);
        // Rank sums of two out of 1 to 4: 3 4 5 5 6 7; the mean is 5.
        assert_p(&[1.0, 3.0], &[2.0, 4.0], 4.0 / 6.0);
        assert_p(&[1.0, 2.0], &[3.0, 4.0], 2.0 / 6.0);
        assert_p(&[3.0, 1.0, 2.0], &[6.0, 4.0, 5.0], 2.0 / 20.0);
        assert_p(&[0.1, 0.2, 0.3, 0.4], &[0.5, 0.6, 0.7, 0.8], 2.0 / 70.0);
        // One inversion: rank sums 10 and 11 at either end, which 1 and 1 draws have.
        assert_p(&[0.1, 0.2, 0.3, 0.5], &[0.4, 0.6, 0.7, 0.8], 4.0 / 70.0);
        // Of 35 draws of 3 out of 7, the smallest and the largest sum.
        assert_p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0, 7.0], 2.0 / 35.0);
    }

    #[test]
    fn ties_share_their_ranks_and_are_counted_exactly() {
        // Doubled ranks 2 5 5 8; pairs add up to 7 7 10 10 13 13, and 7 was observed.
        assert_p(&[1.0, 2.0], &[2.0, 3.0], 4.0 / 6.0);
        // Doubled ranks 3 3 9 9 9 9; triples add up to 15 (4 ways), 21 (12) and 27 (4).
        assert_p(&[1.0, 1.0, 2.0], &[2.0, 2.0, 2.0], 8.0 / 20.0);
        assert_p(&[1.0; 4], &[1.0; 6], 1.0);
        assert_p(&[1.0; 4], &[2.0; 4], 2.0 / 70.0);
    }

    #[test]
    fn a_range_leaves_out_as_many_ratios_as_the_tables_of_the_test_say() {
        // One more than the largest U that tables of the two-sided test call significant at 5%: 0 of
        // 4 and 4, 2 of 5 and 5, 5 of 6 and 6, 13 of 8 and 8, 3 of 5 and 6; of 3 and 3 none is.
        let ranks = [(4, 4), (5, 5), (6, 6), (8, 8), (5, 6), (6, 5), (3, 3)]
            .map(|(a, b)| extreme_rank_sums(a, b, 0.05));
        assert_eq!(ranks, [1, 3, 6, 14, 4, 4, 0]);
        let a = [2.0, 4.0, 8.0, 16.0];
        assert_eq!(ratio_range(&a, &[1.0, 2.0, 4.0, 8.0], 0.05), Some((0.25, 16.0)));
        assert_eq!((ratio_range(&a, &a, 0.02), ratio_range(&a[1..], &a, 0.2)), (None, None));
    }

    #[test]
    fn more_tests_take_more_repetitions() {
        // 2/70 = 0.029, 2/252 = 0.0079 and 2/924 = 0.0022, times the number of tests.
        assert_eq!([1, 2, 6, 7, 24].map(repetitions_needed), [4, 5, 5, 6, 7]);
    }

    #[test]
    fn a_range_holds_one_unless_the_test_finds_a_difference() {
        for seed in 0..200_u32 {
            // Scrambled values without ties.
            let value = |index: u32| f64::from((seed * 31 + index * 7919) % 10_007) + 1.0;
            let (a, b): (Vec<f64>, Vec<f64>) =
                ((0..5).map(value).collect(), (5..11).map(|index| 1.5 * value(index)).collect());
            let (low, high) = ratio_range(&a, &b, 0.05).unwrap();
            assert_eq!(mann_whitney(&a, &b) <= 0.05, !(low..=high).contains(&1.0), "{a:?} {b:?}");
        }
    }

    /// Every way to choose `drawn` of the ranks, one by one.
    fn p_by_enumeration(a: &[f64], b: &[f64]) -> f64 {
        let ranks = doubled_ranks(a, b);
        let mean = (a.len() * ranks.iter().sum::<usize>()) as f64 / ranks.len() as f64;
        let far = |sum: usize| (sum as f64 - mean).abs();
        let observed = far(ranks[..a.len()].iter().sum());
        let draws = (0_u32..1 << ranks.len()).filter(|draw| draw.count_ones() as usize == a.len());
        let sums: Vec<usize> = draws
            .map(|draw| (0..ranks.len()).filter(|bit| draw >> bit & 1 == 1).map(|i| ranks[i]).sum())
            .collect();
        let extreme = sums.iter().filter(|&&sum| far(sum) >= observed - 1e-9).count();
        extreme as f64 / sums.len() as f64
    }

    #[test]
    fn counting_agrees_with_enumerating_every_draw() {
        // A fixed scramble whose values repeat often.
        let values: Vec<f64> = (0..14_u32).map(|i| f64::from(i * i * 7 % 9)).collect();
        for split in 1..13 {
            for end in split + 1..14 {
                let (a, b) = (&values[..split], &values[split..end]);
                let (counted, enumerated) = (mann_whitney(a, b), p_by_enumeration(a, b));
                assert!((counted - enumerated).abs() < 1e-12, "{split} {end}");
            }
        }
    }

    #[test]
    fn the_largest_groups_are_counted_without_overflow() {
        let a: Vec<f64> = (0..REPETITIONS_MAX).map(|i| i as f64).collect();
        let b: Vec<f64> = a.iter().map(|value| value + 1000.0).collect();
        let p = mann_whitney(&a, &b);
        assert!(p > 0.0 && p < 1e-36, "{p}");
        assert_eq!(mann_whitney(&a, &a), 1.0);
    }

    #[test]
    fn the_correction_is_that_of_benjamini_and_hochberg() {
        // 4 × 0.005, 2 × 0.02, 4/3 × 0.03 (which 2 × 0.02 equals), 1 × 0.5.
        let expected = [0.04, 0.02, 0.5, 0.04];
        for (value, expected) in corrected(&[0.02, 0.005, 0.5, 0.03]).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15, "{value} {expected}");
        }
        assert_eq!(corrected(&[0.03]), [0.03]);
        assert_eq!(corrected(&[]), [0.0; 0]);
    }

    #[test]
    fn a_single_discovery_among_many_rows_needs_more_than_four_repetitions() {
        let mut p_values = vec![1.0; 54];
        p_values[7] = 2.0 / 70.0;
        assert!(corrected(&p_values)[7] > FALSE_DISCOVERY_RATE);
        assert!(corrected(&[2.0 / 70.0; 54]).iter().all(|&p| p <= FALSE_DISCOVERY_RATE));
    }
}
