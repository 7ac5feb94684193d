//! How heat, cold and electricity are made, and what they cost.

use super::Amount;
use serde::{Deserialize, Serialize};

/// The plant of a building. Without it, heat and cold are counted as the zones' loads alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plant {
    /// What makes heat.
    pub heating: Option<HeatSource>,
    /// What makes cold.
    pub cooling: Option<ColdSource>,
    /// Share of the heat and cold made that is lost on the way.
    pub distribution_loss: f64,
    /// Electricity of pumps as a share of the heat and cold that they move; without it [`Plant::PUMP_SHARE`].
    pub pump_share: Option<f64>,
    /// Photovoltaic fields.
    pub photovoltaics: Vec<Photovoltaics>,
    /// A battery that takes what photovoltaics leave over.
    pub battery: Option<BatteryDoc>,
    /// What energy costs.
    pub tariff: TariffDoc,
    /// What greenhouse gases energy stands for.
    pub emissions: EmissionsDoc,
}

impl Plant {
    /// 2 % of what is moved (an assumption; ASHRAE 90.1-2019, G3.1.3.5 has 0.3 W per W of pump power at 19 W/gpm and 6.7 K).
    pub const PUMP_SHARE: f64 = 0.02;
    /// What a source's capacity may be, W.
    pub const CAPACITY_W: (f64, f64) = (1.0, 1e10);
}

/// What makes heat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatSource {
    /// What it is.
    pub kind: HeatKind,
    /// The most that it gives, W; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<f64>,
    /// Efficiency at full load (boiler), or COP at 7 °C outdoors and water of 35 °C (heat pump); without it, the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
    /// Temperature of the water that leaves it, °C; without it, 35 of a heat pump and 60 of a boiler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<f64>,
}

/// Kinds of heat source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeatKind {
    /// A gas boiler.
    GasBoiler,
    /// A condensing gas boiler.
    CondensingBoiler,
    /// An air-source heat pump.
    HeatPump,
    /// Electric resistance.
    Electric,
    /// District heat: bought as it is.
    District,
}

/// What makes cold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdSource {
    /// What it is.
    pub kind: ColdKind,
    /// The most that it takes, W; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<f64>,
    /// COP at its rating; without it, the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cop: Option<f64>,
    /// Temperature of the water that leaves it, °C; without it, 6.7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<f64>,
}

/// Kinds of cold source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColdKind {
    /// A water-cooled chiller with a cooling tower.
    Chiller,
    /// District cold: bought as it is.
    District,
}

/// A photovoltaic field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photovoltaics {
    /// Power under standard test conditions, W.
    pub rated_w: f64,
    /// Where it looks: clockwise from north, °.
    pub azimuth_deg: f64,
    /// Angle between its normal and the zenith, °.
    pub tilt_deg: f64,
    /// Share lost to dirt, cables and mismatch; without it 14 % (PVWatts 5, Dobos 2014).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub losses: Option<f64>,
}

/// A battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatteryDoc {
    /// Energy that it holds, kWh; a tenth always stays in it.
    pub capacity_kwh: f64,
    /// Greatest power, W; without it, what fills it in two hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_w: Option<f64>,
}

/// What energy costs, in any currency. The defaults are assumptions: a European office in 2024, in euro.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TariffDoc {
    /// Electricity, per kWh.
    pub electricity_kwh: Amount,
    /// Gas, per kWh of the higher heating value.
    pub gas_kwh: f64,
    /// District heat, per kWh.
    pub heat_kwh: f64,
    /// District cold, per kWh.
    pub cold_kwh: f64,
    /// Paid for electricity fed in, per kWh.
    pub feed_in_kwh: f64,
    /// The month's highest hourly mean power, per kW.
    pub demand_kw: f64,
    /// Every month.
    pub fixed_month: f64,
}

impl Default for TariffDoc {
    fn default() -> Self {
        Self {
            electricity_kwh: Amount::Number(0.25),
            gas_kwh: 0.09,
            heat_kwh: 0.11,
            cold_kwh: 0.08,
            feed_in_kwh: 0.08,
            demand_kw: 0.0,
            fixed_month: 0.0,
        }
    }
}

/// Greenhouse gases that energy stands for, kgCO2e per kWh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmissionsDoc {
    /// Electricity from the grid.
    pub electricity_kg_kwh: f64,
    /// Gas, of the higher heating value.
    pub gas_kg_kwh: f64,
    /// District heat.
    pub heat_kg_kwh: f64,
    /// District cold.
    pub cold_kg_kwh: f64,
}

impl Default for EmissionsDoc {
    fn default() -> Self {
        // Grid and gas: `plant::tariff` has the sources. District heat and cold: assumptions.
        Self {
            electricity_kg_kwh: crate::plant::tariff::ELECTRICITY_KG_KWH,
            gas_kg_kwh: crate::plant::tariff::GAS_KG_KWH,
            heat_kg_kwh: 0.18,
            cold_kg_kwh: 0.06,
        }
    }
}
