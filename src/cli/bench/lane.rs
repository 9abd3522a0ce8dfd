//! [`Lane`]: one path of a benchmark, and what has come of it so far.

use crate::cli::args::{LoadArguments, PathKind, Target};
use crate::cli::bench::stage::Stage;
use crate::load::{Load, Memory, Meter, PathReport, Processes, Together, Way, memory};

/// One path.
pub(crate) struct Lane {
    pub(crate) name: String,
    means: String,
    /// Which one of the benchmark's own; `None` for a target.
    pub(crate) kind: Option<PathKind>,
    pub(crate) way: Way,
    pub(crate) processes: Processes,
    pub(crate) connections: u32,
    pub(crate) wire: Option<String>,
    pub(crate) together: Together,
    pub(crate) meter: Option<Meter>,
    pub(crate) memory: Option<Memory>,
    pub(crate) max_rate: Option<f64>,
}

impl Lane {
    fn new(name: &str, means: String, way: Way, processes: Processes) -> Self {
        let rest = processes.source.and_then(memory).map(|source_at_rest| Memory {
            source_at_rest,
            destination_at_rest: processes.destination.and_then(memory),
            source_each: None,
            destination_each: None,
            connections: 0,
            line: Vec::new(),
        });
        Self {
            name: name.to_owned(),
            means,
            kind: None,
            way,
            processes,
            connections: 0,
            wire: None,
            together: Together::default(),
            meter: None,
            memory: rest,
            max_rate: None,
        }
    }

    fn own(kind: PathKind, stage: &Stage<'_>) -> Self {
        let (way, processes) = stage.through(kind);
        Self { kind: Some(kind), ..Self::new(kind.word(), kind.means().to_owned(), way, processes) }
    }

    /// Whether it goes through proxies of the benchmark's own.
    pub(crate) fn is_proxied(&self) -> bool {
        self.kind.is_some_and(|kind| kind != PathKind::Direct)
    }

    /// Goes through what is on the stage now.
    pub(crate) fn move_to(&mut self, stage: &Stage<'_>) {
        let Some(kind) = self.kind else { return };
        (self.way, self.processes) = stage.through(kind);
        if let Some(meter) = &mut self.meter {
            meter.move_to(self.processes);
        }
    }

    fn target(target: &Target) -> Self {
        let mut pids = target.pids.iter().copied();
        let (source, destination) = (pids.next(), pids.next());
        let processes = Processes { source, destination, server: target.server };
        let means = match &target.way {
            Way::Straight(address) => format!("the client to {address}, and what is behind that"),
            Way::Socks { door, to } => format!("the client to {to} through the SOCKS5 door {door}"),
        };
        Self::new(&target.name, means, target.way.clone(), processes)
    }

    /// `load` on this path.
    pub(crate) fn load(&self, load: Load) -> Load {
        Load { connections: self.connections, ..load }
    }

    /// What there is to say of it.
    pub(crate) fn report(self) -> PathReport {
        let line = self.meter.map(|meter| meter.line).unwrap_or_default();
        PathReport {
            name: self.name,
            means: self.means,
            connections: self.connections,
            wire: self.wire,
            latency: self.together.latency(),
            service: self.together.service(),
            rounds: self.together.rounds,
            memory: self.memory.map(|memory| Memory { line, ..memory }),
            max_rate: self.max_rate,
        }
    }
}

impl PathKind {
    /// All of them, each a layer more than the one before.
    pub(crate) const ALL: [Self; 5] = [Self::Direct, Self::Raw, Self::Tls, Self::Mtls, Self::Hbone];

    /// As it is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Raw => "raw",
            Self::Tls => "tls",
            Self::Mtls => "mtls",
            Self::Hbone => "hbone",
        }
    }

    fn means(self) -> &'static str {
        match self {
            Self::Direct => "the client straight to the server, over loopback",
            Self::Raw => {
                "plaintext through both proxies: by SOCKS5 into the client's, captured by the server's, where the port is DISABLE"
            }
            Self::Tls => {
                "TLS that the client's proxy originates (DestinationRule SIMPLE, verified) and the server ends; the server's proxy passes it on"
            }
            Self::Mtls => {
                "mutual TLS with SPIFFE identities between the two proxies, straight to the port, as sidecars speak it"
            }
            Self::Hbone => "HTTP/2 CONNECT in mutual TLS with SPIFFE identities between the two proxies",
        }
    }
}

/// The paths that were asked for, one for each number of connections.
pub(crate) fn lanes(arguments: &LoadArguments, connections: &[u32], stage: &Stage<'_>) -> Vec<Lane> {
    let own = kinds(arguments).into_iter().map(|kind| Lane::own(kind, stage));
    let all = own.chain(arguments.target.iter().map(Lane::target));
    all.flat_map(|lane| {
        connections.iter().map(move |count| {
            let name = match connections.len() {
                1 => lane.name.clone(),
                _ => format!("{} ×{count}", lane.name),
            };
            let fresh = Lane::new(&name, lane.means.clone(), lane.way.clone(), lane.processes);
            Lane { kind: lane.kind, connections: *count, ..fresh }
        })
    })
    .collect()
}

/// The kinds of path that were asked for, each once.
pub(crate) fn kinds(arguments: &LoadArguments) -> Vec<PathKind> {
    let all = if arguments.path.is_empty() { &PathKind::ALL[..] } else { &arguments.path };
    PathKind::ALL.into_iter().filter(|kind| all.contains(kind)).collect()
}
