//! Assumptions of a simulation: about the constructions and leaks of a room, and about the outdoor temperature.

use super::Simulation;
use cupola_physics::SpecError;
use cupola_physics::envelope::{ConstructionSet, SETS};
use cupola_physics::zone::ZoneSpec;
use cupola_twin::TwinIx;
use serde::{Deserialize, Serialize};

/// Largest assumed infiltration of a room, in air changes per hour. A door and wide open windows let in about this much
/// air.
pub const MAX_LEAKS_ACH: f64 = 30.0;
/// Largest assumed difference between the outdoor temperature and the weather, in K.
pub const MAX_WARMER_K: f64 = 30.0;

/// An assumption of a simulation that a person may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// The name of the construction set of a room.
    Construction(String),
    /// Outdoor air that enters a room through leaks and windows, in air changes per hour.
    LeaksAch(f64),
    /// Difference between the outdoor temperature and the weather, in K. It models a heat wave or a cold spell.
    WarmerK(f64),
}

/// The assumptions of the scene.
#[derive(Clone, Debug, Default)]
pub(super) struct SceneAssumptions {
    /// The construction set of each room and its infiltration in air changes per hour.
    pub rooms: Vec<(&'static str, f64)>,
    /// Difference between the outdoor temperature and the weather, in K.
    pub warmer_k: f64,
}

impl SceneAssumptions {
    pub fn of(zones: &[ZoneSpec], warmer_k: f64) -> Self {
        Self { rooms: zones.iter().map(|spec| (spec.set.name, spec.infiltration_ach)).collect(), warmer_k }
    }
}

/// The reason why the simulation can't take an assumption.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AssumptionError {
    /// The difference of the outdoor temperature, in K, is too large.
    #[error("outdoors can be {MAX_WARMER_K} K warmer or colder, not {0} K")]
    Warmer(f64),
    /// A room was named for an assumption about the weather.
    #[error("`warmer_k` is about the weather of the whole building: leave `room` out")]
    Outdoors,
    /// The twin is not a room of the simulation.
    #[error("the assumption is about a room, and the twin is no room of the simulation")]
    NoRoom,
    /// The air changes per hour are out of their range.
    #[error("from 0 to {MAX_LEAKS_ACH} air changes an hour, not {0}")]
    Leaks(f64),
    /// The construction set does not exist.
    #[error("there are no constructions `{0}`")]
    NoConstructions(String),
    /// The physics can't compute the changed room.
    #[error(transparent)]
    Physics(#[from] SpecError),
}

impl Simulation {
    /// Returns the assumptions that differ from the scene's: those about rooms, and the difference of the outdoor
    /// temperature in K.
    pub fn own_assumptions(&self) -> (Vec<(TwinIx, Assumption)>, Option<f64>) {
        let mut rooms = Vec::new();
        for (twin, row) in &self.zone_of {
            let (spec, (set, ach)) = (&self.model.zones()[*row], self.said.rooms[*row]);
            rooms
                .extend((spec.set.name != set).then_some((*twin, Assumption::Construction(spec.set.name.to_string()))));
            let leaks = Assumption::LeaksAch(spec.infiltration_ach);
            rooms.extend((spec.infiltration_ach != ach).then_some((*twin, leaks)));
        }
        (rooms, (self.warmer_k() != self.said.warmer_k).then(|| self.warmer_k()))
    }

    /// Returns the zone of a twin, if the twin is a room of the simulation.
    pub fn room(&self, twin: TwinIx) -> Option<&ZoneSpec> {
        self.model.zones().get(*self.zone_of.get(&twin)?)
    }

    /// Returns the difference between the outdoor temperature and the weather, in K.
    pub fn warmer_k(&self) -> f64 {
        self.controls.outdoor_offset_k
    }

    /// Changes an assumption about a room, or about the weather.
    ///
    /// # Errors
    /// The twin is not a room of the simulation, the construction set does not exist, or the number is out of its
    /// range.
    pub(crate) fn assume(&mut self, room: Option<TwinIx>, assumption: &Assumption) -> Result<(), AssumptionError> {
        if let Assumption::WarmerK(warmer_k) = assumption {
            if room.is_some() {
                return Err(AssumptionError::Outdoors);
            }
            if !(-MAX_WARMER_K..=MAX_WARMER_K).contains(warmer_k) {
                return Err(AssumptionError::Warmer(*warmer_k));
            }
            self.controls.outdoor_offset_k = *warmer_k;
            return Ok(());
        }
        let row = room.and_then(|room| self.zone_of.get(&room));
        let row = *row.ok_or(AssumptionError::NoRoom)?;
        let mut spec = self.model.zones()[row].clone();
        match assumption {
            Assumption::Construction(name) => spec.set = known(name)?,
            Assumption::LeaksAch(ach) if (0.0..=MAX_LEAKS_ACH).contains(ach) => spec.infiltration_ach = *ach,
            Assumption::LeaksAch(ach) => return Err(AssumptionError::Leaks(*ach)),
            Assumption::WarmerK(_) => {}
        }
        self.model = self.model.with_zone(row, spec)?;
        Ok(())
    }
}

fn known(name: &str) -> Result<&'static ConstructionSet, AssumptionError> {
    SETS.iter().find(|set| set.name == name).ok_or_else(|| AssumptionError::NoConstructions(name.to_string()))
}
