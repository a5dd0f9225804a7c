//! A head is read, written and read again to the same.

use protocol::{Fragment, Reply, Request, RequestFramer};

pub(crate) fn hold(head: &[u8]) {
    match Request::parse(head) {
        Ok(request) => comes_back(&request),
        Err(err) => {
            let reply = Reply::error(err.code(), err).to_wire();
            assert!(reply.is_ascii(), "{}", reply.escape_ascii());
        }
    }
}

/// What a client writes for `request` is one head to the framer, and `request` to the parser.
pub(crate) fn comes_back(request: &Request) {
    let mut wire = request.to_wire();
    if matches!(request, Request::Upload(_)) {
        wire.push(' ');
    }
    assert_eq!(Request::parse(wire.as_bytes()).as_ref(), Ok(request), "{wire}");
    let line = format!("{wire}\r\n\r\n");
    let mut framer = RequestFramer::default();
    let (fragment, used) = framer.next(line.as_bytes()).expect("a client's line is a frame");
    assert_eq!(fragment, Some(Fragment::Head(wire.as_bytes())));
    assert!(used >= wire.len());
}
