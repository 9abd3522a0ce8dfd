//! A pod's `/etc/resolv.conf`, as the kubelet writes it for `dnsPolicy: ClusterFirst`.

use std::net::IpAddr;

/// The file for a pod in `namespace` of a cluster with `cluster_domain`, whose server is at `nameserver` port 53: the
/// format has no place for another port (resolv.conf(5)).
///
/// `ndots:5` makes a resolver try the search list first for every name with fewer than five dots, so that `customers`,
/// `customers.default` and `customers.default.svc` all come to the server as full names.
pub fn resolv_conf(nameserver: IpAddr, namespace: &str, cluster_domain: &str) -> String {
    format!(
        "search {namespace}.svc.{cluster_domain} svc.{cluster_domain} {cluster_domain}\nnameserver {nameserver}\noptions ndots:5\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_kubelets() {
        let written = resolv_conf([127, 0, 0, 1].into(), "default", "cluster.local");
        let expect = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n";
        assert_eq!(written, expect);
    }
}
