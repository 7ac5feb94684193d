//! The scene of the Riverside hospital: an H-shaped building of three storeys with a ward in each wing of each storey,
//! and hand hygiene in every care room.

mod layout;

use super::shared::{
    alarm, cm, command, command_mapping, computed, facade_share, link, own, show, strings, tenth, text, twin,
};
use cupola_building::Plan;
use cupola_building::plan::PlanRoom;
use cupola_scene::document::{
    AlarmDoc, AlarmSeverity, BuildingDoc, ComputedDoc, DispenserDoc, Document, FeedDoc, MappingDoc, Profile, Quantity,
    RelationshipDoc, SimulationDoc, Source, TwinDoc, VERSION, ViewDoc, WeatherDoc, ZoneDoc,
};
use cupola_twin::Value;
use layout::*;
use std::sync::Arc;

/// Adds the twins and relationships of one floor.
fn populate(level: usize, spaces: &[Space], twins: &mut Vec<TwinDoc>, links: &mut Vec<RelationshipDoc>) {
    let floor = floor_id(level);
    let rooms: Vec<PlanRoom> = spaces.iter().map(|space| space.room.clone()).collect();
    twins.push(twin(&floor, "Floor", &[("name", text(floor_name(level))), ("level", Value::Integer(level as i64))]));
    links.push(link(HOSPITAL, "contains", &floor));
    for ward in [0, 1].map(|wing| ward_number(level, wing)) {
        let name = format!("Ward {}", ward_tag(ward).to_uppercase());
        twins.push(twin(ward_id(ward), "Ward", &[("name", text(name)), ("specialty", text(WARDS[ward].0))]));
        links.push(link(&floor, "contains", &ward_id(ward)));
    }
    for space in spaces {
        let Space { usage, ward, room } = space;
        let parent = ward.map_or_else(|| floor.clone(), ward_id);
        links.push(link(&parent, "contains", &room.id));
        let mut properties = vec![("name", text(&room.name)), ("area", Value::Number(tenth(room.area_m2())))];
        match ward {
            Some(ward) if usage.is_care() => {
                let compliance = (WARDS[*ward].1 + 0.1 * (share_of(&room.id) - 0.5)).clamp(0.45, 0.9);
                let visits =
                    if *usage == Use::Treatment { 8.0 } else { 3.0 + 3.0 * share_of(&format!("{} door", room.id)) };
                properties.extend([
                    ("height", Value::Number(tenth(STOREY_M - SLAB_M))),
                    ("facadeShare", Value::Number(facade_share(&rooms, room))),
                    ("beds", Value::Integer(if *usage == Use::Treatment { 1 } else { 2 })),
                    ("visitsPerHour", Value::Number(tenth(visits))),
                    ("simulatedCompliance", Value::Number(cm(compliance))),
                ]);
                twins.push(twin(&room.id, usage.model(), &properties));
                equip(&room.id, twins, links);
            }
            _ => {
                properties.push(("use", text(usage.word())));
                twins.push(twin(&room.id, usage.model(), &properties));
            }
        }
    }
}

/// Adds the dispensers of a care room and the people counter at its door.
fn equip(room: &str, twins: &mut Vec<TwinDoc>, links: &mut Vec<RelationshipDoc>) {
    for (model, word, _, portion) in DISPENSERS {
        let id = format!("{room}-{word}");
        // The initial fill levels range from nearly empty to full.
        let fill = (12.0 + 88.0 * share_of(&id)).round();
        links.push(link(room, "hasDispenser", &id));
        twins.push(twin(id, model, &[("fill", Value::Number(fill)), ("portion", Value::Number(portion))]));
    }
    let door = format!("{room}-door");
    links.push(link(room, "hasPoint", &door));
    twins.push(twin(door, "PeopleCounter", &[]));
}

/// Returns the scene and the floor plan of its building.
pub fn hospital() -> (Document, Plan) {
    let mut plan = Plan { name: "Riverside hospital".to_owned(), roof: true, ..Plan::default() };
    let properties = [("name", text("Riverside hospital")), ("address", text("Meadow Lane 1, an invented town"))];
    let mut twins = vec![twin(HOSPITAL, "Hospital", &properties)];
    let mut links = Vec::new();
    for level in 1..=LEVELS {
        let mut spaces = Vec::new();
        wing(level, 0, &mut spaces);
        wing(level, 1, &mut spaces);
        bar(level, &mut spaces);
        plan.storeys.push(storey(level, &spaces));
        for corridor in spaces.iter().filter(|space| space.usage == Use::Corridor) {
            for space in spaces.iter().filter(|space| space.usage.is_care()) {
                plan.equipment.extend(on_the_wall(level, space, &corridor.room));
            }
        }
        populate(level, &spaces, &mut twins, &mut links);
    }
    let document = Document {
        version: VERSION,
        name: "Riverside hospital".to_owned(),
        time_zone: Some("Europe/Berlin".to_owned()),
        description:
            "An invented hospital of six wards: hand hygiene from door counters and dispensers, and the round of \
                      whoever refills them."
                .to_owned(),
        models: strings(&["models"]),
        building: Some(BuildingDoc { gltf: Some("../../assets/hospital.glb".to_owned()), ..BuildingDoc::default() }),
        twins: twins.into_iter().map(Arc::new).collect::<Vec<_>>().into(),
        relationships: links.into_iter().map(Arc::new).collect::<Vec<_>>().into(),
        computed: formulas(),
        processors: Vec::new(),
        alarms: alarms(),
        feeds: vec![feed()],
        physics: None,
        simulation: Some(simulation()),
        view: ViewDoc {
            color_by: Some("compliance".to_owned()),
            range: Some((0.0, 100.0)),
            key_properties: strings(&[
                "compliance",
                "entries",
                "exits",
                "dispenses",
                "fill",
                "needsVisit",
                "lowestFill",
                "dispensersToRefill",
                "roomsToVisit",
            ]),
        },
    };
    (document, plan)
}

fn formulas() -> Vec<ComputedDoc> {
    let mut out = vec![
        computed("Dispenser", "needsVisit", "fill < 20"),
        computed("HandHygieneDispenser", "handHygieneEvents", "dispenses"),
        computed("CareRoom", "entries", "SUM(hasPoint.entries)"),
        computed("CareRoom", "exits", "SUM(hasPoint.exits)"),
        computed("CareRoom", "dispenses", "SUM(hasDispenser.handHygieneEvents)"),
        computed("CareRoom", "dispensersToRefill", "COUNT(hasDispenser.needsVisit)"),
        computed("CareRoom", "lowestFill", "MIN(hasDispenser.fill)"),
        computed("CareRoom", "needsVisit", "ANY(hasDispenser.needsVisit)"),
    ];
    // Areas add up counts instead of averaging ratios, so that compliance is weighted by the number of people.
    for property in ["entries", "exits", "dispenses", "dispensersToRefill"] {
        out.push(computed("CareArea", property, &format!("SUM(contains.{property})")));
    }
    out.extend([
        computed("CareArea", "lowestFill", "MIN(contains.lowestFill)"),
        computed("CareArea", "roomsToVisit", "COUNT(contains*.needsVisit)"),
        computed(
            "HygieneSpace",
            "compliance",
            "IF(entries + exits > 0, CLAMP(100 * dispenses / (entries + exits), 0, 100), NULL)",
        ),
    ]);
    out
}

fn alarms() -> Vec<AlarmDoc> {
    use AlarmSeverity::{Critical, Info, Warning};
    vec![
        alarm("empty", "Dispenser", "fill < 5", Critical, "The dispenser is empty."),
        alarm("low", "Dispenser", "fill >= 5 AND fill < 20", Info, "The dispenser is less than 20 % full."),
        alarm("low-compliance", "Ward", "compliance < 50", Warning, "Hand hygiene compliance is below 50 %."),
    ]
}

fn feed() -> FeedDoc {
    FeedDoc {
        id: "mqtt".to_owned(),
        url: "mqtt://127.0.0.1:1883".to_owned(),
        time_zone: None,
        mappings: vec![
            MappingDoc {
                items: None,
                captures: Default::default(),
                topic: "riverside/dispenser/rm-{room}/{kind}/{quantity}".to_owned(),
                twin: "rm-{room}-{kind}".to_owned(),
                property: "{quantity}".to_owned(),
                value: Some("/value".to_owned()),
                time: Some("/time".to_owned()),
                unit: None,
                stale_after: Some("2h".to_owned()),
            },
            // Door counters send plain numbers without a time.
            MappingDoc {
                items: None,
                captures: Default::default(),
                topic: "riverside/door/rm-{room}/{quantity}".to_owned(),
                twin: "rm-{room}-door".to_owned(),
                property: "{quantity}".to_owned(),
                value: None,
                time: None,
                unit: None,
                stale_after: Some("30m".to_owned()),
            },
        ],
        commands: vec![command_mapping("riverside", "rm-{room}-{kind}", "refill")],
    }
}

fn simulation() -> SimulationDoc {
    let dispensers = DISPENSERS.iter().map(|(model, _, kind, portion)| DispenserDoc {
        model: (*model).to_owned(),
        kind: *kind,
        zone: "^hasDispenser".to_owned(),
        portion_pct: *portion,
    });
    SimulationDoc {
        assumed: Default::default(),
        latitude_deg: 53.5,
        construction: Some("since_2014".into()),
        start: "2026-01-12T07:00:00Z".to_owned(),
        utc_offset_hours: None,
        seed: 11,
        step: "1m".to_owned(),
        weather: WeatherDoc { mean_c: 4.0, swing_k: 6.0, ..WeatherDoc::default() },
        zones: vec![ZoneDoc {
            model: "CareRoom".to_owned(),
            filter: None,
            area: own("area"),
            height: own("height"),
            people: own("beds"),
            exterior: Some(own("facadeShare")),
            construction: None,
            profile: Profile::Ward,
            heating_setpoint: Source::Constant(22.0),
            cooling_setpoint: Source::Constant(26.0),
            visits_per_hour: Some(own("visitsPerHour")),
            compliance: Some(own("simulatedCompliance")),
        }],
        air_handlers: Vec::new(),
        terminals: Vec::new(),
        plants: Vec::new(),
        dispensers: dispensers.collect(),
        shows: vec![
            show("PeopleCounter", "entries", Quantity::Entries, "^hasPoint", 0.0),
            show("PeopleCounter", "exits", Quantity::Exits, "^hasPoint", 0.0),
            show("Dispenser", "dispenses", Quantity::Dispenses, "", 0.0),
            show("Dispenser", "fill", Quantity::Fill, "", 0.0),
        ],
        commands: vec![command("Dispenser", "refill", "fill", "100")],
    }
}
