//! All analyzers over one mesh.

use crate::analyze::context::Context;
use crate::analyze::finding::{Finding, Findings};
use crate::analyze::report::Report;
use crate::analyze::schema;
use crate::analyze::{
    authorization_policy, destination_rule, metadata, other_kinds, peer_authentication, selection,
};
use crate::mesh::{Mesh, Semantics, build};
use crate::policy::{Policies, PolicySet};
use crate::resources::{Input, LoadErrors, Objects};

type Analyzer = fn(&Context<'_>, &mut Report);

/// Every analyzer, by what it looks at.
const ANALYZERS: [Analyzer; 32] = [
    metadata::annotations,
    metadata::labels,
    metadata::several_injection_labels,
    selection::no_match,
    selection::empty_namespace,
    selection::outside_the_mesh,
    selection::selector_on_gateway,
    peer_authentication::selector_in_root,
    peer_authentication::root_empty_selector,
    peer_authentication::ports,
    peer_authentication::duplicates,
    peer_authentication::disable_in_ambient,
    peer_authentication::declared_and_enforced,
    authorization_policy::empty_selector,
    authorization_policy::not_accepted,
    authorization_policy::waypoint,
    authorization_policy::service_ports,
    authorization_policy::layer7,
    authorization_policy::principals,
    authorization_policy::peers,
    authorization_policy::negative_allow,
    authorization_policy::trust_domains,
    authorization_policy::virtual_address,
    authorization_policy::never_matches,
    authorization_policy::allow_and_deny,
    authorization_policy::allow_nothing,
    destination_rule::hosts_and_subsets,
    destination_rule::unverified,
    destination_rule::against_policy,
    other_kinds::sidecars,
    other_kinds::request_authentication,
    other_kinds::private_keys,
];

/// Looks at the documents of a mesh, running or not.
pub fn analyze(objects: &Objects, mesh: &Mesh) -> Findings {
    let Ok(loaded) = objects.assemble() else { return Findings::default() };
    // Only modes are asked for: the rules are read as they were written.
    let peers = Policies { authorization_policies: Vec::new(), ..loaded.policies };
    let policies = PolicySet::new(mesh, peers);
    let context = Context::new(objects, mesh, &policies);
    let mut report = Report::default();
    for analyzer in ANALYZERS {
        analyzer(&context, &mut report);
    }
    let unchecked = (!context.workloads.any()).then_some(NO_PODS);
    Findings { findings: report.finish(), unchecked, readable: true }
}

/// Looks at documents that are still text. Whatever keeps them from being read is a finding too.
///
/// # Errors
///
/// Input that is about no place in a file, such as a file that is not there.
pub fn examine(inputs: &[Input], semantics: Option<Semantics>) -> Result<Findings, LoadErrors> {
    match built(inputs, semantics) {
        Ok((objects, mesh)) => Ok(analyze(&objects, &mesh)),
        Err(errors) => match schema::findings(&errors, |name| text_of(inputs, name)) {
            Some(findings) => {
                Ok(Findings { findings: sorted(findings), unchecked: Some(UNREAD), readable: false })
            }
            None => Err(errors),
        },
    }
}

/// What documents without workloads leave undone.
const NO_PODS: &str = "without any pod among the documents, selectors and ports were not checked";
/// What a mesh that cannot be built leaves undone.
const UNREAD: &str = "nothing else was checked, because the documents cannot be read as they are";

fn built(inputs: &[Input], semantics: Option<Semantics>) -> Result<(Objects, Mesh), LoadErrors> {
    let objects = Objects::read(inputs)?;
    let mut spec = objects.assemble()?.spec;
    spec.settings.semantics = semantics.unwrap_or(spec.settings.semantics);
    let mesh = build(spec).map_err(|error| objects.located(&error))?;
    Ok((objects, mesh))
}

fn text_of<'i>(inputs: &'i [Input], wanted: &str) -> Option<&'i str> {
    inputs.iter().find_map(|input| match input {
        Input::Text { name, text } if name == wanted => Some(text.as_str()),
        _ => None,
    })
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(|left, right| {
        (&left.mark.source.file, left.mark.source.line)
            .cmp(&(&right.mark.source.file, right.mark.source.line))
    });
    findings
}
