//! The step: its parts in order, and the whole.

use super::{Changes, Driver, Timeline};
use cupola_twin::State;
use std::collections::BTreeSet;

impl Timeline {
    /// Moves the timeline on until a moment (microseconds since the Unix epoch): a simulated one in as many whole steps as
    /// fit, any other at once. A replay also moves backwards.
    pub fn step(&mut self, until_us: i64) -> Changes {
        let mut changes = Changes::default();
        loop {
            self.begin(Some(until_us));
            if !self.is_stepping {
                return changes;
            }
            self.simulate();
            self.finish();
            changes.add(self.changes.clone());
            if !matches!(self.driver, Driver::Simulated(_)) {
                return changes;
            }
        }
    }

    /// Propagates, judges, records and publishes: the second half of a step, and of an event.
    pub(super) fn finish(&mut self) {
        self.propagate();
        self.judge();
        self.record();
        self.publish();
    }

    /// First part of a step: a new tick begins, and its time passes. Without a moment, no time passes.
    ///
    /// A live timeline never goes back: a wall clock that is set back leaves it where it is until the clock has caught up.
    pub fn begin(&mut self, until_us: Option<i64>) {
        self.state.begin_tick();
        self.changes = Changes::default();
        self.is_stepping = false;
        let Some(until_us) = until_us else { return };
        match &self.driver {
            Driver::Live { .. } => self.now_us = self.now_us.max(until_us),
            Driver::Simulated(simulation) => {
                let next_us = self.now_us + simulation.step_us;
                if next_us > until_us {
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

    /// Plays the recording up to a moment, every recorded moment through the whole chain.
    fn play(&mut self, until_us: i64) {
        let Driver::Replayed(replay) = &mut self.driver else { return };
        let (start_us, end_us) = replay.span_us();
        let until_us = until_us.clamp(start_us, end_us);
        if let Some(restored) = replay.jump(until_us, &self.scene) {
            self.state = restored.state;
            self.alarms = restored.alarms;
            self.trail.cut(replay.shown_us);
            self.revision += 1;
        }
        while let Driver::Replayed(replay) = &mut self.driver {
            let Some(moment_us) = replay.play_moment(&mut self.state, until_us) else { break };
            self.now_us = moment_us;
            self.propagate();
            self.judge();
            self.acknowledge_replayed(moment_us);
            self.record();
            self.revision += 1;
            self.changes.values += self.state.change_count() as u64;
            self.state.begin_tick();
        }
        self.now_us = until_us;
        self.state.pass_to(until_us);
        // An alarm that time alone raised may have been acknowledged after the last recorded change.
        self.propagate();
        self.judge();
        self.acknowledge_replayed(until_us);
    }

    /// Acknowledges the alarms that a person had acknowledged by a moment of the recording.
    fn acknowledge_replayed(&mut self, until_us: i64) {
        let Driver::Replayed(replay) = &mut self.driver else { return };
        for (alarm, twin) in replay.acknowledged(until_us) {
            let number = self.scene.alarms.iter().position(|known| known.id == *alarm);
            let key = number.zip(self.scene.topology.twin(&twin));
            if let Some(raised) = key.and_then(|key| self.alarms.raised.get_mut(&key)) {
                raised.acknowledged = true;
                self.revision += 1;
            }
        }
    }

    /// Second part of a step, after the events came in: the driver moves on. A simulation computes its step, and values that
    /// nobody confirmed become stale.
    pub fn simulate(&mut self) {
        if !self.is_stepping {
            return;
        }
        if let Driver::Simulated(simulation) = &mut self.driver {
            simulation.step(&mut self.state, self.now_us);
        }
        self.origins.mark_stale(&mut self.state, self.now_us);
    }

    /// Third part: computes the properties that depend on changed ones.
    pub fn propagate(&mut self) {
        if self.state.needs_propagation() {
            self.state.propagate();
        }
    }

    /// Fourth part: raises and clears alarms.
    pub fn judge(&mut self) {
        self.alarms.judge(&self.scene, &self.state, self.now_us, &mut self.changes.alarms);
    }

    /// Fifth part: adds the changes to the trail and the recording.
    pub fn record(&mut self) {
        self.trail.record(&self.state, self.now_us);
        if let Some(recording) = &mut self.recording {
            recording.record(&self.scene, &self.state, &self.alarms, self.now_us);
        }
    }

    /// Last part: gathers the changes.
    pub fn publish(&mut self) {
        let mut expired = self.invocations.expire(self.now_us);
        self.changes.invocations.append(&mut expired);
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
