//! Texts for twins and their values.

use cupola_scene::Scene;
use cupola_twin::{ColumnIx, Kind, Slot, State, TwinIx};

/// Returns the display name of a twin: the value of its property `name`, or else its id.
pub fn display_name(scene: &Scene, state: &State, twin: TwinIx) -> String {
    let name = scene.topology.slot(twin, "name").and_then(|slot| state.value(slot));
    name.map_or_else(|| scene.topology.twin_id(twin).to_string(), |name| name.to_string())
}

/// Returns the value of a slot as text, with few digits and the symbol of the unit. A missing value is `—`.
pub fn show(state: &State, slot: Slot) -> String {
    let column = state.topology().column(slot.column);
    match state.local_value(slot) {
        None => "—".into(),
        Some(cupola_twin::Value::Number(number)) => with_unit(number, column.unit.map_or("", |unit| unit.symbol)),
        Some(cupola_twin::Value::Integer(number)) => {
            with_unit(number as f64, column.unit.map_or("", |unit| unit.symbol))
        }
        Some(cupola_twin::Value::Bool(true)) => "Yes".into(),
        Some(cupola_twin::Value::Bool(false)) => "No".into(),
        Some(value) => value.to_string(),
    }
}

/// Returns a number with its unit.
pub fn with_unit(number: f64, unit: &str) -> String {
    if unit.is_empty() { number_text(number) } else { format!("{} {unit}", number_text(number)) }
}

/// Returns a number with at most three decimals. The larger the number, the fewer decimals it has: 0.042, 3.14, 21.4,
/// 982.
pub fn number_text(number: f64) -> String {
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e9 {
        return unsigned_zero(format!("{number:.0}"));
    }
    let digits = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 0.995 => 2,
        _ => 3,
    };
    let text = format!("{number:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text };
    unsigned_zero(text)
}

/// Returns a number as text, without the sign if it is rounded to zero.
pub fn unsigned_zero(text: String) -> String {
    let digits = text.strip_prefix('-').filter(|digits| digits.bytes().all(|byte| matches!(byte, b'0' | b'.')));
    digits.map(String::from).unwrap_or(text)
}

/// Returns the name and display name of each property that can colour a building, sorted by name. These are the numeric
/// and boolean properties of the twins that are bound to its nodes.
pub fn colourable(scene: &Scene) -> Vec<(String, String)> {
    let mut found = std::collections::BTreeMap::new();
    let tables: std::collections::BTreeSet<_> =
        scene.bindings.iter().flatten().map(|twin| scene.topology.locate(*twin).0).collect();
    for table in tables {
        for column in &scene.topology.table(table).columns {
            let column: &ColumnIx = column;
            let column = scene.topology.column(*column);
            if !column.hidden && matches!(column.kind, Kind::Number | Kind::Integer | Kind::Bool) {
                found.entry(column.name.to_string()).or_insert_with(|| column.display_name.clone());
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_for_display() {
        for (number, text) in [
            (21.456, "21.5"),
            (981.6, "982"),
            (0.04217, "0.042"),
            (3.0, "3"),
            (-1.5, "-1.5"),
            (-0.0, "0"),
            (-0.0002, "0"),
            (1234.5, "1234"),
            (0.9999, "1"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }
}
