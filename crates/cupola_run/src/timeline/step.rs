//! The step of a timeline, as a whole and in its parts.

use super::{Changes, Driver, PendingReadings, Timeline};
use crate::alarm::Alarms;
use crate::replay::PastState;
use crate::sink::RecordedEvent;
use cupola_twin::State;
use cupola_twin::state::reclaim_texts;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Timeline {
    /// Advances the timeline to a moment, in microseconds since the Unix epoch. A simulated timeline takes as many
    /// whole steps as fit. Any other timeline takes one step. A replay also moves backwards.
    pub fn step(&mut self, until_us: i64) -> Changes {
        let mut changes = Changes::default();
        loop {
            self.begin(Some(until_us));
            if !self.is_stepping {
                return changes;
            }
            self.simulate();
            self.finish();
            reclaim_texts(&[&self.state]);
            changes.add(self.changes.clone());
            if !matches!(self.driver, Driver::Simulated(_)) {
                return changes;
            }
        }
    }

    /// Propagates, updates alarms, records and publishes. Every step and every applied event ends with this.
    pub(super) fn finish(&mut self) {
        self.propagate();
        self.judge();
        self.record();
        self.publish();
    }

    /// Begins a new tick and advances the clock: the first part of a step. Without a moment, no time passes.
    ///
    /// A live timeline never moves backwards. If the wall clock is set back, the timeline waits for it to catch up.
    pub fn begin(&mut self, until_us: Option<i64>) {
        self.state.begin_tick();
        self.changes = Changes::default();
        self.is_stepping = false;
        let Some(until_us) = until_us else { return };
        match &self.driver {
            Driver::Live { .. } => self.now_us = self.now_us.max(until_us),
            Driver::Simulated(simulation) => {
                let next_us = self.now_us.saturating_add(simulation.step_us);
                // The calendar ends there.
                if next_us > until_us.min(cupola_wire::MAX_TIME_US) {
                    return;
                }
                self.now_us = next_us;
            }
            Driver::Replayed(_) => {
                self.is_stepping = true;
                self.play(until_us);
                return;
            }
        }
        self.is_stepping = true;
        self.state.pass_to(self.now_us);
        self.ingest_scheduled();
    }

    /// Plays the record up to a moment. Every recorded moment is propagated, and updates the alarms and the trail.
    fn play(&mut self, until_us: i64) {
        let Driver::Replayed(replay) = &mut self.driver else { return };
        let (start_us, end_us) = replay.span_us();
        let until_us = until_us.clamp(start_us, end_us);
        if replay.jumps_to(until_us) {
            match replay.record().clone().restore(&self.scene, until_us) {
                Ok(past) => self.show_past(past),
                Err(why) => self.changes.unread.push(why),
            }
            return;
        }
        while let Driver::Replayed(replay) = &mut self.driver {
            let moment = match replay.next_moment(&self.scene.topology, until_us) {
                Ok(Some(moment)) => moment,
                Ok(None) => break,
                Err(why) => {
                    self.changes.unread.push(why);
                    return;
                }
            };
            self.now_us = moment.time_us;
            moment.apply(&mut self.state);
            self.propagate();
            if moment.begins {
                // The alarms of the program before ended with it.
                let total = self.alarms.total;
                self.alarms = Alarms::of(&self.scene, &self.state, moment.time_us);
                self.alarms.total += total;
            }
            self.judge_at(moment.observed_us.unwrap_or(moment.time_us));
            moment.acknowledged.iter().for_each(|(alarm, twin)| self.acknowledge_past(alarm, twin));
            self.record_at(moment.observed_us.unwrap_or(moment.time_us));
            self.revision += 1;
            self.changes.values += self.state.change_count() as u64;
            self.state.begin_tick();
        }
        self.now_us = until_us;
        self.state.pass_to(until_us);
        self.state.observe_now();
        self.propagate();
        self.judge();
    }

    /// Shows a state of the past on a replay. If the state is of another version of the scene, the values of properties
    /// that both versions have are shown.
    pub fn show_past(&mut self, past: PastState) {
        let Driver::Replayed(replay) = &mut self.driver else { return };
        replay.show(past.moment_us);
        self.now_us = past.moment_us;
        self.state = past.state;
        if !Arc::ptr_eq(self.state.topology(), &self.scene.topology) {
            self.state = self.state.carry_over(self.scene.topology.clone());
        }
        self.state.begin_tick();
        self.alarms = Alarms::of(&self.scene, &self.state, self.now_us);
        self.alarms.take_over(&self.scene, &self.state, &past.raised);
        self.alarms.total = past.total;
        // The recent values are of another time.
        self.trail.forget();
        self.revision += 1;
    }

    /// Acknowledges an alarm that a person had acknowledged at a moment of the record.
    fn acknowledge_past(&mut self, alarm: &str, twin: &str) {
        let number = self.scene.alarms.iter().position(|known| known.id == alarm);
        let key = number.zip(self.scene.topology.twin(twin));
        if let Some(raised) = key.and_then(|key| self.alarms.raised.get_mut(&key)) {
            raised.acknowledged = true;
        }
    }

    /// Advances the driver: the second part of a step, after the events. A simulation computes its step. Values become
    /// stale if their freshness has ended.
    pub fn simulate(&mut self) {
        if !self.is_stepping {
            return;
        }
        if let Driver::Simulated(simulation) = &mut self.driver {
            simulation.step(&mut self.state, self.now_us);
        }
        self.origins.mark_stale(&mut self.state, self.now_us);
    }

    /// Computes the properties that depend on changed ones: the third part of a step.
    pub fn propagate(&mut self) {
        self.pending_readings = PendingReadings::default();
        if self.state.needs_propagation() {
            self.state.propagate();
        }
    }

    /// Raises and clears alarms: the fourth part of a step.
    pub fn judge(&mut self) {
        self.judge_at(self.now_us);
    }

    /// Raises and clears alarms as of a moment, in microseconds since the Unix epoch.
    pub(super) fn judge_at(&mut self, moment_us: i64) {
        let known = self.changes.alarms.len();
        self.alarms.judge(&self.scene, &self.state, moment_us, &mut self.changes.alarms);
        for change in &self.changes.alarms[known..] {
            let (alarm, twin) = (&*self.scene.alarms[change.alarm].id, self.scene.topology.twin_id(change.twin));
            self.log(&if change.is_raised {
                RecordedEvent::Raised { alarm, twin }
            } else {
                RecordedEvent::Cleared { alarm, twin }
            });
        }
    }

    /// Adds the changes to the trail and the history: the fifth part of a step.
    pub fn record(&mut self) {
        self.record_at(self.now_us);
    }

    /// Adds the changes to the trail, at the time of their readings, and to the history.
    pub(super) fn record_at(&mut self, moment_us: i64) {
        self.trail.record(&self.state, moment_us);
        let late = std::mem::take(&mut self.inputs.late);
        // The moments of a live timeline are the same with and without a history.
        if self.sink.is_none() && !matches!(self.driver, Driver::Live { .. }) {
            return;
        }
        let mut changes = self.inputs.find(&self.state, self.now_us);
        changes.splice(0..0, late);
        if !changes.is_empty() {
            self.recorded_us = self.now_us;
        }
        if let Some(sink) = &self.sink
            && !changes.is_empty()
        {
            sink.changes(self.topology(), self.now_us, &changes, &|slot| self.origins.cause(slot));
        }
        if let Some(sink) = &self.sink {
            sink.passed(self.now_us);
            let conditions = self.inputs.find_conditions(&self.state);
            if !conditions.is_empty() {
                sink.conditions(self.topology(), self.now_us, &conditions);
            }
        }
    }

    /// Collects the changes and ends expired invocations: the last part of a step.
    pub fn publish(&mut self) {
        let mut expired = self.invocations.expire(self.now_us);
        self.changes.invocations.append(&mut expired);
        for number in &self.changes.invocations {
            if let Some(invocation) = self.invocations.get(*number) {
                self.log(&RecordedEvent::Outcome(invocation));
            }
        }
        self.gather_unsettled();
        self.changes.steps = u64::from(self.is_stepping);
        self.changes.values += self.state.change_count() as u64;
        if self.changes.values > 0 {
            self.revision += 1;
        }
    }

    fn gather_unsettled(&mut self) {
        let mut now = BTreeSet::new();
        for found in State::unsettled(&self.state) {
            if !self.unsettled.contains(&found.slot) {
                self.changes.unsettled.push(found.diagnostic(self.state.topology()));
            }
            now.insert(found.slot);
        }
        self.unsettled = now;
    }
}
