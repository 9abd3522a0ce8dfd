//! What a question of one number may mean.

use crate::knowledge::alert::alert;
use crate::knowledge::line::Line;

/// The words that may stand beside the number of a curl exit.
const OF_CURL: [&str; 6] = ["curl", "exit", "exited", "code", "status", "with"];

/// The question in words that the table knows: `48` is an alert, `56` an exit of curl, a status or an errno.
pub(crate) fn spelled_out(text: &str) -> Option<String> {
    let line = Line::of(text.trim());
    let mut numbers = line.words().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let (number, others) = (numbers.next()?, numbers.next());
    if others.is_some() || !line.words().all(|word| word == number || OF_CURL.contains(&word)) {
        return None;
    }
    let is_alert = line.len() == 1 && number.parse().ok().and_then(alert).is_some();
    Some(match is_alert {
        true => format!("alert {number}"),
        false if line.len() == 1 => {
            format!("curl: ({number})\nhttp status: {number}{}\nerrno {number}\n{number}", phrase(number))
        }
        false => format!("curl: ({number})"),
    })
}

/// The statuses that tunnels answer with are written with their phrases.
fn phrase(status: &str) -> &'static str {
    match status {
        "400" => " Bad Request",
        "401" => " Unauthorized",
        "403" => " Forbidden",
        "404" => " Not Found",
        "503" => " Service Unavailable",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(
            spelled_out(text).as_deref().map(|text| text.lines().next().unwrap_or("")),
            expect,
            "{text:?}"
        );
    }

    #[test]
    fn numbers_are_spelled_out() {
        check(" 48\n", Some("alert 48"));
        check("56", Some("curl: (56)"));
        check("curl exit code 56", Some("curl: (56)"));
        check("curl 45", Some("curl: (45)"));
        check("56 57", None);
        check("port 15008", None);
        check("curl: (56) Recv failure", None);
        check("", None);
    }
}
