//! [`Tools`]: the programs that set up a network, and what they say when they do not.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use crate::netns::error::NetnsError;

/// Where such programs are besides PATH: an ordinary user's has none of these.
const FOLDERS: [&str; 3] = ["", "/usr/sbin/", "/sbin/"];

/// The programs that set up a network.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) ip: Tool,
    pub(crate) iptables_restore: Tool,
    pub(crate) ip6tables_restore: Tool,
}

impl Tools {
    /// Looks for all of them.
    pub(crate) fn find() -> Result<Self, NetnsError> {
        Ok(Self {
            ip: Tool::find("ip", "-V", "iproute2")?,
            iptables_restore: Tool::find("iptables-restore", "--version", "iptables")?,
            ip6tables_restore: Tool::find("ip6tables-restore", "--version", "iptables")?,
        })
    }
}

/// A program that was found.
#[derive(Debug)]
pub(crate) struct Tool {
    path: String,
    name: &'static str,
}

impl Tool {
    fn find(tool: &'static str, version: &str, package: &'static str) -> Result<Self, NetnsError> {
        for folder in FOLDERS {
            let path = format!("{folder}{tool}");
            let tried = Command::new(&path)
                .arg(version)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            match tried {
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    let command = format!("{path} {version}");
                    return Err(NetnsError::Unrunnable { command, network: "the host".to_owned(), source });
                }
                Ok(_) => return Ok(Self { path, name: tool }),
            }
        }
        Err(NetnsError::ToolMissing { tool, package })
    }

    /// Runs it on `input` in the network of the calling thread, which errors call `network`.
    pub(crate) fn feed(&self, arguments: &[&str], input: &str, network: &str) -> Result<(), NetnsError> {
        let command = [&[self.name], arguments].concat().join(" ");
        match self.run(arguments, input) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => {
                let says = String::from_utf8_lossy(&output.stderr);
                Err(NetnsError::Command {
                    command,
                    network: network.to_owned(),
                    found: output.status.to_string(),
                    says: says.lines().next().unwrap_or("nothing").escape_debug().to_string(),
                    at: blamed(&says, input),
                })
            }
            Err(source) => Err(NetnsError::Unrunnable { command, network: network.to_owned(), source }),
        }
    }

    fn run(&self, arguments: &[&str], input: &str) -> io::Result<Output> {
        let mut child = Command::new(&self.path)
            .args(arguments)
            // The lock of the legacy iptables is root's file, and guards tables that are not these (iptables(8)).
            .env("XTABLES_LOCKFILE", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output()?;
        // Who gives up early does not read to the end, and says why.
        if output.status.success() {
            written?;
        }
        Ok(output)
    }
}

/// The line of `input` that the tool gave up at: `ip` writes `Command failed -:3`, iptables-restore `line 7 failed` or
/// `Error occurred at line: 7`.
fn blamed(says: &str, input: &str) -> Option<String> {
    let number = ["-:", "line ", "line: "].into_iter().find_map(|before| {
        let (_, after) = says.rsplit_once(before)?;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
    })?;
    input.lines().nth(number.checked_sub(1)?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_a_tool_gave_up_at() {
        let check = |says: &str, expect: Option<&str>| {
            assert_eq!(blamed(says, "first\nsecond\nthird\n").as_deref(), expect, "{says:?}");
        };
        check("RTNETLINK answers: File exists\nCommand failed -:2\n", Some("second"));
        check(
            "iptables-restore v1.8.9 (nf_tables): \nline 3: RULE_APPEND failed (No such file or directory): rule in chain OUTPUT\n",
            Some("third"),
        );
        check("iptables-restore: line 1 failed\n", Some("first"));
        check("Error occurred at line: 3\nTry `iptables-restore -h'\n", Some("third"));
        check("Command failed -:9\n", None);
        check("Command failed -:0\n", None);
        check("Operation not permitted\n", None);
    }

    #[test]
    fn a_missing_tool_is_named_with_its_package() {
        let error = Tool::find("glasstunnel-has-no-such-tool", "-V", "iproute2").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no `glasstunnel-has-no-such-tool`: expected it in PATH, /usr/sbin or /sbin, found it in none of them"
        );
    }

    #[test]
    fn a_failing_tool_is_quoted() {
        let shell = Tool::find("sh", "-c", "dash").unwrap();
        let error =
            shell.feed(&["-s"], "true\necho \"sh: \t-:1 no\" >&2; exit 3\n", "default/a").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -s` failed in the network of default/a: expected exit status: 0, found exit status: 3: sh: \\t-:1 no (at `true`)"
        );
    }
}
