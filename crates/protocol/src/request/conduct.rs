//! Whether a peer speaks the protocol at all, by what it has asked for so far.

use super::{ParseRequestError, Request};
use crate::ErrorCode;

/// How often in a row a peer may say what is no request. Quiet makes one of every byte that drips, so
/// whoever drips them would start all times again with each.
const UNKNOWN_MAX: u64 = 10;

/// What one peer has asked for so far, counted.
#[derive(Debug, Default)]
pub struct Conduct {
    requests: u64,
    /// Those since the last that were none.
    unknown: u64,
    /// The last reply said that something was no request or no content, and nothing came since.
    is_in_doubt: bool,
    /// In doubt, and what came along with that is no request either.
    is_lost: bool,
}

impl Conduct {
    pub fn count(&mut self, request: &Result<Request, ParseRequestError>) {
        self.requests += 1;
        self.unknown = if is_unknown(request) { self.unknown + 1 } else { 0 };
    }

    /// How many were counted.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The peer speaks something else, in more lines than the one that was answered: these were sent
    /// before it could read the answer, so they are no requests of their own and get none.
    pub fn is_rambling(&mut self, request: &Result<Request, ParseRequestError>) -> bool {
        self.is_lost |= self.is_in_doubt && is_unknown(request);
        self.is_lost
    }

    /// The peer is answered with this error.
    pub fn told(&mut self, code: ErrorCode) {
        use ErrorCode::{BadBase64, BadRequest, UnknownRequest};
        self.is_in_doubt = matches!(code, BadBase64 | BadRequest | UnknownRequest);
    }

    /// The peer goes on, and may have read what it was told.
    pub fn heard(&mut self) {
        self.is_in_doubt = false;
    }

    /// Why the peer has had all that it may have: one more request than `requests_max`, or nothing for too
    /// long that was one. `None` while it may go on.
    pub fn spent(&self, requests_max: u64) -> Option<String> {
        if self.is_lost {
            Some("more than one line that was no request, at once".to_owned())
        } else if self.requests > requests_max {
            Some(format!("more than {requests_max} requests"))
        } else if self.unknown >= UNKNOWN_MAX {
            Some(format!("{UNKNOWN_MAX} requests in a row that were none"))
        } else {
            None
        }
    }
}

fn is_unknown(request: &Result<Request, ParseRequestError>) -> bool {
    request.as_ref().is_err_and(|err| err.code() == ErrorCode::UnknownRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_a_line_that_is_no_request_is_rambling_and_what_comes_later_is_not() {
        let unknown = Request::parse(b"HELLO");
        let mut conduct = Conduct::default();
        assert!(!conduct.is_rambling(&unknown));
        conduct.count(&unknown);
        conduct.told(ErrorCode::UnknownRequest);
        assert!(!conduct.is_rambling(&Ok(Request::List)));
        conduct.heard();
        assert!(!conduct.is_rambling(&unknown));
        conduct.told(ErrorCode::UnknownRequest);
        assert!(conduct.is_rambling(&unknown) && conduct.is_rambling(&Ok(Request::List)));
        assert!(conduct.spent(100).is_some());
    }

    #[test]
    fn a_peer_may_make_so_many_requests_and_be_wrong_so_often_in_a_row() {
        let mut conduct = Conduct::default();
        (0..5).for_each(|_| conduct.count(&Ok(Request::List)));
        assert_eq!((conduct.requests(), conduct.spent(5)), (5, None));
        assert_eq!(conduct.spent(4), Some("more than 4 requests".to_owned()));
        let unknown = Request::parse(b"HELLO");
        (1..UNKNOWN_MAX).for_each(|_| conduct.count(&unknown));
        assert_eq!(conduct.spent(100), None);
        conduct.count(&unknown);
        assert!(conduct.spent(100).is_some());
    }
}
