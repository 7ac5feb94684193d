//! Schedules of a study, prepared for evaluation at every step.

use super::{Amount, Calendar, Day, Schedule, Study};
use crate::epw_dates::{Weekday, day_of_year, year_days};
use std::collections::BTreeMap;

/// Number, or row of the schedule that gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Row(usize),
}

/// All schedules of a study over a year.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Program {
    rows: BTreeMap<String, usize>,
    schedules: Vec<Yearly>,
    /// Current values.
    now: Vec<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Yearly {
    days: Vec<Day>,
    /// Index into `days` for each day of the year.
    of_day: Vec<u16>,
    interpolate: bool,
}

/// Reads `month-day` as a day of the year, from 0. Returns `None` for other text.
pub(crate) fn month_day(text: &str, leap: bool) -> Option<u32> {
    let (month, day) = text.trim().split_once(['-', '/'])?;
    let (month, day) = (month.trim().parse().ok()?, day.trim().parse().ok()?);
    let lasts = if (1..=12).contains(&month) { crate::epw_dates::days_in_month(month, leap) } else { 0 };
    (1..=lasts).contains(&day).then(|| day_of_year(month, day, leap))
}

impl Program {
    /// Prepares the schedules of a study. `new_year` is the weekday of 1 January. Unknown dates are ignored,
    /// because the check reports them.
    pub fn new(study: &Study, new_year: Weekday, leap: bool) -> Self {
        let mut program = Self::default();
        for (name, schedule) in &study.schedules {
            program.rows.insert(name.clone(), program.schedules.len());
            program.schedules.push(yearly(schedule, &study.calendar, new_year, leap));
        }
        program.now = vec![0.0; program.schedules.len()];
        program
    }

    /// Resolves an amount. An unknown schedule gives 0.
    pub fn value(&self, amount: &Amount) -> Value {
        match amount {
            Amount::Number(number) => Value::Number(*number),
            Amount::Schedule(name) => self.schedule(name),
        }
    }

    /// Resolves a schedule by name. An unknown schedule gives 0.
    pub fn schedule(&self, name: &str) -> Value {
        self.rows.get(name).map_or(Value::Number(0.0), |row| Value::Row(*row))
    }

    /// Sets the current time: an hour (0 to 24, with fractions) of a day of the year, from 0.
    pub fn go_to(&mut self, day: usize, hour: f64) {
        for (value, schedule) in self.now.iter_mut().zip(&self.schedules) {
            *value = schedule.at(day, hour);
        }
    }

    /// Returns the current value.
    pub fn at(&self, value: Value) -> f64 {
        match value {
            Value::Number(number) => number,
            Value::Row(row) => self.now[row],
        }
    }
}

fn yearly(schedule: &Schedule, calendar: &Calendar, new_year: Weekday, leap: bool) -> Yearly {
    let holidays: Vec<u32> = calendar.holidays.iter().filter_map(|day| month_day(day, leap)).collect();
    let mut yearly = Yearly { interpolate: schedule.interpolate, ..Yearly::default() };
    let mut sets = vec![schedule.kinds()];
    let mut spans = Vec::new();
    for season in &schedule.seasons {
        sets.push(season.kinds());
        spans.push((month_day(&season.from, leap), month_day(&season.to, leap)));
    }
    for set in &sets {
        let [weekday, saturday, sunday, holiday] = *set;
        let sunday = sunday.or(weekday);
        for day in [weekday, saturday.or(weekday), sunday, holiday.or(sunday)] {
            yearly.days.push(day.cloned().unwrap_or_default());
        }
    }
    for day in 0..year_days(leap) {
        let in_span = |span: &(Option<u32>, Option<u32>)| match span {
            (Some(from), Some(to)) if from <= to => (*from..=*to).contains(&day),
            (Some(from), Some(to)) => day >= *from || day <= *to,
            _ => false,
        };
        let season = spans.iter().position(in_span).map_or(0, |at| at + 1);
        let kind = match new_year.plus_days(i64::from(day)) {
            _ if holidays.contains(&day) => 3,
            Weekday::Saturday => 1,
            Weekday::Sunday => 2,
            _ => 0,
        };
        yearly.of_day.push((season * 4 + kind) as u16);
    }
    yearly
}

impl Yearly {
    fn at(&self, day: usize, hour: f64) -> f64 {
        let day_of = |day: usize| &self.days[usize::from(self.of_day[day % self.of_day.len()])];
        match day_of(day) {
            Day::Always(value) => *value,
            Day::Hours(values) if values.is_empty() => 0.0,
            Day::Hours(values) => {
                let position = hour / 24.0 * values.len() as f64;
                let at = (position as usize).min(values.len() - 1);
                if !self.interpolate {
                    return values[at];
                }
                let next = values.get(at + 1).copied().unwrap_or_else(|| self.at(day + 1, 0.0));
                values[at] + (position - at as f64).clamp(0.0, 1.0) * (next - values[at])
            }
            Day::From(pairs) => {
                let Some(after) = pairs.iter().position(|(from, _)| *from > hour) else {
                    return pairs.last().map_or(0.0, |(_, value)| *value);
                };
                // Before the first entry of the day, the last entry applies.
                let before = if after == 0 { pairs[pairs.len() - 1] } else { pairs[after - 1] };
                if !self.interpolate || after == 0 {
                    return before.1;
                }
                let (from, to) = (before, pairs[after]);
                from.1 + (hour - from.0) / (to.0 - from.0).max(1e-9) * (to.1 - from.1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(schedule: Schedule, holidays: &[&str]) -> Program {
        let mut study = Study::default();
        study.schedules.insert("s".into(), schedule);
        study.calendar.holidays = holidays.iter().map(|day| (*day).to_string()).collect();
        Program::new(&study, Weekday::Thursday, false)
    }

    fn at(program: &mut Program, day: usize, hour: f64) -> f64 {
        program.go_to(day, hour);
        program.at(program.schedule("s"))
    }

    #[test]
    fn days_and_hours() {
        let setback = Schedule { days: Day::From(vec![(7.0, 20.0), (23.0, 10.0)]), ..Schedule::default() };
        let mut setback = program(setback, &[]);
        for (hour, expected) in [(0.0, 10.0), (6.99, 10.0), (7.0, 20.0), (22.9, 20.0), (23.0, 10.0)] {
            assert_eq!(at(&mut setback, 3, hour), expected, "{hour}");
        }
        let weekly = Schedule {
            days: Day::Hours((0..24).map(f64::from).collect()),
            saturday: Some(Day::Always(-1.0)),
            holiday: Some(Day::Always(-3.0)),
            seasons: vec![Season {
                from: "12-15".into(),
                to: "01-10".into(),
                days: Day::Always(7.0),
                saturday: None,
                sunday: None,
                holiday: None,
            }],
            ..Schedule::default()
        };
        let mut weekly = program(weekly, &["02-02"]);
        assert_eq!(at(&mut weekly, 2, 5.5), 7.0, "a Saturday of the season");
        assert_eq!(at(&mut weekly, 14, 5.5), 5.0, "the 15th, a Thursday");
        assert_eq!(at(&mut weekly, 16, 5.5), -1.0, "the 17th, a Saturday");
        assert_eq!(at(&mut weekly, 17, 23.9), 23.0, "Sundays are as all days");
        assert_eq!(at(&mut weekly, 32, 1.0), -3.0, "a holiday");
    }

    use super::super::Season;

    #[test]
    fn lines_between_values() {
        let ramp = Schedule {
            days: Day::From(vec![(0.0, 10.0), (7.0, 10.0), (8.0, 20.0)]),
            interpolate: true,
            ..Schedule::default()
        };
        assert_eq!(at(&mut program(ramp, &[]), 0, 7.5), 15.0);
        let hours = Schedule { days: Day::Hours(vec![0.0, 24.0]), interpolate: true, ..Schedule::default() };
        assert_eq!(at(&mut program(hours, &[]), 0, 18.0), 12.0);
    }
}
