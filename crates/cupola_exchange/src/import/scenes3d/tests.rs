use super::read;
use crate::import::{Count, Draft, DraftBuilding};
use cupola_scene::Properties;
use cupola_scene::document::{AlarmSeverity, TwinDoc};
use cupola_twin::Severity;

const CONFIGURATION: &str = r##"{
  "$schema": "https://github.com/microsoft/iot-cardboard-js/tree/main/schemas/3DScenesConfiguration/v1.0.0/3DScenesConfiguration.schema.json",
  "configuration": {
    "scenes": [
      {
        "id": "s1", "displayName": "Dairy", "behaviorIDs": ["b1", "b2", "b3", "b4"],
        "assets": [{"type": "3DAsset", "url": "https://example.com/files/My%20Dairy.glb?sv=1"}],
        "elements": [
          {"type": "TwinToObjectMapping", "id": "e1", "displayName": "Tank", "primaryTwinID": "tank1",
           "objectIDs": ["tank_primitive0", "tank_primitive1", "lid"], "twinAliases": {"pump": "pump1"}},
          {"type": "TwinToObjectMapping", "id": "e2", "displayName": "Pump", "linkedTwinID": "pump1", "meshIDs": ["pump", "lid"]},
          {"type": "TwinToObjectMapping", "id": "e3", "displayName": "Gone", "primaryTwinID": "tank9", "objectIDs": ["x"]},
          {"type": "CustomProperty", "id": "e4"}, 7
        ]
      },
      {"id": "s2", "displayName": "Globe", "elements": [{"type": "TwinToObjectMapping", "id": "e5"}], "behaviorIDs": ["b5"],
       "assets": [{"type": "3DAsset", "url": "Globe"}]}
    ],
    "behaviors": [
      {
        "id": "b1", "displayName": "Tank too warm",
        "datasources": [{"type": "ElementTwinToObjectMappingDataSource", "elementIDs": ["e1"]}],
        "visuals": [
          {"type": "ExpressionRangeVisual", "expressionType": "NumericRange", "valueExpression": "PrimaryTwin.Temperature",
           "valueRanges": [
             {"id": "r1", "values": ["-Infinity", 30], "visual": {"color": "#26C485"}},
             {"id": "r2", "values": [30, 40], "visual": {"color": "#FEE440", "iconName": "Warning"}},
             {"id": "r3", "values": [40, "Infinity"], "visual": {"color": "#C32F27", "iconName": "Frigid"}}
           ]},
          {"type": "ExpressionRangeVisual", "expressionType": "CategoricalValues", "valueExpression": "PrimaryTwin.Level < 5",
           "valueRanges": [{"id": "r4", "values": [true], "visual": {"color": "#C32F27", "labelExpression": "empty"}}]},
          {"type": "Popover", "title": "Tank", "widgets": [{"type": "Gauge"}, {"type": "Link"}]}
        ]
      },
      {
        "id": "b2", "displayName": "Flow",
        "datasources": [{"elementIDs": ["e1", "e2"]}],
        "visuals": [
          {"type": "StatusColoring", "statusValueExpression": "LinkedTwin.OutFlow", "valueRanges": [{"color": "#FFFFFF", "min": 0, "max": 9}]},
          {"type": "Alert", "triggerExpression": "LinkedTwin.OutFlow > 120", "iconName": "Squalls", "color": "#a209de"}
        ]
      },
      {"id": "b3", "displayName": "Alias", "datasources": [{"elementIDs": ["e1"]}],
       "visuals": [{"type": "ExpressionRangeVisual", "expressionType": "NumericRange", "valueExpression": "pump.OutFlow", "valueRanges": []}]},
      {"id": "b4", "displayName": "Nobody", "datasources": [],
       "visuals": [{"type": "Alert", "triggerExpression": "PrimaryTwin.OutFlow > 120"}]},
      {"id": "b5", "displayName": "Elsewhere", "datasources": [], "visuals": []}
    ],
    "layers": [{"id": "l1", "displayName": "All", "behaviorIDs": ["b1"]}]
  }
}"##;

fn draft(twins: &[(&str, &str)]) -> Draft {
    let twin = |(id, model): &(&str, &str)| TwinDoc {
        id: (*id).to_string(),
        model: format!("dtmi:example:{model};1").into(),
        properties: Properties::default(),
    };
    Draft { twins: twins.iter().map(twin).collect(), ..Draft::default() }
}

fn imported() -> Draft {
    let mut draft = draft(&[("tank1", "Tank"), ("tank2", "Tank"), ("pump1", "Pump")]);
    assert_eq!(read("3DScenesConfiguration.json", CONFIGURATION, &mut draft), Ok(()));
    draft
}

fn codes(draft: &Draft) -> Vec<&str> {
    draft.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn objects_are_bound_to_twins() {
    let draft = imported();
    let bindings: Vec<(&str, &str)> =
        draft.bindings.iter().map(|(node, twin)| (node.as_str(), twin.as_str())).collect();
    assert_eq!(bindings, [("lid", "tank1"), ("pump", "pump1"), ("tank", "tank1")]);
    assert_eq!(draft.counts["elements"], Count { understood: 2, left_out: 4 });
    let twice = draft.findings.iter().find(|found| found.code == "scenes3d-bound-twice").unwrap();
    assert_eq!(twice.place.as_ref().map(|place| place.line), Some(11));
    let unknown = draft.findings.iter().find(|found| found.code == "scenes3d-unknown-twin").unwrap();
    assert!(unknown.help.as_ref().is_some_and(|help| help.contains("tank")), "{unknown}");
}

#[test]
fn a_property_colours_and_badges_are_alarms() {
    let draft = imported();
    assert_eq!(draft.color_by.as_deref(), Some("Temperature"));
    let alarms: Vec<(&str, &str, &str, AlarmSeverity)> = draft
        .alarms
        .iter()
        .map(|alarm| (alarm.id.as_str(), alarm.model.as_ref(), alarm.when.as_str(), alarm.severity))
        .collect();
    let (tank, pump) = ("dtmi:example:Tank;1", "dtmi:example:Pump;1");
    assert_eq!(
        alarms,
        [
            ("b1-r2", tank, "Temperature >= 30 AND Temperature < 40", AlarmSeverity::Warning),
            ("b1-r3", tank, "Temperature >= 40", AlarmSeverity::Critical),
            ("b1-r4", tank, "Level < 5", AlarmSeverity::Critical),
            ("b2-1-Pump", pump, "OutFlow > 120", AlarmSeverity::Warning),
            ("b2-1-Tank", tank, "OutFlow > 120", AlarmSeverity::Warning),
        ]
    );
    let messages: Vec<&str> = draft.alarms.iter().map(|alarm| alarm.message.as_str()).collect();
    assert_eq!(messages, ["Tank too warm", "Tank too warm", "empty", "Flow", "Flow"]);
    assert_eq!(draft.color_range, Some((30.0, 40.0)));
}

#[test]
fn expressions_without_an_equivalent_are_reported() {
    let draft = imported();
    let codes = codes(&draft);
    for code in [
        "scenes3d-alias",
        "scenes3d-asset",
        "scenes3d-behaviour",
        "scenes3d-element",
        "scenes3d-expression",
        "scenes3d-layer",
        "scenes3d-mesh-part",
        "scenes3d-no-model",
        "scenes3d-other-scene",
        "scenes3d-popover",
        "scenes3d-second-colour",
        "scenes3d-unused-behaviour",
        "scenes3d-wider-alarm",
    ] {
        assert!(codes.contains(&code), "{code} is not in {codes:?}");
    }
    assert_eq!(draft.counts["visuals"], Count { understood: 3, left_out: 4 });
    assert_eq!(draft.counts["behaviours"], Count { understood: 2, left_out: 3 });
    assert_eq!(draft.counts["layers"], Count { understood: 0, left_out: 1 });
    let asset = draft.findings.iter().find(|found| found.code == "scenes3d-asset").unwrap();
    assert_eq!(asset.message, "the scene shows My Dairy.glb, which is not in the import");
}

#[test]
fn without_twins_objects_are_bound_and_alarms_are_left_out() {
    let mut draft = draft(&[]);
    let path = "somewhere/My Dairy.glb".into();
    draft.building = Some(DraftBuilding { path, parts: Default::default(), nodes: Default::default() });
    assert_eq!(read("3DScenesConfiguration.json", CONFIGURATION, &mut draft), Ok(()));
    assert_eq!(draft.bindings.get("x").map(String::as_str), Some("tank9"));
    assert!(draft.alarms.is_empty() && codes(&draft).contains(&"scenes3d-no-model"));
    assert_eq!(draft.color_by.as_deref(), Some("Temperature"));
    assert!(draft.findings.iter().any(|found| found.message.ends_with("which is in the import")));
}

#[test]
fn a_node_that_is_called_like_a_part_is_itself() {
    let mut draft = draft(&[("tank1", "Tank"), ("pump1", "Pump")]);
    let nodes = ["tank_primitive0", "lid", "pump"].map(str::to_string).into();
    draft.building = Some(DraftBuilding { path: "b.glb".into(), parts: Default::default(), nodes });
    assert_eq!(read("3DScenesConfiguration.json", CONFIGURATION, &mut draft), Ok(()));
    assert_eq!(draft.bindings.get("tank_primitive0").map(String::as_str), Some("tank1"));
    // No node has the whole name, so the name is that of a part.
    assert_eq!(draft.bindings.get("tank").map(String::as_str), Some("tank1"));
}

#[test]
fn a_mistake_is_placed() {
    let found = read("c.json", "{\n  \"configuration\": oops\n}", &mut Draft::default()).unwrap_err();
    assert_eq!((found.code, found.severity), ("json-syntax", Severity::Error));
    assert_eq!(found.place.map(|place| (place.line, place.column)), Some((2, 20)));
}

#[test]
fn other_shapes_are_no_panic() {
    for text in [
        "[]",
        "null",
        "{\"configuration\": 1}",
        "{\"configuration\": {}}",
        "{\"configuration\": {\"scenes\": 1, \"behaviors\": {}, \"layers\": [1, null]}}",
        "{\"configuration\": {\"scenes\": [1, {\"elements\": [[], {\"objectIDs\": {}, \"primaryTwinID\": 1}], \"assets\": [1]}]}}",
        "{\"configuration\": {\"scenes\": [{\"behaviorIDs\": [\"b\"]}], \"behaviors\": [{\"id\": \"b\", \"visuals\": [1, {\"type\":
          \"ExpressionRangeVisual\", \"valueExpression\": \"PrimaryTwin.a\", \"valueRanges\": [1, {\"values\": [], \"visual\":
          {\"iconName\": \"x\"}}]}], \"datasources\": [1]}]}}",
    ] {
        let mut draft = Draft::default();
        let result = read("c.json", text, &mut draft);
        assert!(result.is_err() || !draft.findings.is_empty(), "{text}");
    }
}
