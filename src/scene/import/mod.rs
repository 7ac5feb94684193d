//! Other people's formats in: each reader turns bytes into a [`Draft`], which says what was understood and what was not; only then
//! is anything written.

pub mod brick;
mod gather;
pub mod gltf;
pub mod ndjson;
pub mod scenes3d;
pub mod service;
mod settle;
mod write;
pub mod xlsx;

pub use gather::gather;
pub use settle::{Settled, settle};
pub use write::{document, write};

use super::document::{AlarmDoc, RelationshipDoc, TwinDoc};
use cupola_twin::Diagnostic;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a reader got out of one or several files, before it becomes a scene.
#[derive(Debug, Default)]
pub struct Draft {
    /// DTDL documents: the file name that they should have in the scene's `models` folder, and their text.
    pub models: Vec<(String, String)>,
    /// The twins; component properties are written `component.property`.
    pub twins: Vec<TwinDoc>,
    /// The relationships.
    pub relationships: Vec<RelationshipDoc>,
    /// The glTF file of the building, to be copied into the scene.
    pub building: Option<PathBuf>,
    /// Which node of the building is which twin.
    pub bindings: BTreeMap<String, String>,
    /// Alarms.
    pub alarms: Vec<AlarmDoc>,
    /// What to colour by: a property.
    pub color_by: Option<String>,
    /// What was not understood or had to be guessed, with its place. Errors are things that were left out.
    pub findings: Vec<Diagnostic>,
    /// How many things of each kind were understood and how many were not, by a plain plural ("twins", "triples").
    pub counts: BTreeMap<&'static str, Count>,
}

/// How many of a kind were understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// In the draft.
    pub understood: usize,
    /// Left out; the findings say why.
    pub left_out: usize,
}

impl Draft {
    /// Whether there is nothing to make a scene of.
    pub fn is_empty(&self) -> bool {
        self.twins.is_empty() && self.models.is_empty() && self.building.is_none()
    }

    /// Counts one thing that is in the draft.
    pub fn understood(&mut self, kind: &'static str) {
        self.counts.entry(kind).or_default().understood += 1;
    }

    /// Counts one thing that was left out, and says why.
    pub fn left_out(&mut self, kind: &'static str, why: Diagnostic) {
        self.counts.entry(kind).or_default().left_out += 1;
        self.findings.push(why);
    }
}
