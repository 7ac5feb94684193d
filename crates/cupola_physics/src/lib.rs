//! Physics of a building: weather, heat, air and people.
//!
//! All code is pure and deterministic, without I/O or a clock. A model is made once from its specification. A
//! state is a set of columns with one row for each zone. It can be copied and continued as an alternative
//! future. Times are local seconds since 1970-01-01T00:00:00 (wall clock, without time zone). Random numbers
//! are a function of the seed, their purpose and the time.

pub mod air;
pub mod airflow;
pub mod airflow_element;
pub mod balance;
pub mod building;
pub mod central;
mod columns;
pub mod comfort;
pub mod comfort_set;
pub mod contaminant;
pub mod envelope;
pub mod epw;
mod epw_dates;
mod epw_doubts;
mod epw_fill;
mod epw_line;
mod epw_read;
pub mod glazing;
mod glazing_optics;
mod glazing_simple;
pub mod glazing_thermal;
pub mod hygiene;
mod lanes;
pub mod occupancy;
pub mod people;
pub mod people_load;
pub mod plant;
pub mod random;
pub mod run;
pub mod shading;
pub mod sky;
mod spec;
pub mod study;
pub mod sun;
mod thermal;
pub mod two_element;
mod two_element_types;
pub mod vdi6007_cases;
pub mod vdi6007_results;
pub mod weather;
pub mod zone;

pub use building::{BuildingModel, BuildingState, Controls, Outputs};
pub use hygiene::{DispenserKind, DispenserSpec, HygieneModel, HygieneState, RoomSpec};
pub use occupancy::DayProfile;
pub use spec::SpecError;
pub use weather::{DailyWeather, Outdoor, Weather};
pub use zone::{AhuSpec, TerminalSpec, ZoneSpec};
