//! The bar at the bottom: the clock of the timeline, its playback, and the position on the timeline.

use super::format;
use super::moment_field::MomentField;
use super::panel_data::PanelData;
use super::theme::{self, Colors, GAP, GROUP_GAP, ROW};
use super::top_bar::source_color;
use super::widgets::{Mark, icon_button, mark_ui, one_line, paint_mark, paint_text, primary_button, severity_mark};
use crate::action::ActionList;
use crate::look::Legend;
use crate::timeline::{MakeBranch, Play, Seek, SetSpeed, ShowPast, SourceKind, Step, StepPast};
use bevy_egui::egui::{
    self, Align, Align2, ComboBox, Layout, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, remap_clamp, vec2,
};
use cupola_history::{LogKind, PastStep};
use cupola_run::PastRecord;
use cupola_scene::document::AlarmSeverity;
use cupola_twin::zone::TimeZone;
use egui_phosphor::regular as icon;

/// Speeds to choose from, in seconds of the timeline per second of the wall clock.
const SPEEDS: [f64; 6] = [1.0, 10.0, 60.0, 600.0, 3600.0, f64::INFINITY];
const DAY_US: i64 = 86_400_000_000;

/// The part of a history that the bar shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PastRange {
    /// An hour.
    Hour,
    /// A day.
    #[default]
    Day,
    /// Seven days.
    Week,
    /// Everything.
    All,
}

impl PastRange {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Hour, "1 h"), (Self::Day, "24 h"), (Self::Week, "7 days"), (Self::All, "All")];

    /// Returns the part of a history around a moment. The parts are counted from the end, so that the last one is full.
    fn of(self, (first_us, last_us): (i64, i64), now_us: i64) -> (i64, i64) {
        let length_us = match self {
            Self::Hour => DAY_US / 24,
            Self::Day => DAY_US,
            Self::Week => 7 * DAY_US,
            Self::All => return (first_us, last_us),
        };
        if length_us >= last_us - first_us {
            return (first_us, last_us);
        }
        let parts = (last_us - now_us).max(0) / length_us;
        let end_us = last_us - parts * length_us;
        (end_us - length_us, end_us)
    }
}

/// The state of the bar that lasts from frame to frame.
#[derive(Debug, Default)]
pub struct BarState {
    /// The part of the history that a replay shows.
    pub range: PastRange,
    /// The part of the history under the pointer during a drag, which stays in place.
    dragged: Option<(i64, i64)>,
    /// The moment that is being typed.
    typed: MomentField,
}

/// The content of the bar.
pub struct TimelineBar {
    name: String,
    source: SourceKind,
    is_fork: bool,
    now_us: i64,
    playing: bool,
    speed: f64,
    in_steps: bool,
    /// The time on the wall clock, in microseconds.
    wall_us: i64,
    zone: TimeZone,
    /// The history that a replay plays.
    past: Option<PastBar>,
    /// Time since the last message of the feeds arrived, as text.
    age: Option<String>,
    stale: usize,
    missing: usize,
    alarms: Vec<(i64, AlarmSeverity)>,
}

/// The history that a replay plays.
struct PastBar {
    /// The spans in which somebody recorded, in microseconds.
    sessions: Vec<(i64, i64)>,
    /// The moments at which something else than an alarm happened, with a word for it.
    events: Vec<(i64, &'static str)>,
    /// The moments at which alarms were raised, with their severities.
    raised: Vec<(i64, AlarmSeverity)>,
}

impl PastBar {
    fn span_us(&self) -> (i64, i64) {
        (self.sessions.first().map_or(0, |session| session.0), self.sessions.last().map_or(0, |session| session.1))
    }
}

/// The greatest number of marks of a kind on the bar.
const MAX_MARKS: usize = 300;

/// Gathers the history that a replay plays, within the part that the bar shows.
fn gather_past(shown: &PanelData<'_, '_>, range: PastRange, now_us: i64) -> Option<PastBar> {
    let history = shown.history()?;
    let scene = shown.scene()?;
    let sessions = history.sessions().to_vec();
    let mut past = PastBar { sessions, events: Vec::new(), raised: Vec::new() };
    let (from_us, to_us) = range.of(past.span_us(), now_us);
    let events = history.events();
    let first = events.partition_point(|entry| entry.time_us < from_us);
    let within = events[first..].iter().take_while(|entry| entry.time_us <= to_us);
    for entry in within {
        if entry.kind == LogKind::Raised {
            let alarm = scene.alarms.iter().find(|alarm| alarm.id == entry.subject);
            past.raised.extend(alarm.map(|alarm| (entry.time_us, alarm.severity)));
        } else if matches!(entry.kind, LogKind::Command | LogKind::Edit | LogKind::Connected | LogKind::Disconnected) {
            past.events.push((entry.time_us, entry.kind.word()));
        }
    }
    // The most severe alarms are painted last, so that they are seen.
    past.raised.sort_by_key(|(_, severity)| *severity);
    let surplus = past.raised.len().saturating_sub(MAX_MARKS);
    past.raised.drain(..surplus);
    let surplus = past.events.len().saturating_sub(MAX_MARKS);
    past.events.drain(..surplus);
    Some(past)
}

/// Gathers the content of the bar, or returns `None` if no timeline is on the screen.
pub fn gather(shown: &PanelData<'_, '_>, legend: &Legend, range: PastRange) -> Option<TimelineBar> {
    let view = shown.active()?;
    let timeline = view.timeline;
    let arrival_us = view.connections.and_then(|connections| connections.inbox().counters().last_arrival_us);
    let raised = timeline.alarms().sorted(timeline.scene());
    Some(TimelineBar {
        name: timeline.name().to_string(),
        source: timeline.source(),
        is_fork: timeline.branched_from().is_some(),
        now_us: timeline.now_us(),
        zone: timeline.scene().time_zone.zone.clone(),
        playing: view.playing,
        wall_us: shown.wall.now_us(),
        speed: view.speed,
        in_steps: timeline.source() != SourceKind::Live,
        past: gather_past(shown, range, timeline.now_us()),
        age: arrival_us.map(|arrival_us| format::age_text(shown.wall.now_us().saturating_sub(arrival_us))),
        stale: legend.stale,
        missing: legend.missing,
        alarms: raised.iter().take(200).map(|(alarm, _, _, raised)| (raised.since_us, alarm.severity)).collect(),
    })
}

/// Draws the bar.
pub fn timeline_bar_ui(ui: &mut Ui, bar: &TimelineBar, state: &mut BarState, actions: &mut ActionList) {
    ui.horizontal_centered(|ui| {
        let colors = theme::colors(ui);
        ui.allocate_ui_with_layout(vec2(108.0, ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(108.0);
            mark_ui(ui, Mark::Circle, source_color(bar.source, colors));
            let word = if bar.is_fork { format::words(&bar.name) } else { bar.source.word().to_string() };
            ui.add(egui::Label::new(theme::semibold(word)).truncate());
        });
        buttons(ui, bar, actions);
        ui.add_space(GAP);
        moment_ui(ui, bar, state, actions);
        ui.add_space(GAP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let fork = primary_button(ui, &format!("{}  What-if from here", icon::GIT_BRANCH));
            if fork.on_hover_text("Branch at this moment into a timeline where you can change values (W)").clicked() {
                actions.push(MakeBranch);
            }
            ui.add_space(GROUP_GAP);
            let rest = ui.available_width();
            match (&bar.past, bar.in_steps) {
                (Some(past), _) => {
                    range_ui(ui, state);
                    let rest = ui.available_width();
                    scrubber(ui, rest, bar, past, state, actions);
                }
                (None, true) => day_strip(ui, rest, bar),
                (None, false) => live_line(ui, bar),
            }
        });
    });
}

fn buttons(ui: &mut Ui, bar: &TimelineBar, actions: &mut ActionList) {
    ui.spacing_mut().item_spacing.x = 4.0;
    let is_past = bar.past.is_some();
    let step = |step, is_next| StepPast { step, is_next };
    if is_past {
        if icon_button(ui, icon::SKIP_BACK, "Previous alarm or event ([)", false).clicked() {
            actions.push(step(PastStep::Event, false));
        }
        if icon_button(ui, icon::CARET_LEFT, "Previous change, of the selected twin if there is one (,)", false)
            .clicked()
        {
            actions.push(step(PastStep::Change, false));
        }
    }
    let (play_icon, name) = if bar.playing { (icon::PAUSE, "Pause (Space)") } else { (icon::PLAY, "Play (Space)") };
    if icon_button(ui, play_icon, name, false).clicked() {
        actions.push(Play(!bar.playing));
    }
    if is_past {
        if icon_button(ui, icon::CARET_RIGHT, "Next change, of the selected twin if there is one (.)", false).clicked()
        {
            actions.push(step(PastStep::Change, true));
        }
        if icon_button(ui, icon::SKIP_FORWARD, "Next alarm or event (])", false).clicked() {
            actions.push(step(PastStep::Event, true));
        }
    }
    ui.add_enabled_ui(bar.in_steps, |ui| {
        if !is_past && icon_button(ui, icon::SKIP_FORWARD, "Step forward (.)", false).clicked() {
            actions.push(Step);
        }
        let combo = ComboBox::from_id_salt("speed").width(84.0).selected_text(if bar.in_steps {
            format::speed_text(bar.speed)
        } else {
            "1×".into()
        });
        let response = combo.show_ui(ui, |ui| {
            for speed in SPEEDS {
                if ui.selectable_label(bar.speed == speed, format::speed_text(speed)).clicked() {
                    actions.push(SetSpeed(speed));
                }
            }
        });
        response.response.on_hover_text("Speed of the clock");
    });
    ui.spacing_mut().item_spacing.x = GAP;
}

/// Draws the age of the data and the numbers of stale and missing values, in place of a position on the timeline.
fn live_line(ui: &mut Ui, bar: &TimelineBar) {
    let mut parts = Vec::new();
    if let Some(age) = &bar.age {
        parts.push(format!("data {age} old"));
    }
    for (count, word) in [(bar.stale, "stale"), (bar.missing, "missing")] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    if parts.is_empty() {
        parts.push("no data yet".into());
    }
    ui.add(egui::Label::new(theme::muted(parts.join(" · "))).truncate());
}

/// Draws the moment on the screen. A click opens a field for another moment of the past.
fn moment_ui(ui: &mut Ui, bar: &TimelineBar, state: &mut BarState, actions: &mut ActionList) {
    let zone = format::zone_text(bar.now_us, &bar.zone);
    let text = RichText::new(format::moment(bar.now_us, &bar.zone));
    if bar.source == SourceKind::Simulated {
        ui.label(text).on_hover_text(format!("The time on this timeline ({zone})"));
        return;
    }
    let response = ui.add(egui::Button::new(text).frame_when_inactive(false));
    let response =
        response.on_hover_text(format!("The time on this timeline ({zone}). Click to go to another moment."));
    egui::Popup::menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(280.0);
        ui.label(theme::semibold("Go to a moment"));
        if let Some(moment_us) = state.typed.show(ui, response.clicked(), &bar.zone, bar.wall_us) {
            actions.push(ShowPast(moment_us));
            ui.close();
        }
    });
}

fn range_ui(ui: &mut Ui, state: &mut BarState) {
    let word = PastRange::ALL.iter().find(|(range, _)| *range == state.range).map_or("", |(_, word)| word);
    let combo = ComboBox::from_id_salt("range").width(72.0).selected_text(word);
    let response = combo.show_ui(ui, |ui| {
        for (range, word) in PastRange::ALL {
            ui.selectable_value(&mut state.range, range, word);
        }
    });
    response.response.on_hover_text("The part of the history on the bar");
}

/// Draws a slider over a part of a history. A click or a drag goes to a moment.
fn scrubber(
    ui: &mut Ui,
    width: f32,
    bar: &TimelineBar,
    past: &PastBar,
    state: &mut BarState,
    actions: &mut ActionList,
) {
    let colors = theme::colors(ui);
    let (start_us, end_us) = state.dragged.unwrap_or_else(|| state.range.of(past.span_us(), bar.now_us));
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW + 6.0), Sense::click_and_drag());
    let track = track_rect(rect);
    let span_us = (end_us - start_us).max(1) as f64;
    let x_of = |time_us: i64| {
        remap_clamp((time_us - start_us) as f64, 0.0..=span_us, f64::from(track.left())..=f64::from(track.right()))
            as f32
    };
    let moment_at = |pointer: egui::Pos2| {
        let part = remap_clamp(pointer.x, track.x_range(), 0.0..=1.0);
        start_us + (f64::from(part) * span_us) as i64
    };
    response.widget_info(|| WidgetInfo::slider(true, (bar.now_us - start_us) as f64 / 1e6, "Moment of the past"));
    state.dragged = response.is_pointer_button_down_on().then_some((start_us, end_us));
    if let Some(pointer) = response.interact_pointer_pos()
        && (response.dragged() || response.clicked())
    {
        actions.push(Seek(moment_at(pointer)));
    }
    // Only the time in which somebody recorded has a track. The rest has a thin line.
    ui.painter().hline(track.x_range(), track.center().y, Stroke::new(1.0, colors.hairline));
    for (from_us, to_us) in past.sessions.iter().filter(|(from_us, to_us)| *to_us >= start_us && *from_us <= end_us) {
        let part = track.with_min_x(x_of(*from_us)).with_max_x(x_of(*to_us).max(x_of(*from_us) + 1.0));
        ui.painter().rect_filled(part, 2.0, colors.hairline);
        let done = part.with_max_x(x_of(bar.now_us).min(part.right()));
        if done.is_positive() {
            ui.painter().rect_filled(done, 2.0, colors.accent);
        }
    }
    for (time_us, _) in &past.events {
        let x = x_of(*time_us);
        ui.painter().vline(x, (track.bottom() + 2.0)..=(track.bottom() + 7.0), Stroke::new(1.0, colors.muted));
    }
    paint_alarms(ui, track, &past.raised, &x_of, (start_us, end_us), colors);
    let is_long = end_us - start_us > 2 * DAY_US;
    let is_one_day = format::day(start_us, &bar.zone) == format::day(end_us, &bar.zone);
    let end = |time_us| match (is_long, is_one_day) {
        (true, _) => format::day(time_us, &bar.zone),
        (false, true) => format::time_of_day(time_us, &bar.zone),
        (false, false) => format::day_and_time(time_us, &bar.zone),
    };
    paint_ends(ui, rect, track, &end(start_us), &end(end_us));
    let radius = if response.hovered() || response.dragged() { 7.0 } else { 6.0 };
    let place = pos2(x_of(bar.now_us), track.center().y);
    ui.painter().circle(place, radius, colors.accent, Stroke::new(2.0, colors.panel));
    if let Some(pointer) = response.hover_pos() {
        let time_us = moment_at(pointer);
        let near = past.events.iter().filter(|(event_us, _)| (x_of(*event_us) - pointer.x).abs() < 4.0);
        let words: Vec<String> = near
            .take(3)
            .map(|(event_us, word)| format!("{} {}", format::time_of_day(*event_us, &bar.zone), format::words(word)))
            .collect();
        let is_gap = !past.sessions.iter().any(|(from_us, to_us)| (*from_us..=*to_us).contains(&time_us));
        let gap = if is_gap { "\nNobody recorded then" } else { "" };
        let events = if words.is_empty() { String::new() } else { format!("\n{}", words.join("\n")) };
        response.on_hover_text_at_pointer(format!("{}{gap}{events}", format::moment(time_us, &bar.zone)));
    }
}

/// Draws the position of a simulated clock in its local day.
fn day_strip(ui: &mut Ui, width: f32, bar: &TimelineBar) {
    let colors = theme::colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW + 6.0), Sense::hover());
    let track = track_rect(rect);
    // A day with a change of daylight saving is an hour shorter or longer, which moves only the marks of alarms.
    let local_us = bar.now_us + 1_000_000 * cupola_twin::zone::offset_s(&bar.zone, bar.now_us);
    let start_us = bar.now_us - local_us.rem_euclid(DAY_US);
    let x_of = |time_us: i64| {
        let part = (time_us - start_us) as f64 / DAY_US as f64;
        track.left() + track.width() * part.clamp(0.0, 1.0) as f32
    };
    response.widget_info(|| {
        let text = format!("Time of day {}", format::time_of_day(bar.now_us, &bar.zone));
        WidgetInfo::labeled(egui::WidgetType::ProgressIndicator, true, text)
    });
    paint_track(ui, track, x_of(bar.now_us), colors);
    for hour in [6, 12, 18] {
        let x = track.left() + track.width() * hour as f32 / 24.0;
        ui.painter().vline(x, (track.top() - 3.0)..=(track.bottom() + 3.0), Stroke::new(1.0, colors.hairline));
    }
    paint_alarms(ui, track, &bar.alarms, &x_of, (start_us, start_us + DAY_US), colors);
    paint_ends(ui, rect, track, "00:00", "24:00");
    ui.painter().circle(pos2(x_of(bar.now_us), track.center().y), 5.0, colors.accent, Stroke::new(2.0, colors.panel));
}

fn track_rect(rect: Rect) -> Rect {
    Rect::from_center_size(rect.center(), vec2((rect.width() - 168.0).max(24.0), 4.0))
}

fn paint_track(ui: &Ui, track: Rect, x: f32, colors: &Colors) {
    ui.painter().rect_filled(track, 2.0, colors.hairline);
    ui.painter().rect_filled(track.with_max_x(x.max(track.left())), 2.0, colors.accent);
}

fn paint_ends(ui: &Ui, rect: Rect, track: Rect, start: &str, end: &str) {
    let colors = theme::colors(ui);
    for (text, align, x) in
        [(start, Align2::RIGHT_CENTER, track.left() - 12.0), (end, Align2::LEFT_CENTER, track.right() + 12.0)]
    {
        let text = one_line(ui, theme::caption(text), 80.0);
        paint_text(ui, text, align, pos2(x, rect.center().y), colors.muted);
    }
}

/// Paints marks of the raised alarms at the moments at which they began.
fn paint_alarms(
    ui: &Ui,
    track: Rect,
    alarms: &[(i64, AlarmSeverity)],
    x_of: &dyn Fn(i64) -> f32,
    (start_us, end_us): (i64, i64),
    colors: &Colors,
) {
    for (since_us, severity) in alarms.iter().filter(|(since_us, _)| (start_us..=end_us).contains(since_us)) {
        let (mark, color, _) = severity_mark(*severity, colors);
        paint_mark(ui.painter(), pos2(x_of(*since_us), track.top() - 7.0), 7.0, mark, color);
    }
}
