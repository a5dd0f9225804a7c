//! A program on a terminal, as a person sees it.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use nix::pty::{OpenptyResult, Winsize, openpty};

use crate::{PATIENCE, eventually};

const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// A running program whose terminal has 80 columns and 24 lines. Killed when dropped.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    /// How much of what is shown was waited for.
    awaited: usize,
}

impl Terminal {
    /// Starts `command`, with all outputs that it does not have elsewhere on the terminal.
    #[track_caller]
    pub fn start(command: &Command, stdout: Option<Stdio>) -> Self {
        let pty = openpty(&SIZE, None).expect("the system has pseudo-terminals");
        let OpenptyResult { master, slave } = pty;
        let end = || Stdio::from(slave.try_clone().expect("a descriptor can be copied"));
        // The terminal of whoever runs the tests is not the program's.
        let mut on_terminal = Command::new("setsid");
        on_terminal.arg("--ctty").arg(command.get_program()).args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            on_terminal.current_dir(directory);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => on_terminal.env(name, value),
                None => on_terminal.env_remove(name),
            };
        }
        on_terminal.env("TERM", "xterm").stdin(end()).stderr(end());
        on_terminal.stdout(stdout.unwrap_or_else(end));
        let child = on_terminal.spawn().expect("setsid is there");
        // The program's end of the terminal closes with the program.
        drop((slave, on_terminal));
        let shown = Arc::new(Mutex::new(Vec::new()));
        let reader = Some(read_on(&master, Arc::clone(&shown)));
        Self { child, keyboard: master.into(), shown, reader, awaited: 0 }
    }

    /// All that was written on the terminal until now, with its control characters. What is not ASCII
    /// is left out.
    pub fn shown(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect()
    }

    /// Waits for a text behind the last one that was waited for.
    #[track_caller]
    pub fn await_text(&mut self, text: &str) {
        let mut found = None;
        eventually(PATIENCE, &format!("the terminal shows {text:?}"), || {
            found = self.shown()[self.awaited..].find(text);
            found.is_some()
        });
        self.awaited += found.map_or(0, |start| start + text.len());
    }

    #[track_caller]
    pub fn type_text(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Waits for the program's end: its status, `None` where a signal ended it, and all it showed.
    #[track_caller]
    pub fn finish(mut self) -> (Option<i32>, String) {
        let mut status = None;
        eventually(PATIENCE, "the program ends", || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().expect("reading does not panic");
        }
        (status.and_then(|status| status.code()), self.shown())
    }
}

fn read_on(master: &OwnedFd, shown: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let mut screen = File::from(master.try_clone().expect("a descriptor can be copied"));
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        // The end is an error: nobody has the other end of the terminal open any more.
        while let Ok(len @ 1..) = screen.read(&mut buffer) {
            shown.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..len]);
        }
    })
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
