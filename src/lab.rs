//! The lab: what answers behind a workload when the user has nothing of their own to put there.
//!
//! Users run it, and the tests use it as their harness.
//!
//! Not here: which workload has which backend (`mesh`), and listening and spawning (`app`).

pub mod backend;
