//! The last change of every series, as the recorder knows it and frames keep it.

use crate::change::Change;

/// The last change of every series that has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latest {
    by_series: Vec<Option<Change>>,
    count: usize,
}

impl Latest {
    /// Takes a change. A change that was taken later but measured earlier arrived late and replaces nothing.
    pub fn take(&mut self, change: &Change) {
        let at = change.series.0 as usize;
        if self.by_series.len() <= at {
            self.by_series.resize(at + 1, None);
        }
        match &mut self.by_series[at] {
            Some(known) if change.time_us < known.time_us => {}
            None if change.until_us == cupola_run::LATE => {}
            Some(known) => *known = *change,
            place => {
                *place = Some(*change);
                self.count += 1;
            }
        }
    }

    /// Returns the number of series that have a change.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the last moment at which one of the changes was taken, in microseconds since the Unix epoch.
    pub fn taken_us(&self) -> i64 {
        self.all().map(|change| change.taken_us).max().unwrap_or_default()
    }

    /// Returns the last changes in the order of the series.
    pub fn all(&self) -> impl Iterator<Item = &Change> {
        self.by_series.iter().flatten()
    }
}
