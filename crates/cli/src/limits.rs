//! Options that bound connections, for every program that takes them.

use std::time::Duration;

use bytesize::ByteSize;

const HEADING: &str = "Limits on connections";

#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING, mut_args(crate::rare(HEADING)))]
pub struct LimitArgs {
    /// Seconds between requests, or without a byte in a transfer, after which a connection is closed
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        value_parser = crate::units::seconds_not_zero
    )]
    pub idle_timeout: Duration,

    /// Seconds that the head of a request, its verb and name, may take to arrive
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = crate::units::seconds_not_zero
    )]
    pub head_timeout: Duration,

    /// Bytes a second that a transfer must move, averaged over the idle timeout; 0 for any
    #[arg(long, value_name = "SIZE", default_value = "1KiB")]
    pub min_rate: ByteSize,

    /// Requests that one connection may make
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub max_requests: u64,

    /// Connections open at once, waiting ones included; one more is answered `busy`
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_connections: u32,

    /// Connections from one address; one more is answered `busy`
    ///
    /// Of IPv6, from one /64 network.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 256,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub max_per_address: u32,

    /// Connections that wait in the kernel until the server accepts them
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1024,
        value_parser = clap::value_parser!(i32).range(1..)
    )]
    pub backlog: i32,
}
