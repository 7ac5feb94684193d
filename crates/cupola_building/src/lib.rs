//! Geometry of a building: floor plans, massing, and reading and writing glTF.
//!
//! A [`Plan`] is the document that a person writes. [`massing::build`] generates a [`Building`] from it.
//! [`to_glb`] and [`from_gltf`] convert a [`Building`] to and from glTF. This crate opens no files. Its
//! inputs are bytes and a resolver, and its outputs are bytes.
//!
//! Plans are in metres, x east, y north. Buildings are in metres, Y up, right-handed, as in glTF: plan `(x,
//! y)` at height `h` is `[x, h, -y]`.

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
