//! Fans and pumps: electric power at part load, and heat to the medium.

use crate::plant::curve::{Polynomial, Range};
use crate::plant::limit;

/// Flow control. Each variant has a curve of the power fraction over the flow fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// Constant flow.
    Constant,
    /// Fan with variable speed drive.
    FanVariableSpeed,
    /// Fan with inlet vanes.
    FanInletVanes,
    /// Fan with discharge damper.
    FanDischargeDamper,
    /// Pump that rides its curve against valves.
    PumpRiding,
    /// Pump with variable speed drive and constant pressure.
    PumpVariableSpeed,
    /// Pump with variable speed drive and pressure reset by the valves.
    PumpVariableSpeedReset,
    /// Custom curve.
    Other(Polynomial),
}

const FLOW: Range = Range::new(0.0, 1.0);
/// Source: ASHRAE 90.1-2013 table G3.1.3.15, method 2.
const FAN_SPEED: [f64; 4] = [0.001_3, 0.147_0, 0.950_6, -0.099_8];
/// Source: DOE-2, by way of EnergyPlus, Fan:VariableVolume.
const FAN_VANES: [f64; 4] = [0.350_712_23, 0.308_505_35, -0.541_373_64, 0.871_988_23];
/// Source: DOE-2, by way of EnergyPlus, Fan:VariableVolume.
const FAN_DAMPER: [f64; 4] = [0.370_734_25, 0.972_502_53, -0.342_407_61, 0.0];
/// Source of this and the next two constants: default pump curves of the California Nonresidential ACM
/// Reference Manual, by way of openstudio-standards (riding curve, variable speed drive without and with
/// pressure reset).
const PUMP_RIDING: [f64; 4] = [0.0, 3.248_5, -4.744_3, 2.529_4];
const PUMP_SPEED: [f64; 4] = [0.0, 0.572_6, -0.301, 0.734_7];
const PUMP_RESET: [f64; 4] = [0.0, 0.020_5, 0.410_1, 0.575_3];

impl Control {
    /// Returns the power fraction, 0 to 1, at a flow fraction, 0 to 1. The result is 0 without flow.
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
        // The published curves end within 4 % of 1. The limit keeps the power at or below full power.
        limit(Polynomial { coefficients, range }.at(flow_share), 0.0, 1.0)
    }
}

/// Fan or pump.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mover {
    /// Full flow, in kg/s.
    pub full_kg_s: f64,
    /// Pressure rise at full flow, in Pa.
    pub pressure_pa: f64,
    /// Total efficiency including drive and motor, above 0, at most 1.
    pub efficiency: f64,
    /// Fraction of the power that heats the medium, 0 to 1. It is 1 for a motor in the stream.
    pub heat_share: f64,
    /// Density of the medium, in kg/m³.
    pub density_kg_m3: f64,
    /// Flow control.
    pub control: Control,
    /// Faults.
    pub faults: MoverFaults,
}

/// Faults of a fan or pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MoverFaults {
    /// Whether the fan or pump is out of order.
    pub off: bool,
    /// Additional pressure drop of fouled filters or strainers, as a fraction, at least 0. It increases the
    /// power and reduces the maximum flow.
    pub fouling: f64,
}

impl Mover {
    /// Returns a supply fan with variable speed drive: 1000 Pa and 60 % efficiency (an assumption, within
    /// ASHRAE 90.1 §6.5.3.1 for VAV systems).
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

    /// Returns a water pump with variable speed drive: 150 kPa and 65 % efficiency (an assumption).
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

    /// Runs the fan or pump at a wanted flow, in kg/s.
    pub fn run(&self, wanted_kg_s: f64) -> MoverResult {
        let fouling = 1.0 + self.faults.fouling.max(0.0);
        // The pressure drop is proportional to the square of the flow, which limits the flow through the
        // fouled path.
        let most = self.full_kg_s.max(0.0) / fouling.sqrt();
        let flow_kg_s = limit(wanted_kg_s, 0.0, most);
        if self.faults.off || flow_kg_s <= 0.0 || self.efficiency <= 0.0 || self.density_kg_m3 <= 0.0 {
            return MoverResult::default();
        }
        let full_w = self.full_kg_s / self.density_kg_m3 * self.pressure_pa.max(0.0) / self.efficiency.min(1.0);
        let share = self.control.power_share(flow_kg_s / self.full_kg_s);
        let power_w = (full_w * share * fouling).min(full_w);
        MoverResult { flow_kg_s, power_w, heat_w: power_w * limit(self.heat_share, 0.0, 1.0) }
    }
}

/// Result of a fan or pump.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MoverResult {
    /// Flow, in kg/s.
    pub flow_kg_s: f64,
    /// Electric power, in W.
    pub power_w: f64,
    /// Heat to the medium, in W.
    pub heat_w: f64,
}
