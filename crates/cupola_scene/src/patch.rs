//! Changes of a scene file in place, so that comments and the layout of a person stay.
//!
//! The file's text is compared with two texts that the program writes: of the document in the file, and of the changed
//! document. Only the parts in which these two differ are changed. If the result does not read as the changed document,
//! the whole text is written anew.

use super::document::Document;
use super::{ron_options, to_ron};
use cupola_twin::Diagnostic;
use std::ops::Range;

/// Largest nesting of values, as in RON.
const MAX_DEPTH: usize = 128;

/// Returns the text of a scene file after a change of its document.
///
/// # Errors
/// The document can't be serialized.
pub fn updated_text(text: &str, document: &Document) -> Result<String, Diagnostic> {
    let whole = to_ron(document)?;
    let Ok(before) = ron_options().from_str::<Document>(text) else { return Ok(whole) };
    let written = to_ron(&before)?;
    if written == text {
        return Ok(whole);
    }
    let trees = (Node::read(text), Node::read(&written), Node::read(&whole));
    let (Some(own), Some(old), Some(new)) = trees else { return Ok(whole) };
    let mut patch = Patch { text, old: &written, new: &whole, changes: Vec::new() };
    let patched = patch.merge(&own, &old, &new).map(|()| patch.applied());
    // The test of the result covers every form of RON that the reader here doesn't know.
    let is_right = |text: &String| ron_options().from_str::<Document>(text).is_ok_and(|read| read == *document);
    Ok(patched.filter(is_right).unwrap_or(whole))
}

/// A value in a text.
#[derive(Debug)]
struct Node {
    /// The whole value.
    span: Range<usize>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A number, a text, a word, or a word with brackets such as `zone("a")`.
    Other,
    /// A struct or a map: keys with their spans, and values. `end` is the position of the closing bracket.
    Fields { fields: Vec<(Range<usize>, Node)>, end: usize },
    /// A list. `end` is the position of the closing bracket.
    Items { items: Vec<Node>, end: usize },
}

impl Node {
    /// Reads the value of a text; `None` if it has a form that is not known here.
    fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        reader.skip();
        while text[reader.at..].starts_with("#!") {
            reader.at += text[reader.at..].find('\n')?;
            reader.skip();
        }
        reader.value(0)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start().len();
            let rest = &rest[blanks..];
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                block_comment(rest)
            } else {
                0
            };
            self.at += blanks + comment;
            if blanks + comment == 0 {
                return;
            }
        }
    }

    /// Passes a text in quotes of any kind. Returns whether there is one.
    fn text(&mut self) -> Option<bool> {
        let rest = self.rest();
        let raw = rest.strip_prefix('r').map(|rest| rest.len() - rest.trim_start_matches('#').len());
        if let Some(hashes) = raw.filter(|hashes| rest[1 + hashes..].starts_with('"')) {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            self.at += start + rest[start..].find(&close)? + close.len();
            return Some(true);
        }
        if !rest.starts_with('"') {
            return Some(false);
        }
        let mut is_escaped = false;
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.at += at + 1;
                    return Some(true);
                }
                _ => {}
            }
        }
        None
    }

    fn word(&mut self) -> usize {
        let is_part = |c: char| c.is_alphanumeric() || "_.+-".contains(c);
        let rest = self.rest();
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        length
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        if depth > MAX_DEPTH {
            return None;
        }
        if self.text()? {
            return Some(Node { span: start..self.at, content: Content::Other });
        }
        let is_named = self.word() > 0;
        let after_word = self.at;
        self.skip();
        let content = match self.rest().chars().next() {
            Some('(') => self.fields(')', depth)?,
            Some('{') if !is_named => self.fields('}', depth)?,
            Some('[') if !is_named => self.items(depth)?,
            _ if is_named => {
                self.at = after_word;
                Content::Other
            }
            _ => return None,
        };
        let content = if is_named { Content::Other } else { content };
        Some(Node { span: start..self.at, content })
    }

    /// Reads fields in brackets. A tuple, which has no keys, is no group of fields.
    fn fields(&mut self, close: char, depth: usize) -> Option<Content> {
        self.at += 1;
        let (mut fields, mut is_tuple) = (Vec::new(), false);
        loop {
            self.skip();
            if self.rest().starts_with(close) {
                let end = self.at;
                self.at += 1;
                return Some(if is_tuple { Content::Other } else { Content::Fields { fields, end } });
            }
            let start = self.at;
            if !self.text()? {
                self.word();
            }
            let key = start..self.at;
            self.skip();
            if !key.is_empty() && self.rest().starts_with(':') {
                self.at += 1;
                self.skip();
                fields.push((key, self.value(depth + 1)?));
            } else {
                is_tuple = true;
                self.at = start;
                self.value(depth + 1)?;
            }
            self.comma(close)?;
        }
    }

    fn items(&mut self, depth: usize) -> Option<Content> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.rest().starts_with(']') {
                let end = self.at;
                self.at += 1;
                return Some(Content::Items { items, end });
            }
            items.push(self.value(depth + 1)?);
            self.comma(']')?;
        }
    }

    fn comma(&mut self, close: char) -> Option<()> {
        self.skip();
        match self.rest().chars().next() {
            Some(',') => self.at += 1,
            Some(c) if c == close => {}
            _ => return None,
        }
        Some(())
    }
}

/// Returns the length of a comment `/* … */`, which may hold others.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

struct Patch<'t> {
    text: &'t str,
    old: &'t str,
    new: &'t str,
    /// The ranges of the text that are replaced.
    changes: Vec<(Range<usize>, String)>,
}

impl Patch<'_> {
    /// Notes the changes that turn `old` into `new`, in the text of the same value. Returns `None` if the text has another
    /// structure.
    fn merge(&mut self, own: &Node, old: &Node, new: &Node) -> Option<()> {
        if self.old[old.span.clone()] == self.new[new.span.clone()] {
            return Some(());
        }
        match (&own.content, &old.content, &new.content) {
            (
                Content::Fields { fields: own_fields, end },
                Content::Fields { fields: old_fields, .. },
                Content::Fields { fields: new_fields, .. },
            ) => self.merge_fields((own_fields, *end), old_fields, new_fields),
            (
                Content::Items { items: own_items, end },
                Content::Items { items: old_items, .. },
                Content::Items { items: new_items, .. },
            ) if own_items.len() == old_items.len() => self.merge_items((own_items, *end), old_items, new_items),
            _ => {
                self.changes.push((own.span.clone(), self.new[new.span.clone()].to_string()));
                Some(())
            }
        }
    }

    fn merge_fields(
        &mut self,
        (own, end): (&[(Range<usize>, Node)], usize),
        old: &[(Range<usize>, Node)],
        new: &[(Range<usize>, Node)],
    ) -> Option<()> {
        let key = |text: &str, span: &Range<usize>| text[span.clone()].trim_matches('"').to_string();
        let find = |text: &str, fields: &[(Range<usize>, Node)], name: &str| {
            fields.iter().position(|(span, _)| key(text, span) == name)
        };
        for (at, (span, value)) in own.iter().enumerate() {
            let name = key(self.text, span);
            let before = find(self.old, old, &name);
            match (before, find(self.new, new, &name)) {
                (Some(before), Some(after)) => self.merge(value, &old[before].1, &new[after].1)?,
                (Some(_), None) => self.remove(span.start..value.span.end, at + 1 == own.len()),
                // The text says a default, which the program doesn't write.
                (None, Some(after)) => {
                    let text = self.new[new[after].1.span.clone()].to_string();
                    self.changes.push((value.span.clone(), text));
                }
                (None, None) => {}
            }
        }
        // A new field follows the one that it follows in the written text.
        let mut after = None;
        for (span, value) in new {
            let name = key(self.new, span);
            let known = find(self.text, own, &name);
            after = known.map(|at| own[at].1.span.end).or(after);
            if known.is_none() && find(self.old, old, &name).is_none() {
                let text = format!("{}: {}", &self.new[span.clone()], &self.new[value.span.clone()]);
                self.insert(after, own.first().map(|(key, _)| key.start), end, &text);
            }
        }
        Some(())
    }

    fn merge_items(&mut self, (own, end): (&[Node], usize), old: &[Node], new: &[Node]) -> Option<()> {
        let is_same = |(old, new): (&Node, &Node)| self.old[old.span.clone()] == self.new[new.span.clone()];
        let first = old.iter().zip(new).take_while(|pair| is_same(*pair)).count();
        let last = old[first..].iter().rev().zip(new[first..].iter().rev()).take_while(|pair| is_same(*pair)).count();
        let (gone, come) = (first..old.len() - last, &new[first..new.len() - last]);
        // The items between the equal ones change one by one; the rest is removed or added.
        let both = gone.len().min(come.len());
        for (at, new) in (gone.start..gone.start + both).zip(come) {
            self.merge(&own[at], &old[at], new)?;
        }
        for at in gone.start + both..gone.end {
            self.remove(own[at].span.clone(), at + 1 == own.len());
        }
        let before = (gone.start + both).checked_sub(1).and_then(|at| own.get(at)).map(|node| node.span.end);
        for new in &come[both..] {
            let text = self.new[new.span.clone()].to_string();
            self.insert(before, own.first().map(|node| node.span.start), end, &text);
        }
        Some(())
    }

    /// Removes a part with its comma and, if it has lines for itself, these lines.
    fn remove(&mut self, span: Range<usize>, is_last: bool) {
        let (mut start, mut end) = (span.start, span.end);
        let mut reader = Reader { text: self.text, at: end };
        reader.skip();
        if reader.rest().starts_with(',') {
            end = reader.at + 1;
        } else if is_last && let Some(comma) = self.text[..start].trim_end().strip_suffix(',') {
            start = comma.len();
        }
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let blanks = |at: usize| {
            let rest = &self.text[at..];
            at + rest.len() - rest.trim_start_matches([' ', '\t']).len()
        };
        // A comment on the same line belongs to the part.
        let mut after = blanks(end);
        if self.text[after..].starts_with("//") {
            after += self.text[after..].find('\n').unwrap_or(self.text.len() - after);
        } else if self.text[after..].starts_with("/*") {
            after = blanks(after + block_comment(&self.text[after..]));
        }
        if self.text[line..start].trim().is_empty() && self.text[after..].starts_with('\n') {
            (start, end) = (line, after + 1);
        } else if !self.text[blanks(end)..].starts_with('\n') {
            end = blanks(end);
        }
        self.changes.push((start..end, String::new()));
    }

    /// Inserts a part after the end of another one, or else at the beginning of an empty or unchanged group, which ends
    /// at `end`. The part gets a line for itself if the others have one.
    fn insert(&mut self, after: Option<usize>, first: Option<usize>, end: usize, text: &str) {
        let indent = |at: usize| {
            let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
            let indent = &self.text[line..at];
            indent.trim().is_empty().then(|| indent.to_string())
        };
        let own_line = first.and_then(indent);
        match (after, &own_line) {
            (Some(after), _) => {
                let gap = own_line.map_or(" ".to_string(), |indent| format!("\n{indent}"));
                self.changes.push((after..after, format!(",{gap}{text}")));
            }
            (None, Some(indent)) => {
                let first = first.unwrap_or(end);
                self.changes.push((first..first, format!("{text},\n{indent}")));
            }
            (None, None) if first.is_some() => {
                let first = first.unwrap_or(end);
                self.changes.push((first..first, format!("{text}, ")));
            }
            (None, None) => self.changes.push((end..end, text.to_string())),
        }
    }

    fn applied(mut self) -> String {
        // Insertions at one place keep their order.
        self.changes.sort_by_key(|(span, _)| (span.start, span.end));
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut at = 0;
        for (span, text) in &self.changes {
            out += &self.text[at.min(span.start)..span.start];
            out += text;
            at = span.end.max(at);
        }
        out + &self.text[at..]
    }
}
