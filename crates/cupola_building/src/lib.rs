//! Geometry of a building: floor plans, massing, and reading and writing glTF.
//!
//! A [`Plan`] is the document that a person writes. [`massing::build`] generates a [`Building`] from it.
//! [`to_glb`] and [`from_gltf`] convert a [`Building`] to and from glTF. This crate opens no files. Its
//! inputs are bytes and a resolver, and its outputs are bytes.
//!
//! Plans are in metres, x east, y north. Buildings are in metres, Y up, right-handed, as in glTF: plan `(x,
//! y)` at height `h` is `[x, h, -y]`.
//!
//! ```
//! use cupola_building::{Plan, build, from_gltf, to_glb};
//!
//! let plan = Plan::from_ron(
//!     r#"(version: 1, name: "Shed", storeys: [(id: "L0", name: "Ground", elevation_m: 0.0, height_m: 3.0,
//!         rooms: [(id: "a", name: "Office", kind: office, polygon: [(0, 0), (4, 0), (4, 5), (0, 5)])])])"#,
//! )?;
//! assert!(plan.check().is_empty());
//! assert_eq!(plan.storeys[0].rooms[0].area_m2(), 20.0);
//!
//! let building = build(&plan);
//! let (again, issues) = from_gltf(&to_glb(&building), &mut |file| Err(format!("no file {file}")))?;
//! assert_eq!((again.nodes.len(), issues.len()), (building.nodes.len(), 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod enclosure;
mod geometry;
mod gltf_read;
mod gltf_write;
mod issue;
pub mod massing;
pub mod mesh;
pub mod plan;

pub use enclosure::{Enclosure, enclosures};
pub use gltf_read::{ReadError, from_gltf};
pub use gltf_write::to_glb;
pub use issue::Issue;
pub use massing::{AutoRoom, AutoStorey, auto_plan, build};
pub use mesh::{Building, Node, Part, Role, feature_edges, merge};
pub use plan::{Plan, PlanError};
