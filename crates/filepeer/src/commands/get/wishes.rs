//! What a person wants: names to search for, and tickets.

use anyhow::{Context, ensure};
use iroh::EndpointAddr;
use protocol::FileName;
use searching::{Found, Holder};

use crate::{fetch::outcome::Wanted, node::Node, ticket::Ticket};

/// A file, under the name that it gets.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) name: FileName,
    pub(super) source: Source,
}

#[derive(Debug)]
pub(super) enum Source {
    Search,
    /// Of one content.
    Tickets(Vec<Ticket>),
}

/// In the order of `texts`; tickets of one content are one wish.
pub(super) fn wishes(texts: &[String]) -> anyhow::Result<Vec<Wish>> {
    let mut wishes: Vec<Wish> = Vec::new();
    for text in texts {
        if !Ticket::is_meant_by(text) {
            let name = text.parse().with_context(|| cli::printable(text))?;
            wishes.push(Wish { name, source: Source::Search });
            continue;
        }
        let ticket: Ticket = text.parse()?;
        let same = wishes.iter_mut().find_map(|wish| match &mut wish.source {
            Source::Tickets(tickets) if tickets[0].hash == ticket.hash => Some(tickets),
            Source::Tickets(_) | Source::Search => None,
        });
        match same {
            Some(tickets) => tickets.push(ticket),
            None => {
                let (name, source) = (ticket.name.clone(), Source::Tickets(vec![ticket]));
                wishes.push(Wish { name, source });
            }
        }
    }
    Ok(wishes)
}

pub(super) fn of_tickets(node: &Node, tickets: &[Ticket]) -> anyhow::Result<Wanted> {
    let first = tickets.first().context("there is no ticket")?;
    let holders: Vec<_> = tickets.iter().filter_map(|ticket| way_to(node, ticket)).collect();
    ensure!(
        !holders.is_empty(),
        "the ticket is of another machine: --lan, --host or --relay lets this one reach it"
    );
    Ok(Wanted { hash: first.hash.into(), size: first.size, holders })
}

/// `None` where this node may send to none of its addresses.
fn way_to(node: &Node, ticket: &Ticket) -> Option<EndpointAddr> {
    let holder = Holder { id: ticket.holder, addresses: ticket.addresses.clone() };
    node.way_to(&holder).filter(|way| !way.is_empty())
}

pub(super) fn of_found(node: &Node, found: &Found) -> anyhow::Result<Wanted> {
    let ways = found.holders.iter().filter_map(|(holder, _)| node.way_to(holder));
    let holders: Vec<_> = ways.filter(|way| !way.is_empty()).collect();
    ensure!(!holders.is_empty(), "those who have it cannot be reached from here");
    Ok(Wanted { hash: found.hash.into(), size: found.size, holders })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(name: &str, hash: u8, holder: u8) -> String {
        let (name, hash, holder) = (name.parse().unwrap(), [hash; 32], [holder; 32]);
        Ticket { name, hash, size: 5, holder, addresses: vec![], relay: None }.to_string()
    }

    #[test]
    fn tickets_of_one_content_are_one_wish() {
        let texts = [ticket("a", 1, 1), "b".to_owned(), ticket("c", 1, 2), ticket("d", 2, 1)];
        let wishes = wishes(&texts).unwrap();
        let names: Vec<_> = wishes.iter().map(|wish| wish.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "d"]);
        assert!(matches!(&wishes[0].source, Source::Tickets(tickets) if tickets.len() == 2));
    }

    #[test]
    fn a_name_that_no_file_has_is_refused() {
        for text in ["../x", "", "a\u{202e}b", "filepeer1-AAAA"] {
            assert!(wishes(&[text.to_owned()]).is_err(), "{text}");
        }
    }
}
