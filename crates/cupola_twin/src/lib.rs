//! Digital twins: DTDL models, graph, topology, state, expressions, propagation and queries.
//!
//! The crate performs no input or output and does not depend on Bevy. Callers pass text and values and receive values
//! and diagnostics.

pub mod bulk;
pub mod diagnostic;
pub mod expr;
pub mod graph;
pub mod lazy;
pub mod model;
pub mod propagate;
pub mod query;
pub mod state;
pub mod strings;
pub mod topology;
pub mod unit;
pub mod value;
mod vector;
pub mod why;

pub use bulk::Bulk;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use graph::{Graph, Relationship, Twin};
pub use model::Models;
pub use state::State;
pub use topology::{ColumnIx, Slot, TableIx, Topology, TwinIx};
pub use value::{Kind, Quality, Value};
