//! An air handling unit: heat recovery, economiser, heating coil, cooling coil with condensation, supply fan.
//!
//! Sources: economiser limits of ASHRAE 90.1-2019 §6.5.1; effectiveness of recovery as in EN 308; the cooling coil by
//! bypass factor and apparatus dew point (ASHRAE Handbook HVAC Systems and Equipment ch. 23).

use crate::air::HEAT_CAPACITY_J_PER_KG_K;
use crate::plant::fan_pump::Mover;
use crate::plant::{Air, limit, saturated_kg_kg};

/// When the economiser may open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Economiser {
    /// Never: the share of outdoor air stays at its least.
    None,
    /// While it is colder outdoors than this, in °C (ASHRAE 90.1-2019 table of fixed limits: 24 °C in dry, 21 °C in other
    /// climates).
    DryBulb(f64),
    /// While it is colder outdoors than the return air.
    DifferentialDryBulb,
    /// While the outdoor air's enthalpy, in J/kg, is below this (the same table: 65 kJ/kg) and it is not above 24 °C.
    Enthalpy(f64),
    /// While the outdoor air's enthalpy is below the return air's.
    DifferentialEnthalpy,
}

impl Economiser {
    /// Whether it may open.
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

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirHandler {
    /// Supply fan; its full flow is the unit's.
    pub fan: Mover,
    /// Least share of outdoor air, 0 to 1.
    pub least_outdoor: f64,
    /// Economiser.
    pub economiser: Economiser,
    /// Sensible effectiveness of the heat recovery, 0 to 1; 0 for none.
    pub recovery_sensible: f64,
    /// Latent effectiveness, 0 to 1; 0 for plates and run-around coils.
    pub recovery_latent: f64,
    /// Greatest heat of the heating coil, in W.
    pub heating_w: f64,
    /// Greatest cooling of the cooling coil, in W, latent included.
    pub cooling_w: f64,
    /// The part of the air that passes the cooling coil untouched, 0 to 0.95.
    pub bypass: f64,
    /// Coldest surface of the cooling coil, in °C.
    pub coldest_coil_c: f64,
    /// Faults.
    pub faults: AirHandlerFaults,
}

/// Faults of a unit; those of the fan are in [`Mover`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AirHandlerFaults {
    /// Share of outdoor air at which the dampers are stuck, 0 to 1.
    pub damper_stuck: Option<f64>,
    /// The part of its capacity that the heating coil gives with its valve closed, 0 to 1.
    pub heating_leak: f64,
    /// The same of the cooling coil.
    pub cooling_leak: f64,
    /// The part of its capacity that the heating coil has lost, 0 to 1.
    pub heating_fouling: f64,
    /// The same of the cooling coil.
    pub cooling_fouling: f64,
    /// By how much the supply sensor reads too warm, in K; the unit then supplies too cold.
    pub sensor_k: f64,
}

impl AirHandler {
    /// A unit for a supply flow, in kg/s: 20 % outdoor air, dry-bulb economiser at 21 °C, no recovery, coils for 25 K
    /// and 20 K (assumptions).
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

    /// Runs with a wanted supply flow, in kg/s, and temperature, in °C, behind the fan.
    pub fn run(&self, wanted_kg_s: f64, supply_c: f64, outdoor: &Air, back: &Air) -> Handled {
        let fan = self.fan.run(wanted_kg_s);
        let flow = fan.flow_kg_s;
        if flow <= 0.0 {
            return Handled { supply: *back, mixed: *back, ..Handled::default() };
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
        Handled {
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

    /// The share of outdoor air: the least, or what brings the mixture to the wanted temperature.
    fn outdoor_share(&self, wanted_c: f64, outdoor: &Air, back: &Air) -> f64 {
        let least = limit(self.least_outdoor, 0.0, 1.0);
        if let Some(stuck) = self.faults.damper_stuck {
            return limit(stuck, 0.0, 1.0);
        }
        if !self.economiser.allows(outdoor, back) || back.temperature_c <= wanted_c {
            return least;
        }
        let fall = back.temperature_c - outdoor.temperature_c;
        // Warmer but drier air outdoors: all of it, since enthalpy counts.
        if fall > 0.0 { limit((back.temperature_c - wanted_c) / fall, least, 1.0) } else { 1.0 }
    }

    /// The outdoor air behind the heat recovery, bypassed as far as brings the mixture closest to what is wanted.
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

    /// Air behind the cooling coil: a part goes by, the rest leaves saturated at the coil's surface if that is below
    /// its dew point.
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
        // Colder takes more: halve between untouched and the coldest that the coil can make.
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

/// What a unit does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handled {
    /// Supply flow, in kg/s.
    pub flow_kg_s: f64,
    /// Supply air.
    pub supply: Air,
    /// Air before the coils.
    pub mixed: Air,
    /// Share of outdoor air, 0 to 1.
    pub outdoor_share: f64,
    /// Heat from the recovery to the outdoor air, in W, latent included; negative where it cools.
    pub recovered_w: f64,
    /// Heat of the heating coil, in W.
    pub heating_w: f64,
    /// Cooling of the cooling coil, in W, latent included.
    pub cooling_w: f64,
    /// Water taken out by the cooling coil, in kg/s.
    pub condensate_kg_s: f64,
    /// Electricity of the fan, in W.
    pub fan_w: f64,
}

impl Default for Handled {
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
