//! Id templates, such as `{room}-temperature`.

use std::fmt;

use crate::captures::Captures;
use crate::placeholder::{PatternError, Piece, split};

/// Text with `{name}` placeholders. [`Template::fill`] fills it from captures. [`Template::capture`] extracts captures.
///
/// There is always text between two placeholders, so that extraction is unambiguous: every capture is as
/// short as the following text allows, and the last one is the rest. A template cannot contain literal braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<TemplatePart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Name(String),
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// Returns a [`PatternError`] with the position of the first fault: an empty template, an unmatched
    /// brace, an invalid name, or two placeholders without text between them.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::new(0, "the template is empty"));
        }
        let mut parts = Vec::new();
        for piece in split(text, 0)? {
            let part = match piece {
                Piece::Text(text) => TemplatePart::Text(text.to_owned()),
                Piece::Name(_, at) if matches!(parts.last(), Some(TemplatePart::Name(_))) => {
                    return Err(PatternError::new(at, "two placeholders have no text between them")
                        .with_help("put text between them, as in `{floor}-{room}`"));
                }
                Piece::Name(name, _) => TemplatePart::Name(name.to_owned()),
                Piece::Rest(name, at) => {
                    return Err(PatternError::new(at, "`...` has no meaning in a template")
                        .with_help(format!("write `{{{name}}}`")));
                }
            };
            parts.push(part);
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Returns the source text of the template.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names of the placeholders in order. A name that is used twice is listed twice.
    pub fn names(&self) -> Vec<&str> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                TemplatePart::Name(name) => Some(name.as_str()),
                TemplatePart::Text(_) => None,
            })
            .collect()
    }

    /// Returns the text with all placeholders filled, or `None` if a capture is missing.
    pub fn fill(&self, captures: &Captures) -> Option<String> {
        let mut filled = String::with_capacity(self.text.len());
        for part in &self.parts {
            filled.push_str(match part {
                TemplatePart::Text(text) => text,
                TemplatePart::Name(name) => captures.get(name)?,
            });
        }
        Some(filled)
    }

    /// Returns the captures from which `fill` gives `text`, or `None` if there are none. No capture is empty.
    pub fn capture(&self, text: &str) -> Option<Captures> {
        let mut parts = self.parts.as_slice();
        let mut text = text;
        if let [TemplatePart::Text(before), rest @ ..] = parts {
            text = text.strip_prefix(before.as_str())?;
            parts = rest;
        }
        if let [rest @ .., TemplatePart::Text(after)] = parts {
            text = text.strip_suffix(after.as_str())?;
            parts = rest;
        }
        // From here on, names and texts alternate, with a name at each end.
        let mut captures = Captures::new();
        while let [TemplatePart::Name(name), TemplatePart::Text(until), rest @ ..] = parts {
            let first = text.chars().next()?.len_utf8();
            let end = first + text[first..].find(until.as_str())?;
            put(&mut captures, name, &text[..end])?;
            text = &text[end + until.len()..];
            parts = rest;
        }
        match parts {
            [TemplatePart::Name(_)] if text.is_empty() => return None,
            [TemplatePart::Name(name)] => put(&mut captures, name, text)?,
            _ if !text.is_empty() => return None,
            _ => {}
        }
        Some(captures)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Inserts a value under a name. Returns `None` if the name already has another value.
fn put(captures: &mut Captures, name: &str, value: &str) -> Option<()> {
    if captures.get(name).is_some_and(|known| known != value) {
        return None;
    }
    captures.insert(name, value);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Template;
    use crate::Captures;

    fn template(text: &str) -> Template {
        Template::parse(text).expect(text)
    }

    #[test]
    fn extracts_captures_from_ids() {
        let cases: &[(&str, &str, Option<&[(&str, &str)]>)] = &[
            ("{room}-temperature", "2.14-temperature", Some(&[("room", "2.14")])),
            ("{room}-temperature", "2.14-co2", None),
            ("{room}-temperature", "-temperature", None),
            ("{a}-x", "foo-x-x", Some(&[("a", "foo-x")])),
            ("{a}-{b}", "1-2-3", Some(&[("a", "1"), ("b", "2-3")])),
            ("{a}-{b}", "--", None),
            ("{a}-{b}", "---", Some(&[("a", "-"), ("b", "-")])),
            ("f{a}.r{b}!", "f1.r2!", Some(&[("a", "1"), ("b", "2")])),
            ("{a}:{a}", "x:x", Some(&[("a", "x")])),
            ("{a}:{a}", "x:y", None),
            ("weather", "weather", Some(&[])),
            ("weather", "weathers", None),
            ("{ä}ß", "öß", Some(&[("ä", "ö")])),
        ];
        for (text, id, expected) in cases {
            let expected = expected.map(|pairs| Captures::from_iter(pairs.iter().copied()));
            assert_eq!(template(text).capture(id), expected, "{text} on {id}");
        }
    }

    #[test]
    fn fills_templates_and_lists_names() {
        let captures = Captures::from_iter([("room", "2.14"), ("what", "co2")]);
        assert_eq!(template("{room}-{what}").fill(&captures).as_deref(), Some("2.14-co2"));
        assert_eq!(template("{room}-{other}").fill(&captures), None);
        assert_eq!(template("{room}-{what}").names(), ["room", "what"]);
    }

    #[test]
    fn errors_have_the_position_of_the_fault() {
        let cases = [("", 0), ("{a}{b}", 3), ("x{a", 1), ("x}", 1), ("{a...}", 0), ("{a b}", 0)];
        for (text, at) in cases {
            assert_eq!(Template::parse(text).expect_err(text).at, at, "{text}");
        }
    }

    proptest! {
        #[test]
        fn captures_fill_to_the_same_text(text in "[ab.\\-é]{0,12}") {
            for pattern in ["{a}", "{a}-{b}", "a{x}.{y}", "{x}-{y}-{x}", "{a}.b"] {
                let template = template(pattern);
                if let Some(captures) = template.capture(&text) {
                    prop_assert_eq!(template.fill(&captures), Some(text.clone()));
                }
            }
        }

        #[test]
        fn capture_inverts_fill(a in "[a-z]{1,6}", b in "[a-z-]{1,6}") {
            let captures = Captures::from_iter([("a", a), ("b", b)]);
            let template = template("x/{a}-{b}");
            let text = template.fill(&captures).expect("every capture is there");
            prop_assert_eq!(template.capture(&text), Some(captures));
        }
    }
}
