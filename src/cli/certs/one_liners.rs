//! Lines to paste that show a certificate to a server with `openssl` and `curl`, as these are installed here.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// The files of a certificate, as a shell reads their names.
pub(crate) struct Papers {
    chain: String,
    key: String,
    roots: String,
}

/// A line, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneLiner {
    pub(crate) does: String,
    pub(crate) command: String,
}

impl Papers {
    /// Those in `folder`, as `write_svid` calls them.
    pub(crate) fn of(folder: &Path) -> Self {
        let quoted = |name: &str| quoted(&folder.join(name).display().to_string());
        Self { chain: quoted("cert-chain.pem"), key: quoted("key.pem"), roots: quoted("root-cert.pem") }
    }

    /// A handshake as a peer's proxy begins it.
    pub(crate) fn openssl(&self, door: &str) -> String {
        let Self { chain, key, roots } = self;
        format!(
            "openssl s_client -brief -connect {door} -alpn h2 -cert {chain} -cert_chain {chain} -key {key} -CAfile {roots} </dev/null"
        )
    }

    /// An HTTP request in mutual TLS, without a proxy. A SPIFFE certificate has no host name for curl to compare, hence `-k`.
    pub(crate) fn curl(&self, url: &str, more: &str) -> String {
        let Self { chain, key, .. } = self;
        format!("curl -sS -k --cert {chain} --key {key} {more}{url}")
    }

    /// An HTTP request through HBONE: to curl, that is an HTTP/2 proxy with a client certificate, and a CONNECT.
    pub(crate) fn curl_over_hbone(&self, door: SocketAddr, to: SocketAddr) -> String {
        let Self { chain, key, .. } = self;
        format!(
            "curl -sS -p --proxy https://{door} --proxy-http2 --proxy-insecure --proxy-cert {chain} --proxy-key {key} http://{to}/"
        )
    }
}

/// Whether the curl on the PATH can be led through an HTTP/2 proxy.
pub(crate) async fn curl_speaks_hbone() -> bool {
    let asked =
        Command::new("curl").arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().await;
    asked.is_ok_and(|asked| speaks_hbone(&String::from_utf8_lossy(&asked.stdout)))
}

/// `--proxy-http2` came with curl 8.1.0, and needs a build with HTTP/2 and HTTPS proxies.
fn speaks_hbone(version: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = number.split('.').map_while(|part| part.parse::<u32>().ok());
    let is_new = (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (8, 1);
    let has = |feature: &str| version.split_whitespace().any(|word| word == feature);
    is_new && has("HTTP2") && has("HTTPS-proxy")
}

/// A word that a POSIX shell takes for itself.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_curl_that_can_is_told_to() {
        let check = |version: &str, expect: bool| assert_eq!(speaks_hbone(version), expect, "{version}");
        let with = |number: &str| format!("curl {number} (x86_64)\nFeatures: HSTS HTTP2 HTTPS-proxy IDN\n");
        check(&with("7.88.1"), false);
        check(&with("8.0.1"), false);
        check(&with("8.1.0"), true);
        check(&with("8.14.1-DEV"), true);
        check(&with("10.0.0"), true);
        check("curl 8.14.1 (x86_64)\nFeatures: IDN\n", false);
        check("", false);
    }

    #[test]
    fn any_folder_is_one_word() {
        let check = |word: &str, expect: &str| assert_eq!(quoted(word), expect);
        check("certs/web.default", "certs/web.default");
        check("my certs", "'my certs'");
        check("it's", r"'it'\''s'");
        check("$(reboot)", "'$(reboot)'");
    }
}
