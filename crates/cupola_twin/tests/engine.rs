//! Tests of the engine against direct implementations of the language: expressions, propagation, cycles, queries,
//! explanations.
#![allow(clippy::unwrap_used, reason = "tests")]

use cupola_twin::expr::{Cell, evaluate, parse};
use cupola_twin::query::{self, Output, TwinContext};
use cupola_twin::topology::{ByteReader, Computed, Writer};
use cupola_twin::value::Sample;
use cupola_twin::{Relationship, State, Topology, Value, why};
use proptest::prelude::*;
use std::sync::Arc;
use world::{World, put, slot};

mod world;

/// Twin n0 contains n1 and n2, n1 contains the leaves n3 and n4, n2 contains the leaf n5, and n3 feeds n2.
fn tree() -> World {
    World::new(6, 3, &[(0, 1), (0, 2), (1, 3), (1, 4), (2, 5)], &[(3, 2)])
}

fn filled(formulas: &[(&str, &str)]) -> State {
    let mut state = tree().state(formulas);
    state.begin_tick();
    for (name, value) in [("n3.x", 1.0), ("n4.x", 2.0), ("n5.x", 6.0), ("n3.y", 0.0), ("n3.t", 20.0), ("n3.f", 212.0)] {
        put(&mut state, name, value);
    }
    put(&mut state, "n3.on", true);
    put(&mut state, "n4.on", false);
    put(&mut state, "n3.label", "north wing");
    state.propagate();
    state
}

#[test]
fn expressions_give_what_they_say() {
    let num = |x: f64| Some(Value::Number(x));
    let int = |x: i64| Some(Value::Integer(x));
    let yes = Some(Value::Bool(true));
    let no = Some(Value::Bool(false));
    for (formula, twin, expected) in [
        ("1 + 2 * 3 - 4 / 2", "n0", num(5.0)),
        ("-(2 - 5) % 2", "n0", num(1.0)),
        ("x + 1", "n3", num(2.0)),
        ("x + y", "n4", None),
        ("x / y", "n3", None),
        ("CLAMP(x * 10, 0, 5)", "n3", num(5.0)),
        ("MIN(x, 7, 3)", "n5", num(3.0)),
        ("MAX(x, COALESCE(y, 9))", "n4", num(9.0)),
        ("ROUND(SQRT(x * 2.1))", "n5", num(4.0)),
        ("POWER(x, 2) + ABS(-1)", "n4", num(5.0)),
        ("IF(on, 1, 2)", "n4", num(2.0)),
        ("IF(on, 1, 2)", "n5", None),
        ("CASE WHEN x > 5 THEN 'high' WHEN x > 1 THEN 'mid' ELSE 'low' END", "n4", Some(Value::Text("mid".into()))),
        ("CASE x WHEN 1 THEN 10 WHEN 2 THEN 20 END", "n5", None),
        ("x > 1 AND on", "n4", no.clone()),
        ("y > 1 AND on", "n4", no.clone()),
        ("y > 1 OR x = 2", "n4", yes.clone()),
        ("NOT on", "n3", no.clone()),
        ("x IN [1, 3]", "n3", yes.clone()),
        ("x NOT IN [1, 3]", "n3", no.clone()),
        ("x NIN [2]", "n3", yes.clone()),
        ("IS_DEFINED(y)", "n4", no.clone()),
        ("IS_NULL(y)", "n4", yes.clone()),
        ("STARTSWITH(label, 'north')", "n3", yes.clone()),
        ("CONTAINS(label, 'wing') AND label < 'o'", "n3", yes.clone()),
        ("IS_OF_MODEL('dtmi:t:Leaf;1')", "n3", yes.clone()),
        ("IS_OF_MODEL('dtmi:t:Node;1', exact)", "n3", no.clone()),
        ("AVG(contains.x)", "n1", num(1.5)),
        ("SUM(contains*.x)", "n0", num(9.0)),
        ("SUM(contains.contains.x)", "n0", num(9.0)),
        ("COUNT(contains)", "n0", int(2)),
        ("COUNT(contains*)", "n0", int(5)),
        ("COUNT(contains*.x)", "n0", int(3)),
        ("COUNT(contains.x > 1)", "n1", int(1)),
        ("ANY(contains.on)", "n1", yes.clone()),
        ("ALL(contains.on)", "n1", no.clone()),
        ("ANY(contains.on)", "n2", None),
        ("MAX(contains.x * 2 + 1)", "n1", num(5.0)),
        ("AVG(^contains.x)", "n3", None),
        ("SUM(feeds.contains.x)", "n3", num(6.0)),
        ("COUNT(^feeds)", "n2", int(1)),
        ("COUNT(^contains*)", "n3", int(2)),
        ("contains.x + 1", "n2", num(7.0)),
        ("t > 19", "n3", yes),
        ("t * 2", "n3", num(40.0)),
        ("CLAMP(x / y, 0, 100)", "n3", None),
        ("COALESCE(x / y, 7)", "n3", num(7.0)),
        ("x / y > 5", "n3", None),
        ("IS_DEFINED(x / y)", "n3", no.clone()),
        ("POWER(y, 0)", "n4", None),
    ] {
        // A path to a single related twin is an error if some twin has several, so the formula is evaluated for one
        // twin only.
        if formula == "contains.x + 1" {
            let (_, diagnostics) = tree().compile(&[("r", formula)]);
            assert_eq!(diagnostics[0].code, "several");
            continue;
        }
        let state = filled(&[("r", formula)]);
        assert_eq!(state.value(slot(&state, &format!("{twin}.r"))), expected, "{formula} of {twin}");
    }
}

#[test]
fn units_are_brought_together_or_refused() {
    let world = tree();
    let formula = |text: &str| world.compile(&[("r", text)]).1.iter().map(|d| d.code).collect::<Vec<_>>();
    assert_eq!(formula("t + p"), ["wrong-unit"]);
    assert_eq!(formula("AVG(contains.t) > MAX(contains.p)"), ["wrong-unit"]);
    let state = filled(&[("r", "SUM(contains.f)"), ("t", "MAX(contains.f)")]);
    // A value of 212 °F is assigned to a property in °C.
    let celsius = state.get(slot(&state, "n1.t")).lane;
    assert!((celsius - 100.0).abs() < 1e-9, "{celsius}");
    assert_eq!(state.value(slot(&state, "n1.r")), Some(Value::Number(212.0)));
}

#[test]
fn mistakes_are_named_where_they_are() {
    for (formula, code, at, help) in [
        ("xx +", "syntax", 4, ""),
        ("temprature + 1", "unknown-property", 0, ""),
        ("1 + lable", "unknown-property", 4, "label"),
        ("AVG(contans.x)", "unknown-relationship", 4, "contains"),
        ("AVG(contains.xz)", "unknown-property", 13, ""),
        ("ABSS(x)", "unknown-function", 0, "ABS"),
        ("IF(x, 1, 2)", "wrong-type", 3, ""),
        ("x + on", "wrong-type", 4, ""),
        ("label > 3", "wrong-type", 8, ""),
        ("contains + 1", "unknown-property", 0, "COUNT(contains)"),
        ("AVG(contains)", "wrong-type", 0, "property"),
        ("AVG(contains.x + feeds.x)", "several-paths", 4, ""),
        ("1 < x < 3", "syntax", 6, "AND"),
        ("'open", "syntax", 0, "'"),
        ("1e999", "syntax", 0, ""),
        ("IS_OF_MODEL('dtmi:t:Laef;1')", "unknown-model", 0, "Leaf"),
    ] {
        let world = tree();
        let computed = Computed {
            place: Some(cupola_twin::Place { file: "s.ron".into(), line: 7, column: 100 }),
            ..Computed::new(world.models.resolve("Node").unwrap(), "r", formula)
        };
        let (_, found) = Topology::compile(&world.graph, &world.models, &[computed]);
        let first = found.first().unwrap_or_else(|| panic!("{formula} passed"));
        let column = first.place.as_ref().unwrap().column;
        assert_eq!((first.code, column), (code, 100 + at), "{formula}: {first}");
        assert!(first.help.clone().unwrap_or_default().contains(help), "{formula}: {first}");
    }
    let many = vec!["1"; 20_000].join("+");
    assert_eq!(parse(&many).unwrap_err().code, "too-long");
    let doubling = format!("x{}", " IN [1, 1]".repeat(40));
    assert_eq!(parse(&doubling).unwrap_err().code, "too-long");
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(parse(&deep).unwrap_err().code, "too-deep");
}

#[test]
fn cycles_name_every_property_on_them() {
    let (_, found) = tree().compile(&[("a", "b + 1"), ("b", "AVG(contains.c)"), ("c", "^contains.a * 2")]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, "cycle");
    for name in [".a", ".b", ".c"] {
        assert!(found[0].message.contains(name), "{}", found[0]);
    }
    // The same property of a parent and its children is not a cycle: the rows are evaluated level by level.
    let state = filled(&[("total", "COALESCE(x, 0) + COALESCE(SUM(contains.total), 0)")]);
    assert_eq!(state.value(slot(&state, "n0.total")), Some(Value::Number(9.0)));
    // A boolean property may depend on the same property of contained twins.
    let state = filled(&[("busy", "COALESCE(on, FALSE) OR ANY(contains.busy)")]);
    assert_eq!(state.value(slot(&state, "n0.busy")), Some(Value::Bool(true)));
    assert_eq!(state.value(slot(&state, "n2.busy")), Some(Value::Bool(false)));
    let looped = World::new(3, 0, &[(0, 1), (1, 2), (2, 0)], &[]);
    let (_, found) = looped.compile(&[("total", "1 + SUM(contains.total)")]);
    assert_eq!(found[0].code, "cycle");
    assert!(["n0.total", "n1.total", "n2.total"].iter().all(|name| found[0].message.contains(name)), "{}", found[0]);
}

#[test]
fn quality_goes_along() {
    use cupola_twin::Quality;
    let formulas = [
        ("mean", "AVG(contains.x)"),
        ("inverse", "1 / y"),
        ("old", "COUNT(contains.$metadata.x.quality = 'stale')"),
        ("known", "$metadata.x.quality != 'missing'"),
    ];
    let mut state = filled(&formulas);
    assert_eq!(state.value(slot(&state, "n1.old")), Some(Value::Integer(0)));
    assert_eq!(state.value(slot(&state, "n3.known")), Some(Value::Bool(true)));
    assert_eq!(state.value(slot(&state, "n0.known")), Some(Value::Bool(false)));
    let mean = slot(&state, "n1.mean");
    assert_eq!(state.get(slot(&state, "n3.inverse")).quality, Quality::Bad, "1 / 0 is no number");
    assert_eq!(state.get(slot(&state, "n4.inverse")).quality, Quality::Missing);
    state.begin_tick();
    let sensor = slot(&state, "n3.x");
    state.set(sensor, Sample { quality: Quality::Stale, ..state.get(sensor) });
    state.propagate();
    assert_eq!((state.value(mean), state.get(mean).quality), (Some(Value::Number(1.5)), Quality::Stale));
    assert_eq!(state.value(slot(&state, "n1.old")), Some(Value::Integer(1)));
    state.begin_tick();
    state.set(sensor, Sample { quality: Quality::Bad, ..state.get(sensor) });
    state.propagate();
    assert_eq!((state.value(mean), state.get(mean).quality), (Some(Value::Number(2.0)), Quality::Good));
    state.begin_tick();
    state.set(sensor, Sample::good(f64::NAN, 5));
    assert_eq!(state.get(sensor).quality, Quality::Bad);
}

#[test]
fn a_fork_shares_and_then_parts() {
    let mut live = filled(&[("mean", "AVG(contains.x)")]);
    let mut fork = live.clone();
    fork.begin_tick();
    put(&mut fork, "n3.x", 100.0);
    fork.propagate();
    let mean = slot(&live, "n1.mean");
    assert_eq!(live.value(mean), Some(Value::Number(1.5)));
    assert_eq!(fork.value(mean), Some(Value::Number(51.0)));
    live.begin_tick();
    put(&mut live, "n4.x", 3.0);
    live.propagate();
    assert_eq!((live.value(mean), fork.value(mean)), (Some(Value::Number(2.0)), Some(Value::Number(51.0))));
}

#[test]
fn why_goes_down_to_what_came_from_outside() {
    let state = filled(&[("mean", "AVG(contains.x)"), ("top", "AVG(contains.mean) * 2")]);
    let answer =
        why::why(&state, slot(&state, "n0.top"), &|slot| Some(format!("message for {}", state.topology().name(slot))));
    assert_eq!(answer.formula.as_deref(), Some("AVG(contains.mean) * 2"));
    let n1 = answer.inputs.iter().find(|input| input.name == "n1.mean").unwrap();
    let origins: Vec<_> = n1.inputs.iter().map(|input| input.origin.clone().unwrap()).collect();
    assert_eq!(origins, ["message for n3.x", "message for n4.x"]);
    let x = |twin: &str| slot(&state, &format!("{twin}.x"));
    assert_eq!(why::sources_of(&state, slot(&state, "n0.top")), [x("n3"), x("n4"), x("n5")]);
    let impact: Vec<String> =
        why::impact_of(state.topology(), x("n3")).iter().map(|slot| state.topology().name(*slot)).collect();
    assert_eq!(impact[..2], ["n1.mean", "n0.top"], "{impact:?}");
    // The sum of the means 1.5 and 6 is 7.5; without n5.x the result is twice 1.5.
    assert_eq!(state.value(slot(&state, "n0.top")), Some(Value::Number(7.5)));
    assert_eq!(why::without(&state, slot(&state, "n0.top"), x("n5")), Some(Value::Number(3.0)));
    let affected = why::dependents_of(state.topology(), slot(&state, "n3.x"));
    assert_eq!(affected, [slot(&state, "n1.mean")]);
}

#[test]
fn queries_answer_like_the_service() {
    let state = filled(&[]);
    let world = tree();
    let ask = |text: &str| {
        let mut rows = rows_of(&world, &state, text)?;
        rows.sort();
        Ok::<_, String>(rows)
    };
    let all = |rows: &[&str]| Ok(rows.iter().map(ToString::to_string).collect::<Vec<_>>());
    for (text, expected) in [
        ("SELECT * FROM DIGITALTWINS WHERE x > 1", all(&["=n4", "=n5"])),
        ("select T from digitaltwins T where T.x > 1 and T.on = false", all(&["T=n4"])),
        ("SELECT COUNT() FROM DIGITALTWINS", all(&["COUNT=6"])),
        ("SELECT TOP(1) T.$dtId FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:t:Leaf;1')", all(&["$dtId=n3"])),
        ("SELECT TOP(0) * FROM DIGITALTWINS", all(&[])),
        ("SELECT T.x, T.y FROM DIGITALTWINS T WHERE T.$dtId = 'n4'", all(&["x=2"])),
        (
            "SELECT T.x AS load, T.label FROM DIGITALTWINS T WHERE STARTSWITH(T.label, 'no')",
            all(&["load=1 label=north wing"]),
        ),
        (
            "SELECT A.$dtId AS a, C.$dtId AS c FROM DIGITALTWINS A JOIN B RELATED A.contains JOIN C RELATED B.contains WHERE C.x < 5",
            all(&["a=n0 c=n3", "a=n0 c=n4"]),
        ),
        (
            "SELECT T FROM DIGITALTWINS S JOIN T RELATED S.feeds R WHERE R.$relationshipName = 'feeds' AND S.$dtId = 'n3'",
            all(&["T=n2"]),
        ),
        (
            "SELECT COUNT() FROM DIGITALTWINS S JOIN T RELATED S.contains R WHERE R.$targetId IN ['n3', 'n5']",
            all(&["COUNT=2"]),
        ),
        ("SELECT R.$sourceId AS s FROM RELATIONSHIPS R WHERE R.$relationshipName = 'feeds'", all(&["s=n3"])),
        (
            "SELECT T.$dtId, AVG(T.contains.x) AS mean FROM DIGITALTWINS T WHERE COUNT(T.contains.x) > 1",
            all(&["$dtId=n1 mean=1.5"]),
        ),
        ("SELECT * FROM DIGITALTWINS A JOIN B RELATED A.contains", Err("select-all-join".into())),
        ("SELECT * FROM DIGITALTWINS T WHERE T.temprature > 1", Err("unknown-property".into())),
        ("SELECT * FROM DIGITALTWIN", Err("unknown-collection".into())),
        ("SELECT X FROM DIGITALTWINS T JOIN U RELATED T.contains", Err("unknown-alias".into())),
        ("SELECT T FROM DIGITALTWINS T JOIN U RELATED T.contians", Err("unknown-relationship".into())),
        ("SELECT FROM DIGITALTWINS", Err("syntax".into())),
    ] {
        assert_eq!(ask(text), expected, "{text}");
    }
}

/// Returns the rows of a query, each as `key=value …`.
fn rows_of(world: &World, state: &State, text: &str) -> Result<Vec<String>, String> {
    let query = query::parse(text).map_err(|error| error.code.to_string())?;
    let result = query::run(&query, &world.graph, state).map_err(|error| error.code.to_string())?;
    Ok(shown_rows(world, state, &result))
}

fn shown_rows(world: &World, state: &State, result: &query::QueryResult) -> Vec<String> {
    let show = |output: &Output| match output {
        Output::Twin(twin) | Output::Id(twin) => state.topology().twin_id(*twin).to_string(),
        Output::Relationship(number) => query::whole::relationship_id(&world.graph, *number).unwrap(),
        Output::Value(Cell::Number(number)) => number.to_string(),
        Output::Value(Cell::Text(text)) => text.to_string(),
        Output::Value(other) => format!("{other:?}"),
    };
    let row = |row: &[Option<Output>]| {
        let shown = result.keys.iter().zip(row).filter_map(|(key, output)| Some((key, output.as_ref()?)));
        shown.map(|(key, output)| format!("{key}={}", show(output))).collect::<Vec<_>>().join(" ")
    };
    result.rows.iter().map(row).collect()
}

#[test]
fn patterns_and_groups_are_matched() {
    let world = tree();
    let state = filled(&[]);
    for (text, expected) in [
        ("SELECT a, b FROM DIGITALTWINS MATCH (a)-[:feeds]->(b)", Ok(vec!["a=n3 b=n2"])),
        ("SELECT b FROM DIGITALTWINS MATCH (a)<-[:contains]-(b) WHERE a.$dtId = 'n4'", Ok(vec!["b=n1"])),
        ("SELECT b FROM DIGITALTWINS MATCH (a)-[]-(b) WHERE a.$dtId = 'n3' ORDER BY b.$dtId", Ok(vec!["b=n1", "b=n2"])),
        (
            "SELECT r FROM DIGITALTWINS MATCH (a)-[r:feeds|contains]->(b) WHERE b.$dtId = 'n2' ORDER BY r.$sourceId",
            Ok(vec!["r=n0-contains-n2", "r=n3-feeds-n2"]),
        ),
        // A range excludes its lower end and includes its upper end.
        (
            "SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*1..2]->(b) WHERE a.$dtId = 'n0' ORDER BY b.$dtId",
            Ok(vec!["b=n3", "b=n4", "b=n5"]),
        ),
        (
            "SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*..2]->(b) WHERE a.$dtId = 'n0' AND b.x > 1 ORDER BY b.x DESC",
            Ok(vec!["b=n5", "b=n4"]),
        ),
        ("SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*2]->(b)-[:feeds]->() WHERE a.$dtId = 'n0'", Ok(vec!["b=n3"])),
        ("SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[:contains*]->(b)", Ok(vec!["COUNT=8"])),
        ("SELECT * FROM DIGITALTWINS MATCH (a)-[r:feeds]->(b)", Ok(vec!["a=n3 b=n2 r=n3-feeds-n2"])),
        // A pattern never traverses a relationship twice, so a twin is not its own sibling.
        (
            "SELECT b FROM DIGITALTWINS MATCH (a)<-[:contains]-()-[:contains]->(b) WHERE a.$dtId = 'n3'",
            Ok(vec!["b=n4"]),
        ),
        (
            "SELECT a FROM DIGITALTWINS MATCH (a)-[:contains]->(b)-[:contains]->(c)-[:feeds]->(d)<-[:contains]-(a)",
            Ok(vec!["a=n0"]),
        ),
        (
            "SELECT F.$dtId AS f, SUM(L.x) AS sum, COUNT() FROM DIGITALTWINS F JOIN L RELATED F.contains GROUP BY F.$dtId HAVING SUM(L.x) > 2 ORDER BY sum DESC",
            Ok(vec!["f=n2 sum=6 COUNT=1", "f=n1 sum=3 COUNT=2"]),
        ),
        (
            "SELECT F, MAX(L.x) FROM DIGITALTWINS F JOIN L RELATED F.contains WHERE L.x > 0 GROUP BY F ORDER BY F.$dtId",
            Ok(vec!["F=n1 MAX=2", "F=n2 MAX=6"]),
        ),
        ("SELECT COUNT(), AVG(T.x), MIN(T.label) FROM DIGITALTWINS T WHERE T.x > 100", Ok(vec!["COUNT=0"])),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.x > 0 ORDER BY T.x DESC LIMIT 1 OFFSET 1", Ok(vec!["$dtId=n4"])),
        ("SELECT TOP(2) T.$dtId FROM DIGITALTWINS T ORDER BY T.$dtId DESC", Ok(vec!["$dtId=n5", "$dtId=n4"])),
        (
            "SELECT T.$dtId, S.$dtId AS s FROM DIGITALTWINS T OPTIONAL JOIN S RELATED T.feeds WHERE T.x > 0 ORDER BY T.$dtId",
            Ok(vec!["$dtId=n3 s=n2", "$dtId=n4", "$dtId=n5"]),
        ),
        (
            "SELECT T.$dtId FROM DIGITALTWINS T OPTIONAL JOIN S RELATED T.feeds WHERE T.x > 0 AND IS_NULL(S.$dtId) ORDER BY T.$dtId",
            Ok(vec!["$dtId=n4", "$dtId=n5"]),
        ),
        ("SELECT DISTINCT R.$relationshipName AS n FROM RELATIONSHIPS R ORDER BY n", Ok(vec!["n=contains", "n=feeds"])),
        ("SELECT R FROM RELATIONSHIPS R WHERE R.$sourceId = 'n1' AND R.$targetId = 'n4'", Ok(vec!["R=n1-contains-n4"])),
        ("SELECT $dtId FROM DIGITALTWINS WHERE t > 60 degF", Ok(vec!["$dtId=n3"])),
        ("SELECT $dtId FROM DIGITALTWINS WHERE f > 99 degC", Ok(vec!["$dtId=n3"])),
        // A value of 212 °F is more than 20 °C, and a value minus 80 °C is not more than the value.
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.f > T.t AND NOT T.f - 80 K > T.f", Ok(vec!["$dtId=n3"])),
        (
            "SELECT T.$dtId FROM DIGITALTWINS T WHERE T.t < T.f AND (T.t + T.f) / 2 > 59.5 degC AND (T.t + T.f) / 2 < 60.5 degC",
            Ok(vec!["$dtId=n3"]),
        ),
        ("SELECT TOP(1) FROM DIGITALTWINS T WHERE T.[[x]] > 5", Ok(vec!["=n5"])),
        ("SELECT b FROM DIGITALTWINS MATCH (a)-[:feeds*]-(b) ORDER BY b.$dtId", Ok(vec!["b=n2", "b=n3"])),
        (
            "SELECT F.$dtId, SUM(L.x) AS s FROM DIGITALTWINS F JOIN L RELATED F.contains GROUP BY F HAVING s > 1 ORDER BY -s",
            Ok(vec!["$dtId=n2 s=6", "$dtId=n1 s=3"]),
        ),
        ("SELECT T.x AS x, T.y AS x FROM DIGITALTWINS T", Err("duplicate-alias")),
        ("SELECT COUNT() FROM RELATIONSHIPS WHERE IS_OF_MODEL('dtmi:t:Leaf;1')", Err("not-a-twin")),
        ("SELECT T FROM DIGITALTWINS T WHERE COUNT(T.x + T.contains.x) > 1", Err("several-paths")),
        ("SELECT COUNT(T * x) FROM DIGITALTWINS W", Err("unknown-property")),
        (
            "SELECT T.$dtId FROM DIGITALTWINS T WHERE AVG(T.contains.t) >= 68 degF AND AVG(T.contains.t) < 69 degF",
            Ok(vec!["$dtId=n1"]),
        ),
        ("SELECT COUNT() FROM DIGITALTWINS T HAVING AVG(T.t) >= 68 degF", Ok(vec!["COUNT=6"])),
        ("SELECT A.$dtId, B.$dtId FROM DIGITALTWINS A JOIN B RELATED A.feeds", Ok(vec!["$dtId=n3 $dtId_2=n2"])),
        (
            "SELECT T.$dtId FROM DIGITALTWINS T OPTIONAL JOIN S RELATED T.feeds OPTIONAL JOIN U RELATED S.contains JOIN V RELATED U.feeds",
            Ok(vec![]),
        ),
        // A pattern never traverses a relationship twice, so the cycle of n2 and n5 ends the path.
        (
            "SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*2..]-(b) WHERE a.$dtId = 'n4' ORDER BY b.$dtId",
            Ok(vec!["b=n2", "b=n5"]),
        ),
        (
            "SELECT b FROM DIGITALTWINS MATCH (a)-[:contains*..20]->(b) WHERE a.$dtId = 'n1' ORDER BY b.$dtId",
            Ok(vec!["b=n3", "b=n4"]),
        ),
        ("SELECT T FROM DIGITALTWINS T WHERE T.$dtid = 'n0'", Err("unknown-property")),
        ("SELECT COUNT() AS n FROM DIGITALTWINS MATCH (T) WHERE T.t > -300", Ok(vec!["n=1"])),
        ("SELECT T FROM DIGITALTWINS T WHERE T.t * 2 > 5 degF", Err("wrong-unit")),
        ("SELECT T FROM DIGITALTWINS T WHERE T.t > T.p", Err("wrong-unit")),
        ("SELECT R FROM RELATIONSHIPS R WHERE R.$sourceID = 'n0'", Err("unknown-property")),
        (
            "SELECT $dtId FROM DIGITALTWINS WHERE $dtId IN ['n4', 'n9', 'n1'] AND NOT IS_DEFINED(x)",
            Ok(vec!["$dtId=n1"]),
        ),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.x < T.y + 3 AND T.x > T.y", Ok(vec!["$dtId=n3"])),
        ("SELECT T.x + T.y AS both, T.x FROM DIGITALTWINS T WHERE IS_NUMBER(T.y)", Ok(vec!["both=1 x=1"])),
        ("SELECT a FROM DIGITALTWINS MATCH (a)-[r*2]->(b)", Err("several-hops")),
        ("SELECT a FROM DIGITALTWINS MATCH (a)-[*3..3]->(b)", Err("wrong-hops")),
        ("SELECT a FROM DIGITALTWINS MATCH (a)-[:fedes]->(b)", Err("unknown-relationship")),
        ("SELECT a FROM DIGITALTWINS MATCH SHORTEST (a)", Err("syntax")),
        ("SELECT T.x, COUNT() FROM DIGITALTWINS T", Err("not-grouped")),
        ("SELECT T FROM DIGITALTWINS T WHERE COUNT() > 1", Err("aggregate-of-rows")),
        ("SELECT T FROM DIGITALTWINS T WHERE T.t > 3 kilowatt", Err("wrong-unit")),
        ("SELECT T FROM DIGITALTWINS T WHERE T.contains > 3", Err("not-a-value")),
    ] {
        let expected = expected.map(|rows| rows.into_iter().map(str::to_string).collect()).map_err(str::to_string);
        assert_eq!(rows_of(&world, &state, text), expected, "{text}");
    }
    let plan =
        query::parse("EXPLAIN SELECT b FROM DIGITALTWINS MATCH (a)-[:contains]->(b) WHERE b.$dtId = 'n5'").unwrap();
    let plan = query::run(&plan, &world.graph, &state).unwrap().plan.unwrap();
    assert_eq!(plan, ["b: 1 twin by id, 1 condition (about 1 rows)", "b → a: along contains backwards (about 1 rows)"]);
}

#[test]
fn paths_may_be_as_long_as_there_are_relationships() {
    let count = 20_000;
    let links: Vec<(usize, usize)> = (1..count).map(|number| (number - 1, number)).collect();
    let world = World::new(count, 0, &links, &[]);
    let state = world.state(&[]);
    for (range, least) in [("*", 1), ("*1..", 2), ("*5..", 6), ("*..", 1)] {
        let text = format!("SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[:contains{range}]->(b) WHERE a.$dtId = 'n0'");
        let result = query::run(&query::parse(&text).unwrap(), &world.graph, &state).unwrap();
        assert_eq!(shown_rows(&world, &state, &result), [format!("COUNT={}", count - least)], "{range}");
    }
    // Many ways between few twins end at the deadline.
    let pairs: Vec<(usize, usize)> = (0..12).flat_map(|from| (0..12).map(move |to| (from, to))).collect();
    let world = World::new(12, 0, &pairs, &[]);
    let state = world.state(&[]);
    let text = "SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[:contains*1..]->(b)";
    let deadline = Some(std::time::Instant::now() + std::time::Duration::from_millis(50));
    let limits = query::Limits { deadline, cancel: None };
    let stopped = query::run_within(&query::parse(text).unwrap(), &world.graph, &state, limits).unwrap_err();
    assert_eq!(stopped.code, "too-slow");
}

#[test]
fn forms_of_other_languages_have_a_suggestion() {
    for (condition, help) in [
        ("T.label LIKE 'a%'", "STARTSWITH"),
        ("T.x IN ('a')", "brackets"),
        ("T.x == 1", "single ="),
        ("T.x > 0.1 %", "percent"),
        ("T.x > 1;", "semicolon"),
        ("T.label = “a”", "straight quotes"),
        ("T.x BETWEEN 1 AND 2", ">="),
        ("T.x IS NULL", "IS_NULL"),
        ("T.x > 1 && T.y > 1", "AND"),
        ("T.x ≥ 1", ">="),
    ] {
        let error = query::parse(&format!("SELECT T FROM DIGITALTWINS T WHERE {condition}")).unwrap_err();
        assert!(error.help.as_deref().is_some_and(|found| found.contains(help)), "{condition}: {error:?}");
    }
}

#[test]
fn a_query_can_be_stopped() {
    let pairs: Vec<(usize, usize)> = (0..60).flat_map(|from| (0..60).map(move |to| (from, to))).collect();
    let world = World::new(60, 0, &pairs, &[]);
    let state = world.state(&[]);
    let query = query::parse("SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[]->(b)-[]->(c)-[]->(d)-[]->(e)").unwrap();
    let stopped = std::sync::atomic::AtomicBool::new(true);
    let limits = query::Limits { deadline: None, cancel: Some(&stopped) };
    assert_eq!(query::run_within(&query, &world.graph, &state, limits).unwrap_err().code, "cancelled");
    let limits = query::Limits { deadline: Some(std::time::Instant::now()), cancel: None };
    assert_eq!(query::run_within(&query, &world.graph, &state, limits).unwrap_err().code, "too-slow");
}

/// An edge of a pattern: direction, names and range of hops.
type Edge = (u8, Vec<&'static str>, (usize, usize));

fn pattern_edge() -> impl Strategy<Value = Edge> {
    let names = prop_oneof![Just(vec![]), Just(vec!["contains"]), Just(vec!["feeds"]), Just(vec!["contains", "feeds"])];
    (0u8..3, names, prop_oneof![4 => Just((1, 1)), 1 => Just((1, 2)), 1 => Just((2, 2)), 1 => Just((2, 3))])
}

/// Matches a pattern by exhaustive search; each match is the list of its nodes.
fn naive(links: &[(usize, &str, usize)], nodes: &[usize], edges: &[Edge], twins: usize) -> Vec<Vec<usize>> {
    fn go(
        links: &[(usize, &str, usize)],
        nodes: &[usize],
        edges: &[Edge],
        (here, hops): (usize, usize),
        used: &mut Vec<usize>,
        bound: &mut Vec<Option<usize>>,
        out: &mut Vec<Vec<usize>>,
    ) {
        let Some(((direction, names, (least, most)), rest)) = edges.split_first() else {
            out.push(bound.iter().map(|twin| twin.unwrap()).collect());
            return;
        };
        for (number, (from, name, to)) in links.iter().enumerate() {
            if used.contains(&number) || !(names.is_empty() || names.contains(name)) {
                continue;
            }
            let mut ends = Vec::new();
            if *direction != 1 && *from == here {
                ends.push(*to);
            }
            if *direction != 0 && *to == here && !(*direction == 2 && from == to) {
                ends.push(*from);
            }
            for end in ends {
                used.push(number);
                let known = bound[nodes[1]];
                if hops >= *least && known.is_none_or(|known| known == end) {
                    bound[nodes[1]] = Some(end);
                    go(links, &nodes[1..], rest, (end, 1), used, bound, out);
                    bound[nodes[1]] = known;
                }
                if hops < *most {
                    go(links, nodes, edges, (end, hops + 1), used, bound, out);
                }
                used.pop();
            }
        }
    }
    let mut out = Vec::new();
    let names = nodes.iter().max().unwrap() + 1;
    for start in 0..twins {
        let mut bound = vec![None; names];
        bound[nodes[0]] = Some(start);
        go(links, nodes, edges, (start, 1), &mut Vec::new(), &mut bound, &mut out);
    }
    out
}

#[test]
fn a_whole_twin_in_an_open_query_tells_of_its_values() {
    let (world, mut state) = (tree(), filled(&[]));
    // The first query is maintained incrementally, the second one runs again.
    for text in [
        "SELECT T FROM DIGITALTWINS T WHERE T.x > 0",
        "SELECT a, b FROM DIGITALTWINS a OPTIONAL JOIN b RELATED a.contains",
    ] {
        let query = query::parse(text).unwrap();
        let mut standing = query::StandingQuery::new(query, &world.graph, &state, query::Limits::default()).unwrap();
        state.begin_tick();
        assert!(!standing.update(&world.graph, &state, query::Limits::default()).unwrap(), "{text}: nothing changed");
        put(&mut state, "n5.y", 4.0);
        assert!(standing.update(&world.graph, &state, query::Limits::default()).unwrap(), "{text}");
        state.begin_tick();
        put(&mut state, "n5.y", 5.0);
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_string()),
        Just("y".to_string()),
        (-5i32..5).prop_map(|n| format!("({n})")),
        Just("IF(on, x, y)".to_string()),
        Just("AVG(contains.x)".to_string()),
        Just("SUM(contains*.y)".to_string()),
        Just("MAX(^contains.x)".to_string()),
        Just("COUNT(feeds.y > 0)".to_string()),
        Just("MIN(feeds.contains.x + feeds.contains.y)".to_string()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof!["[+*/-]"], inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("MAX({a}, {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("IF({a} > {b} OR on, {c}, {a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("COALESCE({a}, {b})")),
            inner.prop_map(|a| format!("ABS({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    /// Incremental propagation, full recomputation and the interpreter agree after any changes.
    #[test]
    fn incremental_equals_full(
        formulas in prop::collection::vec(number(), 1..4),
        chain in "(c0 \\+ AVG\\(contains\\.c0\\)|SUM\\(\\^feeds\\.c0\\)|MAX\\(contains\\*\\.c0\\) - x|c0 \\* 2)",
        contains in prop::collection::vec((0usize..14, 0usize..14), 0..24),
        feeds in prop::collection::vec((0usize..14, 0usize..14), 0..10),
        ticks in prop::collection::vec(prop::collection::vec((0usize..14, 0usize..3, -4i32..5), 1..20), 1..5),
    ) {
        let forward: Vec<_> = contains.into_iter().filter(|(a, b)| a < b).collect();
        let world = World::new(14, 6, &forward, &feeds);
        let names: Vec<String> = (0..=formulas.len()).map(|number| format!("c{number}")).collect();
        let texts: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(formulas.iter().map(String::as_str).chain([chain.as_str()])).collect();
        let (topology, diagnostics) = world.compile(&texts);
        prop_assert_eq!(diagnostics, []);
        let mut state = State::new(topology.clone());
        for (time, changes) in ticks.iter().enumerate() {
            state.begin_tick();
            for (twin, property, value) in changes {
                let name = format!("n{twin}.{}", ["x", "y", "on"][*property]);
                let slot = slot(&state, &name);
                // The value -4 stands for a missing or bad reading.
                let lane = match (property, value) { (_, -4) => f64::NAN, (2, value) => f64::from(u8::from(*value > 0)), (_, value) => f64::from(*value) };
                state.set(slot, Sample::good(lane, time as i64 + 1));
            }
            state.propagate();
            let mut full = state.clone();
            full.recompute();
            for twin in topology.twins() {
                for slot in topology.properties(twin) {
                    prop_assert_eq!(state.get(slot), full.get(slot), "{}", topology.name(slot));
                }
                for (name, text) in &texts {
                    let plain = evaluate(&parse(text).unwrap(), &TwinContext { state: &state, twin }).unwrap();
                    let value = state.value(topology.slot(twin, name).unwrap());
                    let same = match (&plain, &value) {
                        (Cell::Missing, None) => true,
                        (Cell::Number(a), Some(Value::Number(b))) => a == b || (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                        (Cell::Number(a), Some(Value::Integer(b))) => *a == *b as f64,
                        _ => false,
                    };
                    prop_assert!(same, "{text} of {}: {plain:?}, compiled {value:?}", topology.twin_id(twin));
                }
            }
        }
    }

    /// Planned pattern matching agrees with exhaustive search.
    #[test]
    fn planned_equals_naive(
        contains in prop::collection::vec((0usize..6, 0usize..6), 0..9),
        feeds in prop::collection::vec((0usize..6, 0usize..6), 0..6),
        edges in prop::collection::vec(pattern_edge(), 1..4),
        comes_back in prop::bool::ANY,
        limits in prop::collection::vec((0usize..4, -3i32..3), 0..3),
        fixed in prop::option::of((0usize..4, 0usize..6)),
    ) {
        // A pair of twins may be related twice.
        let world = World::new(6, 2, &contains, &feeds);
        let mut state = world.state(&[]);
        state.begin_tick();
        for twin in 0..6 {
            put(&mut state, &format!("n{twin}.x"), twin as f64 - 3.0);
        }
        state.propagate();
        let mut nodes: Vec<usize> = (0..=edges.len()).collect();
        if comes_back {
            nodes[edges.len()] = 0;
        }
        let names = ["a", "b", "c", "d"];
        let mut pattern = format!("({})", names[nodes[0]]);
        for ((direction, types, hops), node) in edges.iter().zip(&nodes[1..]) {
            let types = if types.is_empty() { String::new() } else { format!(":{}", types.join("|")) };
            let hops = match hops {
                (1, 1) => String::new(),
                (least, most) if least == most => format!("*{least}"),
                (1, most) => format!("*..{most}"),
                (least, most) => format!("*{}..{most}", least - 1),
            };
            let (before, after) = [("-", "->"), ("<-", "-"), ("-", "-")][usize::from(*direction)];
            pattern += &format!("{before}[{types}{hops}]{after}({})", names[*node]);
        }
        let count = nodes.iter().max().unwrap() + 1;
        let mut tests: Vec<String> = limits.iter().map(|(node, least)| format!("{}.x >= {least}", names[node % count])).collect();
        tests.extend(fixed.map(|(node, twin)| format!("{}.$dtId = 'n{twin}'", names[node % count])));
        let shown: Vec<String> = (0..count).map(|node| format!("{0}.$dtId AS {0}", names[node])).collect();
        let filter = if tests.is_empty() { String::new() } else { format!(" WHERE {}", tests.join(" AND ")) };
        let text = format!("SELECT {} FROM DIGITALTWINS MATCH {pattern}{filter}", shown.join(", "));
        let mut rows = rows_of(&world, &state, &text).unwrap();
        rows.sort();
        let links: Vec<(usize, &str, usize)> = contains.iter().map(|(from, to)| (*from, "contains", *to))
            .chain(feeds.iter().map(|(from, to)| (*from, "feeds", *to))).collect();
        let keeps = |row: &Vec<usize>| {
            limits.iter().all(|(node, least)| row[node % count] as i32 - 3 >= *least)
                && fixed.is_none_or(|(node, twin)| row[node % count] == twin)
        };
        let mut wanted: Vec<String> = naive(&links, &nodes, &edges, 6).iter().filter(|row| keeps(row))
            .map(|row| row.iter().enumerate().map(|(node, twin)| format!("{}=n{twin}", names[node])).collect::<Vec<_>>().join(" "))
            .collect();
        wanted.sort();
        prop_assert_eq!(&rows, &wanted, "{}", text);
        // The same pattern with grouping.
        let grouped = format!("SELECT a.$dtId AS a, COUNT() AS n, MAX(a.x) AS top FROM DIGITALTWINS MATCH {pattern}{filter} GROUP BY a.$dtId ORDER BY a");
        let mut counts: std::collections::BTreeMap<usize, usize> = Default::default();
        for row in naive(&links, &nodes, &edges, 6).iter().filter(|row| keeps(row)) {
            *counts.entry(row[0]).or_default() += 1;
        }
        let wanted: Vec<String> = counts.iter().map(|(twin, n)| format!("a=n{twin} n={n} top={}", *twin as f64 - 3.0)).collect();
        prop_assert_eq!(rows_of(&world, &state, &grouped).unwrap(), wanted, "{}", grouped);
    }

    /// A standing query agrees with a new run of the query after any changes.
    #[test]
    fn standing_equals_asked_anew(
        contains in prop::collection::vec((0usize..7, 0usize..7), 0..14),
        feeds in prop::collection::vec((0usize..7, 0usize..7), 0..7),
        text in prop::sample::select(vec![
            "SELECT T.$dtId AS t, T.x AS x FROM DIGITALTWINS T WHERE T.x > T.y OR T.on",
            "SELECT a.$dtId AS a, b.$dtId AS b, b.y AS y FROM DIGITALTWINS MATCH (a)-[:contains]->(b) WHERE a.x > b.x AND b.y != 1",
            "SELECT a.$dtId AS a, c.$dtId AS c FROM DIGITALTWINS MATCH (a)-[:contains]->(b)<-[]-(c) WHERE a.x > 0 AND b.x > 0 AND c.x > 0",
            "SELECT a.$dtId AS a, b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[*..3]->(b) WHERE a.x = b.x",
            "SELECT a.$dtId AS a, COUNT() AS n, SUM(b.x) AS s, AVG(b.y) AS m, MIN(b.x) AS least, MAX(b.y) AS most FROM DIGITALTWINS MATCH (a)-[:contains]->(b) WHERE b.x > -2 GROUP BY a.$dtId ORDER BY n DESC, a",
            "SELECT b.x AS x, COUNT(b.y) AS n, ANY(a.on) AS some FROM DIGITALTWINS MATCH (a)-[:contains]->(b) GROUP BY b.x HAVING COUNT() > 1 ORDER BY x",
            "SELECT COUNT() AS n, SUM(T.x) AS s, MAX(T.on) AS on FROM DIGITALTWINS T WHERE T.x > 0",
            "SELECT T.$dtId AS t FROM DIGITALTWINS T WHERE T.x > 0 ORDER BY T.y DESC, T.$dtId LIMIT 2",
            "SELECT DISTINCT T.x AS x FROM DIGITALTWINS T WHERE T.x < 3",
            "SELECT a.$dtId AS a, b.$dtId AS b FROM DIGITALTWINS a OPTIONAL JOIN b RELATED a.contains WHERE a.x > 0",
            "SELECT T.$dtId AS t FROM DIGITALTWINS T WHERE AVG(T.contains.x) > 0",
            "SELECT T AS t FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, 'dtmi:t:Leaf;1') AND T.x > 0",
            "SELECT a.$dtId AS a, p.length AS n FROM DIGITALTWINS MATCH SHORTEST p = (a)-[*]-(b) WHERE a.x > 0 AND b.x > 1",
        ]),
        ticks in prop::collection::vec(prop::collection::vec((0usize..7, 0usize..3, -4i32..4), 0..6), 1..8),
    ) {
        let world = World::new(7, 3, &contains, &feeds);
        let mut state = world.state(&[]);
        let Ok(query) = query::parse(text) else { panic!("{text}") };
        // A relationship name without relationships is unknown, which is an error.
        let Ok(mut standing) = query::StandingQuery::new(query.clone(), &world.graph, &state, query::Limits::default()) else { return Ok(()) };
        for changes in ticks {
            let before = shown_rows(&world, &state, &standing.answer(&world.graph, &state).unwrap());
            state.begin_tick();
            for (twin, property, value) in changes {
                let slot = slot(&state, &format!("n{twin}.{}", ["x", "y", "on"][property]));
                let lane = match (property, value) { (_, -4) => f64::NAN, (2, value) => f64::from(u8::from(value > 0)), (_, value) => f64::from(value) };
                state.set(slot, Sample::good(lane, 1));
            }
            state.propagate();
            let differs = standing.update(&world.graph, &state, query::Limits::default()).unwrap();
            let mut rows = shown_rows(&world, &state, &standing.answer(&world.graph, &state).unwrap());
            let mut anew = shown_rows(&world, &state, &query::run(&query, &world.graph, &state).unwrap());
            prop_assert!(differs || before == rows, "{}: a change was not told", text);
            if query.order_by.is_empty() {
                rows.sort();
                anew.sort();
            }
            prop_assert_eq!(rows, anew, "{}", text);
        }
    }

    /// Shortest paths have the lengths of the Floyd–Warshall algorithm, and follow existing relationships.
    #[test]
    fn shortest_ways_are_shortest(
        links in prop::collection::vec((0usize..8, 0usize..8), 1..20),
        direction in 0usize..3,
        most in prop::option::of(1usize..5),
    ) {
        let world = World::new(8, 2, &links, &[]);
        let state = world.state(&[]);
        let (before, after) = [("-", "->"), ("<-", "-"), ("-", "-")][direction];
        let hops = most.map_or("*".to_string(), |most| format!("*..{most}"));
        let text = format!("SELECT a.$dtId AS a, b.$dtId AS b, p.length AS n, p FROM DIGITALTWINS MATCH SHORTEST p = (a){before}[:contains{hops}]{after}(b)");
        let result = query::run(&query::parse(&text).unwrap(), &world.graph, &state).unwrap();
        let mut length = [[usize::MAX / 4; 8]; 8];
        for (from, to) in &links {
            if direction != 1 { length[*from][*to] = 1; }
            if direction != 0 { length[*to][*from] = 1; }
        }
        let steps = length;
        for over in 0..8 {
            for from in 0..8 {
                for to in 0..8 {
                    length[from][to] = length[from][to].min(length[from][over] + length[over][to]);
                }
            }
        }
        let wanted = (0..64).filter(|at| at / 8 != at % 8 && length[at / 8][at % 8] <= most.unwrap_or(8)).count();
        prop_assert_eq!(result.rows.len(), wanted, "{}", text);
        for row in result.rows.iter() {
            let number = |output: &Option<Output>| match output {
                Some(Output::Id(twin)) => state.topology().twin_id(*twin)[1..].parse::<usize>().unwrap(),
                Some(Output::Value(Cell::Number(number))) => *number as usize,
                other => panic!("{other:?}"),
            };
            let (a, b) = (number(&row[0]), number(&row[1]));
            prop_assert_eq!(number(&row[2]), length[a][b]);
            let Some(Output::Value(Cell::Json(way))) = &row[3] else { panic!("{:?}", row[3]) };
            let twins: Vec<usize> = way["twins"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()[1..].parse().unwrap()).collect();
            prop_assert_eq!((twins[0], twins[twins.len() - 1], twins.len() - 1), (a, b, length[a][b]));
            prop_assert!(twins.windows(2).all(|ends| steps[ends[0]][ends[1]] == 1));
            prop_assert!(way["relationships"].as_array().unwrap().iter().all(|link| link["$relationshipName"] == "contains"));
        }
    }

    /// Vectorized execution agrees with row by row execution, which a named relationship enforces.
    #[test]
    fn batches_equal_rows(
        contains in prop::collection::btree_set((0usize..9, 0usize..9), 0..24),
        feeds in prop::collection::btree_set((0usize..9, 0usize..9), 0..12),
        values in prop::collection::vec(-4i32..4, 18),
        edges in prop::collection::vec((0usize..2, prop::bool::ANY), 1..4),
        tests in prop::collection::vec((0usize..4, 0usize..2, prop::sample::select(vec!["<", "<=", ">", ">=", "=", "!="]), -3i32..3, prop::bool::ANY), 0..3),
        shown in prop::sample::select(vec![
            "a.$dtId AS a, d.x AS x, d.y AS y", "a, d.$dtId AS d", "d.$dtId AS d, COUNT() AS n, SUM(a.x) AS s, MIN(a.y) AS least, MAX(a.x) AS most",
            "COUNT() AS n, AVG(d.y) AS mean, SUM(a.x + d.x) AS both", "d.x AS x, COUNT(a.y) AS n, ANY(a.on) AS some", "DISTINCT d.x AS x, d.on AS on",
        ]),
    ) {
        let (contains, feeds): (Vec<_>, Vec<_>) = (contains.into_iter().collect(), feeds.into_iter().collect());
        let world = World::new(9, 3, &contains, &feeds);
        let mut state = world.state(&[]);
        state.begin_tick();
        for (number, value) in values.iter().enumerate().filter(|(_, value)| **value > -4) {
            let property = ["x", "y"][number % 2];
            put(&mut state, &format!("n{}.{property}", number / 2), f64::from(*value));
            if number % 3 == 0 {
                put(&mut state, &format!("n{}.on", number / 2), *value > 0);
            }
        }
        state.propagate();
        let names = ["a", "b", "c", "d"];
        // The last node is always d.
        let node = |at: usize| if at == edges.len() { "d" } else { names[at] };
        let query = |named: bool| {
            let mut pattern = "(a)".to_string();
            for (at, (name, is_back)) in edges.iter().enumerate() {
                let edge = if named { format!("r{at}") } else { String::new() };
                let name = ["contains", "feeds"][*name];
                let (before, after) = if *is_back { ("<-", "-") } else { ("-", "->") };
                pattern += &format!("{before}[{edge}:{name}]{after}({})", node(at + 1));
            }
            let conditions: Vec<String> = tests.iter().map(|(at, property, op, value, turned)| {
                let property = format!("{}.{}", node(at % (edges.len() + 1)), ["x", "y"][*property]);
                if *turned { format!("{value} {op} {property}") } else { format!("{property} {op} {value}") }
            }).collect();
            let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
            let group = if !shown.contains('(') || shown.starts_with("COUNT") { "" } else if shown.starts_with("d.$dtId") { " GROUP BY d.$dtId" } else { " GROUP BY d.x" };
            format!("SELECT {shown} FROM DIGITALTWINS MATCH {pattern}{filter}{group}")
        };
        // An unknown relationship is an error in both cases.
        match (rows_of(&world, &state, &query(false)), rows_of(&world, &state, &query(true))) {
            (Ok(mut batches), Ok(mut rows)) => {
                batches.sort();
                rows.sort();
                prop_assert_eq!(batches, rows, "{}", query(false));
            }
            (batches, rows) => prop_assert_eq!(batches, rows),
        }
    }

    /// A partially recompiled topology agrees with a newly compiled one, whatever the order of rows.
    #[test]
    fn edited_equals_compiled(
        formulas in prop::collection::vec(number(), 1..4),
        contains in prop::collection::vec((0usize..10, 0usize..10), 0..16),
        rounds in prop::collection::vec((
            prop::collection::vec((0usize..10, 0usize..2, -4i32..5), 0..4),
            prop::collection::vec((0usize..10, prop::bool::ANY, 0usize..10, prop::bool::ANY), 0..4),
        ), 1..6),
    ) {
        let forward: Vec<_> = contains.into_iter().filter(|(a, b)| a < b).collect();
        let mut world = World::new(10, 4, &forward, &[]);
        let names: Vec<String> = (0..formulas.len()).map(|number| format!("c{number}")).collect();
        let texts: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(formulas.iter().map(String::as_str)).collect();
        // The first topology has no `feeds` relationships, so formulas with them are errors until it has.
        let (mut edited, _) = world.compile(&texts);
        for (values, links) in rounds {
            let ids: Vec<String> = values.iter().map(|(twin, ..)| format!("n{twin}")).collect();
            for ((_, property, value), id) in values.iter().zip(&ids) {
                let (name, properties) = (["x", "y"][*property], &mut world.graph.twin_mut(id).unwrap().properties);
                properties.retain(|(known, _)| **known != *name);
                if *value > -4 {
                    properties.push((name.into(), Value::Number(f64::from(*value))));
                }
            }
            let links: Vec<(String, &str, String)> = links
                .into_iter()
                .filter(|(from, _, to, _)| from < to)
                .map(|(from, contains, to, add)| {
                    let (from, name, to) = (format!("n{from}"), if contains { "contains" } else { "feeds" }, format!("n{to}"));
                    if add {
                        let link = Relationship { id: None, name: name.into(), properties: vec![] };
                        world.graph.relate(&world.models, &from, &to, link).unwrap();
                    } else {
                        world.graph.unrelate(&from, name, &to, None);
                    }
                    (from, name, to)
                })
                .collect();
            let twins: Vec<&str> = ids.iter().map(String::as_str).collect();
            let changed: Vec<(&str, &str, &str)> = links.iter().map(|(from, name, to)| (from.as_str(), *name, to.as_str())).collect();
            let (next, found) = edited.edited(&world.graph, &world.computed(&texts), &twins, &changed, false);
            let (anew, found_anew) = world.compile(&texts);
            prop_assert!(edited.same_layout(&next) || !changed.is_empty());
            if !changed.is_empty() {
                prop_assert_eq!(found, found_anew);
            }
            edited = next.into();
            prop_assert_eq!(edited.relationship_names(), anew.relationship_names());
            let filled = |topology: &Arc<Topology>| {
                let mut state = State::new(topology.clone());
                state.begin_tick();
                state.recompute();
                state
            };
            let (a, b) = (filled(&edited), filled(&anew));
            for twin in anew.twins() {
                let id = anew.twin_id(twin);
                let here = edited.twin(id).unwrap();
                for name in anew.relationship_names() {
                    for inverse in [false, true] {
                        let ids = |topology: &Topology, twin| {
                            let mut ids: Vec<String> = topology.related(twin, name, inverse).iter().map(|twin| topology.twin_id(*twin).to_string()).collect();
                            ids.sort();
                            ids
                        };
                        prop_assert_eq!(ids(&edited, here), ids(&anew, twin), "{} {}", id, name);
                    }
                }
                for slot in anew.properties(twin) {
                    let name = &anew.column(slot.column).name;
                    let (one, other) = (edited.slot(here, name).map(|slot| a.value(slot)), Some(b.value(slot)));
                    let close = match (&one, &other) {
                        // The order of summation depends on the order of rows.
                        (Some(Some(Value::Number(one))), Some(Some(Value::Number(other)))) => (one - other).abs() <= 1e-9 * other.abs().max(1.0),
                        _ => one == other,
                    };
                    prop_assert!(close, "{}.{}: {:?}, anew {:?}", id, name, one, other);
                }
            }
        }
    }

    /// A stored topology is read back unchanged; modified bytes are refused without a panic.
    #[test]
    fn a_kept_topology_is_the_same(
        values in prop::collection::vec((0usize..9, 0usize..4, -3i32..4), 0..30),
        pairs in prop::collection::vec((0usize..9, 0usize..9), 0..20),
        broken in (0.0f64..1.0, 1u8..=255),
        has_formulas in any::<bool>(),
    ) {
        let pairs: Vec<(usize, usize)> = pairs.into_iter().filter(|(from, to)| from < to).collect();
        let mut world = World::new(9, 4, &pairs, &[(0, 1), (0, 1)]);
        for (node, property, value) in values {
            let (name, value) = match property {
                0 => ("x", Value::Number(f64::from(value))),
                1 => ("y", Value::Number(f64::from(value))),
                2 => ("label", Value::Text(format!("label {value}"))),
                _ => ("on", Value::Bool(value > 0)),
            };
            let properties = &mut world.graph.twin_mut(&format!("n{node}")).unwrap().properties;
            properties.retain(|(known, _)| **known != *name);
            properties.push((name.into(), value));
        }
        let formulas = [("q", "SUM(contains*.x) + COUNT(^contains) + y"), ("s", "CONCAT(label, '!')"), ("broken", "oops")];
        let formulas = if has_formulas { &formulas[..] } else { &[] };
        let (topology, found) = world.compile(formulas);
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        topology.keep(&mut writer).unwrap();
        writer.finish().unwrap();
        let read = |bytes: &[u8]| {
            let mut reader = ByteReader::new(bytes, bytes.len() as u64);
            let kept = Topology::kept(&mut reader, &world.models, &world.computed(formulas));
            kept.filter(|_| reader.finish())
        };
        let (kept, found_again) = read(&bytes).expect("nothing happened to it");
        prop_assert_eq!(found, found_again);
        let (mut a, mut b) = (State::new(topology.clone()), State::new(Arc::new(kept)));
        a.recompute();
        b.recompute();
        let kept = b.topology();
        prop_assert_eq!(topology.relationship_names(), kept.relationship_names());
        for twin in topology.twins() {
            prop_assert_eq!(kept.twin(topology.twin_id(twin)), Some(twin));
            prop_assert_eq!(topology.related(twin, "contains", false), kept.related(twin, "contains", false));
            for slot in topology.properties(twin) {
                prop_assert_eq!((a.get(slot).quality, a.value(slot)), (b.get(slot).quality, b.value(slot)));
            }
        }
        let at = (broken.0 * bytes.len() as f64) as usize;
        bytes[at] ^= broken.1;
        prop_assert!(read(&bytes).is_none(), "byte {}", at);
        prop_assert!(read(&bytes[..at]).is_none(), "cut at {}", at);
    }

    /// The parsers never panic.
    #[test]
    fn parsers_never_panic(text in "\\PC{0,80}", words in prop::collection::vec(prop::sample::select(vec![
        "SELECT", "FROM", "DIGITALTWINS", "T", "WHERE", "JOIN", "RELATED", "(", ")", ",", ".", "*", "AND", "NOT", "IN", "[", "]", "x", "1", "'a'", "COUNT", "CASE", "WHEN", "^", "-", "TOP",
    ]), 0..25)) {
        let _ = parse(&text);
        let _ = query::parse(&text);
        let _ = parse(&words.join(" "));
        let _ = query::parse(&words.join(" "));
    }
}
