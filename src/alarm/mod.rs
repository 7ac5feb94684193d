//! Alarms: conditions of the scene that hold for a twin, on every timeline by itself.

use crate::scene::{Alarm, Scene};
use crate::timeline::{Clock, OpenScene, TimelineState};
use crate::{Tick, TickSystems};
use bevy::prelude::*;
use cupola_twin::{Slot, State, TwinIx};
use std::collections::BTreeMap;

/// An alarm that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Since when, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
}

/// The alarms that hold on a timeline, by number in the scene and twin.
#[derive(Component, Clone, Debug, Default)]
pub struct Alarms {
    /// Those that hold.
    pub raised: BTreeMap<(usize, TwinIx), Raised>,
    /// How many were raised since the timeline began.
    pub total: u64,
}

impl Alarms {
    /// The alarms that hold in a state.
    pub fn of(scene: &Scene, state: &State, now_us: i64) -> Self {
        let mut alarms = Self::default();
        for (number, alarm) in scene.alarms.iter().enumerate() {
            for column in &alarm.columns {
                for row in 0..state.topology().rows(*column) {
                    alarms.judge(number, state, Slot { column: *column, row }, now_us);
                }
            }
        }
        alarms
    }

    fn judge(&mut self, number: usize, state: &State, slot: Slot, now_us: i64) {
        let key = (number, state.topology().twin_of(slot));
        let lane = state.get(slot).usable();
        // A condition that can't be told neither raises nor clears an alarm.
        if lane == 0.0 {
            self.raised.remove(&key);
        } else if !lane.is_nan() && !self.raised.contains_key(&key) {
            self.raised.insert(key, Raised { since_us: now_us, acknowledged: false });
            self.total += 1;
        }
    }

    /// Judges what changed in the state's tick.
    pub fn judge_changes(&mut self, scene: &Scene, state: &State, now_us: i64) {
        for (number, alarm) in scene.alarms.iter().enumerate() {
            for column in &alarm.columns {
                for row in state.changed(*column) {
                    self.judge(number, state, Slot { column: *column, row: *row }, now_us);
                }
            }
        }
    }

    /// Takes over since when alarms hold and who has seen them, from the same scene before a change.
    pub fn carry_over(&mut self, scene: &Scene, old: &Self, before: &Scene) {
        self.total = old.total;
        for ((number, twin), raised) in &mut self.raised {
            let id = scene.topology.twin_id(*twin);
            let known = old.raised.iter().find(|((number_before, twin_before), _)| {
                before.alarms[*number_before].id == scene.alarms[*number].id
                    && before.topology.twin_id(*twin_before) == id
            });
            if let Some((_, known)) = known {
                *raised = *known;
            }
        }
    }

    /// Those that hold, the worst first, then the newest.
    pub fn sorted<'a>(&'a self, scene: &'a Scene) -> Vec<(&'a Alarm, usize, TwinIx, Raised)> {
        let mut list: Vec<_> = self
            .raised
            .iter()
            .map(|((number, twin), raised)| (&scene.alarms[*number], *number, *twin, *raised))
            .collect();
        list.sort_by_key(|(alarm, number, twin, raised)| {
            (std::cmp::Reverse(alarm.severity), std::cmp::Reverse(raised.since_us), *number, *twin)
        });
        list
    }
}

/// Judges in the tick.
pub struct AlarmPlugin;

impl Plugin for AlarmPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Tick, judge.in_set(TickSystems::Judge));
    }
}

fn judge(scene: Option<Res<OpenScene>>, mut timelines: Query<(&Clock, &TimelineState, &mut Alarms)>) {
    let Some(scene) = scene else { return };
    for (clock, state, mut alarms) in &mut timelines {
        alarms.judge_changes(&scene.0, &state.0, clock.now_us);
    }
}
