//! What a million twins need beside their values: `cargo bench -p cupola_twin --bench memory`, the bytes of *max alloc* by a million.

use cupola_twin::{Graph, Models, Relationship, State, Topology, Twin, Value};
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const MODELS: &str = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:m:Thing;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "a", "schema": "double"}, {"@type": "Property", "name": "b", "schema": "double"},
  {"@type": "Property", "name": "c", "schema": "double"}, {"@type": "Property", "name": "d", "schema": "double"},
  {"@type": "Property", "name": "e", "schema": "double"},
  {"@type": "Relationship", "name": "contains"}, {"@type": "Relationship", "name": "feeds"}]}]"#;

const TWINS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// Twins with five numeric properties and two relationships each.
fn graph() -> (Graph, Arc<Models>) {
    let (models, found) = Models::read([(Arc::from("models.json"), MODELS)]);
    assert!(found.is_empty(), "{found:?}");
    let model = models.find("dtmi:m:Thing;1").expect("a model of the bench");
    let mut graph = Graph::default();
    for number in 0..TWINS {
        let properties = ["a", "b", "c", "d", "e"].map(|name| (name.into(), Value::Number(number as f64)));
        let twin = Twin { id: format!("t{number}").into(), model, properties: properties.into() };
        graph.add_twin(twin).expect("a new id");
    }
    for number in 1..TWINS {
        for (name, other) in [("contains", number / 10), ("feeds", number - 1)] {
            let link = Relationship { id: None, name: name.into(), properties: Vec::new() };
            graph.relate(&models, &format!("t{other}"), &format!("t{number}"), link).expect("a relationship");
        }
    }
    (graph, Arc::new(models))
}

/// The compiled graph: ids, rows, relationships both ways, initial values.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn topology_of_1m_twins(bencher: divan::Bencher<'_, '_>) {
    let (graph, models) = graph();
    bencher.bench_local(|| Topology::compile(&graph, &models, &[]));
}

/// One state: the values themselves are 40 bytes of each twin's.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn state_of_1m_twins(bencher: divan::Bencher<'_, '_>) {
    let (graph, models) = graph();
    let topology = Arc::new(Topology::compile(&graph, &models, &[]).0);
    bencher.bench_local(|| State::new(topology.clone()));
}
