//! Where a program listens besides its main address.

use std::net::{Ipv4Addr, SocketAddr};

/// Where a run that takes long can be watched.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Results")]
pub struct WatchArgs {
    /// Show the report as it grows, to browsers on this machine
    ///
    /// ADDRESS is a port, or an address of this machine and a port. Without one a free port of 127.0.0.1 is
    /// taken. Either way the address is printed. The page is made anew between two measurements and for a
    /// two-hundredth of the time at most. A browser that draws it takes processor time of its own: for
    /// numbers that count, leave it closed until the run is over.
    #[arg(
        long,
        hide_short_help = true,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:0",
        value_parser = local_address_or_port
    )]
    pub watch: Option<SocketAddr>,
}

/// A port alone is one of this machine, for this machine.
pub fn address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.strip_prefix("localhost:").unwrap_or(text).parse();
    let address = port.map(|port| (Ipv4Addr::LOCALHOST, port).into());
    address
        .or_else(|_| text.parse())
        .map_err(|_| "a port is needed, or an address and a port, such as 9464 or 127.0.0.1:9464")
}

/// The same for what others on the network must not reach.
pub fn local_address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    address_or_port(text).and_then(|address| match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("it must be an address for this machine alone, such as 127.0.0.1:46667"),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        watch: WatchArgs,
        #[arg(long)]
        quick: bool,
    }

    #[test]
    fn a_port_alone_is_one_for_this_machine() {
        let parsed = |text| address_or_port(text).map(|address| address.to_string());
        for text in ["9464", "localhost:9464", "127.0.0.1:9464"] {
            assert_eq!(parsed(text).as_deref(), Ok("127.0.0.1:9464"));
        }
        assert_eq!(parsed("[::1]:9464").as_deref(), Ok("[::1]:9464"));
        assert_eq!(parsed("0.0.0.0:0").as_deref(), Ok("0.0.0.0:0"));
        assert!(local_address_or_port("0.0.0.0:1").is_err());
        assert!(local_address_or_port("[::1]:1").is_ok() && local_address_or_port("1").is_ok());
        for text in ["", ":9464", "70000", "-1", "127.0.0.1", "localhost", "example.com:1"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_may_be_left_out_and_must_be_one_of_this_machine_alone() {
        let watch = |line: &str| {
            let parsed =
                Line::try_parse_from(line.split_whitespace()).map_err(|err| err.to_string());
            parsed.map(|line| line.watch.watch.map(|address| address.to_string()))
        };
        let on = |address: &str| Ok(Some(address.to_owned()));
        assert_eq!(watch("run"), Ok(None));
        for line in ["run --watch", "run --watch --quick", "run --watch 0"] {
            assert_eq!(watch(line), on("127.0.0.1:0"), "{line}");
        }
        assert!(Line::parse_from(["run", "--watch", "--quick"]).quick);
        assert_eq!(watch("run --watch 8080"), on("127.0.0.1:8080"));
        assert_eq!(watch("run --watch=[::1]:8080"), on("[::1]:8080"));
        for (address, why) in [
            ("0.0.0.0:8080", "it must be an address for this machine alone"),
            ("192.0.2.7:8080", "it must be an address for this machine alone"),
            ("example.com", "a port is needed, or an address and a port"),
        ] {
            let refusal = watch(&format!("run --watch {address}")).unwrap_err();
            assert!(refusal.contains(why), "{refusal}");
        }
    }
}
