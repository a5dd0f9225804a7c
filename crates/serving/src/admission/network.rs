//! Where connections come from: an address, or all addresses that begin alike.

use std::{net::IpAddr, str::FromStr};

/// One address, or a network as CIDR writes it: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    /// The leading bits that all its addresses have in common.
    common_bits: u32,
}

/// Why a text is neither.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address or a network is needed, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")]
pub struct ParseNetworkError;

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        // On a socket of both families, IPv4 addresses come as IPv6.
        let common_bits = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(other)) => {
                (ours.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(other)) => {
                (ours.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        common_bits >= self.common_bits
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().map_err(|_| ParseNetworkError)?;
        let address = address.to_canonical();
        let bits_max = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        let common_bits = match bits {
            None => bits_max,
            Some(bits) => bits.parse().map_err(|_| ParseNetworkError)?,
        };
        if common_bits > bits_max {
            return Err(ParseNetworkError);
        }
        Ok(Self { address, common_bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.7", "::ffff:192.0.2.7", "::192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3/31", "10.1.2.2", "10.1.2.4"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "127.0.0.1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            let contains = |address: &str| {
                network.parse::<Network>().unwrap().contains(address.parse().unwrap())
            };
            assert!(contains(inside), "{inside} in {network}");
            assert!(!contains(outside), "{outside} in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in
            ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0/8"]
        {
            assert_eq!(text.parse::<Network>(), Err(ParseNetworkError), "{text}");
        }
    }
}
