//! Numbers with as many digits as say something, and the comma of the language that they are read in.

/// Digits of a number that say something, the scatter of most measurements considered.
const SIGNIFICANT: i32 = 3;

/// How a language writes numbers.
pub trait Numbers: Copy {
    /// What stands before the decimals.
    fn decimal_mark(self) -> char;

    /// With three significant digits.
    fn number(self, value: f64) -> String {
        let magnitude = value.abs().max(1e-9).log10().floor() as i32;
        let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, 6);
        self.decimal(value, decimals as usize)
    }

    /// As short as it can be, for an axis.
    fn tick(self, value: f64) -> String {
        let text = self.number(value);
        match text.contains(self.decimal_mark()) {
            true => text.trim_end_matches('0').trim_end_matches(self.decimal_mark()).to_owned(),
            false => text,
        }
    }

    /// `+12`, `−3.1`.
    fn signed(self, value: f64) -> String {
        let text = self.decimal(value.abs(), usize::from(value.abs() < 10.0));
        let is_zero = !text.contains(|letter: char| ('1'..='9').contains(&letter));
        let sign = if value < 0.0 { "−" } else { "+" };
        if is_zero { "0".to_owned() } else { format!("{sign}{text}") }
    }

    /// Of a share.
    fn signed_percent(self, share: f64) -> String {
        format!("{}%", self.signed(share * 100.0))
    }

    /// Of a share.
    fn percent(self, share: f64) -> String {
        let value = share * 100.0;
        format!("{}%", self.decimal(value, usize::from(value > 0.0 && value < 9.95)))
    }

    fn decimal(self, value: f64, decimals: usize) -> String {
        self.with_mark(&format!("{value:.decimals$}"))
    }

    /// A number that was written with a point.
    fn with_mark(self, number: &str) -> String {
        number.replace('.', self.decimal_mark().encode_utf8(&mut [0; 4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Mark(char);

    impl Numbers for Mark {
        fn decimal_mark(self) -> char {
            self.0
        }
    }

    const POINT: Mark = Mark('.');
    const COMMA: Mark = Mark(',');

    #[test]
    fn numbers_have_three_significant_digits_and_the_language_s_comma() {
        let shown = |value| (POINT.number(value), COMMA.number(value));
        let expected =
            [(0.0025517, "0.00255", "0,00255"), (1234.5, "1234", "1234"), (7.0, "7.00", "7,00")];
        for (value, english, indonesian) in expected {
            assert_eq!(shown(value), (english.to_owned(), indonesian.to_owned()));
        }
        assert_eq!(
            [0.0, 0.25, 100.0, 0.1].map(|value| COMMA.tick(value)),
            ["0", "0,25", "100", "0,1"]
        );
        assert_eq!(
            [0.123, -0.031, 0.0].map(|share| POINT.signed_percent(share)),
            ["+12%", "−3.1%", "0%"]
        );
    }

    #[test]
    fn a_share_has_a_decimal_where_it_is_small() {
        let shown = [0.0, 0.0312, 0.0995, 0.5].map(|share| COMMA.percent(share));
        assert_eq!(shown, ["0%", "3,1%", "10%", "50%"]);
    }
}
