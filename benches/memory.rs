//! Memory use of a million twins in addition to their values: `cargo bench -p cupola_twin --bench memory`.

use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Graph, Models, Relationship, Slot, State, Topology, Twin, Value};
use peak_alloc::PeakAlloc;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MODELS: &str = r#"[{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:m:Thing;1", "@type": "Interface", "contents": [
  {"@type": "Property", "name": "a", "schema": "double"}, {"@type": "Property", "name": "b", "schema": "double"},
  {"@type": "Property", "name": "c", "schema": "double"}, {"@type": "Property", "name": "d", "schema": "double"},
  {"@type": "Property", "name": "e", "schema": "double"},
  {"@type": "Relationship", "name": "contains"}, {"@type": "Relationship", "name": "feeds"}]}]"#;

const TWINS: usize = 1_000_000;

#[expect(clippy::print_stdout, reason = "the benchmark prints its results")]
fn main() {
    let (graph, models) = graph();
    let mut before = ALLOCATOR.current_usage();
    let mut tell = |what: &str| {
        let now = ALLOCATOR.current_usage();
        println!("{what}: {} bytes per twin", (now - before) / TWINS);
        before = now;
    };
    let topology = Arc::new(Topology::compile(&graph, &models, &[]).0);
    tell("the compiled graph, including 40 bytes of initial values");
    let mut state = State::new(topology.clone());
    tell("a new state");
    for column in 0..topology.columns().len() as u32 {
        for row in 0..TWINS as u32 {
            state.set(Slot { column: ColumnIx(column), row }, Sample::good(f64::from(row) + 0.5, i64::from(row)));
        }
    }
    tell("a state after all values were set, including 40 bytes of values, and their times");
}

/// Returns a graph of twins with five numeric properties and two relationships each.
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
