//! The real ztunnel as client and as server: plaintext in, HBONE between, plaintext out, by one mesh file that both read.
//!
//! ZTUNNEL_BIN is its program, built with `--features testing` so that it is its own CA, and ZTUNNEL_SRC the checkout that it
//! was built from, whose CA we are given. Without ZTUNNEL_BIN each test says by its name that it was skipped.

mod stand;
mod ways;
mod ends;
mod much;
mod session;
