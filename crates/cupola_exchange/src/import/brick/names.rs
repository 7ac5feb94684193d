//! Local names of IRIs, valid DTDL names, and unique names.

use std::collections::{BTreeMap, BTreeSet};

/// The largest length of a name, in characters. DTDL allows 128 characters in the DTMI of an interface, including path,
/// number and version.
const MAX_NAME: usize = 96;

/// Returns the part of an IRI after the last `#` or `/`, or after the last `:` if it contains neither.
pub(super) fn local_name(iri: &str) -> &str {
    let trimmed = iri.trim_end_matches(['#', '/']);
    let marks: &[char] = if trimmed.contains(['#', '/']) { &['#', '/'] } else { &[':'] };
    match trimmed.rsplit(marks).next() {
        Some(name) if !name.is_empty() => name,
        _ => iri,
    }
}

/// Decodes percent-encoded characters: `Room%201` becomes `Room 1`. A text whose decoding is not UTF-8 stays unchanged.
pub(in crate::import) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_string();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.filter(|_| *byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                at += 3;
            }
            None => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

/// Converts a name to a valid segment of a DTMI, which is also a valid name of DTDL contents. It consists of letters,
/// digits and underscores, starts with a letter and does not end with an underscore.
pub(in crate::import) fn segment(name: &str) -> String {
    let plain: String = name.chars().take(MAX_NAME).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = plain.trim_matches('_');
    match plain.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => plain.to_string(),
        Some(_) => format!("n{plain}"),
        None => "unnamed".to_string(),
    }
}

/// The names in use.
#[derive(Debug, Default)]
pub(in crate::import) struct UniqueNames {
    names: BTreeSet<String>,
    /// The number to try next for each name, so that many equal names do not try all numbers again.
    next: BTreeMap<String, usize>,
}

impl UniqueNames {
    /// Returns `wanted` if it is free, or else `wanted_2` or the first free number, and marks the result as used.
    pub fn take(&mut self, wanted: &str) -> String {
        if self.names.insert(wanted.to_string()) {
            return wanted.to_string();
        }
        let next = self.next.entry(wanted.to_string()).or_insert(2);
        loop {
            let name = format!("{wanted}_{next}");
            *next += 1;
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }
}

impl FromIterator<String> for UniqueNames {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self { names: names.into_iter().collect(), next: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iri_is_called_by_its_end() {
        assert_eq!(local_name("http://example.com/building#Room1"), "Room1");
        assert_eq!(local_name("http://example.com/building/Room1/"), "Room1");
        assert_eq!(local_name("urn:building:Room1"), "Room1");
        assert_eq!(local_name("urn:"), "urn:");
    }

    #[test]
    fn percent_codes_become_text_where_they_are_one() {
        for (given, wanted) in
            [("Room%201", "Room 1"), ("B%C3%BCro", "Büro"), ("100%", "100%"), ("%FF", "%FF"), ("%+1", "%+1")]
        {
            assert_eq!(percent_decoded(given), wanted);
        }
    }

    #[test]
    fn names_become_what_dtdl_allows() {
        for (given, wanted) in [("AHU", "AHU"), ("1st-floor", "n1st_floor"), ("_a_", "a"), ("ä", "unnamed")] {
            assert_eq!(segment(given), wanted);
        }
    }

    #[test]
    fn one_name_is_given_once() {
        let mut taken: UniqueNames = ["Room_2".to_string()].into_iter().collect();
        let names: Vec<String> = (0..3).map(|_| taken.take("Room")).collect();
        assert_eq!(names, ["Room", "Room_3", "Room_4"]);
    }
}
