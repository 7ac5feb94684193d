//! The time zone of a scene.

use super::access::reach;
use super::document::Document;
use super::places::{Places, Step};
use cupola_physics::sun::Site;
use cupola_twin::Diagnostic;
use cupola_twin::zone::{self, TimeZone};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest first line of a weather file, in bytes.
const MAX_LINE: u64 = 4096;

/// The time zone of a scene, with its source.
#[derive(Clone, Debug)]
pub struct SceneZone {
    /// The zone.
    pub zone: TimeZone,
    /// The source of the zone.
    pub source: ZoneSource,
}

/// The part of a scene that gives its time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// `time_zone`.
    Scene,
    /// `utc_offset_hours` of the simulation.
    UtcOffset,
    /// The place of the weather file.
    Weather,
    /// Nothing, so times are in UTC.
    Default,
}

impl fmt::Display for SceneZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            ZoneSource::Scene => "",
            ZoneSource::UtcOffset => " (of utc_offset_hours; `time_zone` would know daylight saving)",
            ZoneSource::Weather => " (of the weather file's place; `time_zone` would say it for certain)",
            ZoneSource::Default => " (the scene has no `time_zone`)",
        };
        write!(f, "{}{source}", zone::name(&self.zone))
    }
}

/// Returns the time zone of a document.
pub(super) fn zone_of(
    document: &Document,
    folder: &Path,
    places: &Places,
    diagnostics: &mut Vec<Diagnostic>,
) -> SceneZone {
    let hours = document.simulation.as_ref().and_then(|simulation| simulation.utc_offset_hours);
    let hours_at = || places.of(&["simulation".into(), "utc_offset_hours".into()]);
    let fixed = hours.and_then(|hours| zone::fixed_s((hours * 3600.0).round() as i32));
    if let (Some(hours), None) = (hours, &fixed) {
        let wrong = Diagnostic::error("wrong-offset", format!("{hours} hours are no difference to UTC"));
        diagnostics.push(wrong.help("write `time_zone: \"Europe/Berlin\"` in the scene instead").at(hours_at()));
    }
    if let Some(name) = &document.time_zone {
        match zone::find(name) {
            Some(zone) => {
                if let Some(fixed) = fixed
                    && zone::standard_offset_s(&zone, 0) != zone::offset_s(&fixed, 0)
                {
                    let message = format!("`utc_offset_hours` has no effect beside `time_zone: \"{name}\"`");
                    diagnostics.push(Diagnostic::warning("zone-twice", message).help("remove it").at(hours_at()));
                }
                return SceneZone { zone, source: ZoneSource::Scene };
            }
            None => diagnostics.push(unknown_zone(name).at(places.of(&[Step::Field("time_zone")]))),
        }
    }
    if let Some(zone) = fixed {
        return SceneZone { zone, source: ZoneSource::UtcOffset };
    }
    let file = document.simulation.as_ref().and_then(|simulation| simulation.weather.file.as_ref());
    let of_weather = file.and_then(|file| weather_zone(&reach(folder, file).ok()?));
    match of_weather {
        Some(zone) => SceneZone { zone, source: ZoneSource::Weather },
        None => SceneZone { zone: TimeZone::UTC, source: ZoneSource::Default },
    }
}

/// Returns the diagnostic of a name that is no time zone.
pub fn unknown_zone(name: &str) -> Diagnostic {
    let unknown = Diagnostic::error("unknown-zone", format!("`{name}` is not a time zone"));
    let names = zone::names();
    let unknown = unknown.did_you_mean(name, names.iter().map(String::as_str));
    match unknown.help {
        Some(_) => unknown,
        None => unknown.help("write a name of the IANA database such as Europe/Berlin, or a difference such as +01:00"),
    }
}

/// Returns the zone of the place in the first line of a weather file, or else the file's difference to UTC. Errors of
/// the file are reported with the weather.
fn weather_zone(path: &Path) -> Option<TimeZone> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?).take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
    let Site { latitude_deg, longitude_deg, time_zone_h } = cupola_physics::epw::site(&String::from_utf8_lossy(&line))?;
    let standard_s = (time_zone_h * 3600.0).round() as i32;
    zone::nearest(latitude_deg, longitude_deg, i64::from(standard_s)).or_else(|| zone::fixed_s(standard_s))
}
