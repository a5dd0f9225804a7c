//! What the columns of the sheets are called, in conditions too.

use runs::{Gate, Vocabulary};

use crate::plan::Volume;

/// Columns that together name a line of `cells.csv`.
pub(crate) const CELL_KEY: [&str; 7] =
    ["mode", "operation", "encoding", "volume_bytes", "clients", "server_workers", "repetition"];

const VOCABULARY: Vocabulary = Vocabulary {
    words: &[
        "mode",
        "a_mode",
        "encoding",
        "operation",
        "client_pool",
        "failure_causes",
        "disturbed",
        "server_failure",
        "invalid",
        "verdict",
        "reason",
        "row",
        "scenario",
        "policy",
        "predicted_by",
    ],
    aliases: &[
        ("failed", "clients_failed"),
        ("failed", "requests_failed"),
        ("succeeded", "clients_succeeded"),
        ("succeeded", "requests_succeeded"),
        ("op", "operation"),
        ("servers", "server_workers"),
    ],
    example: "clients=50: failed==0",
};

/// Reads a condition, in which a volume is in MiB.
pub(crate) fn gate(text: &str) -> Result<Gate, String> {
    Gate::parse(text, &VOCABULARY, |column, value| match column.as_str() {
        "volume" => {
            let volume: Volume = value.parse()?;
            Ok(("volume_bytes".to_owned(), volume.bytes.to_string()))
        }
        _ => Ok((column, value.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use runs::Sheet;

    use super::*;

    #[test]
    fn rows_are_selected_by_volumes_in_megabytes_and_by_short_names() {
        let cells = "operation,volume_bytes,server_workers,clients_failed\ndownload,10485760,1,0\n";
        let sheet = Sheet::read(cells.as_bytes()).unwrap();
        for text in ["volume=10MB: failed==0", "op=download, servers=1: clients_failed==0"] {
            let result = gate(text).unwrap().check(&sheet, &CELL_KEY).unwrap();
            assert_eq!((result.checked, result.broken), (1, Vec::new()), "{text}");
        }
        let refusal = gate("volume=ten: failed==0").unwrap_err();
        assert!(refusal.contains("\"ten\" is not a number of MiB"), "{refusal}");
    }
}
