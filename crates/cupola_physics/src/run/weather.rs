//! Weather of a run.

use crate::air::humidity_ratio;
use crate::epw::{Epw, standard_pressure_pa};
use crate::sky::SkyState;
use crate::study::{Program, Study, Value};
use crate::sun::{REFERENCE_YEAR, Site};
use crate::thermal::Ambient;

/// Weather source: a weather file, or conditions given in the study.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(Box<Epw>),
    Own(StudyConditions),
}

#[derive(Clone, Debug)]
pub(super) struct StudyConditions {
    site: Site,
    dry_bulb_c: Value,
    relative_humidity_pct: Value,
    wind_speed_m_s: Value,
    wind_direction_deg: Value,
    sky_c: Option<Value>,
    direct_normal: Value,
    diffuse_horizontal: Value,
    pressure_pa: f64,
}

impl Source {
    pub fn new(study: &Study, epw: Option<Epw>, program: &Program) -> Self {
        let site = |known: Option<Site>| Site {
            latitude_deg: study.site.latitude_deg.or(known.map(|site| site.latitude_deg)).unwrap_or(0.0),
            longitude_deg: study.site.longitude_deg.or(known.map(|site| site.longitude_deg)).unwrap_or(0.0),
            time_zone_h: study.site.time_zone_h.or(known.map(|site| site.time_zone_h)).unwrap_or(0.0),
        };
        match (&study.conditions, epw) {
            (None, Some(mut epw)) => {
                epw.location.site = site(Some(epw.location.site));
                Self::File(Box::new(epw))
            }
            (conditions, _) => {
                let own = conditions.clone().unwrap_or_default();
                let elevation_m = study.site.elevation_m.unwrap_or(0.0);
                Self::Own(StudyConditions {
                    site: site(None),
                    dry_bulb_c: program.value(&own.dry_bulb_c),
                    relative_humidity_pct: program.value(&own.relative_humidity_pct),
                    wind_speed_m_s: program.value(&own.wind_speed_m_s),
                    wind_direction_deg: program.value(&own.wind_direction_deg),
                    sky_c: own.sky_temperature_c.as_ref().map(|amount| program.value(amount)),
                    direct_normal: program.value(&own.direct_normal_w_m2),
                    diffuse_horizontal: program.value(&own.diffuse_horizontal_w_m2),
                    pressure_pa: own.pressure_pa.unwrap_or_else(|| standard_pressure_pa(elevation_m)),
                })
            }
        }
    }

    /// Returns the outdoor conditions at a time in seconds since the start of the year. The schedules of
    /// `program` must be at the same time.
    pub fn at(&self, seconds: f64, program: &Program) -> Ambient {
        match self {
            Self::File(epw) => {
                let point = epw.at(seconds - f64::from(epw.start_day) * 86_400.0);
                let (east, north) = point.wind_direction_deg.to_radians().sin_cos();
                Ambient {
                    dry_bulb_c: point.dry_bulb_c,
                    humidity: humidity_ratio(point.dry_bulb_c, point.relative_humidity),
                    sky_c: point.sky_temperature_c(),
                    pressure_pa: point.pressure_pa,
                    wind_m_s: point.wind_speed_m_s,
                    wind_from: [east, north],
                    sky: point.sky,
                }
            }
            Self::Own(own) => {
                let dry_bulb_c = program.at(own.dry_bulb_c);
                let (east, north) = program.at(own.wind_direction_deg).to_radians().sin_cos();
                let (direct, diffuse) = (program.at(own.direct_normal), program.at(own.diffuse_horizontal));
                let sky = if direct > 0.0 || diffuse > 0.0 {
                    SkyState::new(own.site.sun(REFERENCE_YEAR, seconds / 86_400.0), direct, diffuse)
                } else {
                    SkyState::default()
                };
                Ambient {
                    dry_bulb_c,
                    humidity: humidity_ratio(dry_bulb_c, program.at(own.relative_humidity_pct) / 100.0),
                    sky_c: own.sky_c.map_or(dry_bulb_c, |sky_c| program.at(sky_c)),
                    pressure_pa: own.pressure_pa,
                    wind_m_s: program.at(own.wind_speed_m_s),
                    wind_from: [east, north],
                    sky,
                }
            }
        }
    }
}
