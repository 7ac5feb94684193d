//! Trends as files: values as CSV, and a picture as SVG.

use super::lines::{TrendData, TrendLine, TrendSegment};
use crate::twin::number_text;
use cupola_twin::zone::{TimeZone, local_text};
use std::fmt::Write;
use std::path::Path;

/// The format of a file of trends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendFormat {
    /// A row for each value.
    Csv,
    /// A drawing with lines.
    Svg,
    /// A picture of the panel.
    Png,
}

impl TrendFormat {
    /// Returns the end of file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// Returns the format that the end of a file name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }
}

/// Writes the part of trends within a span into a file, as the end of its name asks for.
///
/// # Errors
/// The end of the name is of no format, or the file can't be written.
pub fn write_trends(path: &Path, data: &TrendData, view: (i64, i64), zone: &TimeZone) -> Result<(), String> {
    let text = match TrendFormat::of(path) {
        Some(TrendFormat::Csv) => csv(data, view, zone)?,
        Some(TrendFormat::Svg) => svg(data, view, zone),
        Some(TrendFormat::Png) | None => {
            return Err(format!("{}: the name must end with .csv or .svg", path.display()));
        }
    };
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Returns the points of a line within a span: number, time and value. A step that reaches over an end of the span is cut
/// there.
fn within(segment: &TrendSegment, (from_us, to_us): (i64, i64)) -> impl Iterator<Item = (usize, i64, f64)> + '_ {
    let points = segment.points.iter().map(|[second, value]| ((second * 1e6).round() as i64, *value));
    let is_step = segment.bounds.is_empty();
    let reaches = segment.points.last().is_some_and(|[second, _]| second * 1e6 >= from_us as f64);
    let before = points.clone().enumerate().take_while(move |(_, (time_us, _))| *time_us < from_us).last();
    let first = before.filter(|_| is_step && reaches).map(|(at, (_, value))| (at, from_us, value));
    let inside = points.enumerate().map(|(at, (time_us, value))| (at, time_us, value));
    let inside = inside.skip_while(move |(_, time_us, _)| *time_us < from_us);
    let cut = inside.map(move |(at, time_us, value)| (at, if is_step { time_us.min(to_us) } else { time_us }, value));
    // A step that begins within the span and ends after it has its end at the end of the span.
    let mut is_over = false;
    first.into_iter().chain(cut.take_while(move |(_, time_us, _)| {
        let goes_on = !is_over && *time_us <= to_us;
        is_over = *time_us >= to_us;
        goes_on
    }))
}

fn csv(data: &TrendData, view: (i64, i64), zone: &TimeZone) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fail = |error: csv::Error| error.to_string();
    writer.write_record(["time", "property", "value", "least", "greatest", "unit"]).map_err(fail)?;
    for line in &data.lines {
        for segment in &line.segments {
            let mut last = None;
            for (at, time_us, value) in within(segment, view) {
                let bounds = segment.bounds.get(at);
                // The end of a step that repeats the value is no value of its own.
                if bounds.is_none() && at % 2 == 1 && last == Some(value) {
                    continue;
                }
                last = Some(value);
                let bound = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
                let row = [
                    local_text(time_us, zone),
                    line.name.clone(),
                    value.to_string(),
                    bound(bounds.map(|bounds| bounds[0])),
                    bound(bounds.map(|bounds| bounds[1])),
                    line.unit.clone(),
                ];
                writer.write_record(&row).map_err(fail)?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The colours of lines on white. They can be told apart with colour vision deficiency (Okabe and Ito 2008).
const LINE_COLORS: [&str; 8] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6B4C9A", "#7F7F7F"];
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const PLOT_HEIGHT: f64 = 240.0;
const GAP: f64 = 64.0;

/// Returns a picture with one diagram for each unit.
fn svg(data: &TrendData, view: (i64, i64), zone: &TimeZone) -> String {
    let mut units: Vec<&str> = Vec::new();
    for line in &data.lines {
        if !units.contains(&line.unit.as_str()) {
            units.push(&line.unit);
        }
    }
    let height = 40.0 + units.len() as f64 * (PLOT_HEIGHT + GAP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (number, unit) in units.iter().enumerate() {
        let lines: Vec<(usize, &TrendLine)> =
            data.lines.iter().enumerate().filter(|(_, line)| line.unit == **unit).collect();
        diagram(&mut out, 40.0 + number as f64 * (PLOT_HEIGHT + GAP), unit, &lines, data, view, zone);
    }
    out.push_str("</svg>\n");
    out
}

fn diagram(
    out: &mut String,
    top: f64,
    unit: &str,
    lines: &[(usize, &TrendLine)],
    data: &TrendData,
    view: (i64, i64),
    zone: &TimeZone,
) {
    let (from_us, to_us) = view;
    let values = lines.iter().flat_map(|(_, line)| line.segments.iter().chain(&line.before));
    let values = values.flat_map(|segment| within(segment, view).map(|(.., value)| value));
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
    let margin = ((high - low) * 0.06).max(high.abs().max(1.0) * 0.005);
    let (low, high) = (low - margin, high + margin);
    let span_us = (to_us - from_us).max(1) as f64;
    let x_of = |time_us: i64| LEFT + (WIDTH - LEFT - RIGHT) * ((time_us - from_us) as f64 / span_us).clamp(0.0, 1.0);
    let y_of = |value: f64| top + PLOT_HEIGHT * (1.0 - (value - low) / (high - low));
    for (gap_from, gap_to) in data.gaps.iter().filter(|(begin, end)| *end > from_us && *begin < to_us) {
        let (left, right) = (x_of(*gap_from), x_of(*gap_to));
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{PLOT_HEIGHT}\" fill=\"#f0f0f0\"/>",
            right - left
        );
    }
    for part in 0..=4 {
        let value = low + (high - low) * f64::from(part) / 4.0;
        let y = y_of(value);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>\n<text x=\"{:.1}\" \
             y=\"{:.1}\" text-anchor=\"end\" fill=\"#555555\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            number_text(value)
        );
    }
    for mark in super::axis::time_marks(view, 10, zone) {
        let x = x_of(mark.time_us);
        let bottom = top + PLOT_HEIGHT;
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\" stroke=\"#eeeeee\"/>\n<text x=\"{x:.1}\" \
             y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555555\">{}</text>",
            bottom + 16.0,
            escape(&mark.text)
        );
    }
    let path = |out: &mut String, segment: &TrendSegment, color: &str, more: &str| {
        let points: Vec<String> = within(segment, view)
            .map(|(_, time_us, value)| format!("{:.1},{:.1}", x_of(time_us), y_of(value)))
            .collect();
        if points.len() > 1 {
            let _ =
                writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" {more}/>", points.join(" "));
        }
    };
    let mut legend_x = LEFT;
    for (number, line) in lines {
        let color = LINE_COLORS[number % LINE_COLORS.len()];
        for segment in &line.before {
            path(out, segment, color, "stroke-width=\"1\" stroke-opacity=\"0.45\"");
        }
        for (_, segments) in &line.setpoints {
            segments
                .iter()
                .for_each(|segment| path(out, segment, color, "stroke-width=\"1\" stroke-dasharray=\"5 4\""));
        }
        for segment in &line.segments {
            path(out, segment, color, "stroke-width=\"1.6\"");
        }
        let _ = writeln!(
            out,
            "<rect x=\"{legend_x:.1}\" y=\"{:.1}\" width=\"12\" height=\"3\" fill=\"{color}\"/>\n<text x=\"{:.1}\" \
             y=\"{:.1}\" fill=\"#222222\">{}</text>",
            top - 16.0,
            legend_x + 18.0,
            top - 10.0,
            escape(&line.label)
        );
        legend_x += 34.0 + 6.6 * line.label.chars().count() as f64;
    }
    let _ = writeln!(out, "<text x=\"8\" y=\"{:.1}\" fill=\"#555555\">{}</text>", top - 10.0, escape(unit));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
