//! An event as a line of the log in JSON: as it came, and with the program that tells it.

use crate::config::ServerRun;

/// Writes the events of one program.
#[derive(Debug)]
pub(crate) struct JsonWriter {
    /// The program's name and port, as fields of every line.
    program: Vec<u8>,
}

impl JsonWriter {
    pub(crate) fn new(run: &ServerRun) -> Self {
        let (program, port) = (run.program, run.address.port());
        Self { program: format!(r#""program":"{program}","port":{port},"#).into_bytes() }
    }

    /// Adds a line, which comes without its end, with it. The first field of an event is its time, which
    /// has no comma; the program comes after that.
    pub(crate) fn write(&self, line: &[u8], out: &mut Vec<u8>) {
        let first_end = line.iter().position(|byte| *byte == b',').map_or(0, |comma| comma + 1);
        let (time, rest) = line.split_at(first_end);
        let program = if time.is_empty() { &[] } else { &self.program[..] };
        [time, program, rest, b"\n"].iter().for_each(|part| out.extend_from_slice(part));
    }
}

#[cfg(test)]
mod tests {
    use telemetry::Event;

    use super::*;
    use crate::line::{example_run, examples};

    #[test]
    fn a_line_is_the_event_with_the_program_and_its_port() {
        let writer = JsonWriter::new(&example_run());
        for event in examples() {
            let mut line = Vec::new();
            writer.write(&event.to_json(), &mut line);
            let text = str::from_utf8(&line).unwrap().strip_suffix('\n').unwrap();
            assert!(text.contains(r#"Z","program":"fileserver","port":46666,"level":""#), "{text}");
            assert_eq!(serde_json::from_str::<Event>(text).unwrap(), event);
        }
    }
}
