//! The syntax of digital twin model identifiers (DTMI) in each version of DTDL.
//!
//! Source: Digital Twins Definition Language versions 2, 3 and 4, "Digital Twin Model Identifier". In version 2 the
//! version is a required single number; from version 3 on it is optional and may have a minor part.

/// Prefixes of identifiers that only the language defines.
pub(super) const RESERVED: [&str; 2] = ["dtmi:dtdl:", "dtmi:standard:"];

/// The parts of a syntactically valid identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dtmi<'a> {
    /// The path: `com:example:Room`.
    path: &'a str,
    /// The fragment after `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> Dtmi<'a> {
    /// Parses an identifier under the rules of a DTDL version; `None` if it is invalid.
    pub fn parse(text: &'a str, version: u8) -> Option<Self> {
        let rest = text.strip_prefix("dtmi:")?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        let (path, number) = match rest.split_once(';') {
            Some((path, number)) => (path, Some(number)),
            None => (rest, None),
        };
        let number_fits = match number {
            None => version >= 3,
            Some(number) => match number.split_once('.') {
                None => is_number(number, 9),
                Some((major, minor)) => version >= 3 && is_number(major, 9) && is_number(minor, 6),
            },
        };
        let fragment_fits = fragment.is_none_or(|fragment| version >= 3 && is_segment(fragment));
        (path.split(':').all(is_segment) && number_fits && fragment_fits).then_some(Self { path, fragment })
    }

    /// Returns whether a model's author may define the identifier: no segment starts with an underscore.
    pub fn is_user(&self) -> bool {
        self.path.split(':').all(|segment| !segment.starts_with('_'))
    }
}

/// Returns whether a segment is valid: letters, digits and underscores, without a leading digit or a trailing
/// underscore.
fn is_segment(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && segment.ends_with(|last: char| last.is_ascii_alphanumeric())
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns whether `text` has one to `digits` digits without a leading zero.
fn is_number(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the identifier of an element without one: the parent's identifier with additional segments before the
/// version ("Automatic Identifier Assignment"). `name` is given if the property may have several elements.
pub(super) fn assigned(parent: &str, property: &str, name: Option<&str>) -> String {
    let (path, version) = match parent.split_once(';') {
        Some((path, version)) => (path, Some(version)),
        None => (parent, None),
    };
    let mut id = format!("{path}:_{property}");
    if let Some(name) = name {
        id.push_str(":__");
        id.push_str(name);
    }
    if let Some(version) = version {
        id.push(';');
        id.push_str(version);
    }
    id
}

/// Returns whether `text` is an absolute IRI: a scheme, a colon, and no white space.
pub(super) fn is_iri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    }) && !text.chars().any(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_syntax() {
        for (text, versions) in [
            ("dtmi:com:example:Room;1", &[2, 3, 4][..]),
            ("dtmi:foo_bar:_16:baz33:qux;12", &[2, 3, 4]),
            ("dtmi:a;999999999", &[2, 3, 4]),
            ("dtmi:a:b", &[3, 4]),
            ("dtmi:a:b;1.999999", &[3, 4]),
            ("dtmi:a:b;1#part", &[3, 4]),
            ("dtmi:a;0", &[]),
            ("dtmi:a;01", &[]),
            ("dtmi:a;1.0", &[]),
            ("dtmi:a;1.1.1", &[]),
            ("dtmi:a;1234567890", &[]),
            ("dtmi:a;", &[]),
            ("dtmi:;1", &[]),
            ("dtmi:a::b;1", &[]),
            ("dtmi:1a;1", &[]),
            ("dtmi:a_;1", &[]),
            ("dtmi:a-b;1", &[]),
            ("DTMI:a;1", &[]),
            ("dtmi:ä;1", &[]),
        ] {
            let fits: Vec<u8> = [2, 3, 4].into_iter().filter(|version| Dtmi::parse(text, *version).is_some()).collect();
            assert_eq!(fits, versions, "{text}");
        }
        assert!(!Dtmi::parse("dtmi:a:_b;1", 2).unwrap().is_user());
    }

    #[test]
    fn elements_without_an_identifier_are_given_one() {
        let telemetry = assigned("dtmi:com:example:anInterface;1", "contents", Some("currentDistance"));
        assert_eq!(telemetry, "dtmi:com:example:anInterface:_contents:__currentDistance;1");
        assert_eq!(assigned("dtmi:com:example:a", "schema", None), "dtmi:com:example:a:_schema");
    }
}
