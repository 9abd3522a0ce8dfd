//! The drawings of a trace: held by golden files, and against what a peer could make of them.

use std::path::Path;

use glasstunnel::cli::{trace_bytes, trace_mermaid, trace_svg};
use glasstunnel::glass::{
    Detail, Eavesdropper, Event, Handshake, Lane, Part, Phase, Sequence, Stander, Tone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::{connections, golden};

/// Connections as they were once, so that no clock and no random number is in what is held. All but `nasty`, which is made
/// up, are written anew with `UPDATE_SEQUENCES=1 cargo test --test cli real_connections`.
const KEPT: [(&str, &str); 5] = [
    ("hbone", include_str!("../data/drawings/hbone.json")),
    ("reused", include_str!("../data/drawings/reused.json")),
    ("permissive", include_str!("../data/drawings/permissive.json")),
    ("refused", include_str!("../data/drawings/refused.json")),
    ("nasty", include_str!("../data/drawings/nasty.json")),
];

#[test]
fn drawings_stay_as_they_are() {
    for (name, json) in KEPT {
        let sequence: Sequence = serde_json::from_str(json).unwrap();
        golden::check_file(&format!("drawings/{name}.svg"), &trace_svg(&sequence));
        golden::check_file(&format!("drawings/{name}.mmd"), &trace_mermaid(&sequence));
        golden::check_file(&format!("drawings/{name}.txt"), &trace_bytes(&sequence));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_connections_are_drawn() {
    for (name, sequence) in connections::all().await {
        keep(name, &sequence);
        holds(&sequence);
        let (svg, mermaid, bytes) = (trace_svg(&sequence), trace_mermaid(&sequence), trace_bytes(&sequence));
        let draws_handshake = matches!(name, "hbone" | "refused");
        assert_eq!(svg.contains("inside TLS"), matches!(name, "hbone" | "reused" | "refused"), "{name}");
        assert_eq!(svg.contains(">CertificateRequest</text>"), draws_handshake, "{name}");
        assert_eq!(mermaid.contains(" {CertificateRequest} · "), draws_handshake, "{name}");
        assert_eq!(mermaid.contains("✗ "), matches!(name, "refused" | "strict"), "{name}");
        assert_eq!(bytes.contains("── 1. ClientHello ──"), draws_handshake, "{name}");
        // Whether the CONNECT was sent before the refusal came is a race.
        let has_connect = bytes.contains(":authority: ");
        assert!(name == "refused" || has_connect == matches!(name, "hbone" | "reused"), "{name}");
    }
}

fn keep(name: &str, sequence: &Sequence) {
    #[expect(clippy::disallowed_methods, reason = "how a person asks for other connections")]
    if std::env::var_os("UPDATE_SEQUENCES").is_some() && KEPT.iter().any(|(kept, _)| *kept == name) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/drawings/{name}.json"));
        std::fs::write(path, serde_json::to_string_pretty(sequence).unwrap() + "\n").unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_peer_breaks_a_drawing(sequence in sequences()) {
        holds(&sequence);
    }
}

/// What every drawing keeps, whatever is in it.
#[track_caller]
fn holds(sequence: &Sequence) {
    is_svg(&trace_svg(sequence));
    is_mermaid(&trace_mermaid(sequence), sequence);
    let bytes = trace_bytes(sequence);
    for line in bytes.lines() {
        assert!(line.chars().count() <= 110 && line.trim_end() == line, "{line:?}");
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
    }
}

/// Well-formed, of known elements only, and no text beyond the edges.
#[track_caller]
fn is_svg(svg: &str) {
    let document = roxmltree::Document::parse(svg).unwrap();
    let root = document.root_element();
    let height: f64 = root.attribute("height").unwrap().parse().unwrap();
    assert_eq!((root.attribute("role"), root.attribute("width")), (Some("img"), Some("1140")));
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(["svg", "title", "desc", "style", "rect", "text", "path"].contains(&name), "{name}");
        if name != "text" {
            continue;
        }
        let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let scale = if node.attribute("class") == Some("title") { 10.2 } else { 6.6 };
        let wide = scale * node.text().unwrap_or_default().chars().count() as f64;
        let left = match node.attribute("text-anchor") {
            Some("end") => number("x") - wide,
            Some("middle") => number("x") - wide / 2.0,
            _ => number("x"),
        };
        assert!(left >= 0.0 && left + wide <= 1140.0 && number("y") < height, "{node:?} {wide}");
    }
}

/// Statements of known kinds, in which nothing but codes has a meaning.
#[track_caller]
fn is_mermaid(text: &str, sequence: &Sequence) {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    assert_eq!(lines.first(), Some(&"sequenceDiagram"));
    let count = |prefix: &str| lines.iter().filter(|line| line.starts_with(prefix)).count();
    assert_eq!(count("participant "), 4);
    assert_eq!(count("rect "), count("end"));
    let drawn = lines.len() - 3 - 4 - 2 * count("rect ");
    assert_eq!(drawn, 1 + sequence.events.len() + sequence.notes.len());
    for line in &lines {
        let bare = without_codes(line);
        assert!(!bare.contains(['#', ';', '%', '<', '>', '"', '\\', '$', '`', '&']), "{line:?}");
        assert!(!bare.contains(|c: char| c.is_control()), "{line:?}");
    }
}

/// A line without arrows, line breaks and codes.
fn without_codes(line: &str) -> String {
    let line = line.replace("->>", "").replace("<br/>", " ");
    let mut pieces = line.split('#');
    let mut bare = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let is_code = digits > 0 && piece[digits..].starts_with(';');
        bare.push_str(if is_code { &piece[digits + 1..] } else { "#" });
    }
    bare
}

/// Text that a peer could choose.
fn texts() -> BoxedStrategy<String> {
    let nasty = [
        "<script>alert(1)</script>",
        "]]>&amp;\"'",
        "%%{init: {}}%% end",
        "style a: #fff; classDef x: #000;",
        "a\r\nend\nparticipant X",
        "\u{0}\u{1b}[2J\u{fffe}\u{202e}",
        "$$x$$ `y` \\n",
        "spiffe://cluster.local/ns/default/sa/reviews",
    ];
    prop_oneof![
        any::<String>(),
        proptest::sample::select(nasty.to_vec()).prop_map(str::to_owned),
        "[a-z]{0,400}",
        Just(String::new()),
    ]
    .boxed()
}

fn lanes() -> impl Strategy<Value = Lane> {
    proptest::sample::select(Lane::ALL.to_vec())
}

fn events() -> impl Strategy<Value = Event> {
    let tones = proptest::sample::select(vec![Tone::Plain, Tone::Good, Tone::Bad, Tone::Note]);
    let places = (any::<u64>(), lanes(), option::of(lanes()), tones);
    let rest = (texts(), texts(), option::of(any::<u64>()), any::<(bool, bool)>(), option::of(0_usize..4));
    (places, rest).prop_map(|((at_ns, lane, to, tone), (name, says, bytes, (encrypted, lost), detail))| {
        Event { at_ns, lane, to, name, says, bytes, encrypted, lost, tone, detail }
    })
}

fn details() -> impl Strategy<Value = Detail> {
    let part = (texts(), 0_usize..80, 0_usize..80, any::<u8>(), texts(), texts());
    let part = part.prop_map(|(name, start, end, depth, value, meaning)| Part {
        name,
        start,
        end,
        depth,
        value,
        meaning,
    });
    (texts(), texts(), "([0-9a-f]{2}){0,60}", 0_usize..80, vec(part, 0..4), texts()).prop_map(
        |(from, name, hex, length, parts, eavesdropped)| Detail {
            from,
            encrypted: length % 2 == 0,
            name,
            hex,
            length,
            parts,
            eavesdropped,
        },
    )
}

fn sequences() -> impl Strategy<Value = Sequence> {
    let standers = Lane::ALL.map(|lane| {
        (texts(), any::<bool>()).prop_map(move |(name, is_seen)| Stander { lane, name, is_seen })
    });
    let heads = (any::<u64>(), texts(), texts(), texts(), option::of(texts()), standers.to_vec());
    let lists = (vec(texts(), 0..3), vec(texts(), 0..3), vec(texts(), 0..3), vec(texts(), 0..3));
    let middle = (option::of(texts()), option::of(any::<bool>()), any::<u64>(), lists);
    (heads, middle, vec(events(), 0..6), vec(details(), 0..4)).prop_map(
        |(
            (id, source, destination, why, code, lanes),
            (text, reused_tunnel, took_ns, lists),
            events,
            details,
        )| {
            let (sees, does_not_see, notes, next) = lists;
            let handshake = text.clone().map(|text| Handshake {
                version: Some(text.clone()),
                alpn: Some(text.clone()),
                server_name: Some(text),
                was_retried: true,
                ..Handshake::default()
            });
            Sequence {
                id,
                verdict: source.clone(),
                flag: destination.clone(),
                wire: text.clone(),
                phases: vec![Phase { name: why.clone(), took_ns }],
                eavesdropper: Eavesdropper { sees, does_not_see },
                source,
                destination,
                code,
                why,
                took_ns,
                lanes,
                handshake,
                reused_tunnel,
                events,
                notes,
                next,
                details,
            }
        },
    )
}
