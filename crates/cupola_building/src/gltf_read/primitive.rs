//! Conversion of a mesh primitive to a part: triangles, normals and a colour, in world space.

use super::accessor::Layout;
use super::transform::{self, Matrix};
use super::{DocumentReader, MAX_INDICES, MAX_VERTICES, ReadError, too_large};
use crate::mesh::{Part, face_normal};
use gltf::json::accessor::Type;
use gltf::json::material::AlphaMode;
use gltf::json::mesh::{Mode, Primitive, Semantic};
use gltf::json::validation::Checked;

/// Colour of a primitive without a material.
const PLAIN: [f32; 4] = [0.8, 0.8, 0.8, 1.0];

impl DocumentReader<'_> {
    /// Converts a primitive. Returns `None` if there is nothing to draw, with an issue if the user must know
    /// it.
    pub(super) fn primitive(
        &mut self,
        primitive: &Primitive,
        at: &dyn Fn() -> String,
        world: &Matrix,
    ) -> Result<Option<Part>, ReadError> {
        let mode = match &primitive.mode {
            Checked::Valid(mode) => *mode,
            Checked::Invalid => return Ok(self.skip(at, "has an unknown mode")),
        };
        if !matches!(mode, Mode::Triangles | Mode::TriangleStrip | Mode::TriangleFan) {
            return Ok(self.skip(at, "is made of points or lines"));
        }
        let attribute = |semantic: Semantic| {
            let found = primitive.attributes.get(&Checked::Valid(semantic));
            found.map(|index| index.value())
        };
        let Some(positions) = attribute(Semantic::Positions) else {
            return Ok(self.skip(at, "has no positions"));
        };
        let accessors = &self.root.accessors;
        let layout = Layout::of(accessors, &self.source, positions, Type::Vec3)?;
        self.vertices += layout.count as u64;
        if self.vertices > MAX_VERTICES {
            return Err(too_large("vertices", MAX_VERTICES));
        }
        let index_layout = match primitive.indices {
            Some(index) => {
                let layout = Layout::of(accessors, &self.source, index.value(), Type::Scalar)?;
                self.indices += layout.count as u64;
                Some(layout)
            }
            None => {
                self.indices += layout.count as u64;
                None
            }
        };
        if self.indices > MAX_INDICES {
            return Err(too_large("indices", MAX_INDICES));
        }

        let positions = layout.vectors::<3>(accessors, &self.source)?;
        let listed = match index_layout {
            Some(layout) => layout.indices(accessors, &self.source)?,
            None => (0..positions.len() as u32).collect(),
        };
        let count = positions.len();
        if listed.iter().any(|&i| i as usize >= count) {
            return Ok(self.skip(at, "has an index out of range"));
        }
        let positions: Vec<[f32; 3]> =
            positions.into_iter().map(|p| transform::point(world, p).map(|metres| metres as f32)).collect();
        if !positions.iter().flatten().all(|v| v.is_finite()) {
            return Ok(self.skip(at, "has positions that are not finite"));
        }
        let mut indices = triangles(mode, &listed);
        if indices.is_empty() {
            return Ok(None);
        }
        if transform::mirrors(world) {
            for t in indices.chunks_exact_mut(3) {
                t.swap(1, 2);
            }
        }
        let color = self.color(primitive);
        let given = match attribute(Semantic::Normals) {
            Some(index) => {
                let layout = Layout::of(accessors, &self.source, index, Type::Vec3)?;
                (layout.count == count).then(|| layout.vectors::<3>(accessors, &self.source)).transpose()?
            }
            None => None,
        };
        let normals: Option<Vec<[f32; 3]>> =
            given.and_then(|given| given.into_iter().map(|n| transform::normal(world, n)).collect());
        let part = match normals {
            Some(normals) => Part { positions, normals, indices, color },
            None => {
                self.vertices += indices.len() as u64;
                if self.vertices > MAX_VERTICES {
                    return Err(too_large("vertices", MAX_VERTICES));
                }
                flat(&positions, &indices, color)
            }
        };
        Ok((!part.indices.is_empty()).then_some(part))
    }

    fn skip(&mut self, at: &dyn Fn() -> String, what: &str) -> Option<Part> {
        self.issues.add(
            at(),
            "primitive-ignored",
            &format!("a primitive of the mesh {what} and is not drawn"),
            "export it as triangles with finite coordinates",
        );
        None
    }

    /// Returns the base colour of the material, opaque unless the material blends.
    fn color(&self, primitive: &Primitive) -> [f32; 4] {
        let material = primitive.material.and_then(|index| self.root.materials.get(index.value()));
        let Some(material) = material else {
            return PLAIN;
        };
        let mut color = material
            .pbr_metallic_roughness
            .base_color_factor
            .0
            .map(|v| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.8 });
        if !matches!(material.alpha_mode, Checked::Valid(AlphaMode::Blend)) {
            color[3] = 1.0;
        }
        color
    }
}

/// Converts triangles, strips and fans to triangles.
fn triangles(mode: Mode, listed: &[u32]) -> Vec<u32> {
    match mode {
        Mode::Triangles => listed[..listed.len() / 3 * 3].to_vec(),
        Mode::TriangleStrip => listed
            .windows(3)
            .enumerate()
            .flat_map(|(k, t)| match k % 2 {
                0 => [t[0], t[1], t[2]],
                _ => [t[1], t[0], t[2]],
            })
            .collect(),
        Mode::TriangleFan => {
            listed.get(1..).unwrap_or_default().windows(2).flat_map(|t| [listed[0], t[0], t[1]]).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns flat-shaded triangles, each with its own corners and normal. Triangles without area are dropped.
fn flat(positions: &[[f32; 3]], indices: &[u32], color: [f32; 4]) -> Part {
    let mut part = Part { color, ..Part::default() };
    for t in indices.chunks_exact(3) {
        let corners = [t[0], t[1], t[2]].map(|i| positions[i as usize]);
        if let Some(normal) = face_normal(corners) {
            let first = part.positions.len() as u32;
            part.positions.extend(corners);
            part.normals.extend([normal; 3]);
            part.indices.extend([first, first + 1, first + 2]);
        }
    }
    part
}
