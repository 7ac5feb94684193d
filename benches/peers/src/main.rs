//! Comparison of Cupola with other systems on the same work in the same run:
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`.
//!
//! The program prints a Markdown table with the median times, the ratio of the times, and the additional features of
//! the other system. It compares the results of both systems before it measures query and formula times.

#[path = "../../campus.rs"]
mod campus;
mod duck;
mod flow;
mod measured;

use campus::{COMFORT, formulas};
use cupola_twin::expr::{Cell, evaluate, parse};
use cupola_twin::query::{self, Output, QueryResult, TwinContext};
use cupola_twin::topology::Computed;
use cupola_twin::{Slot, TwinIx};
use measured::{Campus, room};
use std::time::{Duration, Instant};

const THREE_HOPS: &str = "SELECT B.$dtId AS b, AVG(S.value) AS mean, COUNT() AS n FROM DIGITALTWINS MATCH (B)-[:contains]->(F)-[:contains]->(R)-[:hasPoint]->(S) WHERE S.value > 75 GROUP BY B.$dtId ORDER BY mean DESC, b";
const OF_FLOOR: &str = "SELECT S.$dtId AS id, S.value AS value FROM DIGITALTWINS MATCH (F)-[:contains]->(R)-[:hasPoint]->(S) WHERE F.$dtId = 'f7'";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!("| work | ours | peer | times faster | the peer |");
    println!("|---|---|---|---|---|");
    if "queries".contains(&wanted) {
        queries()?;
    }
    if "formula".contains(&wanted) {
        formula()?;
    }
    if "propagation".contains(&wanted) {
        propagation();
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(rounds: usize, mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    // The first rounds are for warm-up.
    let first = 3.max(rounds / 10);
    median((0..rounds + first).map(time).skip(first).collect())
}

fn row(work: &str, ours: Duration, peer: Duration, words: &str) {
    let times = peer.as_secs_f64() / ours.as_secs_f64();
    println!("| {work} | {ours:.2?} | {peer:.2?} | {times:.1} | {words} |");
}

fn ask(campus: &Campus, text: &str) -> QueryResult {
    let query = query::parse(text).expect("a query");
    query::run(&query, &campus.graph, &campus.state).expect("an answer")
}

fn queries() -> Result<(), Box<dyn std::error::Error>> {
    let campus = Campus::new(1_000_000, |_| Vec::new());
    let theirs = duck::ask(campus.count)?;
    let number = |output: &Option<Output>| match output {
        Some(Output::Value(Cell::Number(number))) => *number,
        other => panic!("{other:?}"),
    };
    let ours = ask(&campus, THREE_HOPS);
    let mut pairs: Vec<[f64; 2]> = ours.rows.iter().map(|row| [number(&row[1]), number(&row[2])]).collect();
    let mut others: Vec<[f64; 2]> = serde_json::from_value(theirs["three_hops"]["rows"].clone())?;
    pairs.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    others.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    let close = |(a, b): (&[f64; 2], &[f64; 2])| (a[0] - b[0]).abs() < 1e-9 && a[1] == b[1];
    assert!(pairs.len() == others.len() && pairs.iter().zip(&others).all(close), "the answers differ");
    assert_eq!(Some(ask(&campus, OF_FLOOR).rows.len() as u64), theirs["of_floor"]["rows"].as_u64());
    let median_of = |what: &str| Duration::from_secs_f64(theirs[what]["median_s"].as_f64().unwrap_or(f64::NAN));
    let version = theirs["version"].as_str().unwrap_or_default();
    let three = timed(1000, || drop(std::hint::black_box(ask(&campus, THREE_HOPS))));
    let words = format!("DuckDB {version} in memory, all cores; it also stores to disk and joins any tables");
    row(
        "three hops, filter, group, order over 1M twins, from the text to rows",
        three,
        median_of("three_hops"),
        &words,
    );
    let near = timed(500, || drop(std::hint::black_box(ask(&campus, OF_FLOOR))));
    let words = format!("DuckDB {version}, with indexes on both joins");
    row("400 sensors of one floor among 1M twins, from the text to rows", near, median_of("of_floor"), &words);
    Ok(())
}

fn formula() -> Result<(), Box<dyn std::error::Error>> {
    // The campus has a million rooms. This benchmark does not use the four sensors of each room.
    let mut campus = Campus::new(5_000_000, |models| vec![Computed::new(room(models), "comfort", COMFORT)]);
    let topology = campus.state.topology().clone();
    let table = topology.tables_of(room(&topology.models)).next().ok_or("rooms")?;
    let rows = topology.table(table).rows;
    campus.state.begin_tick();
    for name in ["value", "load"] {
        let column = topology.table(table).column(name).ok_or("a property")?;
        for row in 0..rows {
            campus.state.set(Slot { column, row }, cupola_twin::value::Sample::good(f64::from(row % 97), 1));
        }
    }
    campus.state.propagate();
    campus.state.begin_tick();
    let expr = parse(COMFORT).map_err(|error| error.message)?;
    let base = topology.table(table).base;
    let each = |row: u32| evaluate(&expr, &TwinContext { state: &campus.state, twin: TwinIx(base + row) });
    let column = topology.table(table).column("comfort").ok_or("a property")?;
    for row in (0..rows).step_by(997) {
        let plain = each(row).expect("a value");
        let lane = campus.state.get(Slot { column, row }).lane;
        assert!(matches!(plain, Cell::Number(number) if (number - lane).abs() < 1e-9), "the answers differ");
    }
    let theirs = timed(3, || (0..rows).for_each(|row| drop(std::hint::black_box(each(row)))));
    let ours = timed(30, || campus.state.recompute());
    row("a formula of 20 operations, recomputed for 1M rooms", ours, theirs, "our own row-at-a-time interpreter");
    Ok(())
}

fn propagation() {
    let mut campus = Campus::new(10_000_000, formulas);
    let mut took = Vec::new();
    for round in 0..23 {
        let begin = Instant::now();
        campus.state.begin_tick();
        for number in 0..100_000u32 {
            let row = (u64::from(number) * 7_368_787 % u64::from(campus.count)) as u32;
            campus.set(row, f64::from(number % 97 + round));
        }
        campus.state.propagate();
        took.push(begin.elapsed());
    }
    let (ours, sensors) = (median(took.split_off(3)), campus.count);
    drop(campus);
    let theirs = median(flow::propagate(sensors, 100_000, 8).split_off(2));
    let words = "differential-dataflow, one worker; it also handles changes of the graph, several moments at once, and \
                 several machines";
    row("100k scattered changes among 10M twins, set and propagated", ours, theirs, words);
}
