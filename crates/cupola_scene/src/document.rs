//! The scene document: what `scene.ron` holds, version 1.
//!
//! Paths in it are relative to the file's folder. Models are named by their DTMI, or by its last segment where that is unique.

mod simulation;

pub use simulation::*;

use cupola_twin::Value;
use cupola_twin::lazy::Lazy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version that this program writes.
pub const VERSION: u32 = 1;

/// A scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of the format: 1.
    pub version: u32,
    /// What the scene is called.
    pub name: String,
    /// A sentence or two about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Folders and files with DTDL documents.
    #[serde(default)]
    pub models: Vec<String>,
    /// The 3D building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<BuildingDoc>,
    /// The twins.
    #[serde(default)]
    pub twins: Lazy<Vec<Arc<TwinDoc>>>,
    /// The relationships between them.
    #[serde(default)]
    pub relationships: Lazy<Vec<Arc<RelationshipDoc>>>,
    /// Properties computed from other properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed: Vec<ComputedDoc>,
    /// Programs outside that compute properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<ProcessorDoc>,
    /// Conditions that somebody should know of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmDoc>,
    /// Where live values come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<FeedDoc>,
    /// The conditions that the simulated timeline starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<SimulationDoc>,
    /// A study of how the building behaves, which needs no twins: `docs/physics.md` is its manual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physics: Option<cupola_physics::study::Study>,
    /// What the screen shows first.
    #[serde(default)]
    pub view: ViewDoc,
}

/// The 3D building of a scene: a glTF file, or a floor plan to make it from; with neither, a massing of the rooms is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BuildingDoc {
    /// A `.glb` or `.gltf` file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gltf: Option<String>,
    /// A floor plan (RON).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Which node is which twin, by the node's name; nodes whose `extras` or name say it need no entry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bindings: BTreeMap<String, String>,
    /// Rooms of the file that are meant to have no twin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unbound: Vec<String>,
}

/// A twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinDoc {
    /// Its id (`$dtId`).
    pub id: String,
    /// Its model.
    pub model: String,
    /// Its initial values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
}

/// A relationship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationshipDoc {
    /// Its own id (`$relationshipId`), where one was given: it tells relationships of one name between the same twins apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The twin that it starts at.
    pub from: String,
    /// Its name, such as `contains`.
    pub name: String,
    /// The twin that it leads to.
    pub to: String,
    /// Its own properties.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
}

/// A computed property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputedDoc {
    /// The model whose twins have it.
    pub model: String,
    /// The property: one of the model's, or a new one.
    pub property: String,
    /// The expression.
    pub formula: String,
    /// The unit of a new property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What to call a new property on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// That it may depend on itself, through others or other twins: it is computed in rounds then, until it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterate: Option<IterateDoc>,
}

/// How a property that depends on itself is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IterateDoc {
    /// The first guess, in the property's unit, or `true` or `false`.
    pub start: Value,
    /// The greatest change that doesn't count, in the property's unit.
    pub tolerance: f64,
    /// The most rounds, up to 10,000.
    pub at_most: u32,
}

impl Default for IterateDoc {
    fn default() -> Self {
        Self { start: Value::Number(0.0), tolerance: 1e-6, at_most: 100 }
    }
}

/// A program outside that computes properties: a process that is asked in lines of JSON, or a service behind a broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorDoc {
    /// Its id.
    pub id: String,
    /// The program and its arguments. It gets requests on its standard input and answers on its standard
    /// output, one JSON object a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The folder that the program runs in; without it, the scene's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The broker and the topics of a service that is asked instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<ProcessorMqttDoc>,
    /// The model whose twins it is asked about.
    pub model: String,
    /// What it is told of each twin: a name and an expression.
    pub inputs: BTreeMap<String, String>,
    /// The properties that it gives.
    pub outputs: Vec<String>,
    /// How often it is asked, in the timeline's time.
    #[serde(default = "one_minute")]
    pub every: String,
    /// How long an answer is waited for, in the world's time.
    #[serde(default = "five_seconds")]
    pub timeout: String,
    /// An answer older than this is stale, in the timeline's time; without it, one that is older than two requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

/// Where a service listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorMqttDoc {
    /// The broker, `mqtt://host:port`.
    pub url: String,
    /// The topic that requests are published to.
    pub request: String,
    /// The topic that answers come on.
    pub response: String,
}

fn one_minute() -> String {
    "1m".into()
}

fn five_seconds() -> String {
    "5s".into()
}

/// How bad an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmSeverity {
    /// Good to know.
    Info,
    /// Needs attention.
    Warning,
    /// Needs it now.
    Critical,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmDoc {
    /// Its id.
    pub id: String,
    /// The model whose twins are watched.
    pub model: String,
    /// The condition, an expression.
    pub when: String,
    /// How bad it is.
    pub severity: AlarmSeverity,
    /// What to tell, in a sentence.
    pub message: String,
}

/// A feed: a broker and what its messages mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedDoc {
    /// Its id.
    pub id: String,
    /// The broker, `mqtt://host:port`. User and password come from the environment, never from here.
    pub url: String,
    /// What its messages mean.
    #[serde(default)]
    pub mappings: Vec<MappingDoc>,
    /// Where commands go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandMappingDoc>,
}

/// Where a command goes, and where its answer comes back. In topics, `{twin}`, `{command}` and `{invocation}` are known besides
/// what the twin's id captures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandMappingDoc {
    /// The twins that are meant, by their ids: `{room}-blind`.
    pub twin: String,
    /// The command.
    pub command: String,
    /// The topic that the request is published to: `office/{room}/blind/{command}/{invocation}`.
    pub request: String,
    /// The topic that the answer comes on; without it, none is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// JSON pointer to the value in the answer; without it the whole answer is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// JSON pointer to what the answer says if the command failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long the answer is waited for: `10s`, which is also what holds if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// What a message means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingDoc {
    /// Topics, with captures: `office/{room}/{quantity}`.
    pub topic: String,
    /// The twin's id, out of the captures: `{room}-{quantity}`.
    pub twin: String,
    /// The property, out of the captures.
    pub property: String,
    /// JSON pointer to the value in the payload; without it the payload is the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// JSON pointer to the time of the value; without it the time of arrival counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The unit that the device sends, if it isn't the property's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// A value older than this is stale: `90s`, `15m`, `2h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

/// What the screen shows first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewDoc {
    /// The property or expression that colours the rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_by: Option<String>,
    /// The ends of its scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Properties that tell most about a twin, shown first in tree, tooltip and inspector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_properties: Vec<String>,
}
