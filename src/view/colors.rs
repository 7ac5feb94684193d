//! The colours of rooms. Values of the active timeline are mapped to colours and written to the storage buffer when a
//! value changes.

use super::building::{BuildingSystems, Rooms};
use super::material::{RoomColor, RoomMaterial, RoomPaint};
use crate::look::{Legend, Palette, Theme, ViewSettings};
use crate::selection::Selection;
use crate::timeline::{Comparison, OpenScene, Timeline, ViewCursor};
use crate::twin::with_unit;
use bevy::prelude::*;
use bevy::render::storage::ShaderBuffer;
use cupola_twin::expr::{Cell, Expr, evaluate_in_unit, joined, parse};
use cupola_twin::query::TwinContext;
use cupola_twin::unit::{Unit, conversion_between, converted};
use cupola_twin::{Kind, Quality, State, TwinIx};

/// The duration of a change of colour, in s.
const FADE_S: f32 = 0.2;
/// The least difference of two moments that has a colour, in the unit of the values.
const LEAST_DIFFERENCE: f64 = 1e-6;
/// The kinds of marks in the storage buffer; see `room.wgsl`.
const VALUE: f32 = 0.0;
const STALE: f32 = 1.0;
const MISSING: f32 = 2.0;
const NO_DATA: f32 = 3.0;

/// The value of each room.
#[derive(Resource, Default)]
pub(super) struct RoomValues(pub Vec<RoomValue>);

/// The value of a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RoomValue {
    Known(f64, Quality),
    Missing,
    /// The room lacks the property, or no property is selected.
    Nothing,
}

#[derive(Resource, Default)]
struct Painted {
    from: Vec<RoomColor>,
    to: Vec<RoomColor>,
    passed_s: f32,
    /// Whether the buffer holds the final colours.
    done: bool,
    /// The number of rooms in the buffer.
    uploaded: usize,
}

/// The expression that colours the rooms, with its parsed form.
#[derive(Default)]
struct ColorExpression {
    text: String,
    expr: Option<Result<Expr, String>>,
}

pub(super) struct ColorsPlugin;

impl Plugin for ColorsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Painted>()
            .init_resource::<RoomValues>()
            .add_systems(Update, (theme, look, paint).chain().after(BuildingSystems));
    }
}

fn theme(settings: Res<ViewSettings>, paint: Res<RoomPaint>, mut materials: ResMut<Assets<RoomMaterial>>) {
    if !settings.is_changed() {
        return;
    }
    let dark = settings.theme == Theme::Dark;
    if let Some(mut material) = materials.get_mut(&paint.material) {
        let pick = |dark_color: Color, light_color: Color| if dark { dark_color } else { light_color }.to_linear();
        material.neutral = pick(Color::srgb_u8(0x4A, 0x50, 0x5B), Color::srgb_u8(0xD8, 0xDA, 0xDD));
        material.ink = pick(Color::srgb_u8(0x1B, 0x1F, 0x26), Color::srgb_u8(0x6B, 0x73, 0x80));
        material.accent = pick(Color::srgb_u8(0x4D, 0xA3, 0xFF), Color::srgb_u8(0x1F, 0x6F, 0xEB));
    }
}

/// Updates values and legend after a change of the state, the expression or the rooms.
fn look(
    scene: Option<Res<OpenScene>>,
    cursor: Option<Res<ViewCursor>>,
    settings: Res<ViewSettings>,
    rooms: Res<Rooms>,
    timelines: Query<&Timeline>,
    mut values: ResMut<RoomValues>,
    comparison: Res<Comparison>,
    mut legend: ResMut<Legend>,
    mut question: Local<ColorExpression>,
    mut seen: Local<u64>,
) {
    let (Some(scene), Some(cursor)) = (scene, cursor) else { return };
    let Ok(timeline) = timelines.get(cursor.timeline) else { return };
    let timeline = cursor.view(timeline);
    let revision = timeline.revision();
    let is_asked = settings.is_changed() || rooms.is_changed() || cursor.is_changed() || comparison.is_changed();
    if revision == *seen && !is_asked {
        return;
    }
    *seen = revision;
    let state = timeline.state();
    if question.text != settings.color_by || question.expr.is_none() {
        question.text.clone_from(&settings.color_by);
        question.expr = Some(parse(&settings.color_by).map_err(|error| error.to_string()));
    }
    let mut error = None;
    // The unit is that of the first room with the property, whether it has a value at present or not.
    let first =
        rooms.0.iter().flat_map(|(_, twin)| *twin).find_map(|twin| state.topology().slot(twin, &settings.color_by));
    let mut unit = first.and_then(|slot| state.topology().column(slot.column).unit);
    let mut next = Vec::with_capacity(rooms.0.len());
    for (_, twin) in &rooms.0 {
        let value = match (twin, &question.expr) {
            _ if settings.color_by.trim().is_empty() => Ok(RoomValue::Nothing),
            (Some(twin), Some(Ok(expr))) => {
                let mut of = |state: &State, twin| {
                    let (value, own) = room_value(state, twin, &settings.color_by, expr)?;
                    in_common_unit(value, own, &mut unit)
                };
                match &comparison.0 {
                    None => of(state, *twin),
                    Some(compared) => {
                        // The scene may have been edited since the moment.
                        let id = state.topology().twin_id(*twin);
                        let before = compared.state.topology().twin(id).map(|twin| of(&compared.state, twin));
                        of(state, *twin).and_then(|now| Ok(difference(now, before.unwrap_or(Ok(RoomValue::Missing))?)))
                    }
                }
            }
            (Some(_), Some(Err(why))) => Err(why.clone()),
            (None, _) | (_, None) => Ok(RoomValue::Nothing),
        };
        next.push(value.unwrap_or_else(|why| {
            error.get_or_insert(why);
            RoomValue::Nothing
        }));
    }
    let compared_us = comparison.0.as_ref().map(|compared| compared.at_us);
    let told = tell(&scene, &settings, &rooms, &next, unit, error, compared_us, &legend);
    if *legend != told {
        *legend = told;
    }
    if values.0 != next {
        values.0 = next;
    }
}

/// Returns the difference of a value to an earlier one.
fn difference(now: RoomValue, before: RoomValue) -> RoomValue {
    match (now, before) {
        (RoomValue::Known(now, Quality::Good), RoomValue::Known(before, quality)) => {
            RoomValue::Known(now - before, quality)
        }
        (RoomValue::Known(now, quality), RoomValue::Known(before, _)) => RoomValue::Known(now - before, quality),
        (RoomValue::Nothing, _) => RoomValue::Nothing,
        _ => RoomValue::Missing,
    }
}

/// Returns the symbol of the unit of differences.
fn unit_of_difference(symbol: &str) -> &str {
    // A difference of temperatures has no zero at the melting point of ice.
    if symbol == "°C" { "K" } else { symbol }
}

/// Converts a value to the unit of the first value that has one. One legend then fits all rooms.
fn in_common_unit(
    value: RoomValue,
    own: Option<&'static Unit>,
    common: &mut Option<&'static Unit>,
) -> Result<RoomValue, String> {
    let RoomValue::Known(number, quality) = value else { return Ok(value) };
    if own.is_some() && common.is_none() {
        *common = own;
    }
    match conversion_between(own, *common) {
        Some((scale, offset)) if (scale, offset) != (1.0, 0.0) => {
            Ok(RoomValue::Known(converted(number, scale, offset), quality))
        }
        Some(_) => Ok(value),
        None => {
            let name = |unit: Option<&Unit>| unit.map_or("", |unit| unit.name);
            Err(format!("some rooms have {}, others {}", name(*common), name(own)))
        }
    }
}

type ValueInUnit = (RoomValue, Option<&'static Unit>);

fn room_value(state: &State, twin: TwinIx, property: &str, expr: &Expr) -> Result<ValueInUnit, String> {
    if let Some(slot) = state.topology().slot(twin, property) {
        let column = state.topology().column(slot.column);
        let kind = column.kind;
        if !kind.is_numeric() && kind != Kind::Bool {
            return Err("only numbers and conditions have a colour".into());
        }
        let sample = state.get(slot);
        let value =
            if sample.usable().is_nan() { RoomValue::Missing } else { RoomValue::Known(sample.lane, sample.quality) };
        return Ok((value, column.unit));
    }
    let (cell, unit) = evaluate_in_unit(expr, &TwinContext { state, twin }).map_err(|error| error.to_string())?;
    let value = match cell {
        Cell::Number(number) => RoomValue::Known(number, quality_of(state, twin, expr)),
        Cell::Bool(flag) => RoomValue::Known(f64::from(u8::from(flag)), quality_of(state, twin, expr)),
        Cell::Missing if is_plain(property) => RoomValue::Nothing,
        Cell::Missing => RoomValue::Missing,
        _ => return Err("only numbers and conditions have a colour".into()),
    };
    Ok((value, unit))
}

/// Returns [`Quality::Stale`] if a property of the twin in the expression is stale, or else [`Quality::Good`].
fn quality_of(state: &State, twin: TwinIx, expr: &Expr) -> Quality {
    let mut quality = Quality::Good;
    expr.paths(&mut |path| {
        let slot = state.topology().slot(twin, &joined(&path.segments));
        if slot.is_some_and(|slot| state.get(slot).quality == Quality::Stale) {
            quality = Quality::Stale;
        }
    });
    quality
}

/// Returns whether the text is a single name. A room whose model lacks that property is not coloured, instead of being
/// shown as a missing value.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn tell(
    scene: &OpenScene,
    settings: &ViewSettings,
    rooms: &Rooms,
    values: &[RoomValue],
    unit: Option<&Unit>,
    error: Option<String>,
    compared_us: Option<i64>,
    before: &Legend,
) -> Legend {
    let known: Vec<f64> = values
        .iter()
        .filter_map(|value| match value {
            RoomValue::Known(number, _) => Some(*number),
            _ => None,
        })
        .collect();
    let count = |wanted: fn(&RoomValue) -> bool| values.iter().filter(|value| wanted(value)).count();
    let column =
        rooms.0.iter().flat_map(|(_, twin)| *twin).find_map(|twin| scene.0.topology.slot(twin, &settings.color_by));
    let column = column.map(|slot| scene.0.topology.column(slot.column));
    let least = known.iter().copied().fold(f64::INFINITY, f64::min);
    let most = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let most_either = known.iter().fold(0.0_f64, |most, number| most.max(number.abs()));
    // Smaller differences come from rounding.
    let both_sides = if most_either > LEAST_DIFFERENCE { (-most_either, most_either) } else { (-1.0, 1.0) };
    let range = settings.range.filter(|_| compared_us.is_none()).unwrap_or(if compared_us.is_some() {
        both_sides
    } else if least < most {
        (least, most)
    } else if least == most {
        (least - 0.5, most + 0.5)
    } else {
        (0.0, 1.0)
    });
    let symbol = unit.or(column.and_then(|column| column.unit)).map_or("", |unit| unit.symbol);
    Legend {
        title: column.map_or_else(|| settings.color_by.clone(), |column| column.display_name.clone()),
        unit: (if compared_us.is_some() { unit_of_difference(symbol) } else { symbol }).to_string(),
        compared_us,
        range,
        good: count(|value| matches!(value, RoomValue::Known(_, Quality::Good))),
        stale: count(|value| matches!(value, RoomValue::Known(_, Quality::Stale))),
        missing: count(|value| *value == RoomValue::Missing),
        error,
        labels: before.labels.clone(),
    }
}

/// Returns the text of a room's value for its label. A difference has a sign.
pub(super) fn value_text(value: RoomValue, legend: &Legend) -> String {
    match value {
        RoomValue::Known(number, _) if legend.compared_us.is_some() && number > LEAST_DIFFERENCE => {
            format!("+{}", with_unit(number, &legend.unit))
        }
        RoomValue::Known(number, _) => with_unit(number, &legend.unit),
        RoomValue::Missing => "no value".into(),
        RoomValue::Nothing => String::new(),
    }
}

/// The selected and the hovered twin.
#[derive(Clone, Copy, Default, PartialEq)]
struct Attention {
    selected: Option<TwinIx>,
    hovered: Option<TwinIx>,
}

/// Writes the colours to the buffer, with a gradual change from the previous colours.
fn paint(
    time: Res<Time>,
    settings: Res<ViewSettings>,
    selection: Selection,
    mut attention: Local<Attention>,
    legend: Res<Legend>,
    values: Res<RoomValues>,
    rooms: Res<Rooms>,
    mut paint: ResMut<RoomPaint>,
    mut painted: ResMut<Painted>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut materials: ResMut<Assets<RoomMaterial>>,
) {
    let now = Attention { selected: selection.selected(), hovered: selection.hovered() };
    let new =
        values.is_changed() || *attention != now || settings.is_changed() || legend.is_changed() || rooms.is_changed();
    if new {
        *attention = now;
        let to: Vec<RoomColor> = rooms
            .0
            .iter()
            .zip(&values.0)
            .map(|((_, twin), value)| room_color(*value, *twin, &legend, legend.palette(&settings), now))
            .collect();
        if to != painted.to {
            let fades = painted.to.len() == to.len() && !settings.reduced_motion;
            painted.from = if fades { current(&painted) } else { to.clone() };
            painted.passed_s = if fades { 0.0 } else { FADE_S };
            painted.to = to;
            painted.done = false;
        }
    }
    if painted.done {
        return;
    }
    painted.passed_s += time.delta_secs();
    painted.done = painted.passed_s >= FADE_S;
    let mut colors = current(&painted);
    if colors.is_empty() {
        // An empty buffer can't be bound.
        colors.push(RoomColor::default());
    }
    if painted.uploaded == colors.len() {
        if let Some(mut buffer) = buffers.get_mut(&paint.buffer) {
            buffer.set_data(colors);
        }
    } else {
        // A buffer of another size is a new buffer on the device, to which the material must be bound.
        painted.uploaded = colors.len();
        paint.buffer = buffers.add(ShaderBuffer::from(colors));
        if let Some(mut material) = materials.get_mut(&paint.material) {
            material.rooms = paint.buffer.clone();
        }
    }
}

fn current(painted: &Painted) -> Vec<RoomColor> {
    let share = (painted.passed_s / FADE_S).clamp(0.0, 1.0);
    let fade =
        |(from, to): (&RoomColor, &RoomColor)| RoomColor { color: from.color.lerp(to.color, share), mark: to.mark };
    painted.from.iter().zip(&painted.to).map(fade).collect()
}

fn room_color(
    value: RoomValue,
    twin: Option<TwinIx>,
    legend: &Legend,
    palette: Palette,
    attention: Attention,
) -> RoomColor {
    let (least, most) = legend.range;
    let (t, kind) = match value {
        RoomValue::Known(number, quality) => {
            let t = ((number - least) / (most - least)).clamp(0.0, 1.0) as f32;
            (t, if quality == Quality::Stale { STALE } else { VALUE })
        }
        RoomValue::Missing => (0.0, MISSING),
        RoomValue::Nothing => (0.0, NO_DATA),
    };
    let [r, g, b] = palette.color(t);
    let emphasis = match twin {
        Some(_) if twin == attention.selected => 2.0,
        Some(_) if twin == attention.hovered => 1.0,
        _ => 0.0,
    };
    RoomColor { color: Color::srgb_u8(r, g, b).to_linear().to_vec4(), mark: Vec4::new(kind, emphasis, 0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_twin::unit::find;

    #[test]
    fn differences_are_known_where_both_values_are() {
        let known = |number| RoomValue::Known(number, Quality::Good);
        let stale = RoomValue::Known(5.0, Quality::Stale);
        for (now, before, wanted) in [
            (known(21.0), known(19.5), known(1.5)),
            (known(6.0), stale, RoomValue::Known(1.0, Quality::Stale)),
            (stale, known(6.0), RoomValue::Known(-1.0, Quality::Stale)),
            (known(1.0), RoomValue::Missing, RoomValue::Missing),
            (RoomValue::Missing, known(1.0), RoomValue::Missing),
            (RoomValue::Nothing, RoomValue::Missing, RoomValue::Nothing),
        ] {
            assert_eq!(difference(now, before), wanted);
        }
        let legend = Legend { unit: unit_of_difference("°C").into(), compared_us: Some(0), ..Legend::default() };
        assert_eq!(value_text(known(1.5), &legend), "+1.5 K");
    }

    #[test]
    fn rooms_with_other_units_are_coloured_on_one_scale() {
        let mut unit = None;
        let mut seen = |number, own: Option<&str>| {
            let value = RoomValue::Known(number, Quality::Good);
            in_common_unit(value, own.and_then(find), &mut unit).map(|value| value_text(value, &Legend::default()))
        };
        for (number, own, shown) in [
            (20.0, Some("degreeCelsius"), Ok("20")),
            (68.0, Some("degreeFahrenheit"), Ok("20")),
            (21.0, None, Ok("21")),
            (400.0, Some("partsPerMillion"), Err("some rooms have degreeCelsius, others partsPerMillion")),
        ] {
            let found = seen(number, own);
            assert_eq!(found.as_deref().map_err(String::as_str), shown, "{number} {own:?}");
        }
    }
}
