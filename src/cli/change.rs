//! Changed files: shown as a difference, and written whole or not at all.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// `before` and `after` as a difference without context, in the form of `diff -U0`.
pub(crate) fn difference(name: &str, before: &str, after: &str) -> String {
    let mut text = format!("--- {name}\n+++ {name}\n");
    let mut old = before.lines().enumerate().peekable();
    let mut new = after.lines().peekable();
    while let Some((index, line)) = old.next() {
        if new.peek() == Some(&line) {
            new.next();
            continue;
        }
        // A line that is gone has its successor in its place; any other has been replaced.
        let is_gone = old.peek().map(|(_, next)| *next) == new.peek().copied();
        let instead = if is_gone { None } else { new.next() };
        let _infallible = writeln!(text, "@@ line {} @@\n-{line}", index + 1);
        if let Some(instead) = instead {
            let _infallible = writeln!(text, "+{instead}");
        }
    }
    text
}

/// Replaces the text of `path`, if it is still `before`: a reader sees the old file or the new one, never a part. Mode
/// and links stay.
///
/// # Errors
///
/// What the system says, or that somebody else has changed the file.
pub(crate) fn replace(path: &Path, before: &str, after: &str) -> io::Result<()> {
    // Renaming over a link would make a file of it.
    let path = path.canonicalize()?;
    if fs::read_to_string(&path)? != before {
        return Err(io::Error::new(
            ErrorKind::ResourceBusy,
            "it was changed in the meantime; nothing was written",
        ));
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_new(&temporary, &path, after).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _it_may_not_exist = fs::remove_file(&temporary);
    }
    written
}

fn write_new(temporary: &Path, like: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create_new(temporary)?;
    file.set_permissions(fs::metadata(like)?.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_difference_names_lines() {
        let check = |before: &str, after: &str, expect: &str| {
            assert_eq!(difference("f", before, after), format!("--- f\n+++ f\n{expect}"));
        };
        check("a\nb\nc\n", "a\nB\nc\n", "@@ line 2 @@\n-b\n+B\n");
        check("a\nb\nc\n", "a\nc\n", "@@ line 2 @@\n-b\n");
        check("a\nb\nc\n", "A\nb\n", "@@ line 1 @@\n-a\n+A\n@@ line 3 @@\n-c\n");
        check("a\n", "a\n", "");
    }

    #[test]
    fn a_file_keeps_its_mode_and_its_links_and_nothing_is_left_behind() {
        let folder = std::env::temp_dir().join(format!("glasstunnel-change-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("a.yaml"), folder.join("link.yaml"));
        fs::write(&file, "old\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "old\n", "new\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(replace(&file, "old\n", "newer\n").is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new\n");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
