//! JSON values with source positions.

use crate::diagnostic::{Diagnostic, Lines, Place};
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use std::sync::Arc;

/// The largest nesting depth. Deeper documents are refused before parsing, which bounds the parser's recursion.
const MAX_DEPTH: usize = 64;

/// A document during reading: file, text and diagnostics.
pub(super) struct Source<'a> {
    pub file: Arc<str>,
    pub text: &'a str,
    pub diagnostics: Vec<Diagnostic>,
    lines: Lines,
}

impl<'a> Source<'a> {
    pub fn new(file: Arc<str>, text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { file, text, diagnostics: Vec::new(), lines: Lines::new(text) }
    }

    /// Returns the place of a byte of the text.
    pub fn place_at(&self, byte: usize) -> Place {
        self.lines.place(&self.file, self.text, byte)
    }

    /// Reports a diagnostic at a byte of the text.
    pub fn report_at(&mut self, byte: usize, diagnostic: Diagnostic) {
        let place = self.place_at(byte);
        self.diagnostics.push(diagnostic.at(place));
    }

    /// Returns the root value of the document; `None` after an error, which is reported.
    pub fn parse(&mut self) -> Option<Value<'a>> {
        if let Err((offset, code, message)) = scan(self.text) {
            self.report_at(offset, Diagnostic::error(code, message));
            return None;
        }
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
        match parse_to_ast(self.text, &collect, &strict) {
            Ok(result) if result.value.is_some() => result.value,
            Ok(_) => {
                let place = self.lines.place(&self.file, self.text, 0);
                let help = "a DTDL document is an interface object or an array of them";
                self.diagnostics.push(Diagnostic::error("json-empty", "the document is empty").at(place).help(help));
                None
            }
            Err(error) => {
                let place = self.lines.place(&self.file, self.text, error.range().start);
                self.diagnostics.push(Diagnostic::error("json-syntax", error.kind().to_string()).at(place));
                None
            }
        }
    }
}

/// Finds faults that the parser accepts or cannot handle: control characters in strings, white space that JSON lacks,
/// and nesting beyond the limit (RFC 8259, sections 2, 7 and 9).
fn scan(text: &str) -> Result<(), (usize, &'static str, String)> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            0..0x20 if in_string => {
                let message = format!("a string has the control character U+{byte:04X}; escape it");
                return Err((offset, "json-syntax", message));
            }
            0..0x20 | 0x7f.. if !in_string && !b"\t\n\r".contains(&byte) => {
                return Err((offset, "json-syntax", "a character that JSON allows only in strings".into()));
            }
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err((offset, "json-too-deep", format!("nested deeper than {MAX_DEPTH} levels")));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the value of `key`, if the object has it.
pub(super) fn get<'o, 'a>(object: &'o Object<'a>, key: &str) -> Option<&'o Value<'a>> {
    object.properties.iter().find(|property| property.name.as_str() == key).map(|property| &property.value)
}

/// Returns the text of a string value.
pub(super) fn text<'o>(value: &'o Value<'_>) -> Option<&'o str> {
    value.as_string_lit().map(|literal| literal.value.as_ref())
}

/// Returns the elements of an array, or a single value as an array of one, as JSON-LD permits.
pub(super) fn each<'o, 'a>(value: &'o Value<'a>) -> Vec<&'o Value<'a>> {
    match value {
        Value::Array(array) => array.elements.iter().collect(),
        other => vec![other],
    }
}

/// Returns the elements of an array and of all nested arrays, in order, because JSON-LD has no nested arrays.
pub(super) fn flat<'o, 'a>(value: &'o Value<'a>) -> Vec<&'o Value<'a>> {
    match value {
        Value::Array(array) => array.elements.iter().flat_map(flat).collect(),
        other => vec![other],
    }
}
