//! Chance that can be repeated: Philox2x64-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
//! easy as 1, 2, 3", 2011), which hashes a counter under a key.
//!
//! The k-th value of a stream depends on the seed, the stream and k alone. So each part of a simulation
//! draws from a stream of its own, and one that draws more often does not disturb the others: two policies
//! see the same arrivals. A generator whose state moves with each draw would give each other ones.
//!
//! Whoever knows the seed knows every value: it is for simulations and for spreading load, not for secrets.

/// The values of one stream, in order.
#[derive(Clone, Debug)]
pub struct Chance {
    seed: u64,
    stream: u64,
    /// How many values were drawn. Two are hashed at a time.
    drawn: u64,
    pair: [u64; 2],
}

impl Chance {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { seed, stream, drawn: 0, pair: [0; 2] }
    }

    /// Any of all numbers, each as likely as the others.
    pub fn next_u64(&mut self) -> u64 {
        let at = (self.drawn % 2) as usize;
        if at == 0 {
            self.pair = philox([self.drawn / 2, self.stream], self.seed);
        }
        self.drawn = self.drawn.wrapping_add(1);
        self.pair[at]
    }

    /// From 0 up to, but never, 1: one of the 2^53 multiples of 2^-53.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 * STEP
    }

    /// Exponentially distributed, with a mean of 1: never negative, and never more than 37.
    pub(crate) fn exponential(&mut self) -> f64 {
        // Of 1 - u, since u can be 0, which has no logarithm, and cannot be 1.
        -(1.0 - self.unit()).ln()
    }

    /// One of 0 to `n` - 1; 0 where `n` is 0.
    ///
    /// Takes one value, always. That makes some of the numbers more likely than others by at most n in
    /// 2^64, which no simulation can see; drawing again would avoid it and shift all later values.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }
}

fn philox(counter: [u64; 2], key: u64) -> [u64; 2] {
    const ROUNDS: usize = 10;
    const MULTIPLIER: u128 = 0xD2B7_4407_B1CE_6E93;
    /// 2^64 divided by the golden ratio.
    const KEY_STEP: u64 = 0x9E37_79B9_7F4A_7C15;
    let ([mut left, mut right], mut key) = (counter, key);
    for _ in 0..ROUNDS {
        let product = u128::from(left) * MULTIPLIER;
        (left, right) = ((product >> 64) as u64 ^ key ^ right, product as u64);
        key = key.wrapping_add(KEY_STEP);
    }
    [left, right]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the known answers that the authors publish with Random123 (`kat_vectors`, philox2x64 10).
    #[test]
    fn the_hash_is_that_of_its_authors() {
        const ONES: u64 = u64::MAX;
        for (counter, key, hash) in [
            ([0, 0], 0, [0xca00_a045_9843_d731, 0x66c2_4222_c9a8_45b5]),
            ([ONES, ONES], ONES, [0x65b0_21d6_0cd8_310f, 0x4d02_f322_2f86_df20]),
            (
                [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344],
                0xa409_3822_299f_31d0,
                [0x0a5e_742c_2997_341c, 0xb0f8_83d3_8000_de5d],
            ),
        ] {
            assert_eq!(philox(counter, key), hash);
        }
    }

    #[test]
    fn the_values_of_a_stream_are_the_hashes_of_its_counter() {
        let (seed, stream) = (7, 3);
        let mut chance = Chance::new(seed, stream);
        for block in 0..100 {
            let pair = [chance.next_u64(), chance.next_u64()];
            assert_eq!(pair, philox([block, stream], seed));
        }
    }

    #[test]
    fn drawing_from_one_stream_does_not_move_another() {
        let draw = |chance: &mut Chance| [(); 5].map(|()| chance.next_u64());
        let (mut first, mut second) = (Chance::new(1, 0), Chance::new(1, 1));
        let alone = draw(&mut second.clone());
        draw(&mut first);
        assert_eq!(draw(&mut second), alone);
        assert_ne!(draw(&mut Chance::new(1, 0)), alone);
        assert_ne!(draw(&mut Chance::new(2, 1)), alone);
    }

    #[test]
    fn the_ends_of_what_can_be_drawn_are_kept() {
        let all_ones = Chance { seed: 0, stream: 0, drawn: 1, pair: [u64::MAX; 2] };
        assert!(all_ones.clone().unit() < 1.0);
        for n in [1, 2, 3, 1000, usize::MAX] {
            assert_eq!(all_ones.clone().below(n), n - 1);
        }
        let zero = Chance { pair: [0; 2], ..all_ones };
        assert_eq!((zero.clone().unit(), zero.clone().below(7)), (0.0, 0));
        assert_eq!(Chance::new(1, 1).below(0), 0);
    }
}
