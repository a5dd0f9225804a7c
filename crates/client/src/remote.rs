//! A server that is asked now and then: a connection that is made when one is needed.

use crate::{ClientError, Connection, ConnectionOptions};

#[derive(Debug)]
pub struct Remote {
    server: String,
    options: ConnectionOptions,
    connection: Option<Connection>,
}

impl Remote {
    pub fn new(server: String, options: ConnectionOptions) -> Self {
        Self { server, options, connection: None }
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
