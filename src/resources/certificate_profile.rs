//! Files that say which certificate to issue, as those in `certs/profiles`: `id`, `bend` and `ttl`, each of which may be absent.

use std::time::Duration;

use crate::ca::Bend;
use crate::identity::SpiffeId;
use crate::resources::error::{LoadError, LoadErrors};
use crate::resources::fields::{Fields, Found};
use crate::resources::input::{File, Input, read};
use crate::resources::node::{At, Node};
use crate::resources::parse::{Problem, documents};

const FIELDS: [&str; 3] = ["id", "bend", "ttl"];

/// Which certificate to issue; what is absent is the caller's to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateProfile {
    /// For whom.
    pub id: Option<SpiffeId>,
    /// What is wrong with it.
    pub bend: Option<Bend>,
    /// How long it lives.
    pub ttl: Option<Duration>,
}

/// The profile in a file.
///
/// # Errors
///
/// What is wrong with it, with file, line and column: a syntax error, an unknown field, a bad identity, bend or duration, or
/// more than one document.
pub fn certificate_profile(input: &Input) -> Result<CertificateProfile, LoadErrors> {
    let files = read(input)?;
    match files.as_slice() {
        [file] => Ok(of_file(file)?),
        files => {
            let file = File { name: "the profile".into(), text: String::new() };
            let message = format!("expected one file, found {}", files.len());
            Err(file.error(problem(At::default(), message)).into())
        }
    }
}

fn of_file(file: &File) -> Result<CertificateProfile, LoadError> {
    let documents = documents(file)?;
    let read = match documents.as_slice() {
        [document] => of_document(document),
        [_, second, ..] => Err(problem(second.at, "expected one document, found another".to_owned())),
        [] => Ok(CertificateProfile::default()),
    };
    read.map_err(|problem| file.error(problem))
}

fn of_document(document: &Node) -> Result<CertificateProfile, Problem> {
    let fields = Fields::of(document, "the profile")?;
    fields.only(&FIELDS)?;
    let read = |name| fields.get(name);
    Ok(CertificateProfile {
        id: read("id").map(|found| parsed(&found)).transpose()?,
        bend: read("bend").map(|found| parsed(&found)).transpose()?,
        ttl: read("ttl").map(|found| lifetime(&found)).transpose()?,
    })
}

fn parsed<T: std::str::FromStr<Err: ToString>>(found: &Found<'_>) -> Result<T, Problem> {
    found.text()?.parse().map_err(|error: T::Err| problem(found.at(), error.to_string()))
}

/// `90s`, `30m` or `24h`; a certificate of less than two seconds would be over before its handshake.
fn lifetime(found: &Found<'_>) -> Result<Duration, Problem> {
    let text = found.text()?;
    let seconds = text.find(|c: char| !c.is_ascii_digit()).and_then(|at| {
        let (number, unit) = text.split_at(at);
        let scale = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(scale).filter(|seconds| (2..=MOST).contains(seconds))
    });
    seconds.map(Duration::from_secs).ok_or_else(|| {
        let message =
            format!("expected a duration of 2s to 100 years, such as 24h, found `{}`", text.escape_debug());
        problem(found.at(), message)
    })
}

/// A hundred years, so that every date stays writable.
const MOST: u64 = 100 * 365 * 24 * 3_600;

fn problem(at: At, message: String) -> Problem {
    Problem { at, code: "resources.certificate_profile", message, help: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CertificateProfile, String> {
        certificate_profile(&Input::text("p.yaml", text)).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_profile_says_what_to_issue() {
        let profile = read("id: spiffe://td/ns/a/sa/b\nbend: two-sans\nttl: 90m\n").unwrap();
        assert_eq!(profile.id.unwrap().as_str(), "spiffe://td/ns/a/sa/b");
        assert_eq!((profile.bend, profile.ttl), (Some(Bend::TwoUriSans), Some(Duration::from_secs(5400))));
        assert_eq!(read("ttl: 2s").unwrap().bend, None);
    }

    #[test]
    fn mistakes_have_their_place() {
        let check = |text: &str, place: &str, says: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(&format!("p.yaml:{place}")) && error.contains(says), "{error}");
        };
        check("bend: expired\nidd: spiffe://td/ns/a/sa/b", "2:1", "did you mean `id`?");
        check("# one\nbend: crooked", "2:7", "found `crooked`");
        check("id: web", "1:5", "expected it to start with spiffe://");
        check("ttl: 1d", "1:6", "such as 24h, found `1d`");
        check("ttl: 99999999999999999h", "1:6", "100 years");
        check("bend: expired\n---\nbend: ca", "3:1", "expected one document");
        check("[a]", "1:1", "expected a map");
    }

    #[test]
    fn every_bend_has_its_file() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("certs/profiles");
        for bend in Bend::ALL.into_iter().filter(|bend| *bend != Bend::Straight) {
            let path = folder.join(format!("{bend}.yaml"));
            let profile = certificate_profile(&Input::Path(path)).unwrap();
            assert_eq!(profile.bend, Some(bend));
            assert!(profile.id.is_some());
        }
        let files = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, Bend::ALL.len(), "each bend, and one that is good");
    }
}
