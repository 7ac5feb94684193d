//! A glTF file, which anyone may have written, as a building.
//!
//! The JSON is read by the `gltf` crate's own types; everything that they only claim (indices, counts, offsets,
//! hierarchy) is checked here before it is used, because the file is not trusted.

mod accessor;
mod buffer;
mod primitive;
mod role;
mod transform;

use crate::Issue;
use crate::mesh::{Building, Node, Part, Role};
use buffer::Source;
use gltf::json::Root;
use serde_json::{Map, Value};
use std::fmt;
use transform::Matrix;

/// More nodes than any building needs.
const MAX_NODES: usize = 1_000_000;
/// Vertices and indices of the whole building, instances counted each time.
const MAX_VERTICES: u64 = 50_000_000;
const MAX_INDICES: u64 = 150_000_000;
/// Primitives of the whole building, instances counted each time.
const MAX_PRIMITIVES: u64 = 4_000_000;
/// Levels of nodes.
const MAX_DEPTH: usize = 64;
/// Findings after which counting goes on and listing does not.
const MAX_ISSUES: usize = 500;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl ReadError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    /// What is said of a file whose parts contradict one another.
    fn damaged(message: impl Into<String>) -> Self {
        Self::new(message, "the file is damaged or cut off: export or copy it again")
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl std::error::Error for ReadError {}

/// Findings, no more than anyone reads.
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

/// Reads `.glb` or `.gltf`. `resolve` gives the bytes of a file that lies beside it; it is only asked for
/// relative names without `..`. Geometry is baked into world space; textures are left out.
///
/// # Errors
///
/// Where the file is empty, cut off, no glTF 2.0, contradicts itself, needs an extension that is not
/// supported, or is larger than any building. What can be left out is an [`Issue`] instead.
pub fn from_gltf(
    bytes: &[u8],
    resolve: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<(Building, Vec<Issue>), ReadError> {
    let (json, binary) = buffer::container(bytes)?;
    let root: Root = gltf::json::deserialize::from_slice(json)
        .map_err(|error| ReadError::damaged(format!("the JSON of the file is not glTF: {error}")))?;
    if !root.asset.version.starts_with("2.") {
        return Err(ReadError::new(
            format!("glTF version {:?}, and 2.0 is read", root.asset.version),
            "export the model as glTF 2.0",
        ));
    }
    check_extensions(&root)?;
    if root.nodes.len() > MAX_NODES {
        return Err(ReadError::new(
            format!("{} nodes, and the limit is {MAX_NODES}", root.nodes.len()),
            "export a part of the building, or merge small objects",
        ));
    }
    let source = Source::load(&root, binary, resolve)?;
    let mut reader = Reader {
        root: &root,
        source,
        building: Building::default(),
        issues: Issues::default(),
        vertices: 0,
        indices: 0,
        primitives: 0,
    };
    reader.textures();
    reader.nodes()?;
    let Reader { building, mut issues, .. } = reader;
    if issues.more > 0 {
        issues.list.push(Issue::new(
            "file",
            "more-issues",
            format!("{} more findings", issues.more),
            "mend those listed first",
        ));
    }
    Ok((building, issues.list))
}

/// Extensions whose absence changes the looks of a surface and no shape.
fn is_harmless(extension: &str) -> bool {
    extension.starts_with("KHR_materials_")
        || matches!(
            extension,
            "KHR_texture_transform"
                | "KHR_texture_basisu"
                | "EXT_texture_webp"
                | "KHR_lights_punctual"
                | "KHR_mesh_quantization"
        )
}

fn check_extensions(root: &Root) -> Result<(), ReadError> {
    let Some(name) = root.extensions_required.iter().find(|e| !is_harmless(e)) else {
        return Ok(());
    };
    let help = match name.as_str() {
        "KHR_draco_mesh_compression" | "EXT_meshopt_compression" => {
            "export without mesh compression, or unpack it first: `gltf-transform copy in.glb out.glb`"
        }
        _ => "export the model without this extension",
    };
    Err(ReadError::new(format!("the file requires {name}, which is not supported"), help))
}

struct Reader<'a> {
    root: &'a Root,
    source: Source<'a>,
    building: Building,
    issues: Issues,
    vertices: u64,
    indices: u64,
    primitives: u64,
}

/// A node yet to be read: its index in the file, its parent in the building, the parent's place and depth.
struct Visit {
    index: usize,
    parent: Option<usize>,
    world: Matrix,
    depth: usize,
}

impl Reader<'_> {
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

    /// Walks the scene, parents before children, in the file's order.
    fn nodes(&mut self) -> Result<(), ReadError> {
        let roots = self.roots();
        let mut seen = vec![false; self.root.nodes.len()];
        let mut open: Vec<Visit> = roots
            .into_iter()
            .rev()
            .map(|index| Visit { index, parent: None, world: transform::IDENTITY, depth: 0 })
            .collect();
        // File index of every node of the building, to tell a cycle from a shared child.
        let mut came_from: Vec<usize> = Vec::new();
        while let Some(visit) = open.pop() {
            let Some(node) = self.root.nodes.get(visit.index) else {
                return Err(ReadError::damaged(format!(
                    "node {} is named and there are {}",
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
                    format!("nodes lie more than {MAX_DEPTH} levels deep"),
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
            let slot = self.add_node(&visit, node, &world, &mut came_from)?;
            let children = node.children.as_deref().unwrap_or_default();
            open.extend(children.iter().rev().map(|child| Visit {
                index: child.value(),
                parent: Some(slot),
                world,
                depth: visit.depth + 1,
            }));
        }
        Ok(())
    }

    /// The roots of the default scene, of the first one, or every node that is no child.
    fn roots(&mut self) -> Vec<usize> {
        let root = self.root;
        let wanted = root.scene.map_or(0, |s| s.value());
        if let Some(scene) = root.scenes.get(wanted).or_else(|| root.scenes.first()) {
            if root.scenes.len() > 1 {
                self.issues.add(
                    "scenes".to_string(),
                    "other-scenes",
                    "the file has several scenes, and one is read: its default, or the first",
                    "put everything that is shown into one scene",
                );
            }
            self.building.name = scene.name.clone().unwrap_or_default();
            return scene.nodes.iter().map(|n| n.value()).collect();
        }
        let mut is_child = vec![false; root.nodes.len()];
        for child in root.nodes.iter().filter_map(|n| n.children.as_ref()).flatten() {
            if let Some(flag) = is_child.get_mut(child.value()) {
                *flag = true;
            }
        }
        (0..root.nodes.len()).filter(|&i| !is_child[i]).collect()
    }

    /// Adds a node, or its geometry to its parent's where it is only that; gives the index of either.
    fn add_node(
        &mut self,
        visit: &Visit,
        node: &gltf::json::Node,
        world: &Matrix,
        came_from: &mut Vec<usize>,
    ) -> Result<usize, ReadError> {
        let extras = self.extras(visit.index, node);
        let parts = match node.mesh {
            Some(mesh) => self.mesh(visit.index, mesh.value(), world)?,
            None => Vec::new(),
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
                    "the extras are no object, or nested too deep",
                    "bind this node by its name instead",
                );
                Map::new()
            }
        }
    }

    fn mesh(&mut self, node: usize, mesh: usize, world: &Matrix) -> Result<Vec<Part>, ReadError> {
        let Some(mesh_json) = self.root.meshes.get(mesh) else {
            return Err(ReadError::damaged(format!(
                "node {node} names mesh {mesh}, and there are {}",
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
        format!("the building has more than {limit} {what}, instances counted each time"),
        "export a part of it, or a simpler one",
    )
}

/// IfcConvert puts the solid of a space with furniture into a child of its own.
fn is_geometry_of(extras: &Map<String, Value>, parent: &Map<String, Value>) -> bool {
    match (extras.get("ifc_geom_of"), parent.get("ifc_guid")) {
        (Some(of), Some(guid)) => of == guid && of.is_string(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
