//! Comparing a text with its golden file.

use std::path::Path;

/// Holds `text`, without its colours, against `tests/golden/cli/NAME.txt`.
#[track_caller]
pub(crate) fn check(name: &str, text: &str) {
    check_file(&format!("cli/{name}.txt"), &anstream::adapter::strip_str(text).to_string());
}

/// Holds `text` against a file of `tests/golden`.
#[track_caller]
pub(crate) fn check_file(file: &str, text: &str) {
    check_path(&format!("tests/golden/{file}"), text);
}

/// Holds `text` against a file of the repository.
#[track_caller]
pub(crate) fn check_path(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    #[expect(clippy::disallowed_methods, reason = "how a person asks for new golden files")]
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expect = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expect == text,
        "{} differs; UPDATE_EXPECT=1 writes it anew.\n--- expected\n{expect}\n--- found\n{text}",
        path.display()
    );
}
