//! The lexer: text to tokens.

use super::ExprError;
use std::ops::Range;

/// A token. Words keep their case; the parser recognises keywords.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Number(f64),
    Text(String),
    /// A name in double brackets, which may have any characters.
    Name(String),
    /// An operator or a punctuation mark.
    Mark(&'static str),
    End,
}

/// Operators and punctuation; longer marks come first, because the lexer takes the first match.
const MARKS: [&str; 23] = [
    "!=", "<>", "<=", ">=", "->", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", ".", "^", "[", "]", "&", "|",
    ":",
];

pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, ExprError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (token, length) = if first.is_ascii_digit() {
            number(rest, at)?
        } else if first == '\'' || first == '"' {
            quoted(rest, first, at)?
        } else if let Some(length) = bracketed(rest) {
            (Token::Name(rest[2..length - 2].trim().to_string()), length)
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            (Token::Word(rest[..length].to_string()), length)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (Token::Mark(mark), mark.len())
        } else {
            let span = at..at + first.len_utf8();
            let error = ExprError::new(span, "syntax", format!("unexpected character `{first}`"));
            return Err(match first {
                '\u{2018}'..='\u{201f}' | '«' | '»' | '`' | '´' => error.help("use straight quotes: 'text'"),
                ';' => error.help("leave the semicolon out"),
                '≤' => error.help("write <="),
                '≥' => error.help("write >="),
                '≠' => error.help("write !="),
                '×' | '·' => error.help("write *"),
                '÷' => error.help("write /"),
                '−' | '–' => error.help("write the minus of the keyboard: -"),
                _ => error,
            });
        };
        out.push((token, at..at + length));
        at += length;
    }
    out.push((Token::End, at..at));
    Ok(out)
}

/// Returns the length of a name in double brackets at the beginning of a text, such as `[[2nd floor]]`.
fn bracketed(rest: &str) -> Option<usize> {
    let end = rest.strip_prefix("[[")?.find("]]")? + 2;
    let is_name = !rest[2..end].trim().is_empty() && !rest[2..end].contains('[');
    is_name.then_some(end + 2)
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), ExprError> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = if end + 1 + sign <= bytes.len() { digits(end + 1 + sign) } else { 0 };
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let is_inexact = |number: f64| rest[..end].parse::<i128>().is_ok_and(|whole| number as i128 != whole);
    match rest[..end].parse::<f64>() {
        Ok(number) if is_inexact(number) => {
            let message = format!("the whole number `{}` has more digits than are computed with", &rest[..end]);
            let help = "numbers are exact up to 9007199254740992; compare longer ones as texts";
            Err(ExprError::new(at..at + end, "not-exact", message).help(help))
        }
        Ok(number) if number.is_finite() => Ok((Token::Number(number), end)),
        _ => Err(ExprError::new(at..at + end, "syntax", format!("the number `{}` is too large", &rest[..end]))),
    }
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(Token, usize), ExprError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            c if c == quote => return Ok((Token::Text(text), offset + 1)),
            c => text.push(c),
        }
    }
    Err(ExprError::new(at..at + rest.len(), "syntax", "the string is not terminated").help(format!("add a `{quote}`")))
}
