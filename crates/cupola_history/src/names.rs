//! The series and texts of a history, by number and by name.

use crate::change::{Series, SeriesIx, TextIx};
use std::collections::HashMap;
use std::sync::Arc;

/// The series and texts of a history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    series: Vec<Series>,
    by_series: HashMap<Series, SeriesIx>,
    texts: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, TextIx>,
}

impl Names {
    pub fn new(series: Vec<Series>, texts: Vec<String>) -> Self {
        let mut names = Self::default();
        for series in series {
            names.add_series(series);
        }
        for text in texts {
            names.add_text(text.into());
        }
        names
    }

    fn add_series(&mut self, series: Series) -> SeriesIx {
        let ix = SeriesIx(self.series.len() as u32);
        self.by_series.insert(series.clone(), ix);
        self.series.push(series);
        ix
    }

    fn add_text(&mut self, text: Arc<str>) -> TextIx {
        self.texts.push(text.clone());
        let ix = TextIx(self.texts.len() as u32);
        self.by_text.insert(text, ix);
        ix
    }

    /// Returns the number of a series that is known.
    pub fn series_ix(&self, series: &Series) -> Option<SeriesIx> {
        self.by_series.get(series).copied()
    }

    /// Returns the number of a series, and whether it is new.
    pub fn series(&mut self, series: &Series) -> (SeriesIx, bool) {
        match self.by_series.get(series) {
            Some(ix) => (*ix, false),
            None => (self.add_series(series.clone()), true),
        }
    }

    /// Returns the number of a text, and whether it is new. The empty text has number 0.
    pub fn text(&mut self, text: &str) -> (TextIx, bool) {
        match self.by_text.get(text) {
            _ if text.is_empty() => (TextIx::default(), false),
            Some(ix) => (*ix, false),
            None => (self.add_text(text.into()), true),
        }
    }

    pub fn all_series(&self) -> &[Series] {
        &self.series
    }

    pub fn all_texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    /// Returns the number of a text that is known.
    pub fn text_ix(&self, text: &str) -> Option<TextIx> {
        self.by_text.get(text).copied()
    }

    /// Returns a text by its number, or an empty text.
    pub fn text_of(&self, ix: TextIx) -> &str {
        (ix.0 as usize).checked_sub(1).and_then(|at| self.texts.get(at)).map_or("", |text| text)
    }
}
