//! The words of the report's disclosure.

use super::Language::{self, En, Id};
use crate::plan::{ClientPoolKind, Sink};

/// What is disclosed of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Term {
    Cpu,
    Cores,
    Memory,
    Swap,
    Kernel,
    Filesystem,
    Load,
    TcpRmem,
    TcpWmem,
    HugePages,
    Version,
    Commit,
    Rustc,
    Build,
    StressRun,
    Fileserver,
    CommandLine,
    Started,
    Resumed,
    ConnectedTo,
    Injected,
    Timeout,
    Preset,
    Servers,
    Operations,
    Volumes,
    Clients,
    ClientPool,
    Sink,
    Repetitions,
    Seed,
    MinTime,
    Reruns,
    Rows,
    Payload,
}

impl Language {
    pub(crate) fn disclosure(self) -> &'static str {
        match self {
            En => "Disclosure",
            Id => "Keterangan lengkap",
        }
    }

    pub(crate) fn files(self) -> &'static str {
        match self {
            En => "Files that this report was made from",
            Id => "Berkas sumber laporan ini",
        }
    }

    pub(crate) fn unknown(self) -> &'static str {
        match self {
            En => "unknown",
            Id => "tidak diketahui",
        }
    }

    pub(crate) fn term(self, term: Term) -> &'static str {
        match self {
            En => english(term),
            Id => indonesian(term),
        }
    }

    pub(crate) fn client_pool(self, pool: ClientPoolKind) -> &'static str {
        match pool {
            ClientPoolKind::Thread => "thread",
            ClientPoolKind::Process => "process",
        }
    }

    pub(crate) fn sink(self, sink: Sink) -> &'static str {
        match (self, sink) {
            (En, Sink::File) => "written to files",
            (En, Sink::Null) => "decoded and hashed, not written",
            (Id, Sink::File) => "ditulis ke berkas",
            (Id, Sink::Null) => "di-decode dan di-hash, tidak ditulis",
        }
    }

    /// The names of the raw files and what is in them.
    pub(crate) fn raw_files(self) -> [(&'static str, &'static str); 5] {
        match self {
            En => [
                ("environment.json", "machine, programs and plan"),
                ("cells.csv", "every attempt at every cell, with all statistics"),
                ("ceilings.csv", "what the clients reach with a server that does nothing"),
                ("workers.jsonl.gz", "every transfer of every client, with the server's timeline"),
                ("workers.jsonl", "every transfer of every client, with the server's timeline"),
            ],
            Id => [
                ("environment.json", "mesin, program, dan rencana"),
                ("cells.csv", "setiap percobaan untuk setiap sel, dengan semua statistiknya"),
                ("ceilings.csv", "yang dicapai client dengan server yang tidak melakukan apa-apa"),
                (
                    "workers.jsonl.gz",
                    "setiap transfer setiap client, dengan catatan waktu dari server",
                ),
                (
                    "workers.jsonl",
                    "setiap transfer setiap client, dengan catatan waktu dari server",
                ),
            ],
        }
    }
}

fn english(term: Term) -> &'static str {
    match term {
        Term::Cpu => "Processor",
        Term::Cores => "Cores",
        Term::Memory => "Memory",
        Term::Swap => "Swap",
        Term::Kernel => "Kernel",
        Term::Filesystem => "File system",
        Term::Load => "Load before the start",
        Term::TcpRmem => "TCP receive buffer (bytes)",
        Term::TcpWmem => "TCP send buffer (bytes)",
        Term::HugePages => "Transparent huge pages",
        Term::Version => "Version",
        Term::Commit => "Commit",
        Term::Rustc => "Compiler",
        Term::Build => "Build",
        Term::StressRun => "Digest of stress-run",
        Term::Fileserver => "Digest of fileserver",
        Term::CommandLine => "Command line",
        Term::Started => "Started",
        Term::Resumed => "Resumed",
        Term::ConnectedTo => "Connected to",
        Term::Injected => "Injected faults",
        Term::Timeout => "Timeout (s)",
        Term::Preset => "Preset",
        Term::Servers => "Servers",
        Term::Operations => "Operations",
        Term::Volumes => "Volumes",
        Term::Clients => "Clients",
        Term::ClientPool => "Client pool",
        Term::Sink => "Downloads are",
        Term::Repetitions => "Repetitions",
        Term::Seed => "Seed",
        Term::MinTime => "Least time of a cell (s)",
        Term::Reruns => "Reruns of a disturbed cell, at most",
        Term::Rows => "Planned rows",
        Term::Payload => "Planned payload",
    }
}

fn indonesian(term: Term) -> &'static str {
    match term {
        Term::Cpu => "Prosesor",
        Term::Cores => "Core",
        Term::Memory => "Memori",
        Term::Swap => "Swap",
        Term::Kernel => "Kernel",
        Term::Filesystem => "Sistem berkas",
        Term::Load => "Load sebelum mulai",
        Term::TcpRmem => "Buffer terima TCP (byte)",
        Term::TcpWmem => "Buffer kirim TCP (byte)",
        Term::HugePages => "Transparent huge page",
        Term::Version => "Versi",
        Term::Commit => "Commit",
        Term::Rustc => "Compiler",
        Term::Build => "Build",
        Term::StressRun => "Digest stress-run",
        Term::Fileserver => "Digest fileserver",
        Term::CommandLine => "Baris perintah",
        Term::Started => "Mulai",
        Term::Resumed => "Dilanjutkan",
        Term::ConnectedTo => "Terhubung ke",
        Term::Injected => "Gangguan yang disuntikkan",
        Term::Timeout => "Batas waktu (s)",
        Term::Preset => "Preset",
        Term::Servers => "Server",
        Term::Operations => "Operasi",
        Term::Volumes => "Volume",
        Term::Clients => "Client",
        Term::ClientPool => "Client pool",
        Term::Sink => "Hasil download",
        Term::Repetitions => "Ulangan",
        Term::Seed => "Seed",
        Term::MinTime => "Waktu minimum satu sel (s)",
        Term::Reruns => "Pengukuran ulang sel yang terganggu, paling banyak",
        Term::Rows => "Baris dalam rencana",
        Term::Payload => "Payload dalam rencana",
    }
}
