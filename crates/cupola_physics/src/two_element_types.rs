//! Parameters, inputs, state and outputs of the two-element room of VDI 6007-1 (see [`crate::two_element`]).

/// Outer wall and window of one façade. Solar radiation through the window does not reach the wall of the
/// same façade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facade {
    /// Opaque area of the outer wall, in m², at least 0.
    pub wall_m2: f64,
    /// Area of the window as a separate element, in m²; 0 for windows that are part of the outer wall.
    pub window_m2: f64,
}

/// Parameters of a room (VDI 6007-1 clause 6). Resistances are in K/W, for the whole area.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Façades with outer walls, at least one.
    pub facades: Vec<Facade>,
    /// Resistance between the outer walls' surface and capacity, above 0.
    pub outer_r1_k_w: f64,
    /// Heat capacity of the outer walls, in J/K, above 0.
    pub outer_c1_j_k: f64,
    /// Resistance between the outer walls' capacity and the equivalent outdoor temperature, including the
    /// outside surface resistance, above 0.
    pub outer_rest_k_w: f64,
    /// Area of the inner walls, in m², above 0.
    pub inner_m2: f64,
    /// Resistance between the inner walls' surface and capacity, above 0.
    pub inner_r1_k_w: f64,
    /// Heat capacity of the inner walls, in J/K, above 0.
    pub inner_c1_j_k: f64,
    /// Resistance between the windows' inner surface and outdoors, including the outside surface resistance,
    /// above 0. It has no effect without windows.
    pub window_r_k_w: f64,
    /// Convection coefficient at the outer walls, in W/(m² K), above 0.
    pub outer_convection_w_m2k: f64,
    /// Convection coefficient at the inner walls, in W/(m² K), above 0.
    pub inner_convection_w_m2k: f64,
    /// Convection coefficient at the windows, in W/(m² K), above 0.
    pub window_convection_w_m2k: f64,
    /// Radiation coefficient between surfaces, in W/(m² K), at least 0.
    pub radiation_w_m2k: f64,
    /// Fraction of the solar radiation that heats the air directly, 0 to 1.
    pub solar_convective_share: f64,
    /// Heat capacity of the air (and of light furniture), in J/K, at least 0. The standard's cases have 0.
    pub air_j_k: f64,
}

/// Distribution of a heater's or cooler's heat. The fractions add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emitter {
    /// Maximum power, in W, at least 0; `f64::INFINITY` for an ideal one.
    pub limit_w: f64,
    /// Fraction to the air.
    pub convective: f64,
    /// Fraction radiated to all surfaces, by area.
    pub radiant: f64,
    /// Fraction to the inner walls' surface (floor heating, chilled ceiling).
    pub inner_panel: f64,
    /// Fraction to the outer walls' surface.
    pub outer_panel: f64,
}

impl Emitter {
    /// Ideal air heater or cooler without a limit.
    pub const IDEAL: Self =
        Self { limit_w: f64::INFINITY, convective: 1.0, radiant: 0.0, inner_panel: 0.0, outer_panel: 0.0 };

    fn valid(&self) -> bool {
        let shares = [self.convective, self.radiant, self.inner_panel, self.outer_panel];
        self.limit_w >= 0.0
            && shares.iter().all(|share| (0.0..=1.0).contains(share))
            && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-6
    }
}

/// Set-point of the thermostat, with its heater or cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetPoint {
    /// Set-point temperature, in °C.
    pub temperature_c: f64,
    /// Heater or cooler.
    pub emitter: Emitter,
}

/// Inputs of a room, constant over a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Input<'a> {
    /// Equivalent outdoor temperature of the outer walls, in °C.
    pub outer_c: f64,
    /// Equivalent outdoor temperature of the windows, in °C.
    pub window_c: f64,
    /// Convective gains, in W.
    pub convective_w: f64,
    /// Radiant gains, in W, distributed to the surfaces by area.
    pub radiant_w: f64,
    /// Solar radiation through the windows of each façade, in W. Missing façades have none.
    pub solar_w: &'a [f64],
    /// Heat capacity flow of the ventilation, in W/K, at least 0.
    pub ventilation_w_k: f64,
    /// Supply temperature of the ventilation, in °C.
    pub ventilation_c: f64,
    /// Heating set-point.
    pub heating: Option<SetPoint>,
    /// Cooling set-point, not below the heating set-point.
    pub cooling: Option<SetPoint>,
}

/// State of a room: temperatures in °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Air temperature.
    pub air_c: f64,
    /// Temperature of the outer walls' capacity.
    pub outer_c: f64,
    /// Temperature of the inner walls' capacity.
    pub inner_c: f64,
}

impl State {
    /// Returns a state with one temperature, in °C.
    pub fn at(temperature_c: f64) -> Self {
        Self { air_c: temperature_c, outer_c: temperature_c, inner_c: temperature_c }
    }
}

/// Outputs of a step: means over the step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Output {
    /// Air temperature, in °C.
    pub air_c: f64,
    /// Mean radiant temperature, in °C: area-weighted mean of the surface temperatures.
    pub radiant_c: f64,
    /// Heat from the heater, in W, at least 0.
    pub heating_w: f64,
    /// Heat removed by the cooler, in W, at least 0.
    pub cooling_w: f64,
}

impl Output {
    /// Returns the operative temperature, in °C: the mean of air and radiant temperature (ISO 7726 at air
    /// speeds below 0.2 m/s).
    pub fn operative_c(&self) -> f64 {
        0.5 * (self.air_c + self.radiant_c)
    }
}

/// Error of a room or its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// Name of a parameter that is outside its range.
    #[error("the room's {0} is outside its range")]
    Parameter(&'static str),
    /// Name of an input that is not finite or is outside its range.
    #[error("the room's input {0} is not a number within its range")]
    Input(&'static str),
}

impl Input<'_> {
    /// Checks that all values are numbers within their ranges.
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
            // Larger values could overflow in the computation.
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
