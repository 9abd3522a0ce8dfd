//! The `glasstunnel` binary: everything it does is in the library.

fn main() {}
