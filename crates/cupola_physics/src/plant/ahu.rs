//! Air handling unit: heat recovery, economiser, heating coil, cooling coil with condensation, supply fan.
//!
//! Sources: economiser limits of ASHRAE 90.1-2019 §6.5.1; effectiveness of heat recovery as in EN 308;
//! cooling coil by bypass factor and apparatus dew point (ASHRAE Handbook HVAC Systems and Equipment ch. 23).

use crate::air::HEAT_CAPACITY_J_PER_KG_K;
use crate::plant::fan_pump::Mover;
use crate::plant::{Air, limit, saturated_kg_kg};

/// Economiser control: condition under which the outdoor air fraction may rise above its minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Economiser {
    /// No economiser: the outdoor air fraction stays at its minimum.
    None,
    /// Fixed dry bulb: outdoor temperature below this limit, in °C (ASHRAE 90.1-2019 table of fixed limits:
    /// 24 °C in dry, 21 °C in other climates).
    DryBulb(f64),
    /// Differential dry bulb: outdoor temperature below the return air temperature.
    DifferentialDryBulb,
    /// Fixed enthalpy: outdoor enthalpy, in J/kg, below this limit (the same table: 65 kJ/kg) and outdoor
    /// temperature at most 24 °C.
    Enthalpy(f64),
    /// Differential enthalpy: outdoor enthalpy below the return air enthalpy.
    DifferentialEnthalpy,
}

impl Economiser {
    /// Returns whether the economiser may open.
    pub fn allows(&self, outdoor: &Air, back: &Air) -> bool {
        match self {
            Self::None => false,
            Self::DryBulb(most_c) => outdoor.temperature_c < *most_c,
            Self::DifferentialDryBulb => outdoor.temperature_c < back.temperature_c,
            Self::Enthalpy(most) => outdoor.enthalpy_j_kg() < *most && outdoor.temperature_c <= 24.0,
            Self::DifferentialEnthalpy => outdoor.enthalpy_j_kg() < back.enthalpy_j_kg(),
        }
    }
}

/// Air handling unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirHandler {
    /// Supply fan. Its full flow is the full flow of the unit.
    pub fan: Mover,
    /// Minimum outdoor air fraction, 0 to 1.
    pub least_outdoor: f64,
    /// Economiser.
    pub economiser: Economiser,
    /// Sensible effectiveness of the heat recovery, 0 to 1; 0 for no heat recovery.
    pub recovery_sensible: f64,
    /// Latent effectiveness of the heat recovery, 0 to 1; 0 for plate heat exchangers and run-around coils.
    pub recovery_latent: f64,
    /// Capacity of the heating coil, in W.
    pub heating_w: f64,
    /// Total (sensible and latent) capacity of the cooling coil, in W.
    pub cooling_w: f64,
    /// Bypass factor of the cooling coil, 0 to 0.95.
    pub bypass: f64,
    /// Lowest surface temperature of the cooling coil, in °C.
    pub coldest_coil_c: f64,
    /// Faults.
    pub faults: AirHandlerFaults,
}

/// Faults of an air handling unit. Fan faults are in [`Mover`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AirHandlerFaults {
    /// Outdoor air fraction at which the dampers are stuck, 0 to 1.
    pub damper_stuck: Option<f64>,
    /// Leakage of the heating coil's valve: heat with the valve closed as a fraction of the capacity, 0 to 1.
    pub heating_leak: f64,
    /// Leakage of the cooling coil's valve, 0 to 1.
    pub cooling_leak: f64,
    /// Fraction of the heating coil's capacity lost by fouling, 0 to 1.
    pub heating_fouling: f64,
    /// Fraction of the cooling coil's capacity lost by fouling, 0 to 1.
    pub cooling_fouling: f64,
    /// Offset of the supply air sensor, in K. A sensor that reads too high makes the supply air too cold.
    pub sensor_k: f64,
}

impl AirHandler {
    /// Returns a unit for a supply flow, in kg/s: 20 % outdoor air, dry-bulb economiser at 21 °C, no heat
    /// recovery, heating coil for 25 K, cooling coil for 30 kJ/kg (assumptions).
    pub fn new(supply_kg_s: f64) -> Self {
        Self {
            fan: Mover::supply_fan(supply_kg_s),
            least_outdoor: 0.2,
            economiser: Economiser::DryBulb(21.0),
            recovery_sensible: 0.0,
            recovery_latent: 0.0,
            heating_w: supply_kg_s * HEAT_CAPACITY_J_PER_KG_K * 25.0,
            cooling_w: supply_kg_s * 30_000.0,
            bypass: 0.1,
            coldest_coil_c: 7.0,
            faults: AirHandlerFaults::default(),
        }
    }

    /// Runs the unit at a wanted supply flow, in kg/s, and supply temperature, in °C, after the fan.
    pub fn run(&self, wanted_kg_s: f64, supply_c: f64, outdoor: &Air, back: &Air) -> AirHandlerResult {
        let fan = self.fan.run(wanted_kg_s);
        let flow = fan.flow_kg_s;
        if flow <= 0.0 {
            return AirHandlerResult { supply: *back, mixed: *back, ..AirHandlerResult::default() };
        }
        let capacity_w_k = flow * HEAT_CAPACITY_J_PER_KG_K;
        let fan_rise_k = fan.heat_w / capacity_w_k;
        let wanted_c = supply_c - fan_rise_k - self.faults.sensor_k;

        let outdoor_share = self.outdoor_share(wanted_c, outdoor, back);
        let fresh = self.recovered(wanted_c, outdoor_share, outdoor, back);
        let mixed = back.mixed(&fresh, outdoor_share);
        let recovered_w = flow * outdoor_share * (fresh.enthalpy_j_kg() - outdoor.enthalpy_j_kg());

        let coil = |capacity: f64, fouling: f64| capacity.max(0.0) * (1.0 - limit(fouling, 0.0, 1.0));
        let most_w = coil(self.heating_w, self.faults.heating_fouling);
        let heating_w = limit((wanted_c - mixed.temperature_c) * capacity_w_k, 0.0, most_w)
            .max(limit(self.faults.heating_leak, 0.0, 1.0) * most_w);
        let heated = mixed.at_c(mixed.temperature_c + heating_w / capacity_w_k);

        let most_w = coil(self.cooling_w, self.faults.cooling_fouling);
        let leak_w = limit(self.faults.cooling_leak, 0.0, 1.0) * most_w;
        let cooled = self.cooled(&heated, wanted_c, flow, most_w, leak_w);
        let total_w = flow * (heated.enthalpy_j_kg() - cooled.enthalpy_j_kg());
        AirHandlerResult {
            flow_kg_s: flow,
            supply: cooled.at_c(cooled.temperature_c + fan_rise_k),
            mixed,
            outdoor_share,
            recovered_w,
            heating_w,
            cooling_w: total_w,
            condensate_kg_s: flow * (heated.humidity_kg_kg - cooled.humidity_kg_kg),
            fan_w: fan.power_w,
        }
    }

    /// Returns the outdoor air fraction: the minimum, or the fraction that brings the mixed air to the wanted
    /// temperature.
    fn outdoor_share(&self, wanted_c: f64, outdoor: &Air, back: &Air) -> f64 {
        let least = limit(self.least_outdoor, 0.0, 1.0);
        if let Some(stuck) = self.faults.damper_stuck {
            return limit(stuck, 0.0, 1.0);
        }
        if !self.economiser.allows(outdoor, back) || back.temperature_c <= wanted_c {
            return least;
        }
        let fall = back.temperature_c - outdoor.temperature_c;
        // If the outdoor air is warmer but has a lower enthalpy, only outdoor air is used.
        if fall > 0.0 { limit((back.temperature_c - wanted_c) / fall, least, 1.0) } else { 1.0 }
    }

    /// Returns the outdoor air after the heat recovery. The recovery is partly bypassed so that the mixed air
    /// comes closest to the wanted temperature.
    fn recovered(&self, wanted_c: f64, share: f64, outdoor: &Air, back: &Air) -> Air {
        let full_k = limit(self.recovery_sensible, 0.0, 1.0) * (back.temperature_c - outdoor.temperature_c);
        let change_k = share * full_k;
        if change_k == 0.0 {
            return *outdoor;
        }
        let plain_c = back.mixed(outdoor, share).temperature_c;
        let used = limit((wanted_c - plain_c) / change_k, 0.0, 1.0);
        let latent = limit(self.recovery_latent, 0.0, 1.0) * (back.humidity_kg_kg - outdoor.humidity_kg_kg);
        Air {
            temperature_c: outdoor.temperature_c + used * full_k,
            humidity_kg_kg: outdoor.humidity_kg_kg + used * latent,
        }
    }

    /// Returns the air after the cooling coil. A part bypasses the coil. The rest leaves saturated at the
    /// coil's surface temperature if that is below its dew point.
    fn cooled(&self, air: &Air, wanted_c: f64, flow: f64, most_w: f64, leak_w: f64) -> Air {
        let touched = 1.0 - limit(self.bypass, 0.0, 0.95);
        let leaving = |temperature_c: f64| {
            let surface_c = air.temperature_c - (air.temperature_c - temperature_c) / touched;
            let dried = (air.humidity_kg_kg - saturated_kg_kg(surface_c)).max(0.0);
            Air { temperature_c, humidity_kg_kg: air.humidity_kg_kg - touched * dried }
        };
        let power_w = |temperature_c: f64| flow * (air.enthalpy_j_kg() - leaving(temperature_c).enthalpy_j_kg());
        let coldest_c = air.temperature_c - touched * (air.temperature_c - self.coldest_coil_c).max(0.0);
        let aim_c = limit(wanted_c, coldest_c, air.temperature_c);
        let aim_w = power_w(aim_c);
        let goal_w = limit(aim_w, leak_w.min(most_w), most_w);
        if goal_w == aim_w {
            return leaving(aim_c);
        }
        // The cooling power rises with falling temperature, so bisection between the entering temperature and
        // the coldest possible temperature finds the solution.
        let (mut low_c, mut high_c) = (coldest_c, air.temperature_c);
        for _ in 0..50 {
            let middle_c = 0.5 * (low_c + high_c);
            if power_w(middle_c) > goal_w {
                low_c = middle_c;
            } else {
                high_c = middle_c;
            }
        }
        leaving(high_c)
    }
}

/// Result of an air handling unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirHandlerResult {
    /// Supply flow, in kg/s.
    pub flow_kg_s: f64,
    /// Supply air.
    pub supply: Air,
    /// Mixed air before the coils.
    pub mixed: Air,
    /// Outdoor air fraction, 0 to 1.
    pub outdoor_share: f64,
    /// Heat from the heat recovery to the outdoor air, in W, including latent heat. It is negative for cooling.
    pub recovered_w: f64,
    /// Heat of the heating coil, in W.
    pub heating_w: f64,
    /// Total cooling of the cooling coil, in W, including latent cooling.
    pub cooling_w: f64,
    /// Condensate of the cooling coil, in kg/s.
    pub condensate_kg_s: f64,
    /// Electric power of the fan, in W.
    pub fan_w: f64,
}

impl Default for AirHandlerResult {
    fn default() -> Self {
        let still = Air { temperature_c: 0.0, humidity_kg_kg: 0.0 };
        Self {
            flow_kg_s: 0.0,
            supply: still,
            mixed: still,
            outdoor_share: 0.0,
            recovered_w: 0.0,
            heating_w: 0.0,
            cooling_w: 0.0,
            condensate_kg_s: 0.0,
            fan_w: 0.0,
        }
    }
}
