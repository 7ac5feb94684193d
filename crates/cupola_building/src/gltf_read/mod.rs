//! Reading of an untrusted glTF file as a building.
//!
//! The `gltf` crate's types parse the JSON. All its indices, counts, offsets and its hierarchy are checked
//! here before use, because the file is not trusted.

mod accessor;
mod buffer;
mod document;
mod primitive;
mod role;
mod transform;

use crate::Issue;
use crate::mesh::{Building, Node, Part, Role};
use accessor::Layout;
use buffer::Source;
use document::Instancing;
use document::{GltfDocument, NodeExtensions, has_fallback, is_harmless};
use gltf::json::Root;
use gltf::json::accessor::Type;
use gltf::json::mesh::Semantic;
use gltf::json::validation::Checked;
use serde_json::{Map, Value};
use transform::Matrix;

/// Maximum number of nodes.
const MAX_NODES: usize = 1_000_000;
/// Maximum number of vertices and indices of the whole building. Each instance counts.
const MAX_VERTICES: u64 = 50_000_000;
const MAX_INDICES: u64 = 150_000_000;
/// Maximum number of primitives of the whole building. Each instance counts.
const MAX_PRIMITIVES: u64 = 4_000_000;
/// Maximum depth of the node hierarchy.
const MAX_DEPTH: usize = 64;
/// Maximum number of listed findings. Further findings are only counted.
const MAX_ISSUES: usize = 500;

/// Reason why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct ReadError {
    /// Description of the fault.
    pub message: String,
    /// Suggested remedy.
    pub help: String,
}

impl ReadError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    /// Returns the error of a file whose parts contradict one another.
    fn damaged(message: impl Into<String>) -> Self {
        Self::new(message, "the file is damaged or truncated: export or copy it again")
    }
}

/// Findings, limited to [`MAX_ISSUES`].
#[derive(Default)]
struct Issues {
    list: Vec<Issue>,
    more: usize,
}

impl Issues {
    fn add(&mut self, path: String, code: &'static str, message: &str, help: &str) {
        if self.list.len() < MAX_ISSUES {
            self.list.push(Issue::new(path, code, message, help));
        } else {
            self.more += 1;
        }
    }
}

/// Reads a `.glb` or `.gltf` file. `resolve` returns the bytes of a file in the same folder. It is called
/// only with relative names without `..`. Geometry is transformed to world space. Textures are ignored.
///
/// # Errors
///
/// Returns a [`ReadError`] if the file is empty, truncated, not glTF 2.0, inconsistent, or too large, or if
/// it requires an extension that is not supported. Parts that can be ignored give an [`Issue`] instead.
pub fn from_gltf(
    bytes: &[u8],
    resolve: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<(Building, Vec<Issue>), ReadError> {
    let (json, binary) = buffer::container(bytes)?;
    let GltfDocument { root, nodes: extensions } = GltfDocument::read(json)?;
    check_extensions(&root)?;
    if root.nodes.len() > MAX_NODES {
        return Err(ReadError::new(
            format!("the file has {} nodes; the limit is {MAX_NODES}", root.nodes.len()),
            "export a part of the building, or merge small objects",
        ));
    }
    let source = Source::load(&root, binary, resolve)?;
    let mut reader = DocumentReader {
        root: &root,
        extensions,
        origin: [0.0; 3],
        source,
        building: Building::default(),
        issues: Issues::default(),
        vertices: 0,
        indices: 0,
        primitives: 0,
    };
    reader.textures();
    reader.unread_extensions();
    reader.origin = reader.origin();
    reader.nodes()?;
    let DocumentReader { building, mut issues, .. } = reader;
    if issues.more > 0 {
        issues.list.push(Issue::new(
            "file",
            "more-issues",
            format!("{} more findings", issues.more),
            "fix the listed ones first",
        ));
    }
    Ok((building, issues.list))
}

fn check_extensions(root: &Root) -> Result<(), ReadError> {
    let Some(name) = root.extensions_required.iter().find(|name| !is_harmless(name)) else {
        return Ok(());
    };
    let help = match name.as_str() {
        "KHR_draco_mesh_compression" | "EXT_meshopt_compression" => {
            "export without mesh compression, or decompress it first: `gltf-transform copy in.glb out.glb`"
        }
        _ => "export the model without this extension",
    };
    Err(ReadError::new(format!("the file requires {name}, which is not supported"), help))
}

struct DocumentReader<'a> {
    root: &'a Root,
    extensions: Vec<NodeExtensions>,
    /// Origin of the building in the coordinates of the file, in m.
    origin: [f64; 3],
    source: Source<'a>,
    building: Building,
    issues: Issues,
    vertices: u64,
    indices: u64,
    primitives: u64,
}

/// Node to be read: its index in the file, and its parent in the building with the parent's transform and
/// depth.
struct Visit {
    index: usize,
    parent: Option<usize>,
    world: Matrix,
    depth: usize,
    is_hidden: bool,
}

impl DocumentReader<'_> {
    fn textures(&mut self) {
        let textured = |m: &&gltf::json::Material| m.pbr_metallic_roughness.base_color_texture.is_some();
        let count = self.root.materials.iter().filter(textured).count();
        if count > 0 {
            self.issues.add(
                "materials".to_owned(),
                "textures-ignored",
                &format!("{count} materials have a texture, which is not shown"),
                "their base colours are used",
            );
        }
    }

    /// Reports the extensions that are not read and may change the picture.
    fn unread_extensions(&mut self) {
        let unread = |name: &&String| !is_harmless(name) && !has_fallback(name);
        let names: Vec<&String> = self.root.extensions_used.iter().filter(unread).collect();
        for name in names {
            self.issues.add(
                "extensionsUsed".to_owned(),
                "extension-ignored",
                &format!("the file uses {name}, which is not read"),
                "compare the picture with the original, or export the model without the extension",
            );
        }
    }

    /// Returns the transform of the scene, which moves its origin to the building.
    fn world(&self) -> Matrix {
        transform::of_parts(self.origin.map(|metres| -metres as f32), [0.0, 0.0, 0.0, 1.0], [1.0; 3])
    }

    /// Returns the origin of a building in map coordinates: the middle of the meshes, in whole kilometres, on each axis
    /// on which it is far away. Positions in single precision have steps of half a metre at 6,000 km.
    fn origin(&self) -> [f64; 3] {
        const FAR_M: f64 = 10_000.0;
        let mut middles: [Vec<f64>; 3] = Default::default();
        let mut open: Vec<(usize, Matrix, usize)> =
            self.root_nodes().into_iter().map(|index| (index, transform::IDENTITY, 0)).collect();
        let mut seen = vec![false; self.root.nodes.len()];
        while let Some((index, world, depth)) = open.pop() {
            // Faults of the hierarchy are reported when the nodes are read.
            let Some(node) = self.root.nodes.get(index).filter(|_| depth < MAX_DEPTH && !seen[index]) else { continue };
            seen[index] = true;
            let world = transform::multiply(&world, &transform::local(node));
            if let Some(middle) = node.mesh.and_then(|mesh| self.middle(mesh.value())) {
                let middle = transform::point(&world, middle);
                middles.iter_mut().zip(middle).for_each(|(axis, metres)| axis.push(metres));
            }
            let children = node.children.as_deref().unwrap_or_default();
            open.extend(children.iter().map(|child| (child.value(), world, depth + 1)));
        }
        middles.map(|mut axis| {
            axis.retain(|metres| metres.is_finite());
            axis.sort_by(f64::total_cmp);
            let median = axis.get(axis.len() / 2).copied().unwrap_or(0.0);
            if median.abs() > FAR_M { (median / 1_000.0).round() * 1_000.0 } else { 0.0 }
        })
    }

    /// Returns the middle of a mesh from the bounds that the file declares.
    fn middle(&self, mesh: usize) -> Option<[f32; 3]> {
        let primitive = self.root.meshes.get(mesh)?.primitives.first()?;
        let positions = primitive.attributes.get(&Checked::Valid(Semantic::Positions))?;
        let accessor = self.root.accessors.get(positions.value())?;
        let bounds = |value: &Option<Value>| -> Option<[f64; 3]> {
            let numbers: Vec<f64> = value.as_ref()?.as_array()?.iter().filter_map(Value::as_f64).collect();
            numbers.try_into().ok()
        };
        let (least, most) = bounds(&accessor.min).zip(bounds(&accessor.max))?;
        Some(std::array::from_fn(|axis| ((least[axis] + most[axis]) / 2.0) as f32))
    }

    /// Reads the nodes of the scene, parents before children, in the file's order.
    fn nodes(&mut self) -> Result<(), ReadError> {
        let roots = self.roots();
        let mut seen = vec![false; self.root.nodes.len()];
        let mut open: Vec<Visit> = roots
            .into_iter()
            .rev()
            .map(|index| Visit { index, parent: None, world: self.world(), depth: 0, is_hidden: false })
            .collect();
        // File index of each node of the building, to distinguish a cycle from a shared child.
        let mut came_from: Vec<usize> = Vec::new();
        while let Some(visit) = open.pop() {
            let Some(node) = self.root.nodes.get(visit.index) else {
                return Err(ReadError::damaged(format!(
                    "node {} is referenced, but the file has only {} nodes",
                    visit.index,
                    self.root.nodes.len()
                )));
            };
            let mut above = visit.parent;
            while let Some(k) = above {
                if came_from[k] == visit.index {
                    return Err(ReadError::damaged(format!("node {} is its own ancestor", visit.index)));
                }
                above = self.building.nodes[k].parent;
            }
            if visit.depth >= MAX_DEPTH {
                return Err(ReadError::new(
                    format!("the node hierarchy has more than {MAX_DEPTH} levels"),
                    "flatten the hierarchy when exporting",
                ));
            }
            if std::mem::replace(&mut seen[visit.index], true) {
                self.issues.add(
                    format!("nodes[{}]", visit.index),
                    "shared-node",
                    "the node has more than one parent and is drawn once",
                    "glTF allows one parent: duplicate the node when exporting",
                );
                continue;
            }
            let world = transform::multiply(&visit.world, &transform::local(node));
            let is_hidden = visit.is_hidden || self.extensions.get(visit.index).is_some_and(NodeExtensions::is_hidden);
            let visit = Visit { is_hidden, ..visit };
            let slot = self.add_node(&visit, node, &world, &mut came_from)?;
            let children = node.children.as_deref().unwrap_or_default();
            open.extend(children.iter().rev().map(|child| Visit {
                index: child.value(),
                parent: Some(slot),
                world,
                depth: visit.depth + 1,
                is_hidden,
            }));
        }
        Ok(())
    }

    /// Returns the default scene, else the first one.
    fn scene(&self) -> Option<&gltf::json::Scene> {
        let wanted = self.root.scene.map_or(0, |scene| scene.value());
        self.root.scenes.get(wanted).or_else(|| self.root.scenes.first())
    }

    /// Names the building after its scene, and returns the roots.
    fn roots(&mut self) -> Vec<usize> {
        if let Some(scene) = self.scene() {
            self.building.name = scene.name.clone().unwrap_or_default();
            if self.root.scenes.len() > 1 {
                self.issues.add(
                    "scenes".to_string(),
                    "other-scenes",
                    "the file has several scenes; only the default scene is read, or else the first",
                    "put all visible nodes into one scene",
                );
            }
        }
        self.root_nodes()
    }

    /// Returns the roots of the scene, else every node that is not a child.
    fn root_nodes(&self) -> Vec<usize> {
        let root = self.root;
        if let Some(scene) = self.scene() {
            return scene.nodes.iter().map(|node| node.value()).collect();
        }
        let mut is_child = vec![false; root.nodes.len()];
        for child in root.nodes.iter().filter_map(|n| n.children.as_ref()).flatten() {
            if let Some(flag) = is_child.get_mut(child.value()) {
                *flag = true;
            }
        }
        (0..root.nodes.len()).filter(|&i| !is_child[i]).collect()
    }

    /// Adds a node, or adds its geometry to its parent if the node is only the parent's geometry. Returns the
    /// index of the node or parent.
    fn add_node(
        &mut self,
        visit: &Visit,
        node: &gltf::json::Node,
        world: &Matrix,
        came_from: &mut Vec<usize>,
    ) -> Result<usize, ReadError> {
        let extras = self.extras(visit.index, node);
        let parts = match node.mesh {
            Some(mesh) if !visit.is_hidden => self.instances(visit.index, mesh.value(), world)?,
            _ => Vec::new(),
        };
        let leaf = node.children.as_deref().unwrap_or_default().is_empty();
        if let Some(parent) = visit.parent
            && leaf
            && is_geometry_of(&extras, &self.building.nodes[parent].extras)
        {
            self.building.nodes[parent].parts.extend(parts);
            return Ok(parent);
        }
        let name = node.name.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| format!("Node {}", visit.index));
        let above = visit.parent.map(|p| &self.building.nodes[p]);
        let role = role::infer(&name, &extras, &parts, leaf, above.map(|n| n.role));
        let slot = self.building.nodes.len();
        let storey = match role {
            Role::Storey => Some(slot),
            _ => above.and_then(|n| n.storey),
        };
        if self.building.name.is_empty() && visit.parent.is_none() {
            self.building.name = name.clone();
        }
        self.building.nodes.push(Node { name, parent: visit.parent, role, storey, extras, parts });
        came_from.push(visit.index);
        Ok(slot)
    }

    fn extras(&mut self, index: usize, node: &gltf::json::Node) -> Map<String, Value> {
        let Some(raw) = &node.extras else {
            return Map::new();
        };
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(Value::Object(map)) => map,
            Ok(Value::Null) => Map::new(),
            _ => {
                self.issues.add(
                    format!("nodes[{index}].extras"),
                    "extras-ignored",
                    "the extras are not an object, or are nested too deeply",
                    "bind this node by its name instead",
                );
                Map::new()
            }
        }
    }

    /// Reads the mesh of a node, once or for each instance.
    fn instances(&mut self, node: usize, mesh: usize, world: &Matrix) -> Result<Vec<Part>, ReadError> {
        let Some(Instancing { attributes }) = self.extensions.get(node).and_then(|node| node.instancing.clone()) else {
            return self.mesh(node, mesh, world);
        };
        let accessors = &self.root.accessors;
        let layout = |index: Option<usize>, type_| {
            index.map(|index| Layout::of(accessors, &self.source, index, type_)).transpose()
        };
        let places = layout(attributes.translation, Type::Vec3)?;
        let turns = layout(attributes.rotation, Type::Vec4)?;
        let scales = layout(attributes.scale, Type::Vec3)?;
        let places = places.map(|layout| layout.vectors::<3>(accessors, &self.source)).transpose()?;
        let turns = turns.map(|layout| layout.vectors::<4>(accessors, &self.source)).transpose()?;
        let scales = scales.map(|layout| layout.vectors::<3>(accessors, &self.source)).transpose()?;
        let counts = [places.as_ref().map(Vec::len), turns.as_ref().map(Vec::len), scales.as_ref().map(Vec::len)];
        let count = counts.iter().flatten().copied().min().unwrap_or(0);
        let mut parts = Vec::new();
        for number in 0..count {
            let place = places.as_ref().map_or([0.0; 3], |places| places[number]);
            let turn = turns.as_ref().map_or([0.0, 0.0, 0.0, 1.0], |turns| turns[number]);
            let scale = scales.as_ref().map_or([1.0; 3], |scales| scales[number]);
            let world = transform::multiply(world, &transform::of_parts(place, turn, scale));
            parts.extend(self.mesh(node, mesh, &world)?);
        }
        Ok(parts)
    }

    fn mesh(&mut self, node: usize, mesh: usize, world: &Matrix) -> Result<Vec<Part>, ReadError> {
        let Some(mesh_json) = self.root.meshes.get(mesh) else {
            return Err(ReadError::damaged(format!(
                "node {node} refers to mesh {mesh}, but the file has only {} meshes",
                self.root.meshes.len()
            )));
        };
        let mut parts: Vec<Part> = Vec::new();
        for (k, primitive) in mesh_json.primitives.iter().enumerate() {
            self.primitives += 1;
            if self.primitives > MAX_PRIMITIVES {
                return Err(too_large("primitives", MAX_PRIMITIVES));
            }
            let at = || format!("meshes[{mesh}].primitives[{k}]");
            if let Some(part) = self.primitive(primitive, &at, world)? {
                parts.push(part);
            }
        }
        Ok(parts)
    }
}

fn too_large(what: &str, limit: u64) -> ReadError {
    ReadError::new(
        format!("the building has more than {limit} {what}, counting every instance"),
        "export a part of the building, or simplify it",
    )
}

/// Returns whether a node is the geometry of its parent. IfcConvert puts the solid of a space with furniture
/// into a child node.
fn is_geometry_of(extras: &Map<String, Value>, parent: &Map<String, Value>) -> bool {
    match (extras.get("ifc_geom_of"), parent.get("ifc_guid")) {
        (Some(of), Some(guid)) => of == guid && of.is_string(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
