//! FETCH and STORE: a head that ends with CR LF CR LF, and content that is counted.

use super::{Fragment, FrameError, Framed, HEAD_LEN_MAX, HeadScan, RequestFramer, State};
use crate::reply::ENDING;

impl RequestFramer {
    /// Whatever stands before the ending is the head, line ends too: the parser refuses them.
    pub(super) fn next_of_raw_head(&mut self, input: &[u8]) -> Framed<'_> {
        for (position, &byte) in input.iter().enumerate() {
            self.head.push(byte);
            if self.head.ends_with(ENDING) {
                self.head.truncate(self.head.len() - ENDING.len());
                self.state = State::EndOfHead;
                return Ok((Some(Fragment::Head(&self.head)), position + 1));
            }
            if self.head.len() >= HEAD_LEN_MAX + ENDING.len() {
                return Err(FrameError::HeadTooLong);
            }
        }
        self.state = State::Head(HeadScan::Raw);
        Ok((None, input.len()))
    }

    pub(super) fn next_of_raw<'a>(
        &mut self,
        left: u64,
        input: &'a [u8],
    ) -> (Option<Fragment<'a>>, usize) {
        if left == 0 {
            return (Some(self.end()), 0);
        }
        if input.is_empty() {
            return (None, 0);
        }
        let len = left.min(input.len() as u64);
        self.state = State::Raw { left: left - len };
        (Some(Fragment::Raw(&input[..len as usize])), len as usize)
    }
}
