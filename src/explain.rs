//! One connection that nobody made: the verdict, every step that leads to it, both ends' symptoms, and the smallest
//! changes that flip it.
//!
//! The steps ask the same functions as the data path, in the same order (law 1): `proxy::route` for the wire,
//! `policy::peer_auth` and `policy::authorize` for the verdict. `tests/it/law.rs` holds the two equal. The same room
//! answers for a recorded connection what a record alone cannot know: what the other semantics would say, and what to
//! change.
//!
//! Not here: how an explanation looks (`admin::view`, `cli`), and the decision itself (`policy`).

mod connection;
mod decide;
mod question;
mod arrive;
mod symptoms;
mod what_if;
mod remedies;
mod explanation;
mod recorded;
mod rehearsal;
mod text;

pub use connection::{Arrival, Connection};
pub use decide::{Decided, Step};
pub use explanation::{Differs, Explanation, explain};
pub use question::{Caller, Manner, Question, QuestionError};
pub use recorded::{Recorded, recorded};
pub use rehearsal::{Rehearsal, RehearsalRow, Target, TargetError, rehearse};
pub use symptoms::{Symptoms, symptoms};
pub use text::{recorded_text, text};
pub use what_if::{Extent, with_mode};

#[cfg(test)]
mod tests;
