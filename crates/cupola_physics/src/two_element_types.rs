//! What the two-element room of VDI 6007-1 is made of, what acts on it and what comes out (see [`crate::two_element`]).

use std::fmt;

/// Outer wall and window seen through one façade, in m²; solar heat through its window does not fall on its own wall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facade {
    /// Opaque area of the outer wall, at least 0.
    pub wall_m2: f64,
    /// Area of the window as an element of its own; 0 where windows are part of the outer wall.
    pub window_m2: f64,
}

/// What a room is made of (VDI 6007-1 clause 6). All resistances in K/W, for the whole area.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Outer walls by façade, at least one.
    pub facades: Vec<Facade>,
    /// Resistance between the outer walls' surface and capacity, above 0.
    pub outer_r1_k_w: f64,
    /// Heat capacity of the outer walls, in J/K, above 0.
    pub outer_c1_j_k: f64,
    /// Resistance between the outer walls' capacity and the equivalent outdoor temperature, with the outer film, above
    /// 0.
    pub outer_rest_k_w: f64,
    /// Area of the inner walls, in m², above 0.
    pub inner_m2: f64,
    /// Resistance between the inner walls' surface and capacity, above 0.
    pub inner_r1_k_w: f64,
    /// Heat capacity of the inner walls, in J/K, above 0.
    pub inner_c1_j_k: f64,
    /// Resistance between the windows' inner surface and outdoors, with the outer film, above 0; without effect without
    /// windows.
    pub window_r_k_w: f64,
    /// Convective coefficient at the outer walls, in W/(m² K), above 0.
    pub outer_convection_w_m2k: f64,
    /// Convective coefficient at the inner walls, in W/(m² K), above 0.
    pub inner_convection_w_m2k: f64,
    /// Convective coefficient at the windows, in W/(m² K), above 0.
    pub window_convection_w_m2k: f64,
    /// Radiative coefficient between surfaces, in W/(m² K), at least 0.
    pub radiation_w_m2k: f64,
    /// Share of the solar heat that reaches the air at once, 0 to 1.
    pub solar_convective_share: f64,
    /// Heat capacity of the air (and of light furniture), in J/K, at least 0; the standard's cases have 0.
    pub air_j_k: f64,
}

/// Where a heater or cooler gives its heat; the shares add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emitter {
    /// Greatest power, in W, at least 0; `f64::INFINITY` for an ideal one.
    pub limit_w: f64,
    /// Share given to the air.
    pub convective: f64,
    /// Share radiated to all surfaces by area.
    pub radiant: f64,
    /// Share given to the inner walls' surface (floor heating, chilled ceiling).
    pub inner_panel: f64,
    /// Share given to the outer walls' surface.
    pub outer_panel: f64,
}

impl Emitter {
    /// An ideal air heater or cooler without limit.
    pub const IDEAL: Self =
        Self { limit_w: f64::INFINITY, convective: 1.0, radiant: 0.0, inner_panel: 0.0, outer_panel: 0.0 };

    fn valid(&self) -> bool {
        let shares = [self.convective, self.radiant, self.inner_panel, self.outer_panel];
        self.limit_w >= 0.0
            && shares.iter().all(|share| (0.0..=1.0).contains(share))
            && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-6
    }
}

/// One end of the thermostat's band and what serves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetPoint {
    /// Temperature to keep, in °C.
    pub temperature_c: f64,
    /// The heater or cooler.
    pub emitter: Emitter,
}

/// What acts on the room during one step; all of it constant over the step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Input<'a> {
    /// Equivalent outdoor temperature of the outer walls, in °C.
    pub outer_c: f64,
    /// Equivalent outdoor temperature of the windows, in °C.
    pub window_c: f64,
    /// Convective gains, in W.
    pub convective_w: f64,
    /// Radiant gains, in W, shared over the surfaces by area.
    pub radiant_w: f64,
    /// Solar heat that passes the windows of each façade, in W; façades left out have none.
    pub solar_w: &'a [f64],
    /// Heat capacity flow of the ventilation, in W/K, at least 0.
    pub ventilation_w_k: f64,
    /// Temperature of the ventilation's air, in °C.
    pub ventilation_c: f64,
    /// Keep the room at least this warm.
    pub heating: Option<SetPoint>,
    /// Keep the room at most this warm; not below the heating set-point.
    pub cooling: Option<SetPoint>,
}

/// Temperatures that the room remembers, in °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Air.
    pub air_c: f64,
    /// Capacity of the outer walls.
    pub outer_c: f64,
    /// Capacity of the inner walls.
    pub inner_c: f64,
}

impl State {
    /// All at one temperature, in °C.
    pub fn at(temperature_c: f64) -> Self {
        Self { air_c: temperature_c, outer_c: temperature_c, inner_c: temperature_c }
    }
}

/// Means over a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Output {
    /// Air temperature, in °C.
    pub air_c: f64,
    /// Mean radiant temperature: the surfaces weighted by area, in °C.
    pub radiant_c: f64,
    /// Heat from the heater, in W, at least 0.
    pub heating_w: f64,
    /// Heat taken out by the cooler, in W, at least 0.
    pub cooling_w: f64,
}

impl Output {
    /// Operative temperature, in °C: the mean of air and radiant (ISO 7726 at air speeds below 0.2 m/s).
    pub fn operative_c(&self) -> f64 {
        0.5 * (self.air_c + self.radiant_c)
    }
}

/// What is wrong with a room or its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomError {
    /// A parameter is outside its range; its name.
    Parameter(&'static str),
    /// An input is not finite or outside its range; its name.
    Input(&'static str),
}

impl fmt::Display for RoomError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(formatter, "the room's {name} is outside its range"),
            Self::Input(name) => write!(formatter, "the room's input {name} is not a number within its range"),
        }
    }
}

impl std::error::Error for RoomError {}

impl Input<'_> {
    /// Whether everything is a number within its range.
    pub(crate) fn check(&self, state: &State) -> Result<(), RoomError> {
        for (name, value) in [
            ("state", state.air_c),
            ("state", state.outer_c),
            ("state", state.inner_c),
            ("outer_c", self.outer_c),
            ("window_c", self.window_c),
            ("convective_w", self.convective_w),
            ("radiant_w", self.radiant_w),
            ("ventilation_w_k", self.ventilation_w_k),
            ("ventilation_c", self.ventilation_c),
        ] {
            // Beyond this the arithmetic could leave the finite numbers.
            if !(-1e9..1e9).contains(&value) {
                return Err(RoomError::Input(name));
            }
        }
        if self.ventilation_w_k < 0.0 {
            return Err(RoomError::Input("ventilation_w_k"));
        }
        if !self.solar_w.iter().all(|solar_w| (-1e9..1e9).contains(solar_w)) {
            return Err(RoomError::Input("solar_w"));
        }
        for (name, set) in [("heating", self.heating), ("cooling", self.cooling)] {
            if set.is_some_and(|set| !(-1e9..1e9).contains(&set.temperature_c) || !set.emitter.valid()) {
                return Err(RoomError::Input(name));
            }
        }
        let crossed = |(heating, cooling): (SetPoint, SetPoint)| cooling.temperature_c < heating.temperature_c;
        if self.heating.zip(self.cooling).is_some_and(crossed) { Err(RoomError::Input("cooling")) } else { Ok(()) }
    }
}
