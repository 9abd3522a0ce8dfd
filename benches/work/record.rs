//! Both sides' events of connections over HBONE, and a recorder with every face that takes them.

use std::io::sink;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use glasstunnel::addr::MeshAddr;
use glasstunnel::drain::{Drain, drain};
use glasstunnel::io::ByteCounts;
use glasstunnel::mesh::Workload;
use glasstunnel::telemetry::{
    AccessLog, EventSender, Fact, Half, Join, LogFormat, Metrics, Opening, Outcome, Party, Record, Recorder,
    Reporter, Step, Taps, Wire, queue,
};
use glasstunnel::trace_context::TraceId;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast::Receiver;

use crate::policies::{Asked, mesh};

/// How many connections are recorded at once; the recorder works in batches.
pub(crate) const BATCH: u64 = 100;

/// A recorder at work, whose time is its own: the 10 ms in which a batch gathers pass at once.
pub(crate) struct Recording {
    runtime: Runtime,
    events: EventSender,
    records: Receiver<Arc<Record>>,
    source: Half,
    destination: Half,
    traces: u128,
    _owner: Drain,
}

/// One connection: how each of its two sides opened and ended.
pub(crate) type Connection = [(Opening, Box<Half>); 2];

impl Recording {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (events, receiver) = queue();
        let log = AccessLog::new(LogFormat::Plain, "Kubernetes", Box::new(sink()));
        let recorder = Recorder::new(receiver, Metrics::new("Kubernetes"), Some(log));
        let records = recorder.handle().subscribe();
        let (owner, tasks) = drain();
        runtime.block_on(async { tasks.spawn("recorder", recorder.run(tasks.clone())) });
        let [source, destination] = halves();
        Self { runtime, events, records, source, destination, traces: 0, _owner: owner }
    }

    /// Connections to come.
    pub(crate) fn batch(&mut self) -> Vec<Connection> {
        (0..BATCH).map(|_| self.connection()).collect()
    }

    fn connection(&mut self) -> Connection {
        self.traces += 1;
        let trace = Some(TraceId(self.traces.to_be_bytes()));
        [&self.source, &self.destination].map(|half| {
            let half = Half { join: Join { trace, ..half.join }, ..half.clone() };
            (opening(&half), Box::new(half))
        })
    }

    /// Pushes what the proxies would push, and waits until all of it is recorded.
    pub(crate) fn record(&mut self, batch: Vec<Connection>) {
        for (opening, half) in batch.into_iter().flatten() {
            let id = self.events.next_id();
            self.events.opened(id, opening);
            self.events.finished(id, half);
        }
        self.runtime.block_on(async {
            for _ in 0..BATCH {
                self.records.recv().await.unwrap();
            }
        });
    }
}

fn opening(half: &Half) -> Opening {
    Opening {
        reporter: half.reporter,
        join: half.join,
        started: half.started,
        source: half.source.clone(),
        destination: half.destination.clone(),
        hbone_addr: half.hbone_addr.clone(),
        wire: Wire::Hbone,
        counts: Arc::new(ByteCounts::new()),
    }
}

fn party(workload: &Arc<Workload>, port: u16) -> Party {
    Party {
        addr: Some(workload.address(port).0),
        workload: Some(Arc::clone(workload)),
        identity: Some(workload.identity.clone()),
        service: None,
    }
}

fn step(at: u64, fact: Fact) -> Step {
    Step { at: Duration::from_micros(at), fact }
}

fn half(reporter: Reporter, workload: &Arc<Workload>, steps: Vec<Step>) -> Half {
    Half {
        reporter,
        join: Join { trace: None, socket: None, expects_other: true },
        // 2026-11-21T03:31:07Z, so that no line is longer than another.
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_231_867),
        since: Instant::now(),
        took: Duration::from_micros(1_900),
        source: party(workload, 40_000),
        destination: party(workload, 15_008),
        hbone_addr: Some("10.0.0.2:3000".into()),
        wire: Some(Wire::Hbone),
        steps,
        outcome: Outcome::Delivered,
        to_backend: 74,
        to_client: 63,
        early: false,
        taps: Taps::default(),
    }
}

/// The two sides of a connection, with the steps that each of them notes.
fn halves() -> [Half; 2] {
    let asked = Asked::new(&mesh(10));
    let permit =
        asked.decide(&glasstunnel::policy::PolicySet::new(&mesh(10), crate::policies::unrelated(10)));
    let (workload, authority) = (&asked.workload, Arc::<str>::from("10.0.0.2:3000"));
    let from = MeshAddr::new([10, 0, 0, 1].into(), 40_000);
    let peer = Fact::Handshaken {
        peer: workload.identity.clone(),
        version: "TLSv1.3",
        suite: "TLS_AES_256_GCM_SHA384",
        alpn: Some("h2".into()),
    };
    let connect = Fact::Connect { authority };
    let dialled = vec![
        step(0, Fact::Accepted { door: "outbound", from }),
        step(12, Fact::Asked { through: "socks5", target: "customers:80".into() }),
        step(900, peer.clone()),
        step(910, connect.clone()),
        step(1_300, Fact::Answered { status: 200 }),
        step(1_900, Fact::Relayed { to_backend: 74, to_client: 63 }),
    ];
    let delivered = vec![
        step(0, Fact::Accepted { door: "hbone", from }),
        step(1, peer),
        step(4, connect),
        step(5, Fact::Mode(permit.effective().clone())),
        step(8, Fact::Permitted(Box::new(permit))),
        step(120, Fact::Dialed { to: from }),
        step(930, Fact::Relayed { to_backend: 74, to_client: 63 }),
    ];
    [half(Reporter::Source, workload, dialled), half(Reporter::Destination, workload, delivered)]
}
