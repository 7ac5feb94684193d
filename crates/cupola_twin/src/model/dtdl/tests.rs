//! Tests of the reader and of the validity of documents in each version of DTDL.

use super::*;
use crate::value::Kind;

fn check(documents: &[&str]) -> (Models, Vec<&'static str>) {
    let named = documents.iter().enumerate().map(|(ix, text)| (Arc::from(format!("{ix}.json")), *text));
    let (models, diagnostics) = read(named);
    (models, diagnostics.iter().map(|d| d.code).collect())
}

/// Builds an interface around `contents`, with additional members and contexts.
fn interface(version: u8, contexts: &str, members: &str, contents: &str) -> String {
    format!(
        r#"{{"@context": ["dtmi:dtdl:context;{version}"{contexts}], "@id": "dtmi:t:A;1", "@type": "Interface"{members}, "contents": [{contents}]}}"#
    )
}

/// Asserts that each document of a table is valid in exactly the listed versions.
fn verdicts(table: &[(&str, &str)], document: impl Fn(u8, &str) -> String) {
    for (valid_in, part) in table {
        let valid: String = [2, 3, 4]
            .into_iter()
            .filter(|version| {
                let text = document(*version, part);
                let (_, diagnostics) = read([("t.json".into(), text.as_str())]);
                !crate::diagnostic::has_errors(&diagnostics)
            })
            .map(|version| version.to_string())
            .collect();
        let shown: Vec<String> = [2, 3, 4]
            .iter()
            .flat_map(|v| read([("t.json".into(), document(*v, part).as_str())]).1)
            .map(|d| d.to_string())
            .collect();
        assert_eq!(valid, *valid_in, "{part}\n{}", shown.join("\n"));
    }
}

const SPACE: &str = r#"{"@context": "dtmi:dtdl:context;2", "@id": "dtmi:t:Space;1", "@type": "Interface", "contents": [
    {"@type": ["Property", "Temperature"], "name": "airTemperature", "schema": "double", "unit": "degreeCelsius"},
    {"@type": "Relationship", "name": "contains"}]}"#;

#[test]
fn inherits_and_brings_components() {
    let room = r#"[{"@context": ["dtmi:dtdl:context;3"], "@id": "dtmi:t:Room;1", "@type": "Interface", "extends": "dtmi:t:Space;1",
        "displayName": {"en": "A room"}, "contents": [{"@type": "Component", "name": "thermostat", "schema":
        {"@type": "Interface", "@id": "dtmi:t:Thermostat;1", "contents": [{"@type": "Telemetry", "name": "target", "schema": "float"}]}}]}]"#;
    let (models, codes) = check(&[room, SPACE]);
    assert_eq!(codes, [""; 0]);
    let room = models.get(models.resolve("Room").unwrap());
    let names: Vec<_> = room.properties.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["airTemperature", "thermostat.target"]);
    assert_eq!(room.display_name, "A room");
    assert_eq!(room.properties[0].display_name, "Air temperature");
    assert_eq!(room.properties[0].unit.unwrap().symbol, "°C");
    assert!(room.relationship("contains").is_some());
    let space = models.find("dtmi:t:Space;1").unwrap();
    assert!(models.is_a(models.find("dtmi:t:Room;1").unwrap(), space));
}

#[test]
fn lays_out_objects_and_commands() {
    let text = interface(
        4,
        r#", "dtmi:dtdl:extension:requirement;2""#,
        "",
        r#"{"@type": ["Property", "Required"], "name": "address", "schema": {"@type": "Object", "fields": [
            {"name": "city", "schema": "string"}, {"@type": ["Field", "Required"], "name": "zip", "schema": "unsignedShort"},
            {"name": "lines", "schema": {"@type": "Array", "elementSchema": "string"}}]}},
        {"@type": "Telemetry", "name": "place", "schema": "point"},
        {"@type": "Command", "name": "move", "request": {"name": "by", "schema": "double", "nullable": true},
         "response": {"name": "done", "schema": "boolean"}},
        {"@type": "Relationship", "name": "near", "maxMultiplicity": 2, "properties": [
            {"@type": "Property", "name": "distance", "schema": "double"}]}"#,
    );
    let (models, codes) = check(&[&text]);
    assert_eq!(codes, [""; 0]);
    let model = models.get(models.resolve("A").unwrap());
    let columns: Vec<_> = model.properties.iter().map(|p| (&*p.name, p.kind)).collect();
    let expected = [
        ("address.city", Kind::Text),
        ("address.zip", Kind::Integer),
        ("address.lines", Kind::Json),
        ("place.type", Kind::Text),
        ("place.coordinates", Kind::Json),
    ];
    assert_eq!(columns, expected);
    let command = model.command("move").unwrap();
    assert!(command.request.as_ref().unwrap().nullable);
    let value = |json: &str| serde_json::from_str::<crate::Value>(json).unwrap();
    assert!(models.check_request(command, None).is_ok());
    assert!(models.check_request(command, Some(&value("1.5"))).is_ok());
    assert_eq!(models.check_request(command, Some(&value("\"far\""))).unwrap_err().code, "wrong-payload");
    let near = model.relationship("near").unwrap();
    assert_eq!((near.max_multiplicity, near.properties.len()), (Some(2), 1));
    let ix = models.resolve("A").unwrap();
    let whole = value(r#"{"city": "Oslo", "zip": 301, "lines": ["a"]}"#);
    let names: Vec<_> =
        models.columns_of(ix, "address", &whole).unwrap().iter().map(|(c, _)| c.name.to_string()).collect();
    assert_eq!(names, ["address.city", "address.zip", "address.lines"]);
    for (name, json, code) in [
        ("address", r#"{"city": "Oslo"}"#, "wrong-value"),
        ("address", r#"{"zip": 70000}"#, "wrong-value"),
        ("address", r#"{"zip": 1, "town": "x"}"#, "wrong-value"),
        ("address.zip", "-1", "wrong-value"),
        ("adress", "1", "unknown-property"),
        ("near", "1", "unknown-property"),
    ] {
        assert_eq!(models.columns_of(ix, name, &value(json)).unwrap_err().code, code, "{name} {json}");
    }
    assert_eq!(models.missing(ix, &["place"]).count(), 1);
}

#[test]
fn says_what_is_wrong() {
    let contents = |contents: &str| interface(2, "", "", contents);
    let deep = "[".repeat(100);
    for (text, expected) in [
        (String::new(), "json-empty"),
        ("{".into(), "json-syntax"),
        (deep, "json-too-deep"),
        (r#"{"@type": "Interface", "@id": "dtmi:t:A;1"}"#.into(), "dtdl-no-context"),
        (SPACE.replace("dtmi:t:Space;1", "space"), "dtdl-bad-dtmi"),
        (SPACE.replace("double", "dubble"), "dtdl-unknown-schema"),
        (SPACE.replace("degreeCelsius", "kilowatt"), "wrong-unit"),
        (SPACE.replace("degreeCelsius", "degreeCelcius"), "unknown-unit"),
        (contents(r#"{"@type": "Propperty", "name": "a", "schema": "double"}"#), "dtdl-no-type"),
        (contents(r#"{"@type": "Property", "name": "1a", "schema": "double"}"#), "dtdl-bad-name"),
        (contents(r#"{"@type": "Component", "name": "a", "schema": "dtmi:t:A;1"}"#), "dtdl-nested-component"),
        (contents(r#"{"@type": "Component", "name": "a", "schema": "dtmi:t:B;1"}"#), "unknown-model"),
    ] {
        assert_eq!(check(&[&text]).1, [expected], "{text}");
    }
    assert_eq!(check(&[SPACE, SPACE]).1, ["dtdl-duplicate-id"]);
    let text = interface(
        3,
        "",
        "",
        r#"{"@type": "Property", "name": "a", "schema": {"@type": "Array", "elementSchema": "dubble"}}"#,
    );
    let (_, found) = read([("t.json".into(), text.as_str())]);
    assert_eq!(found[0].path.as_deref(), Some("$.contents[0].schema"));
    assert_eq!(found[0].help.as_deref(), Some("did you mean `double`?"));
}

#[test]
fn contexts_are_as_each_version_has_them() {
    verdicts(
        &[
            (r#""dtmi:dtdl:context;V""#, "234"),
            (r#"["dtmi:dtdl:context;V"]"#, "234"),
            (r#"["dtmi:dtdl:context;V", "dtmi:dtdl:extension:historization;2"]"#, "234"),
            (r#"["dtmi:dtdl:extension:historization;2", "dtmi:dtdl:context;V"]"#, ""),
            (r#"["dtmi:dtdl:context;V", {"a": "dtmi:x:a;1"}]"#, ""),
            (r#"["dtmi:dtdl:context;V", "dtmi:x:unknown;1"]"#, ""),
            (r#"["dtmi:dtdl:context;V", "dtmi:dtdl:extension:mqtt;9"]"#, ""),
            (r#"["dtmi:dtdl:context;V#limitless", "dtmi:dtdl:limits:onvif;1"]"#, "4"),
            (r#"["dtmi:dtdl:context;V", "dtmi:dtdl:limits:onvif;1"]"#, ""),
            (r#""dtmi:dtdl:context;V#limitless""#, ""),
            (r#""dtmi:dtdl:context;1""#, ""),
            (r#""dtmi:iotcentral:context;2""#, ""),
            (r#"["dtmi:iotcentral:context;2", "dtmi:dtdl:context;V"]"#, "2"),
            (r#""dtmi:dtdl:context;V.1""#, "34"),
            (r#"["dtmi:dtdl:context;V", "dtmi:dtdl:extension:requirement;1.2"]"#, "34"),
            (r#""dtmi:dtdl:context;V#limits""#, ""),
            (r#"["dtmi:dtdl:context;V#limitless", "dtmi:dtdl:context;V#limits"]"#, "4"),
            (r#"["dtmi:dtdl:context;V#limitless", "dtmi:dtdl:context;V"]"#, "4"),
            (r#"["dtmi:dtdl:context;V#limitless", "dtmi:dtdl:limits:onvif;1", "dtmi:dtdl:context;V"]"#, ""),
            (
                r#"["dtmi:dtdl:context;V#limitless", "dtmi:dtdl:extension:annotation;2", "dtmi:dtdl:limits:onvif;1"]"#,
                "",
            ),
            ("[]", ""),
            ("7", ""),
        ]
        .map(|(context, valid)| (valid, context)),
        |version, context| {
            let context = context.replace(";V", &format!(";{version}"));
            format!(r#"{{"@context": {context}, "@id": "dtmi:t:A;1", "@type": "Interface"}}"#)
        },
    );
}

#[test]
fn identifiers_are_as_each_version_has_them() {
    let long = |length: usize| format!("dtmi:{};1", "a".repeat(length - 7));
    let (fits, too_long) = (long(128), long(129));
    let table = [
        ("234", "dtmi:t:A;1"),
        ("34", "dtmi:t:A"),
        ("34", "dtmi:t:A;1.2"),
        ("", "dtmi:t:_A;1"),
        ("", "dtmi:t:A;1#x"),
        ("", "dtmi:dtdl:A;1"),
        ("", "dtmi:standard:A;1"),
        ("", "urn:t:A"),
        ("", ""),
        ("234", &fits),
        ("", &too_long),
    ];
    verdicts(&table, |version, id| {
        format!(r#"{{"@context": "dtmi:dtdl:context;{version}", "@id": "{id}", "@type": "Interface"}}"#)
    });
}

#[test]
fn elements_take_what_the_metamodel_says() {
    let table = [
        ("234", r#"{"@type": "Property", "name": "a", "schema": "double", "writable": true}"#),
        ("234", r#"{"@type": ["Property"], "name": ["a"], "schema": ["double"]}"#),
        (
            "234",
            r#"{"@type": "dtmi:dtdl:class:Property;V", "dtmi:dtdl:property:name;V": "a", "schema": "dtmi:dtdl:instance:Schema:double;V"}"#,
        ),
        ("34", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Array", "elementSchema": "double"}}"#),
        ("234", r#"{"@type": "Telemetry", "name": "a", "schema": {"@type": "Array", "elementSchema": "double"}}"#),
        ("34", r#"{"@type": "Property", "name": "a", "schema": "point"}"#),
        ("234", r#"{"@type": "Telemetry", "name": "a", "schema": "multiPolygon"}"#),
        ("4", r#"{"@type": "Telemetry", "name": "a", "schema": {"@type": "Array", "elementSchema": "multiPolygon"}}"#),
        ("4", r#"{"@type": "Property", "name": "a", "schema": "uuid"}"#),
        ("4", r#"{"@type": "Property", "name": "a", "schema": "scaledDecimal"}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "degreeCelsius"}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Double"}}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"elementSchema": "double"}}"#),
        ("", r#"{"@type": "Property", "name": "a"}"#),
        ("", r#"{"@type": "Property", "schema": "double"}"#),
        ("", r#"{"@type": "Property", "name": "a_", "schema": "double"}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "name": "b"}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "colour": "red"}"#),
        ("2", r#"{"@type": ["Property", "Odd"], "name": "a", "schema": "double", "colour": "red"}"#),
        ("2", r#"{"@type": ["Property", "http://x/Odd"], "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": ["Property", "dtmi:x y"], "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": ["Property", "Telemetry"], "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": "Field", "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": "Content", "name": "a"}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "writable": "yes"}"#),
        (
            "234",
            r#"{"@type": "Property", "name": "a", "schema": "double", "writable": {"@value": true, "@type": "xsd:boolean"}}"#,
        ),
        (
            "",
            r#"{"@type": "Property", "name": "a", "schema": "double", "writable": {"@value": true, "@type": "xsd:string"}}"#,
        ),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"@id": "dtmi:dtdl:instance:Schema:double;V"}}"#),
        ("2", r#"{"@type": "Property", "name": "a", "schema": "double", "@index": 1}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "@graph": []}"#),
        ("234", r#"{"@type": "Property", "name": "a", "schema": "double", "displayName": {"en": "A", "pt-BR": "B"}}"#),
        (
            "234",
            r#"{"@type": "Property", "name": "a", "schema": "double", "displayName": ["A", {"@language": "de", "@value": "B"}]}"#,
        ),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "displayName": ["A", "B"]}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "displayName": {"english": "A"}}"#),
        ("", r#"{"@type": "Property", "name": "a", "schema": "double", "displayName": {"@value": "A"}}"#),
        ("234", r#"{"@type": "Relationship", "name": "a", "minMultiplicity": 0, "maxMultiplicity": 500}"#),
        ("34", r#"{"@type": "Relationship", "name": "a", "maxMultiplicity": 501}"#),
        ("", r#"{"@type": "Relationship", "name": "a", "minMultiplicity": 1}"#),
        ("234", r#"{"@type": "Relationship", "name": "a", "maxMultiplicity": 1.0}"#),
        ("234", r#"{"@type": "Relationship", "name": "a", "maxMultiplicity": 1e2}"#),
        ("", r#"{"@type": "Relationship", "name": "a", "maxMultiplicity": 1.5}"#),
        ("", r#"{"@type": "Relationship", "name": "a", "maxMultiplicity": null}"#),
        ("", r#"{"@type": "Relationship", "name": "a", "displayName": null}"#),
        ("", "{\"@type\": \"Relationship\", \"name\": \"a\", \"comment\": \"a\tb\"}"),
        ("", r#"{"@type": "Relationship", "name": "a", "comment": "C:\dir"}"#),
        ("234", r#"{"@type": "Relationship", "name": [["a"]]}"#),
        ("234", r#"{"@type": "Relationship", "name": {"@value": "a", "@type": ["xsd:string"]}}"#),
        ("2", r#"{"@type": "Relationship", "name": {"@value": "a", "@index": "x"}}"#),
        ("", r#"{"@type": "Relationship", "name": {"@value": "a", "@value": "a"}}"#),
        ("", r#"{"@type": "Relationship", "name": {"@value": "a", "@type": "xsd:duration"}}"#),
        ("234", r#"{"@type": "Relationship", "name": "a", "target": "dtmi:not:here;1"}"#),
        ("34", r#"{"@type": "Relationship", "name": "a", "target": "dtmi:not:here"}"#),
        ("", r#"{"@type": "Relationship", "name": "a", "target": "Room"}"#),
        (
            "234",
            r#"{"@type": "Command", "name": "a", "request": {"name": "b", "schema": "double"}, "commandType": "synchronous"}"#,
        ),
        ("", r#"{"@type": "Command", "name": "a", "commandType": "sometimes"}"#),
        ("4", r#"{"@type": "Command", "name": "a", "request": {"name": "b", "schema": "double", "nullable": true}}"#),
        (
            "34",
            r#"{"@type": "Command", "name": "a", "request": {"@type": "CommandRequest", "name": "b", "schema": "double"}}"#,
        ),
        (
            "2",
            r#"{"@type": "Command", "name": "a", "request": {"@type": "CommandPayload", "name": "b", "schema": "double"}}"#,
        ),
        ("", r#"{"@type": "Component", "name": "a", "schema": "double"}"#),
    ];
    verdicts(&table, |version, content| interface(version, "", "", &content.replace(";V", &format!(";{version}"))));
}

#[test]
fn schemas_have_their_limits() {
    let nested = |depth: usize, inner: &str| {
        let schema =
            (0..depth).fold(inner.to_string(), |inner, _| format!(r#"{{"@type": "Array", "elementSchema": {inner}}}"#));
        format!(r#"{{"@type": "Telemetry", "name": "a", "schema": {schema}}}"#)
    };
    let choices = |count: usize| {
        let values: Vec<String> = (0..count).map(|at| format!(r#"{{"name": "n{at}", "enumValue": {at}}}"#)).collect();
        format!(
            r#"{{"@type": "Property", "name": "a", "schema": {{"@type": "Enum", "valueSchema": "integer", "enumValues": [{}]}}}}"#,
            values.join(",")
        )
    };
    let many: Vec<String> =
        (0..301).map(|at| format!(r#"{{"@type": "Property", "name": "p{at}", "schema": "double"}}"#)).collect();
    let enumeration = |values: &str| {
        format!(
            r#"{{"@type": "Property", "name": "a", "schema": {{"@type": "Enum", "valueSchema": "string", "enumValues": [{values}]}}}}"#
        )
    };
    let table = [
        ("234", nested(5, "\"double\"")),
        ("4", nested(6, "\"double\"")),
        ("4", nested(8, "\"double\"")),
        ("", nested(9, "\"double\"")),
        ("234", choices(100)),
        ("34", choices(101)),
        ("34", choices(0)),
        ("34", many.join(",")),
        ("234", enumeration(r#"{"name": "x", "enumValue": "1"}, {"name": "y", "enumValue": "2"}"#)),
        ("", enumeration(r#"{"name": "x", "enumValue": "1"}, {"name": "x", "enumValue": "2"}"#)),
        ("", enumeration(r#"{"name": "x", "enumValue": "1"}, {"name": "y", "enumValue": "1"}"#)),
        ("", enumeration(r#"{"name": "x", "enumValue": 1}"#)),
        ("", enumeration(r#"{"@type": [], "name": "x", "enumValue": "1"}"#)),
        ("", enumeration(r#"{"name": "x", "enumValue": {"@value": 1, "@type": "xsd:string"}}"#)),
        ("34", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": []}}"#.to_string()),
        ("2", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": {
            "@context": "dtmi:dtdl:context;2", "name": "x", "schema": "double"}}}"#.to_string()),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": [
            {"name": "x", "schema": "double"}, {"name": "x", "schema": "double"}]}}"#.to_string()),
        ("234", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Map", "mapKey": {"name": "k", "schema": "string"},
            "mapValue": {"name": "v", "schema": "double"}}}"#.to_string()),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Map", "mapKey": {"name": "k", "schema": "integer"},
            "mapValue": {"name": "v", "schema": "double"}}}"#.to_string()),
        ("", r#"{"@type": "Property", "name": "a", "schema": {"@type": "Enum", "valueSchema": "double", "enumValues": []}}"#.to_string()),
    ];
    let table: Vec<(&str, &str)> = table.iter().map(|(valid, part)| (*valid, part.as_str())).collect();
    verdicts(&table, |version, content| interface(version, "", "", content));
    let onvif = nested(24, "\"double\"");
    let text = interface(4, "", "", &onvif)
        .replace(r#""dtmi:dtdl:context;4""#, r#""dtmi:dtdl:context;4#limitless", "dtmi:dtdl:limits:onvif;1""#);
    assert_eq!(check(&[&text]).1, [""; 0]);
}

#[test]
fn schemas_may_refer_to_one_another_within_an_interface() {
    let own = r#", "schemas": [{"@id": "dtmi:t:tree;1", "@type": "Object", "fields": [{"name": "next", "schema": "dtmi:t:tree;1"}]}]"#;
    let list =
        r#", "schemas": {"@id": "dtmi:t:point;1", "@type": "Object", "fields": {"name": "x", "schema": "double"}}"#;
    let content = r#"{"@type": "Telemetry", "name": "a", "schema": "dtmi:t:point;1"}"#;
    verdicts(&[("4", own), ("234", list)], |version, members| {
        let contents = if members.contains("point") { content } else { "" };
        interface(version, "", members, contents)
    });
    let other = interface(3, "", "", content).replace("dtmi:t:A;1", "dtmi:t:B;1");
    let (_, codes) = check(&[&interface(3, "", list, ""), &other]);
    assert_eq!(codes, ["dtdl-foreign"]);
}

#[test]
fn a_ring_of_schemas_is_as_deep_as_it_is_long() {
    let ring = |length: usize| {
        let object = |at: usize| {
            let next = (at + 1) % length;
            format!(
                r#"{{"@id": "dtmi:t:o{at};1", "@type": "Object", "fields": {{"name": "n", "schema": "dtmi:t:o{next};1"}}}}"#
            )
        };
        format!(r#", "schemas": [{}]"#, (0..length).map(object).collect::<Vec<_>>().join(","))
    };
    verdicts(&[("4", &ring(1)), ("4", &ring(8)), ("", &ring(9)), ("", &ring(100))], |version, members| {
        interface(version, "", members, "")
    });
    // Every path leads through the hub, so the depth is that of the hub with two spokes.
    let star: Vec<String> = (0..20)
        .map(|at| format!(r#"{{"@id": "dtmi:t:s{at};1", "@type": "Array", "elementSchema": "dtmi:t:hub;1"}}"#))
        .collect();
    let points: Vec<String> = (0..20).map(|at| format!(r#"{{"name": "n{at}", "schema": "dtmi:t:s{at};1"}}"#)).collect();
    let hub = format!(r#"{{"@id": "dtmi:t:hub;1", "@type": "Object", "fields": [{}]}}"#, points.join(","));
    let star = format!(r#", "schemas": [{hub}, {}]"#, star.join(","));
    verdicts(&[("4", &star)], |version, members| interface(version, "", members, ""));
}

#[test]
fn unique_values_also_differ_from_inherited_ones() {
    let context = r#", "dtdl:mqtt""#.replace("dtdl:mqtt", "dtmi:dtdl:extension:mqtt;3");
    let content = |name: &str, index: u32| {
        format!(r#"{{"@type": ["Telemetry", "Indexed"], "name": "{name}", "schema": "double", "index": {index}}}"#)
    };
    let base = interface(3, &context, "", &content("a", 1)).replace("dtmi:t:A;1", "dtmi:t:B;1");
    let with = |index: u32| interface(3, &context, r#", "extends": "dtmi:t:B;1""#, &content("b", index));
    assert_eq!(check(&[&base, &with(2)]).1, [""; 0]);
    assert_eq!(check(&[&base, &with(1)]).1, ["dtdl-extension"]);
    let other = interface(3, &context, "", &content("c", 1)).replace("dtmi:t:A;1", "dtmi:t:C;1");
    let both = interface(3, &context, r#", "extends": ["dtmi:t:B;1", "dtmi:t:C;1"]"#, "");
    assert_eq!(check(&[&base, &other, &both]).1, ["dtdl-extension"]);
}

#[test]
fn inheritance_has_its_limits() {
    // A base interface that is listed three times counts once.
    let base = interface(2, "", "", "").replace("dtmi:t:A;1", "dtmi:t:B;1");
    let three = interface(2, "", r#", "extends": ["dtmi:t:B;1", "dtmi:t:B;1", "dtmi:t:B;1"]"#, "");
    assert_eq!(check(&[&base, &three]).1, [""; 0]);
    let chain = |version: u8, length: usize| {
        let one = |at: usize| {
            let extends = if at == 0 { String::new() } else { format!(r#", "extends": "dtmi:t:I{};1""#, at - 1) };
            format!(
                r#"{{"@context": "dtmi:dtdl:context;{version}", "@id": "dtmi:t:I{at};1", "@type": "Interface"{extends}}}"#
            )
        };
        format!("[{}]", (0..=length).map(one).collect::<Vec<_>>().join(","))
    };
    verdicts(&[("234", "10"), ("4", "11"), ("4", "12"), ("", "13")], |version, length| {
        chain(version, length.parse().unwrap())
    });
    let two = |version: u8, part: &str| {
        let base = |at: u8, content: &str| {
            interface(version, "", "", content).replace("dtmi:t:A;1", &format!("dtmi:t:B{at};1"))
        };
        let property = r#"{"@type": "Property", "name": "a", "schema": "double"}"#;
        match part {
            "same name twice" => format!(
                "[{}, {}, {}]",
                base(1, property),
                base(2, property),
                interface(version, "", r#", "extends": ["dtmi:t:B1;1", "dtmi:t:B2;1"]"#, "")
            ),
            "own name again" => {
                format!(
                    "[{}, {}]",
                    base(1, property),
                    interface(version, "", r#", "extends": "dtmi:t:B1;1""#, property)
                )
            }
            "three bases" => format!(
                "[{}, {}, {}, {}]",
                base(1, ""),
                base(2, ""),
                base(3, ""),
                interface(version, "", r#", "extends": ["dtmi:t:B1;1", "dtmi:t:B2;1", "dtmi:t:B3;1"]"#, "")
            ),
            "diamond" => {
                let left = base(2, "").replace("\"contents\"", "\"extends\": \"dtmi:t:B1;1\", \"contents\"");
                let right = base(3, "").replace("\"contents\"", "\"extends\": \"dtmi:t:B1;1\", \"contents\"");
                let bottom = interface(version, "", r#", "extends": ["dtmi:t:B2;1", "dtmi:t:B3;1"]"#, "");
                format!("[{}, {left}, {right}, {bottom}]", base(1, property))
            }
            _ => interface(version, "", r#", "extends": "dtmi:t:A;1""#, ""),
        }
    };
    verdicts(
        &[("", "same name twice"), ("", "own name again"), ("34", "three bases"), ("234", "diamond"), ("", "itself")],
        two,
    );
    let later = interface(4, "", "", "").replace("dtmi:t:A;1", "dtmi:t:B;1");
    let earlier = interface(3, "", r#", "extends": "dtmi:t:B;1""#, "");
    assert_eq!(check(&[&later, &earlier]).1, ["dtdl-version"]);
}

#[test]
fn extensions_have_their_rules() {
    let quantities = |version: u8| match version {
        2 => "",
        3 => r#", "dtmi:dtdl:extension:quantitativeTypes;1""#,
        _ => r#", "dtmi:dtdl:extension:quantitativeTypes;3""#,
    };
    let table = [
        ("234", r#"{"@type": ["Telemetry", "Temperature"], "name": "a", "schema": "double", "unit": "degreeCelsius"}"#),
        ("", r#"{"@type": ["Telemetry", "Temperature"], "name": "a", "schema": "double", "unit": "watt"}"#),
        ("", r#"{"@type": ["Telemetry", "Temperature"], "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": ["Telemetry", "Temperature"], "name": "a", "schema": "string", "unit": "kelvin"}"#),
        ("", r#"{"@type": "Telemetry", "name": "a", "schema": "double", "unit": "kelvin"}"#),
        ("", r#"{"@type": ["Telemetry", "Temperature", "Power"], "name": "a", "schema": "double", "unit": "kelvin"}"#),
        // Version 2 permits unknown types and the properties that they may define.
        (
            "234",
            r#"{"@type": ["Telemetry", "Irradiance"], "name": "a", "schema": "double", "unit": "wattPerSquareMetre"}"#,
        ),
        ("24", r#"{"@type": ["Telemetry", "Efficiency"], "name": "a", "schema": "double", "unit": "percent"}"#),
        ("", r#"{"@type": ["Relationship", "Temperature"], "name": "a", "unit": "kelvin"}"#),
        ("34", r#"{"@type": "Telemetry", "name": "a", "schema": "DecimalPrefix"}"#),
    ];
    verdicts(&table, |version, content| interface(version, quantities(version), "", content));
    let contexts = r#", "dtmi:dtdl:extension:annotation;2", "dtmi:dtdl:extension:overriding;2", "dtmi:dtdl:extension:historization;2",
        "dtmi:dtdl:extension:requirement;1", "dtmi:dtdl:extension:mqtt;3""#;
    let table = [
        ("34", r#"{"@type": ["Property", "Historized"], "name": "a", "schema": "double"}"#),
        ("", r#"{"@type": ["Command", "Historized"], "name": "a"}"#),
        (
            "34",
            r#"{"@type": "Telemetry", "name": "a", "schema": "double"},
            {"@type": ["Property", "ValueAnnotation"], "name": "b", "annotates": "a", "schema": "double"}"#,
        ),
        // The specification has the rule, but the reference parser does not enforce it, so a violation is a warning.
        ("34", r#"{"@type": ["Property", "ValueAnnotation"], "name": "b", "annotates": "a", "schema": "double"}"#),
        (
            "",
            r#"{"@type": "Command", "name": "a"},
            {"@type": ["Property", "ValueAnnotation"], "name": "b", "annotates": "a", "schema": "double"}"#,
        ),
        ("", r#"{"@type": ["Property", "Override"], "name": "b", "overrides": "unit", "schema": "double"}"#),
        ("34", r#"{"@type": ["Command", "Idempotent", "Cacheable"], "name": "a", "ttl": "PT10S"}"#),
        ("", r#"{"@type": ["Command", "Cacheable"], "name": "a", "ttl": "PT10S"}"#),
        ("", r#"{"@type": ["Command", "Idempotent", "Cacheable"], "name": "a", "ttl": "10 s"}"#),
        ("34", r#"{"@type": ["Telemetry", "Indexed"], "name": "a", "schema": "double", "index": 1}"#),
        ("", r#"{"@type": ["Telemetry", "Indexed"], "name": "a", "schema": "double", "index": 0}"#),
        (
            "",
            r#"{"@type": ["Telemetry", "Indexed"], "name": "a", "schema": "double", "index": 1},
            {"@type": ["Telemetry", "Indexed"], "name": "b", "schema": "double", "index": 1}"#,
        ),
        (
            "34",
            r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": [
            {"@type": ["Field", "Required"], "name": "x", "schema": "double"}]}}"#,
        ),
        (
            "",
            r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": [
            {"@type": "Required", "name": "x", "schema": "double"}]}}"#,
        ),
        (
            "",
            r#"{"@type": "Command", "name": "a", "request": {"@type": ["CommandRequest", "Transparent"], "name": "r", "schema": "string"}}"#,
        ),
        (
            "34",
            r#"{"@type": "Command", "name": "a", "response": {"name": "r", "schema": {"@type": ["Object", "Result"], "fields": [
            {"@type": ["Field", "NormalResult"], "name": "n", "schema": "integer"},
            {"@type": ["Field", "ErrorResult"], "name": "e", "schema": {"@type": ["Object", "Error"], "fields": [
                {"@type": ["Field", "ErrorMessage"], "name": "m", "schema": "string"}]}}]}}}"#,
        ),
        (
            "",
            r#"{"@type": "Command", "name": "a", "response": {"name": "r", "schema": {"@type": ["Object", "Result"], "fields": [
            {"name": "n", "schema": "integer"}]}}}"#,
        ),
        (
            "",
            r#"{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": [
            {"@type": ["Field", "NormalResult"], "name": "n", "schema": "integer"}]}}"#,
        ),
    ];
    verdicts(&table, |version, content| {
        if version == 2 { interface(2, contexts, "", content) } else { interface(version, contexts, "", content) }
    });
}

#[test]
fn every_error_has_a_code() {
    let code = r#"{"@type": ["Field", "ErrorCode"], "name": "c", "schema": {"@type": "Enum", "valueSchema": "string",
        "enumValues": [{"name": "bad", "enumValue": "bad"}]}}"#;
    let info = r#"{"@type": ["Field", "ErrorInfo"], "name": "i", "schema": "string"}"#;
    let fields = [("34", format!("{code}, {info}")), ("34", code.to_string()), ("", info.to_string())];
    let table = fields.each_ref().map(|(versions, fields)| (*versions, fields.as_str()));
    verdicts(&table, |version, fields| {
        let content = format!(
            r#"{{"@type": "Command", "name": "a", "response": {{"name": "r", "schema": {{"@type": ["Object", "Result"], "fields": [
            {{"@type": ["Field", "NormalResult"], "name": "n", "schema": "integer"}}, {fields}]}}}}}}"#
        );
        interface(version, r#", "dtmi:dtdl:extension:mqtt;4""#, "", &content)
    });
}

#[test]
fn overriding_a_unit_takes_its_enumeration() {
    let document = |schema: &str| {
        interface(
            3,
            r#", "dtmi:dtdl:extension:quantitativeTypes;1", "dtmi:dtdl:extension:annotation;1", "dtmi:dtdl:extension:overriding;1""#,
            "",
            &format!(
                r#"{{"@type": ["Telemetry", "Temperature"], "name": "t", "schema": "double", "unit": "kelvin"}},
                {{"@type": ["Property", "ValueAnnotation", "Override"], "name": "u", "annotates": "t", "overrides": "unit", "schema": "{schema}"}}"#
            ),
        )
    };
    assert_eq!(check(&[&document("TemperatureUnit")]).1, [""; 0]);
    assert_eq!(check(&[&document("PowerUnit")]).1, ["dtdl-extension"]);
    assert_eq!(check(&[&document("string")]).1, ["dtdl-extension"]);
}

#[test]
fn documents_come_in_many_forms() {
    let one = interface(3, "", "", "");
    let two = one.replace("dtmi:t:A;1", "dtmi:t:B;1");
    for text in [
        one.clone(),
        format!("\u{feff}{one}"),
        format!("[{one}]"),
        format!("[{one}, {two}]"),
        format!("[[{one}], [{two}]]"),
        format!("[[[{one}]]]"),
    ] {
        assert_eq!(check(&[&text]).1, [""; 0], "{text}");
    }
    for text in ["7".into(), "\"x\"".into(), format!("[{one}, 7]")] {
        assert_eq!(check(&[&text]).1, ["dtdl-not-an-interface"], "{text}");
    }
}
