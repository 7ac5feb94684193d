//! Topic patterns: selection of MQTT topics, and names of their levels.

use std::fmt;

use crate::captures::Captures;
use crate::placeholder::{PatternError, Piece, split};

/// Maximum length of a topic or filter, in bytes (MQTT 3.1.1 §4.7.3).
pub const MAX_TOPIC_BYTES: usize = 65_535;

/// Topic pattern with named levels: `office/{room}/temperature`.
///
/// | level | meaning |
/// |---|---|
/// | `text` | this level |
/// | `{name}` | one whole level that is not empty |
/// | `room-{n}`, `{n}.raw` | one level with this text around the captured part, which is not empty |
/// | `+` | one unnamed level, possibly empty |
/// | `#` (last) | all further levels, or none, unnamed |
/// | `{rest...}` (last) | all further levels, at least one character |
///
/// A captured part is never empty, because an empty name cannot identify a twin. A literal brace cannot be
/// written. As in MQTT (3.1.1 §4.7.2), a topic that begins with `$` matches only a pattern whose first level
/// is that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPattern {
    text: String,
    levels: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    Literal(String),
    /// Captured part, with the text before and after it in its level.
    Capture {
        before: String,
        name: String,
        after: String,
    },
    Any,
    /// Remaining levels.
    Rest(Option<String>),
}

impl TopicPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Returns a [`PatternError`] with the position of the first fault: an empty or too long pattern, NUL, a
    /// wildcard within a level, `#` or `{rest...}` before the end, an unmatched brace, two captures in a
    /// level, or a name used twice.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::new(0, "the topic pattern is empty"));
        }
        if text.len() > MAX_TOPIC_BYTES {
            return Err(PatternError::new(MAX_TOPIC_BYTES, "the topic pattern is longer than 65535 bytes"));
        }
        if let Some(at) = text.find('\0') {
            return Err(PatternError::new(at, "a topic can't contain NUL"));
        }
        let mut levels = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let mut at = 0;
        for level in text.split('/') {
            let is_last = at + level.len() == text.len();
            levels.push(parse_level(level, at, is_last, &mut names)?);
            at += level.len() + 1;
        }
        if let Some(Level::Capture { before, .. }) = levels.first()
            && before.starts_with('$')
        {
            return Err(PatternError::new(
                0,
                "this would never match: wildcards don't reach topics that begin with `$`",
            )
            .with_help("write the first level out"));
        }
        Ok(Self { text: text.to_owned(), levels })
    }

    /// Returns the source text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the MQTT subscription filter that covers this pattern. It can match more topics than
    /// [`Self::matches`].
    pub fn filter(&self) -> String {
        let levels: Vec<&str> = self.levels.iter().map(Level::filter).collect();
        levels.join("/")
    }

    /// Returns the names of the captures, in the order of the levels.
    pub fn names(&self) -> Vec<&str> {
        self.levels.iter().filter_map(Level::name).collect()
    }

    /// Returns the captures from `topic`, or `None` if it does not match.
    pub fn matches(&self, topic: &str) -> Option<Captures> {
        let starts_literal = matches!(self.levels.first(), Some(Level::Literal(_)));
        if topic.is_empty() || (topic.starts_with('$') && !starts_literal) {
            return None;
        }
        let mut captures = Captures::new();
        // `None` means that the topic has no further level. An empty level is `Some("")`.
        let mut remaining = Some(topic);
        for level in &self.levels {
            if let Level::Rest(name) = level {
                return match (name, remaining) {
                    (None, _) => Some(captures),
                    (Some(name), Some(rest)) if !rest.is_empty() => {
                        captures.insert(name.as_str(), rest);
                        Some(captures)
                    }
                    (Some(_), _) => None,
                };
            }
            let text = remaining?;
            let (here, further) = match text.split_once('/') {
                Some((here, further)) => (here, Some(further)),
                None => (text, None),
            };
            match level {
                Level::Literal(literal) if literal != here => return None,
                Level::Capture { before, name, after } => {
                    let part = here.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                    if part.is_empty() {
                        return None;
                    }
                    captures.insert(name.as_str(), part);
                }
                Level::Literal(_) | Level::Any | Level::Rest(_) => {}
            }
            remaining = further;
        }
        remaining.is_none().then_some(captures)
    }

    /// Returns the topic that matches with these captures, the inverse of [`Self::matches`].
    ///
    /// Returns `None` if a capture is missing, empty or not valid in a topic, or if the pattern has unnamed
    /// levels.
    pub fn topic(&self, captures: &Captures) -> Option<String> {
        let mut topic = String::with_capacity(self.text.len());
        for (index, level) in self.levels.iter().enumerate() {
            if index > 0 {
                topic.push('/');
            }
            match level {
                Level::Literal(literal) => topic.push_str(literal),
                Level::Capture { before, name, after } => {
                    let value = captures.get(name).filter(|value| is_fillable(value) && !value.contains('/'))?;
                    topic.push_str(before);
                    topic.push_str(value);
                    topic.push_str(after);
                }
                Level::Rest(Some(name)) => topic.push_str(captures.get(name).filter(|value| is_fillable(value))?),
                Level::Any | Level::Rest(None) => return None,
            }
        }
        let reserved = topic.starts_with('$') && !matches!(self.levels.first(), Some(Level::Literal(_)));
        (!reserved && topic.len() <= MAX_TOPIC_BYTES).then_some(topic)
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Level {
    fn filter(&self) -> &str {
        match self {
            Level::Literal(literal) => literal,
            Level::Capture { .. } | Level::Any => "+",
            Level::Rest(_) => "#",
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Level::Capture { name, .. } | Level::Rest(Some(name)) => Some(name),
            Level::Literal(_) | Level::Any | Level::Rest(None) => None,
        }
    }
}

fn is_fillable(value: &str) -> bool {
    !value.is_empty() && !value.contains(['+', '#', '\0'])
}

fn parse_level<'a>(level: &'a str, at: usize, is_last: bool, names: &mut Vec<&'a str>) -> Result<Level, PatternError> {
    match level {
        "+" => return Ok(Level::Any),
        "#" if is_last => return Ok(Level::Rest(None)),
        "#" => {
            return Err(PatternError::new(at, "`#` is not the last level").with_help("`+` stands for one level"));
        }
        _ => {}
    }
    if let Some(wild) = level.find(['+', '#']) {
        return Err(PatternError::new(at + wild, "a wildcard is a level of its own")
            .with_help("`room-{n}` matches a part of a level"));
    }
    let pieces = split(level, at)?;
    let (before, name, name_at, after) = match pieces.as_slice() {
        [] => return Ok(Level::Literal(String::new())),
        [Piece::Text(text)] => return Ok(Level::Literal((*text).to_owned())),
        [Piece::Rest(name, name_at)] if is_last => {
            claim(name, *name_at, names)?;
            return Ok(Level::Rest(Some((*name).to_owned())));
        }
        [Piece::Name(name, name_at)] => ("", *name, *name_at, ""),
        [Piece::Text(before), Piece::Name(name, name_at)] => (*before, *name, *name_at, ""),
        [Piece::Name(name, name_at), Piece::Text(after)] => ("", *name, *name_at, *after),
        [Piece::Text(before), Piece::Name(name, name_at), Piece::Text(after)] => (*before, *name, *name_at, *after),
        others => return Err(level_error(others, at)),
    };
    claim(name, name_at, names)?;
    Ok(Level::Capture { before: before.to_owned(), name: name.to_owned(), after: after.to_owned() })
}

fn level_error(pieces: &[Piece<'_>], at: usize) -> PatternError {
    let mut seen = false;
    for piece in pieces {
        match piece {
            Piece::Rest(name, at) => {
                return PatternError::new(*at, format!("`{{{name}...}}` must be the last level, alone"))
                    .with_help(format!("`{{{name}}}` captures one level"));
            }
            Piece::Name(_, at) if seen => {
                return PatternError::new(*at, "a level has room for one capture")
                    .with_help("capture the whole level and take it apart in the id template");
            }
            Piece::Name(..) => seen = true,
            Piece::Text(_) => {}
        }
    }
    PatternError::new(at, "this level can't be read")
}

fn claim<'a>(name: &'a str, at: usize, names: &mut Vec<&'a str>) -> Result<(), PatternError> {
    if names.contains(&name) {
        return Err(PatternError::new(at, format!("`{name}` is captured twice")));
    }
    names.push(name);
    Ok(())
}

/// Returns whether an MQTT topic filter covers a topic. (MQTT 3.1.1, 4.7)
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        match (part, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (literal, Some(level)) if literal == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
#[path = "topic_tests.rs"]
mod tests;
