//! Asking a running mesh: one call per connection, typed answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::admin::context::Context;
use crate::admin::error::ClientError;
use crate::admin::request::encode;
use crate::admin::view::{
    AnalysisReportView, CalledView, CertificateView, ConnectionView, Document, EditedView, ExplanationView,
    List, MeshInfo, NamedText, PolicyView, RecordView, RefusalView, RehearsalView, ResourceView, ServiceView,
    WorkloadView, json,
};
use crate::glass::Sequence;

/// How long a call may take: everything that is asked for is in memory over there.
const LIMIT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes: 10,000 records are about a third of this.
const LARGEST: usize = 64 * 1024 * 1024;

/// Asks one running mesh.
#[derive(Clone, Debug)]
pub struct Client {
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Context(Context),
    Tcp(SocketAddr),
}

/// A status and a body.
struct Answered {
    status: u16,
    body: Bytes,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Client {
    /// Asks the mesh of that name over its socket.
    pub fn of(context: Context) -> Self {
        Self { way: Way::Context(context) }
    }

    /// Asks the mesh whose admin API listens on `address`.
    pub fn at(address: SocketAddr) -> Self {
        Self { way: Way::Tcp(address) }
    }

    /// The mesh as a whole.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; the same holds for every method here.
    pub async fn info(&self) -> Result<MeshInfo, ClientError> {
        self.one("/api/v1/info").await
    }

    /// All workloads.
    pub async fn workloads(&self) -> Result<Vec<WorkloadView>, ClientError> {
        self.list("/api/v1/workloads").await
    }

    /// The workload that `name` means, in any spelling that `Mesh::find_workload` understands.
    pub async fn workload(&self, name: &str) -> Result<WorkloadView, ClientError> {
        self.one(&format!("/api/v1/workloads/{}", encode(name))).await
    }

    /// All services.
    pub async fn services(&self) -> Result<Vec<ServiceView>, ClientError> {
        self.list("/api/v1/services").await
    }

    /// All policies.
    pub async fn policies(&self) -> Result<Vec<PolicyView>, ClientError> {
        self.list("/api/v1/policies").await
    }

    /// All certificates.
    pub async fn certificates(&self) -> Result<Vec<CertificateView>, ClientError> {
        self.list("/api/v1/certificates").await
    }

    /// The open connections, and with `finished` also the recorded ones before them.
    pub async fn connections(&self, finished: bool) -> Result<Vec<ConnectionView>, ClientError> {
        self.list(if finished { "/api/v1/connections?all" } else { "/api/v1/connections" }).await
    }

    /// The last `limit` finished connections, the oldest of them first.
    pub async fn records(&self, limit: usize) -> Result<Vec<RecordView>, ClientError> {
        self.list(&format!("/api/v1/records?limit={limit}")).await
    }

    /// One finished connection, with its text.
    pub async fn record(&self, id: u64) -> Result<RecordView, ClientError> {
        self.one(&format!("/api/v1/records/{id}")).await
    }

    /// What would become of a connection from `from` to `to`; `manner` and `under` as `explain` takes them.
    pub async fn explain(
        &self,
        (from, to): (&str, &str),
        manner: Option<&str>,
        under: Option<&str>,
    ) -> Result<ExplanationView, ClientError> {
        let mut path = format!("/api/v1/explain?from={}&to={}", encode(from), encode(to));
        for (name, value) in [("as", manner), ("under", under)] {
            path.extend(value.map(|value| format!("&{name}={}", encode(value))));
        }
        self.one(&path).await
    }

    /// One finished connection as a sequence; with `bytes`, each message is taken apart.
    pub async fn trace(&self, id: u64, bytes: bool) -> Result<Sequence, ClientError> {
        self.one(&format!("/api/v1/trace/{id}{}", if bytes { "?bytes" } else { "" })).await
    }

    /// A capture file of one connection, or of those that began in the last while, or of all that are kept.
    pub async fn capture(
        &self,
        id: Option<u64>,
        since: Option<Duration>,
        force: bool,
    ) -> Result<Bytes, ClientError> {
        let mut path = "/api/v1/capture?".to_owned();
        path.extend(id.map(|id| format!("id={id}&")));
        path.extend(since.map(|since| format!("since-ns={}&", since.as_nanos())));
        path.push_str(if force { "force" } else { "" });
        self.call_path(("GET", &path), String::new()).await
    }

    /// Makes a connection from `from` to `to`, and says where it comes from.
    pub async fn call(
        &self,
        (from, to): (&str, &str),
        manner: Option<&str>,
        fresh_tunnel: bool,
    ) -> Result<SocketAddr, ClientError> {
        let mut path = format!("/api/v1/call?from={}&to={}", encode(from), encode(to));
        path.extend(manner.map(|manner| format!("&as={}", encode(manner))));
        path.push_str(if fresh_tunnel { "&fresh-tunnel" } else { "" });
        let body = self.call_path(("POST", &path), String::new()).await?;
        Ok(self.read::<Document<CalledView>>(&path, &body)?.body.client)
    }

    /// What its documents say and do not do.
    pub async fn analyze(&self) -> Result<AnalysisReportView, ClientError> {
        self.one("/api/v1/analyze").await
    }

    /// Documents of one kind, in one namespace or all, of one name or any.
    pub async fn objects(
        &self,
        kind: &str,
        namespace: Option<&str>,
        name: Option<&str>,
    ) -> Result<Vec<ResourceView>, ClientError> {
        let mut path = format!("/api/v1/objects?kind={}", encode(kind));
        for (parameter, value) in [("namespace", namespace), ("name", name)] {
            path.extend(value.map(|value| format!("&{parameter}={}", encode(value))));
        }
        self.list(&path).await
    }

    /// Tries `mode` on what was observed of `target`, in the last `since` if that is given.
    pub async fn rehearse(
        &self,
        target: &str,
        mode: &str,
        since: Option<Duration>,
    ) -> Result<RehearsalView, ClientError> {
        let mut path = format!("/api/v1/rehearse?target={}&mode={}", encode(target), encode(mode));
        path.extend(since.map(|since| format!("&since-ns={}", since.as_nanos())));
        self.one(&path).await
    }

    /// Applies the documents of `files`, all or none.
    pub async fn apply(
        &self,
        files: &[NamedText],
        dry_run: bool,
        revert_after: Option<Duration>,
    ) -> Result<Vec<EditedView>, ClientError> {
        let mut path = "/api/v1/apply?files".to_owned();
        path.push_str(if dry_run { "&dry-run" } else { "" });
        path.extend(revert_after.map(|after| format!("&revert-after-ns={}", after.as_nanos())));
        self.edit(&path, json(&files)).await
    }

    /// Deletes the documents that `files` name, all or none.
    pub async fn delete_those_in(&self, files: &[NamedText]) -> Result<Vec<EditedView>, ClientError> {
        self.edit("/api/v1/delete?files", json(&files)).await
    }

    /// Deletes one document.
    pub async fn delete(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<EditedView>, ClientError> {
        let (kind, namespace, name) = (encode(kind), encode(namespace), encode(name));
        self.edit(&format!("/api/v1/delete?kind={kind}&namespace={namespace}&name={name}"), String::new())
            .await
    }

    async fn edit(&self, path: &str, body: String) -> Result<Vec<EditedView>, ClientError> {
        let body = self.call_path(("POST", path), body).await?;
        Ok(self.read::<Document<List<EditedView>>>(path, &body)?.body.items)
    }

    /// Asks the mesh to drain and stop.
    pub async fn quit(&self) -> Result<(), ClientError> {
        self.call_path(("POST", "/quitquitquit"), String::new()).await.map(|_shutdown_now| ())
    }

    async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let body = self.call_path(("GET", path), String::new()).await?;
        Ok(self.read::<Document<T>>(path, &body)?.body)
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        Ok(self.one::<List<T>>(path).await?.items)
    }

    fn read<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|problem| ClientError::Unreadable {
            at: self.at_text(),
            path: path.to_owned(),
            problem: problem.to_string(),
        })
    }

    async fn call_path(&self, asked: (&str, &str), body: String) -> Result<Bytes, ClientError> {
        let answered = tokio::time::timeout(LIMIT, self.exchange(asked, body)).await;
        let answered = match answered {
            Ok(answered) => answered?,
            Err(_elapsed) => return Err(ClientError::TooSlow { at: self.at_text(), limit: LIMIT }),
        };
        match answered.status {
            200 => Ok(answered.body),
            status => {
                let refusal = self.read::<Document<RefusalView>>(asked.1, &answered.body)?.body;
                Err(ClientError::Refused { status, refusal })
            }
        }
    }

    async fn exchange(&self, asked: (&str, &str), body: String) -> Result<Answered, ClientError> {
        let broken = |source| ClientError::Broken { at: self.at_text(), source };
        match &self.way {
            Way::Context(context) => {
                let stream = context.connect()?;
                exchange(stream, "localhost", asked, body).await.map_err(broken)
            }
            Way::Tcp(address) => {
                let stream = TcpStream::connect(address).await.map_err(|source| self.unreachable(source))?;
                exchange(stream, &address.to_string(), asked, body).await.map_err(broken)
            }
        }
    }

    fn unreachable(&self, source: io::Error) -> ClientError {
        ClientError::Unreachable { at: self.at_text(), source }
    }

    fn at_text(&self) -> String {
        match &self.way {
            Way::Context(context) => format!("the mesh `{context}`"),
            Way::Tcp(address) => format!("the mesh at {address}"),
        }
    }
}

/// Sends one request and reads its answer; the connection is driven beside it and ends with it.
async fn exchange<S>(
    stream: S,
    host: &str,
    (method, path): (&str, &str),
    body: String,
) -> Result<Answered, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request =
        Request::builder().method(method).uri(path).header(HOST, host).body(Full::new(Bytes::from(body)))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LARGEST).collect().await?.to_bytes();
        Ok(Answered { status, body })
    };
    // The answer's own error says more than the connection's end.
    let (answer, _ended) = tokio::join!(answer, connection);
    answer
}
