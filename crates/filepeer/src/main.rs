//! The program `filepeer`.
fn main() {}
