//! What is answered to a browser: the files of the page, its WebSocket, and what can be downloaded.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, Request, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;

use super::{gate::Stranger, limits::FRAME_LEN_MAX, places::Peer, site::Site, socket};
use crate::{page::ASSETS, trace};

/// Nothing comes from anywhere else, and no other page may hold this one in a frame.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a connection is handed at once of a download.
const PART_LEN: usize = 64 * 1024;

/// All paths. Each answer carries the headers that keep a browser from mixing this site with others.
pub(crate) fn all(site: Arc<Site>) -> Router {
    let mut router = Router::new()
        .route("/ws", get(open_socket))
        .route("/export.json", get(export_json))
        .route("/export.csv", get(export_csv))
        .route("/traces/{id}", get(export_trace));
    for asset in ASSETS {
        let headers = [(header::CONTENT_TYPE, asset.kind)];
        router = router.route(asset.path, get(move || async move { (headers, asset.content) }));
    }
    router.layer(middleware::from_fn_with_state(Arc::clone(&site), check)).with_state(site)
}

async fn check(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut response = match site.gate.expect_host(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(stranger) => refuse(stranger),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refuse(stranger: Stranger) -> Response {
    (StatusCode::FORBIDDEN, format!("{stranger}\n")).into_response()
}

async fn open_socket(
    State(site): State<Arc<Site>>,
    Extension(Peer(address)): Extension<Peer>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if let Err(stranger) = site.gate.expect_origin(&headers) {
        return refuse(stranger);
    }
    let place = match site.pages.take(address) {
        Ok(place) => place,
        Err(why) => {
            let retry = [(header::RETRY_AFTER, "5")];
            return (why.status(), retry, format!("{why}\n")).into_response();
        }
    };
    // After the place, so that a page that was refused can ask why without a WebSocket.
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(no_upgrade) => return no_upgrade.into_response(),
    };
    let number = site.next_page();
    upgrade
        .read_buffer_size(FRAME_LEN_MAX)
        .write_buffer_size(0)
        .max_message_size(FRAME_LEN_MAX)
        .max_frame_size(FRAME_LEN_MAX)
        .on_upgrade(move |socket| async move {
            socket::serve(&site, number, socket).await;
            drop(place);
        })
}

async fn export_json(State(site): State<Arc<Site>>) -> Response {
    download(&site, "application/json", "chatsim.json", || {
        site.world.act(|stage| stage.watcher.export.clone()).json().ok()
    })
    .await
}

async fn export_csv(State(site): State<Arc<Site>>) -> Response {
    download(&site, "text/csv; charset=utf-8", "chatsim.csv", || {
        site.world.act(|stage| stage.watcher.export.clone()).csv().ok()
    })
    .await
}

/// That of the sender of this message, by its method.
async fn export_trace(State(site): State<Arc<Site>>, Path(id): Path<u64>) -> Response {
    let flow = site.world.act(|stage| Some(stage.watcher.conversation.entry(id)?.flow));
    let Some(flow) = flow else {
        return (StatusCode::NOT_FOUND, "no such message, or it is too long ago\n").into_response();
    };
    download(&site, "application/jsonl", &format!("chatsim-{id}.jsonl"), || {
        let (header, lines) = site.world.act(|stage| stage.watcher.traces.of(flow))?;
        trace::text(&header, &lines).ok().map(String::into_bytes)
    })
    .await
}

/// Writes when it is its turn, which ends when the last part is handed to the connection: who does not read
/// keeps others waiting and not the memory of this machine.
async fn download(
    site: &Site,
    kind: &'static str,
    name: &str,
    write: impl FnOnce() -> Option<Vec<u8>>,
) -> Response {
    let turn = Arc::clone(&site.downloads).acquire_owned().await;
    let Some(content) = write() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the records cannot be written\n")
            .into_response();
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CONTENT_LENGTH, content.len().to_string()),
    ];
    let parts = stream::unfold((Bytes::from(content), turn), |(mut rest, turn)| async {
        let part = rest.split_to(rest.len().min(PART_LEN));
        (!part.is_empty()).then_some((Ok::<_, Infallible>(part), (rest, turn)))
    });
    (headers, Body::from_stream(parts)).into_response()
}
