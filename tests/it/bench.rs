//! `bench`: each work over each path, with real processes, by what it counts and never by how fast that was.

use std::process::Stdio;
use std::time::Duration;

use glasstunnel::load::{PathReport, Run};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_glasstunnel");

/// What is short enough for a test; a debug build is measured, because nobody believes the figures.
const SHORT: &str = "--insist --no-save -o json --rounds 1 --duration 200ms --warmup 50ms";

/// Longer than any of it takes on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(arguments: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("bench").args(arguments.split(' ')).kill_on_drop(true).stdin(Stdio::null());
    command
}

/// The exit code, the answer and the talk of `bench ARGUMENTS`.
async fn bench(arguments: &str) -> (i32, String, String) {
    let output = timeout(PATIENCE, command(arguments).output()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The run that `bench ARGUMENTS` gives, doubted as it may be.
async fn measured(arguments: &str) -> Run {
    let idle = if arguments.contains("--idle") { "" } else { " --idle 0" };
    let (code, answer, talk) = bench(&format!("{arguments} {SHORT}{idle}")).await;
    assert!(code == 0 || code == 6, "{arguments}: {code}\n{talk}");
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{arguments}: {error}\n{answer}"))
}

/// Something was done, nothing failed, and everybody who took part had processor time.
#[track_caller]
fn check(path: &PathReport, (proxies, timed): (usize, bool)) {
    let name = &path.name;
    assert!(!path.rounds.is_empty(), "{name}");
    for round in &path.rounds {
        assert!(round.done > 0 && round.took > 0, "{name}: {round:?}");
        assert_eq!(round.failures, [], "{name}");
        let cpu = round.cpu;
        let taken = [cpu.source, cpu.destination].iter().flatten().filter(|time| **time > 0).count();
        assert_eq!(taken, if name.starts_with("direct") { 0 } else { proxies }, "{name}: {cpu:?}");
        assert!(cpu.generator > 0 && cpu.server.is_some_and(|time| time > 0), "{name}: {cpu:?}");
        assert_eq!((round.latency.is_some(), round.service.is_some()), (timed, timed), "{name}");
        assert!((0.0..=1.0).contains(&round.others), "{name}: {}", round.others);
    }
    if let (Some(latency), Some(service)) = (&path.latency, &path.service) {
        assert_eq!(latency.count, service.count, "{name}");
        // Who waits for a connection waits before it begins.
        assert!(latency.summary.mean >= service.summary.mean, "{name}");
    }
}

/// Direct, raw, tls, mtls and hbone, each what it is called by the record of its own proxy.
#[track_caller]
fn check_all(run: &Run, (proxies, timed): (usize, bool)) {
    let names: Vec<&str> = run.paths.iter().map(|path| path.name.as_str()).collect();
    assert_eq!(names, ["direct", "raw", "tls", "mtls", "hbone"]);
    for path in &run.paths {
        let wire = (path.name != "direct").then_some(path.name.as_str());
        assert_eq!(path.wire.as_deref(), wire);
        check(path, (proxies, timed));
    }
}

#[tokio::test]
async fn requests_go_over_each_path() {
    let run = measured("rr --rate 200 --connections 4").await;
    check_all(&run, (2, true));
    assert_eq!((run.settings.rate, run.settings.connections), (Some(200.0), 4));
    assert!(run.paths.iter().all(|path| path.rounds[0].lag.is_some()));
    // As many as were due, each of which is waited for.
    let timed = run.paths.iter().map(|path| path.latency.as_ref().unwrap().count);
    assert!(timed.clone().all(|count| count == 40), "{:?}", timed.collect::<Vec<_>>());
}

#[tokio::test]
async fn connections_go_over_each_path() {
    check_all(&measured("connect --rate 100 --connections 4").await, (2, true));
}

#[tokio::test]
async fn handshakes_go_over_each_path() {
    let run = measured("handshake --rate 50 --connections 4").await;
    check_all(&run, (2, true));
    assert_eq!(run.settings.pool_max_streams, 1);
}

#[tokio::test]
async fn bytes_go_over_each_path_both_ways() {
    check_all(&measured("bulk --connections 2").await, (2, false));
    let run = measured("bulk --direction up --connections 1,2 --path direct,hbone").await;
    let names: Vec<&str> = run.paths.iter().map(|path| path.name.as_str()).collect();
    assert_eq!(names, ["direct ×1", "direct ×2", "hbone ×1", "hbone ×2"]);
    run.paths.iter().for_each(|path| check(path, (2, false)));
}

#[tokio::test]
async fn one_process_without_waiting_and_with_memory() {
    let run = measured("rr --one-process --closed --connections 4 --path raw,hbone --idle 20").await;
    for path in &run.paths {
        check(path, (1, true));
        assert!(path.rounds[0].cpu.destination.is_none() && path.rounds[0].lag.is_none());
        let memory = path.memory.as_ref().unwrap();
        assert!(memory.source_at_rest > 1 << 20 && memory.source_each.is_some(), "{memory:?}");
        assert_eq!((memory.connections, memory.destination_at_rest), (20, None));
        assert!(!memory.line.is_empty());
    }
}

#[tokio::test]
async fn a_rate_is_found_where_nobody_says_one() {
    let run = measured("rr --find-max --max-p99 10s --connections 2 --path direct").await;
    let (max, rate) = (run.paths[0].max_rate.unwrap(), run.settings.rate.unwrap());
    assert!(rate > 0.0 && rate <= max / 2.0, "{rate} of {max}");
}

/// A program that measures, and its talk line by line.
struct Measuring {
    child: Child,
    talk: Lines<BufReader<ChildStderr>>,
}

impl Measuring {
    fn start(arguments: &str) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let talk = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, talk }
    }

    async fn hear(&mut self, expect: &str) {
        let heard = async {
            while let Some(line) = self.talk.next_line().await.unwrap() {
                if line.contains(expect) {
                    return;
                }
            }
            panic!("it ended without saying {expect}");
        };
        timeout(PATIENCE, heard).await.unwrap();
    }
}

/// Its children have its standard error, which ends when the last of them has.
#[tokio::test]
async fn no_child_outlives_its_parent() {
    let mut measuring =
        Measuring::start("rr --insist --no-save --rate 100 --path hbone --duration 1h --connections 2");
    measuring.hear("round 1 of 5").await;
    measuring.child.kill().await.unwrap();
    let end = async { while measuring.talk.next_line().await.unwrap().is_some() {} };
    timeout(PATIENCE, end).await.unwrap();
}

#[tokio::test]
async fn ended_early_it_keeps_what_is_whole() {
    let mut measuring = Measuring::start(
        "rr --insist --no-save -o json --rate 100 --path direct,hbone --duration 100ms --warmup 0s --connections 2 --rounds 1000",
    );
    measuring.hear("round 2 of 1000").await;
    let pid = Pid::from_raw(measuring.child.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let mut answer = String::new();
    let reading = async { measuring.child.stdout.take().unwrap().read_to_string(&mut answer).await };
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(measuring.child.wait().await.unwrap().code(), Some(6));
    let run: Run = serde_json::from_str(&answer).unwrap();
    let rounds: Vec<usize> = run.paths.iter().map(|path| path.rounds.len()).collect();
    assert!(rounds[0] >= 1 && rounds[0] == rounds[1], "{rounds:?}");
    assert!(run.notes.iter().any(|note| note.code == "bench.ended_early" && note.doubts));
}

/// Somebody else's path: here, no proxy at all in front of a server of its own.
#[tokio::test]
async fn a_target_is_a_path_like_any_other() {
    let mut child = command("serve").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let pid = child.id().unwrap();
    let target = format!("mine={address},pid={pid},server={pid}");
    let run =
        measured(&format!("rr --rate 100 --connections 1,2 --path direct --target {target} --idle 200"))
            .await;
    assert_eq!(run.paths.len(), 4);
    let mine = &run.paths[2];
    assert_eq!((mine.name.as_str(), mine.wire.as_deref()), ("mine ×1", None));
    for path in &run.paths[2..] {
        let memory = path.memory.as_ref().expect("its process is known");
        assert!(memory.connections == 200 && memory.source_at_rest > 1 << 20, "{memory:?}");
        assert!(memory.source_each.is_some_and(|each| each > 0.0), "{memory:?}");
        assert_eq!(memory.destination_each, None);
    }
    assert!(mine.rounds[0].done > 0 && mine.rounds[0].failures.is_empty());
    assert!(mine.rounds[0].cpu.source.is_some_and(|time| time > 0));
    assert!(mine.rounds[0].cpu.server.is_some_and(|time| time > 0));
}

#[tokio::test]
async fn what_cannot_be_measured_is_said() {
    // Port 1 of an address that nobody else uses: nothing listens there.
    let (code, answer, talk) =
        bench(&format!("rr --rate 100 --connections 2 --path direct --target none=127.255.255.1:1 {SHORT}"))
            .await;
    assert_eq!((code, answer.as_str()), (5, ""), "{talk}");
    assert!(talk.contains("nothing came through none") && talk.contains("refused"), "{talk}");
    for (wrong, code, says) in [
        ("rr --name a/b", 2, "bench.bad_name"),
        ("rr --name x --save /proc/none", 5, "bench.unwritable"),
        ("handshake --no-save --pool-max-streams 100", 2, "expected --pool-max-streams 1"),
        ("connect --no-save --pool-max-streams 1", 2, "expected --pool-max-streams 2 or more"),
        ("rr --no-save --target mine=127.0.0.1:1,pid=4194305", 2, "none with the id 4194305"),
        ("rr --no-save --allow noisy_machine", 2, "bench.noisy_machine"),
    ] {
        let (found, answer, talk) = bench(&format!("{wrong} --insist")).await;
        assert!((found, answer.as_str()) == (code, "") && talk.contains(says), "{wrong}: {found} {talk}");
    }
    let (code, _, talk) = bench("rr --rate 0").await;
    assert!(code == 2 && talk.contains("such as 5000 or 20k"), "{talk}");
    let (code, _, talk) = bench("report none --runs /nowhere").await;
    assert_eq!(code, 3, "{talk}");
    if glasstunnel::load::PROFILE == "debug" {
        let (code, _, talk) = bench("rr --no-save").await;
        assert!(code == 5 && talk.contains("--insist") && talk.contains("bench.debug_build"), "{talk}");
    }
}
