//! The same campus for all: sensors in rooms on floors in buildings, made of numbers.

use cupola_twin::topology::Computed;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Graph, Models, Relationship, Slot, State, Topology, Twin};
use std::sync::Arc;

/// Sensors in a room, rooms on a floor, floors in a building.
pub const SHAPE: (u32, u32, u32) = (4, 100, 20);

const MODELS: &str = r#"[
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:p:Sensor;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "value", "schema": "double"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:p:Space;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "value", "schema": "double"}, {"@type": "Property", "name": "load", "schema": "double"},
  {"@type": "Relationship", "name": "contains"}, {"@type": "Relationship", "name": "hasPoint"}]},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:p:Room;1", "@type": "Interface", "extends": "dtmi:p:Space;1"},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:p:Floor;1", "@type": "Interface", "extends": "dtmi:p:Space;1"},
 {"@context": "dtmi:dtdl:context;3", "@id": "dtmi:p:Building;1", "@type": "Interface", "extends": "dtmi:p:Space;1"}]"#;

/// A campus, its state, and where its sensors' values are.
pub struct Campus {
    pub graph: Graph,
    pub state: State,
    pub sensors: ColumnIx,
    pub count: u32,
}

impl Campus {
    /// About so many twins; `formulas` are of a model each.
    pub fn new(twins: u32, formulas: &[(&str, &str, &str)]) -> Self {
        let (models, found) = Models::read([(Arc::from("models.json"), MODELS)]);
        assert!(found.is_empty(), "{found:?}");
        let models = Arc::new(models);
        let model = |name: &str| models.find(&format!("dtmi:p:{name};1")).expect("a model of this file");
        let mut graph = Graph::default();
        let rooms = twins / (SHAPE.0 + 1);
        let add = |graph: &mut Graph, id: String, name: &str| {
            let twin = Twin { id: id.into(), model: model(name), properties: Vec::new(), place: None };
            graph.add_twin(twin).expect("a new id");
        };
        let link = |graph: &mut Graph, from: &str, name: &str, to: &str| {
            let relationship = Relationship { id: None, name: name.into(), properties: Vec::new(), place: None };
            graph.relate(&models, from, to, relationship).expect("a relationship of the models");
        };
        for room in 0..rooms {
            let floor = room / SHAPE.1;
            let building = floor / SHAPE.2;
            if room % (SHAPE.1 * SHAPE.2) == 0 {
                add(&mut graph, format!("b{building}"), "Building");
            }
            if room % SHAPE.1 == 0 {
                add(&mut graph, format!("f{floor}"), "Floor");
                link(&mut graph, &format!("b{building}"), "contains", &format!("f{floor}"));
            }
            add(&mut graph, format!("r{room}"), "Room");
            link(&mut graph, &format!("f{floor}"), "contains", &format!("r{room}"));
            for sensor in room * SHAPE.0..(room + 1) * SHAPE.0 {
                add(&mut graph, format!("s{sensor}"), "Sensor");
                link(&mut graph, &format!("r{room}"), "hasPoint", &format!("s{sensor}"));
            }
        }
        let computed: Vec<Computed> = formulas
            .iter()
            .map(|(name, property, formula)| Computed {
                model: model(name),
                property: (*property).into(),
                formula: (*formula).into(),
                unit: None,
                display_name: None,
                hidden: false,
                is_condition: false,
                iterate: None,
                place: None,
            })
            .collect();
        let (topology, found) = Topology::compile(&graph, &models, &computed);
        assert!(found.is_empty(), "{found:?}");
        let state = State::new(Arc::new(topology));
        let topology = state.topology();
        let table = topology.tables_of(model("Sensor")).next().expect("sensors");
        let sensors = topology.table(table).column("value").expect("a property of the sensors");
        let count = topology.table(table).rows;
        let mut campus = Self { graph, state, sensors, count };
        campus.state.begin_tick();
        for row in 0..count {
            campus.set(row, f64::from(row % 1_000) * 0.1);
        }
        campus.state.propagate();
        campus.state.begin_tick();
        campus
    }

    /// Gives a sensor a value: its row is its number, since rows stand in the order of parents.
    pub fn set(&mut self, row: u32, value: f64) {
        self.state.set(Slot { column: self.sensors, row }, Sample::good(value, 1));
    }
}
