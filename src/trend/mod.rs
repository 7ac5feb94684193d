//! Trends: the past of properties as lines over time. The settings are changed by an action, a thread reads the history,
//! and a panel draws the result.

mod axis;
mod export;
mod lines;
mod load;
mod recall;

pub use axis::{TimeMark, time_marks};
pub use export::{TrendFormat, write_trends};
pub use lines::{TrendData, TrendEvent, TrendLine, TrendSegment};
pub use load::Trends;

use crate::action::{Action, ActionResult};
use crate::notice::{NoticeLevel, Notices};
use crate::screen::TrendArea;
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use cupola_run::Actor;
use cupola_twin::zone::{TimeZone, local_text, time_of_local};
use std::path::PathBuf;

/// The length of a day, in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// The span of time that trends show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendSpan {
    /// A duration before now, in microseconds.
    Last(i64),
    /// Since local midnight.
    Today,
    /// Since midnight at the beginning of Monday.
    Week,
    /// From one moment to another, in microseconds since the Unix epoch.
    Between(i64, i64),
}

impl TrendSpan {
    /// The spans to choose from, with their names.
    pub const CHOICES: [(Self, &'static str); 7] = [
        (Self::Last(DAY_US / 24), "Last hour"),
        (Self::Last(DAY_US / 4), "Last 6 hours"),
        (Self::Last(DAY_US), "Last 24 hours"),
        (Self::Today, "Today"),
        (Self::Last(7 * DAY_US), "Last 7 days"),
        (Self::Week, "Since Monday"),
        (Self::Last(30 * DAY_US), "Last 30 days"),
    ];

    /// Returns the name on the screen.
    pub fn name(self) -> &'static str {
        Self::CHOICES.iter().find(|(span, _)| *span == self).map_or("Chosen span", |(_, name)| name)
    }

    /// Returns the first and the last moment, in microseconds since the Unix epoch.
    pub fn range(self, now_us: i64, zone: &TimeZone) -> (i64, i64) {
        let midnight = |time_us: i64| {
            let local = local_text(time_us, zone);
            let day = local.split('T').next().unwrap_or_default();
            time_of_local(&format!("{day}T00:00"), zone).unwrap_or(time_us)
        };
        match self {
            Self::Last(length_us) => (now_us - length_us, now_us),
            Self::Today => (midnight(now_us), now_us),
            Self::Week => {
                let offset_us = cupola_twin::zone::offset_s(zone, now_us) * 1_000_000;
                // 1970-01-01 was a Thursday.
                let weekday = ((now_us + offset_us).div_euclid(DAY_US) + 3).rem_euclid(7);
                // Midday is on the right day, also where daylight saving changes.
                let midday_us = midnight(now_us) + DAY_US / 2 - weekday * DAY_US;
                (midnight(midday_us), now_us)
            }
            Self::Between(from_us, to_us) => (from_us, to_us),
        }
    }
}

/// An earlier time whose lines are laid under those of the span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrendCompare {
    /// None.
    #[default]
    Nothing,
    /// The day before.
    Day,
    /// The week before.
    Week,
}

impl TrendCompare {
    /// The choices, with their names.
    pub const CHOICES: [(Self, &'static str); 3] =
        [(Self::Nothing, "No comparison"), (Self::Day, "With the day before"), (Self::Week, "With the week before")];

    /// Returns the number of days before.
    pub fn days(self) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::Day => 1,
            Self::Week => 7,
        }
    }
}

/// The settings of the trends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendSettings {
    /// Whether the panel is open.
    pub is_open: bool,
    /// The properties, by name: `TWIN.PROPERTY`.
    pub names: Vec<String>,
    /// The span.
    pub span: TrendSpan,
    /// The earlier time that is laid under the span.
    pub compare: TrendCompare,
    /// Whether the set-points of a property are drawn.
    pub setpoints: bool,
    /// Whether alarms and commands are marked.
    pub events: bool,
}

impl Default for TrendSettings {
    fn default() -> Self {
        Self {
            is_open: false,
            names: Vec::new(),
            span: TrendSpan::Last(DAY_US),
            compare: TrendCompare::Nothing,
            setpoints: true,
            events: true,
        }
    }
}

/// The largest number of lines.
pub const MAX_LINES: usize = 12;

/// The action that changes the settings of the trends.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeTrends(pub TrendSettings);

impl Action for ChangeTrends {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let mut trends = world.resource_mut::<Trends>();
        if trends.settings != self.0 {
            trends.settings = self.0;
        }
        Ok(None)
    }
}

/// The action that adds a property to the trends, by name, or removes it. It opens the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct ToggleTrend(pub String);

impl Action for ToggleTrend {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        let scene = world.resource::<crate::timeline::OpenScene>().0.clone();
        let slot = scene.topology.slot_named(&self.0).map_err(|unknown| unknown.to_string())?;
        let kind = scene.topology.column(slot.column).kind;
        if !kind.is_numeric() && kind != cupola_twin::Kind::Bool {
            return Err(format!("`{}` has no numbers, so it has no trend", self.0));
        }
        let settings = &mut world.resource_mut::<Trends>().settings;
        let was_open = std::mem::replace(&mut settings.is_open, true);
        if settings.names.contains(&self.0) {
            // A click on a property opens a closed panel with it.
            if was_open {
                settings.names.retain(|name| *name != self.0);
            }
        } else if settings.names.len() >= MAX_LINES {
            return Err(format!("the trends show at most {MAX_LINES} properties: remove one"));
        } else {
            settings.names.push(self.0);
        }
        Ok(None)
    }
}

/// The action that writes the trends on the screen into a file. Its name ends with `.csv`, `.svg` or `.png`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportTrends(pub PathBuf);

impl Action for ExportTrends {
    fn apply(self: Box<Self>, world: &mut World, _: &Actor) -> ActionResult {
        if TrendFormat::of(&self.0) == Some(TrendFormat::Png) {
            let area = world.get_resource::<TrendArea>().and_then(|area| area.0).ok_or("the trends are not open")?;
            let shot = world.spawn(Screenshot::primary_window()).id();
            world.entity_mut(shot).observe(move |shot: On<ScreenshotCaptured>, mut notices: ResMut<Notices>| {
                let (level, text) = match crate::screen::save_part(shot.image.clone(), area, &self.0) {
                    Ok(()) => (NoticeLevel::Good, format!("Wrote {}", self.0.display())),
                    Err(why) => (NoticeLevel::Error, why),
                };
                notices.push(level, text);
            });
            return Ok(None);
        }
        let zone = world.resource::<crate::timeline::OpenScene>().0.time_zone.zone.clone();
        let trends = world.resource::<Trends>();
        let data = trends.data().ok_or("there are no trends to write yet")?;
        write_trends(&self.0, data, trends.view(), &zone)?;
        Ok(Some(format!("Wrote {}", self.0.display())))
    }
}

/// The plugin that reads the trends.
pub struct TrendPlugin;

impl Plugin for TrendPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Trends>().add_systems(Update, (load::load, recall::recall));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::zone;

    #[test]
    fn spans_begin_at_local_midnight_and_on_monday() {
        let berlin = zone::find("Europe/Berlin").expect("a zone");
        let at = |text: &str| time_of_local(text, &berlin).expect("a time");
        // Daylight saving began on Sunday 29 March 2026.
        for (now, span, wanted) in [
            ("2026-03-30T10:00", TrendSpan::Today, "2026-03-30T00:00"),
            ("2026-03-30T10:00", TrendSpan::Week, "2026-03-30T00:00"),
            ("2026-03-29T23:30", TrendSpan::Week, "2026-03-23T00:00"),
            ("2026-04-01T00:10", TrendSpan::Week, "2026-03-30T00:00"),
            ("2026-03-29T10:00", TrendSpan::Today, "2026-03-29T00:00"),
        ] {
            assert_eq!(span.range(at(now), &berlin), (at(wanted), at(now)), "{now} {span:?}");
        }
    }
}
