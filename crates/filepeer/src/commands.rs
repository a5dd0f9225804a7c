//! The commands of a peer, from their arguments to an exit code.
