use std::{fmt::Write as _, fs};

use proptest::prelude::*;

use super::*;
use crate::{
    epw_dates::{month_and_day, year_days},
    sun::Plane,
};

/// Returns the text of a file with a year (or part of a year) of records. `record` (month, day, hour from 1)
/// gives the fields from dry bulb to opaque sky cover.
fn file(
    per_hour: u32,
    leap: bool,
    period: &str,
    days: std::ops::Range<u32>,
    record: impl Fn(u32, u32, u32) -> String,
) -> String {
    let mut text = format!(
        "LOCATION,Somewhere,X,Y,TMY3,1,39.83,-104.65,-7.0,1650.0\n\
         GROUND TEMPERATURES,1,.5,,,,1,2,3,4,5,6,7,8,9,10,11,12\n\
         HOLIDAYS/DAYLIGHT SAVINGS,No,2nd Sunday in March,Last Sunday in October,1,Day Off,7/4\n\
         DATA PERIODS,1,{per_hour},Data,Friday,{period}\n"
    );
    for day in days {
        let (month, of_month) = month_and_day(day, leap);
        for hour in 1..=24 {
            for _ in 0..per_hour {
                writeln!(text, "1999,{month},{of_month},{hour},0,?,{}", record(month, of_month, hour)).unwrap();
            }
        }
    }
    text
}

fn plain(_: u32, _: u32, hour: u32) -> String {
    let sun = if (8..17).contains(&hour) { "300,600,100" } else { "0,0,0" };
    format!("{},0,50,83000,0,0,250,{sun},0,0,0,0,{},{},5,5", hour, 350 + 20 * (hour % 2), hour).replace(",370,", ",10,")
}

fn codes(findings: &[EpwFinding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn reads_headers_and_records() {
    let text = format!("\u{feff}{}\n\n  \n", file(1, false, "1/1,12/31", 0..365, plain)).replace('\n', "\r\n");
    let (epw, findings) = read(&text);
    let epw = epw.unwrap();
    // The short records have no snow, albedo or rain.
    assert_eq!(codes(&findings), ["epw-missing-unused"; 3]);
    assert_eq!((epw.len(), epw.location.city.as_str(), epw.location.elevation_m), (8_760, "Somewhere", 1_650.0));
    assert_eq!((epw.ground[0].depth_m, epw.ground[0].monthly_c[11]), (0.5, 12.0));
    assert_eq!(epw.holidays.days, [("Day Off".to_owned(), YearlyDate::Day { month: 7, day: 4 })]);
    assert!(epw.holidays.daylight_saving.is_some());
    assert_eq!((epw.first_weekday, epw.leap, epw.sun_year), (Weekday::Friday, false, 1999));
    assert_eq!(epw.columns.albedo[0], 0.2);
}

#[test]
fn states_lie_on_lines_between_records() {
    let epw = read(&file(1, false, "1/1,12/31", 0..365, plain)).0.unwrap();
    assert_eq!(epw.at(3_600.0).dry_bulb_c, 1.0);
    assert_eq!(epw.at(5_400.0).dry_bulb_c, 1.5);
    // Interpolation wraps around the end of the year: the last record has 24 °C.
    assert_eq!(epw.at(0.0).dry_bulb_c, 24.0);
    assert_eq!(epw.at(1_800.0).dry_bulb_c, 12.5);
    assert_eq!(epw.at(-3_600.0).dry_bulb_c, 23.0);
    assert_eq!(epw.at(epw.duration_s() + 3_600.0).dry_bulb_c, 1.0);
    // From 10° to 350° the wind direction passes north.
    let wind = epw.at(5_400.0).wind_direction_deg;
    assert!(!(1e-9..360.0 - 1e-9).contains(&wind), "{wind}");
}

#[test]
fn irradiances_keep_their_energy_and_stay_above_the_horizon() {
    let epw = read(&file(1, false, "1/1,12/31", 0..365, plain)).0.unwrap();
    for hour in [9, 12, 15] {
        let (mut direct, mut diffuse) = (0.0, 0.0);
        for minute in 0..60 {
            let sky = epw.at(f64::from(hour - 1) * 3_600.0 + (f64::from(minute) + 0.5) * 60.0).sky;
            direct += sky.direct_normal_w_m2 / 60.0;
            diffuse += sky.diffuse_horizontal_w_m2 / 60.0;
        }
        assert!((direct - 600.0).abs() < 1e-6 && (diffuse - 100.0).abs() < 0.1, "{hour}: {direct} {diffuse}");
    }
    for minute in 0..1_440 {
        let sky = epw.at(f64::from(minute) * 60.0).sky;
        assert!(sky.sun.is_up() || sky.global_horizontal_w_m2() == 0.0);
    }
}

#[test]
fn fills_gaps_and_says_so() {
    let text = file(1, false, "1/1,12/31", 0..365, |_, day, hour| match (day, hour) {
        (1, 2) => "99.9,99.9,999,999999,9999,9999,9999,9999,9999,9999,0,0,0,0,999,999,99,99".to_owned(),
        (1, 3) => "20,99.9,50,83000,0,0,250,0,0,0,0,0,0,0,0,3,99,4".to_owned(),
        (1, 4) => "20,9.27,999,83000,0,0,250,0,0,0,0,0,0,0,0,3,7,99".to_owned(),
        (1, 5) => "-400,0,50,83000,0,0,250,0,0,0,0,0,0,0,0,3,5,5".to_owned(),
        _ => "15,5,50,83000,0,0,250,0,0,0,0,0,0,0,90,3,5,5".to_owned(),
    });
    let (epw, findings) = read(&text);
    let columns = epw.unwrap().columns;
    assert_eq!((columns.dry_bulb_c[1], columns.wind_direction_deg[1], columns.wind_speed_m_s[1]), (15.0, 90.0, 3.0));
    assert!((columns.pressure_pa[1] - 83_021.0).abs() < 20.0, "{}", columns.pressure_pa[1]);
    // Dew point 4.7 °C: the clear-sky emissivity is 0.800, the factor of five tenths of cloud is 1.0595, and
    // the black-body radiation is 390.9 W/m².
    assert!((columns.horizontal_infrared_w_m2[1] - 331.5).abs() < 0.5, "{}", columns.horizontal_infrared_w_m2[1]);
    assert_eq!(columns.direct_normal_w_m2[1], 0.0);
    // The dew point of 20 °C and 50 % is 9.27 °C.
    assert!((columns.dew_point_c[2] - 9.27).abs() < 0.02, "{}", columns.dew_point_c[2]);
    assert!((columns.relative_humidity[3] - 0.5).abs() < 0.002);
    assert_eq!((columns.total_sky_cover[2], columns.opaque_sky_cover[3]), (0.4, 0.7000000000000001));
    assert_eq!(columns.dry_bulb_c[4], 20.0);
    let strange = findings.iter().find(|finding| finding.code == "epw-range").unwrap();
    assert_eq!((strange.line, strange.column, strange.severity), (9, 16, Severity::Warning));
    let dry =
        findings.iter().find(|finding| finding.message.contains("dry-bulb") && finding.code == "epw-missing").unwrap();
    assert_eq!(dry.line, 6);
}

#[test]
fn leap_years_parts_of_years_and_short_steps() {
    let (epw, _) = read(&file(1, true, "1/1,12/31", 0..366, plain));
    let epw = epw.unwrap();
    assert!(epw.leap && epw.len() == 8_784);
    let (epw, findings) = read(&file(4, false, "12/30,1/2", 363..367, plain));
    let epw = epw.unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!((epw.len(), epw.step_s(), epw.start_day), (384, 900.0, 363));
    assert!((epw.day_of_year(3.0 * 86_400.0) - 1.0).abs() < 1e-9);
    assert_eq!(year_days(epw.leap), 365);
    // A winter that includes a 29 February.
    let (epw, findings) = read(&file(1, true, "12/30,3/1", 364..427, plain));
    let epw = epw.unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!((epw.len(), epw.leap, epw.start_day, epw.sun_year), (63 * 24, true, 364, 2004));
}

#[test]
fn tells_what_is_wrong_and_where() {
    let good = file(1, false, "1/1,1/2", 0..2, plain);
    assert!(read(&good).0.is_some());
    let broken = good.replacen("1999,1,1,3,0,?,3,", "1999,1,1,3,0,?,warm,", 1);
    let (epw, findings) = read(&broken);
    let error = findings.iter().find(|finding| finding.severity == Severity::Error).unwrap();
    assert!(epw.is_none());
    assert_eq!((error.code, error.line, error.column), ("epw-number", 7, 16));
    let (_, findings) = read(&good.replacen("1999,1,1,3,0", "1999,1,1,5,0", 1));
    assert!(codes(&findings).contains(&"epw-order"));
    let (_, findings) = read(&good.replace("1/1,1/2", "1/1,1/3"));
    assert!(codes(&findings).contains(&"epw-count"));
    let (_, findings) = read(&good.replace("39.83", "139.83"));
    assert!(codes(&findings).contains(&"epw-location"));
    let (_, findings) = read("hello\nworld");
    assert!(codes(&findings).starts_with(&["epw-line"]));
    assert!(read("").0.is_none() && !read("").1.is_empty());
}

/// A change of a good file, the code and severity of its finding, and a word of the help.
type Fault<'f> = (&'f dyn Fn(&str) -> String, &'f str, Severity, &'f str);

#[test]
fn doubtful_files_are_warned_of_and_unusable_ones_refused_with_advice() {
    let year = file(1, false, "1/1,12/31", 0..365, plain);
    // The files of other programs.
    let with_hours_from_0 = |text: &str| {
        (1..=24).fold(text.to_owned(), |text, hour| {
            text.lines()
                .map(|line| line.replacen(&format!(",{hour},0,?,"), &format!(",{},0,?,", hour - 1), 1) + "\n")
                .collect()
        })
    };
    let faults: [Fault<'_>; 11] = [
        (&|text| text.replace("Data,Friday", "Data,Tuesday"), "epw-weekday", Severity::Warning, "DATA PERIODS"),
        (&|_| file(1, false, "7/1,12/31", 181..365, plain), "epw-part-of-year", Severity::Warning, "repeats"),
        (
            &|_| file(1, false, "1/1,12/31", 0..365, |_, _, _| "70,60,50,83000,0,0,250,0,0,0,0,0,0,0,0,3,5,5".into()),
            "epw-implausible",
            Severity::Warning,
            "°F",
        ),
        (&|text| text.replace("300,600,100", "0.3,0.6,0.1"), "epw-implausible", Severity::Warning, "kW/m²"),
        (&|text| text.replace("Somewhere,X,Y", "Paris, Orly,X,Y"), "epw-location-fields", Severity::Warning, "comma"),
        (&|text| text.replace(",0,0,250,", ",0,0,0,"), "epw-range", Severity::Warning, "sky cover"),
        (
            &|text| text.replace(",0,?,1,0,50", ",0,?,1,0,50,5,1,1,1,1,1,1,1,1,1,1,1,1"),
            "epw-record",
            Severity::Error,
            "decimal comma",
        ),
        (&|text| text.replace("1999,", "1999;1;1;1,"), "epw-line", Severity::Error, "semicolons"),
        (&with_hours_from_0, "epw-order", Severity::Error, "1 to 24"),
        (&|text| text.replace("-104.65,-7.0", "-104.65,7.0"), "epw-time-zone", Severity::Warning, "East"),
        (
            &|text| text.replace("180,3,", "180,999,").replace(",350,", ",999,"),
            "epw-missing",
            Severity::Warning,
            "last good",
        ),
    ];
    assert!(read(&year).1.iter().all(|finding| finding.code == "epw-missing-unused"));
    for (change, code, severity, word) in faults {
        let (epw, findings) = read(&change(&year));
        let found =
            findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("{code}: {findings:?}"));
        assert_eq!((found.severity, epw.is_some()), (severity, severity == Severity::Warning), "{findings:?}");
        assert!(found.help.as_ref().unwrap().contains(word), "{found:?}");
        // One fault that recurs in every line is told once.
        assert!(findings.iter().filter(|finding| finding.code == code).count() <= 3, "{findings:?}");
    }
    // A comma in the name moves no number.
    let (epw, _) = read(&year.replace("Somewhere,X,Y", "Paris, Orly,X,Y"));
    let location = epw.unwrap().location;
    assert_eq!((location.city.as_str(), location.site.latitude_deg), ("Paris, Orly", 39.83));
    // Infrared radiation of 0 is computed, so the sky is not at −273 °C.
    let (epw, _) = read(&year.replace(",0,0,250,", ",0,0,0,"));
    assert!(epw.unwrap().columns.horizontal_infrared_w_m2.iter().all(|infrared| *infrared > 150.0));
    // A wind that is missing throughout is calm.
    let calm = file(1, false, "1/1,12/31", 0..365, |_, _, _| "20,10,50,83000,0,0,250,0,0,0,0,0,0,0,999,999,5,5".into());
    let (_, findings) = read(&calm);
    assert!(findings.iter().any(|finding| finding.help.as_ref().is_some_and(|help| help.contains("calm air"))));
}

/// Incident solar radiation on level ground and on walls facing north, east, south and west in Denver,
/// against the ranges of six reference programs for the weather of ASHRAE 140-2020 (kWh/m² a).
#[test]
#[ignore = "needs the data in ../shared/data"]
fn incident_solar_is_that_of_the_reference_programs() {
    let file = "../../../shared/data/weather/USA_CO_Denver.Intl.AP.725650_TMY3.epw";
    let text = fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let (epw, findings) = read(&text);
    let epw = epw.unwrap_or_else(|| panic!("{findings:?}"));
    let planes = [(0.0, 0.0), (0.0, 90.0), (90.0, 90.0), (180.0, 90.0), (270.0, 90.0)]
        .map(|(azimuth, tilt)| Plane::new(azimuth, tilt));
    let mut sums = [0.0; 5];
    let step = 600.0;
    let steps = (epw.duration_s() / step) as u32;
    for index in 0..steps {
        let sky = epw.at((f64::from(index) + 0.5) * step).sky;
        for (sum, plane) in sums.iter_mut().zip(&planes) {
            *sum += sky.on_plane(plane, 0.2).total() * step / 3.6e6;
        }
    }
    let ranges = [1_663.0..1_670.0, 399.0..477.0, 1_017.0..1_068.0, 1_291.0..1_387.0, 903.0..997.0];
    for (sum, range) in sums.iter().zip(ranges) {
        assert!(range.contains(sum), "{sums:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(
        text in "(LOCATION|DATA PERIODS|GROUND TEMPERATURES|HOLIDAYS/DAYLIGHT SAVINGS|)[,0-9a-z/\\.\n\\PC]{0,200}",
    ) {
        let (epw, findings) = read(&text);
        prop_assert!(epw.is_some() || findings.iter().any(|finding| finding.severity == Severity::Error));
        prop_assert!(findings.iter().all(|finding| finding.line > 0 && finding.column > 0));
    }

    #[test]
    fn a_broken_file_does_no_harm(at in 0.0..1.0f64, length in 0usize..40, put in "[-,0-9a-zN\\./\n\\PC]{0,12}") {
        let good = file(1, false, "2/28,3/1", 58..60, plain);
        let from = (at * good.len() as f64) as usize;
        let rest = good.chars().skip(from + length);
        let broken: String = good.chars().take(from).chain(put.chars()).chain(rest).collect();
        if let (Some(epw), _) = read(&broken) {
            let weather = epw.at(40_000.0);
            prop_assert!(weather.dry_bulb_c.is_finite() && weather.sky.global_horizontal_w_m2().is_finite());
        }
    }

    #[test]
    fn any_instant_has_weather(seconds in proptest::num::f64::ANY) {
        let epw = read(&file(1, false, "1/1,1/2", 0..2, plain)).0.unwrap();
        let weather = epw.at(seconds);
        prop_assert!(weather.dry_bulb_c.is_finite() && weather.sky_temperature_c().is_finite());
        prop_assert!(weather.sky.global_horizontal_w_m2() >= 0.0);
    }
}
