//! A workload's certificate in files, and what to do with it.

use serde::{Deserialize, Serialize};

use crate::admin::view::document::Kind;
use crate::admin::view::time::rfc3339;
use crate::identity::Svid;

/// What was written where. Never a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportView {
    /// Whose certificate it is.
    pub identity: String,
    /// In lower-case hexadecimal.
    pub serial_number: String,
    /// The last moment of validity.
    pub not_after: String,
    /// The file to send.
    pub chain: String,
    /// The file with the key.
    pub key: String,
    /// The file that says whom to trust.
    pub roots: String,
    /// Lines for a shell that use them.
    pub commands: Vec<CommandView>,
}

/// One line for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandView {
    /// What it does, in a few words.
    pub does: String,
    /// The line.
    pub command: String,
}

impl ExportView {
    /// The view of `svid`, whose chain, key and roots are in these files.
    pub fn of(svid: &Svid, [chain, key, roots]: [String; 3], commands: Vec<CommandView>) -> Self {
        Self {
            identity: svid.id.to_string(),
            serial_number: svid.serial.clone(),
            not_after: rfc3339(svid.not_after),
            chain,
            key,
            roots,
            commands,
        }
    }
}

impl Kind for ExportView {
    const KIND: &'static str = "Export";
}
