//! The move of a timeline to a changed scene. Its content is carried over by twin id and property name.

use super::{Driver, Timeline, TimelineError};
use crate::alarm::Alarms;
use crate::drivers::Drivers;
use crate::relocation::Relocation;
use crate::sink::{InputChange, InputChanges};
use cupola_scene::Scene;
use cupola_twin::{Quality, State};
use std::sync::Arc;

impl Timeline {
    /// Moves the timeline to a changed scene, after an edit or a reload: values, windows of functions, physics, history,
    /// alarms, commands and origins stay with the twins and properties that the scene still has.
    ///
    /// `relocation` maps the topology of the timeline's scene to that of the changed scene.
    ///
    /// # Errors
    /// The scene no longer has the simulation that drives the timeline. The timeline is then unchanged.
    pub fn adopt(
        &mut self,
        scene: Arc<Scene>,
        drivers: &Drivers,
        relocation: &Relocation,
    ) -> Result<(), TimelineError> {
        let (before, state_before) = (self.scene.clone(), self.sink.is_some().then(|| self.state.clone()));
        debug_assert!(Arc::ptr_eq(relocation.from(), &before.topology), "the relocation is of another scene");
        match &mut self.driver {
            Driver::Live { feeds } => feeds.clone_from(&drivers.feeds),
            Driver::Simulated(simulation) => {
                let mut next = drivers.simulation.clone().ok_or(TimelineError::SimulationRemoved)?;
                next.take_over(simulation, relocation);
                **simulation = next;
            }
            Driver::Replayed(replay) => replay.adopt(),
        }
        if !matches!(self.driver, Driver::Replayed(_)) {
            self.processors.clone_from(&drivers.processors);
        }
        self.state = self.state.carry_over_by(scene.topology.clone(), |twin| relocation.old_twin(twin));
        let known = self.alarms.named(&before);
        let (total, past) = (self.alarms.total, std::mem::take(&mut self.alarms.past));
        self.alarms = Alarms::of(&scene, &self.state, self.now_us);
        self.alarms.take_over(&scene, &self.state, &known);
        (self.alarms.total, self.alarms.past) = (total, past);
        self.trail.relocate(relocation);
        self.origins.relocate(relocation);
        self.invocations.relocate(relocation);
        self.unsettled = self.unsettled.iter().filter_map(|slot| relocation.slot(*slot)).collect();
        self.scene = scene;
        self.inputs = InputChanges::of(&self.state);
        if let Some(sink) = &self.sink {
            sink.scene_changed(&self.scene, self.now_us);
            let changes = state_before.map_or_else(Vec::new, |before| edited(&before, &self.state, relocation));
            if !changes.is_empty() {
                sink.changes(&self.scene.topology, self.now_us, &changes, &|_| Some("edit of the scene".into()));
            }
        }
        self.revision += 1;
        Ok(())
    }
}

/// Returns the inputs whose values an edit of the scene has changed.
fn edited(before: &State, after: &State, relocation: &Relocation) -> Vec<InputChange> {
    let (old, new) = (before.topology(), after.topology());
    let mut changes = Vec::new();
    for twin in new.twins() {
        let known = relocation.old_twin(twin);
        for slot in new.properties(twin).filter(|slot| new.column(slot.column).formula.is_none()) {
            let sample = after.get(slot);
            let name = &new.column(slot.column).name;
            let is_same = match known.and_then(|known| old.slot(known, name)) {
                Some(known) => {
                    let was = before.get(known);
                    was.quality == sample.quality
                        && was.time_us == sample.time_us
                        && before.value(known) == after.value(slot)
                }
                None => sample.quality == Quality::Missing,
            };
            if !is_same {
                changes.push(InputChange { slot, sample, until_us: i64::MAX });
            }
        }
    }
    changes
}
