//! [`Runs`]: the connections of one client, some of which may stay open for a while.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::{Instant, timeout};

use crate::ca::Authority;
use crate::lab::Lab;
use crate::scenario::call::{Called, PATIENCE, call};
use crate::scenario::client::Client;
use crate::scenario::compare::rows;
use crate::scenario::error::ScenarioError;
use crate::scenario::exchange::Conversation;
use crate::scenario::observed::Observed;
use crate::scenario::program;
use crate::scenario::report::ClientReport;
use crate::scenario::saw::Saw;
use crate::scenario::step::{Step, told};
use crate::scenario::together::{Doing, all};
use crate::telemetry::Record;

/// What a client's connections came to so far.
pub(crate) struct Runs<'a> {
    lab: &'a Lab,
    client: &'a Client,
    authority: &'a Authority,
    seen: Vec<Observed>,
    records: Vec<Arc<Record>>,
    inconclusive: Option<String>,
    staying: Vec<(Met, SocketAddr)>,
}

/// How far a connection is.
enum Met {
    /// This is what came of it.
    Through(Saw),
    /// The client stays.
    Stays(Box<Conversation>),
}

impl<'a> Runs<'a> {
    /// Makes them: to their ends, or to where the client stays.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] where the client's names lead nowhere.
    pub(crate) async fn begin(
        lab: &'a Lab,
        client: &'a Client,
        authority: &'a Authority,
    ) -> Result<Self, ScenarioError> {
        let (seen, records, staying) = (Vec::new(), Vec::new(), Vec::new());
        let mut runs = Self { lab, client, authority, seen, records, inconclusive: None, staying };
        let times = client.repeat.max(1);
        if client.together {
            let meet = |_| -> Doing<'_, _> { Box::pin(meet(lab, client, authority)) };
            for met in all((0..times).map(meet).collect()).await {
                runs.take(met?).await;
            }
            return Ok(runs);
        }
        for _ in 0..times {
            runs.once().await?;
            if runs.inconclusive.is_some() {
                break;
            }
        }
        Ok(runs)
    }

    /// Lets those that stayed go on to their ends, after what happened `afterwards`.
    pub(crate) async fn finish(mut self, afterwards: &[Step]) -> ClientReport {
        let wait = self.client.patience.unwrap_or(PATIENCE);
        let go_on = |(met, from): (Met, SocketAddr)| -> Doing<'_, _> {
            Box::pin(async move {
                match met {
                    Met::Through(saw) => (saw, from),
                    Met::Stays(conversation) => (conversation.go_on(Instant::now() + wait).await, from),
                }
            })
        };
        let staying = std::mem::take(&mut self.staying);
        for (saw, from) in all(staying.into_iter().map(go_on).collect()).await {
            self.record_from(&saw, from).await;
        }
        self.report(afterwards)
    }

    async fn once(&mut self) -> Result<(), ScenarioError> {
        let Self { lab, client, authority, .. } = *self;
        if client.command.is_empty() {
            let met = meet(lab, client, authority).await?;
            self.take(met).await;
            return Ok(());
        }
        let last = lab.running().recorder().recent(1).last().map_or(0, |record| record.id);
        let saw = program::run(lab, client, deadline(client)).await?;
        let source = lab.workload(&client.from)?;
        // A program may also say that it stands for somebody whom nobody knows.
        let is_own = |record: &Record| {
            let by = record.source_party().workload;
            record.id > last && by.is_none_or(|workload| workload.name == source.name)
        };
        self.record(&saw, is_own).await;
        Ok(())
    }

    async fn take(&mut self, (met, from): (Met, SocketAddr)) {
        match met {
            Met::Through(saw) => self.record_from(&saw, from).await,
            stays @ Met::Stays(_) => self.staying.push((stays, from)),
        }
    }

    async fn record_from(&mut self, saw: &Saw, from: SocketAddr) {
        self.record(saw, |record| record.source_party().addr == Some(from)).await;
    }

    /// Adds what the client saw, and its record if one is asked for, or is there already.
    async fn record(&mut self, saw: &Saw, is_own: impl Fn(&Record) -> bool) {
        let record = if !self.client.expect.asks_proxies() {
            self.lab.running().recorder().recent(usize::MAX).into_iter().find(|record| is_own(record))
        } else if self.inconclusive.is_some() {
            None
        } else {
            let found = timeout(PATIENCE, self.lab.record(is_own)).await.ok();
            if found.is_none() {
                let seconds = PATIENCE.as_secs();
                self.inconclusive =
                    Some(format!("expected the connection on record within {seconds} s, found none"));
            }
            found
        };
        self.seen.push(Observed::new(saw, record.as_deref()));
        self.records.extend(record);
    }

    fn report(self, afterwards: &[Step]) -> ClientReport {
        let Self { client, seen, records, inconclusive, .. } = self;
        ClientReport {
            name: client.name.clone(),
            does: does(client, afterwards),
            runs: u32::try_from(seen.len()).unwrap_or(u32::MAX),
            rows: rows(&client.expect, &seen),
            inconclusive,
            seen: seen.into_iter().next(),
            records,
        }
    }
}

async fn meet(lab: &Lab, client: &Client, authority: &Authority) -> Result<(Met, SocketAddr), ScenarioError> {
    let deadline = deadline(client);
    let Called { made, from } = call(lab, client, authority, deadline).await?;
    let met = match made {
        Err(saw) => Met::Through(saw),
        Ok(mut conversation) if client.hold => {
            conversation.begin(deadline).await;
            Met::Stays(Box::new(conversation))
        }
        Ok(conversation) => Met::Through(conversation.exchange(deadline).await),
    };
    Ok((met, from))
}

fn deadline(client: &Client) -> Instant {
    Instant::now() + client.patience.unwrap_or(PATIENCE)
}

/// What a client does, in one line, with what happens to the mesh before it and while it stays.
pub fn does(client: &Client, afterwards: &[Step]) -> String {
    let mut line = match client.before.is_empty() {
        true => String::new(),
        false => format!("{}, then ", told(&client.before)),
    };
    if !client.command.is_empty() {
        return line + &format!("{}: {}", client.from, client.command.join(" "));
    }
    line += &format!("{} → {}", client.from, client.to);
    if let Some(manner) = client.manner {
        line += &format!(" as {manner}");
    }
    if let Some(fault) = client.fault {
        line += &format!(" through {fault}");
    }
    match (client.repeat, client.together) {
        (0 | 1, _) => {}
        (times, false) => line += &format!(", {times} times"),
        (times, true) => line += &format!(", {times} at once"),
    }
    if let Some(patience) = client.patience {
        line += &format!(", for {patience:?}");
    }
    match (client.hold, afterwards.is_empty()) {
        (false, _) => {}
        (true, true) => line += ", and stays",
        (true, false) => line += &format!(", and stays; then {}", told(afterwards)),
    }
    line
}
