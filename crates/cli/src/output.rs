//! Standard output and standard error of programs that go on when nobody reads them.
//!
//! A pipe that its reader has closed, or a disk that is full, ends no work and changes no exit status:
//! what cannot be written is left out. `println!` and `eprintln!` would panic, so [`outln!`](crate::outln)
//! and [`errln!`](crate::errln) take their place.
//!
//! This is for what a program says. Where the output is the work itself, such as a file that is fetched to
//! standard output, an error is an error.

use std::{
    fmt,
    io::{self, Write},
};

/// Prints a line on standard output.
#[macro_export]
macro_rules! outln {
    ($($argument:tt)*) => { $crate::output::line(::std::format_args!($($argument)*)) };
}

/// Prints a line on standard error.
#[macro_export]
macro_rules! errln {
    ($($argument:tt)*) => { $crate::output::error_line(::std::format_args!($($argument)*)) };
}

/// Prints text that has its line endings on standard output.
pub fn print(text: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text).and_then(|()| stdout.flush());
}

#[doc(hidden)]
pub fn line(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

#[doc(hidden)]
pub fn error_line(text: fmt::Arguments<'_>) {
    // In one write, since other processes may write there too.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
