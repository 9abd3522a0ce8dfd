//! Runs in files, and files that are none.

use super::*;
use crate::load::run::{
    Cpu, Environment, Failure, Latency, Memory, MemoryPoint, Note, PathReport, Percentile, Percentiles,
    Place, Round, Settings, Work,
};
use crate::reason::Reason;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("glasstunnel-saved-{:016x}", rand::random::<u64>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_no_run_is_said() {
    let folder = Folder::new();
    let check = |text: &str, code: &str, says: &str| {
        fs::write(folder.0.join("x.json"), text).unwrap();
        let error = open("x", &folder.0).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().ends_with(says), "{error}");
    };
    check("", "bench.malformed_run", "found something else");
    check("7", "bench.malformed_run", "found something else");
    check("[]", "bench.foreign_document", "found a document without a kind");
    check("{\"apiVersion\":\"glasstunnel.dev/v1\",\"kind\":\"BenchRun\"}", "bench.malformed_run", "else");
    check("{}", "bench.foreign_document", "found a document without a kind");
    check(
        "{\"apiVersion\":\"glasstunnel.dev/v9\",\"kind\":\"BenchRun\"}",
        "bench.foreign_document",
        "expected BenchRun of glasstunnel.dev/v1, found BenchRun of glasstunnel.dev/v9",
    );
    let error = open("y", &folder.0).unwrap_err();
    assert_eq!((error.code(), error.hint().unwrap().as_str()), ("bench.unknown_run", "there are: x"));
    let error = open("./absent.json", &folder.0).unwrap_err();
    assert!(matches!(error, LoadError::Read { .. }), "{error}");
    let error = open("a b", &folder.0).unwrap_err();
    assert!(matches!(error, LoadError::BadName { .. }), "{error}");
}

#[test]
fn what_cannot_be_kept_is_known_before() {
    let folder = Folder::new();
    let dir = folder.0.join("new");
    has_room("x", &dir).unwrap();
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "nothing is left of the trial");
    fs::write(dir.join("x.json"), "").unwrap();
    let code = |name: &str, dir: &Path| has_room(name, dir).unwrap_err().code();
    assert_eq!(code("x", &dir), "bench.run_exists");
    assert_eq!(code("a/b", &dir), "bench.bad_name");
    assert_eq!(code("y", &dir.join("x.json")), "bench.unwritable");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_run_comes_back(run in runs()) {
        let folder = Folder::new();
        let path = keep(&run, &folder.0).unwrap();
        prop_assert_eq!(open(&run.name, &folder.0).unwrap(), run.clone());
        prop_assert_eq!(open(path.to_str().unwrap(), Path::new("/")).unwrap(), run.clone());
        // And whatever is in it, all that is shown of it can be made.
        let again = matches!(keep(&run, &folder.0), Err(LoadError::Exists { .. }));
        prop_assert!(again, "it was written over");
        crate::load::price::prices(&run);
        let comparison = crate::load::compare::compare(&run, &run, false);
        prop_assert_eq!(comparison.is_err(), run.paths.is_empty());
        let rows = comparison.map(|comparison| comparison.rows).unwrap_or_default();
        prop_assert!(rows.iter().all(|row| row.change.percent == 0.0));
    }
}

/// Eighths come through decimal digits unchanged.
fn floats() -> BoxedStrategy<f64> {
    (0_u32..1 << 30).prop_map(|eighths| f64::from(eighths) / 8.0).boxed()
}

fn percentiles() -> impl Strategy<Value = Percentiles> {
    any::<[u64; 6]>().prop_map(|[p50, p90, p99, p999, max, mean]| Percentiles {
        p50,
        p90,
        p99,
        p999,
        max,
        mean,
    })
}

fn latencies() -> impl Strategy<Value = Latency> {
    let point = (0_u32..=8, any::<u64>(), any::<u64>());
    let point = point.prop_map(|(at, value, count)| Percentile { at: f64::from(at) / 8.0, value, count });
    (percentiles(), floats(), any::<u64>(), vec(point, 0..4))
        .prop_map(|(summary, deviation, count, curve)| Latency { summary, deviation, count, curve })
}

fn rounds() -> impl Strategy<Value = Round> {
    let cpu = (option::of(any::<u64>()), option::of(any::<u64>()), option::of(any::<u64>()), any::<u64>());
    let cpu = cpu.prop_map(|(source, destination, server, generator)| Cpu {
        source,
        destination,
        server,
        generator,
    });
    let failure = (any::<String>(), any::<u64>()).prop_map(|(says, times)| Failure { says, times });
    let latencies = (option::of(percentiles()), option::of(percentiles()));
    (any::<[u64; 2]>(), vec(failure, 0..2), latencies, cpu, option::of(any::<u64>()), floats()).prop_map(
        |([took, done], failures, (latency, service), cpu, lag, others)| Round {
            took,
            done,
            failures,
            latency,
            service,
            cpu,
            lag,
            others,
        },
    )
}

fn memories() -> impl Strategy<Value = Memory> {
    let point = (any::<[u64; 2]>(), option::of(any::<u64>()));
    let point = point.prop_map(|([at, source], destination)| MemoryPoint { at, source, destination });
    let each = (option::of(floats()), option::of(floats()));
    (any::<u64>(), option::of(any::<u64>()), each, any::<u32>(), vec(point, 0..4)).prop_map(
        |(source_at_rest, destination_at_rest, (source_each, destination_each), connections, line)| Memory {
            source_at_rest,
            destination_at_rest,
            source_each,
            destination_each,
            connections,
            line,
        },
    )
}

fn paths() -> impl Strategy<Value = PathReport> {
    let names = prop_oneof![any::<String>(), Just("direct".to_owned()), Just("hbone ×4".to_owned())];
    let latencies = (option::of(latencies()), option::of(latencies()));
    (names, any::<String>(), vec(rounds(), 0..4), latencies, option::of(memories()), option::of(floats()))
        .prop_map(|(name, means, rounds, (latency, service), memory, max_rate)| PathReport {
            connections: 64,
            wire: None,
            name,
            means,
            rounds,
            latency,
            service,
            memory,
            max_rate,
        })
}

fn settings() -> impl Strategy<Value = Settings> {
    let places = prop_oneof![
        Just(Place::TwoProcesses),
        Just(Place::OneProcess),
        Just(Place::Elsewhere),
        Just(Place::None)
    ];
    (option::of(floats()), any::<u64>(), any::<[u32; 8]>(), places).prop_map(
        |(
            rate,
            duration,
            [connections, rounds, request, response, workers, streams, workloads, policies],
            place,
        )| {
            Settings {
                rate,
                connections,
                duration,
                warmup: duration / 5,
                direction: None,
                rounds,
                request,
                response,
                workers,
                pool_max_streams: streams,
                workloads,
                policies,
                place,
                max_p99: rate.map(|_| duration),
            }
        },
    )
}

fn environments() -> impl Strategy<Value = Environment> {
    let maybe = || option::of(any::<String>());
    let texts = (any::<[String; 4]>(), any::<String>(), [maybe(), maybe()]);
    (texts, vec(any::<String>(), 0..3), any::<u32>(), floats(), any::<u64>()).prop_map(
        |(
            ([version, profile, began, cpu], kernel, [governor, congestion_control]),
            command,
            cores,
            load_average,
            memory,
        )| {
            Environment {
                version,
                profile,
                command,
                began,
                cpu,
                cores,
                governor,
                kernel,
                congestion_control,
                load_average,
                memory,
            }
        },
    )
}

fn runs() -> impl Strategy<Value = Run> {
    let works = prop_oneof![Just(Work::Handshake), Just(Work::Connect), Just(Work::Rr), Just(Work::Bulk)];
    let note = (any::<String>(), any::<String>(), any::<bool>());
    let note = note.prop_map(|(code, says, doubts)| Note { code, says, doubts });
    ("[a-z][a-z0-9.-]{0,9}", works, settings(), environments(), vec(paths(), 0..4), vec(note, 0..2)).prop_map(
        |(name, work, settings, environment, mut paths, notes)| {
            // Names are told apart by whoever measures.
            for (at, path) in paths.iter_mut().enumerate() {
                path.name.insert_str(0, &at.to_string());
            }
            Run { name, work, settings, environment, paths, notes }
        },
    )
}
