//! Resolution of references between elements, and checks of their targets.
//!
//! Source: Digital Twins Definition Language versions 2 to 4, "Interface schemas" on shared schemas, and the rules on
//! references between versions.

use super::element::{ElementIx, Val};
use super::metamodel::{INTERFACE, PermittedValues, of};
use super::read::ElementReader;
use crate::diagnostic::{Diagnostic, nearest};

/// The largest number of elements in which an unknown reference gets a suggestion.
const MAX_COMPARED: usize = 20_000;

/// Resolves every valid reference and reports the others.
pub(super) fn link(reader: &mut ElementReader<'_>) {
    for ix in 0..reader.elements.len() as ElementIx {
        for at in 0..reader.elements[ix as usize].values.len() {
            let held = &reader.elements[ix as usize].values[at];
            let Val::Reference(id) = &held.value else { continue };
            let (id, byte) = (id.clone(), held.at);
            match find(reader, ix, at) {
                Ok(target) => reader.elements[ix as usize].values[at].value = Val::Linked(target),
                Err(diagnostic) => {
                    let property = reader.elements[ix as usize].values[at].property;
                    let message = format!("`{}` names `{id}`, {}", property.name, diagnostic.message);
                    reader.report_on(ix, Some(byte), Diagnostic { message, ..diagnostic });
                }
            }
        }
    }
}

/// Returns the element that a value refers to.
fn find(reader: &ElementReader<'_>, ix: ElementIx, at: usize) -> Result<ElementIx, Diagnostic> {
    let element = &reader.elements[ix as usize];
    let held = &element.values[at];
    let (PermittedValues::Element(rule), Val::Reference(id)) = (held.property.holds, &held.value) else {
        return Err(Diagnostic::error("dtdl-undefined", "which is not an element"));
    };
    let class = of(rule.class, element.version());
    let Some(target) = reader.by_id.get(id).copied() else {
        let code = if class == &INTERFACE { "unknown-model" } else { "dtdl-undefined" };
        let unknown = Diagnostic::error(code, "which no document defines");
        return Err(if reader.by_id.len() > MAX_COMPARED {
            unknown
        } else {
            let fitting = reader.elements.iter().filter(|other| other.class.is_a(class)).map(|other| &*other.id);
            match nearest(id, fitting) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None if class == &INTERFACE => unknown.help("include the document that defines it"),
                None => unknown,
            }
        });
    };
    let found = &reader.elements[target as usize];
    if !found.class.is_a(class) {
        let message = format!("which is a {}, not a {}", found.class.name, class.name);
        return Err(Diagnostic::error("dtdl-wrong-class", message));
    }
    let (own, its) = (element.version(), found.version());
    if its > own || its < own && !rule.earlier {
        let message = format!("which is written in version {its} of DTDL and can't be used from version {own} here");
        return Err(Diagnostic::error("dtdl-version", message));
    }
    if found.class != &INTERFACE && found.interface != element.interface {
        let owner = &reader.elements[found.interface as usize].id;
        let message = format!("which belongs to `{owner}` and can't be used outside of it");
        let help = "define a copy of it here, with another identifier";
        return Err(Diagnostic::error("dtdl-foreign", message).help(help));
    }
    Ok(target)
}
