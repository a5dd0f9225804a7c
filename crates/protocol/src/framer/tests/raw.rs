//! FETCH and STORE among other requests.

use super::*;

/// Feeds a stream in which each STORE goes ahead with as many bytes as it says.
fn outcome_of(wire: &str) -> Result<Vec<Piece>, FrameError> {
    let outcome = |pieces: &[&[u8]]| {
        let (mut framer, mut parts) = (RequestFramer::default(), Vec::new());
        pieces.iter().try_for_each(|piece| feed(&mut framer, piece, &mut parts))?;
        Ok(parts)
    };
    let whole = outcome(&[wire.as_bytes()]);
    for cut in 0..wire.len() {
        let (first, second) = wire.as_bytes().split_at(cut);
        assert_eq!(outcome(&[first, second]), whole, "{wire} cut at {cut}");
    }
    whole
}

#[test]
fn a_head_ends_with_two_line_ends_and_what_follows_is_the_next_request() {
    for (wire, heads) in [
        ("FETCH a\r\n\r\nLIST\r\n\r\n", ["FETCH a", "LIST"]),
        ("fetch\ta offset=1 \r\n\r\nFETCH b\r\n\r\n", ["fetch\ta offset=1 ", "FETCH b"]),
        ("FETCH\r\n\r\n\r\nPING\n", ["FETCH", "PING"]),
        ("FETCH a\nLIST\r\n\r\nPING\n", ["FETCH a\nLIST", "PING"]),
        ("FETCH\na\r\n\r\nPING\n", ["FETCH\na", "PING"]),
        ("FETCH a\r\nb\r\n\r\nPING\n", ["FETCH a\r\nb", "PING"]),
        ("FETCH a\r\r\n\r\nPING\n", ["FETCH a\r", "PING"]),
        ("UPLOAD a QUJD\nFETCH a\r\n\r\n", ["UPLOAD a ", "FETCH a"]),
        ("UPLOAD a\r\nFETCH\r\n\r\n", ["UPLOAD a", "FETCH"]),
    ] {
        let pieces = outcome_of(wire).unwrap();
        let found = pieces.iter().filter(|piece| matches!(piece, Piece::Head(_)));
        assert!(found.eq(heads.map(head).iter()), "{wire:?}: {pieces:?}");
        assert_eq!(pieces.last(), Some(&Piece::End), "{wire:?}");
    }
}

#[test]
fn the_content_of_a_store_is_counted_whatever_it_looks_like() {
    let wire = "STORE a length=6\r\n\r\n\r\nLIST\r\n\r\nSTORE b length=0\r\n\r\nPING\n";
    let expected = [
        head("STORE a length=6"),
        Piece::Raw("\r\nLIST".to_owned()),
        Piece::End,
        head("STORE b length=0"),
        Piece::End,
        head("PING"),
        Piece::End,
    ];
    assert_eq!(outcome_of(wire), Ok(expected.to_vec()));
}

#[test]
fn quiet_ends_no_head_and_no_content() {
    for wire in
        ["FETCH", "STORE", "FETCH\r", "FETCH a", "FETCH a\r\n\r", "STORE a length=2\r\n\r\n1"]
    {
        let mut framer = stalled_after(wire);
        assert_eq!(framer.quiet(), None, "{wire:?}");
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![]), "{wire:?}");
        assert!(!framer.is_between_requests(), "{wire:?}");
    }
    // It may still become another word.
    assert_eq!(stalled_after("FETC").quiet(), Some(QUIET));
}

#[test]
fn a_closed_half_ends_no_head_and_no_content() {
    for wire in ["FETCH", "FETCH a\r\n"] {
        let mut framer = stalled_after(wire);
        assert!(framer.is_in_head());
        assert_eq!(pause(&mut framer, Pause::Closed), Err(FrameError::HeadUnended), "{wire:?}");
    }
    let mut framer = stalled_after("STORE a length=5\r\n\r\n12");
    assert!(!framer.is_in_head());
    let cut = FrameError::ContentCut { missing: 3 };
    assert_eq!(pause(&mut framer, Pause::Closed), Err(cut));
}

#[test]
fn a_raw_head_has_the_same_longest_length() {
    let longest = [b"FETCH ".as_slice(), &[b'x'; HEAD_LEN_MAX - 6]].concat();
    assert_eq!(pieces_of(&[&longest, &b"\r\n\r\n"[..]].concat()).len(), 2);
    assert_eq!(error_of(&[&longest, &b"x\r\n\r\n"[..]].concat()), FrameError::HeadTooLong);
    assert_eq!(error_of(&[&longest, &b"\r\n\rx"[..]].concat()), FrameError::HeadTooLong);
}
