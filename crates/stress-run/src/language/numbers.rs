//! Numbers with as many digits as say something, and the language's comma.

use super::Language::{self, En, Id};

/// Digits of a number that say something, the scatter of most measurements considered.
const SIGNIFICANT: i32 = 3;

impl Language {
    /// With three significant digits.
    pub(crate) fn number(self, value: f64) -> String {
        let magnitude = value.abs().max(1e-9).log10().floor() as i32;
        let decimals = (SIGNIFICANT - 1 - magnitude).clamp(0, 6);
        self.decimal(value, decimals as usize)
    }

    /// As short as it can be, for an axis.
    pub(crate) fn tick(self, value: f64) -> String {
        let text = self.number(value);
        match text.contains(['.', ',']) {
            true => text.trim_end_matches('0').trim_end_matches(['.', ',']).to_owned(),
            false => text,
        }
    }

    /// `+12`, `−3.1`.
    pub(crate) fn signed(self, value: f64) -> String {
        let text = self.decimal(value.abs(), usize::from(value.abs() < 10.0));
        let is_zero = !text.contains(|letter: char| ('1'..='9').contains(&letter));
        let sign = if value < 0.0 { "−" } else { "+" };
        if is_zero { "0".to_owned() } else { format!("{sign}{text}") }
    }

    pub(crate) fn signed_percent(self, share: f64) -> String {
        format!("{}%", self.signed(share * 100.0))
    }

    pub(crate) fn percent(self, share: f64) -> String {
        let value = share * 100.0;
        format!("{}%", self.decimal(value, usize::from(value > 0.0 && value < 9.95)))
    }

    pub(crate) fn decimal(self, value: f64, decimals: usize) -> String {
        self.with_comma(format!("{value:.decimals$}"))
    }

    /// A number that has a point, as the language writes it.
    pub(super) fn with_comma(self, number: String) -> String {
        match self {
            En => number,
            Id => number.replace('.', ","),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits_and_the_language_s_comma() {
        let shown = |value| (En.number(value), Id.number(value));
        let expected =
            [(0.0025517, "0.00255", "0,00255"), (1234.5, "1234", "1234"), (7.0, "7.00", "7,00")];
        for (value, english, indonesian) in expected {
            assert_eq!(shown(value), (english.to_owned(), indonesian.to_owned()));
        }
        assert_eq!(
            [0.0, 0.25, 100.0, 0.1].map(|value| Id.tick(value)),
            ["0", "0,25", "100", "0,1"]
        );
        assert_eq!(
            [0.123, -0.031, 0.0].map(|share| En.signed_percent(share)),
            ["+12%", "−3.1%", "0%"]
        );
    }
}
