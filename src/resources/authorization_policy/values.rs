//! The values of a policy, each checked as Istio checks it.

use crate::policy::{BadBlock, IpBlock, ServiceAccount, StringMatch};
use crate::resources::parse::Problem;
use crate::resources::schema::Word;

/// Istio's limit for a service account with its namespace.
const LONGEST_ACCOUNT: usize = 320;

/// A name with an optional star at its beginning or end.
pub(crate) fn text(word: Word<'_>, list: &str) -> Result<StringMatch, Problem> {
    not_empty(word, list, "")?;
    Ok(StringMatch::read(word.text))
}

/// A trust domain alone, with a star at most at its beginning or end.
pub(crate) fn trust_domain(word: Word<'_>, list: &str) -> Result<StringMatch, Problem> {
    one_star(word, list)?;
    if word.text.contains('/') {
        let message = format!("trust domain must not contain '/', found in {list}: {:?}", word.text);
        return Err(refused(word, message, "write the trust domain alone, as in `cluster.local`"));
    }
    Ok(StringMatch::read(word.text))
}

/// A value whose only star is at its beginning or end.
pub(crate) fn one_star(word: Word<'_>, list: &str) -> Result<StringMatch, Problem> {
    not_empty(word, list, "")?;
    let text = word.text;
    let stars = text.matches('*').count();
    let message = match stars {
        0 => return Ok(StringMatch::read(text)),
        1 if text.starts_with('*') || text.ends_with('*') => return Ok(StringMatch::read(text)),
        1 => format!("wildcard is only allowed at the start or end, found in {list}: {text:?}"),
        _ => format!("at most one wildcard is allowed, found in {list}: {text:?}"),
    };
    Err(refused(word, message, "write `NAME`, `*NAME`, `NAME*` or `*`"))
}

/// `sa` of the policy's own `namespace`, or `ns/sa`.
pub(crate) fn account(word: Word<'_>, list: &str, namespace: &str) -> Result<ServiceAccount, Problem> {
    not_empty(word, list, "")?;
    let text = word.text;
    let format = "expected format 'serviceAccount' or 'namespace/serviceAccount', found";
    let (namespace, name) = text.split_once('/').unwrap_or((namespace, text));
    let message = if text.contains('*') {
        format!("wildcard not allowed, found in {list}: {text:?}")
    } else if name.contains('/') {
        format!("{format} {text:?} in {list}")
    } else if text.len() > LONGEST_ACCOUNT {
        format!("value cannot exceed {LONGEST_ACCOUNT} characters, found {text:?} in {list}")
    } else if namespace.is_empty() {
        format!("{format} empty namespace {text:?} in {list}")
    } else if name.is_empty() {
        format!("{format} empty serviceAccount {text:?} in {list}")
    } else {
        return Ok(ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() });
    };
    Err(refused(word, message, "write `NAMESPACE/NAME`; for all accounts of a namespace use `namespaces`"))
}

/// An address or a CIDR block.
pub(crate) fn ip_block(word: Word<'_>, list: &str) -> Result<IpBlock, Problem> {
    not_empty(word, list, "bad IP address (): ")?;
    word.text.parse().map_err(|error: BadBlock| {
        refused(word, error.to_string(), "write an address, as in `10.0.0.9`, or a block, as in `10.0.0.0/8`")
    })
}

/// A port from 0 to 65535, which only a text may say.
pub(crate) fn port(word: Word<'_>, list: &str) -> Result<u16, Problem> {
    not_empty(word, list, "bad port (): ")?;
    let digits = word.text.bytes().all(|byte| byte.is_ascii_digit());
    let port = if digits { word.text.parse().ok() } else { None };
    port.ok_or_else(|| {
        let message = format!("bad port ({}): expected a number from 0 to 65535", word.text.escape_debug());
        refused(word, message, "ranges and names are not possible: list the workload's ports one by one")
    })
}

fn not_empty(word: Word<'_>, list: &str, before: &str) -> Result<(), Problem> {
    if !word.text.is_empty() {
        return Ok(());
    }
    let message = format!("{before}empty value not allowed, found in {list}");
    Err(refused(word, message, "remove it; `*` asks that there is one at all"))
}

fn refused(word: Word<'_>, message: String, help: &str) -> Problem {
    Problem { at: word.at, code: "resources.policy_value", message, help: Some(help.to_owned()) }
}
