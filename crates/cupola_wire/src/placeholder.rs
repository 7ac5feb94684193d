//! Placeholder syntax `{name}` of topic patterns and templates.

/// Error of a topic pattern or a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {at}){}", help.as_ref().map_or_else(String::new, |help| format!("; {help}")))]
pub struct PatternError {
    /// Offset in the pattern, in bytes.
    pub at: usize,
    /// Description of the fault.
    pub message: String,
    /// Suggested remedy, if known.
    pub help: Option<String>,
}

impl PatternError {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Piece of a pattern: text or a placeholder, with its offset in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Plain text.
    Text(&'a str),
    /// Placeholder `{name}`, with the name.
    Name(&'a str, usize),
    /// Placeholder `{name...}`, with the name.
    Rest(&'a str, usize),
}

/// Divides `text`, which starts at byte `base` of the pattern, into text and placeholders.
pub(crate) fn split(text: &str, base: usize) -> Result<Vec<Piece<'_>>, PatternError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(brace) = rest.find(['{', '}']) else {
            pieces.push(Piece::Text(rest));
            break;
        };
        if rest[brace..].starts_with('}') {
            return Err(PatternError::new(base + at + brace, "`}` closes nothing")
                .with_help("a placeholder is written `{name}`"));
        }
        if brace > 0 {
            pieces.push(Piece::Text(&rest[..brace]));
        }
        let open = at + brace;
        let inner = &text[open + 1..];
        let close = match inner.find(['{', '}']) {
            Some(end) if inner[end..].starts_with('}') => end,
            _ => {
                return Err(PatternError::new(base + open, "`{` is not closed")
                    .with_help("a placeholder is written `{name}`, within one level"));
            }
        };
        pieces.push(placeholder(&inner[..close], base + open)?);
        at = open + 1 + close + 1;
    }
    Ok(pieces)
}

fn placeholder(inner: &str, at: usize) -> Result<Piece<'_>, PatternError> {
    let (name, rest) = match inner.strip_suffix("...") {
        Some(name) => (name, true),
        None => (inner, false),
    };
    let mut characters = name.chars();
    let named = characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|next| next.is_alphanumeric() || next == '_');
    if !named {
        return Err(PatternError::new(at, format!("`{name}` is not a name"))
            .with_help("a name has letters, digits and `_`, and begins with no digit"));
    }
    Ok(if rest { Piece::Rest(name, at) } else { Piece::Name(name, at) })
}
