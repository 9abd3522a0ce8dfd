//! The sources as the rules see them: comments and strings blanked, test code told from the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

/// The folders that hold Rust.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// The documents that rules read.
const DOCUMENTS: [&str; 3] = ["ARCHITECTURE.md", "Cargo.toml", "Cargo.lock"];

/// Everything the rules look at, by path from the root of the repository, with `/` between the parts.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) documents: BTreeMap<String, String>,
    /// Every file and folder below [`FOLDERS`].
    pub(crate) paths: BTreeSet<String>,
}

/// One Rust file.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text, byte for byte, with comments as blanks and the insides of strings and characters as underscores.
    pub(crate) code: String,
    pub(crate) literals: Vec<Literal>,
    /// Whether the file holds nothing but tests (or benchmarks, or examples).
    pub(crate) all_tests: bool,
    /// Where test code begins: at the first `#[cfg(test)]`; at once in a file of tests.
    pub(crate) tests_at: usize,
}

/// A string literal: where its inside begins, and the inside as written.
pub(crate) struct Literal {
    pub(crate) at: usize,
    pub(crate) text: String,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        for document in DOCUMENTS {
            if root.join(document).exists() {
                tree.add(document, fs::read_to_string(root.join(document))?);
            }
        }
        for folder in FOLDERS {
            if root.join(folder).exists() {
                tree.walk(root, folder)?;
            }
        }
        Ok(tree)
    }

    /// A tree of snippets.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, (*text).to_owned());
        }
        tree
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The rooms that `lib.rs` declares, in order.
    pub(crate) fn rooms(&self) -> Vec<&str> {
        let Some(lib) = self.file("src/lib.rs") else { return Vec::new() };
        let words: Vec<&str> = words(lib.production()).map(|(_, word)| word).collect();
        words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1]).collect()
    }

    fn walk(&mut self, root: &Path, folder: &str) -> io::Result<()> {
        let mut entries = fs::read_dir(root.join(folder))?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.walk(root, &path)?;
            } else if path.ends_with(".rs") {
                self.add(&path, fs::read_to_string(entry.path())?);
            } else {
                self.add(&path, String::new());
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, text: String) {
        let folders = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        self.paths.extend(folders.chain([path.to_owned()]));
        if path.ends_with(".rs") {
            self.files.push(File::new(path, &text));
        } else if !path.contains('/') {
            self.documents.insert(path.to_owned(), text);
        }
    }
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut mask = Mask { text: text.as_bytes(), at: 0, code: Vec::new(), literals: Vec::new() };
        mask.run();
        // Underscores stand for each byte of anything that is not ASCII, so this is ASCII.
        let code = String::from_utf8_lossy(&mask.code).into_owned();
        let all_tests = !path.starts_with("src/") || path.ends_with("/tests.rs") || path.contains("/tests/");
        let tests_at = if all_tests { 0 } else { code.find("#[cfg(test)]").unwrap_or(code.len()) };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            literals: mask.literals,
            all_tests,
            tests_at,
        }
    }

    /// The code without its tests.
    pub(crate) fn production(&self) -> &str {
        &self.code[..self.tests_at]
    }

    pub(crate) fn tests(&self) -> &str {
        &self.code[self.tests_at..]
    }

    /// `path:line` of a byte of the text.
    pub(crate) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.code[..at].matches('\n').count() + 1)
    }

    /// The module path below the crate: `src/tls/server.rs` is `["tls", "server"]`.
    pub(crate) fn module(&self) -> Vec<&str> {
        self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect()
    }

    /// The room of a file of the library; `None` for the crate's roots and for everything outside `src`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside =
            self.path.starts_with("src/") && !matches!(self.path.as_str(), "src/lib.rs" | "src/main.rs");
        if inside { self.module().first().copied() } else { None }
    }
}

/// The identifiers and keywords of masked code, with their places.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

/// A lexer that knows just enough of Rust to tell code from comments, strings and characters.
struct Mask<'a> {
    text: &'a [u8],
    at: usize,
    code: Vec<u8>,
    literals: Vec<Literal>,
}

impl Mask<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'/' if self.sees(b"//") => self.comment(),
                b'/' if self.sees(b"/*") => self.block_comment(),
                b'"' => self.string(0, true),
                b'\'' => self.character_or_lifetime(),
                b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' => self.word(),
                _ => self.keep(),
            }
        }
    }

    fn sees(&self, what: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(what))
    }

    fn keep(&mut self) {
        let byte = self.text[self.at];
        self.code.push(if byte.is_ascii() { byte } else { b'_' });
        self.at += 1;
    }

    fn blank(&mut self, with: u8) {
        self.code.push(if self.text[self.at] == b'\n' { b'\n' } else { with });
        self.at += 1;
    }

    fn comment(&mut self) {
        while self.at < self.text.len() && self.text[self.at] != b'\n' {
            self.blank(b' ');
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            depth = if self.sees(b"/*") { depth + 1 } else { depth };
            let closes = self.sees(b"*/");
            if self.sees(b"/*") || closes {
                self.blank(b' ');
            }
            self.blank(b' ');
            depth -= usize::from(closes);
            if depth == 0 {
                return;
            }
        }
    }

    /// At the opening quote; ends behind the closing quote and its hashes.
    fn string(&mut self, hashes: usize, escapes: bool) {
        self.keep();
        let start = self.at;
        let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
        while self.at < self.text.len() && !self.sees(&close) {
            if escapes && self.text[self.at] == b'\\' && self.at + 1 < self.text.len() {
                self.blank(b'_');
            }
            self.blank(b'_');
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        self.literals.push(Literal { at: start, text });
        for _ in 0..close.len().min(self.text.len() - self.at) {
            self.keep();
        }
    }

    /// `'x'` and `'\n'` are characters; `'x` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let rest =
            String::from_utf8_lossy(&self.text[self.at + 1..self.text.len().min(self.at + 16)]).into_owned();
        let mut inside = rest.char_indices();
        let escaped = inside.next().is_some_and(|(_, first)| first == '\\');
        let closing = inside.find(|(at, c)| *c == '\'' && !(escaped && *at == 1)).map(|(at, _)| at);
        let is_character = escaped || rest.chars().nth(1) == Some('\'');
        self.keep();
        if let (true, Some(length)) = (is_character, closing) {
            (0..length).for_each(|_| self.blank(b'_'));
            self.keep();
        }
    }

    /// A word, which may turn out to be the prefix of a string.
    fn word(&mut self) {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            self.keep();
        }
        let (raw, prefix) = match &self.text[start..self.at] {
            b"r" | b"br" | b"cr" => (true, true),
            b"b" | b"c" => (false, true),
            _ => (false, false),
        };
        let hashes = self.text[self.at..].iter().take_while(|byte| **byte == b'#').count();
        let quoted = self.text.get(self.at + hashes) == Some(&b'"');
        if prefix && quoted && (raw || hashes == 0) {
            (0..hashes).for_each(|_| self.keep());
            self.string(hashes, !raw);
        }
    }
}
