//! How sure the mean is of values that are like their neighbours.
//!
//! Of n independent values the mean has the standard error s / √n. The waits in a queue are not
//! independent: after a long one comes another, and that formula makes the mean of a busy queue look ten
//! times as sure as it is. So the values are cut, in their order, into batches of equal length. When a
//! batch is long against the memory of the queue, the means of batches are as good as independent, and
//! the formula holds for them (Law, Simulation Modeling and Analysis, 9.5.3).
//!
//! There are 32 to 63 batches however many values come: two neighbours become one whenever there are 64.

const BATCHES_MAX: usize = 64;

/// Fewest batches that say anything of how their means scatter.
const BATCHES_MIN: usize = 10;

#[derive(Clone, Debug)]
pub(crate) struct BatchMeans {
    /// How many values are in a batch.
    length: u64,
    /// Sums of the batches that are full.
    full: Vec<f64>,
    /// The sum of the batch that is not, and how many values it has.
    open: (f64, u64),
}

impl Default for BatchMeans {
    fn default() -> Self {
        Self { length: 1, full: Vec::new(), open: (0.0, 0) }
    }
}

impl BatchMeans {
    pub(crate) fn record(&mut self, value: f64) {
        self.open = (self.open.0 + value, self.open.1 + 1);
        if self.open.1 < self.length {
            return;
        }
        self.full.push(self.open.0);
        self.open = (0.0, 0);
        if self.full.len() == BATCHES_MAX {
            self.join_neighbours();
        }
    }

    /// Takes the full batches of another; its last values, which fill none, are left out.
    pub(crate) fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.length != other.length || self.full.len() + other.full.len() >= BATCHES_MAX {
            if self.length <= other.length {
                self.join_neighbours();
            } else {
                other.join_neighbours();
            }
        }
        self.full.extend(other.full);
    }

    /// Makes the batches twice as long. One without a neighbour is not full any more.
    fn join_neighbours(&mut self) {
        self.length *= 2;
        let (pairs, rest) = self.full.as_chunks::<2>();
        let joined = pairs.iter().map(|[left, right]| left + right).collect();
        if let [alone] = rest {
            self.open = (self.open.0 + alone, self.open.1 + self.length / 2);
        }
        self.full = joined;
    }

    /// `None` where there are too few values.
    pub(crate) fn standard_error(&self) -> Option<f64> {
        let batches = self.full.len() as f64;
        let mean = self.full.iter().sum::<f64>() / batches;
        let squares: f64 = self.full.iter().map(|sum| (sum - mean).powi(2)).sum();
        let of_batches = (squares / (batches - 1.0) / batches).sqrt();
        (self.full.len() >= BATCHES_MIN).then(|| of_batches / self.length as f64)
    }

    /// Half the width of the interval that holds the true mean with 95% confidence.
    pub(crate) fn margin_of_error(&self) -> Option<f64> {
        self.standard_error().map(|error| error * student(self.full.len() - 1))
    }
}

/// The 97.5% quantile of Student's distribution, right to three digits from 9 degrees of freedom up: the
/// normal one and the first terms of its expansion (Abramowitz and Stegun, 26.7.5).
fn student(degrees_of_freedom: usize) -> f64 {
    let one_of = 1.0 / degrees_of_freedom as f64;
    1.959_964 + one_of * (2.372_271 + one_of * (2.822_499 + one_of * 2.555_851))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> BatchMeans {
        let mut batches = BatchMeans::default();
        values.into_iter().for_each(|value| batches.record(value));
        batches
    }

    #[test]
    fn batches_get_longer_and_not_more() {
        for (count, full, length, open) in [
            (63, 63, 1, 0),
            (64, 32, 2, 0),
            (65, 32, 2, 1),
            (127, 63, 2, 1),
            (128, 32, 4, 0),
            (1_000_000, 61, 16_384, 576),
        ] {
            let batches = of((0..count).map(f64::from));
            assert_eq!((batches.full.len(), batches.length, batches.open.1), (full, length, open));
        }
        let batches = of((0..128).map(f64::from));
        assert_eq!(batches.full[..2], [0.0 + 1.0 + 2.0 + 3.0, 4.0 + 5.0 + 6.0 + 7.0]);
    }

    #[test]
    fn what_is_added_keeps_the_length_of_batches_alike() {
        let values = |count: u32| (0..count).map(f64::from);
        for (first, second) in
            [(0, 0), (0, 100), (100, 0), (63, 1), (10, 1000), (1000, 10), (77, 55), (63, 63)]
        {
            let mut both = of(values(first));
            both.add(&of(values(second)));
            assert!(both.full.len() < BATCHES_MAX, "{first} {second}");
            assert!(both.open.1 < both.length, "{first} {second}");
            let covered = both.full.len() as u64 * both.length + both.open.1;
            assert!(covered <= u64::from(first + second), "{first} {second}");
            assert!(covered + both.length > u64::from(first + second), "{first} {second}");
        }
    }

    /// Of twelve values in batches of one: s = √13, as that of 1 to 12.
    #[test]
    fn of_few_values_the_error_is_that_of_independent_ones() {
        let error = of((1..=12).map(f64::from)).standard_error().unwrap();
        assert!((error - (13.0_f64 / 12.0).sqrt()).abs() < 1e-12);
        assert_eq!(of((1..10).map(f64::from)).standard_error(), None);
        assert_eq!(of([7.0; 1000]).margin_of_error(), Some(0.0));
    }

    /// From tables of Student's distribution.
    #[test]
    fn quantiles_of_student_are_those_of_the_tables() {
        for (degrees_of_freedom, quantile) in
            [(9, 2.262), (10, 2.228), (15, 2.131), (31, 2.040), (40, 2.021), (60, 2.000)]
        {
            let found = student(degrees_of_freedom);
            assert!((found - quantile).abs() < 0.000_6, "{degrees_of_freedom}: {found}");
        }
    }
}
