//! What the live timeline received in this session, kept in memory, and the timeline that plays it back.

use super::{Clock, TimelineState};
use bevy::prelude::*;
use cupola_twin::value::Sample;
use cupola_twin::{ColumnIx, Slot, State};
use std::collections::VecDeque;

/// Changes kept; older ones are folded into the state that the recording begins with.
const MAX_ENTRIES: usize = 1_000_000;

/// A state, and everything that came from outside since.
#[derive(Component, Clone)]
pub struct Recording {
    base: State,
    start_us: i64,
    entries: VecDeque<Entry>,
}

/// What came in.
#[derive(Clone, Copy)]
struct Entry {
    time_us: i64,
    slot: Slot,
    sample: Sample,
    /// Until when it counts, where it is measured in the place of a computed value.
    until_us: i64,
}

impl Entry {
    fn put_into(&self, state: &mut State) {
        state.measure(self.slot, self.sample, self.until_us);
    }
}

impl Recording {
    /// Begins at a state.
    pub fn new(base: State, start_us: i64) -> Self {
        Self { base, start_us, entries: VecDeque::new() }
    }

    /// The first and the last moment that it knows, microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        (self.start_us, self.entries.back().map_or(self.start_us, |last| last.time_us))
    }

    /// Notes what changed from outside in the state's tick.
    pub fn note(&mut self, state: &State, now_us: i64) {
        for (number, column) in state.topology().columns().iter().enumerate() {
            if column.formula.is_none() {
                let column = ColumnIx(number as u32);
                for row in state.changed(column) {
                    let slot = Slot { column, row: *row };
                    self.push(Entry { time_us: now_us, slot, sample: state.get(slot), until_us: i64::MAX });
                }
            }
        }
        for (slot, measured) in state.all_measured().filter(|(slot, _)| state.has_changed(*slot)) {
            self.push(Entry { time_us: now_us, slot, sample: measured.sample, until_us: measured.until_us });
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == MAX_ENTRIES
            && let Some(oldest) = self.entries.pop_front()
        {
            oldest.put_into(&mut self.base);
            self.start_us = oldest.time_us;
        }
        self.entries.push_back(entry);
    }
}

/// Drives a timeline with a recording.
#[derive(Component, Clone)]
pub struct Replayed {
    recording: Recording,
    /// Entries that were put into the state.
    played: usize,
    /// The moment that the state shows.
    shown_us: i64,
}

impl Replayed {
    /// A replay that begins where the recording does, and the state there.
    pub fn new(recording: Recording) -> (Self, State) {
        let mut state = recording.base.clone();
        state.begin_tick();
        state.recompute();
        let shown_us = recording.start_us;
        (Self { recording, played: 0, shown_us }, state)
    }

    /// The first and the last moment that it can show.
    pub fn span_us(&self) -> (i64, i64) {
        self.recording.span_us()
    }

    fn show(&mut self, state: &mut State, now_us: i64) {
        if now_us < self.shown_us {
            let (again, from_start) = Self::new(self.recording.clone());
            *self = again;
            // Put the difference in as changes, so that whoever looks at changes sees them.
            let topology = state.topology().clone();
            for column in (0..topology.columns().len() as u32).map(ColumnIx) {
                if topology.column(column).formula.is_none() {
                    for row in 0..topology.rows(column) {
                        let slot = Slot { column, row };
                        state.set(slot, from_start.get(slot));
                    }
                }
            }
            let measured: Vec<Slot> = state.all_measured().map(|(slot, _)| slot).collect();
            measured.into_iter().for_each(|slot| state.release(slot));
            for (slot, measured) in from_start.all_measured() {
                state.measure(slot, measured.sample, measured.until_us);
            }
        }
        let has_timed = state.topology().has_timed();
        let mut shown_us = None;
        while let Some(entry) = self.recording.entries.get(self.played).filter(|entry| entry.time_us <= now_us) {
            // What functions remember, they see moment by moment.
            if has_timed {
                if shown_us.is_some_and(|shown_us| shown_us < entry.time_us) {
                    state.propagate();
                }
                state.pass_to(entry.time_us);
                shown_us = Some(entry.time_us);
            }
            entry.put_into(state);
            self.played += 1;
        }
        state.pass_to(now_us);
        self.shown_us = now_us;
    }
}

pub(super) fn record(mut timelines: Query<(&Clock, &TimelineState, &mut Recording), Without<Replayed>>) {
    for (clock, state, mut recording) in &mut timelines {
        recording.note(&state.0, clock.now_us);
    }
}

pub(super) fn replay(mut timelines: Query<(&mut Clock, &mut TimelineState, &mut Replayed)>) {
    for (mut clock, mut state, mut replayed) in &mut timelines {
        let (start_us, end_us) = replayed.span_us();
        if clock.now_us >= end_us {
            clock.now_us = end_us;
            clock.playing = false;
        }
        clock.now_us = clock.now_us.max(start_us);
        if clock.now_us != replayed.shown_us {
            let now_us = clock.now_us;
            replayed.show(&mut state.0, now_us);
        }
    }
}
