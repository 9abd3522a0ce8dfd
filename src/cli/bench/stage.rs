//! [`Stage`]: the processes that a benchmark runs on, and the paths through them.

use std::net::SocketAddr;
use std::path::Path;

use crate::app::{Claim, claim};
use crate::cli::args::{PathKind, Role};
use crate::cli::bench::mesh::{MeshPlan, service, yaml};
use crate::cli::bench::place::{Folder, mesh, roots};
use crate::cli::bench::process::Process;
use crate::cli::error::CliError;
use crate::load::{BenchError, Destination, Place, Processes, Way, idle};
use crate::mesh::Place as Addresses;
use crate::mesh::build;
use crate::proxy::{DoorKind, doors};
use crate::resources::{Input, Objects};

/// How the proxies are started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProxyPlan {
    pub(crate) workers: usize,
    pub(crate) pool_max_streams: usize,
    pub(crate) one_process: bool,
    pub(crate) workloads: u32,
    pub(crate) policies: u32,
}

/// What runs: the server, and the proxies, if any path goes through some.
pub(crate) struct Stage<'a> {
    folder: &'a Folder,
    plan: ProxyPlan,
    server: Server,
    pub(crate) proxies: Option<Proxies>,
}

impl<'a> Stage<'a> {
    /// Starts it all.
    pub(crate) async fn start(
        folder: &'a Folder,
        plan: ProxyPlan,
        has_proxies: bool,
    ) -> Result<Self, CliError> {
        let server = Server::start(folder).await?;
        let mut stage = Self { folder, plan, server, proxies: None };
        if has_proxies {
            stage.renew().await?;
        }
        Ok(stage)
    }

    /// Starts new proxies in the place of those that are there.
    pub(crate) async fn renew(&mut self) -> Result<(), CliError> {
        if let Some(proxies) = self.proxies.take() {
            proxies.end().await;
        }
        self.proxies = Some(self.others().await?);
        Ok(())
    }

    /// Starts proxies beside those that are there.
    pub(crate) async fn others(&self) -> Result<Proxies, CliError> {
        Proxies::start(self.folder, &self.server, self.plan).await
    }

    /// Lets it all end: proxies before the server, so that nobody is left with an open connection.
    pub(crate) async fn end(self) {
        if let Some(proxies) = self.proxies {
            proxies.end().await;
        }
        self.server.end().await;
    }

    /// How a client gets to the server on a path, and whose counters are read.
    pub(crate) fn through(&self, kind: PathKind) -> (Way, Processes) {
        let proxied =
            self.proxies.as_ref().and_then(|proxies| Some((proxies.way(kind)?, proxies.processes())));
        let straight = || (Way::Straight(self.server.address), Processes::default());
        let (way, processes) = proxied.unwrap_or_else(straight);
        (way, Processes { server: Some(self.server.pid()), ..processes })
    }
}

/// The server of the benchmark.
pub(crate) struct Server {
    process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it.
    pub(crate) async fn start(folder: &Folder) -> Result<Self, BenchError> {
        let arguments = ["--folder".to_owned(), folder.path().display().to_string()];
        let (process, said) = Process::start(Role::Server, &arguments).await?;
        match said.parse() {
            Ok(address) => Ok(Self { process, address }),
            Err(_no_address) => {
                let found = format!("`ready {said}`");
                Err(BenchError::Unheard { who: "the server", expected: "ready ADDRESS", found })
            }
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Lets it end.
    pub(crate) async fn end(self) {
        self.process.end().await;
    }
}

/// The two proxies, or the one process that is both.
pub(crate) struct Proxies {
    source: Process,
    destination: Option<Process>,
    /// The client's SOCKS5 door.
    door: SocketAddr,
    /// The right to its addresses, for as long as the two live.
    _claim: Claim,
}

impl Proxies {
    /// Starts them on a block of addresses of their own. The mesh and the CA are in `folder`, where a second pair finds them.
    async fn start(folder: &Folder, server: &Server, plan: ProxyPlan) -> Result<Self, CliError> {
        let claim = claim()?;
        let yaml = written(folder.path(), server.address, plan)?;
        let door = door(&yaml, claim.block)?;
        let arguments = [
            format!("--folder={}", folder.path().display()),
            format!("--block={}", claim.block),
            format!("--workers={}", plan.workers),
            format!("--pool-max-streams={}", plan.pool_max_streams),
        ];
        let (source, destination) = match plan.one_process {
            true => (Process::start(Role::Both, &arguments).await?.0, None),
            false => {
                // The first makes the CA that the second finds.
                let destination = Process::start(Role::Destination, &arguments).await?.0;
                (Process::start(Role::Source, &arguments).await?.0, Some(destination))
            }
        };
        Ok(Self { source, destination, door, _claim: claim })
    }

    /// How a client gets to the server on a path; straight to `server` without proxies.
    pub(crate) fn way(&self, kind: PathKind) -> Option<Way> {
        service(kind).map(|to| Way::Socks { door: self.door, to: Destination::At(to) })
    }

    /// Whose counters are read.
    pub(crate) fn processes(&self) -> Processes {
        let destination = self.destination.as_ref().map(|process| process.pid);
        Processes { source: Some(self.source.pid), destination, server: None }
    }

    /// Makes one connection on `way`, and tells what the client's proxy recorded of its wire.
    pub(crate) async fn wire(&mut self, way: &Way) -> Result<String, CliError> {
        self.source.wire().await?;
        let made = idle(way, 1).await;
        drop(made.map_err(BenchError::System)?);
        Ok(self.source.hear("the wire of a connection").await?)
    }

    /// Lets them end: the client's first, so that nobody is left with an open tunnel.
    pub(crate) async fn end(self) {
        self.source.end().await;
        if let Some(destination) = self.destination {
            destination.end().await;
        }
    }
}

impl ProxyPlan {
    /// Where they run, as a run tells it.
    pub(crate) fn place(&self) -> Place {
        if self.one_process { Place::OneProcess } else { Place::TwoProcesses }
    }
}

/// The mesh, written to where the proxies read it.
fn written(folder: &Path, server: SocketAddr, plan: ProxyPlan) -> Result<String, BenchError> {
    let (path, roots) = (mesh(folder), roots(folder));
    let plan = MeshPlan { server, roots: &roots, workloads: plan.workloads, policies: plan.policies };
    let text = yaml(&plan);
    std::fs::write(&path, &text).map_err(|source| BenchError::File { path, source })?;
    Ok(text)
}

/// Where the client's SOCKS5 door will be: the same documents give the same addresses to whoever reads them.
fn door(yaml: &str, block: u8) -> Result<SocketAddr, CliError> {
    let objects = Objects::read(&[Input::text("bench", yaml)])?;
    let mesh = build(objects.assemble()?.spec).map_err(|error| objects.located(&error))?;
    let client = mesh.find_workload(crate::cli::bench::mesh::CLIENT).map_err(CliError::Workload)?;
    let wanted = DoorKind::Outbound { workload: Some(client.name.clone()) };
    let all = doors(&mesh, Addresses::Loopback { block });
    let door = all.iter().find(|door| door.kind == wanted).map(|door| door.addr.0);
    door.ok_or_else(|| {
        let found = "no outbound door of the client".to_owned();
        BenchError::Unheard { who: "the mesh", expected: "an outbound door", found }.into()
    })
}
