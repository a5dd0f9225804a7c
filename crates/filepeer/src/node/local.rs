//! The node itself, as all of its tasks know it.

use std::net::{IpAddr, SocketAddr};

use iroh::{EndpointAddr, EndpointId, RelayUrl};
use searching::Holder;

use super::{
    counts::Tally,
    event::{Event, Listener, Place},
};

/// Who and where the node is, and where its tasks count and tell.
pub(super) struct Local {
    pub(super) id: EndpointId,
    /// What TCP and QUIC listen on.
    pub(super) address: SocketAddr,
    pub(super) relay: Option<RelayUrl>,
    pub(super) events: Listener,
    pub(super) tally: Tally,
}

impl Local {
    pub(super) fn place(&self) -> Place {
        Place { address: Some(self.address), id: Some(self.id) }
    }

    pub(super) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    /// Whether an address that others name may be dialled.
    ///
    /// A name is only a claim. It must not have a node send to groups or to nobody, and a node on loopback
    /// knows no address but loopback.
    pub(super) fn may_dial(&self, named: SocketAddr) -> bool {
        may_be_dialled(self.address.ip(), named)
    }

    /// Where to dial a peer that is said to be at these addresses.
    pub(super) fn way_to(
        &self,
        id: EndpointId,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> EndpointAddr {
        let addresses = addresses.into_iter().filter(|named| self.may_dial(*named));
        let way = addresses.fold(EndpointAddr::new(id), EndpointAddr::with_ip_addr);
        match &self.relay {
            Some(relay) => way.with_relay_url(relay.clone()),
            None => way,
        }
    }

    /// Where to dial a holder; `None` where its identity is no key.
    pub(super) fn way_to_holder(&self, holder: &Holder) -> Option<EndpointAddr> {
        let id = EndpointId::from_bytes(&holder.id).ok()?;
        Some(self.way_to(id, holder.addresses.iter().copied()))
    }
}

/// Whether a node that listens on `own` may send to `named`.
fn may_be_dialled(own: IpAddr, named: SocketAddr) -> bool {
    let ip = named.ip();
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    let is_somebody =
        !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast && named.port() > 0;
    is_somebody && own.is_ipv4() == ip.is_ipv4() && (!own.is_loopback() || ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc};

    use iroh::SecretKey;

    use super::*;

    fn on_loopback() -> Local {
        Local {
            id: SecretKey::from_bytes(&[1; 32]).public(),
            address: "127.0.0.1:5001".parse().unwrap(),
            relay: None,
            events: Arc::new(|_| {}),
            tally: Tally::default(),
        }
    }

    #[test]
    fn what_others_name_is_dialled_only_where_somebody_can_be() {
        let loopback: IpAddr = Ipv4Addr::LOCALHOST.into();
        let open: IpAddr = Ipv4Addr::UNSPECIFIED.into();
        for (named, from_loopback, from_all) in [
            ("127.0.0.1:5001", true, true),
            ("127.0.0.1:0", false, false),
            ("192.168.1.7:5001", false, true),
            ("0.0.0.0:5001", false, false),
            ("224.0.0.251:5353", false, false),
            ("255.255.255.255:9", false, false),
            ("[::1]:5001", false, false),
        ] {
            let named: SocketAddr = named.parse().unwrap();
            assert_eq!(may_be_dialled(loopback, named), from_loopback, "{named} from loopback");
            assert_eq!(may_be_dialled(open, named), from_all, "{named} from all addresses");
        }
    }

    #[test]
    fn a_holder_is_dialled_by_its_identity_at_the_addresses_that_make_sense() {
        let id = SecretKey::from_bytes(&[2; 32]).public();
        let named = ["127.0.0.1:5002", "10.0.0.7:5002"].map(|address| address.parse().unwrap());
        let holder = Holder { id: *id.as_bytes(), addresses: named.to_vec() };
        let way = EndpointAddr::new(id).with_ip_addr(named[0]);
        assert_eq!(on_loopback().way_to_holder(&holder), Some(way));
        // Not every number is a point on the curve.
        let numbers = (0..=u8::MAX).map(|byte| [byte; 32]);
        let no_key = numbers.into_iter().find(|id| EndpointId::from_bytes(id).is_err()).unwrap();
        let holder = Holder { id: no_key, addresses: named.to_vec() };
        assert_eq!(on_loopback().way_to_holder(&holder), None);
    }
}
