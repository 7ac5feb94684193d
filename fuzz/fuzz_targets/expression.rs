//! Expressions and queries on a small graph. A valid expression is compiled and evaluated in several ticks. A valid
//! query is run and updated as a standing query. Every evaluation must terminate.
#![no_main]

use cupola_fuzz::text;
use cupola_twin::topology::{Computed, Iterate};
use cupola_twin::value::Sample;
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
        graph.add_twin(Twin { id: id.into(), model, properties }).expect("a new id");
    }
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"), ("a", "b")] {
        let link = Relationship { id: None, name: "r".into(), properties: Vec::new() };
        graph.relate(&models, from, to, link).expect("a relationship of the model");
    }
    let (topology, _) = Topology::compile(&graph, &models, &[]);
    (graph, State::new(Arc::new(topology)))
});

/// Evaluates a formula in several ticks, for a property that may depend on itself and for a property that may not.
fn compute(text: &str) {
    let (graph, state) = &*WORLD;
    let models = &state.topology().models;
    let rule = Iterate { start: 1.0, tolerance: 1e-3, at_most: 20 };
    let model = models.find("dtmi:t:A;1").expect("the model");
    let computed = |property: &str, iterate| Computed { iterate, ..Computed::new(model, property, text) };
    let (topology, _) = Topology::compile(graph, models, &[computed("c", Some(rule)), computed("d", None)]);
    let mut state = State::new(Arc::new(topology));
    let slot = state.topology().slot_named("b.t").expect("a property");
    for tick in 0..4 {
        state.begin_tick();
        state.pass_to(tick * 700_000_000);
        state.set(slot, Sample::good(if tick == 2 { f64::NAN } else { tick as f64 * 9.0 }, tick * 700_000_000));
        state.propagate();
        let mut full = state.clone();
        full.recompute();
        let twins = || state.topology().twins().flat_map(|twin| state.topology().properties(twin));
        assert!(twins().all(|slot| state.get(slot) == full.get(slot)), "propagation differs from recomputation");
    }
}

/// Checks that, after a change, a standing query has as many rows as a new query.
fn keep_open(query: query::Query, graph: &Graph, state: &State, limits: query::Limits<'_>) {
    let Ok(mut standing) = query::StandingQuery::new(query.clone(), graph, state, limits) else { return };
    let mut state = state.clone();
    state.begin_tick();
    for (name, value) in [("a.t", 10.0), ("c.t", 30.0)] {
        let slot = state.topology().slot_named(name).expect("a property");
        state.set(slot, Sample::good(value, 1));
    }
    state.propagate();
    if standing.update(graph, &state, limits).is_ok()
        && let (Ok(kept), Ok(anew)) = (standing.answer(graph, &state), query::run_within(&query, graph, &state, limits))
    {
        assert_eq!(kept.rows.len(), anew.rows.len(), "the standing query has a wrong number of rows");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(text) = text(bytes) else { return };
    match expr::parse(text) {
        Ok(expression) => {
            expression.size();
            expression.paths(&mut |path| drop(path.to_string()));
            compute(text);
        }
        Err(error) => drop(error.under(text)),
    }
    match query::parse(text) {
        Ok(query) => {
            let (graph, state) = &*WORLD;
            let deadline = Some(Instant::now() + Duration::from_millis(200));
            let limits = query::Limits { deadline, cancel: None };
            match query::run_within(&query, graph, state, limits) {
                Ok(_) => keep_open(query, graph, state, limits),
                Err(error) => drop(error.under(text)),
            }
        }
        Err(error) => drop(error.under(text)),
    }
});
