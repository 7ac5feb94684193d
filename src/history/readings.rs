//! The readings of an imported property: where their values end, and where there is a gap.

use cupola_history::{ImportedValue, SeriesIx};

/// The readings of a property so far.
pub(super) struct Readings {
    pub series: SeriesIx,
    /// The usual interval, in microseconds.
    pub usual_us: Option<i64>,
    /// The time without a reading after which the value is unknown, in microseconds.
    pub gap_us: Option<i64>,
    /// The latest end of a value, in microseconds since the Unix epoch.
    pub end_us: i64,
    pub last_us: Option<i64>,
    /// Whether the last reading has a value.
    pub has_value: bool,
}

impl Readings {
    /// Returns the values for a reading: it itself, and the beginning of a gap before it. Only the first of several readings
    /// without a value counts.
    pub fn take(&mut self, time_us: i64, lane: Option<f64>) -> Vec<ImportedValue> {
        let series = self.series;
        let mut values = Vec::new();
        let is_gap = self.last_us.zip(self.gap_us).is_some_and(|(last_us, gap_us)| time_us - last_us > gap_us);
        if is_gap && self.has_value {
            values.extend(self.end());
            self.has_value = false;
        }
        match lane {
            Some(lane) => values.push(ImportedValue { series, time_us, lane }),
            None if self.has_value => values.push(ImportedValue { series, time_us, lane: f64::NAN }),
            None => {}
        }
        (self.last_us, self.has_value) = (Some(time_us), lane.is_some());
        values
    }

    /// Returns the end of the last value: one usual interval after its reading. A single reading holds for a moment.
    pub fn end(&self) -> Option<ImportedValue> {
        let last_us = self.last_us.filter(|_| self.has_value)?;
        let holds_us = [self.usual_us, self.gap_us].into_iter().flatten().min().unwrap_or(1);
        let time_us = (last_us + holds_us).min(self.end_us);
        (time_us > last_us).then_some(ImportedValue { series: self.series, time_us, lane: f64::NAN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_end_one_interval_after_the_last_reading() {
        let mut readings = Readings {
            series: SeriesIx(0),
            usual_us: Some(10),
            gap_us: Some(30),
            end_us: 105,
            last_us: None,
            has_value: false,
        };
        let mut all = Vec::new();
        for (time_us, lane) in
            [(0, Some(1.0)), (10, Some(2.0)), (20, None), (30, None), (40, Some(3.0)), (100, Some(4.0))]
        {
            all.extend(readings.take(time_us, lane));
        }
        all.extend(readings.end());
        let shown: Vec<(i64, Option<i64>)> =
            all.iter().map(|value| (value.time_us, (!value.lane.is_nan()).then_some(value.lane as i64))).collect();
        let wanted = [(0, Some(1)), (10, Some(2)), (20, None), (40, Some(3)), (50, None), (100, Some(4)), (105, None)];
        assert_eq!(shown, wanted);
    }
}
