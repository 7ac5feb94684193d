//! Photovoltaics by PVWatts version 5 (Dobos 2014, NREL/TP-6A20-62641).

use crate::plant::limit;

/// Temperature coefficient of power of a standard module, per kelvin (PVWatts 5, table 2: −0.47 %/K; premium
/// −0.35, thin film −0.20).
pub const STANDARD_PER_K: f64 = -0.004_7;
/// System losses by soiling, wiring, mismatch and others (PVWatts 5, table 6).
pub const LOSSES: f64 = 0.14;
/// Nominal efficiency of the inverter (PVWatts 5, §9).
pub const INVERTER_EFFICIENCY: f64 = 0.96;
/// Reference efficiency of the inverter curve (PVWatts 5, §9).
const INVERTER_REFERENCE: f64 = 0.963_7;
/// Ratio of DC rating to AC rating (PVWatts 5, default).
pub const DC_AC_RATIO: f64 = 1.1;
/// Irradiance, in W/m², below which the power is proportional to the square of the irradiance (PVWatts 5,
/// §8).
const DIM_W_M2: f64 = 125.0;

/// Model of the cell temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellModel {
    /// Nominal operating cell temperature (NOCT), in °C, at 800 W/m² and 20 °C (Ross 1980; IEC 61215).
    Noct(f64),
    /// Faiman model: air temperature plus irradiance over u0 + u1·wind, in W/(m² K) and W s/(m³ K) (Faiman
    /// 2008).
    Faiman(f64, f64),
}

impl CellModel {
    /// Faiman's coefficients (2008).
    pub const FAIMAN: Self = Self::Faiman(25.0, 6.84);

    /// Returns the cell temperature, in °C, from plane-of-array irradiance, in W/m², and wind speed, in m/s.
    pub fn cell_c(&self, air_c: f64, plane_w_m2: f64, wind_m_s: f64) -> f64 {
        let irradiance = plane_w_m2.max(0.0);
        match self {
            Self::Noct(noct_c) => air_c + irradiance * (noct_c - 20.0) / 800.0,
            Self::Faiman(still, windy) => air_c + irradiance / (still + windy * wind_m_s.max(0.0)).max(1.0),
        }
    }
}

/// Photovoltaic array with its inverter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Rated DC power at 1000 W/m² and 25 °C, in W.
    pub rated_w: f64,
    /// Temperature coefficient of power, as a fraction per kelvin.
    pub per_k: f64,
    /// System losses, 0 to 1.
    pub losses: f64,
    /// Model of the cell temperature.
    pub cells: CellModel,
    /// Ratio of DC rating to AC rating, above 0.
    pub dc_ac_ratio: f64,
    /// Nominal efficiency of the inverter, above 0, at most 1.
    pub inverter: f64,
    /// Fault: fraction of the light lost by soiling or shading beyond the usual losses, 0 to 1.
    pub soiling: f64,
}

impl Field {
    /// Returns an array of standard modules with PVWatts's defaults and Faiman's cell temperature.
    pub const fn new(rated_w: f64) -> Self {
        Self {
            rated_w,
            per_k: STANDARD_PER_K,
            losses: LOSSES,
            cells: CellModel::FAIMAN,
            dc_ac_ratio: DC_AC_RATIO,
            inverter: INVERTER_EFFICIENCY,
            soiling: 0.0,
        }
    }

    /// Returns the DC power, in W, before losses, from plane-of-array irradiance, in W/m² (after reflection
    /// losses), air temperature, in °C, and wind speed, in m/s.
    pub fn dc_w(&self, plane_w_m2: f64, air_c: f64, wind_m_s: f64) -> f64 {
        let light = plane_w_m2.max(0.0) * (1.0 - limit(self.soiling, 0.0, 1.0));
        let cell_c = self.cells.cell_c(air_c, light, wind_m_s);
        let bright = if light > DIM_W_M2 { light } else { 0.008 * light * light };
        (bright / 1_000.0 * self.rated_w.max(0.0) * (1.0 + self.per_k * (cell_c - 25.0))).max(0.0)
    }

    /// Returns the AC power, in W.
    pub fn ac_w(&self, plane_w_m2: f64, air_c: f64, wind_m_s: f64) -> f64 {
        let dc_w = self.dc_w(plane_w_m2, air_c, wind_m_s) * (1.0 - limit(self.losses, 0.0, 1.0));
        let rated_ac_w = self.rated_w.max(0.0) / self.dc_ac_ratio.max(1e-3);
        let inverter = limit(self.inverter, 1e-3, 1.0);
        let load = dc_w * inverter / rated_ac_w;
        if dc_w <= 0.0 || load.is_nan() || load <= 0.0 {
            return 0.0;
        }
        let efficiency = inverter / INVERTER_REFERENCE * (-0.016_2 * load - 0.005_9 / load + 0.985_8);
        limit(efficiency * dc_w, 0.0, rated_ac_w)
    }
}
