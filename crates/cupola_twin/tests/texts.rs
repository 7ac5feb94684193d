//! Tests of the interned texts: those of values are removed when no state has them any more.
#![allow(clippy::unwrap_used, reason = "tests")]

use cupola_twin::state::reclaim_texts;
use cupola_twin::value::Sample;
use cupola_twin::{State, Value};
use world::{World, put, slot};

mod world;

const LEAVES: usize = 1_000;

/// Gives every leaf another number, from which its texts are computed.
fn tick(state: &mut State, round: usize) {
    state.begin_tick();
    state.pass_to(round as i64 * 60_000_000);
    for leaf in 0..LEAVES {
        let x = slot(state, &format!("n{leaf}.x"));
        state.set(x, Sample::good((round * LEAVES + leaf) as f64, round as i64 * 60_000_000));
    }
    state.propagate();
}

fn text(state: &State, name: &str) -> Option<Value> {
    state.value(slot(state, name))
}

#[test]
fn computed_texts_stay_right_for_ever() {
    let world = World::new(LEAVES, LEAVES, &[], &[]);
    let mut state = world.state(&[("name", "CONCAT('value ', x)"), ("before", "LAG(name)"), ("same", "name = before")]);
    put(&mut state, "n0.label", "north wing");
    let (mut most, mut removed) = (0, 0);
    for round in 1..=700 {
        tick(&mut state, round);
        removed += reclaim_texts(&[&state]);
        most = most.max(state.topology().texts.len());
        for leaf in [0, LEAVES - 1] {
            let number = |round: usize| Some(Value::Text(format!("value {}", round * LEAVES + leaf)));
            assert_eq!(text(&state, &format!("n{leaf}.name")), number(round));
            if round > 1 {
                assert_eq!(text(&state, &format!("n{leaf}.before")), number(round - 1));
                assert_eq!(text(&state, &format!("n{leaf}.same")), Some(Value::Bool(false)));
            }
        }
    }
    assert!(removed > 600_000 && most < 80_000, "{removed} were removed, there were {most} at most");
    assert_eq!(text(&state, "n0.label"), Some(Value::Text("north wing".into())));
}

#[test]
fn texts_of_other_states_are_not_removed() {
    let world = World::new(LEAVES, LEAVES, &[], &[]);
    let mut state = world.state(&[("name", "CONCAT('value ', x)")]);
    tick(&mut state, 1);
    let early = state.clone();
    for round in 2..=100 {
        tick(&mut state, round);
        // The copy is not known here, so its texts may be needed.
        assert_eq!(reclaim_texts(&[&state]), 0);
    }
    assert!(reclaim_texts(&[&state, &early]) > 90_000);
    assert_eq!(text(&early, "n7.name"), Some(Value::Text("value 1007".into())));
    assert_eq!(text(&state, "n7.name"), Some(Value::Text("value 100007".into())));
    let kept = state.topology().texts.len();
    assert!(kept < 2 * LEAVES + 50, "{kept}");
    // Numbers are used again, and texts that were interned keep theirs.
    tick(&mut state, 101);
    assert_eq!(text(&early, "n7.name"), Some(Value::Text("value 1007".into())));
    assert_eq!(text(&state, "n7.name"), Some(Value::Text("value 101007".into())));
}
