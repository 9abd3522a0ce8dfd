//! What is known about failures: one table of causes with their symptoms in every stack's words, and the search in it.
//!
//! `why` searches it, the live hints look a row up by error code, the failure catalogue attaches a reproduction to each
//! row by its id. The names of TLS alerts are here too, once for all rooms.
//!
//! Not here: any IO, and any opinion about a running mesh. The words of a row are its own; its sources are in the row.

mod commands;
mod row;
mod table;
mod alert;
mod line;
mod spelling;
mod pattern;
mod index;
mod asked;
mod causes;

pub use alert::{ALERTS, KnownAlert, alert};
pub use causes::{Causes, MAX_TEXT, Match, causes};
pub use index::Evidence;
pub use row::{Area, By, Row, Seen};
pub use table::{by_alert, by_code, by_id, rows};
