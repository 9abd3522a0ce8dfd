//! A README's session next to somebody else's proxy: an example's `pair` in a view of the machine of its own, and the
//! session's commands while it is ready.

use tokio::time::timeout;

use crate::netns::PATIENCE;
use crate::pair::program;
use crate::program::run;
use crate::readme::session;

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

/// What curl says that is refused once it was heard, and before.
const HEARD: &str = "curl: (56) Recv failure: Connection reset by peer";
const NOT_HEARD: &str = "curl: (52) Empty reply from server";

/// How the client's proxy refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// It waits for what the client says first.
    HearsOut,
    /// It may close before that.
    MayCloseEarly,
}

/// The logs of the pair that `started` starts, after the session that follows `marker` in `readme` has printed what is said
/// of it there.
pub(crate) async fn hold((readme, marker): (&str, &str), started: &[&str], manners: Manners) -> String {
    let session = session(readme, marker);
    assert!(session.len() >= 3, "the session is gone");
    let commands: Vec<String> = session
        .iter()
        .map(|(command, _)| format!("{} 2>&1", command.strip_prefix("sudo ").unwrap()))
        .collect();
    let printed: String = session.iter().map(|(_, printed)| printed.as_str()).collect();
    let script = SCRIPT.replace("{COMMANDS}", &commands.join("\n"));
    let program = format!("GLASSTUNNEL_BIN={}", program());
    // The CA's key is in a folder of the pair's, which goes with the pair, or at the latest with `cargo clean`.
    let folder = concat!("TMPDIR=", env!("CARGO_TARGET_TMPDIR"));
    // Killed with the test, whatever ends that; and with it ends everything in it: processes, namespaces, and their names.
    let alone = [
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ];
    let environment = ["env", folder, &program];
    let arguments: Vec<&str> = alone
        .iter()
        .chain(&environment)
        .chain(&["sh", "-c", &script, "sh"])
        .chain(started)
        .copied()
        .collect();
    let ran = timeout(2 * PATIENCE, run("setpriv", &arguments, "")).await.unwrap();
    let early = printed.replace(HEARD, NOT_HEARD);
    let logs = ran.out.strip_prefix(&printed);
    let logs = logs.or_else(|| ran.out.strip_prefix(&early).filter(|_| manners == Manners::MayCloseEarly));
    logs.unwrap_or_else(|| panic!("{started:?} prints {ran:?}")).to_owned()
}
