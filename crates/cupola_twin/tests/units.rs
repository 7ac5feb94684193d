//! Tests of units: formulas, queries and the interpreter convert alike, and as the SI does.
#![allow(clippy::unwrap_used, reason = "tests")]

use cupola_twin::expr::{Cell, evaluate, parse};
use cupola_twin::query::{self, Output, TwinContext};
use cupola_twin::topology::Computed;
use cupola_twin::value::Sample;
use cupola_twin::{Graph, Models, Severity, State, Topology, Twin, Value};
use proptest::prelude::*;
use std::sync::Arc;

const MODELS: &str = r#"[
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Meter;1", "@type": "Interface", "contents": [
  {"@type": ["Property", "Power"], "name": "kw", "schema": "double", "unit": "kilowatt"},
  {"@type": ["Property", "Power"], "name": "w", "schema": "double", "unit": "watt"},
  {"@type": ["Property", "Energy"], "name": "energy", "schema": "double", "unit": "kilowattHour"},
  {"@type": ["Property", "TimeSpan"], "name": "hours", "schema": "double", "unit": "hour"},
  {"@type": ["Property", "TimeSpan"], "name": "minutes", "schema": "double", "unit": "minute"},
  {"@type": ["Property", "Temperature"], "name": "tf", "schema": "double", "unit": "degreeFahrenheit"},
  {"@type": ["Property", "Temperature"], "name": "tc", "schema": "double", "unit": "degreeCelsius"},
  {"@type": ["Property", "Temperature"], "name": "tk", "schema": "double", "unit": "kelvin"},
  {"@type": ["Property", "Temperature"], "name": "deadband", "schema": "double", "unit": "kelvin"},
  {"@type": ["Property", "RelativeHumidity"], "name": "rh", "schema": "double", "unit": "percent"},
  {"@type": "Property", "name": "plain", "schema": "double"},
  {"@type": "Property", "name": "span", "schema": "duration"},
  {"@type": "Property", "name": "since", "schema": "dateTime"}]},
 {"@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:quantitativeTypes;1"], "@id": "dtmi:t:Plant;1", "@type": "Interface", "contents": [
  {"@type": ["Property", "Power"], "name": "kw", "schema": "double", "unit": "megawatt"}]}]"#;

const VALUES: [(&str, f64); 11] = [
    ("kw", 2.0),
    ("w", 500.0),
    ("energy", 10.0),
    ("hours", 5.0),
    ("minutes", 90.0),
    ("tf", 71.6),
    ("tc", 21.0),
    ("tk", 295.15),
    ("deadband", 1.5),
    ("rh", 45.0),
    ("plain", 3.0),
];

/// 2026-01-12T08:00:00Z, and two hours before.
const NOW_S: i64 = 1_768_204_800;

struct Meters {
    models: Arc<Models>,
    graph: Graph,
}

impl Meters {
    fn new() -> Self {
        let (models, found) = Models::read([(Arc::from("models.json"), MODELS)]);
        assert_eq!(found, []);
        let models = Arc::new(models);
        let mut graph = Graph::default();
        for (id, model) in [("m", "Meter"), ("big", "Plant")] {
            let model = models.resolve(model).unwrap();
            graph.add_twin(Twin { id: id.into(), model, properties: vec![] }).unwrap();
        }
        Self { models, graph }
    }

    /// Returns the state with a formula as `out`; the code of its error if it has one.
    fn state(&self, formula: &str) -> Result<State, String> {
        let computed = [Computed::new(self.models.resolve("Meter").unwrap(), "out", formula)];
        let (topology, found) = Topology::compile(&self.graph, &self.models, &computed);
        if let Some(error) = found.iter().find(|found| found.severity == Severity::Error) {
            return Err(error.code.to_string());
        }
        let mut state = State::new(Arc::new(topology));
        state.begin_tick();
        state.pass_to(NOW_S * 1_000_000);
        let put = |state: &mut State, name: &str, value: Value| {
            let slot = state.topology().slot_named(name).unwrap();
            let lane = state.topology().encode(slot.column, &value).unwrap();
            state.set(slot, Sample::good(lane, 1));
        };
        for (name, value) in VALUES {
            put(&mut state, &format!("m.{name}"), Value::Number(value));
        }
        put(&mut state, "m.since", Value::Text("2026-01-12T06:00:00Z".into()));
        put(&mut state, "big.kw", Value::Number(0.001));
        state.propagate();
        Ok(state)
    }

    /// Evaluates an expression as a formula, in a query and in the interpreter. `@` stands before each property.
    fn all(&self, expression: &str) -> [Result<Value, String>; 3] {
        let bare = expression.replace('@', "");
        let formula = self.state(&bare).map(|state| {
            let slot = state.topology().slot_named("m.out").unwrap();
            state.value(slot).unwrap_or(Value::Text("missing".into()))
        });
        let state = self.state("1").unwrap();
        let text = format!("SELECT {} AS out FROM DIGITALTWINS T WHERE T.$dtId = 'm'", expression.replace('@', "T."));
        let asked = query::parse(&text).and_then(|query| query::run(&query, &self.graph, &state));
        let asked = asked.map(|result| match &result.rows.iter().next().unwrap()[0] {
            Some(Output::Value(cell)) => value_of(cell),
            None => value_of(&Cell::Missing),
            other => panic!("{text}: {other:?}"),
        });
        let twin = state.topology().twin("m").unwrap();
        let read = parse(&bare).and_then(|expr| evaluate(&expr, &TwinContext { state: &state, twin }));
        [
            formula,
            asked.map_err(|error| error.code.to_string()),
            read.map(|cell| value_of(&cell)).map_err(|error| error.code.to_string()),
        ]
    }
}

fn value_of(cell: &Cell) -> Value {
    match cell {
        Cell::Bool(flag) => Value::Bool(*flag),
        Cell::Number(number) => Value::Number(*number),
        Cell::Missing => Value::Text("missing".into()),
        other => Value::Text(format!("{other:?}")),
    }
}

#[test]
fn units_are_converted_alike_everywhere() {
    let meters = Meters::new();
    for (expression, expected) in [
        ("MAX(@kw, @w)", Ok(2.0)),
        ("MIN(@kw, @w)", Ok(0.5)),
        ("MAX(@kw, 3000 W)", Ok(3.0)),
        ("CLAMP(@w, 0, 1 kW)", Ok(500.0)),
        ("CLAMP(@kw, 0, 1500 W)", Ok(1.5)),
        ("@kw % 1500 W", Ok(0.5)),
        ("@kw / @w", Ok(4.0)),
        ("@kw + @w", Ok(2.5)),
        ("@kw - 100 W", Ok(1.9)),
        ("100 W + @kw", Ok(2.1)),
        ("COALESCE(@tf, @tc)", Ok(71.6)),
        ("IF(@kw > 2500 W, @tf, @tc)", Ok(69.8)),
        ("CASE WHEN @kw > 2500 W THEN @tf WHEN @kw > 1500 W THEN @tc END", Ok(69.8)),
        ("(@tf + @tc) / 2", Ok(70.7)),
        // How often a product contains the zero of the unit is unknown.
        ("@tc * @plain", Ok(63.0)),
        ("@tf * @plain > 20 degC", Err("wrong-unit")),
        ("@tc * @plain > @tc", Ok(1.0)),
        ("(@tc * @plain + @tc * (1 - @plain)) > 20 degC", Ok(1.0)),
        ("@tf > 32 degF AND NOT 32 degF > 0 degC", Ok(1.0)),
        ("ABS(@tc - @tf) + 2 K > 2.9 K", Ok(1.0)),
        ("@tc + 1 K", Ok(22.0)),
        ("1 K + @tc", Ok(22.0)),
        ("@tf + 1 K", Ok(73.4)),
        ("@tc - 2 * 1 K", Ok(19.0)),
        ("@tc + @plain * 1 K", Ok(24.0)),
        ("@tc + @deadband", Ok(22.5)),
        ("@tc < @tc + @deadband", Ok(1.0)),
        ("@tf > @tc - @deadband", Ok(1.0)),
        ("@tc - @deadband > 19 degC", Ok(1.0)),
        ("@tk - @tc > 0.9 K AND @tk - @tc < 1.1 K", Ok(1.0)),
        ("@tc - @tk < -0.9 K AND @tc - @tk > -1.1 K", Ok(1.0)),
        ("@tk > 21.9 degC AND @tk < 22.1 degC AND @tk > 295 K", Ok(1.0)),
        ("@tc > 294 K AND @tc < 295 K", Ok(1.0)),
        ("@tf - @tc > 0.9 K AND @tf - @tc < 1.9 degF", Ok(1.0)),
        ("@tf - @tc > 2 K", Ok(0.0)),
        ("@tf - @tc > 1.7 degF", Ok(1.0)),
        ("@tc - 20 degC > 0.9 K", Ok(1.0)),
        ("30 - @tc > 8.9 K", Ok(1.0)),
        ("@tc - 1", Ok(20.0)),
        ("@tc + 1", Ok(22.0)),
        ("@tc * 1.8 + 32", Ok(69.8)),
        ("@tc / 2", Ok(10.5)),
        ("(@tc - 0 degC) / (@tf - 0 degC) < 1", Ok(1.0)),
        ("@rh > 0.4", Ok(1.0)),
        ("@rh > 46 percent", Ok(0.0)),
        ("@kw * @rh", Ok(0.9)),
        ("@rh * @kw > 899 W", Ok(1.0)),
        ("@kw * @minutes > 2.9 kWh AND @kw * @minutes < 3.1 kWh", Ok(1.0)),
        ("@energy / @hours > 1999 W AND @energy / @hours < 2001 W", Ok(1.0)),
        ("@energy / @kw > 299 min", Ok(1.0)),
        ("@hours > 90 min", Ok(1.0)),
        ("@hours + @minutes", Ok(6.5)),
        ("NOW() - @since", Ok(7_200.0)),
        ("NOW() - @since > 1.9 h AND NOW() - @since < 121 min", Ok(1.0)),
        ("NOW() + 1 h > NOW() + 59 min", Ok(1.0)),
        ("1 h + @since > @since + 59 min AND @since - 1 h < @since", Ok(1.0)),
        ("-@tc < 0", Ok(1.0)),
        ("@tc + @tf", Err("wrong-unit")),
        ("@tc + 20 degC", Err("wrong-unit")),
        ("@tc + @tf > 3 K", Err("wrong-unit")),
        ("@tc - @tf > @tc", Err("wrong-unit")),
        ("@tc * 2 > 5 degF", Err("wrong-unit")),
        ("@tc / @tf", Err("wrong-unit")),
        ("@tc % @tf", Err("wrong-unit")),
        ("MAX(@tc - @tf, @tc)", Err("wrong-unit")),
        ("@kw + @tc", Err("wrong-unit")),
        ("@kw > 3 h", Err("wrong-unit")),
        ("MAX(@kw, @hours)", Err("wrong-unit")),
        ("@energy / @hours > 3 kWh", Err("wrong-unit")),
        ("NOW() - @since > 3 kW", Err("wrong-unit")),
        ("NOW() + @kw > NOW()", Err("wrong-unit")),
    ] {
        for (place, found) in ["formula", "query", "interpreter"].into_iter().zip(meters.all(expression)) {
            let number = found.as_ref().map_err(String::as_str).map(|value| match value {
                Value::Bool(flag) => f64::from(u8::from(*flag)),
                Value::Number(number) => *number,
                other => panic!("{expression} as a {place}: {other:?}"),
            });
            let is_near = matches!((number, expected), (Ok(one), Ok(other)) if f64::abs(one - other) < 1e-9);
            assert!(is_near || number == expected, "{expression} as a {place}: {number:?}, not {expected:?}");
        }
    }
}

#[test]
fn results_take_the_unit_of_a_property() {
    let meters = Meters::new();
    let model = meters.models.resolve("Meter").unwrap();
    for (property, formula, expected) in [
        ("tc", "tf - 1 K", Ok(21.0)),
        ("tc", "tf - deadband", Ok(20.5)),
        ("tf", "(tc + 22 degC) / 2", Ok(70.7)),
        ("tk", "tc - tf", Ok(-1.0)),
        ("tc", "tc - tf", Err("wrong-unit")),
        ("tc", "tf + tf", Err("wrong-unit")),
        ("energy", "kw * hours", Ok(10.0)),
        ("energy", "w * minutes", Ok(0.75)),
        ("kw", "energy / hours", Ok(2.0)),
        ("w", "kw * rh", Ok(900.0)),
        ("minutes", "energy / kw", Ok(300.0)),
        ("rh", "w / kw", Ok(0.25)),
        ("kw", "energy * hours", Err("wrong-unit")),
    ] {
        let mut state = meters.state("1").unwrap();
        let (topology, found) =
            Topology::compile(&meters.graph, &meters.models, &[Computed::new(model, property, formula)]);
        state = state.carry_over(Arc::new(topology));
        let slot = state.topology().slot_named(&format!("m.{property}")).unwrap();
        let result = match (found.first(), state.value(slot)) {
            (Some(found), _) => Err(found.code),
            (None, Some(Value::Number(number))) => Ok(number),
            (None, other) => panic!("{formula}: {other:?}"),
        };
        // The property itself is computed now, so its own value is no input.
        let is_near = matches!((result, expected), (Ok(one), Ok(other)) if f64::abs(one - other) < 1e-9);
        assert!(is_near || result == expected, "{property} = {formula}: {result:?}, not {expected:?}");
    }
}

#[test]
fn rows_of_several_models_are_compared_in_one_unit() {
    let meters = Meters::new();
    let state = meters.state("1").unwrap();
    for (text, expected) in [
        // 2 kW and 0.001 MW.
        ("SELECT T.$dtId AS id FROM DIGITALTWINS T ORDER BY T.kw", ["big", "m"].as_slice()),
        ("SELECT T.$dtId AS id FROM DIGITALTWINS T WHERE T.kw > 1500 W", &["m"]),
        ("SELECT MAX(T.kw) AS most FROM DIGITALTWINS T WHERE T.kw < 1.5 kW", &["1"]),
        ("SELECT COUNT() AS count FROM DIGITALTWINS T WHERE T.kw < 3 kW GROUP BY T.kw * 0", &["2"]),
    ] {
        let result = query::run(&query::parse(text).unwrap(), &meters.graph, &state).unwrap();
        let shown = |row: &[Option<Output>]| match &row[0] {
            Some(Output::Id(twin)) => state.topology().twin_id(*twin).to_string(),
            Some(Output::Value(Cell::Number(number))) => number.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(result.rows.iter().map(shown).collect::<Vec<_>>(), expected, "{text}");
    }
}

/// A generator of expressions with their values in the SI.
struct Generator(u64);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Point,
    Difference,
    Power,
    Energy,
    Duration,
}

impl Generator {
    fn number(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn leaf(&mut self, kind: Kind) -> (String, f64) {
        let literal = self.number(40) as f64;
        let choices: Vec<(String, f64)> = match kind {
            Kind::Point => vec![
                ("@tc".into(), 294.15),
                ("@tf".into(), 295.15),
                (format!("{literal} degC"), literal + 273.15),
                (format!("{literal} degF"), (literal + 459.67) / 1.8),
            ],
            Kind::Difference => vec![(format!("{literal} K"), literal), ("(@tf - @tc)".into(), 1.0)],
            Kind::Power => {
                vec![("@kw".into(), 2_000.0), ("@w".into(), 500.0), (format!("{} W", literal + 1.0), literal + 1.0)]
            }
            Kind::Energy => vec![("@energy".into(), 36e6), (format!("{literal} kJ"), literal * 1e3)],
            Kind::Duration => vec![
                ("@hours".into(), 18_000.0),
                ("@minutes".into(), 5_400.0),
                (format!("{} min", literal + 1.0), (literal + 1.0) * 60.0),
            ],
        };
        let at = self.number(choices.len() as u64) as usize;
        choices[at].clone()
    }

    fn expression(&mut self, kind: Kind, depth: u32) -> (String, f64) {
        if depth == 0 {
            return self.leaf(kind);
        }
        let mut of = |kind: Kind| self.expression(kind, depth - 1);
        let (a, b) = (of(kind), of(kind));
        let difference = of(Kind::Difference);
        let constant = self.number(5) as f64 + 0.5;
        let write = |op: &str, a: &(String, f64), b: &(String, f64)| format!("({} {op} {})", a.0, b.0);
        let shared = [
            (format!("MAX({}, {})", a.0, b.0), a.1.max(b.1)),
            (format!("MIN({}, {})", a.0, b.0), a.1.min(b.1)),
            (format!("IF(@kw > 1500 W, {}, {})", a.0, b.0), a.1),
        ];
        let mut choices = shared.to_vec();
        match kind {
            Kind::Point => {
                choices.push((write("+", &a, &difference), a.1 + difference.1));
                choices.push((write("+", &difference, &a), a.1 + difference.1));
                choices.push((write("-", &a, &difference), a.1 - difference.1));
                choices.push((format!("(({} + {}) / 2)", a.0, b.0), (a.1 + b.1) / 2.0));
            }
            _ => {
                choices.push((write("+", &a, &b), a.1 + b.1));
                choices.push((write("-", &a, &b), a.1 - b.1));
                choices.push((format!("({} * {constant})", a.0), a.1 * constant));
                choices.push((format!("({} / {constant})", a.0), a.1 / constant));
                choices.push((format!("ABS({})", a.0), a.1.abs()));
                choices.push((format!("(-{})", a.0), -a.1));
            }
        }
        match kind {
            Kind::Difference => {
                let (one, other) = (self.expression(Kind::Point, depth - 1), self.expression(Kind::Point, depth - 1));
                choices.push((write("-", &one, &other), one.1 - other.1));
            }
            Kind::Power => {
                let (energy, duration) = (self.leaf(Kind::Energy), self.leaf(Kind::Duration));
                choices.push((write("/", &energy, &duration), energy.1 / duration.1));
                choices.push((format!("({} * @rh)", a.0), a.1 * 0.45));
                choices.push((format!("(45 percent * {})", a.0), a.1 * 0.45));
            }
            Kind::Energy => {
                let (power, duration) =
                    (self.expression(Kind::Power, depth - 1), self.expression(Kind::Duration, depth - 1));
                choices.push((write("*", &power, &duration), power.1 * duration.1));
                choices.push((write("*", &duration, &power), power.1 * duration.1));
            }
            Kind::Duration => {
                let (energy, power) = (self.expression(Kind::Energy, depth - 1), self.leaf(Kind::Power));
                choices.push((write("/", &energy, &power), energy.1 / power.1));
            }
            Kind::Point => {}
        }
        let at = self.number(choices.len() as u64) as usize;
        choices[at].clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// An expression is between bounds around its value in the SI.
    #[test]
    fn expressions_agree_with_the_si(seed: u64) {
        let meters = Meters::new();
        let mut generator = Generator(seed);
        let kinds = [Kind::Point, Kind::Difference, Kind::Power, Kind::Energy, Kind::Duration];
        let kind = kinds[generator.number(5) as usize];
        let depth = 1 + generator.number(3) as u32;
        let (text, si) = generator.expression(kind, depth);
        let (unit, scale, zero) = match kind {
            Kind::Point => ("degF", 1.0 / 1.8, 459.67),
            Kind::Difference => ("K", 1.0, 0.0),
            Kind::Power => ("kW", 1e3, 0.0),
            Kind::Energy => ("kWh", 3.6e6, 0.0),
            Kind::Duration => ("min", 60.0, 0.0),
        };
        let value = si / scale - zero;
        let room = 1e-6 * value.abs().max(1.0);
        let bounds = format!("{text} > {} {unit} AND {text} < {} {unit}", value - room, value + room);
        for (place, found) in ["formula", "query", "interpreter"].into_iter().zip(meters.all(&bounds)) {
            prop_assert_eq!(found, Ok(Value::Bool(true)), "{} as a {}: {} in the SI", bounds, place, si);
        }
    }
}

#[test]
fn a_number_without_a_unit_beside_one_with_a_unit_is_said() {
    let meters = Meters::new();
    let state = meters.state("1").unwrap();
    for (expression, said) in [
        ("@plain > @w", 1),
        ("@plain + 3 kW", 1),
        ("@plain - @w > @plain + @tc", 2),
        ("MAX(@plain, @tc)", 1),
        ("IF(@plain > 2, @plain, @tc)", 1),
        ("@plain * @w", 0),
        ("@w > 300", 0),
        ("@plain > 3", 0),
        ("@plain - @since > 3", 0),
        ("@tc > @tf", 0),
    ] {
        let bare = expression.replace('@', "");
        let model = meters.models.resolve("Meter").unwrap();
        // A second formula says nothing again.
        let computed = [Computed::new(model, "out", &bare), Computed::new(model, "again", &bare)];
        let (_, found) = Topology::compile(&meters.graph, &meters.models, &computed);
        let of_formula = found.iter().filter(|found| found.code == "no-unit").count();
        let text = format!("SELECT {} AS out FROM DIGITALTWINS T", expression.replace('@', "T."));
        let of_query = query::notes(&query::parse(&text).unwrap(), state.topology()).len();
        assert_eq!((of_formula, of_query), (said, said), "{expression}: {found:?}");
    }
}

#[test]
fn a_query_over_several_units_of_a_name_says_which() {
    let state = Meters::new().state("1").unwrap();
    let notes = query::notes(&query::parse("SELECT T.kw FROM DIGITALTWINS T").unwrap(), state.topology());
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.message.contains("kilowatt, megawatt"), "{note}");
    assert_eq!(note.help.as_deref(), Some("numbers of the same dimension are answered in kilowatt"));
}

#[test]
fn a_text_that_is_no_time_is_compared_with_no_time() {
    let meters = Meters::new();
    let state = meters.state("1").unwrap();
    for (condition, expected) in [
        ("T.since < '9999-12-31T23:59:59Z'", Ok(1)),
        ("T.since > '2026-01-01'", Ok(1)),
        ("T.since > '2026-01-12T02:00:00[America/New_York]'", Ok(0)),
        ("T.since < 'tomorrow'", Err("not-a-time")),
        ("'2027-02-30' > T.since", Err("not-a-time")),
        ("T.since = '31.12.2027'", Err("not-a-time")),
    ] {
        let text = format!("SELECT T FROM DIGITALTWINS T WHERE T.$dtId = 'm' AND {condition}");
        let asked = query::run(&query::parse(&text).unwrap(), &meters.graph, &state);
        let found = asked.as_ref().map(|result| result.rows.len()).map_err(|error| error.code);
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn an_order_of_durations_as_texts_is_said() {
    let meters = Meters::new();
    let state = meters.state("1").unwrap();
    for (text, said) in [
        ("SELECT T.span FROM DIGITALTWINS T", 0),
        ("SELECT T.span FROM DIGITALTWINS T WHERE T.span = 'PT1H'", 0),
        ("SELECT T.span FROM DIGITALTWINS T WHERE T.span > 'PT1H'", 1),
        ("SELECT MAX(T.span) AS most, MIN(T.span) AS least FROM DIGITALTWINS T", 1),
        ("SELECT T.since FROM DIGITALTWINS T ORDER BY T.span", 1),
        ("SELECT T.since FROM DIGITALTWINS T ORDER BY T.since", 0),
    ] {
        let notes = query::notes(&query::parse(text).unwrap(), state.topology());
        assert_eq!(notes.iter().filter(|note| note.code == "ordered-as-text").count(), said, "{text}: {notes:?}");
    }
    let model = meters.models.resolve("Meter").unwrap();
    let (_, found) = Topology::compile(&meters.graph, &meters.models, &[Computed::new(model, "out", "span > 'PT1H'")]);
    assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["ordered-as-text"]);
}
