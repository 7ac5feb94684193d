//! Role of a node in a file from other software: from Cupola's extras, its IFC class, or the words of its
//! name.

use crate::mesh::{Part, Role};
use serde_json::{Map, Value};

/// Opacity below which an unnamed object counts as glass.
const GLASS_ALPHA: f32 = 0.9;

pub(super) fn infer(name: &str, extras: &Map<String, Value>, parts: &[Part], leaf: bool, parent: Option<Role>) -> Role {
    let ours = extras.get("cupola").and_then(|c| c.get("role"));
    if let Some(role) = ours.and_then(Value::as_str).and_then(Role::from_word) {
        return role;
    }
    let class =
        extras.get("ifc_class").and_then(Value::as_str).or_else(|| name.split_once('/').map(|(class, _)| class));
    if let Some(role) = class.and_then(of_class) {
        return role;
    }
    let holds = parts.is_empty() && !leaf;
    if let Some(role) = of_name(name, holds) {
        return role;
    }
    if holds {
        return Role::Group;
    }
    match parent {
        // Exporters divide one object into a child for each material.
        Some(role) if !matches!(role, Role::Group | Role::Storey | Role::Room | Role::Other) => role,
        _ if !parts.is_empty() && parts.iter().all(|p| p.color[3] < GLASS_ALPHA) => Role::Glass,
        _ => Role::Other,
    }
}

fn of_class(class: &str) -> Option<Role> {
    let rest = class.strip_prefix("Ifc")?;
    let starts: [(&str, Role); 33] = [
        ("Project", Role::Group),
        ("Site", Role::Group),
        ("BuildingStorey", Role::Storey),
        ("BuildingElementProxy", Role::Other),
        ("Building", Role::Group),
        ("SpaceHeater", Role::Equipment),
        ("Space", Role::Room),
        ("Wall", Role::Wall),
        ("CurtainWall", Role::Wall),
        ("Column", Role::Wall),
        ("Window", Role::Glass),
        ("Plate", Role::Glass),
        ("Door", Role::Door),
        ("Slab", Role::Slab),
        ("Footing", Role::Slab),
        ("Covering", Role::Ceiling),
        ("Roof", Role::Roof),
        ("Stair", Role::Stair),
        ("Ramp", Role::Stair),
        ("Railing", Role::Stair),
        ("Furnish", Role::Furniture),
        ("Furniture", Role::Furniture),
        ("SystemFurniture", Role::Furniture),
        ("SanitaryTerminal", Role::Furniture),
        ("DuctSegment", Role::Duct),
        ("DuctFitting", Role::Duct),
        ("PipeSegment", Role::Duct),
        ("PipeFitting", Role::Duct),
        ("FlowSegment", Role::Duct),
        ("FlowFitting", Role::Duct),
        ("Flow", Role::Equipment),
        ("Energy", Role::Equipment),
        ("UnitaryEquipment", Role::Equipment),
    ];
    let found = starts.iter().find(|(start, _)| rest.starts_with(start));
    Some(found.map_or(Role::Other, |&(_, role)| role))
}

/// Infers a role from whole words, so that a "doorbell" is not a door. `holds` is true for a node that has
/// only children.
fn of_name(name: &str, holds: bool) -> Option<Role> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    if holds && words.first().is_some_and(|w| ["level", "storey", "story", "floor"].contains(w)) {
        return Some(Role::Storey);
    }
    words.iter().find_map(|word| {
        Some(match *word {
            "wall" | "walls" => Role::Wall,
            "window" | "windows" | "glass" | "glazing" => Role::Glass,
            "door" | "doors" => Role::Door,
            "slab" | "slabs" | "floor" => Role::Slab,
            "ceiling" | "ceilings" => Role::Ceiling,
            "roof" => Role::Roof,
            "stair" | "stairs" => Role::Stair,
            "room" | "space" => Role::Room,
            "duct" | "ducts" | "pipe" | "pipes" => Role::Duct,
            "ahu" | "vav" | "fan" | "pump" | "boiler" | "chiller" | "equipment" => Role::Equipment,
            "chair" | "table" | "desk" | "sofa" | "bed" | "cabinet" | "furniture" => Role::Furniture,
            "ground" | "terrain" => Role::Ground,
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_from_extras_then_class_then_name() {
        let cases = [
            ("x", r#"{"cupola":{"role":"room"},"ifc_class":"IfcWall"}"#, Role::Room),
            ("x", r#"{"ifc_class":"IfcBuildingStorey"}"#, Role::Storey),
            ("x", r#"{"ifc_class":"IfcBuilding"}"#, Role::Group),
            ("x", r#"{"ifc_class":"IfcWallStandardCase"}"#, Role::Wall),
            ("x", r#"{"ifc_class":"IfcFlowTerminal"}"#, Role::Equipment),
            ("x", r#"{"ifc_class":"IfcBeam"}"#, Role::Other),
            ("IfcSpace/A1", "{}", Role::Room),
            ("IfcSpaceHeater/radiator", "{}", Role::Equipment),
            ("North wall 3", "{}", Role::Wall),
            ("Doorbell", "{}", Role::Other),
        ];
        for (name, extras, role) in cases {
            let extras: Map<String, Value> = serde_json::from_str(extras).expect("JSON");
            assert_eq!(infer(name, &extras, &[], true, None), role, "{name} {extras:?}");
        }
        assert_eq!(infer("Level 2", &Map::new(), &[], false, None), Role::Storey);
        assert_eq!(infer("Mesh.003", &Map::new(), &[], true, Some(Role::Wall)), Role::Wall);
    }
}
