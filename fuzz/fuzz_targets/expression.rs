//! Expressions and queries; a query that can be read is run on a small graph, which must end.
#![no_main]

use cupola_fuzz::text;
use cupola_twin::{Graph, Models, Relationship, State, Topology, Twin, Value, expr, query};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

const MODELS: &str = r#"[{"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:A;1", "@type": "Interface", "contents": [
    {"@type": ["Property", "Temperature"], "name": "t", "schema": "double", "unit": "degreeCelsius"},
    {"@type": "Property", "name": "x", "schema": "string"},
    {"@type": "Property", "name": "o", "schema": {"@type": "Object", "fields": [{"name": "f", "schema": "integer"}]}},
    {"@type": "Property", "name": "l", "schema": {"@type": "Array", "elementSchema": "string"}},
    {"@type": "Relationship", "name": "r"}]}]"#;

static WORLD: LazyLock<(Graph, State)> = LazyLock::new(|| {
    let (models, _) = Models::read([("models.json".into(), MODELS)]);
    let models = Arc::new(models);
    let model = models.find("dtmi:t:A;1").expect("the model");
    let mut graph = Graph::default();
    for id in ["a", "b", "c"] {
        let list = Value::Array(vec![Value::Text(id.into())]);
        let properties =
            vec![("t".into(), Value::Number(20.0)), ("x".into(), Value::Text(id.into())), ("l".into(), list)];
        graph.add_twin(Twin { id: id.into(), model, properties, place: None }).expect("a new id");
    }
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "b")] {
        let link = Relationship { id: None, name: "r".into(), properties: Vec::new(), place: None };
        graph.relate(&models, from, to, link).expect("a relationship of the model");
    }
    let (topology, _) = Topology::compile(&graph, &models, &[]);
    (graph, State::new(Arc::new(topology)))
});

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    match expr::parse(text) {
        Ok(expression) => {
            expression.size();
            expression.paths(&mut |path| drop(path.to_string()));
        }
        Err(error) => drop(error.under(text)),
    }
    match query::parse(text) {
        Ok(query) => {
            let (graph, state) = &*WORLD;
            let deadline = Some(Instant::now() + Duration::from_millis(200));
            if let Err(error) = query::run_within(&query, graph, state, query::Limits { deadline, cancel: None }) {
                error.under(text);
            }
        }
        Err(error) => drop(error.under(text)),
    }
});
