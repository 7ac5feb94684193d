//! Digital twins: DTDL models, graph, topology, state, expressions, propagation and queries.
//!
//! The crate performs no input or output and does not depend on Bevy. Callers pass text and values and receive values
//! and diagnostics.
//!
//! ```
//! use cupola_twin::topology::Computed;
//! use cupola_twin::{Graph, Models, State, Topology, Twin, Value};
//! use std::sync::Arc;
//!
//! let text = r#"{
//!     "@context": "dtmi:dtdl:context;3", "@id": "dtmi:example:Room;1", "@type": "Interface",
//!     "contents": [{"@type": "Property", "name": "area", "schema": "double"}]
//! }"#;
//! let (models, diagnostics) = Models::read([(Arc::from("room.json"), text)]);
//! assert_eq!(diagnostics, []);
//!
//! let room = models.resolve("Room").unwrap();
//! let properties = vec![("area".into(), Value::Number(18.0))];
//! let mut graph = Graph::default();
//! graph.add_twin(Twin { id: "room-1".into(), model: room, properties }).unwrap();
//!
//! let computed = [Computed::new(room, "volume", "area * 2.5")];
//! let (topology, diagnostics) = Topology::compile(&graph, &Arc::new(models), &computed);
//! assert_eq!(diagnostics, []);
//!
//! let state = State::new(Arc::new(topology));
//! let volume = state.topology().slot_named("room-1.volume").unwrap();
//! assert_eq!(state.value(volume), Some(Value::Number(45.0)));
//! ```

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
mod texts;
pub mod topology;
pub mod unit;
pub mod value;
mod vector;
pub mod why;
pub mod zone;

pub use bulk::Bulk;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use graph::{Graph, Relationship, Twin};
pub use model::Models;
pub use state::State;
pub use topology::{ColumnIx, Slot, TableIx, Topology, TwinIx};
pub use value::{Kind, Quality, Value};
