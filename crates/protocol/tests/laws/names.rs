//! Names, tokens and texts: what is accepted obeys every rule, and comes back from the wire as it was.

use protocol::{
    EchoText, FileName, Reply, Request, TOKEN_LEN_MAX, Token,
    request::{Fetch, Store},
};

use super::{replies::read, requests};

pub(crate) fn hold(bytes: &[u8]) {
    let name = FileName::from_bytes(bytes);
    assert_eq!(name.is_ok(), is_a_name(bytes), "{name:?}");
    if let Ok(name) = name {
        assert_eq!(name.as_str().as_bytes(), bytes);
        is_carried(&name);
    }
    // The same bytes as a word of the shell.
    for verb in ["GET ", "DELETE ", "DIGEST ", "UPLOAD ", "FETCH ", "STORE "] {
        let fields: &[u8] = if verb == "STORE " { b" length=1" } else { b" " };
        let head = [verb.as_bytes(), bytes, fields].concat();
        if let Some(name) = Request::parse(&head).ok().as_ref().and_then(Request::file_name) {
            assert!(is_a_name(name.as_str().as_bytes()), "{name}");
        }
    }
    token_holds(bytes);
    text_holds(bytes);
}

/// The rules of the protocol's second section, in the words of that section.
fn is_a_name(bytes: &[u8]) -> bool {
    let Ok(name) = str::from_utf8(bytes) else { return false };
    let bidirectional = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
        '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    let is_single_component = !name.contains(['/', '\\']);
    let is_control = |c| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}');
    (1..=255).contains(&bytes.len())
        && is_single_component
        && !name.contains(is_control)
        && !name.contains(bidirectional)
        && !name.starts_with('.')
}

fn is_carried(name: &FileName) {
    for request in [Request::Get, Request::Upload, Request::Delete, Request::Digest] {
        requests::comes_back(&request(name.clone()));
    }
    requests::comes_back(&Request::Fetch(Fetch::whole(name.clone())));
    let id = Some("0123456789abcdef".repeat(2).parse().expect("it is an ID"));
    requests::comes_back(&Request::Store(Store { name: name.clone(), length: 1, resume: id }));
    let list = read(&[&Reply::List(vec![name.clone()]).to_wire()]);
    assert_eq!(list.replies[0].1.names(), Some(vec![name.to_string()]));
}

fn token_holds(bytes: &[u8]) {
    let is_token =
        (1..=TOKEN_LEN_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    let token = Token::from_bytes(bytes);
    assert_eq!(token.is_ok(), is_token, "{token:?}");
    if let Ok(token) = token {
        assert_eq!(token.reveal().as_bytes(), bytes);
        requests::comes_back(&Request::Auth(token));
    }
}

fn text_holds(bytes: &[u8]) {
    let is_line = !bytes.contains(&b'\n') && !bytes.ends_with(b"\r");
    let is_text = bytes.len() <= 4091 && is_line && str::from_utf8(bytes).is_ok();
    let text = EchoText::from_bytes(bytes);
    assert_eq!(text.is_ok(), is_text, "{text:?}");
    if let Ok(text) = text {
        assert_eq!(text.as_str().as_bytes(), bytes);
        requests::comes_back(&Request::Echo(text.clone()));
        let echo = read(&[&Reply::Echo(text.clone()).to_wire()]);
        assert_eq!(echo.replies[0].1.data(), text.as_str());
    }
}
