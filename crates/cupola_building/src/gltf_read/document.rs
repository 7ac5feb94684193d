//! The JSON document of a glTF file, with the extensions of nodes that the `gltf` crate doesn't parse.

use super::ReadError;
use gltf::json::Root;
use serde::Deserialize;
use serde_json::Value;

/// The extension that draws a mesh several times.
const INSTANCING: &str = "EXT_mesh_gpu_instancing";
/// The extension that hides nodes.
const VISIBILITY: &str = "KHR_node_visibility";

/// The extensions of a node.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeExtensions {
    #[serde(rename = "EXT_mesh_gpu_instancing")]
    pub instancing: Option<Instancing>,
    #[serde(rename = "KHR_node_visibility")]
    visibility: Option<Visibility>,
}

/// The accessors of the instances of a mesh.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Instancing {
    #[serde(default)]
    pub attributes: InstanceAttributes,
}

/// The accessor of each part of the instances' transforms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "UPPERCASE")]
pub(super) struct InstanceAttributes {
    pub translation: Option<usize>,
    pub rotation: Option<usize>,
    pub scale: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
struct Visibility {
    #[serde(default = "visible")]
    visible: bool,
}

fn visible() -> bool {
    true
}

impl NodeExtensions {
    pub(super) fn is_hidden(&self) -> bool {
        self.visibility.as_ref().is_some_and(|visibility| !visibility.visible)
    }
}

/// A glTF document.
pub(super) struct GltfDocument {
    pub root: Root,
    /// The extensions of the nodes, by index. It is empty if the file uses none of them.
    pub nodes: Vec<NodeExtensions>,
}

#[derive(Deserialize)]
struct Head {
    asset: Asset,
}

#[derive(Deserialize)]
struct Asset {
    version: String,
}

#[derive(Deserialize)]
struct Extended {
    #[serde(default)]
    nodes: Vec<ExtendedNode>,
}

#[derive(Deserialize)]
struct ExtendedNode {
    #[serde(default)]
    extensions: NodeExtensions,
}

impl GltfDocument {
    /// Reads the JSON of a file.
    pub(super) fn read(json: &[u8]) -> Result<Self, ReadError> {
        // A file of version 1 has another structure, so its version is read first.
        if let Ok(Head { asset }) = serde_json::from_slice(json)
            && !asset.version.starts_with("2.")
        {
            return Err(ReadError::new(
                format!("the file has glTF version {:?}; only version 2 is supported", asset.version),
                "export the model as glTF 2.0",
            ));
        }
        let root: Root = match gltf::json::deserialize::from_slice(json) {
            Ok(root) => root,
            Err(error) => tolerant(json)
                .ok_or_else(|| ReadError::damaged(format!("the JSON of the file is not glTF: {error}")))?,
        };
        let is_extended = root.extensions_used.iter().any(|name| name == INSTANCING || name == VISIBILITY);
        let nodes = match is_extended {
            true => {
                serde_json::from_slice::<Extended>(json)
                    .map_err(|error| ReadError::damaged(format!("an extension of a node is not valid: {error}")))?
                    .nodes
            }
            false => Vec::new(),
        };
        Ok(Self { root, nodes: nodes.into_iter().map(|node| node.extensions).collect() })
    }
}

/// Reads a document with deviations of common exporters that change nothing: whole numbers written as `1.0`, scenes
/// without nodes, and animations, which are not shown.
fn tolerant(json: &[u8]) -> Option<Root> {
    let mut document: Value = serde_json::from_slice(json).ok()?;
    let fields = document.as_object_mut()?;
    fields.remove("animations");
    for scene in fields.get_mut("scenes").and_then(Value::as_array_mut).into_iter().flatten() {
        scene.as_object_mut()?.entry("nodes").or_insert_with(|| Value::Array(Vec::new()));
    }
    whole_numbers(&mut document);
    serde_json::from_value(document).ok()
}

/// Writes whole numbers without a fraction.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=9e15).contains(number));
            if let (Some(whole), true) = (whole, number.is_f64()) {
                *value = (whole as u64).into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Returns whether an extension is read, or changes only the appearance of surfaces and not their shape.
pub(super) fn is_harmless(extension: &str) -> bool {
    ["KHR_materials_", "KHR_texture_", "EXT_texture_", "MSFT_texture_"].iter().any(|start| extension.starts_with(start))
        || matches!(
            extension,
            INSTANCING
                | VISIBILITY
                | "KHR_lights_punctual"
                | "KHR_mesh_quantization"
                | "KHR_animation_pointer"
                | "KHR_xmp_json_ld"
                | "EXT_mesh_features"
                | "EXT_instance_features"
                | "EXT_structural_metadata"
        )
}

/// Returns whether an optional extension adds only another form of data that the file has as well.
pub(super) fn has_fallback(extension: &str) -> bool {
    matches!(extension, "KHR_draco_mesh_compression" | "EXT_meshopt_compression")
}
