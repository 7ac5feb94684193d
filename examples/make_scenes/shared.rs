//! Functions that both scenes use: walls between rooms and outer walls, windows and doors, and constructors for parts
//! of documents.

use cupola_building::plan::{OpeningKind, PlanOpening, PlanRoom};
use cupola_scene::document::{
    AlarmDoc, AlarmSeverity, CommandDoc, CommandMappingDoc, ComputedDoc, Quantity, RelationshipDoc, ShowDoc, Source,
    TwinDoc,
};
use cupola_twin::Value;

/// The west, south, east and north edges of a rectangle, in m.
pub type Rect = [f64; 4];

/// Returns the corners of a rectangle.
pub fn corners([west, south, east, north]: Rect) -> Vec<(f64, f64)> {
    [(west, south), (east, south), (east, north), (west, north)].map(|(x, y)| (cm(x), cm(y))).to_vec()
}

/// Rounds a length in m to the centimetre, so that adjacent rooms have equal coordinates.
pub fn cm(metres: f64) -> f64 {
    (metres * 100.0).round() / 100.0
}

/// Rounds a number to one decimal.
pub fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A part of a wall parallel to an axis.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    /// Whether the wall runs from south to north.
    pub upright: bool,
    /// The x coordinate of a wall that runs from south to north, otherwise the y coordinate, in m.
    pub line: f64,
    /// The smaller coordinate along the wall's axis, in m.
    pub from: f64,
    /// The larger coordinate along the wall's axis, in m.
    pub to: f64,
}

impl Wall {
    /// Returns the length, in m.
    pub fn length(&self) -> f64 {
        self.to - self.from
    }

    /// Returns the point at a coordinate along the wall's axis.
    pub fn point(&self, along: f64) -> (f64, f64) {
        if self.upright { (cm(self.line), cm(along)) } else { (cm(along), cm(self.line)) }
    }

    fn is_on_line_of(&self, other: &Self) -> bool {
        self.upright == other.upright && (self.line - other.line).abs() < 1e-6
    }
}

/// Returns all walls of a room.
fn walls(room: &PlanRoom) -> Vec<Wall> {
    let ends = room.polygon.iter().cycle().skip(1);
    room.polygon
        .iter()
        .zip(ends)
        .map(|(a, b)| {
            let upright = (a.0 - b.0).abs() < 1e-6;
            let (line, start, end) = if upright { (a.0, a.1, b.1) } else { (a.1, a.0, b.0) };
            Wall { upright, line, from: start.min(end), to: start.max(end) }
        })
        .collect()
}

/// Returns the longest wall that two rooms share.
pub fn wall_between(one: &PlanRoom, other: &PlanRoom) -> Option<Wall> {
    let mut longest: Option<Wall> = None;
    for a in walls(one) {
        for b in walls(other).iter().filter(|b| a.is_on_line_of(b)) {
            let found = Wall { from: a.from.max(b.from), to: a.to.min(b.to), ..a };
            if found.length() > longest.map_or(0.1, |known| known.length() + 1e-6) {
                longest = Some(found);
            }
        }
    }
    longest
}

/// Returns the parts of a room's walls that it shares with no other room.
pub fn outer_walls(rooms: &[PlanRoom], room: &PlanRoom) -> Vec<Wall> {
    let others: Vec<Wall> = rooms.iter().filter(|other| other.id != room.id).flat_map(walls).collect();
    let mut outer = Vec::new();
    for wall in walls(room) {
        let mut left = vec![wall];
        for other in others.iter().filter(|other| other.is_on_line_of(&wall)) {
            left = left
                .into_iter()
                .flat_map(|part| {
                    let before = Wall { to: part.to.min(other.from), ..part };
                    let after = Wall { from: part.from.max(other.to), ..part };
                    [before, after]
                })
                .filter(|part| part.length() > 0.05)
                .collect();
        }
        outer.extend(left);
    }
    outer
}

/// Returns the share of a room's walls that is façade, 0 to 1.
pub fn facade_share(rooms: &[PlanRoom], room: &PlanRoom) -> f64 {
    let length = |walls: &[Wall]| walls.iter().map(Wall::length).sum::<f64>();
    let share = length(&outer_walls(rooms, room)) / length(&walls(room)).max(0.1);
    (share * 100.0).round() / 100.0
}

/// The dimensions of a row of windows.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// The distance from one window to the next, in m.
    pub module_m: f64,
    /// The clear width of a window, in m.
    pub width_m: f64,
    /// The height of the lower edge above the floor, in m.
    pub sill_m: f64,
    /// The height of the upper edge above the floor, in m.
    pub head_m: f64,
}

/// Returns windows in all outer walls of a room.
pub fn windows(rooms: &[PlanRoom], room: &PlanRoom, rhythm: Rhythm) -> Vec<PlanOpening> {
    let mut windows = Vec::new();
    for wall in outer_walls(rooms, room).into_iter().filter(|wall| wall.length() > 1.4) {
        let count = (wall.length() / rhythm.module_m).round().max(1.0);
        let step = wall.length() / count;
        let width_m = rhythm.width_m.min(cm(step - 0.6));
        windows.extend((0..count as usize).map(|k| PlanOpening {
            kind: OpeningKind::Window,
            at: wall.point(wall.from + (k as f64 + 0.5) * step),
            width_m,
            sill_m: rhythm.sill_m,
            head_m: rhythm.head_m,
        }));
    }
    windows
}

/// Returns a door between two rooms near an end of their wall, or a door near each end of a long wall.
pub fn doors(one: &PlanRoom, other: &PlanRoom, width_m: f64) -> Vec<PlanOpening> {
    let Some(wall) = wall_between(one, other) else { return Vec::new() };
    let inset = (width_m * 0.5 + 0.5).min(wall.length() * 0.5);
    let mut places = vec![wall.from + inset];
    if wall.length() > 8.0 {
        places.push(wall.to - inset);
    }
    places.into_iter().map(|along| opening(OpeningKind::Door, wall.point(along), width_m, 2.1)).collect()
}

/// Returns an opening that starts at the floor.
pub fn opening(kind: OpeningKind, at: (f64, f64), width_m: f64, head_m: f64) -> PlanOpening {
    PlanOpening { kind, at, width_m, sill_m: 0.0, head_m }
}

/// Replaces the window nearest to a point by a door.
pub fn door_for_window(openings: &mut [PlanOpening], near: (f64, f64), width_m: f64, head_m: f64) {
    let distance = |at: (f64, f64)| (at.0 - near.0).hypot(at.1 - near.1);
    let windows = openings.iter_mut().filter(|opening| opening.kind == OpeningKind::Window);
    if let Some(found) = windows.min_by(|a, b| distance(a.at).total_cmp(&distance(b.at))) {
        *found = opening(OpeningKind::Door, found.at, width_m, head_m);
    }
}

/// Returns a twin.
pub fn twin(id: impl Into<String>, model: &str, properties: &[(&str, Value)]) -> TwinDoc {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    TwinDoc { id: id.into(), model: model.into(), properties }
}

/// Returns a relationship.
pub fn link(from: &str, name: &str, to: &str) -> RelationshipDoc {
    RelationshipDoc {
        id: None,
        from: from.to_owned(),
        name: name.into(),
        to: to.to_owned(),
        properties: cupola_scene::Properties::default(),
    }
}

/// Returns a computed property that its model declares.
pub fn computed(model: &str, property: &str, formula: &str) -> ComputedDoc {
    ComputedDoc {
        model: model.to_owned(),
        property: property.to_owned(),
        formula: formula.to_owned(),
        unit: None,
        display_name: None,
        iterate: None,
    }
}

/// Returns an alarm.
pub fn alarm(id: &str, model: &str, when: &str, severity: AlarmSeverity, message: &str) -> AlarmDoc {
    AlarmDoc {
        id: id.to_owned(),
        model: model.to_owned(),
        when: when.to_owned(),
        severity,
        message: message.to_owned(),
    }
}

/// Returns a property that receives a quantity of the simulation. An empty `at` means the quantity of the twin itself.
pub fn show(model: &str, property: &str, quantity: Quantity, at: &str, noise: f64) -> ShowDoc {
    ShowDoc {
        model: model.to_owned(),
        property: property.to_owned(),
        quantity,
        at: (!at.is_empty()).then(|| at.to_owned()),
        noise,
    }
}

/// Returns a command mapping with the topics `{site}/command/…` and `{site}/answer/…`.
pub fn command_mapping(site: &str, twin: &str, command: &str) -> CommandMappingDoc {
    CommandMappingDoc {
        twin: twin.to_owned(),
        command: command.to_owned(),
        request: format!("{site}/command/{{twin}}/{{command}}/{{invocation}}"),
        response: Some(format!("{site}/answer/{{twin}}/{{command}}/{{invocation}}")),
        value: Some("/value".to_owned()),
        error: Some("/error".to_owned()),
        timeout: Some("5s".to_owned()),
    }
}

/// Returns the effect of a command in the simulation, which sets one property and answers with its value.
pub fn command(model: &str, command: &str, property: &str, to: &str) -> CommandDoc {
    CommandDoc {
        model: model.to_owned(),
        command: command.to_owned(),
        sets: std::iter::once((property.to_owned(), to.to_owned())).collect(),
        response: Some(property.to_owned()),
    }
}

/// Returns a text as a value.
pub fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// Returns a source that gives each twin the number of its property.
pub fn own(property: &str) -> Source {
    Source::Property(property.to_owned())
}

/// Converts string literals to strings.
pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
