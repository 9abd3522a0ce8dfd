//! The README's session next to a real ztunnel is what happens: its commands are run, in a view of the machine of their own.

use tokio::time::timeout;

use crate::netns::{PATIENCE, bridge};
use crate::pair::{environment, program, tell};
use crate::program::run;
use crate::readme::session;

const README: &str = include_str!("readme.txt");
const PAIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/ztunnel/pair");
/// What curl says that is refused.
const RESET: &str = "curl: (56) Recv failure: Connection reset by peer";
/// Starts the pair that its arguments name, runs {COMMANDS} once it is ready, ends it, and shows both logs.
const SCRIPT: &str = r#"
mount -t tmpfs tmpfs /run && mkfifo /run/said || exit 1
"$@" >/run/said &
exec 3</run/said
while read -r line <&3; do case $line in ready*) break ;; esac; done
{COMMANDS}
kill $!
cat <&3
"#;

#[tokio::test]
async fn the_session_next_to_a_ztunnel_is_true() {
    let test = "the_session_next_to_a_ztunnel_is_true";
    if environment("ZTUNNEL_BIN").is_none() {
        return tell(&format!("skipped: {test}: ZTUNNEL_BIN is not set"));
    }
    if bridge(test).is_none() {
        return;
    }
    let session = session(README, "<!-- session: tests/it/ztunnel/session.rs -->");
    let commands: Vec<String> = session
        .iter()
        .map(|(command, _)| format!("{} 2>&1", command.strip_prefix("sudo ").unwrap()))
        .collect();
    let printed: String = session.iter().map(|(_, printed)| printed.as_str()).collect();
    let script = SCRIPT.replace("{COMMANDS}", &commands.join("\n"));
    let program = format!("GLASSTUNNEL_BIN={}", program());
    for sides in [["glasstunnel", "ztunnel"], ["ztunnel", "glasstunnel"]] {
        // Whatever ends it, everything in it ends with it: names of namespaces, processes, and the namespaces.
        let alone = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "env", &program];
        let pair = ["sh", "-c", &script, "sh", PAIR];
        let arguments: Vec<&str> = alone.into_iter().chain(pair).chain(sides).collect();
        let ran = timeout(2 * PATIENCE, run("unshare", &arguments, "")).await.unwrap();
        // The real one as the client's may close before it has heard what curl says; ours hears it out.
        let empty = printed.replace(RESET, "curl: (52) Empty reply from server");
        let logs = ran.out.strip_prefix(&printed);
        let logs = logs.or_else(|| ran.out.strip_prefix(&empty).filter(|_| sides[0] == "ztunnel"));
        let logs = logs.unwrap_or_else(|| panic!("{sides:?} prints {ran:?}"));
        for error in [
            "http status: 401 Unauthorized",
            "connection closed due to policy rejection: explicitly denied by: default/no-clients",
        ] {
            assert!(README.contains(error) && logs.contains(&format!("error=\"{error}\"")), "{ran:?}");
        }
    }
}
