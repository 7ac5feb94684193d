//! What a building looks like: floor plans, massing, glTF in and out.
//!
//! A [`Plan`] is the document that a person writes, [`massing::build`] makes a [`Building`] of it, and
//! [`to_glb`] and [`from_gltf`] carry a [`Building`] to and from glTF. Nothing here opens a file: bytes
//! and a resolver come in, bytes go out.
//!
//! Plans are metres, x east, y north. Buildings are metres, Y up, right handed, as glTF: plan `(x, y)` at
//! height `h` is `[x, h, -y]`.

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
