//! A PeerAuthentication that does not do what it seems to say.

use crate::knowledge::commands;
use crate::knowledge::row::By::Istio;
use crate::knowledge::row::{Area, Row, only};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "A13",
        name: "peerauth-selector-in-root-namespace-ignored",
        area: Area::Policy,
        title: "A PeerAuthentication with a selector in the root namespace does nothing",
        story: "In ambient a policy of the root namespace that has a selector is skipped.",
        confusing: "The API accepts it, and its status shows nothing.",
        words: "selector root namespace ignored peerauthentication",
        tells_apart: "`explain` lists it among the policies that did not decide, with the reason.",
        fix: "Put it into the workload's own namespace.",
        next: &[commands::FORESEE, commands::ANALYZE],
        sources: &["istio/istio#61023", "istio.io/latest/docs/reference/config/security/peer_authentication"],
        ..Row::EMPTY
    },
    Row {
        id: "A14",
        name: "peerauth-selector-matches-nothing",
        area: Area::Policy,
        title: "The selector matches no workload",
        story: "A selector is about pod labels, not about hosts or services; a typo selects nobody.",
        seen: &[only(Istio, "wildcard is not supported in selector")],
        words: "selector labels wildcard",
        tells_apart: "Count the workloads that it matches: `analyze` says 0.",
        fix: "A label that the workloads have in common.",
        next: &[commands::ANALYZE, commands::WORKLOADS],
        sources: &["istio/istio#35871"],
        ..Row::EMPTY
    },
    Row {
        id: "A15",
        name: "peerauth-service-port-instead-of-container-port",
        area: Area::Policy,
        title: "portLevelMtls names the service's port",
        story: "A PeerAuthentication counts in ports of the workload (the container), a DestinationRule in \
            ports of the service.",
        confusing: "Nothing refuses it: it is simply never enforced.",
        words: "portlevelmtls targetport",
        tells_apart: "The port in the policy is no target port of any workload that it selects; `analyze` says so.",
        fix: "The target port.",
        next: &[commands::ANALYZE, commands::FORESEE],
        sources: &["istio/istio#49098", "istio/istio.io#6546"],
        ..Row::EMPTY
    },
    Row {
        id: "A16",
        name: "portlevel-without-selector",
        area: Area::Policy,
        title: "portLevelMtls without a selector",
        story: "Settings for a port belong to policies of a workload; on a mesh or a namespace they are \
            refused, or ignored where the webhook is off.",
        seen: &[
            only(Istio, "mesh/namespace peer authentication cannot have port level mTLS"),
            only(Istio, "cannot have port level mTLS"),
        ],
        words: "portlevelmtls selector",
        tells_apart: "The policy has `portLevelMtls` and no `selector`.",
        fix: "Add a selector.",
        next: &[commands::ANALYZE],
        sources: &["istio/istio#27994", "istio/istio#20926", "istio/api#1928"],
        ..Row::EMPTY
    },
    Row {
        id: "A17",
        name: "portlevel-disable-under-unset-mode-ignored",
        area: Area::Policy,
        title: "A port's DISABLE does not lift STRICT while the policy has no mode of its own",
        story: "As istiod's source reads, the conversion for ambient looks only for PERMISSIVE ports where the \
            mode is unset: a DISABLE port keeps the mesh's STRICT.",
        confusing: "The same policy with PERMISSIVE for that port works.",
        looks_like: &["A01"],
        words: "portlevelmtls disable unset",
        tells_apart: "`explain` under both semantics: they differ in exactly this cell.",
        fix: "Write PERMISSIVE for the port, or give the policy a mode.",
        next: &["glasstunnel explain --from A --to B:PORT --semantics ztunnel -f FILES", commands::ANALYZE],
        sources: &[
            "istio/istio pilot ambient/authorization.go, convertedSelectorPeerAuthentications (read, no thread)",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "A18",
        name: "portlevel-permissive-not-honoured-in-ambient",
        area: Area::Policy,
        title: "Ambient refuses a port that is PERMISSIVE by its policy",
        story: "In some versions the mesh's STRICT was merged over a port's PERMISSIVE; the inverse bug let \
            outsiders into STRICT ports.",
        confusing: "With sidecars the same documents worked.",
        words: "webhook portlevelmtls permissive",
        tells_apart: "List the policies that are attached to the workload: the static strict one is still among \
            them.",
        fix: "Upgrade; state the mode at the top of the workload's policy.",
        next: &[commands::FORESEE, commands::ANALYZE],
        sources: &["istio/istio#53884", "istio/istio#46570"],
        ..Row::EMPTY
    },
    Row {
        id: "A19",
        name: "undeclared-port-not-covered",
        area: Area::Policy,
        title: "A policy has no effect on a port that nobody declared",
        story: "Old sidecars built their chains from declared ports; everything else went by the workload's \
            mode, or by none.",
        words: "undeclared containerport",
        tells_apart: "Does the pod or the service declare the port? `config workloads -o wide` shows those that are \
            known.",
        fix: "Declare it; ambient covers every port.",
        next: &[commands::WORKLOADS, commands::FORESEE],
        sources: &["istio/istio#15633", "istio/istio#11246", "istio/istio#20925"],
        ..Row::EMPTY
    },
    Row {
        id: "A20",
        name: "two-policies-oldest-wins",
        area: Area::Policy,
        title: "A second PeerAuthentication for the same workload is ignored",
        story: "Of several policies that select a workload the oldest holds alone; nothing is merged.",
        confusing: "The newer one looks applied, and `kubectl get` lists it.",
        words: "oldest policies conflict",
        tells_apart: "`explain` names the loser and the winner's age.",
        fix: "One policy for each workload.",
        next: &[commands::FORESEE, commands::ANALYZE],
        sources: &["istio/istio pilot ambient/authorization.go"],
        ..Row::EMPTY
    },
    Row {
        id: "A21",
        name: "disable-mode-in-ambient",
        area: Area::Policy,
        title: "DISABLE, and peers of the mesh still use HBONE",
        story: "Ambient does not support DISABLE: it lifts the refusal of plaintext and changes nothing else.",
        confusing: "People expect plaintext on the wire and find a tunnel.",
        codes: &["peer_auth.disable_refuses_mtls"],
        words: "disable ambient hbone",
        tells_apart: "The protocol column of the connections: HBONE. Under `--semantics istio` this program refuses \
            mesh mTLS at such a port instead, and says so.",
        fix: "To be without mTLS, take the workload out of the mesh.",
        next: &[commands::CONNECTIONS, commands::FORESEE],
        sources: &["istio.io/v1.23/docs/reference/config/security/peer_authentication", "istio/istio#58460"],
        ..Row::EMPTY
    },
];
