//! The campus graph of the benchmarks of the engine and of its comparisons with other systems. A building has floors, a
//! floor has rooms, and a room has sensors.

use cupola_twin::topology::Computed;
use cupola_twin::{ColumnIx, Graph, Models, Relationship, Topology, Twin};
use std::sync::Arc;

const MODELS: &str = r#"[
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:b:Sensor;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "value", "schema": "double"}]},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:b:Space;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "value", "schema": "double"}, {"@type": "Property", "name": "load", "schema": "double"},
  {"@type": "Relationship", "name": "contains"}, {"@type": "Relationship", "name": "hasPoint"}]},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:b:Room;1", "@type": "Interface", "extends": "dtmi:b:Space;1", "contents": []},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:b:Floor;1", "@type": "Interface", "extends": "dtmi:b:Space;1", "contents": []},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:b:Building;1", "@type": "Interface", "extends": "dtmi:b:Space;1", "contents": []}]"#;

/// The numbers of sensors per room, rooms per floor and floors per building.
pub const SHAPE: (usize, usize, usize) = (4, 100, 20);

/// A formula of twenty operations on two properties of a room.
pub const COMFORT: &str = "CLAMP(100 - 8 * ABS(value - 21.5) - 0.02 * (load - 40) * (load - 40) + IF(load > 60, -5, 2.5) - 0.1 * (value * load - 800) + MAX(value - 26, 0), 0, 100)";

/// Returns the models of the campus.
pub fn models() -> Arc<Models> {
    let (models, found) = Models::read([(Arc::from("models.json"), MODELS)]);
    assert!(found.is_empty(), "{found:?}");
    Arc::new(models)
}

/// Returns a campus of about `twins` twins.
pub fn campus(models: &Models, twins: usize) -> Graph {
    let mut graph = Graph::default();
    let add = |graph: &mut Graph, id: &str, model: &str| {
        let model = models.find(&format!("dtmi:b:{model};1")).expect("a model of the bench");
        graph.add_twin(Twin { id: id.into(), model, properties: Vec::new() }).expect("a new id");
    };
    let link = |graph: &mut Graph, from: &str, name: &str, to: &str| {
        let relationship = Relationship { id: None, name: name.into(), properties: Vec::new() };
        graph.relate(models, from, to, relationship).expect("a relationship of the models");
    };
    let rooms = twins / (SHAPE.0 + 1);
    for number in 0..rooms {
        let floor = format!("f{}", number / SHAPE.1);
        let building = format!("b{}", number / (SHAPE.1 * SHAPE.2));
        if number % (SHAPE.1 * SHAPE.2) == 0 {
            add(&mut graph, &building, "Building");
        }
        if number % SHAPE.1 == 0 {
            add(&mut graph, &floor, "Floor");
            link(&mut graph, &building, "contains", &floor);
        }
        let room = format!("r{number}");
        add(&mut graph, &room, "Room");
        link(&mut graph, &floor, "contains", &room);
        for sensor in 0..SHAPE.0 {
            let id = format!("s{number}.{sensor}");
            add(&mut graph, &id, "Sensor");
            link(&mut graph, &room, "hasPoint", &id);
        }
    }
    graph
}

/// Returns the formulas for the mean of the sensors of each room, floor and building.
pub fn formulas(models: &Models) -> Vec<Computed> {
    let formula = |model: &str, formula: &str| {
        let model = models.find(&format!("dtmi:b:{model};1")).expect("a model of the bench");
        Computed::new(model, "value", formula)
    };
    vec![
        formula("Room", "AVG(hasPoint.value)"),
        formula("Floor", "AVG(contains.value)"),
        formula("Building", "AVG(contains.value)"),
    ]
}

/// Returns the column of the sensors' values, and its number of rows.
pub fn sensor_column(topology: &Topology) -> (ColumnIx, u32) {
    let model = topology.models.find("dtmi:b:Sensor;1").expect("a model of the bench");
    let table = topology.tables_of(model).next().expect("sensors");
    let table = topology.table(table);
    (table.column("value").expect("a property of the bench"), table.rows)
}
