//! Alarms: conditions of the scene that are true for a twin. Each timeline evaluates them separately.

use cupola_scene::{Alarm, Scene};
use cupola_twin::{Quality, Slot, State, TwinIx};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A raised alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisedAlarm {
    /// The moment at which the alarm was raised, in microseconds since the Unix epoch.
    pub since_us: i64,
    /// Whether a person has acknowledged the alarm.
    pub acknowledged: bool,
    /// Whether the condition holds because of a value that was stale when it was last judged.
    pub is_stale: bool,
}

/// A change of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmChange {
    /// The number of the alarm in the scene.
    pub alarm: usize,
    /// The twin.
    pub twin: TwinIx,
    /// Whether the alarm was raised (true) or cleared (false).
    pub is_raised: bool,
}

/// A raised alarm, identified by ids, which stay valid after a change of the scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAlarm {
    /// The id of the alarm in the scene.
    pub alarm: Arc<str>,
    /// The id of the twin.
    pub twin: Arc<str>,
    /// The start and the acknowledgement.
    pub raised: RaisedAlarm,
}

/// An alarm that was raised and cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAlarm {
    /// The id of the alarm in the scene.
    pub alarm: Arc<str>,
    /// The id of the twin.
    pub twin: Arc<str>,
    /// The moment at which it was raised, in microseconds since the Unix epoch.
    pub since_us: i64,
    /// The moment at which it was cleared, in microseconds since the Unix epoch.
    pub until_us: i64,
}

/// The number of past alarms that are kept. Older ones are dropped.
const MAX_PAST: usize = 1_000;

/// The raised alarms of a timeline, by alarm number in the scene and twin.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    /// The raised alarms.
    pub raised: BTreeMap<(usize, TwinIx), RaisedAlarm>,
    /// The number of alarms raised since the timeline began.
    pub total: u64,
    /// The alarms that were raised and cleared, in the order of their ends.
    pub past: VecDeque<PastAlarm>,
}

impl Alarms {
    /// Returns the alarms whose conditions hold in a state.
    pub fn of(scene: &Scene, state: &State, now_us: i64) -> Self {
        let mut alarms = Self::default();
        for (number, alarm) in scene.alarms.iter().enumerate() {
            for column in &alarm.columns {
                for row in 0..state.topology().rows(*column) {
                    alarms.judge_slot((number, alarm), state, Slot { column: *column, row }, now_us);
                }
            }
        }
        alarms
    }

    fn judge_slot(
        &mut self,
        (number, alarm): (usize, &Alarm),
        state: &State,
        slot: Slot,
        now_us: i64,
    ) -> Option<AlarmChange> {
        let twin = state.topology().twin_of(slot);
        let sample = state.get(slot);
        let (lane, is_stale) = (sample.usable(), sample.quality == Quality::Stale);
        // A condition without a value neither raises nor clears an alarm.
        if lane == 0.0 {
            let RaisedAlarm { since_us, .. } = self.raised.remove(&(number, twin))?;
            let (alarm, name) = (alarm.id.as_str().into(), state.topology().twin_id(twin).into());
            if self.past.len() == MAX_PAST {
                self.past.pop_front();
            }
            self.past.push_back(PastAlarm { alarm, twin: name, since_us, until_us: now_us });
            return Some(AlarmChange { alarm: number, twin, is_raised: false });
        }
        if lane.is_nan() {
            return None;
        }
        if let Some(raised) = self.raised.get_mut(&(number, twin)) {
            raised.is_stale = is_stale;
            return None;
        }
        self.raised.insert((number, twin), RaisedAlarm { since_us: now_us, acknowledged: false, is_stale });
        self.total += 1;
        Some(AlarmChange { alarm: number, twin, is_raised: true })
    }

    /// Evaluates the conditions that changed in the state's tick, and adds the alarms that change to `changes`.
    pub(crate) fn judge(&mut self, scene: &Scene, state: &State, now_us: i64, changes: &mut Vec<AlarmChange>) {
        for (number, alarm) in scene.alarms.iter().enumerate() {
            for column in &alarm.columns {
                for row in state.changed(*column) {
                    let slot = Slot { column: *column, row: *row };
                    changes.extend(self.judge_slot((number, alarm), state, slot, now_us));
                }
            }
        }
    }

    /// Returns the raised alarms, identified by ids.
    pub(crate) fn named(&self, scene: &Scene) -> Vec<NamedAlarm> {
        let named = |((number, twin), raised): (&(usize, TwinIx), &RaisedAlarm)| NamedAlarm {
            alarm: scene.alarms[*number].id.as_str().into(),
            twin: scene.topology.twin_id(*twin).into(),
            raised: *raised,
        };
        self.raised.iter().map(named).collect()
    }

    /// Copies the start and the acknowledgement of alarms that were raised before a change of the scene, or at a moment of
    /// a record. An alarm whose condition has no value stays raised.
    pub(crate) fn take_over(&mut self, scene: &Scene, state: &State, before: &[NamedAlarm]) {
        let numbers: BTreeMap<&str, usize> =
            scene.alarms.iter().enumerate().map(|(number, alarm)| (alarm.id.as_str(), number)).collect();
        for known in before {
            let key = numbers.get(&*known.alarm).copied().zip(scene.topology.twin(&known.twin));
            let Some((number, twin)) = key else { continue };
            let (table, row) = scene.topology.locate(twin);
            let mut columns = scene.alarms[number].columns.iter();
            let column = columns.find(|column| scene.topology.column(**column).table == table);
            let sample = column.map(|column| state.get(Slot { column: *column, row }));
            if let Some(sample) = sample.filter(|sample| sample.usable() != 0.0) {
                let is_stale = sample.quality == Quality::Stale;
                self.raised.insert((number, twin), RaisedAlarm { is_stale, ..known.raised });
            }
        }
    }

    /// Returns the raised alarms, the most severe first, then the newest.
    pub fn sorted<'a>(&'a self, scene: &'a Scene) -> Vec<(&'a Alarm, usize, TwinIx, RaisedAlarm)> {
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
