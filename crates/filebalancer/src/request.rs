//! Level `request`: every request of a client may go to another backend.
//!
//! A [session] reads the requests of its [client] as the file server does, and answers
//! some itself. Others it [forwards](forward), over [connections](kept) that stay open between requests. What
//! may follow when a backend is lost is [decided](attempts) apart from that.
//!
//! A client that is silent costs its socket and some 7 KiB, with TLS 14 KiB; a request as much as it moves at
//! a time, 256 KiB at most in each direction. Shutdown: clients between requests leave, requests under way
//! finish, until the grace period is over.

mod attempts;
mod client;
mod connection;
mod content;
mod ending;
mod forward;
mod input;
pub(crate) mod kept;
mod merged_list;
mod raw;
mod relay;
mod secured;
mod session;

use std::{io, time::Instant};

use protocol::{ErrorCode, Feature, Reply, Request, Token, Verb};
use telemetry::{Level, OpenConnection};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use self::{
    client::{Asked, Client},
    ending::Ending,
    kept::Owner,
    session::{Identity, Session},
};
use crate::{
    backend::proxy_header,
    balancer::{Balancer, Layout},
    pool::SharedPool,
    stats,
};

/// Serves one client to the end of its connection.
pub(crate) async fn serve(balancer: &Balancer, stream: TcpStream, mut connection: OpenConnection) {
    let header = match balancer.sends_proxy.then(|| header(&stream)).transpose() {
        Ok(header) => header,
        Err(err) => return connection.failed(Level::Info, Ending::Lost(err)),
    };
    match balancer.security.acceptor() {
        None => converse(balancer, stream, header, connection).await,
        // Boxed, so that a client in plain text has no room for it.
        Some(tls) => match Box::pin(secured::agree(balancer, &tls, stream)).await {
            Ok(stream) => converse(balancer, stream, header, connection).await,
            Err(why) => count(connection, &why),
        },
    }
}

async fn converse<S>(
    balancer: &Balancer,
    stream: S,
    header: Option<Vec<u8>>,
    connection: OpenConnection,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let client = Client::new(stream, balancer.limits.time(), balancer.phase.clone());
    let identity = Identity::unknown(header);
    let mut session = Session { balancer, client, connection, identity };
    let ended = tokio::select! {
        // One that has no request leaves by itself.
        biased;
        ended = run(&mut session) => ended,
        () = balancer.grace_period_over() => {
            balancer.server.connection_cut();
            Err(Ending::ShutDown)
        }
    };
    close(session, ended).await;
}

/// Names the client to a backend.
fn header(client: &TcpStream) -> io::Result<Vec<u8>> {
    Ok(proxy_header::of_client(client.peer_addr()?, client.local_addr()?))
}

async fn run<S>(session: &mut Session<'_, S>) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let requests_max = session.balancer.limits.requests_max;
    while let Some(asked) = session.client.next_request().await? {
        if !session.client.conduct.is_rambling(&asked.request) {
            // Boxed, so that a silent client costs no more than it needs.
            Box::pin(respond(session, asked)).await?;
        }
        if let Some(spent) = session.client.conduct.spent(requests_max) {
            return Err(Ending::Spent(spent));
        }
    }
    Ok(())
}

async fn respond<S>(session: &mut Session<'_, S>, asked: Asked) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let Asked { request, verb, file } = asked;
    let label = verb.map_or(Verb::NO_VERB, Verb::label);
    session.connection.request_started(label, file, Instant::now());
    session.client.conduct.count(&request);
    let (Balancer { server, pool, layout, limits, .. }, conduct) =
        (session.balancer, &session.client.conduct);
    if conduct.requests() > limits.requests_max {
        let max = limits.requests_max;
        let why = format!("this connection has made {max} requests, and may make no more");
        return session.answer(&Reply::error(ErrorCode::TooManyRequests, why)).await;
    }
    match request {
        Err(err) => session.answer(&Reply::error(err.code(), &err)).await,
        Ok(Request::Ping) => session.answer(&Reply::Pong(pool.features())).await,
        Ok(request @ (Request::Fetch(_) | Request::Store(_))) if !is_known(pool, &request) => {
            let why = "not all servers behind this balancer know it: GET and UPLOAD do the same";
            session.answer(&Reply::error(ErrorCode::UnknownRequest, why)).await
        }
        Ok(Request::Stats) => {
            let stats = stats::collect(server, pool, Instant::now());
            session.answer(&Reply::Stats(Box::new(stats))).await
        }
        Ok(Request::Auth(token)) => introduce(session, token).await,
        Ok(request @ (Request::List | Request::ListSizes)) if *layout == Layout::ByName => {
            session.answer_with_all_files(&request).await
        }
        Ok(request) => session.forward(&request).await.map(drop),
    }
}

/// Whether all backends know of the verb.
fn is_known(pool: &SharedPool, request: &Request) -> bool {
    let feature = if request.verb() == Verb::Fetch { Feature::Fetch } else { Feature::Store };
    pool.features().contains(&feature)
}

/// Has a backend say whether it knows the token. Whatever it says, the client has its own connections to
/// backends from now on.
async fn introduce<S>(session: &mut Session<'_, S>, token: Token) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    session.close_own_connections();
    session.identity.owner = Some(Owner::new());
    session.identity.token = None;
    if session.forward(&Request::Auth(token.clone())).await? {
        session.identity.token = Some(token);
        session.learn_of_all().await;
    } else {
        session.connection.not_identified();
    }
    Ok(())
}

/// Tells the client why its connection ends, where that makes sense, and counts how it went.
async fn close<S>(session: Session<'_, S>, ended: Result<(), Ending>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    session.close_own_connections();
    let Session { mut client, mut connection, .. } = session;
    let Err(why) = ended else {
        connection.succeeded();
        return client.say_goodbye().await;
    };
    if let Some(reply) = client.last_reply(&why)
        && client.send_last(&reply.to_wire()).await.is_ok()
        && let Reply::Error { code, .. } = reply
    {
        connection.request_finished(Some(code.as_str()), Instant::now());
    }
    count(connection, &why);
    if why.takes_leave() {
        client.see_off().await;
    }
}

/// Counts how the connection went.
fn count(mut connection: OpenConnection, why: &Ending) {
    if why.is_a_limit() {
        connection.limited(why);
    }
    match why.failure() {
        None => connection.succeeded(),
        Some(level) => connection.failed(level, why),
    }
}
