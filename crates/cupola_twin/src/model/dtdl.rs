//! The DTDL reader and validator, for versions 2, 3 and 4.
//!
//! Documents become elements ([`read`]), references between elements are resolved ([`link`]), rules that concern
//! several elements are checked ([`shape`], [`inherit`], [`adjunct`]), and the valid elements become models
//! ([`extract`]). The language is described by tables: [`metamodel`], [`extensions`], [`quantities`], [`standard`].
//!
//! Source: Digital Twins Definition Language, versions 2, 3 and 4, and the documents of its extensions.

mod adjunct;
mod context;
mod dtmi;
mod element;
mod extensions;
mod extract;
mod inherit;
mod link;
mod literal;
mod metamodel;
mod quantities;
mod read;
mod shape;
mod standard;

use super::Models;
use crate::diagnostic::Diagnostic;
use std::sync::Arc;

/// Reads documents that may refer to one another. Invalid parts are left out and reported.
pub(super) fn read<'a>(documents: impl IntoIterator<Item = (Arc<str>, &'a str)>) -> (Models, Vec<Diagnostic>) {
    let mut reader = read::ElementReader::default();
    for (file, text) in documents {
        reader.document(file, text);
    }
    link::link(&mut reader);
    let nestings = shape::nestings(&mut reader);
    let inherited = inherit::inherit(&mut reader, &nestings);
    inherit::arrays(&mut reader, &nestings);
    inherit::names(&mut reader);
    inherit::choices(&mut reader);
    adjunct::check(&mut reader, &inherited);
    let models = extract::models(&reader, &inherited);
    let mut diagnostics = Vec::new();
    for mut source in reader.sources {
        source.diagnostics.sort_by(|a, b| a.place.cmp(&b.place));
        diagnostics.append(&mut source.diagnostics);
    }
    (models, diagnostics)
}

/// Returns whether DTDL 3 has a unit, with version 1 of the extension QuantitativeTypes.
pub fn is_unit_of_dtdl3(unit: &str) -> bool {
    quantities::UnitClass::of_unit(unit, quantities::Set::Quantitative1).is_some()
}

#[cfg(test)]
mod tests;
