//! Options that say when a backend is well.

use std::time::Duration;

const HEADING: &str = "Health of the backends";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING, mut_args(cli::rare(HEADING)))]
pub(crate) struct HealthArgs {
    /// Time between two checks of a backend, such as 1s or 500ms
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        value_parser = cli::units::duration
    )]
    pub(crate) check_interval: Duration,

    /// Time after which a check has failed; at most the interval
    #[arg(
        long,
        value_name = "TIME",
        default_value = "1s",
        value_parser = cli::units::duration
    )]
    pub(crate) check_timeout: Duration,

    /// Checks that must fail in a row before a backend gets no more work
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) fall: u32,

    /// Checks that must pass in a row before it gets work again
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rise: u32,

    /// Seconds that one that gets work again takes to its whole share; 0 for none
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = cli::units::seconds)]
    pub(crate) warm_up: Duration,

    /// Time that connecting to a backend may take, agreeing on TLS included; then another one is tried
    #[arg(
        long,
        value_name = "TIME",
        default_value = "3s",
        value_parser = cli::units::duration
    )]
    pub(crate) connect_timeout: Duration,

    /// Level connection: what a check sends, with \r, \n, \t, \\ and \xHH for what is hard to type
    ///
    /// Without this and --check-expect a check only connects, which a process that is stopped lets it do.
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    pub(crate) check_send: Option<Text>,

    /// Level connection: what must come back for a check to pass, written like --check-send
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    pub(crate) check_expect: Option<Text>,
}

/// Bytes that were written as text. Not a plain `Vec`, which would stand for an option that is repeated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text(pub(crate) Vec<u8>);

fn unescaped(text: &str) -> Result<Text, &'static str> {
    const WRONG: &str =
        "a backslash must be followed by r, n, t, \\ or x and two hexadecimal digits";
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend(plain.bytes());
        let mut chars = escape.chars();
        bytes.push(match chars.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('x') => {
                let digits = escape.get(1..3).filter(|it| !it.contains('+')).ok_or(WRONG)?;
                chars = escape[3..].chars();
                u8::from_str_radix(digits, 16).map_err(|_| WRONG)?
            }
            _ => return Err(WRONG),
        });
        rest = chars.as_str();
    }
    bytes.extend(rest.bytes());
    match bytes.is_empty() {
        true => Err("some text is needed"),
        false => Ok(Text(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hard_to_type_is_written_with_a_backslash() {
        let bytes = |text| unescaped(text).map(|Text(bytes)| bytes);
        assert_eq!(bytes("PING"), Ok(b"PING".to_vec()));
        assert_eq!(bytes(r"a\r\n\t\\n\x00\xFFé"), Ok(b"a\r\n\t\\n\x00\xff\xc3\xa9".to_vec()));
        for wrong in ["", r"\", r"a\q", r"\x", r"\x1", r"\xé1", r"\x+1"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
