//! What a simulation assumes about a room, and what else might be assumed.

use super::Simulation;
use cupola_physics::envelope::{ConstructionSet, SETS};
use cupola_physics::zone::ZoneSpec;
use cupola_twin::TwinIx;
use serde::{Deserialize, Serialize};

/// The most that a door and wide open windows let in, air changes an hour.
pub const MOST_LEAKS_ACH: f64 = 30.0;
/// The most that outdoors may be warmer or colder than the weather says, K.
pub const MOST_WARMER_K: f64 = 30.0;

/// An assumption of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assumption {
    /// The name of the set of constructions that a room is made of.
    Construction(String),
    /// Outdoor air through the leaks and windows of a room, air changes an hour.
    LeaksAch(f64),
    /// The difference between the outdoor temperature and the weather's, K: a heat wave, a cold spell.
    WarmerK(f64),
}

/// What the scene says of what may be assumed.
#[derive(Clone, Debug, Default)]
pub(super) struct SceneAssumptions {
    /// For each room its constructions and its air changes an hour.
    pub rooms: Vec<(&'static str, f64)>,
    /// How much warmer it is outdoors, K.
    pub warmer_k: f64,
}

impl SceneAssumptions {
    pub fn of(zones: &[ZoneSpec], warmer_k: f64) -> Self {
        Self { rooms: zones.iter().map(|spec| (spec.set.name, spec.infiltration_ach)).collect(), warmer_k }
    }
}

impl Simulation {
    /// Returns the assumptions that differ from the scene's: those about rooms, and the one about the weather.
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

    /// What a room is to the simulation, if it is one.
    pub fn room(&self, twin: TwinIx) -> Option<&ZoneSpec> {
        self.model.zones().get(*self.zone_of.get(&twin)?)
    }

    /// How much warmer it is outdoors than the weather says, K.
    pub fn warmer_k(&self) -> f64 {
        self.controls.outdoor_offset_k
    }

    /// Goes on with another assumption about a room, or about the weather.
    ///
    /// # Errors
    /// The twin is not a room of the simulation, there is no such construction, or the number is out of its range.
    pub(crate) fn assume(&mut self, room: Option<TwinIx>, assumption: &Assumption) -> Result<(), String> {
        if let Assumption::WarmerK(warmer_k) = assumption {
            if !(-MOST_WARMER_K..=MOST_WARMER_K).contains(warmer_k) {
                return Err(format!("outdoors can be {MOST_WARMER_K} K warmer or colder, not {warmer_k} K"));
            }
            self.controls.outdoor_offset_k = *warmer_k;
            return Ok(());
        }
        let row = room.and_then(|room| self.zone_of.get(&room));
        let row = *row.ok_or("the assumption is about a room, and the twin is no room of the simulation")?;
        let mut spec = self.model.zones()[row].clone();
        match assumption {
            Assumption::Construction(name) => spec.set = known(name)?,
            Assumption::LeaksAch(ach) if (0.0..=MOST_LEAKS_ACH).contains(ach) => spec.infiltration_ach = *ach,
            Assumption::LeaksAch(ach) => {
                return Err(format!("from 0 to {MOST_LEAKS_ACH} air changes an hour, not {ach}"));
            }
            Assumption::WarmerK(_) => {}
        }
        self.model = self.model.with_zone(row, spec).map_err(|error| error.to_string())?;
        Ok(())
    }
}

fn known(name: &str) -> Result<&'static ConstructionSet, String> {
    let found = SETS.iter().find(|set| set.name == name);
    found.ok_or_else(|| format!("there are no constructions `{name}`"))
}
