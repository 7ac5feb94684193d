//! Writing of a building as a binary glTF 2.0 file.

use crate::mesh::{Building, Node, Part};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const FLOAT: u32 = 5126;
const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const ARRAY_BUFFER: u32 = 34_962;
const ELEMENT_ARRAY_BUFFER: u32 = 34_963;

/// Returns the building as GLB: a hierarchy of nodes with names and extras, and one material for each colour.
/// The output is deterministic. A GLB holds at most 4 GiB.
pub fn to_glb(building: &Building) -> Vec<u8> {
    let mut file = File::default();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); building.nodes.len()];
    let mut roots = Vec::new();
    for (i, node) in building.nodes.iter().enumerate() {
        match node.parent {
            Some(parent) if parent < i => children[parent].push(i),
            _ => roots.push(i),
        }
    }
    let nodes: Vec<Value> =
        building.nodes.iter().zip(&children).map(|(node, children)| file.node(node, children)).collect();

    let mut root = Map::new();
    root.insert("asset".to_owned(), json!({"version": "2.0", "generator": "Cupola"}));
    // An empty list is not valid glTF, and some readers reject a scene without nodes.
    if !roots.is_empty() {
        let mut scene = Map::new();
        if !building.name.is_empty() {
            scene.insert("name".to_owned(), json!(building.name));
        }
        scene.insert("nodes".to_owned(), json!(roots));
        root.insert("scene".to_owned(), json!(0));
        root.insert("scenes".to_owned(), json!([scene]));
    }
    for (key, list) in [
        ("nodes", nodes),
        ("meshes", file.meshes),
        ("materials", file.materials),
        ("accessors", file.accessors),
        ("bufferViews", file.views),
    ] {
        if !list.is_empty() {
            root.insert(key.to_owned(), Value::Array(list));
        }
    }
    if !file.bytes.is_empty() {
        root.insert("buffers".to_owned(), json!([{"byteLength": file.bytes.len()}]));
    }
    container(Value::Object(root).to_string().into_bytes(), file.bytes)
}

/// Lists of a glTF file under construction.
#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    materials: Vec<Value>,
    meshes: Vec<Value>,
    /// Material index by the bits of the colour.
    by_color: BTreeMap<[u32; 4], usize>,
}

impl File {
    fn node(&mut self, node: &Node, children: &[usize]) -> Value {
        let mut out = Map::new();
        out.insert("name".to_owned(), json!(node.name));
        let primitives: Vec<Value> = node
            .parts
            .iter()
            .filter(|p| !p.positions.is_empty() && p.indices.len() >= 3)
            .map(|p| self.primitive(p))
            .collect();
        if !primitives.is_empty() {
            out.insert("mesh".to_owned(), json!(self.meshes.len()));
            self.meshes.push(json!({"name": node.name, "primitives": primitives}));
        }
        if !children.is_empty() {
            out.insert("children".to_owned(), json!(children));
        }
        if !node.extras.is_empty() {
            out.insert("extras".to_owned(), Value::Object(node.extras.clone()));
        }
        Value::Object(out)
    }

    fn primitive(&mut self, part: &Part) -> Value {
        let count = part.positions.len();
        let mut low = part.positions[0];
        let mut high = low;
        for p in &part.positions {
            low = std::array::from_fn(|k| low[k].min(p[k]));
            high = std::array::from_fn(|k| high[k].max(p[k]));
        }
        let positions = self.floats(&part.positions);
        let mut attributes = Map::new();
        attributes.insert(
            "POSITION".to_owned(),
            self.accessor(json!({
                "bufferView": positions, "componentType": FLOAT, "count": count, "type": "VEC3",
                "min": low, "max": high,
            })),
        );
        if part.normals.len() == count {
            let normals = self.floats(&part.normals);
            attributes.insert(
                "NORMAL".to_owned(),
                self.accessor(json!({
                    "bufferView": normals, "componentType": FLOAT, "count": count, "type": "VEC3",
                })),
            );
        }
        // Index 65 535 is reserved for primitive restart.
        let (component, bytes): (u32, Vec<u8>) = if count < 0xffff {
            let short = |i: &u32| (*i as u16).to_le_bytes();
            (UNSIGNED_SHORT, part.indices.iter().flat_map(short).collect())
        } else {
            let long = |i: &u32| i.to_le_bytes();
            (UNSIGNED_INT, part.indices.iter().flat_map(long).collect())
        };
        let indices = self.view(&bytes, ELEMENT_ARRAY_BUFFER);
        let indices = self.accessor(json!({
            "bufferView": indices, "componentType": component, "count": part.indices.len(),
            "type": "SCALAR",
        }));
        let material = self.material(part.color);
        json!({"attributes": attributes, "indices": indices, "material": material})
    }

    fn floats(&mut self, values: &[[f32; 3]]) -> Value {
        let bytes: Vec<u8> = values.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        self.view(&bytes, ARRAY_BUFFER)
    }

    fn view(&mut self, bytes: &[u8], target: u32) -> Value {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        // Every accessor must start at a multiple of its component size.
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.views.push(json!({
            "buffer": 0, "byteOffset": offset, "byteLength": bytes.len(), "target": target,
        }));
        json!(self.views.len() - 1)
    }

    fn accessor(&mut self, accessor: Value) -> Value {
        self.accessors.push(accessor);
        json!(self.accessors.len() - 1)
    }

    fn material(&mut self, color: [f32; 4]) -> usize {
        let next = self.materials.len();
        let index = *self.by_color.entry(color.map(f32::to_bits)).or_insert(next);
        if index == next {
            let mut material = json!({
                "name": format!("colour {next}"),
                "pbrMetallicRoughness": {
                    "baseColorFactor": color, "metallicFactor": 0.0, "roughnessFactor": 0.9,
                },
            });
            if color[3] < 1.0 {
                material["alphaMode"] = json!("BLEND");
                material["doubleSided"] = json!(true);
            }
            self.materials.push(material);
        }
        index
    }
}

/// Returns the GLB container: a header and chunks, each padded to four bytes.
fn container(mut json: Vec<u8>, mut binary: Vec<u8>) -> Vec<u8> {
    json.resize(json.len().next_multiple_of(4), b' ');
    binary.resize(binary.len().next_multiple_of(4), 0);
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let chunk = |bytes: &[u8]| if bytes.is_empty() { 0 } else { 8 + bytes.len() };
    let mut out = Vec::with_capacity(12 + chunk(&json) + chunk(&binary));
    out.extend_from_slice(b"glTF");
    out.extend_from_slice(&2_u32.to_le_bytes());
    out.extend_from_slice(&length(12 + chunk(&json) + chunk(&binary)));
    for (kind, bytes) in [(b"JSON", &json), (b"BIN\0", &binary)] {
        if !bytes.is_empty() {
            out.extend_from_slice(&length(bytes.len()));
            out.extend_from_slice(kind);
            out.extend_from_slice(bytes);
        }
    }
    out
}
