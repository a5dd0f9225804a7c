//! Which stored files are meant.

/// Whether `name` is what `pattern` says, in which a star stands for any text, or none.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        let Some(place) = left.find(part) else { return false };
        left = &left[place + part.len()..];
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name) in [
            ("a.txt", "a.txt"),
            ("*", ""),
            ("*", "a"),
            ("*.txt", ".txt"),
            ("a*", "a"),
            ("a*b*c", "aXbbc"),
            ("a*b*c", "abc"),
            ("**é*", "café"),
            ("*ab*ab", "abab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a.txt", "a.txt2"),
            ("", "a"),
            ("*.txt", "a.txt2"),
            ("a*a", "a"),
            ("a*b*c", "acb"),
            ("*ab*ab", "ab"),
            ("A*", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
