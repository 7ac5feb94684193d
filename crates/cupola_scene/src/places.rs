//! Positions of values in a RON text. A second, tolerant parser records all positions at the first request for a
//! position.

use super::{Document, to_ron};
use cupola_twin::Place;
use cupola_twin::diagnostic::Lines;
use cupola_twin::lazy::Lazy;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A step into a document.
#[derive(Clone, Copy, Debug)]
pub enum Step<'s> {
    /// A field, or the key of a map.
    Field(&'s str),
    /// An item of a list, by its position.
    Item(usize),
}

impl<'s> From<&'s str> for Step<'s> {
    fn from(name: &'s str) -> Self {
        Self::Field(name)
    }
}

impl From<usize> for Step<'_> {
    fn from(position: usize) -> Self {
        Self::Item(position)
    }
}

/// A RON text and the positions in it.
#[derive(Debug)]
pub struct Places {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    text: Lazy<String>,
    read: OnceLock<(Tree, Lines)>,
}

#[derive(Debug, Default)]
struct Tree {
    /// The byte offset of the value. For a string, the offset of the first byte inside its quotes.
    start: usize,
    fields: Vec<(String, usize, Tree)>,
    items: Vec<Tree>,
    /// The byte offsets of the items of a list of the scene. The items are parsed on request, because there may be
    /// millions and few positions are requested.
    unread: Vec<usize>,
}

impl Places {
    /// Creates the positions of `text`. The parser is tolerant: a part that can't be parsed has no positions.
    pub fn new(file: Arc<str>, text: impl Into<Lazy<String>>) -> Self {
        Self { file, text: text.into(), read: OnceLock::new() }
    }

    /// Creates the positions of the text as which a document would be saved. The text is made at its first use.
    pub fn of_document(file: Arc<str>, document: Arc<Document>) -> Self {
        Self::new(file, Lazy::new(move || to_ron(&document).unwrap_or_default()))
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns a shared handle to the text.
    pub fn shared_text(&self) -> Lazy<String> {
        self.text.clone()
    }

    /// Returns the place of the value at the end of the steps, or of the last value on the way that exists.
    pub fn of(&self, steps: &[Step<'_>]) -> Place {
        self.find(steps, false)
    }

    /// Returns the place of the last step's key instead of its value.
    pub fn key(&self, steps: &[Step<'_>]) -> Place {
        self.find(steps, true)
    }

    fn find(&self, steps: &[Step<'_>], key: bool) -> Place {
        let (root, lines) = self.read.get_or_init(|| {
            let mut reader = RonScanner { bytes: self.text().as_bytes(), at: 0, depth: 0 };
            (reader.value().unwrap_or_default(), Lines::new(self.text()))
        });
        lines.place(&self.file, self.text(), self.start(root, root.start, steps, key))
    }

    /// Returns the byte offset to which the steps lead from a tree that begins at `start`.
    fn start(&self, tree: &Tree, start: usize, steps: &[Step<'_>], key: bool) -> usize {
        let Some((step, rest)) = steps.split_first() else { return start };
        let read;
        let next = match step {
            Step::Field(name) => {
                tree.fields.iter().find(|(field, ..)| field == name).map(|(_, key, tree)| (*key, tree))
            }
            Step::Item(position) => match tree.unread.get(*position) {
                Some(at) => {
                    // The reader starts at the depth of the item in the text, so that it parses the item completely.
                    read = RonScanner { bytes: self.text().as_bytes(), at: *at, depth: LISTS }.value();
                    read.as_ref().map(|tree| (tree.start, tree))
                }
                None => tree.items.get(*position).map(|tree| (tree.start, tree)),
            },
        };
        let Some((at, tree)) = next else { return start };
        self.start(tree, if key { at } else { tree.start }, rest, key)
    }
}

/// The depth in brackets of the items of the scene's lists.
const LISTS: usize = 2;

struct RonScanner<'t> {
    bytes: &'t [u8],
    at: usize,
    depth: usize,
}

impl RonScanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self) {
        loop {
            match (self.peek(), self.bytes.get(self.at + 1)) {
                (Some(b' ' | b'\t' | b'\r' | b'\n' | b','), _) => self.at += 1,
                (Some(b'#'), Some(b'!')) | (Some(b'/'), Some(b'/')) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                (Some(b'/'), Some(b'*')) => {
                    let mut depth = 0;
                    while let Some(byte) = self.peek() {
                        let next = self.bytes.get(self.at + 1);
                        match (byte, next) {
                            (b'/', Some(b'*')) => depth += 1,
                            (b'*', Some(b'/')) => depth -= 1,
                            _ => {
                                self.at += 1;
                                continue;
                            }
                        }
                        self.at += 2;
                        if depth == 0 {
                            break;
                        }
                    }
                }
                _ => return,
            }
        }
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte)) {
            self.at += 1;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default()
    }

    /// Reads a string with any kind of quotes. Returns the offset of its content, and the content.
    fn string(&mut self) -> Option<(usize, String)> {
        let content = self.pass_string()?;
        Some((content.start, String::from_utf8_lossy(&self.bytes[content]).into_owned()))
    }

    /// Skips a string with any kind of quotes. Returns the range of its content.
    fn pass_string(&mut self) -> Option<Range<usize>> {
        let raw_hashes = if self.peek() == Some(b'r') {
            let hashes = self.bytes[self.at + 1..].iter().take_while(|byte| **byte == b'#').count();
            (self.bytes.get(self.at + 1 + hashes) == Some(&b'"')).then_some(hashes)
        } else {
            None
        };
        if let Some(hashes) = raw_hashes {
            let start = self.at + hashes + 2;
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let length = self.bytes[start..].windows(close.len()).position(|window| window == close)?;
            self.at = start + length + close.len();
            return Some(start..start + length);
        }
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        let end = self.at.min(self.bytes.len());
        self.at = end + 1;
        Some(start..end)
    }

    /// Skips a value up to the text that follows it.
    fn pass(&mut self) {
        let mut depth = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'r' if self.pass_string().is_some() => continue,
                b'/' => {
                    let before = self.at;
                    self.skip();
                    self.at += usize::from(self.at == before);
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn value(&mut self) -> Option<Tree> {
        self.skip();
        // The text may begin with extensions such as `#![enable(implicit_some)]`, which have been skipped.
        let start = self.at;
        if let Some((start, _)) = self.string() {
            return Some(Tree { start, ..Tree::default() });
        }
        let name = self.word().to_string();
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        // Text after a comma does not belong to this value: `1, [2]`.
        if self.peek() == Some(b',') && !name.is_empty() {
            return Some(Tree { start, ..Tree::default() });
        }
        self.skip();
        let Some(open @ (b'(' | b'[' | b'{')) = self.peek() else {
            if name.is_empty() {
                self.at += 1;
                return None;
            }
            return Some(Tree { start, ..Tree::default() });
        };
        if self.depth > 128 {
            // The nesting is deeper than the limit of RON. The rest of the text gets no positions.
            self.at = self.bytes.len();
            return None;
        }
        self.depth += 1;
        self.at += 1;
        let mut tree = Tree { start, ..Tree::default() };
        loop {
            self.skip();
            match self.peek() {
                None => break,
                Some(b')' | b']' | b'}') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {}
            }
            if open == b'[' && self.depth == LISTS {
                tree.unread.push(self.at);
                self.pass();
                continue;
            }
            let before = self.at;
            let keyed = if open == b'[' { None } else { self.key() };
            match keyed {
                Some((key, at)) => {
                    if let Some(value) = self.value() {
                        tree.fields.push((key, at, value));
                    }
                }
                None => {
                    self.at = before;
                    if let Some(value) = self.value() {
                        tree.items.push(value);
                    }
                }
            }
        }
        self.depth -= 1;
        if name == "Some" && tree.items.len() == 1 {
            return tree.items.pop();
        }
        Some(tree)
    }

    /// Reads the `name:` of a field or the `"key":` of a map.
    fn key(&mut self) -> Option<(String, usize)> {
        let at = self.at;
        let key = match self.string() {
            Some((_, key)) => key,
            None => self.word().to_string(),
        };
        self.skip();
        (self.peek() == Some(b':') && !key.is_empty()).then(|| {
            self.at += 1;
            (key, at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values_keys_and_items() {
        let text = "// a scene: (version: 9)\n(\n  version: 1, /* [ */\n  twins: [\n    (id: \"a)\"),\n    (id: \"b\", properties: {\"x\": Some(4), r#\"y\"#: 5}),\n  ],\n)";
        let places = Places::new("s.ron".into(), text.to_string());
        for (steps, line, column) in [
            (&["version".into()][..], 3, 12),
            (&["twins".into(), 0.into(), "id".into()], 5, 11),
            (&["twins".into(), 1.into(), "properties".into(), "x".into()], 6, 38),
            (&["twins".into(), 1.into(), "properties".into(), "y".into()], 6, 50),
            (&["twins".into(), 1.into(), "nothing".into()], 6, 5),
        ] {
            let place = places.of(steps);
            assert_eq!((place.line, place.column), (line, column), "{steps:?}");
        }
        assert_eq!(places.key(&["twins".into(), 1.into(), "properties".into()]).column, 15);
    }

    #[test]
    fn items_of_long_lists_are_found_past_anything() {
        let text = "(\n  a: [\n    \"]\", r#\"[\"#, // ]\n    (x: [1, [2, (y: 6)]], s: \"\\\"(\"), /* [ */ 5,\n    Some((k: 3)),\n  ],\n  b: [[7, 8], []],\n  c: 9,\n)";
        let places = Places::new("s.ron".into(), text.to_string());
        for (steps, there) in [
            (&["a".into(), 0.into()][..], "]\", r"),
            (&["a".into(), 1.into()], "[\"#, //"),
            (&["a".into(), 2.into(), "x".into(), 1.into(), 1.into(), "y".into()], "6)"),
            (&["a".into(), 2.into(), "s".into()], "\\\"("),
            (&["a".into(), 3.into()], "5,"),
            (&["a".into(), 4.into(), "k".into()], "3))"),
            (&["b".into(), 0.into(), 1.into()], "8]"),
            (&["b".into(), 1.into()], "[]],"),
            (&["c".into()], "9,"),
        ] {
            let place = places.of(steps);
            let line = text.lines().nth(place.line as usize - 1).unwrap();
            assert!(line[place.column as usize - 1..].starts_with(there), "{steps:?}: {line} {}", place.column);
        }
    }

    #[test]
    fn survives_any_text() {
        let deep = "[".repeat(10_000);
        for text in [&deep, "", "(", "((((", "[\"", "r#\"", "/*", "(a: )", "}", "(a: \\", "\u{e4}("] {
            let _ = Places::new("s".into(), text.to_string()).of(&["a".into()]);
        }
    }
}
