"""EnergyPlus's reference large office (12 storeys and a basement, 19 zones) in EnergyPlus and in Cupola: wall time, annual heating and cooling.

    python3 -m venv venv && . venv/bin/activate && pip install pyenergyplus-lbnl
    python benches/peers/energyplus.py target/release/cupola            # the program's path; without one, `cupola` on the PATH
    python benches/peers/energyplus.py target/release/cupola --zones    # and zone by zone

The package brings the building and the weather of Chicago. Three things run, each three times, a whole year in steps of 10 minutes:

- EnergyPlus, plant: the building as it is, with VAV, chillers, boiler and sizing runs; only for its time.
- EnergyPlus, ideal loads: its HVAC is replaced by one ideal air system a zone, always available, without outdoor air and without control of humidity.
- Cupola: the same zones, surfaces, gains and schedules as a study, `multi_node`, ideal loads, and a boiler and chiller beside them.

Both EnergyPlus files simulate the year of weather instead of the design days alone and write annual sums only. Compared is sensible heat given to and
taken from zones. Times are of whole processes; those of EnergyPlus include the start of the Python that holds it.

What is the same: layers, absorptances and emittances, areas, terrain and height for the wind, TARP inside, DOE-2 outside, set-points, gains, holidays,
daylight saving (as seasons of the schedules), monthly ground temperatures at the outer face of the slab.

What differs:

- HVAC: EnergyPlus's plant moves return air through plenums and brings in outdoor air; in both ideal models plenums are unheated zones beside the others,
  and heat gets there only through the ceiling. The ideal air system works in steps of down to 2 minutes; Cupola in those of 10.
- Hot water: its gain in the core zones (Water use equipment) is left out of both ideal models.
- Windows: both make one pane from U-value and SHGC after LBNL-2804E. EnergyPlus takes one of ten angular curves, Cupola the optics of its pane.
- Sun inside: EnergyPlus follows beams to the walls that they hit; Cupola gives direct sun to the floor. Furniture gets diffuse sun in both.
- Interior mass: a vertical face in four directions, half as thick, adiabatic behind: EnergyPlus has the same air on both of its sides.
- Storeys that stand for ten: floors whose other side is themselves are adiabatic, with as much of each layer's capacity as would come from this side.
- Multipliers: the zone's own multiplier scales its areas, volume, gains and air. Only zones with the same multiplier touch here; others are refused.
- Roughness: EnergyPlus has it by material, Cupola counts every wall as medium rough. Rain wets walls in EnergyPlus alone.
- Radiation inside: view factors by area (EnergyPlus), Carroll's mean radiant temperature (Cupola). Light is spread as short-wave by EnergyPlus.
- People: latent shares by EnergyPlus's polynomial or by ISO 7730.
- Infiltration: EnergyPlus has the density of every hour, Cupola one, here the mean over the year weighted by how much colder it is than 21 °C.
- Air: EnergyPlus's air carries water and its heat capacity follows; Cupola's is that of standard air.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pyenergyplus.dataset import ref_models, weather_files

YEAR = 2017  # any year without 29 February that begins on a Sunday, as the run period does
MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
KEEP = """Version Building RunPeriod RunPeriodControl:DaylightSavingTime RunPeriodControl:SpecialDays ScheduleTypeLimits Schedule:Compact
SurfaceConvectionAlgorithm:Inside SurfaceConvectionAlgorithm:Outside HeatBalanceAlgorithm ZoneAirHeatBalanceAlgorithm ConvergenceLimits ShadowCalculation
Site:Location Site:GroundTemperature:BuildingSurface Construction Material Material:NoMass WindowMaterial:SimpleGlazingSystem Zone InternalMass
BuildingSurface:Detailed FenestrationSurface:Detailed GlobalGeometryRules People Lights ElectricEquipment ZoneInfiltration:DesignFlowRate
ZoneControl:Thermostat ThermostatSetpoint:DualSetpoint""".lower().split()
# Annual sums asked of EnergyPlus, by what they are here.
OUTPUTS = {
    "heating": "Zone Ideal Loads Zone Sensible Heating Energy",
    "cooling": "Zone Ideal Loads Zone Sensible Cooling Energy",
    "sun": "Enclosure Windows Total Transmitted Solar Radiation Energy",
    "lights": "Zone Lights Total Heating Energy",
    "equipment": "Zone Electric Equipment Total Heating Energy",
    "people": "Zone People Sensible Heating Energy",
    "air_gain": "Zone Infiltration Sensible Heat Gain Energy",
    "air_loss": "Zone Infiltration Sensible Heat Loss Energy",
    "mean_c": "Zone Mean Air Temperature",
}

Idf = dict[str, list[list[str]]]
Point = tuple[float, float, float]


# ---- The building as EnergyPlus has it ----


def read_idf(path: str) -> Idf:
    """All objects by class in lower case: lists of their fields."""
    text = "\n".join(line.split("!")[0] for line in Path(path).read_text(errors="replace").splitlines())
    idf: Idf = {}
    for item in text.split(";"):
        name, *fields = [part.strip() for part in item.split(",")]
        if name:
            idf.setdefault(name.lower(), []).append(fields)
    return idf


def write_idf(idf: Idf, path: Path) -> None:
    path.write_text("".join(f"{name},\n  " + ",\n  ".join(fields) + ";\n" for name, items in idf.items() for fields in items))


def normal(points: list[Point]) -> Point:
    """The outer normal, as long as the area (Newell)."""
    pairs = list(zip(points, points[1:] + points[:1]))
    return tuple(sum(a[j] * b[k] - a[k] * b[j] for a, b in pairs) / 2 for j, k in ((1, 2), (2, 0), (0, 1)))


def vertices(fields: list[str]) -> list[Point]:
    n = [float(x) for x in fields]
    return [tuple(n[i : i + 3]) for i in range(0, len(n), 3)]


@dataclass
class Surface:
    name: str
    kind: str
    construction: str
    zone: str
    outside: str
    other: str
    points: list[Point]
    windows: list[tuple[str, str, float, int]] = field(default_factory=list)  # name, construction, area, how many

    @property
    def area(self) -> float:
        return math.hypot(*normal(self.points))

    def height(self) -> float:
        return sum(p[2] for p in self.points) / len(self.points)

    def volume(self) -> float:
        """Its part of the zone's volume (divergence theorem)."""
        return sum(n * p for n, p in zip(normal(self.points), self.points[0])) / 3


def read_surfaces(idf: Idf) -> dict[str, Surface]:
    if [x.lower() for x in idf["globalgeometryrules"][0][1:2]] != ["counterclockwise"]:
        raise SystemExit("vertices must run counterclockwise")
    surfaces = {}
    for f in idf["buildingsurface:detailed"]:
        surfaces[f[0].lower()] = Surface(f[0], f[1].lower(), f[2].lower(), f[3].lower(), f[5].lower(), f[6].lower(), vertices(f[11:]))
    for f in idf["fenestrationsurface:detailed"]:
        surfaces[f[3].lower()].windows.append((f[0], f[2].lower(), math.hypot(*normal(vertices(f[9:]))), int(float(f[7] or 1))))
    return surfaces


def resolve_date(text: str) -> date:
    """«7/4», «July 4», «3rd Monday in January», «Last Monday in May»."""
    if found := re.fullmatch(r"(\d+)/(\d+)", text):
        return date(YEAR, int(found[1]), int(found[2]))
    if found := re.fullmatch(r"(\w+) (\d+)", text):
        return date(YEAR, MONTHS.index(found[1]) + 1, int(found[2]))
    nth, weekday, _, month = text.split()
    days = [date(YEAR, MONTHS.index(month) + 1, 1) + timedelta(d) for d in range(31)]
    days = [d for d in days if d.month == MONTHS.index(month) + 1 and d.weekday() == WEEKDAYS.index(weekday)]
    return days[-1 if nth == "Last" else int(nth[0]) - 1]


# ---- RON ----


def record(**fields) -> str:
    return "(" + ", ".join(f"{name}: {value}" for name, value in fields.items() if value is not None) + ")"


def text(value: str) -> str:
    return json.dumps(value)


def items(values) -> str:
    return "[\n" + "".join(f"    {value},\n" for value in values) + "]"


def mapping(values: dict[str, str]) -> str:
    return "{\n" + "".join(f"    {text(name)}: {value},\n" for name, value in values.items()) + "}"


# ---- The building as a study ----


def schedule(fields: list[str], saving: tuple[date, date] | None) -> str:
    """A Schedule:Compact. While clocks are an hour ahead, everything comes an hour earlier (the day's first hour then stands at its end)."""
    parts: list[tuple[date, list]] = []  # the last day, and [day types, [(until, value)]] of each block
    until = None
    for item in fields[2:]:
        low = item.lower()
        if low.startswith("through:"):
            parts.append((resolve_date(item[8:].strip()), []))
        elif low.startswith("for"):
            parts[-1][1].append((low[3:].lstrip(": ").replace(",", " ").split(), []))
        elif low.startswith("until:"):
            hour, minute = item[6:].split(":")
            until = int(hour) + int(minute) / 60
        elif not low.startswith("interpolate"):
            parts[-1][1][-1][1].append((until, float(item)))

    def day(blocks: list, names: set[str], shift: float) -> str:
        chosen = next((b for b in blocks if names & set(b[0])), None) or next(b for b in blocks if "allotherdays" in b[0])
        starts = [0.0] + [end for end, _ in chosen[1][:-1]]
        pairs = sorted(((start - shift) % 24, value) for start, (_, value) in zip(starts, chosen[1]))
        return str(pairs[0][1]) if len(pairs) == 1 else str(pairs)

    def days(blocks: list, shift: float) -> dict[str, str]:
        return dict(
            days=day(blocks, {"alldays", "weekdays"}, shift),
            saturday=day(blocks, {"alldays", "saturday", "weekends"}, shift),
            sunday=day(blocks, {"alldays", "sunday", "weekends"}, shift),
            holiday=day(blocks, {"alldays", "holiday", "holidays"}, shift),
        )

    seasons, begin = [], date(YEAR, 1, 1)
    for end, blocks in parts:
        cuts = [c for c in saving or () if begin < c <= end]
        for first, after in zip([begin] + cuts, cuts + [end + timedelta(1)]):
            shift = 1.0 if saving and saving[0] <= first < saving[1] else 0.0
            last = after - timedelta(1)
            seasons.append(record(**{"from": f'"{first:%m-%d}"', "to": f'"{last:%m-%d}"'}, **days(blocks, shift)))
        begin = end + timedelta(1)
    return record(**days(parts[0][1], 0.0), seasons="[" + ", ".join(seasons) + "]" if len(seasons) > 1 else None)


class Fabric:
    """Materials and constructions. A layer is (name, thickness, conductivity, density, specific heat), or (None, resistance)."""

    def __init__(self, idf: Idf):
        self.sources, self.faces = {}, {}
        for f in idf["material"]:
            self.sources[f[0].lower()] = (f[0], *(float(x) for x in f[2:6]))
            self.faces[f[0].lower()] = (float(f[7]), float(f[6]))
        for f in idf["material:nomass"]:
            self.sources[f[0].lower()] = (None, float(f[2]))
            self.faces[f[0].lower()] = (float(f[4]), float(f[3]))
        self.layers = {f[0].lower(): [x.lower() for x in f[1:]] for f in idf["construction"]}
        self.materials: dict[str, str] = {}
        self.constructions: dict[str, str] = {}

    def use(self, construction: str, mirrored: bool = False) -> str:
        """The name of a construction in the study; mirrored: with the same air on both sides, of which one counts.

        To first order a layer stores from this side the share of its capacity that its distance in resistance from the other side has in the whole."""
        name = construction + (" mirrored" if mirrored else "")
        if name in self.constructions:
            return name
        names = self.layers[construction]
        layers = [self.sources[n] for n in names]
        resistances = [l[1] if l[0] is None else l[1] / l[2] for l in layers]
        written, before = [], 0.0
        for layer, resistance in zip(layers, resistances):
            middle = (before + resistance / 2) / sum(resistances)
            before += resistance
            if layer[0] is None:
                written.append(record(resistance_m2k_w=layer[1]))
                continue
            material, thickness, conductivity, density, heat = layer
            if mirrored and len(layers) == 1:
                thickness /= 2  # exactly the half, by symmetry
            elif mirrored:
                material, density = f"{material} of {name}", density * middle
            self.materials[material] = record(conductivity_w_mk=conductivity, density_kg_m3=density, specific_heat_j_kgk=heat)
            written.append(record(material=text(material), thickness_m=thickness))
        face = lambda n: record(solar_absorptance=self.faces[n][0], emittance=self.faces[n][1])
        self.constructions[name] = record(layers="[" + ", ".join(written) + "]", outside=face(names[0]), inside=face(names[-1]))
        return name


def infiltration_density(weather: str) -> float:
    """Density of outdoor air over the year, weighted by the heat that it takes."""
    rows = [line.split(",") for line in Path(weather).read_text(errors="replace").splitlines()[8:]]
    hours = [(float(r[9]) / (287.06 * (float(r[6]) + 273.15)), max(21 - float(r[6]), 0)) for r in rows]
    return sum(d * w for d, w in hours) / sum(w for _, w in hours)


def people_sensible_w(watts: float) -> float:
    """Sensible heat of a person in air of 24 °C (EnergyPlus Engineering Reference, "People Gain")."""
    t = 24.0
    linear = 6.461927 + 0.946892 * watts + 2.55737e-5 * watts**2 + t * (7.139322 - 0.0627909 * watts + 5.89172e-5 * watts**2)
    return linear - t**2 * (0.198550 - 9.40018e-4 * watts + 1.49532e-6 * watts**2)


def study(idf: Idf, weather: str) -> str:
    """The building as a study of Cupola."""
    surfaces, fabric = read_surfaces(idf), Fabric(idf)
    by_name = lambda kind, column=0: {f[column].lower(): f for f in idf[kind]}
    of_zone = lambda kind, zone, column=1: [f for f in idf[kind] if f[column].lower() == zone]
    multipliers = {f[0].lower(): int(f[6] or 1) for f in idf["zone"]}
    schedules, thermostats = by_name("schedule:compact"), by_name("thermostatsetpoint:dualsetpoint")
    density, north = infiltration_density(weather) / 1.204, float(idf["building"][0][1])
    used: set[str] = set()

    def scheduled(name: str) -> str:
        used.add(name.lower())
        return text(name.lower())

    zones = []
    for zone in idf["zone"]:
        name, times = zone[0].lower(), multipliers[zone[0].lower()]
        own = [s for s in surfaces.values() if s.zone == name]
        floor = sum(s.area for s in own if s.kind == "floor")
        written = []
        for s in own:
            outside, mirrored = s.outside, False
            if s.outside == "adiabatic" or (s.outside == "surface" and s.other == s.name.lower()):
                outside, mirrored = "adiabatic", True
            elif s.outside == "ground":
                outside = 'ground("ground")'
            elif s.outside == "surface":
                behind = surfaces[s.other].zone
                if multipliers[behind] != times:
                    raise SystemExit(f"{s.name}: zones with different multipliers touch")
                if list(multipliers).index(behind) < list(multipliers).index(name):
                    continue  # listed by the other zone
                outside = f"zone({text(behind)})"
            n = normal(s.points)
            windows = [record(id=text(w), glazing=text(c), area_m2=a, count=k * times) for w, c, a, k in s.windows]
            written.append(
                record(
                    id=text(s.name), construction=text(fabric.use(s.construction, mirrored)), area_m2=s.area * times,
                    azimuth_deg=(math.degrees(math.atan2(n[0], n[1])) + north) % 360, tilt_deg=math.degrees(math.acos(max(-1, min(1, n[2] / s.area)))),
                    outside=outside, height_m=max(s.height(), 0), windows="[" + ", ".join(windows) + "]" if windows else None,
                )
            )  # fmt: skip
        for f in of_zone("internalmass", name, 2):
            for azimuth in (45, 135, 225, 315):
                construction = text(fabric.use(f[1].lower(), mirrored=True))
                written.append(
                    record(id=text(f"{f[0]} {azimuth}"), construction=construction, area_m2=float(f[4]) / 4 * times, azimuth_deg=azimuth, tilt_deg=90, outside="adiabatic")
                )
        gains = []
        for kind, use, radiant, latent, lost in (("lights", "lights", (8, 9), None, None), ("electricequipment", "equipment", (8,), 7, 9)):
            for f in of_zone(kind, name):
                if f[3].lower() != "watts/area":
                    raise SystemExit(f"{f[0]}: only watts per area are read")
                share = lambda column: float(f[column] or 0) if column else None
                gains.append(
                    record(
                        end_use=use, power_w_m2=float(f[5]), schedule=scheduled(f[2]), radiant_fraction=sum(float(f[c] or 0) for c in radiant),
                        latent_fraction=share(latent), lost_fraction=share(lost),
                    )
                )  # fmt: skip
        for f in of_zone("people", name):
            if f[3].lower() != "area/person":
                raise SystemExit(f"{f[0]}: only areas per person are read")
            watts = float(schedules[f[9].lower()][-1])
            sensible = people_sensible_w(watts) / watts
            power = watts / float(f[6])
            gains.append(
                record(end_use="other", power_w_m2=power, schedule=scheduled(f[2]), radiant_fraction=float(f[7]) * sensible, latent_fraction=1 - sensible)
            )
        air = []
        for f in of_zone("zoneinfiltration:designflowrate", name):
            if f[3].lower() != "flow/exteriorarea" or [float(x) for x in f[8:12]] != [1, 0, 0, 0]:
                raise SystemExit(f"{f[0]}: only constant flows per exterior area are read")
            exposed = sum(s.area for s in own if s.outside == "outdoors")
            air.append(record(flow_m3_h=float(f[6]) * exposed * times * 3600 * density, schedule=scheduled(f[2])))
        heating = cooling = None
        for f in of_zone("zonecontrol:thermostat", name):
            _, warm, cold = thermostats[f[4].lower()]
            heating, cooling = record(setpoint_c=scheduled(warm)), record(setpoint_c=scheduled(cold))
        zones.append(
            record(
                id=text(name), floor_area_m2=floor * times, volume_m3=sum(s.volume() for s in own) * times, surfaces=items(written),
                gains=items(gains) if gains else None, infiltration=items(air) if air else None, heating=heating, cooling=cooling,
            )
        )  # fmt: skip

    saving = idf.get("runperiodcontrol:daylightsavingtime")
    saving = tuple(resolve_date(x) for x in saving[0]) if saving else None
    months = [(date(YEAR, m + 1, 1), float(t)) for m, t in enumerate(idf["site:groundtemperature:buildingsurface"][0])]
    last = lambda d: (d.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    ground = [record(**{"from": f'"{d:%m-%d}"', "to": f'"{last(d):%m-%d}"'}, days=t) for d, t in months]
    written_schedules = {name: schedule(schedules[name], saving) for name in sorted(used)}
    written_schedules["ground"] = record(days=months[0][1], seasons="[" + ", ".join(ground) + "]")
    panes = by_name("windowmaterial:simpleglazingsystem")
    glazings = {c: record(u_value_w_m2k=panes[l[0]][1], shgc=panes[l[0]][2]) for c, l in fabric.layers.items() if l[0] in panes}
    special = idf["runperiodcontrol:specialdays"]
    holidays = [resolve_date(f[1]) + timedelta(d) for f in special if f[3].lower() == "holiday" for d in range(int(f[2]))]
    plant = record(
        heating=record(kind="gas_boiler", efficiency=float(idf["boiler:hotwater"][0][3])),
        cooling=record(kind="chiller", cop=float(idf["chiller:electric:reformulatedeir"][0][2])),
    )
    terrain = {"city": "city", "suburbs": "suburban"}.get(idf["building"][0][2].lower(), "open")
    physics = record(
        tier="multi_node", step_minutes=10, site=record(terrain=terrain), plant=plant,
        calendar=record(first_weekday="sunday", holidays="[" + ", ".join(f'"{d:%m-%d}"' for d in sorted(holidays)) + "]"),
        materials=mapping(fabric.materials), constructions=mapping(fabric.constructions), glazings=mapping(glazings),
        schedules=mapping(written_schedules), zones=items(zones),
    )  # fmt: skip
    return record(version=1, name=text("reference large office"), physics=physics) + "\n"


# ---- EnergyPlus ----


def whole_year(idf: Idf, sizing: bool) -> Idf:
    """The same building over the year of weather, six steps an hour, with annual sums only."""
    idf = {name: fields for name, fields in idf.items() if not name.startswith(("output:", "outputcontrol:", "utilitycost:"))}
    size = "Yes" if sizing else "No"
    return idf | {
        "simulationcontrol": [[size, size, size, "No", "Yes", "No", "1"]],
        "timestep": [["6"]],
        "output:variable": [["*", name, "RunPeriod"] for name in OUTPUTS.values()],
    }


def ideal_loads(idf: Idf) -> Idf:
    """Without its HVAC, with an ideal air system in each zone that has a thermostat."""
    ideal = {name: fields for name, fields in idf.items() if name in KEEP}
    systems, lists, connections = [], [], []
    for _, zone, *_ in idf["zonecontrol:thermostat"]:
        inlet, ideal_name, equipment = f"{zone} Ideal Inlet", f"{zone} Ideal", f"{zone} Ideal Equipment"
        systems.append([ideal_name, "", inlet, "", "", "50", "13", "0.0156", "0.0077", "NoLimit", "", "", "NoLimit", "", "", "", "", "None", "", "None"])
        lists.append([equipment, "SequentialLoad", "ZoneHVAC:IdealLoadsAirSystem", ideal_name, "1", "1", "", ""])
        connections.append([zone, equipment, inlet, "", f"{zone} Ideal Air", f"{zone} Ideal Return"])
    ideal |= {"zonehvac:idealloadsairsystem": systems, "zonehvac:equipmentlist": lists, "zonehvac:equipmentconnections": connections}
    return whole_year(ideal, sizing=False)


def run_energyplus(idf: Path, weather: str, out: Path) -> float:
    """Runs it in a process of its own (the library keeps state); wall seconds."""
    program = (
        "import sys; from pyenergyplus.api import EnergyPlusAPI; api = EnergyPlusAPI(); "
        "sys.exit(api.runtime.run_energyplus(api.state_manager.new_state(), sys.argv[1:]))"
    )
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program, "-w", weather, "-d", str(out), str(idf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=out)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(f"EnergyPlus failed:\n{(out / 'eplusout.err').read_text(errors='replace')[-4000:]}")
    return seconds


def read_eso(path: Path, multipliers: dict[str, int]) -> dict[str, dict[str, float]]:
    """Annual sums in kWh (and means in °C) by zone, with multipliers."""
    names = {name.lower(): key for key, name in OUTPUTS.items()}
    zones: dict[str, dict[str, float]] = {zone: dict.fromkeys(OUTPUTS, 0.0) for zone in multipliers}
    ids: dict[str, tuple[str, str]] = {}
    for line in path.read_text(errors="replace").splitlines():
        parts = line.split(",")
        if len(parts) > 3 and (variable := names.get(parts[3].split(" [")[0].lower())):
            ids[parts[0]] = (next((z for z in multipliers if parts[2].lower().startswith(z)), ""), variable)
        elif parts[0] in ids and len(parts) > 1:
            zone, variable = ids[parts[0]]
            if zone:
                # Ideal air systems report what all copies of a zone get, all else is of one.
                factor = 1 if variable in ("heating", "cooling") else multipliers[zone]
                zones[zone][variable] = float(parts[1]) if variable == "mean_c" else float(parts[1]) / 3.6e6 * factor
    return zones


# ---- Cupola ----


def run_cupola(program: str, ron: Path, weather: str) -> tuple[float, dict]:
    begin = time.perf_counter()
    done = subprocess.run([program, "run", str(ron), "--weather", weather, "--for", "365d", "--speed", "max", "--json"], capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(f"Cupola failed:\n{done.stderr[-4000:]}")
    return seconds, json.loads(done.stdout)


def of_report(report: dict) -> dict[str, dict[str, float]]:
    keys = dict(heating="heating_kwh", cooling="cooling_kwh", sun="solar_kwh", lights="lights_kwh", equipment="equipment_kwh", people="other_kwh", mean_c="temperature_mean_c")
    return {z["id"]: {k: z[v] for k, v in keys.items()} | {"air": z["infiltration_kwh"]} for z in report["zones"]}


# ---- The comparison ----


def percent(ours: float, theirs: float) -> str:
    return f"{(ours / theirs - 1) * 100:+.1f} %" if abs(theirs) > 1 else ""


def table(rows: list[list[str]]) -> None:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    for i, row in enumerate(rows):
        print("  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths))).rstrip())
        if i == 0:
            print("  ".join("─" * w for w in widths))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("cupola", nargs="?", default="cupola", help="the program")
    options.add_argument("--zones", action="store_true", help="zone by zone, with gains, sun and infiltration")
    options.add_argument("--runs", type=int, default=3, help="how many times each runs")
    options.add_argument("--keep", type=Path, help="keep the files in this folder")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        compare(arguments, arguments.keep or Path(temporary))


def compare(arguments: argparse.Namespace, folder: Path) -> None:
    idf, weather = read_idf(ref_models["large_office"]), weather_files["usa_il_chicago"]
    multipliers = {f[0].lower(): int(f[6] or 1) for f in idf["zone"]}
    ron = folder / "office.ron"
    folder.mkdir(parents=True, exist_ok=True)
    ron.write_text(study(idf, weather))
    checked = subprocess.run([arguments.cupola, "check", str(ron)], capture_output=True, text=True)
    if checked.returncode != 0:
        raise SystemExit(checked.stdout + checked.stderr)
    seconds: dict[str, list[float]] = {"plant": [], "ideal": [], "cupola": [], "computed": []}
    for name, variant in (("plant", whole_year(idf, sizing=True)), ("ideal", ideal_loads(idf))):
        (folder / name).mkdir(exist_ok=True)
        write_idf(variant, folder / f"{name}.idf")
    for _ in range(arguments.runs):  # in turns, so that what else the machine does meets all of them
        for name in ("plant", "ideal"):
            seconds[name].append(run_energyplus(folder / f"{name}.idf", weather, folder / name))
        wall, report = run_cupola(arguments.cupola, ron, weather)
        seconds["cupola"].append(wall)
        seconds["computed"].append(report["computed_in_s"])
    median = {name: statistics.median(values) for name, values in seconds.items()}
    theirs, ours = read_eso(folder / "ideal" / "eplusout.eso", multipliers), of_report(report)
    for zone in theirs.values():
        zone["air"] = zone["air_gain"] - zone["air_loss"]

    ratio = lambda name: f"{median[name] / median['cupola']:.1f}"
    total = lambda zones, key: sum(z[key] for z in zones.values())
    rows = [["", "wall s", "times Cupola", "heating kWh", "cooling kWh"]]
    rows.append(["EnergyPlus, plant", f"{median['plant']:.2f}", ratio("plant"), "", ""])
    rows.append(["EnergyPlus, ideal loads", f"{median['ideal']:.2f}", ratio("ideal"), f"{total(theirs, 'heating'):.0f}", f"{total(theirs, 'cooling'):.0f}"])
    rows.append(["Cupola", f"{median['cupola']:.2f}", "1", f"{total(ours, 'heating'):.0f}", f"{total(ours, 'cooling'):.0f}"])
    rows.append(["Cupola, computing alone", f"{median['computed']:.2f}", "", "", ""])
    rows.append(["difference", "", "", *(percent(total(ours, k), total(theirs, k)) for k in ("heating", "cooling"))])
    table(rows)
    if arguments.zones:
        for key in ("heating", "cooling", "sun", "air", "people", "lights", "equipment"):
            print(f"\n{key}, kWh")
            zones = [[z, f"{theirs[z][key]:.0f}", f"{ours[z][key]:.0f}", percent(ours[z][key], theirs[z][key])] for z in theirs if theirs[z][key] or ours[z][key]]
            sums = ["all", f"{total(theirs, key):.0f}", f"{total(ours, key):.0f}", percent(total(ours, key), total(theirs, key))]
            table([["zone", "EnergyPlus", "Cupola", "difference"], *zones, sums])
        print("\nmean air temperature, °C")
        table([["zone", "EnergyPlus", "Cupola"], *([z, f"{theirs[z]['mean_c']:.2f}", f"{ours[z]['mean_c']:.2f}"] for z in theirs)])


if __name__ == "__main__":
    main()
