//! FETCH and STORE: content as it is, behind a reply or a go-ahead.

use std::mem;

use protocol::{
    Reply,
    request::{Fetch, Store},
};
use serving::FileRange;
use storage::PartKey;

use super::{
    super::{fetching::Fetching, refusal::Refusal, storing::Storing, transfer::UploadError},
    Exchange, Work,
};
use crate::{error::ConnectionError, faults::Faults, service::Limits};

impl Exchange {
    pub(super) fn begin_fetch(&mut self, fetch: Fetch) -> Result<Work, Refusal> {
        let file = self.service.store.read(&fetch.name)?;
        let flipped_bits = self.service.faults.as_ref().map_or(0, Faults::flipped_bits);
        let fetching = Fetching::new(fetch, file, flipped_bits)?;
        self.connection.total_is(fetching.left());
        Ok(Work::Fetch(Box::new(fetching)))
    }

    pub(super) fn begin_store(&mut self, store: Store) -> Result<Work, Refusal> {
        let Store { name, length, resume } = store;
        let Limits { upload_len_max, if_exists, .. } = self.service.limits;
        if length > upload_len_max {
            return Err(UploadError::TooLarge(upload_len_max).into());
        }
        let visitor = self.access.name().map(str::to_owned);
        let key = resume.map(|id| PartKey { id, visitor });
        let upload = self.service.store.store(name, length, if_exists, key.as_ref())?;
        self.connection.total_is(length - upload.len());
        Ok(Work::Rehash(Box::new(Storing::new(upload, length))))
    }

    /// What [`Progress::File`](super::Progress::File) is about.
    pub(in super::super) fn file(&self) -> Option<FileRange<'_>> {
        match &self.work {
            Work::Fetch(fetching) => fetching.range(),
            _ => None,
        }
    }

    /// So many bytes of the file were sent.
    pub(in super::super) fn file_sent(&mut self, len: usize) {
        self.has_sent = true;
        if let Work::Fetch(fetching) = &mut self.work {
            fetching.took(len);
            self.fetched(len);
        }
    }

    /// The file is to be sent through the output.
    pub(in super::super) fn copy_file(&mut self) -> Result<(), ConnectionError> {
        match &mut self.work {
            Work::Fetch(fetching) => fetching.copy().map_err(ConnectionError::Disk),
            _ => Ok(()),
        }
    }

    /// So much more of a FETCH is on its way, or all of it.
    pub(super) fn fetched(&mut self, len: usize) {
        self.connection.sent(len as u64);
        if matches!(&self.work, Work::Fetch(fetching) if fetching.left() == 0) {
            self.work = Work::Nothing;
            self.counted_when_sent = Some(Ok(()));
        }
    }

    /// Has the client send what is still to come.
    pub(super) fn go_ahead(&mut self) {
        let Work::Rehash(storing) = mem::replace(&mut self.work, Work::Nothing) else { return };
        self.output.set(&Reply::GoAhead { offset: storing.offset() }.to_wire());
        self.content_expected = Some(storing.left());
        self.work = Work::Store(storing);
    }

    pub(super) fn store_raw(&mut self, content: &[u8]) {
        let Work::Store(storing) = &mut self.work else { return };
        match storing.take(content) {
            Ok(()) => self.connection.received(content.len() as u64),
            Err(err) => {
                self.work = Work::BrokenOff;
                self.answer(&Refusal::from(err).reply());
            }
        }
    }

    pub(super) fn commit_raw(&mut self, storing: Storing) {
        let reply = storing.commit().unwrap_or_else(|err| Refusal::from(err).reply());
        self.answer(&reply);
    }

    /// How much content comes before the next request, once for each that has any.
    pub(in super::super) fn take_content_expected(&mut self) -> Option<u64> {
        self.content_expected.take()
    }

    /// What the peer sends is content that nobody takes any more.
    pub(in super::super) fn is_broken_off(&self) -> bool {
        matches!(self.work, Work::BrokenOff)
    }

    /// The content of a STORE is coming.
    pub(in super::super) fn is_storing(&self) -> bool {
        matches!(self.work, Work::Store(_))
    }
}
