//! Export of the graph in the DOT language of Graphviz.
//!
//! Source: Graphviz, "DOT Language" and "escString".

use super::twins::interfaces_of;
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_twin::model::short_name;
use cupola_twin::{Diagnostic, Models};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// Fill colours that are light enough for black text. With more models than colours, the colours repeat.
const PALETTE: [&str; 12] = [
    "#cfe3f7", "#ffe0b8", "#d3efcf", "#f6cfd6", "#e3d7f3", "#fff3b0", "#cdeeee", "#ecdccd", "#e2e6ea", "#f9d3ee",
    "#dceba6", "#c9d4f8",
];

/// Returns the graph as DOT: twins as nodes with one colour per model, and relationships as edges.
pub(crate) fn text(
    name: &str,
    twins: &[impl Borrow<TwinDoc>],
    relationships: &[impl Borrow<RelationshipDoc>],
    models: &Models,
    findings: &mut Vec<Diagnostic>,
) -> String {
    let interfaces = interfaces_of(twins, models, findings);
    let model_of: Vec<&str> = twins
        .iter()
        .map(Borrow::borrow)
        .zip(&interfaces)
        .map(|(twin, interface)| interface.map_or(&*twin.model, |interface| &*interface.id))
        .collect();
    let known: BTreeSet<&str> = model_of.iter().copied().collect();
    let colors: BTreeMap<&str, &str> = known.into_iter().zip(PALETTE.into_iter().cycle()).collect();
    let mut out = format!("digraph {} {{\n", quoted(&[name]));
    out += "  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n";
    out += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    for (twin, model) in twins.iter().map(Borrow::borrow).zip(model_of) {
        let label = quoted(&[&twin.id, short_name(model)]);
        let color = colors.get(model).copied().unwrap_or(PALETTE[0]);
        out += &format!("  {} [label={label}, fillcolor=\"{color}\"];\n", quoted(&[&twin.id]));
    }
    for relationship in relationships.iter().map(Borrow::borrow) {
        let [from, to, label] =
            [&*relationship.from, &*relationship.to, &*relationship.name].map(|text| quoted(&[text]));
        out += &format!("  {from} -> {to} [label={label}];\n");
    }
    out += "}\n";
    out
}

/// Returns a quoted DOT string of several lines.
fn quoted(lines: &[&str]) -> String {
    let mut out = String::from('"');
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            out += "\\n";
        }
        for c in line.chars() {
            match c {
                '"' => out += "\\\"",
                '\\' => out += "\\\\",
                '\n' => out += "\\n",
                // Each control character has a distinct picture, so that two different ids stay different.
                '\u{7f}' => out.push('\u{2421}'),
                c if (c as u32) < 0x20 => out.extend(char::from_u32(0x2400 + c as u32)),
                c => out.push(c),
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_scene::Properties;

    #[test]
    fn names_are_quoted() {
        let model = r#"{"@id": "dtmi:x:Room;1", "@type": "Interface", "@context": "dtmi:dtdl:context;3"}"#;
        let (models, _) = Models::read([("a.json".into(), model)]);
        let twin =
            |id: &str, model: &str| TwinDoc { id: id.into(), model: model.into(), properties: Properties::default() };
        let twins = [
            twin("a\"b\\", "Room"),
            twin("c\nd", "dtmi:x:Room;1"),
            twin("f\tg", "Room"),
            twin("f\rg", "Room"),
            twin("e", "dtmi:y:Door;1"),
        ];
        let way = RelationshipDoc {
            id: None,
            from: "a\"b\\".into(),
            name: "has".into(),
            to: "e".into(),
            properties: Properties::default(),
        };
        let mut found = Vec::new();
        let text = text("Two \"rooms\"", &twins, &[way], &models, &mut found);
        let wanted = r##"digraph "Two \"rooms\"" {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "a\"b\\" [label="a\"b\\\nRoom", fillcolor="#cfe3f7"];
  "c\nd" [label="c\nd\nRoom", fillcolor="#cfe3f7"];
  "f␉g" [label="f␉g\nRoom", fillcolor="#cfe3f7"];
  "f␍g" [label="f␍g\nRoom", fillcolor="#cfe3f7"];
  "e" [label="e\nDoor", fillcolor="#ffe0b8"];
  "a\"b\\" -> "e" [label="has"];
}
"##;
        assert_eq!(text, wanted);
        assert_eq!(found.len(), 1, "the model of `e` is not known");
    }
}
