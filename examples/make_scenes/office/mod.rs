//! The scene of the Harbour office: an L-shaped building of four storeys with a smaller fifth storey, about seventy
//! rooms and three air handling units.

mod layout;
mod plant;

use super::shared::{
    alarm, command, command_mapping, computed, facade_share, link, own, show, strings, tenth, text, twin,
};
use cupola_building::Plan;
use cupola_building::plan::PlanRoom;
use cupola_scene::document::{
    AirHandlerDoc, AlarmDoc, AlarmSeverity, BuildingDoc, ComputedDoc, Document, FeedDoc, MappingDoc, PlantDoc,
    PlantKind, Profile, Quantity, RelationshipDoc, SimulationDoc, Source, TerminalDoc, TwinDoc, VERSION, ViewDoc,
    WeatherDoc, ZoneDoc,
};
use cupola_twin::Value;
use layout::*;
use plant::*;
use std::sync::Arc;

/// The capacities of the boiler and the chiller: about 40 W of heating and 35 W of cooling per square metre.
const BOILER_KW: f64 = 180.0;
const CHILLER_KW: f64 = 150.0;

/// Returns the sensors of a room: the model, and the property, which is also the suffix of the id.
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

/// Adds the twins and relationships of one floor.
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
            // The flow is 10 L/s per seat but at least 2 L/s per m², rounded up to a multiple of 5 L/s.
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

/// Returns the scene and the floor plan of its building.
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
    for (id, name, model, capacity_kw) in
        [("boiler", "Boiler", "Boiler", BOILER_KW), ("chiller", "Chiller", "Chiller", CHILLER_KW)]
    {
        let properties =
            [("name", text(name)), ("enabled", Value::Bool(true)), ("capacity", Value::Number(capacity_kw))];
        twins.push(twin(id, model, &properties));
        links.push(link(BUILDING, "contains", id));
        links.extend((1..=unit_count()).map(|number| link(id, "feeds", &format!("ahu-{number}"))));
    }
    links.extend((1..=LEVELS).map(|level| link("boiler", "serves", &floor_id(level))));
    for (level, spaces) in (1..).zip(&floors) {
        plan.storeys.push(storey(level, spaces));
        plan.equipment.extend(equipment(level, spaces));
        populate(level, spaces, &mut twins, &mut links);
    }
    plan.equipment.extend(central_plant());
    plan.equipment.extend(roof_plant());
    let document = Document {
        version: VERSION,
        name: "Harbour office".to_owned(),
        time_zone: Some("Europe/Berlin".to_owned()),
        description:
            "An invented office building of five floors: comfort in every room, three air handling units with a \
                      boiler and a chiller, electricity by floor."
                .to_owned(),
        models: strings(&["models"]),
        building: Some(BuildingDoc { gltf: Some("../../assets/office.glb".to_owned()), ..BuildingDoc::default() }),
        twins: twins.into_iter().map(Arc::new).collect::<Vec<_>>().into(),
        relationships: links.into_iter().map(Arc::new).collect::<Vec<_>>().into(),
        computed: formulas(),
        processors: Vec::new(),
        alarms: alarms(),
        feeds: vec![feed()],
        physics: None,
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
                "heatOutput",
                "coldOutput",
                "power",
                "energy",
                "gasPower",
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
    // The building's means are over rooms, not over floors, so that every room has the same weight.
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
        computed("Building", "gasPower", "SUM(contains.gasPower)"),
        computed("Building", "gasEnergy", "SUM(contains.gasEnergy)"),
        computed("Boiler", "servedTemperature", "AVG(serves.contains.temperature)"),
        computed("Chiller", "servedTemperature", "AVG(feeds.feeds.feeds.temperature)"),
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
        alarm(
            "no-heat",
            "Boiler",
            "servedTemperature < 19",
            Critical,
            "The rooms are colder than 19 °C on average: the boiler doesn't heat them.",
        ),
        alarm(
            "no-cold",
            "Chiller",
            "servedTemperature > 26",
            Warning,
            "The rooms are warmer than 26 °C on average: the chiller doesn't cool them.",
        ),
    ]
}

fn feed() -> FeedDoc {
    let json = |topic: &str, twin: &str, property: &str, stale_after: &str| MappingDoc {
        items: None,
        captures: Default::default(),
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
        time_zone: None,
        mappings: vec![
            json("harbour/room-{room}/{quantity}", "room-{room}-{quantity}", "{quantity}", "2m"),
            json("harbour/meters/floor-{floor}/power", "floor-{floor}-meter", "power", "5m"),
            json("harbour/meters/floor-{floor}/energy", "floor-{floor}-meter", "energy", "5m"),
            json("harbour/plant/ahu-{unit}/{property}", "ahu-{unit}", "{property}", "5m"),
            json("harbour/plant/boiler/{property}", "boiler", "{property}", "5m"),
            json("harbour/plant/chiller/{property}", "chiller", "{property}", "5m"),
            // The controllers of the VAV boxes send plain numbers without a time.
            MappingDoc {
                value: None,
                time: None,
                ..json("harbour/plant/vav-{box}/{property}", "vav-{box}", "{property}", "5m")
            },
            // The weather station sends degrees Fahrenheit, unlike the other devices.
            MappingDoc {
                unit: Some("degreeFahrenheit".to_owned()),
                ..json("harbour/roof/weather/temperature", "weather", "outdoorTemperature", "15m")
            },
        ],
        commands: ["ahu-{unit}", "boiler", "chiller"].map(|twin| command_mapping("harbour", twin, "switch")).into(),
    }
}

fn plant(model: &str, kind: PlantKind, serves: &[&str]) -> PlantDoc {
    PlantDoc {
        model: model.to_owned(),
        kind,
        serves: strings(serves),
        on: Some("enabled".to_owned()),
        capacity_w: Some(own("capacity")),
        efficiency: None,
        water_c: None,
    }
}

fn simulation() -> SimulationDoc {
    let room = |filter: &str, profile: Profile| ZoneDoc {
        model: "Room".to_owned(),
        filter: (!filter.is_empty()).then(|| filter.to_owned()),
        area: own("area"),
        height: own("height"),
        people: own("seats"),
        exterior: Some(own("facadeShare")),
        construction: None,
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
        assumed: Default::default(),
        latitude_deg: 53.5,
        construction: Some("since_2014".into()),
        start: "2026-01-12T07:00:00Z".to_owned(),
        utc_offset_hours: None,
        seed: 7,
        step: "1m".to_owned(),
        weather: WeatherDoc {
            warmer_k: 0.0,
            file: None,
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
        plants: vec![
            plant("Boiler", PlantKind::CondensingBoiler, &["feeds", "serves.contains"]),
            plant("Chiller", PlantKind::Chiller, &["feeds"]),
        ],
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
            show("Boiler", "heatOutput", Quantity::HeatingPower, "", 0.0),
            show("Boiler", "gasPower", Quantity::FuelPower, "", 0.0),
            show("Boiler", "gasEnergy", Quantity::FuelEnergy, "", 0.0),
            show("Chiller", "coldOutput", Quantity::CoolingPower, "", 0.0),
            show("Chiller", "power", Quantity::ElectricPower, "", 0.0),
            show("Chiller", "energy", Quantity::ElectricEnergy, "", 0.0),
            show("WeatherStation", "outdoorTemperature", Quantity::OutdoorTemperature, "", 0.1),
        ],
        commands: ["AirHandlingUnit", "Boiler", "Chiller"]
            .map(|model| command(model, "switch", "enabled", "request"))
            .into(),
    }
}
