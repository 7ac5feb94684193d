//! Dates in the notation of weather files, and their weekdays.

use serde::{Deserialize, Serialize};

/// Number of days before each month in a common year, and the length of the year.
const DAYS_BEFORE: [u32; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// Reads an English weekday name, or at least its first three letters, in any case.
    pub fn read(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase();
        let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let index = full.iter().position(|day| name.len() >= 3 && day.starts_with(&name))?;
        Self::ALL.get(index).copied()
    }

    /// Returns the number of days since Monday, 0 to 6.
    pub fn since_monday(self) -> u32 {
        self as u32
    }

    /// Returns the weekday a number of days later. A negative number gives an earlier day.
    pub fn plus_days(self, days: i64) -> Self {
        let index = (i64::from(self.since_monday()) + days.rem_euclid(7)).rem_euclid(7);
        Self::ALL[index as usize]
    }
}

/// A date that recurs every year (EnergyPlus Auxiliary Programs, EPW data dictionary, date fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearlyDate {
    /// A day of a month.
    Day {
        /// Month, 1 to 12.
        month: u32,
        /// Day of the month, from 1 on.
        day: u32,
    },
    /// Weekday of a month, such as the second Sunday of March.
    Weekday {
        /// Ordinal within the month, 1 to 4, or 5 for the last.
        ordinal: u32,
        /// Weekday.
        weekday: Weekday,
        /// Month, 1 to 12.
        month: u32,
    },
}

impl YearlyDate {
    /// Reads `7/4`, `7/4/2020`, `4 July`, `July 4`, `2nd Sunday in March` or `Last Sunday in October`.
    /// Returns `None` for other text.
    pub fn read(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        if lower.contains('/') {
            let mut parts = lower.split('/').map(|part| part.trim().parse::<u32>().ok());
            return day_of_month(parts.next()??, parts.next()??);
        }
        let words: Vec<&str> =
            lower.split([' ', ',', '-']).filter(|word| !matches!(*word, "" | "in" | "of" | "the")).collect();
        match words[..] {
            [first, second] => match (month_of(first), month_of(second)) {
                (Some(month), None) => day_of_month(month, second.parse().ok()?),
                (None, Some(month)) => day_of_month(month, first.parse().ok()?),
                _ => None,
            },
            [ordinal, weekday, month] => {
                let ordinal = match ordinal {
                    "1" | "1st" | "first" => 1,
                    "2" | "2nd" | "second" => 2,
                    "3" | "3rd" | "third" => 3,
                    "4" | "4th" | "fourth" => 4,
                    "5" | "5th" | "fifth" | "last" => 5,
                    _ => return None,
                };
                Some(Self::Weekday { ordinal, weekday: Weekday::read(weekday)?, month: month_of(month)? })
            }
            _ => None,
        }
    }

    /// Returns the day of the year, 0 on 1 January, in a year that starts on the weekday `new_year`. In a
    /// common year 29 February counts as 1 March.
    pub fn day_of_year(&self, leap: bool, new_year: Weekday) -> u32 {
        match *self {
            Self::Day { month, day } => day_of_year(month, day, leap),
            Self::Weekday { ordinal, weekday, month } => {
                let first = day_of_year(month, 1, leap);
                let falls_on = new_year.plus_days(i64::from(first)).since_monday();
                let offset = (7 + weekday.since_monday() - falls_on) % 7 + 7 * (ordinal.clamp(1, 5) - 1);
                let in_month = days_in_month(month, leap);
                first + if offset < in_month { offset } else { offset - 7 }
            }
        }
    }
}

/// Returns the number of days in a month. Months outside 1 to 12 are clamped.
pub fn days_in_month(month: u32, leap: bool) -> u32 {
    let index = month.clamp(1, 12) as usize;
    DAYS_BEFORE[index] - DAYS_BEFORE[index - 1] + u32::from(leap && index == 2)
}

/// Returns the day of the year, 0 on 1 January, from month (1 to 12) and day of the month.
pub fn day_of_year(month: u32, day: u32, leap: bool) -> u32 {
    let index = month.clamp(1, 12) as usize;
    DAYS_BEFORE[index - 1] + u32::from(leap && index > 2) + day.clamp(1, 31) - 1
}

/// Returns whether a year of the Gregorian calendar has a 29 February.
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Returns the year and the day of the year, 0 on 1 January, of a day counted from 1 January 1970 in the Gregorian
/// calendar.
pub fn year_and_day(days: i64) -> (i32, u32) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    // Days from 1 January of year 0, a leap year, to 1 January 1970.
    const YEAR_0_TO_1970: i64 = 719_528;
    let since = days.saturating_add(YEAR_0_TO_1970);
    let (cycle, day) = (since.div_euclid(DAYS_OF_400_YEARS), since.rem_euclid(DAYS_OF_400_YEARS));
    let first_day = |year: i64| 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    // The quotient is at most one year too early.
    let year = day / 366;
    let year = if first_day(year + 1) <= day { year + 1 } else { year };
    ((cycle * 400 + year) as i32, (day - first_day(year)) as u32)
}

/// Returns the number of days in a year.
pub fn year_days(leap: bool) -> u32 {
    365 + u32::from(leap)
}

/// Returns month and day of the month, both from 1, of a day of the year (0 on 1 January). Days past the end
/// of the year wrap around.
pub fn month_and_day(day: u32, leap: bool) -> (u32, u32) {
    let mut left = day % year_days(leap);
    for month in 1..12 {
        let length = days_in_month(month, leap);
        if left < length {
            return (month, left + 1);
        }
        left -= length;
    }
    (12, left + 1)
}

fn day_of_month(month: u32, day: u32) -> Option<YearlyDate> {
    let fits = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(month, true);
    fits.then_some(YearlyDate::Day { month, day })
}

fn month_of(word: &str) -> Option<u32> {
    let start = word.get(..3)?;
    MONTHS.iter().position(|month| *month == start).map(|index| index as u32 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_files_hold() {
        let day = |month, day| Some(YearlyDate::Day { month, day });
        assert_eq!(YearlyDate::read(" 1/ 1"), day(1, 1));
        assert_eq!(YearlyDate::read("12/31/2019"), day(12, 31));
        assert_eq!(YearlyDate::read("4 July"), day(7, 4));
        assert_eq!(YearlyDate::read("July 4"), day(7, 4));
        assert_eq!(YearlyDate::read("13/1"), None);
        assert_eq!(YearlyDate::read("2/30"), None);
        assert_eq!(YearlyDate::read("0"), None);
        let last = YearlyDate::Weekday { ordinal: 5, weekday: Weekday::Sunday, month: 10 };
        assert_eq!(YearlyDate::read("Last Sunday In October"), Some(last));
    }

    #[test]
    fn days_have_years() {
        let cases = [
            (0, (1970, 0)),
            (-1, (1969, 364)),
            (364, (1970, 364)),
            (365, (1971, 0)),
            (789, (1972, 59)),
            (1_095, (1972, 365)),
            (1_096, (1973, 0)),
            (11_016, (2000, 59)),
            (11_322, (2000, 365)),
            (11_323, (2001, 0)),
            (47_541, (2100, 59)),
            (47_846, (2100, 364)),
            (-719_528, (0, 0)),
        ];
        for (days, expected) in cases {
            assert_eq!(year_and_day(days), expected, "{days}");
        }
        let (mut year, mut day) = year_and_day(-200_000);
        for days in -199_999..200_000 {
            day += 1;
            if day == year_days(is_leap(year)) {
                (year, day) = (year + 1, 0);
            }
            assert_eq!(year_and_day(days), (year, day), "{days}");
        }
    }

    #[test]
    fn weekdays_fall_where_the_calendar_has_them() {
        // 2023 began on a Sunday. The second Sunday of March was the 12th, the last Sunday of October the
        // 29th.
        let date = YearlyDate::read("2nd Sunday in March").unwrap();
        assert_eq!(month_and_day(date.day_of_year(false, Weekday::Sunday), false), (3, 12));
        let date = YearlyDate::read("Last Sunday in October").unwrap();
        assert_eq!(month_and_day(date.day_of_year(false, Weekday::Sunday), false), (10, 29));
        // 2024, a leap year, began on a Monday. The last Thursday of February was the 29th.
        let date = YearlyDate::read("Last Thursday in February").unwrap();
        assert_eq!(month_and_day(date.day_of_year(true, Weekday::Monday), true), (2, 29));
    }

    proptest! {
        #[test]
        fn days_there_and_back(day in 0u32..365, leap: bool) {
            let (month, in_month) = month_and_day(day, leap);
            prop_assert_eq!(day_of_year(month, in_month, leap), day);
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC*", days: i64) {
            if let Some(date) = YearlyDate::read(&text) {
                prop_assert!(date.day_of_year(false, Weekday::Friday.plus_days(days)) < 366);
            }
        }
    }
}
