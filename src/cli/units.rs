//! Durations, sizes and numbers of connections as people write and read them.

use std::time::Duration;

/// Reads `500ms`, `10s`, `2m` or `1h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let expected =
        || format!("expected a number with ms, s, m or h, such as 10s, found `{}`", text.escape_debug());
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_not_a_number| expected())?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    milliseconds.map(Duration::from_millis).ok_or_else(expected)
}

/// Reads a connection's number, with its sign or without.
pub(crate) fn connection_id(text: &str) -> Result<u64, String> {
    let number = text.strip_prefix('#').unwrap_or(text);
    number.parse().map_err(|_not_a_number| "expected a connection's number such as 17 or '#17'".to_owned())
}

/// Reads the lifetime of a certificate: long enough for a handshake to begin and end in it.
pub(crate) fn parse_lifetime(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        lifetime if lifetime >= Duration::from_secs(2) => Ok(lifetime),
        _ => Err(format!("expected at least 2s, found {text}")),
    }
}

/// `0.4ms`, `12.3s`, `7m`, `3h`: one number, one unit.
pub(crate) fn duration_text(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{:.1}ms", duration.as_secs_f64() * 1_000.0),
        1..=119 => format!("{:.1}s", duration.as_secs_f64()),
        seconds @ 120..=7_199 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3_600),
    }
}

/// `78 B`, `2.1 KiB`, `3.0 GiB`.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1_024;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"");
    while tenths >= 10_240 {
        let Some(larger) = units.next() else { break };
        tenths /= 1_024;
        unit = larger;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_ids_may_have_their_sign() {
        let check =
            |text: &str, expect: Option<u64>| assert_eq!(connection_id(text).ok(), expect, "{text:?}");
        check("17", Some(17));
        check("#17", Some(17));
        check("##17", None);
        check("-1", None);
        check("", None);
    }

    #[test]
    fn durations_are_read() {
        let check = |text: &str, milliseconds: Option<u64>| {
            assert_eq!(parse_duration(text).ok(), milliseconds.map(Duration::from_millis), "{text:?}");
        };
        check("10s", Some(10_000));
        check("500ms", Some(500));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        check("0s", Some(0));
        for wrong in
            ["", "10", "s", "-1s", "1.5s", "10 s", "10d", "99999999999999999999s", "18446744073709551615h"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn durations_and_sizes_have_one_unit() {
        let check = |milliseconds, expect: &str| {
            assert_eq!(duration_text(Duration::from_millis(milliseconds)), expect)
        };
        check(0, "0.0ms");
        check(12_340, "12.3s");
        check(600_000, "10m");
        check(7_200_000, "2h");
        let check = |bytes, expect: &str| assert_eq!(bytes_text(bytes), expect);
        check(1_023, "1023 B");
        check(1_024, "1.0 KiB");
        check(1_048_575, "1023.9 KiB");
        check(3 << 30, "3.0 GiB");
        check(u64::MAX, "16777215.9 TiB");
    }
}
