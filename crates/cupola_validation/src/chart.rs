//! Simple charts in SVG that are readable on light and on dark pages.

use std::fmt::Write as _;

const WIDTH: f64 = 760.0;
const ROW: f64 = 22.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 24.0;
const STYLE: &str = "<style>text{font:12px sans-serif;fill:#777}.t{font-weight:600}.g{stroke:#8884;stroke-width:1}\
.r{fill:#7aa7c766}.a{fill:#d2691e}.b{fill:#2e8b57}.l{fill:none;stroke:#d2691e;stroke-width:1.6}\
.m{fill:none;stroke:#3b7ea1;stroke-width:3;stroke-opacity:.45}</style>";

/// A row of a chart: its name, the reference range, and Cupola's values by series.
pub struct Row {
    pub name: String,
    pub range: (f64, f64),
    pub ours: Vec<f64>,
}

fn open(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">{STYLE}\
         <text class=\"t\" x=\"8\" y=\"18\">{title}</text>"
    )
}

/// Returns about six ticks of an axis, at multiples of 1, 2 or 5 times a power of ten.
fn ticks(least: f64, most: f64) -> Vec<f64> {
    let rough = ((most - least) / 6.0).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|part| part * power).find(|step| *step >= rough).unwrap_or(power);
    let first = (least / step).ceil() as i64;
    (first..).map(|count| count as f64 * step).take_while(|tick| *tick <= most + 1e-9).collect()
}

/// Draws the reference ranges as bars and Cupola's values as marks, with one row per case.
pub fn ranges(title: &str, unit: &str, series: &[&str], rows: &[Row]) -> String {
    let values = rows.iter().flat_map(|row| row.ours.iter().copied().chain([row.range.0, row.range.1]));
    let (least, most) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let least = if least > 0.0 { 0.0 } else { least };
    let span = (most - least).max(1e-9);
    let (least, most) = (if least < 0.0 { least - 0.05 * span } else { least }, most + 0.05 * span);
    let x = |value: f64| LEFT + (value - least) / (most - least) * (WIDTH - LEFT - RIGHT);
    let bottom = 40.0 + ROW * rows.len() as f64;
    let mut svg = open(bottom + 30.0, title);
    for tick in ticks(least, most) {
        let at = x(tick);
        let _ = write!(svg, "<line class=\"g\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"34\" y2=\"{bottom:.1}\"/>");
        let _ = write!(svg, "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}</text>", bottom + 16.0);
    }
    let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{unit}</text>", LEFT - 10.0, bottom + 16.0);
    for (position, row) in rows.iter().enumerate() {
        let y = 40.0 + ROW * position as f64;
        let (from, to) = (x(row.range.0), x(row.range.1));
        let name = &row.name;
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>", LEFT - 10.0, y + 14.0);
        let _ = write!(
            svg,
            "<rect class=\"r\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" rx=\"2\"/>",
            y + 4.0,
            (to - from).max(2.0)
        );
        for (value, class) in row.ours.iter().zip(["a", "b"]) {
            let _ = write!(svg, "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>", x(*value), y + 10.0);
        }
    }
    let mut at = WIDTH - RIGHT;
    for (name, class) in series.iter().zip(["a", "b"]).rev() {
        at -= 7.0 * name.len() as f64 + 26.0;
        let _ = write!(svg, "<circle class=\"{class}\" cx=\"{at:.1}\" cy=\"14\" r=\"4\"/>");
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"18\">{name}</text>", at + 9.0);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws Cupola's hourly values (thin line) over the reference (wide line), with several days side by side.
pub fn days(title: &str, unit: &str, days: &[(&str, Vec<f64>, Vec<f64>)]) -> String {
    let values = days.iter().flat_map(|(_, ours, theirs)| ours.iter().chain(theirs).copied());
    let (least, most) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let margin = 0.08 * (most - least).max(1.0);
    let (least, most) = (least - margin, most + margin);
    let (top, bottom) = (46.0, 196.0);
    let width = (WIDTH - 60.0 - RIGHT) / days.len().max(1) as f64;
    let y = |value: f64| bottom - (value - least) / (most - least) * (bottom - top);
    let mut svg = open(226.0, title);
    for tick in ticks(least, most) {
        let at = y(tick);
        let _ = write!(svg, "<line class=\"g\" x1=\"60\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>", WIDTH - RIGHT);
        let _ = write!(svg, "<text x=\"52\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>", at + 4.0);
    }
    let _ = write!(svg, "<text x=\"8\" y=\"{:.1}\">{unit}</text>", top - 8.0);
    for (position, (name, ours, theirs)) in days.iter().enumerate() {
        let left = 60.0 + width * position as f64;
        let x = |hour: usize| left + 8.0 + (width - 16.0) * (hour as f64 + 0.5) / 24.0;
        for (class, values) in [("m", theirs), ("l", ours)] {
            let points: Vec<String> =
                values.iter().enumerate().map(|(hour, value)| format!("{:.1},{:.1}", x(hour), y(*value))).collect();
            let _ = write!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
        }
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"214\" text-anchor=\"middle\">{name}</text>", left + 0.5 * width);
    }
    svg.push_str("</svg>\n");
    svg
}
