//! Harbour office: an L of four storeys with a smaller fifth on top, about seventy rooms, three air handling units.

use super::shared::{
    Rect, Rhythm, alarm, cm, computed, corners, door_for_window, doors, facade_share, link, opening, own, show,
    strings, tenth, text, twin, wall_between, windows,
};
use cupola::scene::document::{
    AirHandlerDoc, AlarmDoc, AlarmSeverity, BuildingDoc, ComputedDoc, Document, FeedDoc, MappingDoc, Profile, Quantity,
    RelationshipDoc, SimulationDoc, Source, TerminalDoc, TwinDoc, VERSION, ViewDoc, WeatherDoc, ZoneDoc,
};
use cupola_building::Plan;
use cupola_building::plan::{
    Compass, EquipmentKind, OpeningKind, PlanEquipment, PlanOpening, PlanRoom, PlanStair, PlanStorey, RoomKind,
};
use cupola_twin::Value;

const LEVELS: usize = 5;
const STOREY_M: f64 = 3.6;
const SLAB_M: f64 = 0.3;
/// Width of a window's share of the façade and of a small office, metres.
const MODULE_M: f64 = 3.0;
/// Half the corridor's width, metres.
const HALF_CORRIDOR_M: f64 = 1.2;
/// Centre line of the corridors: of the bar its y, of the wing its x, metres.
const SPINE_M: f64 = 7.2;
/// Where ducts run under the ceiling, metres over the floor.
const DUCT_M: f64 = 2.95;
/// The lift shaft that the ducts come down in.
const CORE: Rect = [8.4, 8.4, 15.0, 15.0];

const BUILDING: &str = "harbour-office";

/// What a space is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Office,
    Open,
    Meeting,
    Cafe,
    Lobby,
    Corridor,
    Stairs,
    Core,
    Toilets,
    Store,
    Plant,
}

impl Use {
    fn kind(self) -> RoomKind {
        match self {
            Self::Office => RoomKind::Office,
            Self::Open => RoomKind::Open,
            Self::Meeting => RoomKind::Meeting,
            Self::Cafe => RoomKind::Kitchen,
            Self::Lobby => RoomKind::Lobby,
            Self::Corridor => RoomKind::Corridor,
            Self::Stairs => RoomKind::Stair,
            Self::Core => RoomKind::Core,
            Self::Toilets => RoomKind::Toilet,
            Self::Store => RoomKind::Store,
            Self::Plant => RoomKind::Plant,
        }
    }

    /// The word for it in the models.
    fn word(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Open => "openPlan",
            Self::Meeting => "meeting",
            Self::Cafe => "cafe",
            Self::Lobby => "lobby",
            Self::Corridor => "corridor",
            Self::Stairs => "stairs",
            Self::Core => "core",
            Self::Toilets => "toilets",
            Self::Store => "store",
            Self::Plant => "plant",
        }
    }

    /// What is said after a room's number; offices go by the number alone.
    fn label(self) -> &'static str {
        match self {
            Self::Office => "",
            Self::Open => " Open plan",
            Self::Meeting => " Meeting",
            Self::Cafe => " Café",
            Self::Lobby => " Lobby",
            Self::Corridor => " Corridor",
            Self::Stairs => "Stairs",
            Self::Core => "Lifts",
            Self::Toilets => "Toilets",
            Self::Store => "Store",
            Self::Plant => "Plant room",
        }
    }

    fn is_service(self) -> bool {
        matches!(self, Self::Stairs | Self::Core | Self::Toilets | Self::Store | Self::Plant)
    }

    fn has_vav(self) -> bool {
        !self.is_service() && self != Self::Corridor
    }

    fn seats(self, area_m2: f64) -> i64 {
        let per_seat_m2 = match self {
            Self::Office => 10.0,
            Self::Open => 8.0,
            Self::Meeting => 3.0,
            Self::Cafe => 2.5,
            Self::Lobby => 12.0,
            _ => return 0,
        };
        (area_m2 / per_seat_m2).round().max(1.0) as i64
    }

    /// Sound that does not disturb what the room is for, dB(A).
    fn noise_limit_db(self) -> f64 {
        match self {
            Self::Office => 50.0,
            Self::Meeting => 55.0,
            Self::Cafe | Self::Lobby => 65.0,
            _ => 58.0,
        }
    }

    fn windows(self) -> Rhythm {
        let (width_m, sill_m, head_m) = match self {
            Self::Cafe | Self::Lobby => (2.6, 0.1, 3.0),
            Self::Open => (2.6, 0.7, 2.8),
            Self::Stairs => (1.2, 1.0, 3.0),
            Self::Toilets | Self::Store | Self::Plant => (1.2, 1.9, 2.7),
            Self::Corridor => (1.6, 0.1, 2.8),
            _ => (2.1, 0.8, 2.7),
        };
        Rhythm { module_m: MODULE_M, width_m, sill_m, head_m }
    }
}

/// A space as it is laid out.
struct Space {
    usage: Use,
    room: PlanRoom,
}

/// The spaces of a floor while they are laid out, numbered in the order in which they come.
struct Layout {
    level: usize,
    rooms: usize,
    spaces: Vec<Space>,
}

impl Layout {
    fn add(&mut self, usage: Use, polygon: Vec<(f64, f64)>) {
        let level = self.level;
        let number = if usage == Use::Corridor {
            0
        } else {
            self.rooms += 1;
            self.rooms
        };
        let id = format!("room-{level}{number:02}");
        let name = format!("{level}.{number:02}{}", usage.label());
        self.spaces.push(Space { usage, room: PlanRoom { id, name, kind: usage.kind(), polygon, furniture: true } });
    }

    fn add_service(&mut self, usage: Use, tag: &str, rect: Rect) {
        let level = self.level;
        let id = format!("{}{tag}-{level}", usage.word());
        let name = match tag.strip_prefix('-') {
            Some(tag) => format!("{} {}, floor {level}", usage.label(), tag.to_uppercase()),
            None => format!("{}, floor {level}", usage.label()),
        };
        let room = PlanRoom { id, name, kind: usage.kind(), polygon: corners(rect), furniture: true };
        self.spaces.push(Space { usage, room });
    }

    /// Rooms side by side from west to east, each some modules wide.
    fn row(&mut self, west: f64, (south, north): (f64, f64), rooms: &[(Use, f64)]) {
        let mut from = west;
        for (usage, modules) in rooms {
            let to = from + modules * MODULE_M;
            let rect = [from, south, to, north];
            match usage.is_service() {
                true => self.add_service(*usage, "", rect),
                false => self.add(*usage, corners(rect)),
            }
            from = to;
        }
    }

    /// Rooms one behind the other from south to north, each some modules deep.
    fn column(&mut self, (west, east): (f64, f64), south: f64, rooms: &[(Use, f64)]) {
        let mut from = south;
        for (usage, modules) in rooms {
            let to = from + modules * MODULE_M;
            self.add(*usage, corners([west, from, east, to]));
            from = to;
        }
    }
}

/// What lies along the south, the north, the west and the east side of a floor of the L.
struct Sides<'s> {
    south: &'s [(Use, f64)],
    north: &'s [(Use, f64)],
    wing_west: &'s [(Use, f64)],
    wing_east: &'s [(Use, f64)],
}

fn sides(level: usize) -> Sides<'static> {
    use Use::{Cafe, Lobby, Meeting, Office, Open, Plant, Store};
    match level {
        1 => Sides {
            south: &[(Office, 2.0), (Meeting, 2.0), (Lobby, 5.0), (Cafe, 5.0), (Office, 2.0)],
            north: &[(Meeting, 2.0), (Meeting, 2.0), (Store, 1.0), (Plant, 3.0)],
            wing_west: &[(Open, 4.0), (Office, 2.0)],
            wing_east: &[(Office, 2.0), (Office, 2.0), (Meeting, 2.0)],
        },
        2 => Sides {
            south: &[
                (Office, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Meeting, 2.0),
                (Open, 6.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 2.0),
            ],
            north: &[(Cafe, 2.0), (Office, 1.0), (Office, 1.0), (Meeting, 2.0), (Office, 2.0)],
            wing_west: &[(Open, 4.0), (Meeting, 2.0)],
            wing_east: &[(Meeting, 2.0), (Office, 1.0), (Office, 1.0), (Office, 2.0)],
        },
        3 => Sides {
            south: &[
                (Open, 5.0),
                (Meeting, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 1.0),
                (Meeting, 2.0),
                (Office, 2.0),
                (Office, 2.0),
            ],
            north: &[(Office, 2.0), (Office, 1.0), (Cafe, 2.0), (Office, 1.0), (Meeting, 2.0)],
            wing_west: &[(Office, 1.0), (Office, 1.0), (Office, 2.0), (Meeting, 2.0)],
            wing_east: &[(Office, 2.0), (Open, 4.0)],
        },
        _ => Sides {
            south: &[
                (Meeting, 2.0),
                (Office, 1.0),
                (Office, 1.0),
                (Office, 2.0),
                (Meeting, 3.0),
                (Open, 5.0),
                (Office, 2.0),
            ],
            north: &[(Meeting, 2.0), (Cafe, 2.0), (Office, 2.0), (Office, 1.0), (Office, 1.0)],
            wing_west: &[(Open, 6.0)],
            wing_east: &[(Office, 1.0), (Office, 1.0), (Meeting, 2.0), (Office, 2.0)],
        },
    }
}

/// The bar along the quay and the wing behind its west end.
fn l_shaped(level: usize) -> Vec<Space> {
    let Sides { south, north, wing_west, wing_east } = sides(level);
    let mut layout = Layout { level, rooms: 0, spaces: Vec::new() };
    layout.row(0.0, (0.0, 6.0), south);
    layout.row(21.0, (8.4, 15.0), north);
    layout.add(Use::Office, corners([0.0, 8.4, 6.0, 15.0]));
    layout.column((0.0, 6.0), 15.0, wing_west);
    layout.column((8.4, 15.0), 15.0, wing_east);
    layout.add_service(Use::Core, "", CORE);
    layout.add_service(Use::Toilets, "", [15.0, 8.4, 18.0, 15.0]);
    layout.add_service(Use::Stairs, "-a", [18.0, 8.4, 21.0, 15.0]);
    layout.add_service(Use::Stairs, "-b", [45.0, 8.4, 48.0, 15.0]);
    let corridor = [(0.0, 6.0), (48.0, 6.0), (48.0, 8.4), (8.4, 8.4), (8.4, 33.0), (6.0, 33.0), (6.0, 8.4), (0.0, 8.4)];
    layout.add(Use::Corridor, corridor.to_vec());
    layout.spaces
}

/// The top floor, set back on all sides but the north.
fn pavilion(level: usize) -> Vec<Space> {
    let mut layout = Layout { level, rooms: 0, spaces: Vec::new() };
    let south = (1.8, 6.0);
    layout.add(Use::Office, corners([8.4, south.0, 15.0, south.1]));
    layout.row(15.0, south, &[(Use::Office, 2.0), (Use::Open, 4.0), (Use::Meeting, 2.0)]);
    layout.row(21.0, (8.4, 15.0), &[(Use::Cafe, 2.0), (Use::Office, 2.0), (Use::Meeting, 2.0)]);
    layout.add_service(Use::Core, "", CORE);
    layout.add_service(Use::Toilets, "", [15.0, 8.4, 18.0, 15.0]);
    layout.add_service(Use::Stairs, "-a", [18.0, 8.4, 21.0, 15.0]);
    layout.add(Use::Corridor, corners([8.4, 6.0, 39.0, 8.4]));
    layout.spaces
}

fn floor_id(level: usize) -> String {
    format!("floor-{level}")
}

/// The air handling unit of a floor: one for every two, from below.
fn unit_id(level: usize) -> String {
    format!("ahu-{}", level.div_ceil(2))
}

fn storey(level: usize, spaces: &[Space]) -> PlanStorey {
    let rooms: Vec<PlanRoom> = spaces.iter().map(|space| space.room.clone()).collect();
    let mut openings: Vec<PlanOpening> = Vec::new();
    for space in spaces {
        openings.extend(windows(&rooms, &space.room, space.usage.windows()));
    }
    if level == 1 {
        // The main entrance, the café's terrace and the way out at the corridor's east end.
        door_for_window(&mut openings, (19.5, 0.0), 2.4, 2.5);
        door_for_window(&mut openings, (31.5, 0.0), 1.8, 2.3);
        door_for_window(&mut openings, (48.0, 7.2), 1.2, 2.1);
    }
    for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
        for space in spaces.iter().filter(|space| space.usage != Use::Corridor) {
            match (space.usage, wall_between(&space.room, &corridor.room)) {
                (Use::Lobby | Use::Cafe, Some(wall)) => {
                    let middle = wall.point((wall.from + wall.to) * 0.5);
                    openings.push(opening(OpeningKind::Gap, middle, cm(wall.length() * 0.4), 2.7));
                }
                (Use::Core, _) => openings.extend(doors(&space.room, &corridor.room, 1.8)),
                (Use::Meeting | Use::Open, _) => openings.extend(doors(&space.room, &corridor.room, 1.05)),
                _ => openings.extend(doors(&space.room, &corridor.room, 0.95)),
            }
        }
    }
    let flight = |x: f64| PlanStair { at: (x, 12.15), size: (2.5, 5.0), direction: Compass::North };
    let stairs = match level {
        1..=3 => vec![flight(19.5), flight(46.5)],
        4 => vec![flight(19.5)],
        _ => Vec::new(),
    };
    PlanStorey {
        id: floor_id(level),
        name: floor_name(level),
        elevation_m: cm((level as f64 - 1.0) * STOREY_M),
        height_m: STOREY_M,
        slab_m: SLAB_M,
        rooms,
        openings,
        stairs,
    }
}

fn floor_name(level: usize) -> String {
    match level {
        1 => "Ground floor".to_owned(),
        LEVELS => "Top floor".to_owned(),
        _ => format!("Floor {level}"),
    }
}

fn vav_id(room: &PlanRoom) -> String {
    room.id.replace("room-", "vav-")
}

fn middle(room: &PlanRoom) -> (f64, f64) {
    let count = room.polygon.len() as f64;
    let sum = room.polygon.iter().fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0, sum.1 + corner.1));
    (sum.0 / count, sum.1 / count)
}

fn duct(id: String, level: usize, size: (f64, f64), path: &[(f64, f64, f64)]) -> PlanEquipment {
    PlanEquipment {
        id,
        kind: EquipmentKind::Duct,
        storey: floor_id(level),
        at: (0.0, 0.0, 0.0),
        size: (size.0, 0.0, size.1),
        path: path.iter().map(|(x, y, z)| (cm(*x), cm(*y), cm(*z))).collect(),
    }
}

/// A VAV box under the ceiling of a room, and the branch to it from the corridor's duct.
fn terminal(level: usize, room: &PlanRoom, corridor: &PlanRoom) -> Vec<PlanEquipment> {
    let Some(wall) = wall_between(room, corridor) else { return Vec::new() };
    let (x, y) = middle(room);
    let (at, branch) = if wall.upright {
        let side = (x - wall.line).signum();
        let (x, spine) = (wall.line + side * 1.1, wall.line - side * HALF_CORRIDOR_M);
        let branch = if side > 0.0 {
            vec![(spine, y), (x - 0.5, y)]
        } else {
            vec![(spine, y + 0.4), (x - 0.62, y + 0.4), (x - 0.62, y), (x - 0.5, y)]
        };
        ((x, y), branch)
    } else {
        let side = (y - wall.line).signum();
        let (y, spine) = (wall.line + side * 0.9, wall.line - side * HALF_CORRIDOR_M);
        ((x, y), vec![(x - 0.5, spine), (x - 0.5, y)])
    };
    let path: Vec<_> = branch.into_iter().map(|(x, y)| (x, y, DUCT_M)).collect();
    vec![
        PlanEquipment {
            id: vav_id(room),
            kind: EquipmentKind::Vav,
            storey: floor_id(level),
            at: (cm(at.0), cm(at.1), cm(DUCT_M - 0.16)),
            size: (0.0, 0.0, 0.0),
            path: Vec::new(),
        },
        duct(room.id.replace("room-", "duct-"), level, (0.24, 0.2), &path),
    ]
}

fn equipment(level: usize, spaces: &[Space]) -> Vec<PlanEquipment> {
    let mut out = Vec::new();
    // From the shaft along the corridors.
    let shaft = 11.7;
    let east_end = if level == LEVELS { 38.0 } else { 44.5 };
    let west_end = if level == LEVELS { 9.2 } else { 2.0 };
    let main = |from: (f64, f64), to: (f64, f64)| [(from.0, from.1, DUCT_M), (to.0, to.1, DUCT_M)];
    let mut runs = vec![
        vec![(shaft, 9.0, DUCT_M), (shaft, SPINE_M, DUCT_M), (east_end, SPINE_M, DUCT_M)],
        main((shaft, SPINE_M), (west_end, SPINE_M)).to_vec(),
    ];
    if level < LEVELS {
        runs.push(main((SPINE_M, SPINE_M), (SPINE_M, 32.0)).to_vec());
    }
    for (number, run) in runs.iter().enumerate() {
        out.push(duct(format!("main-duct-{level}-{}", number + 1), level, (0.55, 0.35), run));
    }
    for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
        for space in spaces.iter().filter(|space| space.usage.has_vav()) {
            out.extend(terminal(level, &space.room, &corridor.room));
        }
    }
    out.push(PlanEquipment {
        id: meter_id(level),
        kind: EquipmentKind::Meter,
        storey: floor_id(level),
        at: (17.4, 8.25, 1.3),
        size: (0.0, 0.0, 0.0),
        path: Vec::new(),
    });
    out
}

/// The air handling units on the wing's roof, and their ducts into the shaft.
fn roof_plant() -> Vec<PlanEquipment> {
    let mut out = Vec::new();
    for (number, y) in [(1, 18.5), (2, 22.5), (3, 26.5)] {
        let id = format!("ahu-{number}");
        let down = 9.6 + 1.1 * f64::from(number);
        out.push(PlanEquipment {
            id,
            kind: EquipmentKind::Ahu,
            storey: floor_id(LEVELS),
            at: (4.6, y, 0.0),
            size: (3.8, 1.9, 2.0),
            path: Vec::new(),
        });
        let path = [(6.5, y, 1.1), (down, y, 1.1), (down, 15.0, 1.1)];
        out.push(duct(format!("roof-duct-{number}"), LEVELS, (0.7, 0.55), &path));
    }
    out
}

fn meter_id(level: usize) -> String {
    format!("{}-meter", floor_id(level))
}

/// The sensors of a room: model, and the property that ends the id too.
fn sensors(usage: Use) -> &'static [(&'static str, &'static str)] {
    static ALL: [(&str, &str); 5] = [
        ("TemperatureSensor", "temperature"),
        ("Co2Sensor", "co2"),
        ("HumiditySensor", "humidity"),
        ("NoiseSensor", "noise"),
        ("OccupancySensor", "occupancy"),
    ];
    match usage {
        Use::Corridor => &ALL[..3],
        _ if usage.is_service() => &[],
        _ => &ALL,
    }
}

/// Twins and relationships of one floor.
fn populate(level: usize, spaces: &[Space], twins: &mut Vec<TwinDoc>, links: &mut Vec<RelationshipDoc>) {
    let floor = floor_id(level);
    let rooms: Vec<PlanRoom> = spaces.iter().map(|space| space.room.clone()).collect();
    twins.push(twin(&floor, "Floor", &[("name", text(floor_name(level))), ("level", Value::Integer(level as i64))]));
    links.push(link(BUILDING, "contains", &floor));
    let meter = meter_id(level);
    let name = format!("Meter, floor {level}");
    twins.push(twin(&meter, "ElectricityMeter", &[("name", text(name))]));
    links.push(link(&floor, "hasPoint", &meter));
    for Space { usage, room } in spaces {
        let area = tenth(room.area_m2());
        let mut properties = vec![
            ("name", text(&room.name)),
            ("use", text(usage.word())),
            ("area", Value::Number(area)),
            ("height", Value::Number(tenth(STOREY_M - SLAB_M))),
            ("facadeShare", Value::Number(facade_share(&rooms, room))),
        ];
        links.push(link(&floor, "contains", &room.id));
        if usage.is_service() {
            twins.push(twin(&room.id, "ServiceSpace", &properties));
            continue;
        }
        let seats = usage.seats(area);
        properties.extend([
            ("seats", Value::Integer(seats)),
            ("heatingSetpoint", Value::Number(21.0)),
            ("coolingSetpoint", Value::Number(24.0)),
            ("co2Limit", Value::Number(1000.0)),
            ("noiseLimit", Value::Number(usage.noise_limit_db())),
        ]);
        twins.push(twin(&room.id, "Room", &properties));
        for (model, quantity) in sensors(*usage) {
            let id = format!("{}-{quantity}", room.id);
            links.push(link(&room.id, "hasPoint", &id));
            twins.push(twin(id, model, &[]));
        }
        if usage.has_vav() {
            let id = vav_id(room);
            // Ten litres a second for everybody, two for every square metre where few people are; in steps of five.
            let flow = ((10.0 * seats as f64).max(2.0 * area) / 5.0).ceil() * 5.0;
            let name = format!("VAV {}", id.trim_start_matches("vav-"));
            let enabled = ("enabled", Value::Bool(true));
            twins.push(twin(&id, "VavBox", &[("name", text(name)), enabled, ("maxFlow", Value::Number(flow))]));
            links.push(link(&room.id, "contains", &id));
            links.push(link(&id, "feeds", &room.id));
            links.push(link(&unit_id(level), "feeds", &id));
        }
    }
}

/// The scene and the floor plan of its building.
pub fn office() -> (Document, Plan) {
    let floors: Vec<Vec<Space>> =
        (1..=LEVELS).map(|level| if level == LEVELS { pavilion(level) } else { l_shaped(level) }).collect();
    let mut plan = Plan { name: "Harbour office".to_owned(), roof: true, ..Plan::default() };
    let mut twins = vec![
        twin(
            BUILDING,
            "Building",
            &[("name", text("Harbour office")), ("address", text("Quay 7, an invented harbour"))],
        ),
        twin("weather", "WeatherStation", &[("name", text("Weather station"))]),
    ];
    let mut links = vec![link(BUILDING, "hasPoint", "weather")];
    for number in 1..=unit_count() {
        let id = format!("ahu-{number}");
        let properties = [
            ("name", text(format!("AHU {number}"))),
            ("enabled", Value::Bool(true)),
            ("supplySetpoint", Value::Number(18.0)),
        ];
        twins.push(twin(&id, "AirHandlingUnit", &properties));
        links.push(link(BUILDING, "contains", &id));
    }
    for (level, spaces) in (1..).zip(&floors) {
        plan.storeys.push(storey(level, spaces));
        plan.equipment.extend(equipment(level, spaces));
        populate(level, spaces, &mut twins, &mut links);
    }
    plan.equipment.extend(roof_plant());
    let document = Document {
        version: VERSION,
        name: "Harbour office".to_owned(),
        description: "An invented office building of five floors: comfort in every room, three air handling units, \
                      electricity by floor."
            .to_owned(),
        models: strings(&["models"]),
        building: Some(BuildingDoc { gltf: Some("../../assets/office.glb".to_owned()), ..BuildingDoc::default() }),
        twins,
        relationships: links,
        computed: formulas(),
        alarms: alarms(),
        feeds: vec![feed()],
        simulation: Some(simulation()),
        view: ViewDoc {
            color_by: Some("co2".to_owned()),
            range: Some((400.0, 1200.0)),
            key_properties: strings(&[
                "comfort",
                "temperature",
                "co2",
                "humidity",
                "noise",
                "occupancy",
                "people",
                "power",
                "energy",
                "enabled",
                "supplyTemperature",
                "airFlow",
                "damper",
            ]),
        },
    };
    (document, plan)
}

fn unit_count() -> usize {
    LEVELS.div_ceil(2)
}

fn formulas() -> Vec<ComputedDoc> {
    let mut out: Vec<_> = ["temperature", "co2", "humidity", "noise"]
        .iter()
        .map(|quantity| computed("Room", quantity, &format!("AVG(hasPoint.{quantity})")))
        .collect();
    out.extend([
        computed("Room", "occupancy", "SUM(hasPoint.occupancy)"),
        computed("Room", "airFlow", "SUM(^feeds.airFlow)"),
        computed(
            "Room",
            "temperatureScore",
            "100 * CLAMP(1.5 - ABS(temperature - (heatingSetpoint + coolingSetpoint) / 2) / (coolingSetpoint - heatingSetpoint), 0, 1)",
        ),
        computed("Room", "co2Score", "100 * CLAMP(2 - co2 / co2Limit, 0, 1)"),
        computed("Room", "humidityScore", "CLAMP(100 - 4 * MAX(30 - humidity, humidity - 60, 0), 0, 100)"),
        computed("Room", "noiseScore", "100 * CLAMP(4 * (1.25 - noise / noiseLimit), 0, 1)"),
        computed(
            "Room",
            "comfort",
            "(40 * COALESCE(temperatureScore, 0) + 30 * COALESCE(co2Score, 0) + 15 * COALESCE(humidityScore, 0) \
             + 15 * COALESCE(noiseScore, 0)) / (IF(IS_DEFINED(temperatureScore), 40, 0) + IF(IS_DEFINED(co2Score), 30, 0) \
             + IF(IS_DEFINED(humidityScore), 15, 0) + IF(IS_DEFINED(noiseScore), 15, 0))",
        ),
    ]);
    // Means over rooms, also for the building: a floor with few rooms must not count for as much as one with many.
    for (model, way) in [("Floor", "contains"), ("Building", "contains.contains")] {
        for quantity in ["temperature", "co2", "humidity", "comfort"] {
            out.push(computed(model, quantity, &format!("AVG({way}.{quantity})")));
        }
        out.push(computed(model, "people", &format!("SUM({way}.occupancy)")));
        out.push(computed(model, "uncomfortableRooms", &format!("COUNT({way}.comfort < 60)")));
        out.push(computed(model, "area", &format!("SUM({way}.area)")));
    }
    out.extend([
        computed("Floor", "power", "SUM(hasPoint.power)"),
        computed("Floor", "energy", "SUM(hasPoint.energy)"),
        computed("Building", "power", "SUM(contains.power) + COALESCE(SUM(contains.fanPower), 0)"),
        computed("Building", "energy", "SUM(contains.energy) + COALESCE(SUM(contains.fanEnergy), 0)"),
        computed("Building", "outdoorTemperature", "AVG(hasPoint.outdoorTemperature)"),
        computed("AirHandlingUnit", "airFlow", "SUM(feeds.airFlow)"),
        computed("AirHandlingUnit", "servedTemperature", "AVG(feeds.feeds.temperature)"),
        computed("AirHandlingUnit", "servedPeople", "SUM(feeds.feeds.occupancy)"),
    ]);
    out
}

fn alarms() -> Vec<AlarmDoc> {
    use AlarmSeverity::{Critical, Warning};
    vec![
        alarm("too-warm", "Room", "temperature > 27", Warning, "The room is warmer than 27 °C."),
        alarm("stale-air", "Room", "co2 > 1200 AND co2 <= 1600", Warning, "The air is stale: CO2 is above 1200 ppm."),
        alarm("bad-air", "Room", "co2 > 1600", Critical, "The air is bad: CO2 is above 1600 ppm. Open a window."),
        alarm("uncomfortable", "Room", "comfort < 40", Warning, "Comfort is below 40 %."),
        alarm(
            "air-off",
            "AirHandlingUnit",
            "NOT enabled AND servedPeople > 0",
            Critical,
            "The unit is off while people are in the rooms that it serves.",
        ),
    ]
}

fn feed() -> FeedDoc {
    let json = |topic: &str, twin: &str, property: &str, stale_after: &str| MappingDoc {
        topic: topic.to_owned(),
        twin: twin.to_owned(),
        property: property.to_owned(),
        value: Some("/value".to_owned()),
        time: Some("/time".to_owned()),
        unit: None,
        stale_after: Some(stale_after.to_owned()),
    };
    FeedDoc {
        id: "mqtt".to_owned(),
        url: "mqtt://127.0.0.1:1883".to_owned(),
        mappings: vec![
            json("harbour/room-{room}/{quantity}", "room-{room}-{quantity}", "{quantity}", "2m"),
            json("harbour/meters/floor-{floor}/power", "floor-{floor}-meter", "power", "5m"),
            json("harbour/meters/floor-{floor}/energy", "floor-{floor}-meter", "energy", "5m"),
            json("harbour/plant/ahu-{unit}/{property}", "ahu-{unit}", "{property}", "5m"),
            // The boxes' controllers send bare numbers and know no time.
            MappingDoc {
                value: None,
                time: None,
                ..json("harbour/plant/vav-{box}/{property}", "vav-{box}", "{property}", "5m")
            },
            // The weather station came with the roof, and with degrees Fahrenheit.
            MappingDoc {
                unit: Some("degreeFahrenheit".to_owned()),
                ..json("harbour/roof/weather/temperature", "weather", "outdoorTemperature", "15m")
            },
        ],
    }
}

fn simulation() -> SimulationDoc {
    let room = |filter: &str, profile: Profile| ZoneDoc {
        model: "Room".to_owned(),
        filter: (!filter.is_empty()).then(|| filter.to_owned()),
        area: own("area"),
        height: own("height"),
        people: own("seats"),
        exterior: own("facadeShare"),
        profile,
        heating_setpoint: own("heatingSetpoint"),
        cooling_setpoint: own("coolingSetpoint"),
        visits_per_hour: None,
        compliance: None,
    };
    let service = ZoneDoc {
        model: "ServiceSpace".to_owned(),
        people: Source::Constant(0.0),
        heating_setpoint: Source::Constant(17.0),
        cooling_setpoint: Source::Constant(30.0),
        ..room("", Profile::Empty)
    };
    SimulationDoc {
        start: "2026-01-12T07:00:00Z".to_owned(),
        utc_offset_hours: 1.0,
        seed: 7,
        step: "1m".to_owned(),
        weather: WeatherDoc {
            mean_c: 4.0,
            swing_k: 6.0,
            day_to_day_k: 3.0,
            relative_humidity_pct: 78.0,
            solar_peak_w_m2: 260.0,
        },
        zones: vec![
            room("use = 'meeting'", Profile::Meeting),
            room("use = 'corridor'", Profile::Empty),
            room("", Profile::Office),
            service,
        ],
        air_handlers: vec![AirHandlerDoc {
            model: "AirHandlingUnit".to_owned(),
            on: "enabled".to_owned(),
            supply_setpoint: Some("supplySetpoint".to_owned()),
        }],
        terminals: vec![TerminalDoc {
            model: "VavBox".to_owned(),
            zone: "feeds".to_owned(),
            air_handler: "^feeds".to_owned(),
            on: "enabled".to_owned(),
            max_flow_l_s: own("maxFlow"),
        }],
        dispensers: Vec::new(),
        shows: vec![
            show("TemperatureSensor", "temperature", Quantity::Temperature, "^hasPoint", 0.1),
            show("Co2Sensor", "co2", Quantity::Co2, "^hasPoint", 15.0),
            show("HumiditySensor", "humidity", Quantity::RelativeHumidity, "^hasPoint", 0.8),
            show("NoiseSensor", "noise", Quantity::Sound, "^hasPoint", 1.0),
            show("OccupancySensor", "occupancy", Quantity::People, "^hasPoint", 0.0),
            show("ElectricityMeter", "power", Quantity::ElectricPower, "^hasPoint.contains", 20.0),
            show("ElectricityMeter", "energy", Quantity::ElectricEnergy, "^hasPoint.contains", 0.0),
            show("VavBox", "airFlow", Quantity::AirFlow, "feeds", 0.5),
            show("VavBox", "damper", Quantity::Damper, "feeds", 0.0),
            show("AirHandlingUnit", "supplyTemperature", Quantity::SupplyTemperature, "", 0.1),
            show("AirHandlingUnit", "fanPower", Quantity::ElectricPower, "", 10.0),
            show("AirHandlingUnit", "fanEnergy", Quantity::ElectricEnergy, "", 0.0),
            show("WeatherStation", "outdoorTemperature", Quantity::OutdoorTemperature, "", 0.1),
        ],
    }
}
