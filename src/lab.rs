//! The mesh in a program: start one from YAML, send through its doors, read its records, stop it.
//!
//! What users embed and what the tests are built with is the same thing.
//!
//! Not here: assertions. The lab shows what happened; whoever asks decides whether that is right.

mod mesh;
mod error;
mod dial;
mod faulty;
mod change;

pub use dial::Attempt;
pub use error::LabError;
pub use faulty::{Faulty, FaultyDoor};
pub use mesh::{Lab, LabOptions};
