//! Triangle model of a building: nodes with a role, parts with a colour.

use serde_json::{Map, Value};

/// Building: a flat list of nodes, parents before their children, with geometry in world space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Building {
    /// Name of the building.
    pub name: String,
    /// Nodes. The index of a parent is smaller than those of its children.
    pub nodes: Vec<Node>,
}

/// Named object of a building.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Name for display and for bindings.
    pub name: String,
    /// Index of the parent in [`Building::nodes`].
    pub parent: Option<usize>,
    /// Role, which determines the appearance.
    pub role: Role,
    /// Index in [`Building::nodes`] of the storey that the node belongs to. A storey has its own index.
    pub storey: Option<usize>,
    /// The glTF extras. Those of this program are under `cupola`.
    pub extras: Map<String, Value>,
    /// Triangles, one part for each colour.
    pub parts: Vec<Part>,
}

/// Role of a node in a building.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Group of other nodes.
    Group,
    /// Storey of the building.
    Storey,
    /// Room or space. Its part is the floor or the solid of the space.
    Room,
    /// Wall.
    Wall,
    /// Window or glazing.
    Glass,
    /// Floor slab.
    Slab,
    /// Ceiling.
    Ceiling,
    /// Roof.
    Roof,
    /// Stair.
    Stair,
    /// Door.
    Door,
    /// Furniture.
    Furniture,
    /// Machine or device.
    Equipment,
    /// Duct or pipe.
    Duct,
    /// Ground around the building.
    Ground,
    /// Other object.
    #[default]
    Other,
}

impl Role {
    /// All roles, in declaration order.
    pub const ALL: [Self; 15] = [
        Self::Group,
        Self::Storey,
        Self::Room,
        Self::Wall,
        Self::Glass,
        Self::Slab,
        Self::Ceiling,
        Self::Roof,
        Self::Stair,
        Self::Door,
        Self::Furniture,
        Self::Equipment,
        Self::Duct,
        Self::Ground,
        Self::Other,
    ];

    /// Returns the word for the role in `extras.cupola.role`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Storey => "storey",
            Self::Room => "room",
            Self::Wall => "wall",
            Self::Glass => "glass",
            Self::Slab => "slab",
            Self::Ceiling => "ceiling",
            Self::Roof => "roof",
            Self::Stair => "stair",
            Self::Door => "door",
            Self::Furniture => "furniture",
            Self::Equipment => "equipment",
            Self::Duct => "duct",
            Self::Ground => "ground",
            Self::Other => "other",
        }
    }

    /// Returns the role of a word that [`Role::as_str`] returns, or `None` for other words.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Triangles of one colour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Positions of the vertices, in m, Y up.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals, one for each position.
    pub normals: Vec<[f32; 3]>,
    /// Indices of the vertices, three for each triangle, counter-clockwise seen from the front.
    pub indices: Vec<u32>,
    /// Linear red, green, blue and opacity.
    pub color: [f32; 4],
}

impl Building {
    /// Returns the storeys from bottom to top, each with its floor height, in m: the lowest point of its
    /// rooms, because slabs and foundations reach below, or of all its contents. The height of an empty
    /// storey is `None`.
    pub fn storeys(&self) -> Vec<(usize, Option<f32>)> {
        let is_storey = |(_, node): &(usize, &Node)| node.role == Role::Storey;
        let lowest = |storey: usize, rooms_only: bool| {
            let nodes = self.nodes.iter().filter(|node| node.storey == Some(storey));
            let nodes = nodes.filter(|node| !rooms_only || node.role == Role::Room);
            nodes.filter_map(Node::bounds).map(|(min, _)| min[1]).min_by(f32::total_cmp)
        };
        let mut storeys: Vec<(usize, Option<f32>)> = self
            .nodes
            .iter()
            .enumerate()
            .filter(is_storey)
            .map(|(number, _)| (number, lowest(number, true).or_else(|| lowest(number, false))))
            .collect();
        // Exporters list storeys in any order, so they are sorted by height. The sort is stable, and an
        // unknown height counts as 0.
        storeys.sort_by(|(_, a), (_, b)| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
        storeys
    }

    /// Returns the minimum and maximum corner of all geometry, in m, or `None` without geometry.
    pub fn bounds(&self) -> Option<([f32; 3], [f32; 3])> {
        self.nodes.iter().filter_map(Node::bounds).reduce(join)
    }

    /// Returns the names from the root to node `i`, joined by `/`, without IFC class prefixes:
    /// `Project/Site/Level 1/A102 Living Room`. The result is empty for a node that does not exist.
    pub fn path(&self, i: usize) -> String {
        let mut names = Vec::new();
        let mut at = Some(i);
        while let Some(node) = at.and_then(|k| self.nodes.get(k)) {
            names.push(node.label());
            // The check that a parent comes earlier prevents an endless loop.
            at = node.parent.filter(|&p| at.is_some_and(|k| p < k));
        }
        names.reverse();
        names.join("/")
    }
}

impl Node {
    /// Returns the minimum and maximum corner of the node's own geometry, in m, or `None` without geometry.
    pub fn bounds(&self) -> Option<([f32; 3], [f32; 3])> {
        self.parts.iter().filter_map(Part::bounds).reduce(join)
    }

    /// Returns the name without an IFC class prefix: `IfcSpace/A102 Living Room` is `A102 Living Room`.
    pub fn label(&self) -> &str {
        match self.name.split_once('/') {
            Some((class, rest)) if class.starts_with("Ifc") && !rest.is_empty() => rest,
            _ => &self.name,
        }
    }
}

/// Maximum height of a floor face above the lowest point, in m.
const FLOOR_BAND_M: f32 = 0.1;
/// Height by which a coloured floor is lifted, in m, to avoid flicker against the slab.
const FLOOR_LIFT_M: f32 = 0.02;

impl Part {
    /// Returns the minimum and maximum corner, in m, or `None` without positions.
    pub fn bounds(&self) -> Option<([f32; 3], [f32; 3])> {
        self.positions.iter().map(|&p| (p, p)).reduce(join)
    }

    /// Returns the triangles as corner positions. Triangles with an index of a missing vertex are left out.
    pub fn triangles(&self) -> impl Iterator<Item = [[f32; 3]; 3]> + '_ {
        self.indices.chunks_exact(3).filter_map(|t| {
            Some([
                *self.positions.get(t[0] as usize)?,
                *self.positions.get(t[1] as usize)?,
                *self.positions.get(t[2] as usize)?,
            ])
        })
    }

    /// Returns the lowest nearly horizontal faces (within 0.1 m of the lowest point), facing up and lifted by
    /// 0.02 m, or `None` without such a face. It gives the floor of an IfcSpace solid for colouring.
    pub fn floor(&self) -> Option<Self> {
        let mut floor = Self { color: self.color, ..Self::default() };
        for [a, mut b, mut c] in self.floor_triangles() {
            if face_normal([a, b, c])?[1] < 0.0 {
                std::mem::swap(&mut b, &mut c);
            }
            let first = u32::try_from(floor.positions.len()).ok()?;
            for p in [a, b, c] {
                floor.positions.push([p[0], p[1] + FLOOR_LIFT_M, p[2]]);
                floor.normals.push([0.0, 1.0, 0.0]);
            }
            floor.indices.extend([first, first + 1, first + 2]);
        }
        (!floor.indices.is_empty()).then_some(floor)
    }

    /// Returns the area of [`Part::floor`] in plan, in m².
    pub fn floor_area_m2(&self) -> f32 {
        self.floor_triangles()
            .map(|[a, b, c]| {
                let (u, v) = (sub(b, a), sub(c, a));
                (u[2] * v[0] - u[0] * v[2]).abs() * 0.5
            })
            .sum()
    }

    fn floor_triangles(&self) -> impl Iterator<Item = [[f32; 3]; 3]> + '_ {
        let lowest = self.bounds().map_or(0.0, |(min, _)| min[1]);
        self.triangles().filter(move |t| {
            t.iter().all(|p| p[1] <= lowest + FLOOR_BAND_M) && face_normal(*t).is_some_and(|n| n[1].abs() > 0.9)
        })
    }
}

/// Merges parts into one with all triangles and the colour of the first.
pub fn merge(parts: &[Part]) -> Part {
    let mut out = Part { color: parts.first().map_or([1.0; 4], |p| p.color), ..Part::default() };
    for part in parts {
        let first = out.positions.len() as u32;
        out.positions.extend_from_slice(&part.positions);
        out.normals.extend_from_slice(&part.normals);
        out.indices.extend(part.indices.iter().map(|i| i + first));
    }
    out
}

/// Returns the feature edges: edges on a boundary, and edges between two faces at more than `angle_deg`.
///
/// Vertices are first merged to the millimetre, so that a flat-shaded mesh gives the edges of the solid and
/// not those of every triangle. The result is sorted and deterministic.
pub fn feature_edges(part: &Part, angle_deg: f32) -> Vec<[[f32; 3]; 2]> {
    let (weld, points) = weld(&part.positions);
    let mut normals: Vec<[f32; 3]> = Vec::new();
    // Entries are (smaller vertex, larger vertex, face). Sorting brings the faces of an edge together.
    let mut edges: Vec<(u32, u32, u32)> = Vec::new();
    for t in part.indices.chunks_exact(3) {
        let corner = |k: usize| weld.get(t[k] as usize).copied();
        let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) else {
            continue;
        };
        let Some(normal) = face_normal([points[a as usize], points[b as usize], points[c as usize]]) else {
            continue;
        };
        let face = normals.len() as u32;
        normals.push(normal);
        for (p, q) in [(a, b), (b, c), (c, a)] {
            edges.push((p.min(q), p.max(q), face));
        }
    }
    edges.sort_unstable();
    let limit = angle_deg.to_radians().cos();
    edges
        .chunk_by(|x, y| (x.0, x.1) == (y.0, y.1))
        .filter(|faces| {
            let first = normals[faces[0].2 as usize];
            faces.len() == 1 || faces[1..].iter().any(|f| dot(first, normals[f.2 as usize]) < limit)
        })
        .map(|faces| [points[faces[0].0 as usize], points[faces[0].1 as usize]])
        .collect()
}

/// Returns the index of the merged point for each position, and the merged points.
fn weld(positions: &[[f32; 3]]) -> (Vec<u32>, Vec<[f32; 3]>) {
    let key = |p: &[f32; 3]| p.map(|v| (f64::from(v) * 1000.0).round() as i64);
    let mut order: Vec<u32> = (0..positions.len() as u32).collect();
    order.sort_by_key(|&i| (key(&positions[i as usize]), i));
    let mut welded = vec![0; positions.len()];
    let mut points: Vec<[f32; 3]> = Vec::new();
    let mut last = None;
    for i in order {
        let position = positions[i as usize];
        if last != Some(key(&position)) {
            last = Some(key(&position));
            points.push(position);
        }
        welded[i as usize] = points.len() as u32 - 1;
    }
    (welded, points)
}

fn join(a: ([f32; 3], [f32; 3]), b: ([f32; 3], [f32; 3])) -> ([f32; 3], [f32; 3]) {
    (std::array::from_fn(|k| a.0[k].min(b.0[k])), std::array::from_fn(|k| a.1[k].max(b.1[k])))
}

/// Returns the unit normal of a triangle from its winding, or `None` if it has no area.
pub(crate) fn face_normal([a, b, c]: [[f32; 3]; 3]) -> Option<[f32; 3]> {
    let (u, v) = (sub(b, a).map(f64::from), sub(c, a).map(f64::from));
    let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
    (length > 1e-12 && length.is_finite()).then(|| n.map(|v| (v / length) as f32))
}

fn sub(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a box of 2 × 3 × 4 m with its lowest corner at the origin. Every face has its own vertices.
    fn solid() -> Part {
        let mut part = Part { color: [1.0; 4], ..Part::default() };
        let faces: [[[f32; 3]; 4]; 6] = [
            [[0., 0., 0.], [2., 0., 0.], [2., 0., 4.], [0., 0., 4.]],
            [[0., 3., 0.], [0., 3., 4.], [2., 3., 4.], [2., 3., 0.]],
            [[0., 0., 0.], [0., 3., 0.], [2., 3., 0.], [2., 0., 0.]],
            [[0., 0., 4.], [2., 0., 4.], [2., 3., 4.], [0., 3., 4.]],
            [[0., 0., 0.], [0., 0., 4.], [0., 3., 4.], [0., 3., 0.]],
            [[2., 0., 0.], [2., 3., 0.], [2., 3., 4.], [2., 0., 4.]],
        ];
        for face in faces {
            let first = part.positions.len() as u32;
            part.positions.extend(face);
            part.normals.extend([[0.0, 1.0, 0.0]; 4]);
            part.indices.extend([0, 1, 2, 0, 2, 3].map(|k: u32| k + first));
        }
        part
    }

    #[test]
    fn a_solid_has_twelve_edges_and_one_floor() {
        let part = solid();
        assert_eq!(feature_edges(&part, 30.0).len(), 12);
        let floor = part.floor().expect("a box has a floor");
        assert_eq!(floor.indices.len(), 6);
        for triangle in floor.triangles() {
            assert!(face_normal(triangle).expect("area")[1] > 0.99);
            assert!((triangle[0][1] - FLOOR_LIFT_M).abs() < 1e-6);
        }
        assert!((part.floor_area_m2() - 8.0).abs() < 1e-4);
    }

    #[test]
    fn merged_parts_keep_every_triangle() {
        let merged = merge(&[solid(), solid()]);
        assert_eq!(merged.triangles().count(), 24);
        assert_eq!(merged.bounds(), solid().bounds());
    }

    #[test]
    fn a_path_leaves_ifc_classes_out() {
        let node = |name: &str, parent| Node { name: name.into(), parent, ..Node::default() };
        let building = Building {
            name: String::new(),
            nodes: vec![
                node("IfcProject/Duplex", None),
                node("T/FDN", Some(0)),
                node("IfcSpace/A102 Living Room", Some(1)),
            ],
        };
        assert_eq!(building.path(2), "Duplex/T/FDN/A102 Living Room");
        assert_eq!(building.path(9), "");
    }

    #[test]
    fn every_role_has_its_word() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
        }
    }
}
