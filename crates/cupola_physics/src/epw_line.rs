//! Fields of a line of a weather file, and findings about a line.

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Error: the file cannot be used.
    Error,
    /// Warning: the file was read, with a value replaced or a part ignored.
    Warning,
}

/// Finding about a weather file, with its position.
#[derive(Clone, Debug, PartialEq)]
pub struct EpwFinding {
    /// Line number, from 1.
    pub line: usize,
    /// Character position in the line, from 1.
    pub column: usize,
    /// Severity.
    pub severity: Severity,
    /// Code for programs: `epw-…`.
    pub code: &'static str,
    /// Description of the fault.
    pub message: String,
    /// Suggested remedy.
    pub help: Option<String>,
}

/// Comma-separated line with the position of each field.
pub(crate) struct EpwRecord<'a> {
    /// Line number, from 1.
    pub(crate) number: usize,
    text: &'a str,
    /// Whether the text is ASCII, so that byte offsets equal character positions.
    is_ascii: bool,
    /// Byte offset and text of each field.
    pub(crate) fields: Vec<(usize, &'a str)>,
}

impl<'a> EpwRecord<'a> {
    pub(crate) fn new(number: usize, text: &'a str) -> Self {
        let mut offset = 0;
        let fields = text.split(',').map(|field| {
            let start = offset;
            offset += field.len() + 1;
            (start, field.trim())
        });
        Self { number, text, is_ascii: text.is_ascii(), fields: fields.collect() }
    }

    /// Returns the text of a field, or an empty string past the end of the line.
    pub(crate) fn field(&self, index: usize) -> &'a str {
        self.fields.get(index).map_or("", |(_, text)| text)
    }

    /// Returns a field as a finite number.
    pub(crate) fn number_in(&self, index: usize) -> Option<f64> {
        self.field(index).parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Returns a field as a whole number up to a million.
    pub(crate) fn whole(&self, index: usize) -> Option<u32> {
        self.number_in(index)
            .filter(|value| value.fract() == 0.0 && (0.0..=1e6).contains(value))
            .map(|value| value as u32)
    }

    /// Returns the character position of a field, from 1.
    pub(crate) fn column(&self, index: usize) -> usize {
        let start = self.fields.get(index).map_or(self.text.len(), |(start, _)| *start);
        match self.is_ascii {
            true => start + 1,
            false => self.text.get(..start).map_or(0, |before| before.chars().count()) + 1,
        }
    }
}
