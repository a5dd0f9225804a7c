//! Who is at the other end of a connection, and what they may ask for.

use protocol::{ErrorCode, ParseRequestError, Request, Token, request::Conduct};

use super::refusal::Refusal;
use crate::{
    service::FileService,
    tokens::{Identity, Permission},
};

/// Requests that a peer may make without saying who it is, where the server wants to know; and how
/// much of an upload is skipped for it.
const STRANGER_REQUESTS_MAX: u64 = 10;
const STRANGER_SKIPPED_MAX: u64 = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Access {
    /// From the last token; none is asked for where the server has no tokens.
    identity: Option<Identity>,
    conduct: Conduct,
}

impl Access {
    /// The peer has said who it is, or need not.
    pub(super) fn is_known(&self, service: &FileService) -> bool {
        service.tokens.is_none() || self.identity.is_some()
    }

    pub(super) fn count_request(&mut self, request: &Result<Request, ParseRequestError>) {
        self.conduct.count(request);
    }

    /// The peer speaks something else, in more lines than the one that was answered: these were sent
    /// before it could read the answer, so they are no requests of their own and get none.
    pub(super) fn is_rambling(&mut self, request: &Result<Request, ParseRequestError>) -> bool {
        self.conduct.is_rambling(request)
    }

    /// The peer is answered with this error.
    pub(super) fn told(&mut self, code: ErrorCode) {
        self.conduct.told(code);
    }

    /// The peer goes on, and may have read what it was told.
    pub(super) fn heard(&mut self) {
        self.conduct.heard();
    }

    /// One more request than a connection may make was made, or nothing for too long that was one.
    pub(super) fn requests_spent(&self, service: &FileService) -> Option<String> {
        self.conduct.spent(self.requests_max(service))
    }

    /// How much text of a refused upload is read before the connection is ended instead.
    pub(super) fn skipped_max(&self, service: &FileService) -> u64 {
        let skipped_max = protocol::body::text_len(service.limits.upload_len_max);
        if self.is_known(service) { skipped_max } else { STRANGER_SKIPPED_MAX.min(skipped_max) }
    }

    pub(super) fn expect_allowed(
        &self,
        request: &Request,
        service: &FileService,
    ) -> Result<(), Refusal> {
        if self.conduct.requests() > self.requests_max(service) {
            return Err(Refusal::TooManyRequests(self.requests_max(service)));
        }
        if matches!(request, Request::Auth(_) | Request::Ping) {
            return Ok(());
        }
        if !self.is_known(service) {
            return Err(Refusal::Stranger);
        }
        let may_write =
            self.identity.as_ref().is_none_or(|it| it.permission == Permission::ReadWrite);
        match request {
            Request::Upload(_) | Request::Store(_) | Request::Delete(_) => {
                match (service.limits.read_only, may_write) {
                    (true, _) => Err(Refusal::ReadOnly),
                    (false, false) => Err(Refusal::ReadToken),
                    (false, true) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// What the owner of the token is told; `None` when the token is wrong, which also ends what an
    /// earlier one allowed.
    pub(super) fn identify(&mut self, token: &Token, service: &FileService) -> Option<String> {
        let Some(tokens) = &service.tokens else {
            return Some("this server asks for no token".to_owned());
        };
        self.identity = tokens.identify(token).cloned();
        let Identity { name, permission } = self.identity.as_ref()?;
        Some(format!("welcome {name}, you may {}", permission.sentence()))
    }

    /// Whose token was given.
    pub(super) fn name(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.name.as_str())
    }

    fn requests_max(&self, service: &FileService) -> u64 {
        let requests_max = service.limits.requests_max;
        if self.is_known(service) { requests_max } else { requests_max.min(STRANGER_REQUESTS_MAX) }
    }
}
