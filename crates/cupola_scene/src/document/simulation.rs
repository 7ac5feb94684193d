//! The simulation in the scene document.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A number, or the name of the property that holds the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// One number for all twins.
    Constant(f64),
    /// The name of a property, which gives each twin its own number.
    Property(String),
}

/// The conditions of the simulation and the mapping of its quantities to properties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulationDoc {
    /// The start of the simulated timeline, in RFC 3339.
    pub start: String,
    /// Local time minus UTC, in hours, for a scene without a `time_zone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_hours: Option<f64>,
    /// The seed of all random numbers.
    #[serde(default)]
    pub seed: u64,
    /// The simulated time between ticks, as a duration: `1m`.
    #[serde(default = "one_minute")]
    pub step: String,
    /// The weather.
    #[serde(default)]
    pub weather: WeatherDoc,
    /// The latitude of the building, in °, for the position of the sun. A weather file replaces it.
    #[serde(default = "latitude")]
    pub latitude_deg: f64,
    /// The construction set of the building, by year of construction: `before_1977`, `1977_1994`, `1995_2001`,
    /// `2002_2013`, `since_2014`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// The twins that are rooms.
    #[serde(default)]
    pub zones: Vec<ZoneDoc>,
    /// Assumptions about single rooms, by the ids of the rooms' twins. They replace the values that follow from the
    /// rest of the document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub assumed: BTreeMap<String, AssumedDoc>,
    /// The twins that are air handling units.
    #[serde(default)]
    pub air_handlers: Vec<AirHandlerDoc>,
    /// The twins that are VAV boxes.
    #[serde(default)]
    pub terminals: Vec<TerminalDoc>,
    /// The twins that supply heat or cold. Radiators and coils that no plant serves always get their demand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plants: Vec<PlantDoc>,
    /// The twins that are dispensers for hand hygiene.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dispensers: Vec<DispenserDoc>,
    /// The properties that receive results of the simulation.
    #[serde(default)]
    pub shows: Vec<ShowDoc>,
    /// The effects of commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandDoc>,
}

fn latitude() -> f64 {
    50.0
}

fn one_minute() -> String {
    "1m".into()
}

/// The effect of a command in the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandDoc {
    /// The model whose twins receive the command.
    pub model: String,
    /// The name of the command.
    pub command: String,
    /// The properties of the twin that the command sets, each with the expression of its new value. `request` in an
    /// expression is the payload of the command.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sets: BTreeMap<String, String>,
    /// The expression of the answer, evaluated after the properties are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// The assumptions about a room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssumedDoc {
    /// The construction set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// The air changes per hour through windows and leaks, in 1/h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaks_ach: Option<f64>,
}

/// The weather: a file, or synthetic days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WeatherDoc {
    /// The path of an EPW file, relative to the scene's folder. With a file the fields below except `warmer_k` have no
    /// effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The mean temperature, in °C.
    pub mean_c: f64,
    /// The amplitude of the daily temperature: the difference between the warmest hour and the mean, in K.
    pub swing_k: f64,
    /// The standard deviation of the daily mean temperatures, in K.
    pub day_to_day_k: f64,
    /// The relative humidity at the daily mean temperature, in %.
    pub relative_humidity_pct: f64,
    /// The global horizontal irradiance at noon, in W/m².
    pub solar_peak_w_m2: f64,
    /// A difference that is added to the outdoor temperature, in K, such as for a heat wave or a cold spell.
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

/// The presence of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Working hours on weekdays.
    #[default]
    Office,
    /// Meetings during the working day.
    Meeting,
    /// Day and night, with more people by day.
    Ward,
    /// No people.
    Empty,
}

/// The twins of a model that are rooms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneDoc {
    /// The model.
    pub model: String,
    /// The condition that selects twins of the model. Without it all twins of the model are rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The floor area, in m².
    pub area: Source,
    /// The clear height, in m.
    #[serde(default = "height")]
    pub height: Source,
    /// The largest number of people.
    pub people: Source,
    /// The share of the perimeter that is façade, 0 to 1. The default is the share in the 3D building, or 0.25 for a
    /// room that the building does not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exterior: Option<Source>,
    /// The construction set of these rooms. The default is that of the building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub construction: Option<String>,
    /// The presence of people.
    #[serde(default)]
    pub profile: Profile,
    /// The heating set-point, in °C.
    #[serde(default = "heating")]
    pub heating_setpoint: Source,
    /// The cooling set-point, in °C.
    #[serde(default = "cooling")]
    pub cooling_setpoint: Source,
    /// The visits per hour at the busiest time, for hand hygiene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits_per_hour: Option<Source>,
    /// The probability that a person who enters or leaves uses a dispenser, 0 to 1.
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

/// The twins of a model that are air handling units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirHandlerDoc {
    /// The model.
    pub model: String,
    /// The boolean property that switches the unit.
    pub on: String,
    /// The property with the set-point of the supply air temperature, in °C.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supply_setpoint: Option<String>,
}

/// The twins of a model that are VAV boxes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalDoc {
    /// The model.
    pub model: String,
    /// The path from the box to the room: `feeds`.
    pub zone: String,
    /// The path from the box to its air handling unit: `^feeds`.
    pub air_handler: String,
    /// The boolean property that switches the box.
    pub on: String,
    /// The largest flow, in L/s.
    pub max_flow_l_s: Source,
}

/// The kind of a plant that supplies heat or cold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlantKind {
    /// A gas boiler.
    GasBoiler,
    /// A condensing gas boiler.
    CondensingBoiler,
    /// An air-source heat pump.
    HeatPump,
    /// An electric resistance boiler.
    ElectricBoiler,
    /// District heat.
    DistrictHeat,
    /// A water-cooled chiller with a cooling tower.
    Chiller,
    /// District cold.
    DistrictCold,
}

/// The twins of a model that supply heat or cold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantDoc {
    /// The model.
    pub model: String,
    /// The kind of the plants.
    pub kind: PlantKind,
    /// The paths from the plant to the twins that it serves, such as `feeds`: air handling units, for their coils, and
    /// rooms, for their radiators.
    pub serves: Vec<String>,
    /// The boolean property that switches the plant. Without it the plant is always on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The largest output, in W or in the unit of the property. Without it the output is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_w: Option<Source>,
    /// The efficiency of a boiler, or the coefficient of performance at rated conditions. The default is that of the
    /// kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<Source>,
    /// The temperature of the leaving water, in °C. The default is that of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub water_c: Option<f64>,
}

/// The content of a dispenser.
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

/// The twins of a model that are dispensers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispenserDoc {
    /// The model.
    pub model: String,
    /// The content of the dispensers.
    pub kind: DispenserKind,
    /// The path from the dispenser to the room: `^hasDispenser`.
    pub zone: String,
    /// The consumption of one use, in % of a full dispenser.
    pub portion_pct: f64,
}

/// A quantity that the simulation computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// The air temperature of a zone, in °C.
    Temperature,
    /// The relative humidity of a zone, in %.
    RelativeHumidity,
    /// The CO2 concentration of a zone, in ppm.
    Co2,
    /// The number of people in a zone.
    People,
    /// Whether any people are in a zone.
    Occupied,
    /// The sound level in a zone, in dB(A).
    Sound,
    /// The supply air flow of a zone or an air handling unit, in L/s.
    AirFlow,
    /// The opening of a zone's damper, in %.
    Damper,
    /// The heat that a zone receives, or that the coil of an air handling unit or a heat plant supplies, in W.
    HeatingPower,
    /// The heat that is removed from a zone, or that the coil of an air handling unit or a cold plant removes, in W.
    CoolingPower,
    /// The electric power of a zone's lights and devices, of an air handling unit's fan or of a plant, in W.
    ElectricPower,
    /// The electric energy since the start, in kWh.
    ElectricEnergy,
    /// The fuel power of a plant, in W: gas by higher heating value, or purchased district heat or cold.
    FuelPower,
    /// The fuel energy since the start, in kWh.
    FuelEnergy,
    /// The supply air temperature of an air handling unit, in °C.
    SupplyTemperature,
    /// The outdoor air temperature, in °C.
    OutdoorTemperature,
    /// The number of people who have entered a zone since the start.
    Entries,
    /// The number of people who have left a zone since the start.
    Exits,
    /// The number of uses of a dispenser since the start.
    Dispenses,
    /// The fill level of a dispenser, in %.
    Fill,
}

/// A property that receives a quantity of the simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowDoc {
    /// The model of the twins with the property.
    pub model: String,
    /// The property.
    pub property: String,
    /// The quantity.
    pub quantity: Quantity,
    /// The path to the zone, unit, plant or dispenser that has the quantity. The default is the twin itself. For
    /// several twins, amounts are added and states are averaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The standard deviation of the sensor's error, in the unit of the property.
    #[serde(default)]
    pub noise: f64,
}
