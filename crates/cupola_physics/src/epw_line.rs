//! A weather file's line, field by field, and what is said about it.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file can't be used.
    Error,
    /// The file was read, with this put right or left aside.
    Warning,
}

/// Something wrong with a weather file, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct EpwFinding {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// How bad.
    pub severity: Severity,
    /// What kind, for machines: `epw-…`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// A comma-separated line with the place of each field.
pub(crate) struct Line<'a> {
    /// Number of the line, from 1.
    pub(crate) number: usize,
    text: &'a str,
    /// Whether bytes are characters.
    is_ascii: bool,
    /// Byte offsets and texts.
    pub(crate) fields: Vec<(usize, &'a str)>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(number: usize, text: &'a str) -> Self {
        let mut offset = 0;
        let fields = text.split(',').map(|field| {
            let start = offset;
            offset += field.len() + 1;
            (start, field.trim())
        });
        Self { number, text, is_ascii: text.is_ascii(), fields: fields.collect() }
    }

    /// A field's text; empty past the line's end.
    pub(crate) fn field(&self, index: usize) -> &'a str {
        self.fields.get(index).map_or("", |(_, text)| text)
    }

    /// A finite number.
    pub(crate) fn number_in(&self, index: usize) -> Option<f64> {
        self.field(index).parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// A whole number up to a million.
    pub(crate) fn whole(&self, index: usize) -> Option<u32> {
        self.number_in(index)
            .filter(|value| value.fract() == 0.0 && (0.0..=1e6).contains(value))
            .map(|value| value as u32)
    }

    /// Character column of a field, from 1.
    pub(crate) fn column(&self, index: usize) -> usize {
        let start = self.fields.get(index).map_or(self.text.len(), |(start, _)| *start);
        match self.is_ascii {
            true => start + 1,
            false => self.text.get(..start).map_or(0, |before| before.chars().count()) + 1,
        }
    }
}
