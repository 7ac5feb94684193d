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
    entries: VecDeque<(i64, Slot, Sample)>,
}

impl Recording {
    /// Begins at a state.
    pub fn new(base: State, start_us: i64) -> Self {
        Self { base, start_us, entries: VecDeque::new() }
    }

    /// The first and the last moment that it knows, microseconds since the Unix epoch.
    pub fn span_us(&self) -> (i64, i64) {
        (self.start_us, self.entries.back().map_or(self.start_us, |(time_us, ..)| *time_us))
    }

    /// Notes what changed from outside in the state's tick.
    pub fn note(&mut self, state: &State, now_us: i64) {
        for (number, column) in state.topology().columns().iter().enumerate() {
            if column.formula.is_none() {
                let column = ColumnIx(number as u32);
                for row in state.changed(column) {
                    let slot = Slot { column, row: *row };
                    self.push(now_us, slot, state.get(slot));
                }
            }
        }
    }

    fn push(&mut self, time_us: i64, slot: Slot, sample: Sample) {
        if self.entries.len() == MAX_ENTRIES
            && let Some((time_us, slot, sample)) = self.entries.pop_front()
        {
            self.base.set(slot, sample);
            self.start_us = time_us;
        }
        self.entries.push_back((time_us, slot, sample));
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
        }
        while let Some((time_us, slot, sample)) = self.recording.entries.get(self.played) {
            if *time_us > now_us {
                break;
            }
            state.set(*slot, *sample);
            self.played += 1;
        }
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
