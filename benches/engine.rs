//! Benchmarks of the engine with large graphs: `cargo bench -p cupola_twin`.

use cupola_twin::query;
use cupola_twin::topology::Computed;
use cupola_twin::value::Sample;
use cupola_twin::{Graph, Slot, State, Topology, Twin};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

mod campus;
use campus::{COMFORT, SHAPE, campus, formulas, models, sensor_column};

fn main() {
    divan::main();
}

fn topology(twins: usize) -> Arc<Topology> {
    let models = models();
    let graph = campus(&models, twins);
    let (topology, found) = Topology::compile(&graph, &models, &formulas(&models));
    assert!(found.is_empty(), "{found:?}");
    Arc::new(topology)
}

/// Builds a graph twin by twin, its topology and its first state.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn load_100k_twins(bencher: divan::Bencher<'_, '_>) {
    let models = models();
    let formulas = formulas(&models);
    bencher.bench_local(|| {
        let graph = campus(&models, 100_000);
        let (topology, _) = Topology::compile(&graph, &models, &formulas);
        State::new(Arc::new(topology))
    });
}

/// Propagates changes of 100,000 scattered sensors to rooms, floors and buildings. `twins` is the size of the graph.
/// The time of setting the values is not included.
#[divan::bench(args = [1_000_000, 10_000_000], sample_count = 20, sample_size = 1)]
fn propagate_100k_changes(bencher: divan::Bencher<'_, '_>, twins: usize) {
    let topology = topology(twins);
    let (column, rows) = sensor_column(&topology);
    let (state, round) = (RefCell::new(State::new(topology)), Cell::new(0u32));
    let change = || {
        round.set(round.get() + 1);
        let mut state = state.borrow_mut();
        state.begin_tick();
        for number in 0..100_000u32 {
            // The stride is coprime to the number of rows, so that the changed rows are scattered.
            let row = (u64::from(number) * 7_368_787 % u64::from(rows)) as u32;
            state.set(Slot { column, row }, Sample::good(f64::from(number % 97 + round.get()), i64::from(round.get())));
        }
    };
    bencher.with_inputs(change).bench_local_values(|()| {
        let mut state = state.borrow_mut();
        state.propagate();
        state.change_count()
    });
}

/// Recomputes a formula of twenty operations for a million rooms.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn recompute_20_operations_1m_rooms(bencher: divan::Bencher<'_, '_>) {
    let models = models();
    let room = models.find("dtmi:b:Room;1").expect("a model of the bench");
    let mut graph = Graph::default();
    for number in 0..1_000_000 {
        let twin = Twin { id: format!("r{number}").into(), model: room, properties: Vec::new() };
        graph.add_twin(twin).expect("a new id");
    }
    let computed = Computed::new(room, "comfort", COMFORT);
    let (topology, found) = Topology::compile(&graph, &models, &[computed]);
    assert!(found.is_empty(), "{found:?}");
    let mut state = State::new(Arc::new(topology));
    let table = state.topology().tables_of(room).next().expect("rooms");
    for name in ["value", "load"] {
        let column = state.topology().table(table).column(name).expect("a property");
        for row in 0..1_000_000 {
            state.set(Slot { column, row }, Sample::good(f64::from(row % 97), 1));
        }
    }
    state.begin_tick();
    bencher.bench_local(|| state.recompute());
}

/// Recomputes all computed properties.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn recompute_1m_twins(bencher: divan::Bencher<'_, '_>) {
    let topology = topology(1_000_000);
    let (column, rows) = sensor_column(&topology);
    let mut state = State::new(topology);
    for row in 0..rows {
        state.set(Slot { column, row }, Sample::good(f64::from(row % 97), 1));
    }
    bencher.bench_local(|| state.recompute());
}

/// Changes a formula in a graph of a million twins. Compiles the graph and transfers the state.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn change_a_formula_of_1m_twins(bencher: divan::Bencher<'_, '_>) {
    let models = models();
    let graph = campus(&models, 1_000_000);
    let mut computed = formulas(&models);
    let state = State::new(Arc::new(Topology::compile(&graph, &models, &computed).0));
    computed[1].formula = "MAX(contains.value)".into();
    bencher.bench_local(|| {
        let (topology, found) = state.topology().edited(&graph, &computed, &[], &[], true);
        assert!(found.is_empty(), "{found:?}");
        state.carry_over(Arc::new(topology))
    });
}

/// Clones the state of a million twins. The chunks are shared until one of the states writes.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn fork_1m_twins(bencher: divan::Bencher<'_, '_>) {
    let state = State::new(topology(1_000_000));
    bencher.bench_local(|| state.clone());
}

/// Returns a campus of a million twins in which all sensors have values, for queries.
fn campus_of_1m() -> (Graph, State) {
    let models = models();
    let graph = campus(&models, 1_000_000);
    let (topology, _) = Topology::compile(&graph, &models, &formulas(&models));
    let mut state = State::new(Arc::new(topology));
    let (column, rows) = sensor_column(state.topology());
    state.begin_tick();
    for row in 0..rows {
        state.set(Slot { column, row }, Sample::good(f64::from(row % 1_000) * 0.1, 1));
    }
    state.propagate();
    state.begin_tick();
    (graph, state)
}

fn ask(bencher: divan::Bencher<'_, '_>, text: &str, rows: usize) {
    let (graph, state) = campus_of_1m();
    bencher.bench_local(|| {
        let query = query::parse(text).expect("a query");
        let result = query::run(&query, &graph, &state).expect("an answer");
        assert_eq!(result.rows.len(), rows);
        result
    });
}

/// Queries the sensors of one floor among a million twins, from the text of the query to the rows of the result.
#[divan::bench(sample_count = 50)]
fn query_neighbourhood_of_1m(bencher: divan::Bencher<'_, '_>) {
    let text = "SELECT S.$dtId AS id, S.value AS value FROM DIGITALTWINS MATCH (F)-[:contains]->(R)-[:hasPoint]->(S) WHERE F.$dtId = 'f7'";
    ask(bencher, text, SHAPE.0 * SHAPE.1);
}

/// Queries three hops with a condition over a million twins, with grouping and sorting.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn query_three_hops_of_1m(bencher: divan::Bencher<'_, '_>) {
    let text = "SELECT B.$dtId, AVG(S.value) AS mean, COUNT() FROM DIGITALTWINS MATCH (B)-[:contains]->(F)-[:contains]->(R)-[:hasPoint]->(S) WHERE S.value > 75 GROUP BY B.$dtId ORDER BY mean DESC";
    ask(bencher, text, 100);
}

/// Updates a standing query after a thousand of a million twins have changed. The time of setting the values is not
/// included.
fn stay_open(bencher: divan::Bencher<'_, '_>, text: &str) {
    let (graph, state) = campus_of_1m();
    let query = query::parse(text).expect("a query");
    let mut standing = query::StandingQuery::new(query, &graph, &state, query::Limits::default()).expect("an answer");
    let (column, rows) = sensor_column(state.topology());
    let (state, round) = (RefCell::new(state), Cell::new(0u32));
    let change = || {
        round.set(round.get() + 1);
        let mut state = state.borrow_mut();
        state.begin_tick();
        for number in 0..1_000u32 {
            let row = (u64::from(number + round.get() * 7) * 7_368_787 % u64::from(rows)) as u32;
            let value = f64::from((number * 13 + round.get()) % 1_000) * 0.1;
            state.set(Slot { column, row }, Sample::good(value, 2));
        }
    };
    bencher.with_inputs(change).bench_local_values(|()| {
        standing.update(&graph, &state.borrow(), query::Limits::default()).expect("an answer")
    });
}

/// Updates a standing query that filters the sensors of the whole campus.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn standing_filter_after_1k_changes(bencher: divan::Bencher<'_, '_>) {
    stay_open(
        bencher,
        "SELECT S.$dtId, S.value FROM DIGITALTWINS S WHERE IS_OF_MODEL(S, 'dtmi:b:Sensor;1') AND S.value > 75",
    );
}

/// Updates a standing query for the mean of each building over three hops.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn standing_groups_after_1k_changes(bencher: divan::Bencher<'_, '_>) {
    let text = "SELECT B.$dtId, AVG(S.value) AS mean, COUNT() FROM DIGITALTWINS MATCH (B)-[:contains]->(F)-[:contains]->(R)-[:hasPoint]->(S) WHERE S.value > 75 GROUP BY B.$dtId ORDER BY mean DESC";
    stay_open(bencher, text);
}
