//! Fans and pumps: electricity at part load, and the heat they give off.

use crate::plant::curve::{Polynomial, Range};
use crate::plant::limit;

/// How flow is controlled. Each has a curve of the part of full power over the part of full flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// The flow never changes.
    Constant,
    /// Fan with speed drive.
    FanVariableSpeed,
    /// Fan with vanes at its inlet.
    FanInletVanes,
    /// Fan with a damper at its outlet.
    FanDischargeDamper,
    /// Pump that rides on its curve against valves.
    PumpRiding,
    /// Pump with speed drive and constant pressure.
    PumpVariableSpeed,
    /// Pump with speed drive and pressure that follows the valves.
    PumpVariableSpeedReset,
    /// Another curve.
    Other(Polynomial),
}

const FLOW: Range = Range::new(0.0, 1.0);
/// ASHRAE 90.1-2013 table G3.1.3.15, method 2.
const FAN_SPEED: [f64; 4] = [0.001_3, 0.147_0, 0.950_6, -0.099_8];
/// DOE-2, by way of EnergyPlus, Fan:VariableVolume.
const FAN_VANES: [f64; 4] = [0.350_712_23, 0.308_505_35, -0.541_373_64, 0.871_988_23];
/// DOE-2, by way of EnergyPlus, Fan:VariableVolume.
const FAN_DAMPER: [f64; 4] = [0.370_734_25, 0.972_502_53, -0.342_407_61, 0.0];
/// Default pump curves of the California Nonresidential ACM Reference Manual, by way of openstudio-standards (riding curve, VSD
/// without and with reset of the pressure); so are the next two.
const PUMP_RIDING: [f64; 4] = [0.0, 3.248_5, -4.744_3, 2.529_4];
const PUMP_SPEED: [f64; 4] = [0.0, 0.572_6, -0.301, 0.734_7];
const PUMP_RESET: [f64; 4] = [0.0, 0.020_5, 0.410_1, 0.575_3];

impl Control {
    /// Part of full power, 0 to 1, at a part of full flow, 0 to 1; nothing at no flow.
    pub fn power_share(&self, flow_share: f64) -> f64 {
        let flow_share = limit(flow_share, 0.0, 1.0);
        if flow_share <= 0.0 {
            return 0.0;
        }
        let coefficients = match self {
            Self::Constant => [1.0, 0.0, 0.0, 0.0],
            Self::FanVariableSpeed => FAN_SPEED,
            Self::FanInletVanes => FAN_VANES,
            Self::FanDischargeDamper => FAN_DAMPER,
            Self::PumpRiding => PUMP_RIDING,
            Self::PumpVariableSpeed => PUMP_SPEED,
            Self::PumpVariableSpeedReset => PUMP_RESET,
            Self::Other(curve) => curve.coefficients,
        };
        let range = if let Self::Other(curve) = self { curve.range } else { FLOW };
        // The published curves end within 4 % of 1: full power is full power.
        limit(Polynomial { coefficients, range }.at(flow_share), 0.0, 1.0)
    }
}

/// A fan or a pump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mover {
    /// Full flow, in kg/s.
    pub full_kg_s: f64,
    /// Pressure rise at full flow, in Pa.
    pub pressure_pa: f64,
    /// Efficiency of all, drive and motor included, above 0, at most 1.
    pub efficiency: f64,
    /// Part of the power that warms the medium, 0 to 1: 1 where the motor stands in the stream.
    pub heat_share: f64,
    /// Density of the medium, in kg/m³.
    pub density_kg_m3: f64,
    /// How flow is controlled.
    pub control: Control,
    /// What is wrong with it.
    pub faults: MoverFaults,
}

/// Faults of a fan or pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MoverFaults {
    /// It doesn't run.
    pub off: bool,
    /// Additional part of the pressure for fouled filters or strainers, at least 0: it takes more power, and full flow
    /// is no longer reached.
    pub fouling: f64,
}

impl Mover {
    /// A supply fan with speed drive: 1000 Pa and 60 % (an assumption, within ASHRAE 90.1 §6.5.3.1 for VAV systems).
    pub const fn supply_fan(full_kg_s: f64) -> Self {
        Self {
            full_kg_s,
            pressure_pa: 1_000.0,
            efficiency: 0.6,
            heat_share: 1.0,
            density_kg_m3: crate::air::DENSITY_KG_PER_M3,
            control: Control::FanVariableSpeed,
            faults: MoverFaults { off: false, fouling: 0.0 },
        }
    }

    /// A water pump with speed drive: 150 kPa and 65 % (an assumption).
    pub const fn pump(full_kg_s: f64) -> Self {
        Self {
            full_kg_s,
            pressure_pa: 150_000.0,
            efficiency: 0.65,
            heat_share: 0.9,
            density_kg_m3: 998.0,
            control: Control::PumpVariableSpeed,
            faults: MoverFaults { off: false, fouling: 0.0 },
        }
    }

    /// What runs where this flow, in kg/s, is wanted.
    pub fn run(&self, wanted_kg_s: f64) -> Moved {
        let fouling = 1.0 + self.faults.fouling.max(0.0);
        // Pressure goes with the square of the flow, so the fan gets through the fouled path only this much.
        let most = self.full_kg_s.max(0.0) / fouling.sqrt();
        let flow_kg_s = limit(wanted_kg_s, 0.0, most);
        if self.faults.off || flow_kg_s <= 0.0 || self.efficiency <= 0.0 || self.density_kg_m3 <= 0.0 {
            return Moved::default();
        }
        let full_w = self.full_kg_s / self.density_kg_m3 * self.pressure_pa.max(0.0) / self.efficiency.min(1.0);
        let share = self.control.power_share(flow_kg_s / self.full_kg_s);
        let power_w = (full_w * share * fouling).min(full_w);
        Moved { flow_kg_s, power_w, heat_w: power_w * limit(self.heat_share, 0.0, 1.0) }
    }
}

/// What a fan or pump does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// Flow, in kg/s.
    pub flow_kg_s: f64,
    /// Electricity, in W.
    pub power_w: f64,
    /// Heat to the medium, in W.
    pub heat_w: f64,
}
