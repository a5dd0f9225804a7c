//! Whether a difference between repetitions is more than chance.
//!
//! The Mann-Whitney test asks how often chance alone would order two groups of times as far apart
//! as they are. It assumes no distribution of the times, and here it is exact: all ways to deal the
//! ranks out are counted, ties included, so it also holds for four repetitions.

/// Fewest repetitions on each side that are tested: 4 against 4 can reach p = 2/70 = 0.029, while 3
/// against 3 never goes below 2/20 = 0.1.
pub const REPETITIONS_MIN: usize = 4;

/// How often a range may miss the true ratio.
pub const ERROR_RATE: f64 = 0.05;

/// Most repetitions on each side: the number of ways to deal out 128 ranks still fits an integer.
pub const REPETITIONS_MAX: usize = 64;

/// The largest corrected p-value that counts as a discovery.
pub const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// The exact two-sided p-value of the Mann-Whitney test, the same when `a` and `b` change places.
///
/// It is the share of all ways to deal the ranks out whose rank sum is at least as far from its
/// mean as the one that was observed. Neither group may have more than [`REPETITIONS_MAX`] values.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
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
pub fn ratio_range(a: &[f64], b: &[f64], error_rate: f64) -> Option<(f64, f64)> {
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
pub fn repetitions_needed(tests: usize) -> usize {
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
pub fn corrected(p_values: &[f64]) -> Vec<f64> {
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

    const SIX: [[f64; 6]; 2] =
        [[1.31, 1.27, 1.42, 1.29, 1.35, 1.30], [1.38, 1.44, 1.41, 1.36, 1.52, 1.40]];
    const FIVE_AND_SIX: ([f64; 5], [f64; 6]) =
        ([12.1, 11.8, 13.0, 12.4, 12.9], [12.5, 13.3, 12.7, 13.8, 14.1, 13.6]);
    const FOUR_AND_FIVE: ([f64; 4], [f64; 5]) = ([3.1, 2.7, 3.4, 2.9], [2.8, 3.0, 3.3, 2.6, 3.2]);

    /// By scipy 1.17.1: `mannwhitneyu(a, b, method="exact")`.
    #[test]
    fn p_values_without_ties_are_those_of_scipy() {
        assert_p(&SIX[0], &SIX[1], 0.025_974_025_974_025_976);
        assert_p(&FIVE_AND_SIX.0, &FIVE_AND_SIX.1, 0.051_948_051_948_051_95);
        assert_p(&FOUR_AND_FIVE.0, &FOUR_AND_FIVE.1, 0.904_761_904_761_904_9);
    }

    /// Counted by a program over `itertools.combinations` of scipy's `rankdata`.
    #[test]
    fn p_values_with_ties_are_shares_of_all_draws() {
        assert_p(&[1.2, 1.3, 1.3, 1.5, 1.6], &[1.3, 1.5, 1.7, 1.8, 1.8], 30.0 / 252.0);
        assert_p(&[0.5, 0.5, 0.7, 0.9], &[0.5, 0.8, 0.9, 1.1, 1.1, 1.2], 26.0 / 210.0);
    }

    /// The least and the largest ratio by which `a` can be divided so that scipy's `mannwhitneyu` does not
    /// refuse it, found by trying each.
    #[test]
    fn a_range_holds_the_ratios_that_scipys_test_does_not_refuse() {
        for (range, (low, high)) in [
            (ratio_range(&SIX[0], &SIX[1], 0.05), (0.888_157_894_736_842_1, 0.986_111_111_111_111)),
            (
                ratio_range(&FIVE_AND_SIX.0, &FIVE_AND_SIX.1, 0.05),
                (0.867_647_058_823_529_3, 1.015_748_031_496_063_2),
            ),
            (ratio_range(&FIVE_AND_SIX.0, &FIVE_AND_SIX.1, 0.01), (0.855_072_463_768_116, 1.032)),
            (
                ratio_range(&FOUR_AND_FIVE.0, &FOUR_AND_FIVE.1, 0.05),
                (0.843_75, 1.214_285_714_285_714_4),
            ),
        ] {
            let range = range.unwrap();
            assert!((range.0 - low).abs() < 1e-12 && (range.1 - high).abs() < 1e-12, "{range:?}");
        }
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

    /// By scipy 1.17.1: `stats.false_discovery_control(p_values)`.
    #[test]
    fn corrected_p_values_are_those_of_scipy() {
        let p_values = [
            0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251,
            0.269, 0.275, 0.34, 0.341, 0.384, 0.569, 0.594, 0.696, 0.762, 0.94, 0.942, 0.975,
            0.986,
        ];
        let expected = [
            (0.025, 1),
            (0.1, 1),
            (0.21, 3),
            (0.25, 1),
            (0.264_285_714_285_714_3, 1),
            (0.491_071_428_571_428_66, 7),
            (0.532_812_5, 2),
            (0.564_705_882_352_941_3, 1),
            (0.781_578_947_368_421, 2),
            (0.87, 1),
            (0.907_142_857_142_857_1, 1),
            (0.986, 4),
        ];
        let expected = expected.into_iter().flat_map(|(value, times)| vec![value; times]);
        let corrected = corrected(&p_values);
        assert_eq!(corrected.len(), 25);
        for (value, expected) in corrected.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
    }

    #[test]
    fn a_single_discovery_among_many_rows_needs_more_than_four_repetitions() {
        let mut p_values = vec![1.0; 54];
        p_values[7] = 2.0 / 70.0;
        assert!(corrected(&p_values)[7] > FALSE_DISCOVERY_RATE);
        assert!(corrected(&[2.0 / 70.0; 54]).iter().all(|&p| p <= FALSE_DISCOVERY_RATE));
    }
}
