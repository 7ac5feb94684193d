//! The numbers, booleans and times in cells of tables.

/// Reads a number with a decimal point or comma, and with blanks, points or apostrophes between thousands if that is
/// certain. A comma that could be either is as `decimal_comma` says.
pub(super) fn number_of(text: &str, decimal_comma: bool) -> Option<f64> {
    let text = text.trim().trim_end_matches('%').trim();
    text.parse().ok().or_else(|| {
        let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\'')).collect();
        let groups = || plain.split(',').skip(1).all(|group| group.len() == 3);
        match (plain.matches(',').count(), plain.matches('.').count()) {
            (1.., 0) if !decimal_comma && groups() => plain.replace(',', "").parse().ok(),
            (1, 0) => plain.replace(',', ".").parse().ok(),
            // The last of both is the decimal one.
            (1.., 1) if plain.rfind('.') > plain.rfind(',') => plain.replace(',', "").parse().ok(),
            (1, 1..) => plain.replace('.', "").replace(',', ".").parse().ok(),
            (0, _) => plain.parse().ok(),
            _ => None,
        }
    })
}

pub(super) fn bool_of(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "true" | "yes" | "on" | "1" | "1.0" | "t" | "y" | "open" | "active" | "wahr" | "ja" | "ein" => Some(true),
        "false" | "no" | "off" | "0" | "0.0" | "f" | "n" | "closed" | "inactive" | "falsch" | "nein" | "aus" => {
            Some(false)
        }
        _ => None,
    }
}

/// Returns the time of a number of seconds, milliseconds, microseconds or nanoseconds since the Unix epoch, between 2001 and
/// 2286.
pub(super) fn epoch(number: f64) -> Option<i64> {
    let scale = match number {
        number if (1e9..1e10).contains(&number) => 1e6,
        number if (1e12..1e13).contains(&number) => 1e3,
        number if (1e15..1e16).contains(&number) => 1.0,
        number if (1e18..1e19).contains(&number) => 1e-3,
        _ => return None,
    };
    Some((number * scale).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_several_countries_are_read() {
        for (text, wanted) in [
            ("21.5", Some(21.5)),
            ("21,5", Some(21.5)),
            ("1.234,5", Some(1234.5)),
            ("1,234.5", Some(1234.5)),
            ("1 234,5", Some(1234.5)),
            ("1'234.5", Some(1234.5)),
            ("-3e2", Some(-300.0)),
            ("45 %", Some(45.0)),
            ("1.2.3", None),
            ("abc", None),
            ("1,234", Some(1.234)),
            ("", None),
        ] {
            assert_eq!(number_of(text, true), wanted, "{text}");
        }
    }

    #[test]
    fn a_comma_in_a_table_with_commas_is_of_thousands() {
        for (text, wanted) in [("1,234", Some(1234.0)), ("1,234,567", Some(1_234_567.0)), ("21,5", Some(21.5))] {
            assert_eq!(number_of(text, false), wanted, "{text}");
        }
    }
}
