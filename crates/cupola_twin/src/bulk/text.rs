//! A fast parser for the lists of twins and relationships in the RON of a scene.
//!
//! The parser handles plain strings and numbers, which nearly all of such a list consists of. A single value of another
//! form is parsed by the `ron` crate. Any other unexpected text gives `None`; the caller then parses the whole text
//! with the `ron` crate, which also reports errors. The parser accepts a subset of the grammar of `ron`, with the same
//! results.

use super::{Bulk, LinkText};
use crate::model::ModelIx;
use crate::strings::{Collector, Strings};
use crate::value::Value;
use std::borrow::Cow;
use std::ops::Range;

/// A twin as written.
#[derive(Clone, Debug, Default)]
pub struct TwinText<'t> {
    /// The id.
    pub id: Cow<'t, str>,
    /// The model.
    pub model: Cow<'t, str>,
    /// The properties.
    pub properties: Vec<(Cow<'t, str>, Value)>,
}

/// The byte ranges of the two long lists in a scene's text, including the brackets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lists {
    /// The list of `twins`.
    pub twins: Option<Range<usize>>,
    /// The list of `relationships`.
    pub relationships: Option<Range<usize>>,
}

impl Lists {
    /// Returns the text with both lists empty.
    pub fn rest(&self, text: &str) -> String {
        let mut lists: Vec<&Range<usize>> = self.twins.iter().chain(&self.relationships).collect();
        lists.sort_by_key(|list| list.start);
        let mut rest = String::new();
        let mut from = 0;
        for list in lists {
            rest += &text[from..=list.start];
            from = list.end - 1;
        }
        rest += &text[from..];
        rest
    }
}

/// A parsed scene.
#[derive(Debug)]
pub struct ParsedLists<'t> {
    /// The ranges of the lists.
    pub lists: Lists,
    /// The twins; their models are still numbers in `kinds`.
    pub(super) twins: Bulk<'t>,
    pub(super) kinds: Strings,
    pub(super) links: Vec<LinkText<'t>>,
}

/// Parses a scene's text; one thread parses the twins, another one everything else. `None` if the text needs the slower
/// parser.
pub fn read(text: &str) -> Option<ParsedLists<'_>> {
    let start = twins_start(text)?;
    std::thread::scope(|scope| {
        let rest = scope.spawn(|| {
            let lists = lists(text)?;
            let mut links = Vec::new();
            if let Some(list) = &lists.relationships {
                relationships(text, list.start, &mut |link| links.push(link))?;
            }
            Some((lists, links))
        });
        let (mut bulk, mut kinds) = (Bulk::default(), Collector::default());
        if let Some(start) = start {
            twins(text, start, &mut |twin| {
                let kind = kinds.add(&twin.model).unwrap_or_else(|known| known);
                let is_new = !twin.id.is_empty() && bulk.add_twin(&twin.id, ModelIx(kind));
                twin.properties.drain(..).for_each(|(name, value)| bulk.add_value(&name, Cow::Owned(value)));
                is_new
            })?;
        }
        let (lists, links) = rest.join().ok()??;
        Some(ParsedLists { lists, twins: bulk, kinds: kinds.finish(), links })
    })
}

/// Finds the lists in a scene's text.
fn lists(text: &str) -> Option<Lists> {
    let mut lists = Lists::default();
    fields(text, &mut |name, cursor| {
        let start = cursor.at;
        let list = match name {
            "twins" => &mut lists.twins,
            "relationships" => &mut lists.relationships,
            _ => return cursor.skip_value().map(|()| true),
        };
        (cursor.peek() == b'[').then_some(())?;
        cursor.skip(true)?;
        // A duplicate field is an error, which the `ron` crate reports.
        once(list, start..cursor.at)
    })?;
    Some(lists)
}

/// Finds the start of the list of twins, if any, without parsing the list.
fn twins_start(text: &str) -> Option<Option<usize>> {
    let mut start = None;
    fields(text, &mut |name, cursor| {
        if name == "twins" {
            start = Some(cursor.at);
            return Some(false);
        }
        cursor.skip_value().map(|()| true)
    })?;
    Some(start)
}

/// Calls `each` with every field of the scene until it returns false.
fn fields<'t>(text: &'t str, each: &mut dyn FnMut(&'t str, &mut Cursor<'t>) -> Option<bool>) -> Option<()> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.skip_space()?;
    let is_done = cursor.fields(each)?;
    if is_done {
        cursor.skip_space()?;
        (cursor.at == text.len()).then_some(())?;
    }
    Some(())
}

/// Parses the list of twins that starts at byte `start`, and calls `each` with every twin until it returns false.
/// `None` if the text needs the slower parser, or if `each` returned false.
pub fn twins<'t>(text: &'t str, start: usize, each: &mut dyn FnMut(&mut TwinText<'t>) -> bool) -> Option<()> {
    let mut twin = TwinText::default();
    Cursor { text, at: start }.list(b'[', b']', &mut |cursor| {
        let (mut id, mut model, mut properties) = (None, None, false);
        twin.properties.clear();
        cursor.fields(&mut |name, cursor| match name {
            "id" => once(&mut id, cursor.string()?),
            "model" => once(&mut model, cursor.string()?),
            "properties" if !properties => {
                properties = true;
                cursor.values(&mut twin.properties)?;
                Some(true)
            }
            _ => None,
        })?;
        (twin.id, twin.model) = (id?, model?);
        each(&mut twin).then_some(())
    })
}

/// Parses the list of relationships that starts at byte `start`, and calls `each` with every relationship. `None` if the
/// text needs the slower parser.
pub fn relationships<'t>(text: &'t str, start: usize, each: &mut dyn FnMut(LinkText<'t>)) -> Option<()> {
    Cursor { text, at: start }.list(b'[', b']', &mut |cursor| {
        let (mut id, mut from, mut relation, mut to) = (None, None, None, None);
        let mut own = None;
        cursor.fields(&mut |name, cursor| match name {
            "id" => once(&mut id, cursor.string()?),
            "from" => once(&mut from, cursor.string()?),
            "name" => once(&mut relation, cursor.string()?),
            "to" => once(&mut to, cursor.string()?),
            "properties" => {
                let mut values = Vec::new();
                cursor.values(&mut values)?;
                once(&mut own, values)
            }
            _ => None,
        })?;
        each(LinkText { id, from: from?, name: relation?, to: to?, properties: own.unwrap_or_default() });
        Some(())
    })
}

/// Stores the value of a field; `None` if the field occurs a second time.
fn once<T>(place: &mut Option<T>, value: T) -> Option<bool> {
    place.replace(value).is_none().then_some(true)
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == byte;
        self.at += usize::from(is_it);
        is_it
    }

    /// Skips white space and comments.
    fn skip_space(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                b'/' => self.skip_comment()?,
                _ => return Some(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        if rest.starts_with("//") {
            self.at += rest.find('\n').unwrap_or(rest.len());
            return Some(());
        }
        // Block comments may be nested.
        let bytes = rest.as_bytes();
        bytes.starts_with(b"/*").then_some(())?;
        let (mut depth, mut at) = (1, 2);
        while depth > 0 {
            match bytes.get(at..at + 2)? {
                b"/*" => depth += 1,
                b"*/" => depth -= 1,
                _ => {
                    at += 1;
                    continue;
                }
            }
            at += 2;
        }
        self.at += at;
        Some(())
    }

    /// Parses the items between two brackets, separated by commas; a trailing comma is allowed.
    fn list(&mut self, open: u8, close: u8, each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(open).then_some(())?;
        loop {
            self.skip_space()?;
            if self.take(close) {
                return Some(());
            }
            each(self)?;
            self.skip_space()?;
            if !self.take(b',') {
                return self.take(close).then_some(());
            }
        }
    }

    /// Parses the named fields between parentheses; returns false if `each` returned false.
    fn fields(&mut self, each: &mut dyn FnMut(&'t str, &mut Self) -> Option<bool>) -> Option<bool> {
        let mut is_done = true;
        let read = self.list(b'(', b')', &mut |cursor| {
            let name = cursor.word();
            cursor.skip_space()?;
            cursor.take(b':').then_some(())?;
            cursor.skip_space()?;
            is_done = each(name, cursor)?;
            is_done.then_some(())
        });
        if is_done { read.map(|()| true) } else { Some(false) }
    }

    /// Parses a map of names and values; `None` for a duplicate name.
    fn values(&mut self, out: &mut Vec<(Cow<'t, str>, Value)>) -> Option<()> {
        self.list(b'{', b'}', &mut |cursor| {
            let name = cursor.string()?;
            cursor.skip_space()?;
            cursor.take(b':').then_some(())?;
            cursor.skip_space()?;
            let is_new = out.iter().all(|(known, _)| *known != name);
            out.push((name, cursor.value()?));
            is_new.then_some(())
        })
    }

    fn word(&mut self) -> &'t str {
        let start = self.at;
        while self.peek().is_ascii_alphanumeric() || self.peek() == b'_' {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at;
        let is_plain = self.skip_string()?;
        if is_plain {
            return Some(Cow::Borrowed(&self.text[start + 1..self.at - 1]));
        }
        ron::from_str::<String>(&self.text[start..self.at]).ok().map(Cow::Owned)
    }

    /// Skips a string in quotes; returns whether it has no escapes.
    fn skip_string(&mut self) -> Option<bool> {
        self.take(b'"').then_some(())?;
        let bytes = self.text.as_bytes();
        let mut is_plain = true;
        loop {
            match bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(is_plain);
                }
                b'\\' => {
                    is_plain = false;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
    }

    fn value(&mut self) -> Option<Value> {
        let start = self.at;
        match self.peek() {
            b'"' => return Some(Value::Text(self.string()?.into_owned())),
            b'0'..=b'9' | b'-' => {
                if let Some(number) = self.number() {
                    return Some(number);
                }
            }
            b't' | b'f' => match self.word() {
                "true" => return Some(Value::Bool(true)),
                "false" => return Some(Value::Bool(false)),
                _ => {}
            },
            _ => {}
        }
        self.at = start;
        self.skip_value()?;
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        options.from_str(&self.text[start..self.at]).ok()
    }

    /// Parses a number of digits with an optional fraction; `None` for any other notation.
    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.take(b'-');
        let digits = |cursor: &mut Self| {
            let first = cursor.at;
            while cursor.peek().is_ascii_digit() {
                cursor.at += 1;
            }
            &cursor.text[first..cursor.at]
        };
        let whole = digits(self);
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let is_whole = !self.take(b'.');
        if !is_whole && digits(self).is_empty() {
            return None;
        }
        if self.peek().is_ascii_alphanumeric() || matches!(self.peek(), b'_' | b'.') {
            return None;
        }
        let text = &self.text[start..self.at];
        if is_whole { text.parse().ok().map(Value::Integer) } else { text.parse().ok().map(Value::Number) }
    }

    /// Skips a value of any form, up to the following comma or closing bracket.
    fn skip_value(&mut self) -> Option<()> {
        self.skip(false)
    }

    /// Skips a bracketed value if `all`; otherwise everything up to the following comma or closing bracket.
    fn skip(&mut self, all: bool) -> Option<()> {
        let mut depth = 0;
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b'"' => {
                    self.skip_any_string()?;
                    continue;
                }
                b'/' => {
                    self.skip_comment()?;
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return Some(()),
                b')' | b']' | b'}' if all && depth == 1 => {
                    self.at += 1;
                    return Some(());
                }
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => return Some(()),
                // A character literal may contain a quote or a bracket.
                b'\'' => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Skips a string, which may be raw: `r#"…"#`.
    fn skip_any_string(&mut self) -> Option<()> {
        let before = &self.text.as_bytes()[..self.at];
        let hashes = before.iter().rev().take_while(|byte| **byte == b'#').count();
        if before.len() == hashes || before[before.len() - hashes - 1] != b'r' {
            self.skip_string()?;
            return Some(());
        }
        let end = format!("\"{}", "#".repeat(hashes));
        self.at += 1;
        self.at += self.text.get(self.at..)?.find(&end)? + end.len();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    const SCENE: &str = r##"// A scene: twins: [
(
  version: 1,
  name: "Quick \"and\" /* not */ // quiet",
  description: r#"a "raw" ] one"#,
  models: ["models"], /* a /* nested */ comment */
  twins: [
    (id: "a", model: "Room", properties: {"x": 1, "y": -2.50, "on": true, "name": "A [1]", "é": "ü"}),
    (id: "b\n", model: "Room", properties: {
      "list": [1, 2.0, "three"], "map": {"k": {"l": false}}, "big": 9007199254740993, "odd": 1e3, "hex": 0x1F,
    },), // the last one
    (id: "c", model: "dtmi:x:Room;1"),
  ],
  relationships: [
    (from: "a", name: "contains", to: "b"), (id: "r1", from: "a", name: "next", to: "c", properties: {"since": "2026"}),
  ],
  view: (color_by: Some("x")),
)
"##;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Scene {
        #[serde(default)]
        twins: Vec<TwinDoc>,
        #[serde(default)]
        relationships: Vec<LinkDoc>,
        version: u32,
        name: String,
        description: String,
        models: Vec<String>,
        #[serde(default)]
        view: Option<View>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct View {
        color_by: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct TwinDoc {
        id: String,
        model: String,
        #[serde(default)]
        properties: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct LinkDoc {
        #[serde(default)]
        id: Option<String>,
        from: String,
        name: String,
        to: String,
        #[serde(default)]
        properties: BTreeMap<String, Value>,
    }

    fn slow(text: &str) -> Option<Scene> {
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        options.from_str(text).ok()
    }

    fn quick(text: &str) -> Option<Scene> {
        let read = read(text)?;
        let mut scene = slow(&read.lists.rest(text))?;
        assert!(scene.twins.is_empty() && scene.relationships.is_empty());
        if let Some(list) = read.lists.twins {
            twins(text, list.start, &mut |twin| {
                let properties = twin.properties.drain(..).map(|(name, value)| (name.into_owned(), value)).collect();
                scene.twins.push(TwinDoc { id: twin.id.to_string(), model: twin.model.to_string(), properties });
                true
            })?;
        }
        let doc = |link: LinkText<'_>| LinkDoc {
            id: link.id.map(Cow::into_owned),
            from: link.from.into_owned(),
            name: link.name.into_owned(),
            to: link.to.into_owned(),
            properties: link.properties.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(),
        };
        scene.relationships = read.links.into_iter().map(doc).collect();
        Some(scene)
    }

    #[test]
    fn reads_what_is_mostly_written() {
        let scene = quick(SCENE).expect("nothing in it is odd");
        assert_eq!((scene.twins.len(), scene.relationships.len()), (3, 2));
        assert_eq!(scene.twins[1].properties["odd"], Value::Number(1000.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// For any edit of a text, every text that the fast parser accepts is also accepted by `ron`, with the same
        /// result.
        #[test]
        fn is_a_short_cut_and_no_other_way(
            changes in prop::collection::vec((0usize..SCENE.len(), 0usize..4, "[\\]\\[(){}:,\"\\\\/*#r'a-c0-9.eE_ \n+-]{0,3}"), 0..4)
        ) {
            let mut changed = SCENE.to_string();
            for (at, length, with) in changes {
                let boundary = |at: usize| (at..=changed.len()).find(|at| changed.is_char_boundary(*at)).unwrap_or(changed.len());
                let (from, to) = (boundary(at), boundary(at + length));
                changed.replace_range(from..to, &with);
            }
            if let Some(scene) = quick(&changed) {
                let other = slow(&changed);
                prop_assert_eq!(Some(&scene), other.as_ref(), "{}", changed);
            }
        }
    }
}
