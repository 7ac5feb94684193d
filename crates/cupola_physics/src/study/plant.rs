//! Plant for heat, cold and electricity, and energy prices.

use super::Amount;
use serde::{Deserialize, Serialize};

/// Plant of a building. Without a plant, heat and cold are reported as loads of the zones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plant {
    /// Heat source.
    pub heating: Option<HeatSource>,
    /// Cold source.
    pub cooling: Option<ColdSource>,
    /// Fraction of heat and cold lost in distribution.
    pub distribution_loss: f64,
    /// Electricity of pumps as a fraction of the heat and cold transported. The default is
    /// [`Plant::PUMP_SHARE`].
    pub pump_share: Option<f64>,
    /// Photovoltaic arrays.
    pub photovoltaics: Vec<Photovoltaics>,
    /// Battery that stores surplus photovoltaic generation.
    pub battery: Option<BatteryDoc>,
    /// Energy prices.
    pub tariff: TariffDoc,
    /// Emission factors of energy.
    pub emissions: EmissionsDoc,
}

impl Plant {
    /// Default electricity of pumps: 2 % of the heat transported (an assumption; ASHRAE 90.1-2019, G3.1.3.5
    /// has 0.3 W per W of pump power at 19 W/gpm and 6.7 K).
    pub const PUMP_SHARE: f64 = 0.02;
    /// Range of a source's capacity, in W.
    pub const CAPACITY_W: (f64, f64) = (1.0, 1e10);
}

/// Heat source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatSource {
    /// Kind of heat source.
    pub kind: HeatKind,
    /// Capacity, in W. The default is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<f64>,
    /// Efficiency at full load (boiler), or COP at 7 °C outdoors and water of 35 °C (heat pump). The default
    /// is that of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
    /// Supply water temperature, in °C. The default is 35 for a heat pump and 60 for a boiler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<f64>,
}

/// Kind of heat source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeatKind {
    /// Gas boiler.
    GasBoiler,
    /// Condensing gas boiler.
    CondensingBoiler,
    /// Air-source heat pump.
    HeatPump,
    /// Electric resistance heating.
    Electric,
    /// District heat.
    District,
}

/// Cold source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdSource {
    /// Kind of cold source.
    pub kind: ColdKind,
    /// Capacity, in W. The default is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<f64>,
    /// Rated COP. The default is that of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cop: Option<f64>,
    /// Chilled water temperature, in °C. The default is 6.7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_c: Option<f64>,
}

/// Kind of cold source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColdKind {
    /// Water-cooled chiller with a cooling tower.
    Chiller,
    /// District cold.
    District,
}

/// Photovoltaic array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photovoltaics {
    /// Power under standard test conditions, in W.
    pub rated_w: f64,
    /// Azimuth of the normal, clockwise from north, in °.
    pub azimuth_deg: f64,
    /// Tilt: angle between the normal and the zenith, in °.
    pub tilt_deg: f64,
    /// Fraction lost by dirt, cables and mismatch. The default is 14 % (PVWatts 5, Dobos 2014).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub losses: Option<f64>,
}

/// Battery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatteryDoc {
    /// Capacity, in kWh. A tenth is kept as a reserve.
    pub capacity_kwh: f64,
    /// Maximum power, in W. The default is the power that charges the battery in two hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_w: Option<f64>,
}

/// Energy prices, in any currency. The defaults are assumptions: a European office in 2024, in euro.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TariffDoc {
    /// Price of electricity, per kWh.
    pub electricity_kwh: Amount,
    /// Price of gas, per kWh of the higher heating value.
    pub gas_kwh: f64,
    /// Price of district heat, per kWh.
    pub heat_kwh: f64,
    /// Price of district cold, per kWh.
    pub cold_kwh: f64,
    /// Payment for electricity fed into the grid, per kWh.
    pub feed_in_kwh: Amount,
    /// Demand charge on the month's highest hourly mean power, per kW.
    pub demand_kw: f64,
    /// Fixed charge per month.
    pub fixed_month: f64,
}

impl Default for TariffDoc {
    fn default() -> Self {
        Self {
            electricity_kwh: Amount::Number(0.25),
            gas_kwh: 0.09,
            heat_kwh: 0.11,
            cold_kwh: 0.08,
            feed_in_kwh: Amount::Number(0.08),
            demand_kw: 0.0,
            fixed_month: 0.0,
        }
    }
}

/// Emission factors of energy, in kgCO2e per kWh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmissionsDoc {
    /// Electricity from the grid.
    pub electricity_kg_kwh: Amount,
    /// Gas, per kWh of the higher heating value.
    pub gas_kg_kwh: f64,
    /// District heat.
    pub heat_kg_kwh: f64,
    /// District cold.
    pub cold_kg_kwh: f64,
}

impl Default for EmissionsDoc {
    fn default() -> Self {
        // The sources for grid and gas are in `plant::tariff`. The values for district heat and cold are
        // assumptions.
        Self {
            electricity_kg_kwh: Amount::Number(crate::plant::tariff::ELECTRICITY_KG_KWH),
            gas_kg_kwh: crate::plant::tariff::GAS_KG_KWH,
            heat_kg_kwh: 0.18,
            cold_kg_kwh: 0.06,
        }
    }
}
