//! One match of a ztunnel's rule.

use crate::policy::{IpBlock, Match, ServiceAccount, StringMatch, Values};
use crate::resources::fields::{Fields, port};
use crate::resources::node::{Node, Value};
use crate::resources::parse::Problem;
use crate::resources::schema::{items, object};
use crate::resources::ztunnel::value::plain;

const FIELDS: [&str; 12] = [
    "namespaces",
    "notNamespaces",
    "principals",
    "notPrincipals",
    "serviceAccounts",
    "notServiceAccounts",
    "sourceIps",
    "notSourceIps",
    "destinationIps",
    "notDestinationIps",
    "destinationPorts",
    "notDestinationPorts",
];

/// The lines of a file, for the tags that the parser does not keep.
pub(crate) struct Lines<'a>(Vec<&'a str>);

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self(text.lines().collect())
    }

    /// The tag before `node`, on its line: `Exact` of `- !Exact x`.
    fn tag(&self, node: &Node) -> Option<&'a str> {
        let line = self.0.get(node.at.line.checked_sub(1)?)?;
        let before: usize = line.chars().take(node.at.column.saturating_sub(1)).map(char::len_utf8).sum();
        line.get(..before)?.trim_end().rsplit([' ', '[', ',', '-']).next()?.strip_prefix('!')
    }
}

/// Reads a match. A ztunnel passes over a field that it does not know, and then matches nothing; here it is an error.
pub(crate) fn matching(node: &Node, lines: &Lines<'_>) -> Result<Match, Problem> {
    let fields = object(node, "rules[][][]", &FIELDS)?;
    let texts = |twins| values(fields, twins, |node| text(node, lines));
    Ok(Match {
        namespaces: texts(["namespaces", "notNamespaces"])?,
        principals: texts(["principals", "notPrincipals"])?,
        service_accounts: values(fields, ["serviceAccounts", "notServiceAccounts"], account)?,
        trust_domains: Values::default(),
        source_ips: values(fields, ["sourceIps", "notSourceIps"], block)?,
        destination_ips: values(fields, ["destinationIps", "notDestinationIps"], block)?,
        ports: values(fields, ["destinationPorts", "notDestinationPorts"], |node| {
            port(node, "destinationPorts")
        })?,
    })
}

fn values<T>(
    fields: Fields<'_>,
    [any, none]: [&'static str; 2],
    read: impl Fn(&Node) -> Result<T, Problem>,
) -> Result<Values<T>, Problem> {
    let list = |name| items(fields, name, "rules[][][]")?.iter().map(&read).collect::<Result<Vec<T>, _>>();
    Ok(Values { any: list(any)?, none: list(none)? })
}

/// `{"Exact": "x"}` in JSON, `!Exact x` in YAML.
fn text(node: &Node, lines: &Lines<'_>) -> Result<StringMatch, Problem> {
    let (tag, value) = match &node.value {
        Value::Map(entries) => match &**entries {
            [(key, value)] => (key.value.as_text(), value),
            _ => (None, node),
        },
        _ => (lines.tag(node), node),
    };
    let text = || value.value.as_text().map(str::to_owned);
    let read = match tag {
        Some("Presence") => Some(StringMatch::Presence),
        Some("Exact") => text().map(StringMatch::Exact),
        Some("Prefix") => text().map(StringMatch::Prefix),
        Some("Suffix") => text().map(StringMatch::Suffix),
        _ => None,
    };
    read.ok_or_else(|| Problem {
        at: node.at,
        code: "resources.ztunnel_match",
        message: format!(
            "expected !Exact, !Prefix, !Suffix or !Presence before a text, found {}",
            node.value.describe()
        ),
        help: Some(
            "write `- !Exact cluster.local/ns/NAMESPACE/sa/ACCOUNT`, or `{\"Exact\": …}` in JSON".to_owned(),
        ),
    })
}

fn account(node: &Node) -> Result<ServiceAccount, Problem> {
    let fields = object(node, "serviceAccounts[]", &["namespace", "serviceAccount"])?;
    let [namespace, name] = [plain(fields, "namespace")?, plain(fields, "serviceAccount")?];
    Ok(ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() })
}

fn block(node: &Node) -> Result<IpBlock, Problem> {
    let read = node.value.as_text().map(str::parse::<IpBlock>);
    match read {
        Some(Ok(block)) => Ok(block),
        Some(Err(error)) => Err(bad_block(node, error.to_string())),
        None => Err(bad_block(node, format!("expected an address block, found {}", node.value.describe()))),
    }
}

fn bad_block(node: &Node, message: String) -> Problem {
    let help = Some("write a block, as in `10.0.0.1/32`".to_owned());
    Problem { at: node.at, code: "resources.ztunnel_block", message, help }
}
