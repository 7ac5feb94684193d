//! Specification of zones, air terminals and air handling units.

use crate::envelope::{ConstructionSet, DEFAULT_SET, Facade};
use crate::spec::{SpecError, check_index, check_ranges};

/// Zone: a room, or similar rooms, with one temperature and well-mixed air.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneSpec {
    /// Random stream of the zone, which makes the random numbers independent of the order of zones. See
    /// [`crate::random::stream_of`].
    pub stream: u64,
    /// Floor area, in m², 0.1 to 10⁶.
    pub area_m2: f64,
    /// Clear height, in m, 0.1 to 200.
    pub height_m: f64,
    /// Construction set of the building.
    pub set: &'static ConstructionSet,
    /// Façades.
    pub facades: Vec<Facade>,
    /// Rows of adjacent zones, with the lengths of the common walls, in m. Both zones of a pair must list
    /// each other.
    pub neighbours: Vec<(usize, f64)>,
    /// Fraction of the ceiling that is roof, 0 to 1.
    pub roof_share: f64,
    /// Fraction of the floor that is on the ground, 0 to 1.
    pub ground_share: f64,
    /// Maximum number of people, 0 to 10⁵. Fractions are dropped.
    pub people_capacity: f64,
    /// Power of lights and equipment in full use, in W per m² of floor, 0 to 10⁴.
    pub equipment_w_per_m2: f64,
    /// Maximum heat of the radiator, in W, 0 to 10⁸.
    pub heating_max_w: f64,
    /// Heating set-point, in °C, −50 to 60.
    pub heating_setpoint_c: f64,
    /// Cooling set-point, the middle of the band over which the terminal opens, in °C, −50 to 60.
    pub cooling_setpoint_c: f64,
    /// Air terminal, or `None` without one.
    pub terminal: Option<TerminalSpec>,
    /// Infiltration, in air changes per hour, 0 to 100.
    pub infiltration_ach: f64,
    /// Row of the occupancy profile.
    pub profile: usize,
}

/// VAV terminal (variable air volume).
#[derive(Debug, Clone, PartialEq)]
pub struct TerminalSpec {
    /// Row of the air handling unit that supplies it.
    pub ahu: usize,
    /// Air flow with the damper open, in m³/s, 0 to 10³.
    pub max_flow_m3_s: f64,
    /// Minimum fraction of that flow with people present, 0 to 1.
    pub min_fraction: f64,
}

/// Air handling unit with outdoor air only, heat recovery, and coils that reach the supply temperature.
#[derive(Debug, Clone, PartialEq)]
pub struct AhuSpec {
    /// Supply air set-point, in °C, within [`AhuSpec::SUPPLY_C`].
    pub supply_c: f64,
    /// Sensible effectiveness of the heat recovery, 0 to 1.
    pub heat_recovery: f64,
    /// Specific fan power, in W per m³/s, 0 to 10⁴.
    pub specific_fan_power_w_per_m3_s: f64,
    /// Whether the unit runs day and night. Otherwise it runs from 6 to 20 o'clock, Monday to Friday.
    pub always_on: bool,
}

impl ZoneSpec {
    /// Returns an ordinary room of a well-insulated building of medium thermal mass, without air terminal.
    ///
    /// `exterior_share` is the façade's fraction of the perimeter, 0 to 1. Assumptions: a square room of an
    /// intermediate storey; equal façades in all four directions, because the orientation is unknown;
    /// [`DEFAULT_SET`]; one person per 10 m²; 15 W/m² of lights and equipment; 60 W/m² of radiator power;
    /// set-points of 21 and 25 °C, inside category II of EN 16798-1; infiltration of 0.05 air changes per
    /// hour plus that of the set in proportion to `exterior_share`.
    pub fn from_area(area_m2: f64, height_m: f64, exterior_share: f64) -> Self {
        let length_m = exterior_share.clamp(0.0, 1.0) * area_m2.max(0.0).sqrt();
        let facade = |azimuth_deg| Facade { azimuth_deg, length_m };
        Self {
            stream: 0,
            area_m2,
            height_m,
            set: DEFAULT_SET,
            facades: if length_m > 0.0 { [0.0, 90.0, 180.0, 270.0].map(facade).to_vec() } else { Vec::new() },
            neighbours: Vec::new(),
            roof_share: 0.0,
            ground_share: 0.0,
            people_capacity: (area_m2 / 10.0).floor().max(1.0),
            equipment_w_per_m2: 15.0,
            heating_max_w: 60.0 * area_m2,
            heating_setpoint_c: 21.0,
            cooling_setpoint_c: 25.0,
            terminal: None,
            infiltration_ach: 0.05 + DEFAULT_SET.infiltration_ach * exterior_share.clamp(0.0, 1.0),
            profile: 0,
        }
    }

    /// Returns the zone with a VAV terminal on an air handling unit. The maximum flow is 5 l/s per m² of
    /// floor, which removes 50 W/m² at 8 K. The minimum with people is 30 % of it, which is EN 16798-1
    /// category II for one person per 10 m² (7 l/s each and 0.7 l/s per m²).
    #[must_use]
    pub fn with_terminal(mut self, ahu: usize) -> Self {
        self.terminal = Some(TerminalSpec { ahu, max_flow_m3_s: 0.005 * self.area_m2, min_fraction: 0.3 });
        self
    }

    /// Returns the air volume, in m³.
    pub fn volume_m3(&self) -> f64 {
        self.area_m2 * self.height_m
    }

    pub(crate) fn check(&self, index: usize, ahus: usize, profiles: usize) -> Result<(), SpecError> {
        let fields = [
            ("area_m2", self.area_m2, 0.1, 1e6),
            ("height_m", self.height_m, 0.1, 200.0),
            ("roof_share", self.roof_share, 0.0, 1.0),
            ("ground_share", self.ground_share, 0.0, 1.0),
            ("people_capacity", self.people_capacity, 0.0, 1e5),
            ("equipment_w_per_m2", self.equipment_w_per_m2, 0.0, 1e4),
            ("heating_max_w", self.heating_max_w, 0.0, 1e8),
            ("heating_setpoint_c", self.heating_setpoint_c, -50.0, 60.0),
            ("cooling_setpoint_c", self.cooling_setpoint_c, -50.0, 60.0),
            ("infiltration_ach", self.infiltration_ach, 0.0, 100.0),
        ];
        check_ranges("zone", index, &fields)?;
        for facade in &self.facades {
            let fields = [("azimuth_deg", facade.azimuth_deg, -360.0, 360.0), ("length_m", facade.length_m, 0.0, 1e5)];
            check_ranges("zone", index, &fields)?;
        }
        check_index("zone", index, "profile", self.profile, profiles)?;
        if let Some(terminal) = &self.terminal {
            let fields = [
                ("max_flow_m3_s", terminal.max_flow_m3_s, 0.0, 1e3),
                ("min_fraction", terminal.min_fraction, 0.0, 1.0),
            ];
            check_ranges("zone", index, &fields)?;
            check_index("zone", index, "ahu", terminal.ahu, ahus)?;
        }
        Ok(())
    }
}

impl Default for AhuSpec {
    /// Returns a unit with 17 °C supply air, 75 % heat recovery, 1 600 W per m³/s (SFP 3 of EN 16798-3 is 750
    /// to 1 250 per fan; two fans), running by day.
    fn default() -> Self {
        Self { supply_c: 17.0, heat_recovery: 0.75, specific_fan_power_w_per_m3_s: 1_600.0, always_on: false }
    }
}

impl AhuSpec {
    /// Range of the supply air set-point, in °C.
    pub const SUPPLY_C: (f64, f64) = (5.0, 40.0);

    pub(crate) fn check(&self, index: usize) -> Result<(), SpecError> {
        let fields = [
            ("supply_c", self.supply_c, Self::SUPPLY_C.0, Self::SUPPLY_C.1),
            ("heat_recovery", self.heat_recovery, 0.0, 1.0),
            ("specific_fan_power_w_per_m3_s", self.specific_fan_power_w_per_m3_s, 0.0, 1e4),
        ];
        check_ranges("air handling unit", index, &fields)
    }

    /// Returns the temperature of the outdoor air after the heat recovery, in °C. A bypass keeps it from
    /// overshooting the supply temperature.
    pub(crate) fn recovered_c(&self, outdoor_c: f64, return_c: f64, supply_c: f64) -> f64 {
        let full = outdoor_c + self.heat_recovery * (return_c - outdoor_c);
        if outdoor_c < supply_c { full.clamp(outdoor_c, supply_c) } else { full.clamp(supply_c, outdoor_c) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_rooms_are_valid() {
        for (area_m2, exterior_share) in [(5.0, 0.0), (20.0, 0.25), (400.0, 1.0)] {
            let zone = ZoneSpec::from_area(area_m2, 2.8, exterior_share).with_terminal(0);
            assert_eq!(zone.check(0, 1, 1), Ok(()));
        }
        assert_eq!(AhuSpec::default().check(0), Ok(()));
    }

    #[test]
    fn refuses_what_cannot_be() {
        let room = ZoneSpec::from_area(20.0, 2.8, 0.25).with_terminal(0);
        let cases = [
            (ZoneSpec { area_m2: 0.0, ..room.clone() }, "area_m2"),
            (ZoneSpec { roof_share: f64::NAN, ..room.clone() }, "roof_share"),
            (ZoneSpec { ground_share: 1.5, ..room.clone() }, "ground_share"),
            (ZoneSpec { profile: 1, ..room.clone() }, "profile"),
            (room.with_terminal(1), "ahu"),
        ];
        for (zone, field) in cases {
            let error = zone.check(3, 1, 1).expect_err(field);
            assert!(error.index == 3 && error.message.contains(field), "{error}");
        }
    }

    #[test]
    fn heat_recovery_never_overshoots() {
        let unit = AhuSpec::default();
        // Columns: outdoor, return, expected. Rows: winter, mild with bypass, hot with cool rooms, hot with
        // hotter rooms.
        let cases =
            [(-10.0, 22.0, 14.0), (10.0, 22.0, 17.0), (34.0, 26.0, 28.0), (30.0, 32.0, 30.0), (10.0, 5.0, 10.0)];
        for (outdoor_c, return_c, expected) in cases {
            assert!(
                (unit.recovered_c(outdoor_c, return_c, unit.supply_c) - expected).abs() < 1e-9,
                "{outdoor_c} {return_c}"
            );
        }
    }
}
