//! The bar at the bottom: the clock of the timeline, its playback, and the position on the timeline.

use super::format;
use super::panel_data::PanelData;
use super::theme::{self, Colors, GAP, GROUP_GAP, ROW};
use super::top_bar::source_color;
use super::widgets::{Mark, icon_button, mark_ui, one_line, paint_mark, paint_text, primary_button, severity_mark};
use crate::action::ActionList;
use crate::look::Legend;
use crate::timeline::{MakeBranch, Play, Seek, SetSpeed, SourceKind, Step};
use bevy_egui::egui::{
    self, Align, Align2, ComboBox, Layout, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, remap_clamp, vec2,
};
use cupola_scene::document::AlarmSeverity;
use cupola_twin::zone::TimeZone;
use egui_phosphor::regular as icon;

/// Speeds to choose from, in seconds of the timeline per second of the wall clock.
const SPEEDS: [f64; 6] = [1.0, 10.0, 60.0, 600.0, 3600.0, f64::INFINITY];
const DAY_US: i64 = 86_400_000_000;

/// The content of the bar.
pub struct TimelineBar {
    name: String,
    source: SourceKind,
    is_fork: bool,
    now_us: i64,
    playing: bool,
    speed: f64,
    in_steps: bool,
    zone: TimeZone,
    /// The first and the last moment of a replay, in microseconds.
    span_us: Option<(i64, i64)>,
    /// Time since the last message of the feeds arrived, as text.
    age: Option<String>,
    stale: usize,
    missing: usize,
    alarms: Vec<(i64, AlarmSeverity)>,
}

/// Gathers the content of the bar, or returns `None` if no timeline is on the screen.
pub fn gather(shown: &PanelData<'_, '_>, legend: &Legend) -> Option<TimelineBar> {
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
        speed: view.speed,
        in_steps: timeline.source() != SourceKind::Live,
        span_us: timeline.replay_span_us(),
        age: arrival_us.map(|arrival_us| format::age_text(shown.wall.now_us().saturating_sub(arrival_us))),
        stale: legend.stale,
        missing: legend.missing,
        alarms: raised.iter().take(200).map(|(alarm, _, _, raised)| (raised.since_us, alarm.severity)).collect(),
    })
}

/// Draws the bar.
pub fn timeline_bar_ui(ui: &mut Ui, bar: &TimelineBar, actions: &mut ActionList) {
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
        let zone = format::zone_text(bar.now_us, &bar.zone);
        let time = ui.label(RichText::new(format::moment(bar.now_us, &bar.zone)));
        time.on_hover_text(format!("The time on this timeline ({zone})"));
        ui.add_space(GAP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let fork = primary_button(ui, &format!("{}  What-if from here", icon::GIT_BRANCH));
            if fork.on_hover_text("Branch at this moment into a timeline where you can change values (W)").clicked() {
                actions.push(MakeBranch);
            }
            ui.add_space(GROUP_GAP);
            let rest = ui.available_width();
            match (bar.span_us, bar.in_steps) {
                (Some(span_us), _) => scrubber(ui, rest, bar, span_us, actions),
                (None, true) => day_strip(ui, rest, bar),
                (None, false) => live_line(ui, bar),
            }
        });
    });
}

fn buttons(ui: &mut Ui, bar: &TimelineBar, actions: &mut ActionList) {
    ui.spacing_mut().item_spacing.x = 4.0;
    if let Some((start_us, _)) = bar.span_us
        && icon_button(ui, icon::SKIP_BACK, "Go to the start", false).clicked()
    {
        actions.push(Seek(start_us));
    }
    let (play_icon, name) = if bar.playing { (icon::PAUSE, "Pause (Space)") } else { (icon::PLAY, "Play (Space)") };
    if icon_button(ui, play_icon, name, false).clicked() {
        actions.push(Play(!bar.playing));
    }
    ui.add_enabled_ui(bar.in_steps, |ui| {
        if icon_button(ui, icon::SKIP_FORWARD, "Step forward (.)", false).clicked() {
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

/// Draws a slider from the first to the last moment of a recording. A click or a drag goes to a moment.
fn scrubber(ui: &mut Ui, width: f32, bar: &TimelineBar, (start_us, end_us): (i64, i64), actions: &mut ActionList) {
    let colors = theme::colors(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW + 6.0), Sense::click_and_drag());
    let track = track_rect(rect);
    let span_us = (end_us - start_us).max(1) as f64;
    let x_of = |time_us: i64| {
        remap_clamp((time_us - start_us) as f64, 0.0..=span_us, f64::from(track.left())..=f64::from(track.right()))
            as f32
    };
    response.widget_info(|| WidgetInfo::slider(true, (bar.now_us - start_us) as f64 / 1e6, "Moment of the recording"));
    if let Some(pointer) = response.interact_pointer_pos()
        && (response.dragged() || response.clicked())
    {
        let part = remap_clamp(pointer.x, track.x_range(), 0.0..=1.0);
        actions.push(Seek(start_us + (f64::from(part) * span_us) as i64));
    }
    paint_track(ui, track, x_of(bar.now_us), colors);
    paint_alarms(ui, track, bar, &x_of, (start_us, end_us), colors);
    paint_ends(ui, rect, track, &format::time_of_day(start_us, &bar.zone), &format::time_of_day(end_us, &bar.zone));
    let radius = if response.hovered() || response.dragged() { 7.0 } else { 6.0 };
    ui.painter().circle(
        pos2(x_of(bar.now_us), track.center().y),
        radius,
        colors.accent,
        Stroke::new(2.0, colors.panel),
    );
    if let Some(pointer) = response.hover_pos() {
        let part = f64::from(remap_clamp(pointer.x, track.x_range(), 0.0..=1.0));
        let time_us = start_us + (part * span_us) as i64;
        response.on_hover_text_at_pointer(format::moment(time_us, &bar.zone));
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
    paint_alarms(ui, track, bar, &x_of, (start_us, start_us + DAY_US), colors);
    paint_ends(ui, rect, track, "00:00", "24:00");
    ui.painter().circle(pos2(x_of(bar.now_us), track.center().y), 5.0, colors.accent, Stroke::new(2.0, colors.panel));
}

fn track_rect(rect: Rect) -> Rect {
    Rect::from_center_size(rect.center(), vec2((rect.width() - 136.0).max(24.0), 4.0))
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
        let text = one_line(ui, theme::caption(text), 64.0);
        paint_text(ui, text, align, pos2(x, rect.center().y), colors.muted);
    }
}

/// Paints marks of the raised alarms at the moments at which they began.
fn paint_alarms(
    ui: &Ui,
    track: Rect,
    bar: &TimelineBar,
    x_of: &dyn Fn(i64) -> f32,
    (start_us, end_us): (i64, i64),
    colors: &Colors,
) {
    for (since_us, severity) in bar.alarms.iter().filter(|(since_us, _)| (start_us..=end_us).contains(since_us)) {
        let (mark, color, _) = severity_mark(*severity, colors);
        paint_mark(ui.painter(), pos2(x_of(*since_us), track.top() - 7.0), 7.0, mark, color);
    }
}
