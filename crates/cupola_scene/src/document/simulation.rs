//! The part of the scene document that is about the simulation.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A number, or the name of the property that holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// The same for all.
    Constant(f64),
    /// Each twin's own.
    Property(String),
}

/// The conditions of the simulation and how its quantities meet the twins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationDoc {
    /// When it begins, RFC 3339.
    pub start: String,
    /// Local time minus UTC, for schedules and the sun.
    #[serde(default)]
    pub utc_offset_hours: f64,
    /// Decides every random number.
    #[serde(default)]
    pub seed: u64,
    /// Simulated time between ticks: `1m`.
    #[serde(default = "one_minute")]
    pub step: String,
    /// The weather.
    #[serde(default)]
    pub weather: WeatherDoc,
    /// Latitude of the building, °, for the sun; a weather file knows its own.
    #[serde(default = "latitude")]
    pub latitude_deg: f64,
    /// What the building is made of, by its age: `before_1977`, `1977_1994`, `1995_2001`, `2002_2013`, `since_2014`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// Twins that are rooms to the simulation.
    #[serde(default)]
    pub zones: Vec<ZoneDoc>,
    /// What is assumed of single rooms in place of what follows from the rest, by their twins' ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assumed: BTreeMap<String, AssumedDoc>,
    /// Twins that are air handling units.
    #[serde(default)]
    pub air_handlers: Vec<AirHandlerDoc>,
    /// Twins that are VAV boxes.
    #[serde(default)]
    pub terminals: Vec<TerminalDoc>,
    /// Twins that make heat or cold; radiators and coils that none serves get what they ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plants: Vec<PlantDoc>,
    /// Twins that are dispensers for hand hygiene.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dispensers: Vec<DispenserDoc>,
    /// Which property shows what the simulation knows.
    #[serde(default)]
    pub shows: Vec<ShowDoc>,
    /// What commands do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandDoc>,
}

fn latitude() -> f64 {
    50.0
}

fn one_minute() -> String {
    "1m".into()
}

/// What a command does in the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandDoc {
    /// The model whose twins are told.
    pub model: String,
    /// The command.
    pub command: String,
    /// Properties of the twin, each with the expression that it is set to; `request` in it is what was said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, String>,
    /// The expression of what it answers, after the properties were set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// What is assumed of a room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssumedDoc {
    /// What it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// Air changes an hour through windows and leaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaks_ach: Option<f64>,
}

/// Weather of a file, or days that are alike and differ a little.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeatherDoc {
    /// An EPW file, relative to the scene's folder; then the numbers below say nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Daily mean, °C.
    pub mean_c: f64,
    /// Difference between the warmest and the coldest hour, K.
    pub swing_k: f64,
    /// Difference between days, K.
    pub day_to_day_k: f64,
    /// Relative humidity, %.
    pub relative_humidity_pct: f64,
    /// Sun on a horizontal surface at noon, W/m².
    pub solar_peak_w_m2: f64,
    /// By how much it is warmer outdoors than all this says, K: a heat wave, a cold spell.
    #[serde(skip_serializing_if = "is_zero")]
    pub warmer_k: f64,
}

impl Default for WeatherDoc {
    fn default() -> Self {
        Self {
            file: None,
            mean_c: 12.0,
            swing_k: 9.0,
            day_to_day_k: 3.0,
            relative_humidity_pct: 65.0,
            solar_peak_w_m2: 500.0,
            warmer_k: 0.0,
        }
    }
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// When people are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Working hours on weekdays.
    #[default]
    Office,
    /// Meetings through the working day.
    Meeting,
    /// Day and night, more by day.
    Ward,
    /// Nobody.
    Empty,
}

/// Twins of a model as rooms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneDoc {
    /// The model.
    pub model: String,
    /// Only those of its twins for which this condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Floor area, m².
    pub area: Source,
    /// Clear height, m.
    #[serde(default = "height")]
    pub height: Source,
    /// How many people at most.
    pub people: Source,
    /// How much of the wall is façade, 0 to 1; without it, what the 3D building shows, or a quarter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exterior: Option<Source>,
    /// What these rooms are made of, if not as the building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// When people are there.
    #[serde(default)]
    pub profile: Profile,
    /// Heated to, °C.
    #[serde(default = "heating")]
    pub heating_setpoint: Source,
    /// Cooled to, °C.
    #[serde(default = "cooling")]
    pub cooling_setpoint: Source,
    /// Visits an hour at the busiest time, for hand hygiene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits_per_hour: Option<Source>,
    /// How likely a person is to use a dispenser on the way in or out, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Source>,
}

fn height() -> Source {
    Source::Constant(2.8)
}
fn heating() -> Source {
    Source::Constant(21.0)
}
fn cooling() -> Source {
    Source::Constant(25.0)
}

/// Twins of a model as air handling units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirHandlerDoc {
    /// The model.
    pub model: String,
    /// The boolean property that switches it.
    pub on: String,
    /// The property with the supply air temperature that it is set to, °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_setpoint: Option<String>,
}

/// Twins of a model as VAV boxes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalDoc {
    /// The model.
    pub model: String,
    /// The path from it to the room: `feeds`.
    pub zone: String,
    /// The path from it to its air handling unit: `^feeds`.
    pub air_handler: String,
    /// The boolean property that switches it.
    pub on: String,
    /// Greatest flow, L/s.
    pub max_flow_l_s: Source,
}

/// What makes heat or cold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlantKind {
    /// A gas boiler.
    GasBoiler,
    /// A condensing gas boiler.
    CondensingBoiler,
    /// An air-source heat pump.
    HeatPump,
    /// Electric resistance.
    ElectricBoiler,
    /// District heat.
    DistrictHeat,
    /// A water-cooled chiller with a cooling tower.
    Chiller,
    /// District cold.
    DistrictCold,
}

/// Twins of a model as sources of heat or cold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantDoc {
    /// The model.
    pub model: String,
    /// What they are.
    pub kind: PlantKind,
    /// The paths from it to whom it serves: air handling units, for their coils, and rooms, for their radiators: `feeds`.
    pub serves: Vec<String>,
    /// The boolean property that switches it; without it, it always may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The most that it gives, W, or in its property's unit; without it, as much as is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<Source>,
    /// Efficiency of a boiler, or coefficient of performance at its rating; without it, the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<Source>,
    /// Temperature of the water that leaves it, °C; without it, the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_c: Option<f64>,
}

/// What a dispenser holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DispenserKind {
    /// Hand sanitiser.
    Sanitiser,
    /// Soap.
    Soap,
    /// Paper towels.
    Towel,
}

/// Twins of a model as dispensers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispenserDoc {
    /// The model.
    pub model: String,
    /// What they hold.
    pub kind: DispenserKind,
    /// The path from it to the room: `^hasDispenser`.
    pub zone: String,
    /// What one use takes, % of a full one.
    pub portion_pct: f64,
}

/// What the simulation knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Air temperature of a zone, °C.
    Temperature,
    /// Relative humidity of a zone, %.
    RelativeHumidity,
    /// CO2 of a zone, ppm.
    Co2,
    /// People in a zone.
    People,
    /// Whether anybody is in a zone.
    Occupied,
    /// Sound in a zone, dB(A).
    Sound,
    /// Supply air of a zone or an air handling unit, L/s.
    AirFlow,
    /// Opening of a zone's damper, %.
    Damper,
    /// Heat given to a zone, by a unit's coil or by a source of heat, W.
    HeatingPower,
    /// Heat taken from a zone, by a unit's coil or by a source of cold, W.
    CoolingPower,
    /// Electricity of a zone's lights and devices, of an air handling unit's fan or of a source of heat or cold, W.
    ElectricPower,
    /// The same, summed over time, kWh.
    ElectricEnergy,
    /// Gas that a source burns, of its higher heating value, or district heat or cold that it buys, W.
    FuelPower,
    /// The same, summed over time, kWh.
    FuelEnergy,
    /// Supply air temperature of an air handling unit, °C.
    SupplyTemperature,
    /// Outdoor air temperature, °C.
    OutdoorTemperature,
    /// People who came into a zone since the start.
    Entries,
    /// People who left a zone since the start.
    Exits,
    /// Uses of a dispenser since the start.
    Dispenses,
    /// How full a dispenser is, %.
    Fill,
}

/// A property that shows a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowDoc {
    /// The model of the twins that show it.
    pub model: String,
    /// The property.
    pub property: String,
    /// What it shows.
    pub quantity: Quantity,
    /// The path to the zone, unit or dispenser whose quantity it is; without it, the twin's own. Of several, amounts are added
    /// and states averaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Standard deviation of the sensor's error, in the property's unit.
    #[serde(default)]
    pub noise: f64,
}
