use super::Files;
use crate::import::{Count, Draft, ModelDoc};
use cupola_twin::{Models, Severity, Value};

const PREFIXES: &str = "@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix frame: <https://brickschema.org/schema/1.0.2/BrickFrame#> .
@prefix rec: <https://w3id.org/rec#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix ex: <http://example.com/house#> .
";

fn draft(statements: &str) -> Draft {
    let mut draft = Draft::default();
    let mut files = Files::default();
    if let Err(found) = files.add("house.ttl", format!("{PREFIXES}{statements}")) {
        draft.findings.push(found);
    }
    files.read(&mut draft);
    draft
}

fn links(draft: &Draft) -> Vec<String> {
    draft.relationships.iter().map(|link| format!("{} {} {}", link.from, link.name, link.to)).collect()
}

fn codes(draft: &Draft) -> Vec<&str> {
    draft.findings.iter().map(|finding| finding.code).collect()
}

fn models(draft: &Draft) -> Models {
    let [ModelDoc { name, text, .. }] = draft.models.as_slice() else { panic!("{} documents", draft.models.len()) };
    assert_eq!(name, "brick.json");
    let (models, found) = Models::read([("brick.json".into(), text.as_str())]);
    assert!(found.is_empty(), "{found:?}");
    models
}

fn is_a(draft: &Draft, model: &str, ancestor: &str) -> bool {
    let models = models(draft);
    models.is_a(models.find(model).unwrap(), models.find(ancestor).unwrap())
}

fn property<'d>(draft: &'d Draft, twin: &str, name: &str) -> Option<&'d Value> {
    draft.twins.iter().find(|known| known.id == twin)?.properties.get(name)
}

/// Returns the unit that the model of a twin gives a property.
fn unit(draft: &Draft, twin: &str, name: &str) -> Option<&'static str> {
    let models = models(draft);
    let model = &draft.twins.iter().find(|known| known.id == twin)?.model;
    models.get(models.find(model)?).property(name)?.unit.map(|unit| unit.name)
}

#[test]
fn relationships_are_kept_one_way_and_once() {
    let draft = draft(
        "ex:house a brick:Building . ex:unit a brick:AHU ; brick:isPartOf ex:house ; brick:feeds ex:box .
         ex:box a brick:VAV ; brick:isFedBy ex:unit ; frame:isFedBy ex:unit ; brick:hasPoint ex:t .
         ex:t a brick:Air_Temperature_Sensor ; brick:isPointOf ex:box ; brick:hasLocation ex:house .",
    );
    assert_eq!(
        links(&draft),
        ["house hasPart unit", "unit feeds box", "box hasPoint t", "house isLocationOf t"],
        "{:?}",
        draft.findings
    );
    assert!(draft.findings.is_empty(), "{:?}", draft.findings);
    assert_eq!(draft.counts["relationships"], Count { understood: 4, left_out: 0 });
    assert_eq!(draft.counts["twins"], Count { understood: 4, left_out: 0 });
    assert_eq!(&*draft.twins[0].model, "dtmi:brickschema:Brick:Building;1");
    let models = models(&draft);
    let unit = models.get(models.find("dtmi:brickschema:Brick:AHU;1").unwrap());
    assert!(unit.relationship("hasPart").is_some() && unit.relationship("isPartOf").is_none());
}

#[test]
fn things_of_several_types_have_one_model() {
    let draft = draft(
        "ex:t a brick:Temperature, brick:Chilled_Return_Water, owl:NamedIndividual . ex:u a brick:AHU ; brick:hasPoint ex:t .
         brick:Chiller rdfs:subClassOf brick:HVAC_Equipment . ex:c a brick:Chiller, brick:HVAC_Equipment, brick:Entity .",
    );
    let both = "dtmi:brickschema:Brick:Chilled_Return_Water_and_Temperature;1";
    assert_eq!(&*draft.twins[0].model, both);
    assert!(is_a(&draft, both, "dtmi:brickschema:Brick:Temperature;1"));
    assert!(is_a(&draft, both, "dtmi:brickschema:Brick:Chilled_Return_Water;1"));
    let models = models(&draft);
    assert!(models.get(models.find(both).unwrap()).property("value").is_some(), "a point has a value");
    assert_eq!(&*draft.twins[2].model, "dtmi:brickschema:Brick:Chiller;1", "it is HVAC equipment already");
}

#[test]
fn the_tree_of_classes_is_followed_and_may_go_round() {
    let draft = draft(
        "brick:Zone_Sensor rdfs:subClassOf brick:Sensor . brick:Sensor rdfs:subClassOf brick:Point . brick:Point rdfs:subClassOf
         brick:Entity . brick:Odd rdfs:subClassOf brick:Point . brick:A rdfs:subClassOf brick:B . brick:B rdfs:subClassOf brick:A .
         ex:z a brick:Zone_Sensor . ex:o a brick:Odd . ex:a a brick:A . ex:s a brick:Fan_Status .",
    );
    assert!(is_a(&draft, "dtmi:brickschema:Brick:Zone_Sensor;1", "dtmi:brickschema:Brick:Point;1"));
    assert!(is_a(&draft, "dtmi:brickschema:Brick:A;1", "dtmi:brickschema:Brick:Entity;1"));
    assert_eq!(codes(&draft), ["brick-class-tree"]);
    let models = models(&draft);
    for (class, kind) in [("Zone_Sensor", "number"), ("Odd", "number"), ("Fan_Status", "boolean")] {
        let model = models.get(models.resolve(class).unwrap());
        let value = model.property("value").unwrap();
        assert_eq!((value.kind.word(), value.writable), (kind, true), "{class}");
    }
    assert!(models.get(models.resolve("Point").unwrap()).property("value").is_none());
}

#[test]
fn a_tree_of_classes_that_is_too_deep_is_cut() {
    let tree: String = (0..15).map(|at| format!("brick:C{at} rdfs:subClassOf brick:C{} .\n", at + 1)).collect();
    let draft = draft(&format!("{tree}ex:a a brick:C0, brick:Other ."));
    assert_eq!(codes(&draft), ["brick-class-tree", "brick-unknown-class"]);
    models(&draft);
}

#[test]
fn classes_come_with_their_superclasses_and_unknown_ones_are_said() {
    let draft = draft(
        "ex:z a brick:Zone_Air_Temperature_Sensor . ex:r a rec:Office . ex:v a brick:Variable_Air_Volume_Box .
         ex:x a brick:Zone_Air_Temprature_Sensor . ex:u a brick:Unicorn . ex:mine rdfs:subClassOf brick:CO2_Sensor .
         ex:c a ex:mine .",
    );
    for (model, above) in [
        ("Zone_Air_Temperature_Sensor", "Temperature_Sensor"),
        ("Zone_Air_Temperature_Sensor", "Sensor"),
        ("Zone_Air_Temperature_Sensor", "Point"),
        ("Variable_Air_Volume_Box", "Terminal_Unit"),
        ("Variable_Air_Volume_Box", "HVAC_Equipment"),
        ("Variable_Air_Volume_Box", "Equipment"),
    ] {
        let (model, above) = (format!("dtmi:brickschema:Brick:{model};1"), format!("dtmi:brickschema:Brick:{above};1"));
        assert!(is_a(&draft, &model, &above), "{model} {above}");
    }
    assert!(is_a(&draft, "dtmi:w3id:rec:Office;1", "dtmi:w3id:rec:Room;1"));
    assert!(is_a(&draft, "dtmi:imported:class:mine;1", "dtmi:brickschema:Brick:Sensor;1"));
    let unknown: Vec<_> = draft.findings.iter().filter(|found| found.code == "brick-unknown-class").collect();
    assert_eq!(unknown.len(), 2, "{:?}", draft.findings);
    assert_eq!(unknown[0].help.as_deref(), Some("did you mean `Zone_Air_Temperature_Sensor`?"));
    assert!(unknown[1].message.contains("Unicorn") && unknown[1].place.as_ref().is_some_and(|place| place.line > 1));
}

#[test]
fn literals_become_properties() {
    let draft = draft(
        "ex:r a brick:Room ; rdfs:label \"Room 1\"@en ; ex:floor 2 ; ex:open true ; ex:note \"x\", \"y\" ;
             brick:area [ brick:value 12.5 ; brick:hasUnit unit:M2 ] ; brick:volume [ brick:value 90 ; brick:hasUnit unit:FT3 ] .
         ex:q a brick:Room ; ex:floor \"ground\" . ex:t a brick:CO2_Sensor ; brick:value 700 ; brick:hasUnit unit:PPM .
         ex:f a brick:Fan_Status ; brick:value 3 . ex:g a brick:Fan_Status ; brick:value true .
         ex:c a brick:Mode_Command ; brick:value true . ex:s a brick:Step_Status ; brick:value 4 .
         ex:r brick:area [ a rec:ArchitectureArea ; rec:grossArea 14 ] ; ex:serial 9007199254740993 .",
    );
    assert_eq!(property(&draft, "r", "label"), Some(&Value::Text("Room 1".into())));
    assert_eq!(property(&draft, "r", "iri"), Some(&Value::Text("http://example.com/house#r".into())));
    assert_eq!(property(&draft, "r", "floor"), Some(&Value::Text("2".into())), "another floor is a text");
    assert_eq!(property(&draft, "r", "open"), Some(&Value::Bool(true)));
    assert_eq!(property(&draft, "r", "note"), Some(&Value::Text("x".into())));
    assert_eq!(property(&draft, "r", "area"), Some(&Value::Number(12.5)));
    assert_eq!(property(&draft, "r", "volume"), Some(&Value::Number(90.0)));
    assert_eq!(property(&draft, "t", "value"), Some(&Value::Number(700.0)));
    assert_eq!(unit(&draft, "t", "value"), Some("partsPerMillion"));
    assert_eq!((unit(&draft, "r", "area"), unit(&draft, "r", "volume")), (Some("squareMetre"), Some("cubicFoot")));
    // If the points of a class have values of several kinds, the name of the class determines the kind.
    assert_eq!((property(&draft, "f", "value"), property(&draft, "g", "value")), (None, Some(&Value::Bool(true))));
    assert_eq!(property(&draft, "c", "value"), Some(&Value::Bool(true)));
    assert_eq!(property(&draft, "s", "value"), Some(&Value::Number(4.0)));
    assert_eq!(property(&draft, "r", "area_grossArea"), Some(&Value::Number(14.0)));
    assert_eq!(property(&draft, "r", "serial"), Some(&Value::Text("9007199254740993".into())), "no double is that");
    assert_eq!(codes(&draft), ["brick-unknown-class", "brick-unfit-value", "brick-second-value"]);
    assert_eq!(draft.counts["statements"].left_out, 2);
    models(&draft);
}

#[test]
fn points_have_the_unit_that_most_of_their_class_have() {
    let draft = draft(
        "ex:a a brick:Zone_Air_Temperature_Sensor ; brick:value 68 ; brick:hasUnit unit:DEG_F .
         ex:b a brick:Zone_Air_Temperature_Sensor ; brick:value 50 ; brick:hasUnit \"°F\" .
         ex:c a brick:Zone_Air_Temperature_Sensor ; brick:value 20 ; brick:hasUnit unit:DEG_C .
         ex:d a brick:Zone_Air_Temperature_Sensor ; brick:value 71 .
         ex:p a brick:Static_Pressure_Sensor ; brick:hasUnit unit:IN_H2O .
         ex:g a brick:Fuel_Oil_Sensor ; brick:value 4 ; brick:hasUnit unit:GRAIN .",
    );
    for (twin, value) in [("a", 68.0), ("b", 50.0), ("c", 68.0), ("d", 71.0)] {
        assert_eq!(property(&draft, twin, "value"), Some(&Value::Number(value)), "{twin}");
        assert_eq!((unit(&draft, twin, "value"), property(&draft, twin, "hasUnit")), (Some("degreeFahrenheit"), None));
    }
    assert_eq!(unit(&draft, "p", "value"), Some("inchesOfWater"));
    assert_eq!((unit(&draft, "g", "value"), property(&draft, "g", "value")), (None, Some(&Value::Number(4.0))));
    assert_eq!(property(&draft, "g", "hasUnit"), Some(&Value::Text("GRAIN".into())));
    assert_eq!(codes(&draft), ["brick-unknown-class", "brick-unknown-unit", "brick-no-unit"]);
    let said = &draft.findings[2].message;
    assert!(
        said.contains("points of `Zone_Air_Temperature_Sensor` without") && said.contains("degreeFahrenheit"),
        "{said}"
    );
}

#[test]
fn a_general_class_with_points_of_several_units_has_variants() {
    let draft = draft(
        "ex:s a brick:Sensor ; brick:value 7 ; brick:hasUnit unit:PPM . ex:u a brick:Sensor ; brick:value 3 .
         ex:v a brick:Sensor ; brick:value 5 ; brick:hasUnit unit:V .
         ex:t a brick:Temperature_Sensor ; brick:value 20 ; brick:hasUnit unit:DEG_C .
         ex:z a brick:Zone_Air_Temperature_Sensor ; brick:value 68 ; brick:hasUnit unit:DEG_F .
         ex:y a brick:Zone_Air_Temperature_Sensor ; brick:value 68 ; brick:hasUnit unit:DEG_F .
         ex:x a brick:CO2_Sensor ; brick:value 400 ; brick:hasUnit unit:PPM .",
    );
    for (twin, value, wanted) in [
        ("s", 7.0, Some("partsPerMillion")),
        ("u", 3.0, None),
        ("v", 5.0, Some("volt")),
        ("t", 68.0, Some("degreeFahrenheit")),
        ("z", 68.0, Some("degreeFahrenheit")),
        ("x", 400.0, Some("partsPerMillion")),
    ] {
        assert_eq!(property(&draft, twin, "value"), Some(&Value::Number(value)), "{twin}");
        assert_eq!(unit(&draft, twin, "value"), wanted, "{twin}");
        let model = draft.twins.iter().find(|known| known.id == twin).unwrap().model.as_ref();
        assert!(is_a(&draft, model, "dtmi:brickschema:Brick:Sensor;1"), "{model}");
    }
}

#[test]
fn differences_of_temperatures_are_converted_without_their_zero() {
    let draft = draft(
        "ex:a a brick:Temperature_Deadband_Setpoint ; brick:value 1.8 ; brick:hasUnit unit:DEG_F .
         ex:b a brick:Temperature_Deadband_Setpoint ; brick:value 2 ; brick:hasUnit unit:DEG_C .
         ex:c a brick:Temperature_Setpoint ; brick:value 21 ; brick:hasUnit unit:DEG_C .
         ex:d a brick:Differential_Supply_Return_Water_Temperature_Sensor ; brick:value 6 ; brick:hasUnit unit:K .
         ex:Band rdfs:subClassOf brick:Temperature_Deadband_Setpoint .
         ex:e a ex:Band ; brick:value 3.6 ; brick:hasUnit unit:DEG_F .",
    );
    for (twin, value, wanted) in [
        ("a", 1.0, "kelvin"),
        ("b", 2.0, "kelvin"),
        ("c", 21.0, "degreeCelsius"),
        ("d", 6.0, "kelvin"),
        ("e", 2.0, "kelvin"),
    ] {
        assert_eq!(property(&draft, twin, "value"), Some(&Value::Number(value)), "{twin}");
        assert_eq!(unit(&draft, twin, "value"), Some(wanted), "{twin}");
    }
}

#[test]
fn the_last_known_value_of_a_point_is_its_value_in_its_unit() {
    let draft = draft(
        "ex:a a brick:Zone_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C ; brick:lastKnownValue [ brick:value 21.5 ] .
         ex:b a brick:Zone_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_F ; brick:lastKnownValue [ brick:value 68.0 ] .
         ex:c a brick:Zone_Air_Temperature_Sensor ; brick:value [ brick:value 50.0 ; brick:hasUnit unit:DEG_F ] .
         ex:d a brick:Zone_Air_Temperature_Sensor ; brick:hasUnit unit:DEG_C ; brick:lastKnownValue 20 .",
    );
    for (twin, value) in [("a", 21.5), ("b", 20.0), ("c", 10.0), ("d", 20.0)] {
        assert_eq!(property(&draft, twin, "value"), Some(&Value::Number(value)), "{twin}");
        assert_eq!(unit(&draft, twin, "value"), Some("degreeCelsius"), "{twin}");
    }
    assert!(draft.findings.is_empty(), "{:?}", draft.findings);
}

#[test]
fn a_number_in_an_unknown_unit_has_no_unit() {
    let draft = draft(
        "ex:a a brick:Water_Flow_Sensor ; brick:value 3 ; brick:hasUnit unit:M3-PER-HR .
         ex:b a brick:Water_Flow_Sensor ; brick:value 10 ; brick:hasUnit unit:GAL_UK-PER-MIN .",
    );
    assert_eq!(unit(&draft, "a", "value"), Some("cubicMetrePerHour"));
    assert_eq!((property(&draft, "b", "value"), unit(&draft, "b", "value")), (Some(&Value::Number(10.0)), None));
    assert_eq!(property(&draft, "b", "hasUnit"), Some(&Value::Text("GAL_UK-PER-MIN".into())));
    assert_eq!(codes(&draft), ["brick-unknown-unit"]);
}

#[test]
fn a_subclass_without_units_gets_none_from_its_class() {
    let draft = draft(
        "ex:t a brick:Temperature_Sensor ; brick:value 20 ; brick:hasUnit unit:DEG_C .
         ex:x a brick:CO2_Sensor ; brick:value 400 ; brick:hasUnit unit:PPM .
         ex:both a brick:CO2_Sensor, brick:Temperature_Sensor ; brick:value 3 .",
    );
    for (twin, value, wanted) in
        [("t", 20.0, Some("degreeCelsius")), ("x", 400.0, Some("partsPerMillion")), ("both", 3.0, None)]
    {
        assert_eq!(
            (property(&draft, twin, "value"), unit(&draft, twin, "value")),
            (Some(&Value::Number(value)), wanted)
        );
    }
    assert!(draft.findings.is_empty(), "{:?}", draft.findings);
}

#[test]
fn values_of_a_property_are_converted_to_its_usual_unit() {
    let area = |name: &str, value: &str| format!("ex:{name} a brick:Room ; brick:area [ {value} ] .\n");
    let text = [
        area("a", "brick:value 1000 ; brick:hasUnit unit:FT2"),
        area("b", "brick:value 500 ; brick:hasUnit unit:FT2"),
        area("c", "brick:value 9.290304 ; brick:hasUnit unit:M2"),
        area("d", "brick:value 30"),
        area("e", "brick:value 3 ; brick:hasUnit unit:M"),
        area("f", "brick:value 2 ; brick:hasUnit unit:TSUBO"),
    ];
    let draft = draft(&text.concat());
    for (twin, value) in [("a", 1000.0), ("b", 500.0), ("c", 100.0), ("d", 30.0)] {
        assert_eq!(property(&draft, twin, "area"), Some(&Value::Number(value)), "{twin}");
    }
    assert_eq!(unit(&draft, "c", "area"), Some("squareFoot"));
    assert_eq!(property(&draft, "e", "area_metre"), Some(&Value::Number(3.0)));
    assert_eq!((unit(&draft, "e", "area_metre"), property(&draft, "e", "area")), (Some("metre"), None));
    assert_eq!(property(&draft, "f", "area_TSUBO"), Some(&Value::Number(2.0)));
    assert_eq!(codes(&draft), ["brick-no-unit"]);
}

#[test]
fn a_text_beside_numbers_with_units_leaves_them_their_units() {
    let draft = draft(
        "ex:a a brick:Room ; brick:area [ brick:value 120 ; brick:hasUnit unit:FT2 ] .
         ex:b a brick:Room ; brick:area \"unknown\" .",
    );
    assert_eq!(property(&draft, "b", "area"), Some(&Value::Text("unknown".into())));
    assert_eq!(property(&draft, "a", "area_squareFoot"), Some(&Value::Number(120.0)));
    assert_eq!(unit(&draft, "a", "area_squareFoot"), Some("squareFoot"));
}

#[test]
fn nodes_without_a_type_are_skipped_and_reported_with_their_place() {
    let draft = draft(
        "ex:unit a brick:AHU ; brick:feeds ex:box, ex:hall .\nex:hall brick:feeds ex:unit .\nex:unit ex:likes ex:unit .",
    );
    assert_eq!(codes(&draft), ["brick-untyped-object", "brick-untyped-object", "brick-foreign-word"]);
    assert!(draft.findings[0].message.contains("house#box"), "{}", draft.findings[0]);
    let place = draft.findings[0].place.as_ref().unwrap();
    assert_eq!((&*place.file, place.line, place.column), ("house.ttl", 8, 38));
    assert_eq!(draft.counts["relationships"], Count { understood: 0, left_out: 3 });
    assert_eq!(draft.counts["statements"].left_out, 1);
    assert_eq!(draft.twins.len(), 1);
}

#[test]
fn many_findings_of_one_kind_are_counted() {
    let objects: Vec<String> = (0..250).map(|at| format!("ex:x{at}")).collect();
    let draft = draft(&format!("ex:unit a brick:AHU ; brick:feeds {} .", objects.join(", ")));
    assert_eq!(draft.findings.len(), 101);
    assert_eq!(draft.findings[100].message, "… and 150 more");
    assert_eq!(draft.counts["relationships"].left_out, 250);
}

#[test]
fn a_mistake_is_placed_and_nothing_is_read() {
    let draft = draft("ex:unit a brick:AHU .\nex:box a nowhere:VAV .");
    assert!(draft.twins.is_empty() && draft.models.is_empty() && draft.counts.is_empty());
    assert_eq!((draft.findings.len(), draft.findings[0].severity), (1, Severity::Error));
    assert_eq!(draft.findings[0].place.as_ref().map(|place| place.line), Some(9));
}

#[test]
fn real_estate_core_has_its_own_models() {
    let draft = draft(
        "ex:h a rec:Building ; rec:includes ex:r . ex:r a rec:Room ; rec:isPartOf ex:h .
         ex:c a <https://w3id.org/rec/core/Camera> ; rec:locatedIn ex:r .",
    );
    assert_eq!(links(&draft), ["h includes r", "h hasPart r", "r isLocationOf c"]);
    let ids: Vec<&str> = draft.twins.iter().map(|twin| twin.model.as_ref()).collect();
    assert_eq!(ids, ["dtmi:w3id:rec:Building;1", "dtmi:w3id:rec:Room;1", "dtmi:w3id:rec:Camera;1"]);
    assert!(is_a(&draft, ids[1], "dtmi:brickschema:Brick:Entity;1"));
}

#[test]
fn statements_of_an_ontology_become_no_twins() {
    let draft = draft(
        "<> a owl:Ontology ; owl:imports <https://brickschema.org/schema/1.3/Brick> .
         brick:AHU a owl:Class ; rdfs:label \"AHU\" ; rdfs:subClassOf [ a owl:Restriction ; owl:onProperty brick:feeds ] .
         brick:Temperature a brick:Quantity . ex:unit a brick:AHU .",
    );
    assert_eq!(draft.twins.len(), 1);
    assert!(draft.findings.is_empty(), "{:?}", draft.findings);
    assert_eq!(draft.counts["statements"].left_out, 0);
}

#[test]
fn twins_of_one_name_are_told_apart() {
    let draft = draft(
        "<http://a.example/Room%201> a brick:Room . <http://b.example/Room%201> a brick:Room . [] a brick:Room .",
    );
    let ids: Vec<&str> = draft.twins.iter().map(|twin| twin.id.as_str()).collect();
    assert_eq!(ids, ["Room 1", "Room 1_2"]);
    assert_eq!(codes(&draft), ["brick-same-name", "brick-nameless-thing", "brick-nameless-node"]);
    assert_eq!(draft.counts["twins"], Count { understood: 2, left_out: 1 });
}

#[test]
fn a_file_without_brick_says_so() {
    let draft = draft("ex:a ex:b ex:c .");
    assert_eq!(codes(&draft), ["brick-no-twins", "brick-other-thing"]);
    assert!(draft.models.is_empty());
}

#[test]
fn classes_of_the_file_are_kinds_of_the_ontologys() {
    let draft = draft(
        "ex:Fan_Unit rdfs:subClassOf ex:Unit ; a owl:Class . ex:Unit rdfs:subClassOf brick:AHU . ex:Thing rdfs:subClassOf ex:None .
         ex:u a ex:Fan_Unit ; brick:feeds ex:r . ex:r a brick:Room . ex:x a ex:Thing .",
    );
    assert_eq!(links(&draft), ["u feeds r"]);
    let ids: Vec<&str> = draft.twins.iter().map(|twin| twin.model.as_ref()).collect();
    assert_eq!(ids, ["dtmi:imported:class:Fan_Unit;1", "dtmi:brickschema:Brick:Room;1"]);
    assert!(is_a(&draft, ids[0], "dtmi:brickschema:Brick:AHU;1"));
    assert!(!codes(&draft).contains(&"brick-foreign-word") && draft.twins.len() == 2);
}

#[test]
fn files_are_about_one_another() {
    let mut files = Files::default();
    let texts =
        ["ex:u a brick:AHU ; brick:feeds ex:r .", "ex:bad a", "ex:r a ex:Den . ex:Den rdfs:subClassOf brick:Room ."];
    let added: Vec<bool> = texts.map(|text| files.add("part.ttl", format!("{PREFIXES}{text}")).is_ok()).into();
    assert_eq!(added, [true, false, true]);
    let mut draft = Draft::default();
    files.read(&mut draft);
    assert_eq!(links(&draft), ["u feeds r"]);
    assert_eq!((draft.twins.len(), draft.models.len()), (2, 1));
    assert!(draft.findings.is_empty(), "{:?}", draft.findings);
}
