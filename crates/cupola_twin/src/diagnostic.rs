//! Diagnostics: findings with a severity, a code, a place and a suggestion.

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Information only; nothing is lost.
    Info,
    /// Something was left out or assumed.
    Warning,
    /// The document is not valid.
    Error,
}

/// A position in a text file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
}

impl Place {
    /// Returns the place of byte `offset` in `text`; an offset past the end means the end. [`Lines`] is faster for many
    /// places in one text.
    pub fn of(file: &Arc<str>, text: &str, offset: usize) -> Self {
        Lines::new(text).place(file, text, offset)
    }
}

/// The byte offsets of a text's line starts, for fast look-up of places in a large text.
#[derive(Clone, Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Finds the line starts of `text`.
    pub fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// Returns the place of byte `offset` in `text`, which must be the text passed to [`Self::new`]; an offset past the
    /// end means the end.
    pub fn place(&self, file: &Arc<str>, text: &str, offset: usize) -> Place {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.0.partition_point(|start| *start <= end).max(1) - 1;
        let column = text.get(self.0[line]..end).map_or(0, |before| before.chars().count());
        Place { file: file.clone(), line: line as u32 + 1, column: column as u32 + 1 }
    }
}

/// A finding about a document, a graph or a formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// A stable code in kebab case.
    pub code: &'static str,
    /// A description of the problem, in one sentence.
    pub message: String,
    /// The position in a file, if known.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The part of the document: `$.contents[2].schema` of a JSON document, `room1.area` of a graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A suggestion: the remedy, or the name that was probably meant.
    #[serde(rename = "suggestion", skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// Creates an error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), place: None, path: None, help: None }
    }

    /// Creates a warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Creates an informational diagnostic without a place.
    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Info, ..Self::error(code, message) }
    }

    /// Sets the place.
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// Sets the path within a JSON document.
    pub fn at_path(mut self, path: impl Into<Option<String>>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the suggestion.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the candidate nearest to `name`, if one is near enough.
    pub fn did_you_mean<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(name, candidates) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}:{}: ", place.file, place.line, place.column)?;
        }
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}{}", self.code, self.message, in_parentheses(self.help.as_deref()))
    }
}

/// Returns a suggestion as the end of a message: ` (help)`, or nothing.
pub(crate) fn in_parentheses(help: Option<&str>) -> String {
    help.map_or_else(String::new, |help| format!(" ({help})"))
}

/// Returns whether any diagnostic is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// Returns the candidate nearest to `name` by Damerau–Levenshtein distance, ignoring case, if the distance is at most a
/// third of the length of `name` (and at least 1).
///
/// ```
/// use cupola_twin::diagnostic::nearest;
///
/// assert_eq!(nearest("temprature", ["humidity", "temperature"]), Some("temperature"));
/// assert_eq!(nearest("co2", ["temperature", "humidity"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(nearest("temprature", ["humidity", "temperature"]), Some("temperature"));
        assert_eq!(nearest("Temperature", ["temperature"]), Some("temperature"));
        assert_eq!(nearest("co2", ["temperature", "humidity"]), None);
    }

    #[test]
    fn counts_lines_and_characters_from_one() {
        let file: Arc<str> = "a.ron".into();
        let text = "ä\nbü x";
        let place = Place::of(&file, text, text.find('x').unwrap_or(0));
        assert_eq!((place.line, place.column), (2, 4));
        assert_eq!(Place::of(&file, text, 999).line, 2);
    }
}
