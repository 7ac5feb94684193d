//! Translation of expressions of 3D Scenes Studio to Cupola's expression language.
//!
//! The source expressions are JavaScript about the twins of an element:
//! `PrimaryTwin.Temperature > 25 && PrimaryTwin.OutFlow < 10`. Comparisons, logic and arithmetic of the primary twin's
//! properties have the same meaning in both languages. All other expressions are rejected.

use cupola_twin::expr;

/// The names of the primary twin, in current and in earlier versions.
const TWINS: [&str; 2] = ["PrimaryTwin", "LinkedTwin"];
/// The operators with their translation. A longer operator precedes its prefixes.
const MARKS: [(&str, &str); 18] = [
    ("===", "="),
    ("!==", "!="),
    ("==", "="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("&&", "AND"),
    ("||", "OR"),
    ("<", "<"),
    (">", ">"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("%", "%"),
    ("(", "("),
    (")", ")"),
    ("!", "NOT"),
];
/// The keywords of Cupola's expression language, which can't be property names.
const KEYWORDS: [&str; 13] =
    ["AND", "CASE", "ELSE", "END", "FALSE", "IN", "NIN", "NOT", "NULL", "OR", "THEN", "TRUE", "WHEN"];

/// Returns the property if the expression is only a property: `Temperature` for `PrimaryTwin.Temperature`,
/// `Sensor.Temperature` for a property of a component.
pub(super) fn property(text: &str) -> Option<String> {
    let mut names = text.trim().split('.');
    let is_primary = names.next().is_some_and(|twin| TWINS.contains(&twin));
    let names: Vec<&str> = names.collect();
    let is_keyword = names.first().is_some_and(|name| KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name)));
    let fits = is_primary && !is_keyword && !names.is_empty() && names.iter().all(|name| is_name(name));
    fits.then(|| names.join("."))
}

/// Returns the translated expression, or `None` if it has no equivalent.
pub(super) fn translated(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    let mut is_negated = false;
    // Whether the next token follows without a space: at the start, or after an opening parenthesis.
    let mut is_tight = true;
    while let Some(first) = rest.chars().next() {
        let (word, after, is_mark) = if first.is_ascii_alphabetic() || first == '_' || first == '$' {
            let end = rest.find(|c: char| !(is_name_char(c) || c == '.')).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let word = if matches!(word, "true" | "false") { word.to_string() } else { property(word)? };
            (word, after, false)
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            (word.parse::<f64>().ok()?.to_string(), after, false)
        } else if first == '\'' || first == '"' {
            let (word, after) = rest.get(1..)?.split_once(first)?;
            if word.contains('\\') {
                return None;
            }
            (quoted(word), after, false)
        } else {
            let (mark, ours) = MARKS.iter().find(|(mark, _)| rest.starts_with(*mark))?;
            ((*ours).to_string(), rest.get(mark.len()..)?, true)
        };
        rest = after.trim_start();
        if is_mark && word == "NOT" {
            is_negated = !is_negated;
            continue;
        }
        // `NOT` covers more than the next operand in Cupola's language, so only the negation of a single property can
        // be translated.
        if is_mark && is_negated {
            return None;
        }
        let is_closing = is_mark && word == ")";
        if !is_tight && !is_closing {
            out.push(' ');
        }
        is_tight = is_mark && word == "(";
        if is_negated {
            out.push_str(&format!("(NOT {word})"));
            is_negated = false;
        } else {
            out.push_str(&word);
        }
    }
    (!is_negated && expr::parse(&out).is_ok()).then_some(out)
}

/// Returns the condition that a property is at least `low` and less than `high`. An infinite end is omitted. Returns
/// `None` if both ends are infinite.
pub(super) fn within(property: &str, low: f64, high: f64) -> Option<String> {
    let low = low.is_finite().then(|| format!("{property} >= {low}"));
    let high = high.is_finite().then(|| format!("{property} < {high}"));
    let ends: Vec<String> = low.into_iter().chain(high).collect();
    let condition = ends.join(" AND ");
    expr::parse(&condition).is_ok().then_some(condition)
}

/// Returns a text literal of Cupola's expression language.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_name_char)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_expressions_are_translated() {
        for (theirs, ours) in [
            ("PrimaryTwin.Temperature > 25", Some("Temperature > 25")),
            ("LinkedTwin.a>=1.50&&!LinkedTwin.b || PrimaryTwin.c === \"on\"", Some("a >= 1.5 AND (NOT b) OR c = 'on'")),
            ("(PrimaryTwin.Sensor.value + 2) * 3 != -4", Some("(Sensor.value + 2) * 3 != - 4")),
            ("PrimaryTwin.open == true", Some("open = true")),
            ("!(PrimaryTwin.a > 1)", None),
            ("tag.Temperature > 25", None),
            ("Math.max(PrimaryTwin.a, 1) > 2", None),
            ("PrimaryTwin.a > 1 ? 1 : 2", None),
            ("PrimaryTwin.a < PrimaryTwin.b < 3", None),
            ("PrimaryTwin.a >", None),
            ("PrimaryTwin.a == 'b", None),
            ("", None),
        ] {
            assert_eq!(translated(theirs).as_deref(), ours, "{theirs}");
        }
    }

    #[test]
    fn a_property_alone_is_known() {
        assert_eq!(property(" PrimaryTwin.Temperature ").as_deref(), Some("Temperature"));
        assert_eq!(property("PrimaryTwin.a + 1"), None);
        assert_eq!(property("PrimaryTwin"), None);
        assert_eq!(property("PrimaryTwin.null"), None);
        assert_eq!(property("PrimaryTwin.$dtId"), None);
    }

    #[test]
    fn ranges_have_up_to_two_ends() {
        assert_eq!(within("t", 30.0, 40.5).as_deref(), Some("t >= 30 AND t < 40.5"));
        assert_eq!(within("t", f64::NEG_INFINITY, -2.0).as_deref(), Some("t < -2"));
        assert_eq!(within("t", f64::NEG_INFINITY, f64::INFINITY), None);
    }
}
