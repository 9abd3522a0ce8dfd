//! Who is where: probes, gateways, firewalls, and the edges of the mesh.

use crate::knowledge::commands;
use crate::knowledge::row::By::{App, Curl, Envoy, Glasstunnel, Kubernetes, Ztunnel};
use crate::knowledge::row::{Area, Row, only, rarely, shared};

/// The rows, in the order of their numbers.
pub(crate) const ROWS: &[Row] = &[
    Row {
        id: "G93",
        name: "probe-under-strict",
        area: Area::Topology,
        title: "Health probes fail as soon as STRICT holds",
        story: "The kubelet has no certificate; sidecars rewrite its probes, ambient exempts its address, and \
            both can be lost.",
        confusing: "The pod restarts, though the app is well.",
        seen: &[
            only(Kubernetes, "Readiness probe failed … connection reset by peer"),
            only(Kubernetes, "Liveness probe failed"),
            only(Kubernetes, "Readiness probe failed"),
        ],
        words: "probe kubelet readiness liveness",
        tells_apart: "The source address: the node's, or 169.254.7.127.",
        fix: "The exemption, an exec probe, or a port of its own.",
        next: &[commands::FORESEE, commands::CONNECTIONS],
        sources: &[
            "istio/istio#41010",
            "istio/istio#4429",
            "istio/istio#55210",
            "istio/istio#52208",
            "istio/istio#60882",
            "linkerd/linkerd2#1990",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "G94",
        name: "webhook-from-apiserver-under-strict",
        area: Area::Topology,
        title: "The API server cannot call a webhook under STRICT",
        story: "The API server is outside the mesh and speaks its own HTTPS.",
        seen: &[only(Kubernetes, "failed calling webhook"), only(Kubernetes, "failed to call webhook")],
        words: "webhook apiserver admission",
        tells_apart: "The destination's line: the control plane's address, no identity, the webhook's port.",
        fix: "PERMISSIVE for that port of that workload (mind A17 and A18).",
        next: &[commands::FORESEE_TLS, commands::ANALYZE],
        sources: &["istio/istio#52874", "istio/istio#53884"],
        ..Row::EMPTY
    },
    Row {
        id: "G95",
        name: "ingress-outside-mesh",
        area: Area::Topology,
        title: "An ingress that is not in the mesh cannot reach its backends",
        story: "nginx or Traefik without enrolment sends plaintext, or TLS without a client certificate.",
        confusing: "Users see 502 from a gateway that works for everything else.",
        seen: &[rarely(App, "502 Bad Gateway"), only(App, "ext_proc … remote connection failure")],
        words: "ingress nginx traefik ext_proc",
        tells_apart: "Is there a src.identity on the hop from the gateway? If not, it came as plaintext or one-way \
            TLS.",
        fix: "Enrol the gateway.",
        next: &[commands::FORESEE, commands::EXPLAIN],
        sources: &["istio/istio#51482", "open-edge-platform/geti_v2#820", "istio/istio#51214"],
        ..Row::EMPTY
    },
    Row {
        id: "G96",
        name: "headless-or-pod-ip-direct",
        area: Area::Topology,
        title: "It works by service name and fails by pod address",
        story: "By address a sidecar's pass-through cluster has no TLS setting; from a sidecar to ambient, \
            headless names lack HBONE.",
        seen: &[
            rarely(Curl, "curl: (52) Empty reply from server"),
            rarely(Envoy, "WRONG_VERSION_NUMBER"),
            only(Envoy, "PassthroughCluster"),
        ],
        words: "headless statefulset",
        tells_apart: "What was matched: a service, a workload, or nothing.",
        fix: "Auto mTLS for each endpoint; call it by the service.",
        next: &[commands::FORESEE, commands::WORKLOADS],
        sources: &[
            "istio/istio#37431",
            "istio/istio#31319",
            "istio/istio#27831",
            "istio/istio#10659",
            "istio/istio#12551",
            "istio/istio#39439",
            "istio/istio#54921",
            "istio/istio#20231",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "G97",
        name: "port-15008-blocked",
        area: Area::Topology,
        title: "Somebody drops what goes to port 15008",
        story: "A NetworkPolicy or a security group lists the app's ports only, and HBONE needs 15008.",
        confusing: "It hangs for exactly ten seconds, and the app's own port is open.",
        seen: &[
            only(Ztunnel, "maybe a NetworkPolicy is blocking HBONE port 15008"),
            shared(Ztunnel, "io error: deadline has elapsed"),
            shared(App, "Connection refused (os error 111)"),
            shared(App, "No route to host"),
            shared(App, "ECONNREFUSED"),
            shared(App, "errno 111"),
            shared(Curl, "curl: (28)"),
        ],
        flags: &["NETWORK_POLICY"],
        codes: &["dial.hbone_timeout"],
        words: "networkpolicy firewall",
        tells_apart: "Nearly 10,000 ms and no byte is a drop; 0 ms and ECONNREFUSED is a reject, or nobody listens \
            (G102).",
        fix: "Allow 15008.",
        next: &[commands::PROBE, commands::EXPLAIN],
        sources: &[
            "istio/ztunnel#1229",
            "istio/istio#52742",
            "istio/istio#51034",
            "istio/istio.io#15281",
            "istio/istio.io#15580",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "G98",
        name: "port-policy-bypassed-by-tunnel",
        area: Area::Topology,
        title: "A firewall by port does not see through the tunnel",
        story: "At layer 4 there is 15008 alone: whoever may reach it reaches every port behind it.",
        words: "firewall bypass inner",
        tells_apart: "The ports reached in tunnels beside the firewall's table.",
        fix: "AuthorizationPolicy with ports.",
        next: &[commands::CONNECTIONS, commands::FORESEE],
        sources: &["istio/istio#56659"],
        ..Row::EMPTY
    },
    Row {
        id: "G99",
        name: "node-local-blackhole",
        area: Area::Topology,
        title: "Timeouts between pods of one node only",
        story: "Something in the node's network path (CNI, eBPF) swallows them; restarting the proxy does not \
            help, draining the node does.",
        seen: &[rarely(Ztunnel, "io error: deadline has elapsed")],
        words: "cni ebpf",
        tells_apart: "Success by edge, on one node and across two; TCP to 15008 times out in one class only.",
        fix: "The platform's CNI; meanwhile drain the node.",
        next: &[commands::PROBE],
        sources: &["istio/istio#59754"],
        ..Row::EMPTY
    },
    Row {
        id: "G100",
        name: "mtu-blackhole-large-certs",
        area: Area::Topology,
        title: "The hello goes out, and large answers never arrive",
        story: "The path takes smaller packets than the ends believe, and the message that would say so is \
            lost.",
        confusing: "Small certificates work, and only over a VPN it hangs.",
        seen: &[rarely(Curl, "curl: (28)")],
        words: "mtu vpn mss",
        tells_apart: "Bytes for each flight, against the largest that came through.",
        fix: "Clamp the MSS; a shorter chain; ECDSA.",
        next: &[commands::TRACE, commands::PROBE],
        sources: &[
            "istio/istio#25976",
            "traefik/traefik#12871",
            "cilium/hubble#1610",
            "guardian/dotcom-rendering#6297",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "G101",
        name: "not-captured-bypass",
        area: Area::Topology,
        title: "Traffic goes around the mesh",
        story: "The redirect rules are missing: the node rebooted, the namespace was labelled later, the pod \
            was faster.",
        confusing: "All works, unencrypted, until STRICT.",
        words: "capture bypass redirect label",
        tells_apart: "Bytes by transport: plaintext between members of the mesh.",
        fix: "STRICT as a safety net; check the capture.",
        next: &[commands::CONNECTIONS, commands::DRY_RUN],
        sources: &["istio/istio#60882", "istio/istio#54630", "istio/ztunnel#521", "linkerd/linkerd2#2970"],
        ..Row::EMPTY
    },
    Row {
        id: "G102",
        name: "sidecar-ambient-mixing",
        area: Area::Topology,
        title: "A sidecar meets ambient, and has no 15008",
        story: "A sidecar without ENABLE_HBONE listens on no 15008, prefers direct mTLS, and knows no double \
            HBONE.",
        seen: &[
            shared(App, "Connection refused (os error 111)"),
            shared(App, "ECONNREFUSED"),
            shared(App, "errno 111"),
            only(Ztunnel, "io error: Connection refused (os error 111)"),
        ],
        words: "sidecar enable_hbone east west",
        tells_apart: "What each workload can do: HBONE, direct mTLS, neither. A refusal by a ztunnel's 15008 is G97.",
        fix: "Enable HBONE on the sidecars, and restart them.",
        next: &[commands::WORKLOADS, commands::PROBE],
        sources: &[
            "istio/istio#56916",
            "istio/istio#53942",
            "istio/istio#57878",
            "istio/istio#54921",
            "istio/istio#43587",
            "istio/istio#61548",
            "istio/istio#50360",
        ],
        ..Row::EMPTY
    },
    Row {
        id: "G103",
        name: "unknown-peer-falls-back-to-plaintext",
        area: Area::Topology,
        title: "Right after the start traffic goes in plaintext",
        story: "The destination is not in the table yet, so that it is passed through.",
        confusing: "STRICT refuses that, and PERMISSIVE takes it silently.",
        words: "startup passthrough",
        tells_apart: "Wire raw, and the reason: unknown destination.",
        fix: "STRICT; wait for the table before serving.",
        next: &[commands::EXPLAIN, commands::WORKLOADS],
        sources: &["istio/istio#42610", "istio/ztunnel#369", "istio/ztunnel src/proxy/outbound.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "G104",
        name: "unknown-source-dropped",
        area: Area::Topology,
        title: "A new pod reaches nobody: its own proxy does not know it",
        story: "An unknown destination is passed through, an unknown source is dropped.",
        confusing: "The destination never hears of it.",
        seen: &[
            only(Ztunnel, "failed to fetch information about local workload"),
            only(Ztunnel, "workload is unknown"),
            only(Ztunnel, "policy rejection: workload not found"),
            shared(Glasstunnel, "no workload or service is called"),
        ],
        codes: &["accept.unknown_workload", "orig_dst.unknown_workload", "orig_dst.no_workload"],
        tells_apart: "An early denial in the source's log, and no line at the destination.",
        fix: "Try again; start in the right order.",
        next: &[commands::WORKLOADS, commands::CONNECTIONS],
        sources: &["istio/ztunnel#369", "istio/ztunnel src/proxy/outbound.rs"],
        ..Row::EMPTY
    },
    Row {
        id: "G105",
        name: "no-healthy-upstream",
        area: Area::Topology,
        title: "The service has no endpoint",
        story: "Its selector fits no workload, or none of them is ready.",
        confusing: "It fails at once, and not with a timeout.",
        seen: &[
            only(Ztunnel, "no healthy upstream"),
            only(Ztunnel, "no ip addresses were resolved for workload"),
            only(Ztunnel, "no endpoints for workload"),
        ],
        flags: &["UH"],
        codes: &["route.no_healthy_upstream"],
        words: "endpoints selector unhealthy",
        tells_apart: "Service found: yes; endpoints: 0.",
        fix: "The selector, or the workloads' readiness.",
        next: &[commands::SERVICES, commands::ANALYZE],
        sources: &["istio/ztunnel src/proxy/outbound.rs"],
        ..Row::EMPTY
    },
];
