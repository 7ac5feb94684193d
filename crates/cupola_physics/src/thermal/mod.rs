//! The thermal tiers: what a study's zones do with weather and use, step by step.

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
pub(crate) use receiver::{Light, local_wind};
pub(crate) use zone::{Acting, Control, Draught, Load, ZoneInput};

use crate::plant::Air;
use crate::sky::SkyState;

/// The outdoors during a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Ambient {
    pub dry_bulb_c: f64,
    /// Water in the air, kg/kg.
    pub humidity: f64,
    pub sky_c: f64,
    pub pressure_pa: f64,
    /// At the weather station.
    pub wind_m_s: f64,
    /// Unit vector to where the wind comes from: east, north.
    pub wind_from: [f64; 2],
    pub sky: SkyState,
}

impl Ambient {
    /// Outdoor air.
    pub fn air(&self) -> Air {
        Air { temperature_c: self.dry_bulb_c, humidity_kg_kg: self.humidity }
    }
}
