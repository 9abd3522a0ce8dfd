//! The address of a key set, and how long to wait for it: as little of both grammars as a check needs.

/// Refuses what is no `http://` or `https://` address, or has a port that is none.
pub(crate) fn scheme_and_port(uri: &str) -> Result<(), String> {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let scheme = if is_scheme { scheme.to_ascii_lowercase() } else { String::new() };
    if !matches!(&*scheme, "http" | "https") {
        return Err(format!("URI scheme {scheme:?} is not supported"));
    }
    let Some(rest) = rest.strip_prefix("//") else { return Err(format!("expected `//` after `{scheme}:`")) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').filter(|(host, _)| !host.starts_with('[') || host.ends_with(']'));
    match port {
        Some((_, port)) if !port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("expected a port number, found {port:?}"))
        }
        _ => Ok(()),
    }
}

/// A duration as Go writes it (`1m30s`, `1.5s`, `100ms`), in milliseconds.
pub(crate) fn duration_millis(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters =
            after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let millis = match unit {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1_000.0,
            "ms" => 1.0,
            "us" | "µs" => 0.001,
            "ns" => 0.000_001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * millis;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}
