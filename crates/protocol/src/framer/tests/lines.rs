//! Content on lines of its own, and content that is broken into lines.

use super::*;

/// As many bytes as make so many characters of text without padding.
fn line(len: usize) -> String {
    "QUJD".repeat(len / 4)
}

const WIDTHS: [usize; 4] = [60, 64, 72, 76];

/// What comes of a stream that may come to an error, however it is cut.
#[track_caller]
fn outcome_of(wire: &str) -> Result<Vec<Piece>, FrameError> {
    let outcome = |pieces: &[&[u8]]| {
        let (mut framer, mut parts) = (RequestFramer::default(), Vec::new());
        pieces.iter().try_for_each(|piece| feed(&mut framer, piece, &mut parts))?;
        Ok(parts)
    };
    let whole = outcome(&[wire.as_bytes()]);
    assert_eq!(outcome(&wire.as_bytes().chunks(1).collect::<Vec<_>>()), whole, "{wire}");
    for cut in 0..wire.len() {
        let (first, second) = wire.as_bytes().split_at(cut);
        assert_eq!(outcome(&[first, second]), whole, "{wire} cut at {cut}");
    }
    whole
}

/// An upload of this text, and what follows it.
fn upload(text: &str, then: &[Piece]) -> Result<Vec<Piece>, FrameError> {
    Ok([&[head("UPLOAD a "), body(text), Piece::End], then].concat())
}

#[test]
fn wrapped_content_is_one_upload_whatever_line_is_its_last() {
    for width in WIDTHS {
        let full = line(width);
        for start in ["UPLOAD a ", "UPLOAD a\r\n", "UPLOAD a\n"] {
            for last in ["QUJD", "QQ==", &format!("{}QUI=", line(width - 4))] {
                let wire = format!("{start}{full}\n{full}\n{last}\nPING\n");
                let text = format!("{full}\n{full}\n{last}");
                let ping = [head("PING"), Piece::End];
                assert_eq!(outcome_of(&wire), upload(&text, &ping), "{width} {start:?} {last}");
            }
        }
    }
}

#[test]
fn a_blank_line_or_a_request_ends_content_of_full_lines() {
    let full = line(64);
    for (follows, next) in [
        ("\r\n", None),
        (" \t\r\n", None),
        ("GET b\r\n", Some("GET b")),
        ("STATS\r\n", Some("STATS")),
        ("digest\n", Some("digest")),
        ("LIST all\n", Some("LIST all")),
        ("AUTH  kolam\n", Some("AUTH  kolam")),
        ("ECHO  halo \n", Some("ECHO  halo ")),
        ("UPLOAD b\n\n", Some("UPLOAD b")),
    ] {
        let next = next.map_or(vec![], |next| vec![head(next), Piece::End]);
        for lines in [full.clone(), format!("{full}\n{full}")] {
            let wire = format!("UPLOAD a {lines}\n{follows}");
            assert_eq!(outcome_of(&wire), upload(&lines, &next), "{follows:?}");
        }
    }
    let wire = format!("UPLOAD a {full}\nUPLOAD b {full}\n\n");
    let again = [head("UPLOAD b "), body(&full), Piece::End];
    assert_eq!(outcome_of(&wire), upload(&full, &again));
}

#[test]
fn the_carriage_return_of_each_line_stays_with_it() {
    let full = line(76);
    let wire = format!("UPLOAD a\r\n{full}\r\n{full}\r\nQUI=\r\n\r\n");
    assert_eq!(outcome_of(&wire), upload(&format!("{full}\r\n{full}\r\nQUI=\r"), &[]));
}

#[test]
fn a_line_that_is_base64_and_a_request_is_an_error() {
    for request in ["LIST", "ping", "ECHO", "AUTH", "List \r"] {
        for before in [line(64), format!("{}\n{}", line(64), line(64))] {
            let wire = format!("UPLOAD a {before}\n{request}\n");
            assert_eq!(outcome_of(&wire), Err(FrameError::AmbiguousLine), "{request}");
        }
        let wire = format!("UPLOAD a\n{request}\n");
        assert_eq!(outcome_of(&wire), Err(FrameError::AmbiguousLine), "{request}");
    }
}

#[test]
fn no_line_but_base64_within_the_width_belongs_to_wrapped_content() {
    for stray in
        [&line(68), "QUI", "HELLO", "hello world", "QUI=QUJD", "{\"json\": 1}", "QUJ-", "\""]
    {
        let wire = format!("UPLOAD a {}\n{stray}\n", line(64));
        assert_eq!(outcome_of(&wire), Err(FrameError::StrayLine), "{stray}");
    }
    // It need not come to its end.
    assert_eq!(error_of(format!("UPLOAD a {}\n{}", line(64), line(68)).as_bytes()), {
        FrameError::StrayLine
    });
}

#[test]
fn other_widths_end_at_their_first_line() {
    for width in [4, 56, 68, 80, 100] {
        let full = line(width);
        let wire = format!("UPLOAD a {full}\nPING\n");
        assert_eq!(outcome_of(&wire), upload(&full, &[head("PING"), Piece::End]));
    }
    // A line of text that is no base64 does not go on either.
    let wire = format!("UPLOAD a {}-\nPING\n", &line(64)[1..]);
    let text = format!("{}-", &line(64)[1..]);
    assert_eq!(outcome_of(&wire), upload(&text, &[head("PING"), Piece::End]));
}

#[test]
fn content_may_start_on_the_next_line() {
    let long = line(1000);
    for (text, body) in
        [("QQ==", "QQ=="), ("QUJD", "QUJD"), ("Zg", "Zg"), (&long, &long), ("\"QUJD\"", "QUJD")]
    {
        for name in ["a", "a\r\r"] {
            let wire = format!("UPLOAD {name}\n{text}\n\nPING\n");
            assert_eq!(outcome_of(&wire), upload(body, &[head("PING"), Piece::End]), "{text}");
        }
    }
    let whole = outcome_of("UPLOAD a\nwhat is this?\nPING\n");
    assert_eq!(whole, upload("what is this?", &[head("PING"), Piece::End]));
}

#[test]
fn a_name_without_content_is_a_request_without_content() {
    let missing = |then: &[Piece]| Ok([&[head("UPLOAD a"), Piece::End], then].concat());
    assert_eq!(outcome_of("UPLOAD a\r\n\r\n"), missing(&[]));
    assert_eq!(outcome_of("UPLOAD a\r\n \r\nPING\n"), missing(&[head("PING"), Piece::End]));
    assert_eq!(outcome_of("UPLOAD a\nGET b\n"), missing(&[head("GET b"), Piece::End]));
    let again = [head("UPLOAD b "), body("QUJD"), Piece::End];
    assert_eq!(outcome_of("UPLOAD a\nUPLOAD b\nQUJD\n"), missing(&again));
    for why in [Pause::Quiet, Pause::Closed] {
        let mut framer = stalled_after("UPLOAD a\r\n");
        assert!(framer.is_in_head());
        assert_eq!(framer.quiet(), Some(QUIET_AFTER_NAME));
        assert_eq!(pause(&mut framer, why), missing(&[]));
    }
    // A blank would not end these names, so no content can follow them.
    for name in ["\"a", "a\\", "'a"] {
        let wire = format!("UPLOAD {name}\nPING\n");
        assert_eq!(outcome_of(&wire).unwrap()[2..], [head("PING"), Piece::End], "{name}");
    }
}

#[test]
fn quiet_ends_full_lines_only_after_the_first_and_only_in_the_end() {
    let full = line(72);
    for wire in [format!("UPLOAD a {full}\r\n"), format!("UPLOAD a\n{full}\n\r")] {
        let mut framer = stalled_after(&wire);
        assert_eq!(framer.quiet(), Some(QUIET_AFTER_FIRST_LINE));
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![Piece::End]));
        assert!(framer.is_between_requests());
    }
    for more in [format!("{full}\n"), format!("{full}\n{full}\n"), full.clone(), "QUJD".into()] {
        let mut framer = stalled_after(&format!("UPLOAD a {full}\n{more}"));
        assert_eq!(framer.quiet(), None, "{more}");
        assert_eq!(pause(&mut framer, Pause::Quiet), Ok(vec![]), "{more}");
    }
    // Nothing can follow padding, on whatever line.
    let mut padded = stalled_after(&format!("UPLOAD a {full}\nQUI="));
    assert_eq!(padded.quiet(), Some(QUIET));
    assert_eq!(pause(&mut padded, Pause::Quiet), Ok(vec![Piece::End]));
}

#[test]
fn a_closed_half_ends_full_lines_only_for_a_peer_that_stays() {
    let full = line(60);
    let closed_after = |more: &str| {
        let mut framer = stalled_after(&format!("UPLOAD a {full}\n{more}"));
        pause(&mut framer, Pause::Closed)
    };
    assert_eq!(closed_after(""), Ok(vec![Piece::EndIfPeerStays]));
    assert_eq!(closed_after("\r"), Ok(vec![Piece::EndIfPeerStays]));
    assert_eq!(closed_after("QUJDQUJD"), Ok(vec![Piece::EndIfPeerStays]));
    // What was held back until more would come.
    assert_eq!(closed_after("QUJD"), Ok(vec![body("\nQUJD"), Piece::EndIfPeerStays]));
    assert_eq!(closed_after("STATS"), {
        Ok(vec![Piece::EndIfPeerStays, head("STATS"), Piece::End])
    });
    assert_eq!(closed_after("LIST"), Err(FrameError::AmbiguousLine));
}

#[test]
fn blanks_do_not_keep_a_line_from_starting_for_ever() {
    for start in ["UPLOAD a\n".to_owned(), format!("UPLOAD a {}\n", line(64))] {
        for blanks in [" ".repeat(1000), format!("LIST{}", " ".repeat(1000))] {
            assert_eq!(outcome_of(&format!("{start}{blanks}")), Err(FrameError::AmbiguousLine));
        }
    }
}

#[test]
fn a_stalled_dialect_with_bars_is_complete() {
    let mut framer = stalled_after("UPLOAD a.txt||aGVsbG8=");
    assert_eq!(framer.quiet(), Some(QUIET));
    let whole = pause(&mut framer, Pause::Quiet);
    assert_eq!(whole, Ok(vec![head("UPLOAD a.txt||aGVsbG8="), Piece::End]));
    assert_eq!(outcome_of("UPLOAD a||QUJD\r\n").unwrap(), [head("UPLOAD a||QUJD"), Piece::End]);
    assert_eq!(stalled_after("UPLOAD a|b").quiet(), None);
    assert_eq!(stalled_after("UPLOAD a||b.txt").quiet(), None);
    let name_with_bars = outcome_of("UPLOAD a||b.txt\r\nQUJD\r\n\r\n").unwrap();
    assert_eq!(name_with_bars[0], head("UPLOAD a||b.txt "));
}
