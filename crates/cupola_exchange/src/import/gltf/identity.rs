//! The class and the id of a node, from its extras, its IFC class and its role.
//!
//! Source: ISO 16739-1 (IFC 2x3 and 4), the classes of spatial structure and of distribution elements.

use cupola_building::{Node, Role};
use cupola_twin::model::short_name;
use serde_json::Value as Json;

/// The keys of extras with the id of the node's twin, besides Cupola's own.
const IDS: [&str; 4] = ["$dtId", "dtId", "twin", "twin_id"];
/// The keys of extras with an IFC identifier.
const GUIDS: [&str; 3] = ["ifc_guid", "guid", "GlobalId"];
/// The IFC classes of spaces.
const PLACES: [&str; 7] =
    ["IfcBuilding", "IfcBuildingStorey", "IfcProject", "IfcSite", "IfcSpace", "IfcSpatialZone", "IfcZone"];
/// The prefixes of IFC classes of devices and of distribution elements for air, water and electricity.
const DEVICES: [&str; 44] = [
    "IfcActuator",
    "IfcAirTerminal",
    "IfcAirToAir",
    "IfcAlarm",
    "IfcAudioVisual",
    "IfcBoiler",
    "IfcBurner",
    "IfcChiller",
    "IfcCoil",
    "IfcCommunicationsAppliance",
    "IfcCompressor",
    "IfcCondenser",
    "IfcController",
    "IfcCooledBeam",
    "IfcCoolingTower",
    "IfcDamper",
    "IfcDistribution",
    "IfcElectric",
    "IfcEnergyConversion",
    "IfcEngine",
    "IfcEvaporat",
    "IfcFan",
    "IfcFilter",
    "IfcFireSuppression",
    "IfcFlow",
    "IfcHeatExchanger",
    "IfcHumidifier",
    "IfcLamp",
    "IfcLightFixture",
    "IfcMedicalDevice",
    "IfcMotorConnection",
    "IfcOutlet",
    "IfcProtectiveDevice",
    "IfcPump",
    "IfcSensor",
    "IfcSolarDevice",
    "IfcSpaceHeater",
    "IfcSwitchingDevice",
    "IfcTank",
    "IfcTransformer",
    "IfcTransportElement",
    "IfcTubeBundle",
    "IfcUnitary",
    "IfcValve",
];

/// The identity of a node that becomes a twin.
#[derive(Debug)]
pub(super) struct Identity<'b> {
    /// The id of the twin in the extras.
    pub id: Option<&'b str>,
    /// The model in the extras.
    pub model: Option<&'b str>,
    /// The class, in one word.
    pub class: String,
}

/// Returns the identity of a node, or `None` if the node is only geometry.
pub(super) fn identify(node: &Node) -> Option<Identity<'_>> {
    let ours = node.extras.get("cupola");
    let said = text(ours.and_then(|ours| ours.get("id")));
    let said = said.or_else(|| IDS.iter().find_map(|key| text(node.extras.get(*key))));
    let id = text(node.extras.get("id"));
    let class = ifc_class(node);
    let is_thing = said.is_some()
        || matches!(node.role, Role::Storey | Role::Room | Role::Equipment)
        // An `id` alone does not make a twin of an IFC element, because exporters of IFC may number walls too.
        || class.map_or(id.is_some(), is_of_interest);
    if !is_thing {
        return None;
    }
    let model = text(node.extras.get("$model")).or_else(|| text(ours.and_then(|ours| ours.get("model"))));
    let word = match (model, class) {
        (Some(model), _) => short_name(model).to_string(),
        (None, Some(class)) => class.strip_prefix("Ifc").unwrap_or(class).to_string(),
        (None, None) => capitalised(node.role.as_str()),
    };
    let is_vague = word.is_empty() || word == "Other";
    Some(Identity { id: said.or(id), model, class: if is_vague { "Thing".to_string() } else { word } })
}

/// Returns the name of a node: its IFC name, or the node's name without the class.
pub(super) fn name_of(node: &Node) -> &str {
    let in_ifc = ifc_class(node).and_then(|_| text(node.extras.get("name")));
    in_ifc.or(Some(node.label()).filter(|label| !label.trim().is_empty())).unwrap_or("node")
}

/// Returns the IFC identifier of a node.
pub(super) fn guid(node: &Node) -> Option<&str> {
    GUIDS.iter().find_map(|key| text(node.extras.get(*key)))
}

/// Returns the IFC class of a node, from its extras or its name (`IfcSpace/A102 Living Room`).
pub(super) fn ifc_class(node: &Node) -> Option<&str> {
    let in_extras = text(node.extras.get("ifc_class"));
    let class = in_extras.or_else(|| node.name.split_once('/').map(|(class, _)| class));
    class.filter(|class| class.starts_with("Ifc"))
}

fn is_of_interest(class: &str) -> bool {
    PLACES.contains(&class) || DEVICES.iter().any(|start| class.starts_with(start))
}

/// Returns a text that is not blank.
fn text(value: Option<&Json>) -> Option<&str> {
    value.and_then(Json::as_str).filter(|text| !text.trim().is_empty())
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_types_give_a_class() {
        for (name, role, extras, wanted) in [
            ("IfcSpace/A1", Role::Room, json!({}), Some((None, "Space"))),
            ("x", Role::Group, json!({"ifc_class": "IfcSite"}), Some((None, "Site"))),
            ("x", Role::Other, json!({"ifc_class": "IfcSensor", "id": "s"}), Some((Some("s"), "Sensor"))),
            ("x", Role::Wall, json!({"ifc_class": "IfcWall", "ifc_guid": "g", "id": "w"}), None),
            ("x", Role::Wall, json!({"ifc_class": "IfcWall", "$dtId": "w"}), Some((Some("w"), "Wall"))),
            ("x", Role::Other, json!({"id": "a"}), Some((Some("a"), "Thing"))),
            ("x", Role::Other, json!({"id": 7}), None),
            ("x", Role::Duct, json!({"cupola": {"role": "duct", "id": "d"}}), Some((Some("d"), "Duct"))),
            ("x", Role::Room, json!({"$model": "dtmi:x:Lab;1", "$dtId": " "}), Some((None, "Lab"))),
            ("Floor 1", Role::Slab, json!({}), None),
        ] {
            let extras = extras.as_object().cloned().unwrap_or_default();
            let node = Node { name: name.to_string(), role, extras, ..Node::default() };
            let found = identify(&node);
            let found = found.as_ref().map(|found| (found.id, found.class.as_str()));
            assert_eq!(found, wanted, "{name} {:?}", node.extras);
        }
    }
}
