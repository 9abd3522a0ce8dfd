//! Names, addresses, ports and words as ztunnel writes them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::mesh::Name;
use crate::resources::fields::{Fields, in_range, port, scalar};
use crate::resources::node::{At, Node};
use crate::resources::parse::Problem;
use crate::resources::schema::unsupported;

/// Namespace and name; istiod's own policies have names that no Kubernetes object may have.
pub(crate) fn name(fields: Fields<'_>) -> Result<Name, Problem> {
    Ok(Name::new(plain(fields, "namespace")?, plain(fields, "name")?))
}

/// The text `name`, which must be there and of letters that a table can show.
pub(crate) fn plain<'a>(fields: Fields<'a>, name: &'static str) -> Result<&'a str, Problem> {
    let text = fields.required_text(name)?;
    let at = fields.get(name).map_or_else(|| fields.at(), |found| found.at());
    match text.chars().all(|letter| letter.is_ascii_graphic()) {
        true => Ok(text),
        false => Err(refused(at, format!("expected a name for `{name}`, found `{}`", text.escape_debug()))),
    }
}

/// An address; a loopback one is common in local configurations.
pub(crate) fn address(text: &str, at: At) -> Result<IpAddr, Problem> {
    let address: Option<IpAddr> = text.parse().ok();
    let usable = address.filter(|address| !address.is_unspecified() && !address.is_multicast());
    usable.ok_or_else(|| refused(at, format!("expected an IP address, found `{}`", text.escape_debug())))
}

/// The address behind `NETWORK/`.
pub(crate) fn network_address(text: &str, at: At) -> Result<IpAddr, Problem> {
    match text.split_once('/') {
        Some((_network, text)) => address(text, at),
        None => {
            let found = text.escape_debug();
            Err(refused(at, format!("expected NETWORK/ADDRESS, as in `/10.96.0.7`, found `{found}`")))
        }
    }
}

/// A map of ports, whose keys are texts in JSON; 0 stands for a port that only the endpoints know.
pub(crate) fn ports(fields: Fields<'_>) -> Result<BTreeMap<u16, u16>, Problem> {
    let pair = |(key, value): &(Node, Node)| {
        let number = scalar(&key.value).parse().unwrap_or_default();
        let target = if scalar(&value.value) == "0" { 0 } else { port(value, "ports")? };
        Ok((in_range(number, key.at)?, target))
    };
    fields.entries().iter().map(pair).collect()
}

/// The place in `spellings` of the word `name`.
pub(crate) fn word(
    fields: Fields<'_>,
    name: &'static str,
    spellings: &[&'static str],
) -> Result<usize, Problem> {
    let found = fields.required(name)?;
    let place = spellings.iter().position(|spelling| found.node().value.as_text() == Some(spelling));
    place.ok_or_else(|| unsupported(found.node(), name, spellings, "resources.ztunnel_word"))
}

fn refused(at: At, message: String) -> Problem {
    Problem { at, code: "resources.ztunnel_value", message, help: None }
}
