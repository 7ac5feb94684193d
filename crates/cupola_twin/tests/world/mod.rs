//! Small graphs for tests of the engine.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "tests, each of which uses a part of it")]

use cupola_twin::topology::{Computed, Iterate};
use cupola_twin::value::Sample;
use cupola_twin::{Diagnostic, Graph, Models, Relationship, Slot, State, Topology, Twin, Value};
use std::sync::Arc;

const MODELS: &str = r#"[
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Node;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "x", "schema": "double"}, {"@type": "Property", "name": "y", "schema": "double"},
  {"@type": "Property", "name": "on", "schema": "boolean"}, {"@type": "Property", "name": "label", "schema": "string"},
  {"@type": ["Property", "Temperature"], "name": "t", "schema": "double", "unit": "degreeCelsius"},
  {"@type": ["Property", "Power"], "name": "p", "schema": "double", "unit": "kilowatt"},
  {"@type": "Relationship", "name": "contains"}, {"@type": "Relationship", "name": "feeds"}]},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Leaf;1", "@type": "Interface", "extends": "dtmi:t:Node;1", "contents": [
  {"@type": ["Property", "Temperature"], "name": "f", "schema": "double", "unit": "degreeFahrenheit"}]}]"#;

pub struct World {
    pub models: Arc<Models>,
    pub graph: Graph,
    /// The properties that may depend on themselves.
    pub iterate: Vec<(&'static str, Iterate)>,
}

impl World {
    /// Creates the twins `n0…`, the last `leaves` of them leaves, and relationships `(from, to)`.
    pub fn new(nodes: usize, leaves: usize, contains: &[(usize, usize)], feeds: &[(usize, usize)]) -> Self {
        let (models, found) = Models::read([(Arc::from("models.json"), MODELS)]);
        assert_eq!(found, []);
        let mut graph = Graph::default();
        for number in 0..nodes {
            let model = if number + leaves < nodes { "Node" } else { "Leaf" };
            let model = models.resolve(model).unwrap();
            let twin = Twin { id: format!("n{number}").into(), model, properties: vec![] };
            graph.add_twin(twin).unwrap();
        }
        for (name, pairs) in [("contains", contains), ("feeds", feeds)] {
            for (from, to) in pairs {
                let link = Relationship { id: None, name: name.into(), properties: vec![] };
                graph.relate(&models, &format!("n{from}"), &format!("n{to}"), link).unwrap();
            }
        }
        Self { models: models.into(), graph, iterate: Vec::new() }
    }

    pub fn computed(&self, formulas: &[(&str, &str)]) -> Vec<Computed> {
        formulas
            .iter()
            .map(|(property, formula)| Computed {
                iterate: self.iterate.iter().find(|(known, _)| known == property).map(|(_, rule)| *rule),
                ..Computed::new(self.models.resolve("Node").unwrap(), property, formula)
            })
            .collect()
    }

    pub fn compile(&self, formulas: &[(&str, &str)]) -> (Arc<Topology>, Vec<Diagnostic>) {
        let (topology, diagnostics) = Topology::compile(&self.graph, &self.models, &self.computed(formulas));
        (topology.into(), diagnostics)
    }

    pub fn state(&self, formulas: &[(&str, &str)]) -> State {
        let (topology, diagnostics) = self.compile(formulas);
        assert_eq!(diagnostics, []);
        State::new(topology)
    }
}

pub fn slot(state: &State, name: &str) -> Slot {
    state.topology().slot_named(name).unwrap()
}

pub fn put(state: &mut State, name: &str, value: impl Into<Input>) {
    let slot = slot(state, name);
    let lane = state.topology().encode(slot.column, &value.into().0).unwrap();
    state.set(slot, Sample::good(lane, 1));
}

pub struct Input(Value);
impl From<f64> for Input {
    fn from(value: f64) -> Self {
        Self(Value::Number(value))
    }
}
impl From<bool> for Input {
    fn from(value: bool) -> Self {
        Self(Value::Bool(value))
    }
}
impl From<&str> for Input {
    fn from(value: &str) -> Self {
        Self(Value::Text(value.into()))
    }
}
