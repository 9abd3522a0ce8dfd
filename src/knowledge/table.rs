//! The table: all rows, in the order of their numbers, and the three ways to look one up.
//!
//! Of rows that look the same the likeliest comes first, which is the order here but for what is seen `rarely`.

mod authorization;
mod client_rules;
mod connect;
mod first_bytes;
mod identities;
mod issuing;
mod parameters;
mod peer_authentication;
mod purpose;
mod revocation;
mod streams;
mod tcp;
mod topology;
mod trust;
mod validity;
mod wire_modes;

use crate::knowledge::row::Row;

const TABLE: [&[Row]; 16] = [
    wire_modes::ROWS,
    client_rules::ROWS,
    peer_authentication::ROWS,
    validity::ROWS,
    trust::ROWS,
    identities::ROWS,
    purpose::ROWS,
    revocation::ROWS,
    issuing::ROWS,
    parameters::ROWS,
    first_bytes::ROWS,
    connect::ROWS,
    streams::ROWS,
    tcp::ROWS,
    authorization::ROWS,
    topology::ROWS,
];

/// Every row, by number.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.into_iter().flatten()
}

/// The row of an id (`B25`, in any case) or of a name (`unknown-ca-different-root`).
pub fn by_id(id: &str) -> Option<&'static Row> {
    rows().find(|row| row.id.eq_ignore_ascii_case(id) || row.name.eq_ignore_ascii_case(id))
}

/// The rows that end with one of our own error codes, the likeliest first.
pub fn by_code(code: &str) -> impl Iterator<Item = &'static Row> {
    rows().filter(move |row| row.codes.contains(&code))
}

/// The rows whose refused side is sent this alert, the likeliest first.
pub fn by_alert(number: u8) -> impl Iterator<Item = &'static Row> {
    rows().filter(move |row| row.alerts.contains(&number))
}

#[cfg(test)]
mod tests;
