//! What happens to a node, in sentences: those of the seed, where it has them.

use std::{net::SocketAddr, time::Duration};

use telemetry::Level;

use crate::{
    language::Language,
    node::{Event, Place},
};

/// How much an event matters, and what is said of it; a line for each sentence.
pub(crate) fn of(event: &Event, language: Language) -> (Level, Vec<String>) {
    match event {
        Event::Ready { address } => info([language.log_ready(at(*address))]),
        Event::NeighbourAdded { node, neighbour } => {
            info([language.log_neighbour(place(*node), place(*neighbour))])
        }
        Event::NeighbourLeft { neighbour } => {
            info([language.log_neighbour_left(place(*neighbour))])
        }
        Event::NeighbourLost { neighbour, why } => {
            warning(language.log_neighbour_lost(place(*neighbour), why))
        }
        Event::NeighbourUnreachable { neighbour, why, retry_in } => warning(
            language.log_unreachable(neighbour, why, format!("{:.1}", retry_in.as_secs_f64())),
        ),
        Event::RelayUnreachable { relay, why } => {
            warning(language.log_relay_unreachable(relay, why))
        }
        Event::QueryReceived { node, name, .. } => info([language.log_query(place(*node), name)]),
        Event::Found { name, holder, hops, response } => {
            let holder = place(*holder);
            let found = language.log_found(name, &holder);
            let took = language.log_response(holder, seconds(*response));
            let hops = hops.map(|hops| language.log_hops(hops));
            info([found, took].into_iter().chain(hops))
        }
        Event::NotFound { name, response } => {
            info([language.log_not_found(name, seconds(*response))])
        }
        Event::Served { name, peer, bytes, .. } => {
            info([language.log_served(name, bytes, place(*peer))])
        }
        Event::TransferDone { bytes, total, .. } => {
            // What took no time at all has no rate.
            let rate = *bytes as f64 / total.as_secs_f64().max(1e-9);
            info([language.log_done(seconds(*total), format!("{rate:.6}"))])
        }
        Event::HolderDropped { holder, why } => warning(language.log_dropped(place(*holder), why)),
        Event::PeerRefused { peer, why } => warning(language.log_refused(place(*peer), why)),
    }
}

fn info(sentences: impl IntoIterator<Item = String>) -> (Level, Vec<String>) {
    (Level::Info, sentences.into_iter().collect())
}

fn warning(sentence: String) -> (Level, Vec<String>) {
    (Level::Warning, vec![sentence])
}

/// With six decimals and a point in every language, as programs read it that know the seed's log.
fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

fn place(place: Place) -> String {
    place.address.map_or_else(|| place.to_string(), at)
}

/// Nodes of this machine are called as the seed calls them.
pub(crate) fn at(address: SocketAddr) -> String {
    match address.ip().is_loopback() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(event: &Event, language: Language) -> String {
        of(event, language).1.join("\n")
    }

    fn node(port: u16) -> Place {
        Place { address: Some(([127, 0, 0, 1], port).into()), id: None }
    }

    /// The lines of the seed's README, without their times.
    #[test]
    fn in_indonesian_the_words_are_those_of_the_seed() {
        let name = || "contoh.txt".parse().unwrap();
        let response = Duration::from_micros(991);
        let total = Duration::from_micros(3009);
        for (event, line) in [
            (
                Event::NeighbourAdded { node: node(5001), neighbour: node(5002) },
                "Node localhost:5001 menambahkan tetangga node localhost:5002.",
            ),
            (
                Event::QueryReceived { node: node(5002), name: "contoh.txt".to_owned() },
                "Node localhost:5002 menerima permintaan pencarian file 'contoh.txt'.",
            ),
            (
                Event::Found { name: name(), holder: node(5001), hops: None, response },
                "File 'contoh.txt' ditemukan di node localhost:5001.\n\
                 Waktu respon pencarian file di node localhost:5001: 0.000991s.",
            ),
            (
                Event::TransferDone { name: name(), bytes: 25, total },
                "Waktu respon total: 0.003009s, throughput: 8308.408109 bytes/s.",
            ),
        ] {
            assert_eq!(said(&event, Language::Id), line);
        }
    }

    #[test]
    fn what_went_wrong_is_a_warning_and_says_why() {
        let why = "it sent a frame of 5000 bytes".to_owned();
        let (level, lines) = of(&Event::PeerRefused { peer: node(9), why }, Language::En);
        assert_eq!(level, Level::Warning);
        assert_eq!(lines, ["The peer localhost:9 was sent away: it sent a frame of 5000 bytes."]);
    }

    /// So ends every search and every fetch of a person that this node answers.
    #[test]
    fn a_neighbour_that_leaves_is_no_warning() {
        let (level, lines) = of(&Event::NeighbourLeft { neighbour: node(5003) }, Language::En);
        assert_eq!(level, Level::Info);
        assert_eq!(lines, ["The neighbour node localhost:5003 has left."]);
    }

    #[test]
    fn a_neighbour_that_is_away_is_not_said_to_be_tried_again_in_no_time() {
        let event = Event::NeighbourUnreachable {
            neighbour: "192.0.2.1:7".to_owned(),
            why: "no answer".to_owned(),
            retry_in: Duration::from_millis(500),
        };
        assert!(said(&event, Language::En).ends_with("It is tried again in 0.5 s."));
    }

    #[test]
    fn hops_are_told_where_they_are_counted() {
        let found = |hops| Event::Found {
            name: "a".parse().unwrap(),
            holder: Place { address: Some(([192, 0, 2, 1], 7).into()), id: None },
            hops,
            response: Duration::ZERO,
        };
        let line = said(&found(Some(1)), Language::En);
        assert!(line.ends_with("It is 1 hop away."), "{line}");
        assert!(line.contains("at node 192.0.2.1:7."), "{line}");
        assert!(!said(&found(None), Language::En).contains("hop"));
    }
}
