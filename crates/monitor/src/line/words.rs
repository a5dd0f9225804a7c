//! The words of the text log, in each of its languages.
//!
//! They have one shape in all of them, so that one regular expression reads every log. Messages, and
//! what is told in codes of the protocol, are the same in all.

use crate::config::LogLanguage;

/// What programs call a message in words.
pub(super) const MESSAGE: &str = "message";

const REQUEST: &str = "request";

/// The words that events begin with: as programs tell them, which is English, and in Indonesian.
const EVENTS: [(&str, &str); 16] = [
    ("opened", "koneksi-dibuka"),
    ("picked-up", "koneksi-diambil"),
    (REQUEST, "permintaan"),
    ("retried", "diulang"),
    ("closed", "koneksi-ditutup"),
    ("turned-away", "ditolak"),
    ("limit", "batas"),
    ("named", "client-disebut"),
    ("authenticated", "token-diterima"),
    ("auth-failed", "token-ditolak"),
    ("worker-started", "worker-mulai"),
    ("worker-died", "worker-mati"),
    ("backend-changed", "backend-berubah"),
    ("log-reopened", "log-dibuka-lagi"),
    ("events-lost", "event-hilang"),
    (MESSAGE, "pesan"),
];

impl LogLanguage {
    /// What an event is called; one that is not known, as it came.
    pub(super) fn event(self, event: &str) -> &str {
        match self {
            Self::En => event,
            Self::Id => EVENTS.iter().find(|(en, _)| *en == event).map_or(event, |(_, id)| *id),
        }
    }

    /// What a field of an event is called.
    pub(super) fn field(self, event: &str, name: &'static str) -> &'static str {
        match self {
            Self::En => name,
            // That of a request is its response time.
            Self::Id if name == "seconds" && event == REQUEST => "waktu_respon",
            Self::Id => in_indonesian(name),
        }
    }
}

/// Words that students of the field know in English stay.
fn in_indonesian(field: &'static str) -> &'static str {
    match field {
        "worker_pid" => "pid_worker",
        "restarts" => "penggantian",
        "how" => "cara",
        "connection" => "koneksi",
        "user" => "pengguna",
        "command" => "perintah",
        "file" => "berkas",
        "attempt" => "percobaan",
        "change" => "perubahan",
        "outcome" => "hasil",
        "cause" => "penyebab",
        "reason" => "alasan",
        "limit" => "batas",
        "count" => "jumlah",
        "requests" => "permintaan",
        "bytes" => "byte",
        "bytes_in" => "byte_masuk",
        "bytes_out" => "byte_keluar",
        "waited" => "menunggu",
        "seconds" => "lama",
        "replaced_in" => "diganti_dalam",
        "text" => "teks",
        same => same,
    }
}

/// Whether a message could be taken for an event, in whichever language.
pub(super) fn begins_like_an_event(prose: &str) -> bool {
    let word = prose.split(' ').next().unwrap_or_default();
    word.is_empty() || EVENTS.iter().any(|(en, id)| [*en, *id].contains(&word))
}

/// All events in each language, for those who hold others against them.
#[cfg(test)]
pub(super) fn events() -> [(&'static str, &'static str); 16] {
    EVENTS
}
