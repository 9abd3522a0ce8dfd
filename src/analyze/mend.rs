//! `--fix`: makes the changes that leave no choice, until there are none left to make.

use crate::analyze::finding::Findings;
use crate::analyze::run::examine;
use crate::mesh::Semantics;
use crate::resources::{Edit, Edits, Input, LoadErrors};

/// A change brings the next mistake to light (a quoted port, then that it is a service's), but not for ever.
const MOST_ROUNDS: usize = 100;

/// What came of it.
#[derive(Debug)]
pub struct Mended {
    /// The inputs with all changes.
    pub inputs: Vec<Input>,
    /// The changes in the order in which they were made; places are those of the text at that time.
    pub edits: Vec<Edit>,
    /// What is left to a person.
    pub left: Findings,
}

/// Mends `inputs`, which must all be texts. Those called `untouchable` stay as they are: standard input is nobody's file.
///
/// # Errors
///
/// As [`examine`].
pub fn mend(
    inputs: &[Input],
    untouchable: &[&str],
    semantics: Option<Semantics>,
) -> Result<Mended, LoadErrors> {
    let mut inputs = inputs.to_vec();
    let mut made = Vec::new();
    let mut left = examine(&inputs, semantics)?;
    for _ in 0..MOST_ROUNDS {
        let mut edits = Edits::default();
        let mut round = Vec::new();
        let may = |edit: &Edit| !untouchable.contains(&&*edit.file);
        for finding in &left.findings {
            if !finding.patch.is_empty() && finding.patch.iter().all(may) && edits.add(&finding.patch) {
                round.extend(finding.patch.iter().cloned());
            }
        }
        if edits.is_empty() {
            break;
        }
        let changed: Vec<Input> = inputs.iter().map(|input| apply(&edits, input)).collect();
        let after = examine(&changed, semantics)?;
        // A change that makes a good document a bad one is a bug here, and must not reach anybody's file.
        if left.readable && !after.readable {
            break;
        }
        made.extend(round);
        (inputs, left) = (changed, after);
    }
    Ok(Mended { inputs, edits: made, left })
}

fn apply(edits: &Edits, input: &Input) -> Input {
    match input {
        Input::Text { name, text } => Input::text(name, edits.apply(name, text)),
        Input::Path(_) => input.clone(),
    }
}
