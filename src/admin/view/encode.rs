//! Views as text: indented JSON, JSON by lines, and YAML.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// Words that a YAML 1.1 reader takes for something else than text, in lower case.
const LOADED_WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "~"];

/// Indented JSON with a final newline.
pub fn json<T: Serialize>(view: &T) -> String {
    format!("{:#}\n", value(view))
}

/// One line of JSON per item, each with a final newline.
pub fn json_lines<T: Serialize>(items: &[T]) -> String {
    items.iter().map(|item| format!("{}\n", value(item))).collect()
}

/// YAML in block style with a final newline. Text that could be read as anything else is quoted as in JSON.
pub fn yaml<T: Serialize>(view: &T) -> String {
    let mut text = String::new();
    block(&value(view), 0, &mut text);
    text.trim_start_matches('\n').to_owned() + "\n"
}

#[expect(
    clippy::expect_used,
    reason = "only a map with keys that are no strings cannot be JSON, and no view has one"
)]
fn value<T: Serialize>(view: &T) -> Value {
    serde_json::to_value(view).expect("a view is representable as JSON")
}

/// Writes `value` after a key or a dash; containers that are not empty begin on a line of their own.
fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let _infallible = write!(text, "\n{:indent$}{}:", "", scalar(key));
                let deeper = if value.is_array() { indent } else { indent + 2 };
                block(value, deeper, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _infallible = write!(text, "\n{:indent$}-", "");
                let start = text.len();
                block(item, indent + 2, text);
                join_dash(text, start, indent);
            }
        }
        Value::Object(_) => text.push_str(" {}"),
        Value::Array(_) => text.push_str(" []"),
        Value::String(word) => text.extend([" ", &scalar(word)]),
        other => text.extend([" ", &other.to_string()]),
    }
}

/// Moves the first line of a container up behind its dash, as kubectl prints lists.
fn join_dash(text: &mut String, start: usize, indent: usize) {
    let first_line = format!("\n{:indent$}", "", indent = indent + 2);
    if text.get(start..).is_some_and(|tail| tail.starts_with(&first_line)) {
        text.replace_range(start..start + first_line.len(), " ");
    }
}

/// A word as it is if no reader can mistake it, else in double quotes, whose JSON escapes are YAML's too.
fn scalar(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
    let is_plain = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && word.chars().all(plain)
        && !LOADED_WORDS.contains(&word.to_ascii_lowercase().as_str());
    if is_plain { word.to_owned() } else { Value::from(word).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as object;

    #[test]
    fn yaml_quotes_what_could_be_mistaken() {
        fn check(word: &str, expect: &str) {
            assert_eq!(yaml(&object!({ "key": word })), format!("key: {expect}\n"));
        }
        check("reviews", "reviews");
        check("glasstunnel.dev/v1", "glasstunnel.dev/v1");
        check("no", "\"no\"");
        check("10.0.0.1", "\"10.0.0.1\"");
        check("mesh.yaml:12", "\"mesh.yaml:12\"");
        check("", "\"\"");
        check("a\nb", "\"a\\nb\"");
        check("- a", "\"- a\"");
    }

    #[test]
    fn yaml_nests_as_kubectl_prints_it() {
        let view = object!({
            "kind": "List",
            "items": [{ "name": "a", "ports": [80, 443], "labels": {} }, { "name": "b", "up": true }],
            "none": [],
        });
        let expect = "kind: List\nitems:\n- name: a\n  ports:\n  - 80\n  - 443\n  labels: {}\n- name: b\n  up: true\nnone: []\n";
        assert_eq!(yaml(&view), expect);
    }

    #[test]
    fn lines_are_one_per_item() {
        assert_eq!(json_lines(&[object!({ "a": 1 }), object!({ "b": [2] })]), "{\"a\":1}\n{\"b\":[2]}\n");
    }
}
