//! The scene document: the content of `scene.ron`, version 1. `docs/scene.md` is the reference.
//!
//! Paths in the document are relative to the file's folder. A model is named by its DTMI, or by the last segment of the
//! DTMI if no other model has the same last segment.

mod simulation;

pub use simulation::*;

use crate::Properties;
use cupola_twin::Value;
use cupola_twin::lazy::Lazy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the format that this program writes.
pub const VERSION: u32 = 1;

/// A scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The version of the format: 1.
    pub version: u32,
    /// The name of the scene.
    pub name: String,
    /// A description in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The time zone of the building: a name of the IANA database such as `Europe/Berlin`, or a difference to UTC such
    /// as `+01:00`. Without it, the zone of the weather file's place applies, or else UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Paths of folders and files with DTDL documents.
    #[serde(default)]
    pub models: Vec<String>,
    /// The 3D building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<BuildingDoc>,
    /// The twins.
    #[serde(default)]
    pub twins: Lazy<Vec<Arc<TwinDoc>>>,
    /// The relationships between the twins.
    #[serde(default)]
    pub relationships: Lazy<Vec<Arc<RelationshipDoc>>>,
    /// Properties that are computed from other properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub computed: Vec<ComputedDoc>,
    /// External programs that compute properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<ProcessorDoc>,
    /// Conditions that are reported when they become true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmDoc>,
    /// The MQTT brokers that send live values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<FeedDoc>,
    /// The conditions of the simulated timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<SimulationDoc>,
    /// A study of building physics, which needs no twins. `docs/physics.md` is its manual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physics: Option<cupola_physics::study::Study>,
    /// The first view in the app.
    #[serde(default)]
    pub view: ViewDoc,
}

/// The 3D building of a scene: a glTF file or a floor plan. Without either, the program draws simple boxes from the
/// rooms' areas.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BuildingDoc {
    /// The path of a `.glb` or `.gltf` file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gltf: Option<String>,
    /// The path of a floor plan in RON. It is used if `gltf` is absent or unreadable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The twin of each node, by the node's name. A node whose `extras` or name identify its twin needs no entry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bindings: BTreeMap<String, String>,
    /// The names of room nodes that have no twin on purpose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unbound: Vec<String>,
}

/// A twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinDoc {
    /// The id (`$dtId`), unique in the scene.
    pub id: String,
    /// The model.
    pub model: Arc<str>,
    /// The initial values, by property name.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
}

/// A relationship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelationshipDoc {
    /// The id (`$relationshipId`), which distinguishes several relationships of one name between the same twins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The id of the source twin.
    pub from: String,
    /// The name, such as `contains`.
    pub name: Arc<str>,
    /// The id of the target twin.
    pub to: String,
    /// The properties of the relationship.
    #[serde(default, skip_serializing_if = "Properties::is_empty")]
    pub properties: Properties,
}

/// A computed property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputedDoc {
    /// The model whose twins have the property.
    pub model: String,
    /// The property: one of the model's, or a new one.
    pub property: String,
    /// The expression.
    pub formula: String,
    /// The unit of a new property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The display name of a new property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The permission that the property depends on itself, through other properties or other twins. The property is
    /// then computed in rounds until it converges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterate: Option<IterateDoc>,
}

/// The settings of the iteration that computes a property which depends on itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IterateDoc {
    /// The initial guess, in the property's unit, or `true` or `false`.
    pub start: Value,
    /// The largest change that counts as converged, in the property's unit, at least 0.
    pub tolerance: f64,
    /// The largest number of rounds, 1 to 10,000.
    pub at_most: u32,
}

impl Default for IterateDoc {
    fn default() -> Self {
        Self { start: Value::Number(0.0), tolerance: 1e-6, at_most: 100 }
    }
}

/// An external program that computes properties: a process that reads and writes lines of JSON, or a service behind an
/// MQTT broker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorDoc {
    /// The id, unique among processors.
    pub id: String,
    /// The program and its arguments. The program reads requests from its standard input and writes answers to its
    /// standard output, one JSON object per line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The working directory of the program. The default is the scene's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// The broker and the topics of a service, instead of `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<ProcessorMqttDoc>,
    /// The model whose twins are in the request.
    pub model: String,
    /// The inputs of each twin: a name and an expression.
    pub inputs: BTreeMap<String, String>,
    /// The properties that the answer may contain.
    pub outputs: Vec<String>,
    /// The interval of requests, as a duration in the timeline's time.
    #[serde(default = "one_minute")]
    pub every: String,
    /// The longest wait for an answer, as a duration in real time.
    #[serde(default = "five_seconds")]
    pub timeout: String,
    /// The validity of an answer, as a duration in the timeline's time. The default is twice `every` plus `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

/// The broker and the topics of a service that computes properties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorMqttDoc {
    /// The address of the broker, `mqtt://host:port`.
    pub url: String,
    /// The topic to which requests are published.
    pub request: String,
    /// The topic on which answers arrive.
    pub response: String,
}

fn one_minute() -> String {
    "1m".into()
}

fn five_seconds() -> String {
    "5s".into()
}

/// The severity of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmSeverity {
    /// For information.
    Info,
    /// Attention is needed.
    Warning,
    /// Attention is needed immediately.
    Critical,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmDoc {
    /// The id, unique among alarms.
    pub id: String,
    /// The model whose twins are watched.
    pub model: String,
    /// The condition: an expression that is true or false.
    pub when: String,
    /// The severity.
    pub severity: AlarmSeverity,
    /// The message for people, in one sentence.
    pub message: String,
}

/// A feed: a broker and the mappings of its messages to properties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedDoc {
    /// The id, unique among feeds.
    pub id: String,
    /// The address of the broker, `mqtt://host:port`. User and password come from environment variables, never from the
    /// document.
    pub url: String,
    /// The time zone of times in messages that have none: an IANA name or a difference to UTC. Without it, such
    /// messages are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The mappings of messages to properties.
    #[serde(default)]
    pub mappings: Vec<MappingDoc>,
    /// The mappings of commands to topics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandMappingDoc>,
}

/// The mapping of a command to the topics of its request and its answer. Topics may contain the captures of `twin` and
/// the names `{twin}`, `{command}` and `{invocation}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandMappingDoc {
    /// The template that the ids of the twins match: `{room}-blind`.
    pub twin: String,
    /// The name of the command.
    pub command: String,
    /// The topic to which the request is published: `office/{room}/blind/{command}/{invocation}`.
    pub request: String,
    /// The topic on which the answer arrives. Without it the program waits for no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// The JSON pointer to the value in the answer. The default is the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The JSON pointer to the error message in the answer to a failed command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The longest wait for the answer. The default is `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// The mapping of messages to the property of a twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingDoc {
    /// The topic pattern with captures: `office/{room}/{quantity}`.
    pub topic: String,
    /// The template of the twin's id, which the captures fill: `{room}-{quantity}`.
    pub twin: String,
    /// The template of the property's name, which the captures fill.
    pub property: String,
    /// The JSON pointer to a list or an object of several values in the payload, such as those of many devices. `captures`,
    /// `value` and `time` are then pointers into each item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Further captures, each with the JSON pointer to its text in an item: `{"id": "/id"}`. The key of an item of an
    /// object is captured as `key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
    /// The JSON pointer to the value in the payload. The default is the whole payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The JSON pointer to the time of the value. The default is the time of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The unit that the device sends. The default is the property's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The age from which the value is stale: `90s`, `15m`, `2h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<String>,
}

/// The first view of the scene in the app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewDoc {
    /// The property or expression that colours the rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_by: Option<String>,
    /// The ends of the colour scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// The most important properties of the twins, which tree, tooltip and inspector show first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_properties: Vec<String>,
}
