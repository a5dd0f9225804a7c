//! A server that is asked now and then: a connection that is made when one is needed.

use protocol::{ErrorCode, Feature};

use crate::{ClientError, Connection, ConnectionOptions};

#[derive(Debug)]
pub struct Remote {
    server: String,
    options: ConnectionOptions,
    connection: Option<Connection>,
    /// It was asked, and has no feature that anybody could use.
    is_plain: bool,
}

impl Remote {
    pub fn new(server: String, options: ConnectionOptions) -> Self {
        Self { server, options, connection: None, is_plain: false }
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn options(&self) -> &ConnectionOptions {
        &self.options
    }

    /// Closes the connection if there is one; the next request makes another.
    pub fn close(&mut self) {
        self.connection = None;
    }

    /// Whether the server knows of `feature`. It is asked once on each connection, and no more once it
    /// has answered that it knows of none, or refused the question.
    pub fn knows(&mut self, feature: Feature) -> Result<bool, ClientError> {
        if self.is_plain {
            return Ok(false);
        }
        match self.request(|connection| connection.features().map(<[Feature]>::to_vec)) {
            Ok(features) => {
                self.is_plain = features.is_empty();
                Ok(features.contains(&feature))
            }
            Err(err) if is_about_question(&err) => {
                self.is_plain = true;
                Ok(false)
            }
            Err(err) => Err(err),
        }
    }

    /// Makes one request, on the last connection where that is still open.
    ///
    /// A server may close an idle connection at the very moment it is used again. `ask` is then
    /// called once more, on a new one: only if not a byte of a reply came, and every request of the
    /// protocol may be repeated.
    pub fn request<T>(
        &mut self,
        mut ask: impl FnMut(&mut Connection) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        if let Some(mut connection) = self.connection.take_if(|open| open.is_reusable()) {
            let answer = ask(&mut connection);
            if !closed_while_idle(&answer, &connection) {
                self.connection = Some(connection);
                return answer;
            }
        }
        let connection = Connection::connect(&self.server, self.options.clone())?;
        ask(self.connection.insert(connection))
    }
}

fn closed_while_idle<T>(answer: &Result<T, ClientError>, connection: &Connection) -> bool {
    let lost = matches!(answer, Err(ClientError::Closed | ClientError::Peer(_)));
    lost && !connection.reply_began()
}

/// Whether it says that the server does not know PING, and not that nothing can be asked of it.
fn is_about_question(err: &ClientError) -> bool {
    match err {
        ClientError::Refused { .. } => {
            matches!(err.code(), None | Some(ErrorCode::UnknownRequest | ErrorCode::BadRequest))
        }
        // Some servers hang up on what they do not know, or answer in words.
        ClientError::Closed | ClientError::Peer(_) | ClientError::Reply(_) => true,
        ClientError::Connect { .. }
        | ClientError::Tls(_)
        | ClientError::SpeaksTls
        | ClientError::TimedOut(_)
        | ClientError::DeadlinePassed
        | ClientError::AnsweredEarly
        | ClientError::BadContent(_)
        | ClientError::NoFile
        | ClientError::Lacks(_)
        | ClientError::OtherFile(_)
        | ClientError::SizeDiffers { .. }
        | ClientError::Source(_)
        | ClientError::Sink(_) => false,
    }
}
