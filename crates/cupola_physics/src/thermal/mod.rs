//! Thermal models of zones: the multi-node model and the 5R1C model, advanced step by step.

mod chain;
mod fabric;
mod film;
mod five;
mod glass;
mod hubs;
mod multi;
mod outdoors;
mod partition;
mod receiver;
mod rows;
mod wall;
mod zone;

pub(crate) use fabric::{Fabric, window_area};
pub(crate) use five::{Five, FiveState, FiveWork};
pub(crate) use glass::spec as glazing_spec;
pub(crate) use multi::{NodeState, Nodes};
pub(crate) use receiver::{FaceIrradiance, local_wind};
pub(crate) use zone::{Control, Draught, Load, StepInputs, ZoneInput};

use crate::plant::Air;
use crate::sky::SkyState;

/// Outdoor conditions during a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ambient {
    pub dry_bulb_c: f64,
    /// Humidity ratio, in kg/kg.
    pub humidity: f64,
    pub sky_c: f64,
    pub pressure_pa: f64,
    /// Wind speed at the weather station, in m/s.
    pub wind_m_s: f64,
    /// Unit vector towards the direction from which the wind blows: east, north.
    pub wind_from: [f64; 2],
    pub sky: SkyState,
}

impl Ambient {
    /// Returns the outdoor air.
    pub fn air(&self) -> Air {
        Air { temperature_c: self.dry_bulb_c, humidity_kg_kg: self.humidity }
    }
}
