//! The page over HTTP: a few clients at once, for five seconds each.

use std::{net::TcpListener, time::Instant};

use listening::{
    ListenerError,
    http::{self, Answer, Reply, Request},
};

use super::format::PageFormat;
use crate::shared::Shared;

/// Enough for some Prometheus servers and a few people with browsers.
const CLIENTS_MAX: usize = 8;

const INDEX: &str = "<!doctype html><title>kolam</title><a href=\"/metrics\">Metrics</a>\n";

/// Serves `GET /metrics` on `listener` until the process ends; returns at once. `text` makes the
/// page as OpenMetrics; it is called from threads of the server, never twice at a time.
pub fn serve(
    listener: TcpListener,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> Result<(), ListenerError> {
    let page = Shared::new(text);
    let answer = move |request: &Request| Answer::Reply(reply(request, &page));
    http::serve(listener, "metrics", CLIENTS_MAX, answer).map(drop)
}

fn reply(request: &Request, page: &Shared<String, impl Fn() -> String>) -> Reply {
    match request.path.as_str() {
        "/metrics" => {
            let format = PageFormat::accepted(&request.header("accept"));
            let text = page.since(Instant::now());
            let content = format.write(&text).into_owned();
            Reply { content_type: format.content_type(), ..Reply::text("200 OK", content) }
        }
        "/" => Reply::html(INDEX),
        _ => Reply::text("404 Not Found", "not found; the metrics are at /metrics\n"),
    }
}
