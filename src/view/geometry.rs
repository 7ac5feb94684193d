//! Meshes of the building's parts, and their muted colours.

use super::building::Extent;
use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, PrimitiveTopology};
use bevy::prelude::*;
use cupola_building::{Node, Part, Role, merge};
use std::collections::BTreeMap;

/// Returns the floor of a room: the whole mesh if it is flat, or the lowest faces of a volume.
pub(super) fn floor_of(node: &Node) -> Option<Part> {
    let whole = merge(&node.parts);
    let (min, max) = whole.bounds()?;
    if max[1] - min[1] < 0.2 { Some(whole) } else { whole.floor().or(Some(whole)) }
}

pub(super) fn merged(parts: &[Part]) -> Vec<Part> {
    let mut by_color: BTreeMap<[u32; 4], Vec<Part>> = BTreeMap::new();
    for part in parts {
        by_color.entry(part.color.map(f32::to_bits)).or_default().push(part.clone());
    }
    by_color.into_values().map(|parts| merge(&parts)).collect()
}

/// Returns the colour of a part. Most roles have a fixed neutral colour; other parts, such as furniture and equipment,
/// keep their colour with less saturation.
pub(super) fn color_of(role: Role, own: [f32; 4]) -> [f32; 4] {
    let neutral = |r: f32, g: f32, b: f32| [r, g, b, 1.0];
    match role {
        Role::Wall => {
            // The cut faces of walls are darker than the walls, and this difference is kept.
            let dark = (own[0] + own[1] + own[2]) / 3.0 < 0.5;
            if dark && own[3] > 0.9 { neutral(0.36, 0.35, 0.34) } else { neutral(0.82, 0.80, 0.76) }
        }
        Role::Slab => neutral(0.55, 0.55, 0.55),
        Role::Roof => neutral(0.62, 0.61, 0.60),
        Role::Door => neutral(0.62, 0.55, 0.47),
        Role::Stair => neutral(0.68, 0.67, 0.65),
        Role::Glass => [0.55, 0.70, 0.80, own[3].min(0.22)],
        _ => {
            let grey = (own[0] + own[1] + own[2]) / 3.0;
            let calm = |channel: f32| grey * 0.5 + channel * 0.5;
            [calm(own[0]), calm(own[1]), calm(own[2]), own[3]]
        }
    }
}

pub(super) fn mesh_of(part: &Part, color: Option<[f32; 4]>) -> Mesh {
    let mut mesh = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default());
    mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, part.positions.clone());
    mesh.insert_attribute(Mesh::ATTRIBUTE_NORMAL, part.normals.clone());
    if let Some(color) = color {
        mesh.insert_attribute(Mesh::ATTRIBUTE_COLOR, vec![color; part.positions.len()]);
    }
    mesh.insert_indices(Indices::U32(part.indices.clone()));
    mesh
}

pub(super) fn line_mesh(segments: &[[[f32; 3]; 2]]) -> Mesh {
    let positions: Vec<[f32; 3]> = segments.iter().flatten().copied().collect();
    let mut mesh = Mesh::new(PrimitiveTopology::LineList, RenderAssetUsages::default());
    mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, positions);
    mesh
}

pub(super) fn lifted(segments: &[[[f32; 3]; 2]], by: f32) -> Vec<[[f32; 3]; 2]> {
    segments.iter().map(|segment| segment.map(|[x, y, z]| [x, y + by, z])).collect()
}

/// Returns a disc under the building that fades into the background.
pub(super) fn ground(extent: Extent) -> Mesh {
    const SPOKES: u32 = 64;
    const RINGS: [(f32, f32); 4] = [(0.0, 1.0), (0.45, 1.0), (0.75, 0.5), (1.0, 0.0)];
    let centre = (extent.min + extent.max) / 2.0;
    let radius = (extent.max - extent.min).xz().length().max(10.0) * 1.6;
    let (mut positions, mut colors, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    for (share, alpha) in RINGS {
        for spoke in 0..SPOKES {
            let angle = spoke as f32 / SPOKES as f32 * std::f32::consts::TAU;
            let at = radius * share;
            positions.push([centre.x + at * angle.cos(), extent.min.y - 0.16, centre.z + at * angle.sin()]);
            colors.push([1.0, 1.0, 1.0, alpha]);
        }
    }
    for ring in 0..RINGS.len() as u32 - 1 {
        for spoke in 0..SPOKES {
            let (a, b) = (ring * SPOKES + spoke, ring * SPOKES + (spoke + 1) % SPOKES);
            indices.extend([a, b, a + SPOKES, b, b + SPOKES, a + SPOKES]);
        }
    }
    let mut mesh = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default());
    mesh.insert_attribute(Mesh::ATTRIBUTE_NORMAL, vec![[0.0, 1.0, 0.0]; positions.len()]);
    mesh.insert_attribute(Mesh::ATTRIBUTE_POSITION, positions);
    mesh.insert_attribute(Mesh::ATTRIBUTE_COLOR, colors);
    mesh.insert_indices(Indices::U32(indices));
    mesh
}
