//! The place that a name has for good: rendezvous hashing (Thaler and Ravishankar 1998).

use std::cmp::Reverse;

/// Which of `names` this key belongs to: the one whose hash together with the key is the highest.
///
/// Adding a name takes from the others only what it gets itself; removing one gives away only what it had.
/// The order of the names does not matter. Files are found again by this, so the hash is the same everywhere
/// and for ever; and weights do not count, since changing one at run time would lose files.
pub fn rendezvous<'a>(key: &[u8], names: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let key = hash(key);
    let scores = names.into_iter().map(|name| mix(key ^ mix(hash(name.as_bytes()))));
    let (place, _) = scores.enumerate().min_by_key(|&(_, score)| Reverse(score))?;
    Some(place)
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The last step of SplitMix64: each bit of the input changes each bit of the output half of the time, which
/// FNV alone does not do for the last bytes.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["alpha", "beta", "gamma", "127.0.0.1:8080", "127.0.0.1:8081"];

    fn keys() -> impl Iterator<Item = Vec<u8>> {
        (0..50_000).map(|number| format!("file-{number}.bin").into_bytes())
    }

    fn name_of<'a>(key: &[u8], names: &[&'a str]) -> &'a str {
        names[rendezvous(key, names.iter().copied()).unwrap()]
    }

    /// The hashes are the published test vectors of FNV-1a, 64 bits; the places are those that a program in
    /// another language has found.
    #[test]
    fn files_are_where_they_have_always_been() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
        let places = ["a.txt", "report.pdf", "", "λ"].map(|key| rendezvous(key.as_bytes(), NAMES));
        assert_eq!(places, [Some(3), Some(1), Some(0), Some(0)]);
        assert_eq!(rendezvous(b"a.txt", []), None);
    }

    /// Chi square with 4 degrees of freedom: above 18.5 once in a thousand.
    #[test]
    fn each_name_gets_its_part_of_the_keys() {
        let mut counts = [0_u32; NAMES.len()];
        keys().for_each(|key| counts[rendezvous(&key, NAMES).unwrap()] += 1);
        let expected = 10_000.0;
        let chi_square: f64 =
            counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi_square < 18.5, "{counts:?}");
    }

    #[test]
    fn a_name_that_goes_moves_only_what_it_had() {
        let fewer = [NAMES[0], NAMES[1], NAMES[3], NAMES[4]];
        for key in keys() {
            let before = name_of(&key, &NAMES);
            assert!(before == NAMES[2] || name_of(&key, &fewer) == before);
        }
    }

    #[test]
    fn the_order_of_the_names_does_not_matter() {
        let mut other_way_round = NAMES;
        other_way_round.reverse();
        assert!(keys().all(|key| name_of(&key, &NAMES) == name_of(&key, &other_way_round)));
    }
}
