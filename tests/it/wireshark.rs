//! tshark as the referee of our capture files: it opens them without options, and decrypts what is in them.

use std::path::Path;

use glasstunnel::glass::{CapturedConnection, Close, Direction, KeyLog, Tapped, pcapng};

use crate::peers::peer;
use crate::program::run;

/// RFC 8448 §3.
const SIMPLE: &str = include_str!("../data/rfc8448/simple-1rtt.txt");

const CLIENT_RANDOM: &str = "cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn captured(client: &str, server: &str) -> (CapturedConnection, KeyLog) {
    let (mut tapped, mut key_log) = (Tapped::default(), KeyLog::default());
    for (at, line) in (1..).zip(SIMPLE.lines().filter(|line| !line.starts_with('#'))) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["secret", label, secret] => assert!(key_log.add(label, &unhex(CLIENT_RANDOM), &unhex(secret))),
            ["client", bytes] => tapped.push(Direction::ToServer, at * 1_000, unhex(bytes)),
            ["server", bytes] => tapped.push(Direction::ToClient, at * 1_000, unhex(bytes)),
            _ => panic!("{line}"),
        }
    }
    let close = |direction| Close { direction, at: 1_000_000, is_reset: direction == Direction::ToClient };
    let connection = CapturedConnection {
        client: client.parse().unwrap(),
        server: server.parse().unwrap(),
        begun: 1_700_000_000_000_000_000,
        tapped,
        comments: vec![(0, "the ClientHello".to_owned())],
        comment: Some("#17 allow".to_owned()),
        closes: vec![close(Direction::ToServer), close(Direction::ToClient)],
    };
    (connection, key_log)
}

/// tshark's view of a file that holds `client`'s connection to `server`, `fields` of each packet between bars.
async fn seen(tshark: &Path, client: &str, server: &str, fields: &[&str]) -> String {
    let (connection, key_log) = captured(client, server);
    let file = std::env::temp_dir().join(format!("glasstunnel-{:016x}.pcapng", rand::random::<u64>()));
    std::fs::write(&file, pcapng::write(&[connection], Some(&key_log.to_text()))).unwrap();
    let mut arguments = vec!["-r", file.to_str().unwrap(), "-T", "fields", "-E", "separator=|"];
    arguments.extend(fields.iter().flat_map(|field| ["-e", field]));
    let ran = run(tshark.to_str().unwrap(), &arguments, "").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

#[tokio::test]
async fn tshark_decrypts_our_capture_without_options() {
    let Some(tshark) = peer("/usr/bin", "tshark", "tshark_decrypts_our_capture_without_options") else {
        return;
    };
    for (client, server) in [("10.0.0.1:40000", "10.0.0.2:15008"), ("[fd00::1]:40000", "[fd00::2]:15008")] {
        let fields = ["frame.comment", "tls.handshake.type", "tls.alert_message.desc"];
        let lines = seen(&tshark, client, server, &fields).await;
        let expect = [
            "#17 allow||",
            "||",
            "||",
            "the ClientHello|1|",
            "|2|",
            "|8,11,15,20|",
            "|20|",
            "|4|",
            "||",
            "||",
            "||0",
            "||0",
            "||",
            "||",
            "||",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expect);
        // What tshark finds odd about TCP, and packets that it cannot make sense of.
        let odd = seen(&tshark, client, server, &["tcp.analysis.flags", "_ws.malformed"]).await;
        assert_eq!(odd.replace(['|', '\n'], ""), "");
    }
}
