"""EnergyPlus's reference large office (12 storeys and a basement, 19 zones) in EnergyPlus and in Cupola: wall time, annual heating and cooling.

    python3 -m venv venv && . venv/bin/activate && pip install pyenergyplus-lbnl
    python benches/peers/energyplus.py target/release/cupola            # the program's path; without one, `cupola` on the PATH
    python benches/peers/energyplus.py target/release/cupola --zones    # and zone by zone

The package brings the building and the weather of Chicago. Three things run, each three times, a whole year in steps of 10 minutes:

- EnergyPlus, plant: the building as it is, with VAV, chillers, boiler and sizing runs; only for its time.
- EnergyPlus, ideal loads: its HVAC is replaced by an ideal air system a zone, always on, without outdoor air, without control of humidity.
- Cupola: the same zones, surfaces, gains and schedules as a study, `multi_node`, ideal loads, with a boiler and a chiller behind them.

Compared is sensible heat given to and taken from zones. EnergyPlus's files are changed to simulate the year of weather instead of design days alone, and to
write annual sums only; the one with ideal loads does without Fanger's comfort. Times are of whole processes, for EnergyPlus with the Python that holds it.

The same: layers, absorptances, emittances, terrain and height for the wind, TARP inside, DOE-2 outside, U-value and SHGC by LBNL-2804E, set-points, gains,
holidays, daylight saving (as seasons of the schedules), monthly ground temperatures at the outer face of basement walls and slab. Different:

- HVAC: with its plant EnergyPlus brings in outdoor air and draws return air through the plenums; with ideal loads, and in Cupola, there is no outdoor air,
  and plenums are unheated zones that get heat only through the ceiling. EnergyPlus may shorten the steps of its HVAC to 2 minutes.
- Hot water: what taps give to the core zones is in the plant's file alone.
- Windows: inside, EnergyPlus has ISO 15099's convection at glass, Cupola TARP.
- Sun inside: EnergyPlus follows beams to the faces that they hit; Cupola gives direct sun to the floor. Light of lamps is short-wave in EnergyPlus.
- Furniture (InternalMass): half as thick and adiabatic behind, upright in four directions: EnergyPlus has the same air on both of its sides.
- Floors whose other side is themselves (storeys that stand for ten) are adiabatic; layers keep the part of their capacity that comes from this side.
- Multipliers: a zone's own multiplier scales its areas, volume, air and gains. Only zones of the same multiplier touch here; others are refused.
- Radiation inside: view factors by area in EnergyPlus, Carroll's mean radiant temperature in Cupola.
- Outside: EnergyPlus has each material's roughness, and rain; Cupola counts every wall as medium rough, and dry.
- People: a gain with the sensible share that EnergyPlus's polynomial has at 24 °C; EnergyPlus goes by each zone's temperature. `people` of a study would
  evaporate less here: their water stays in zones that get no outdoor air.
- Infiltration: EnergyPlus has the density of every hour, Cupola that of the year, weighted by how much colder than 21 °C it is outdoors.
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
}
# What is compared: of the air, what infiltration brings; of people, their sensible heat.
SHOWN = ("heating", "cooling", "sun", "air", "people", "lights", "equipment")

Idf = dict[str, list[list[str]]]
Point = tuple[float, float, float]


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
    kind: str  # this and what follows in lower case
    construction: str
    zone: str
    outside: str
    other: str  # the surface behind
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


def record(**fields) -> str:
    return "(" + ", ".join(f"{name}: {value}" for name, value in fields.items() if value is not None) + ")"


def text(value: str) -> str:
    return json.dumps(value)


def row(values) -> str:
    return "[" + ",\n".join(values) + "]"


def mapping(values: dict[str, str]) -> str:
    return "{" + ",\n".join(f"{text(name)}: {value}" for name, value in values.items()) + "}"


def parse_schedule(fields: list[str]) -> list[tuple[date, list]]:
    """Of a Schedule:Compact: the last day of each period, and its blocks of day types and (until, value)."""
    parts: list[tuple[date, list]] = []
    until = 0.0
    for item in fields[2:]:
        low = item.lower()
        if low.startswith("through:"):
            parts.append((resolve_date(item[8:].strip()), []))
        elif low.startswith("for"):
            parts[-1][1].append((low[3:].lstrip(": ").split(), []))
        elif low.startswith("until:"):
            hour, minute = item[6:].split(":")
            until = int(hour) + int(minute) / 60
        else:
            parts[-1][1][-1][1].append((until, float(item)))
    return parts


def schedule_days(blocks: list, shift: float) -> dict[str, str]:
    """The four days of a study's schedule. With a shift everything comes earlier, and the day's first hour stands at its end."""

    def day(*names: str) -> str:
        wanted = {"alldays", *names}
        block = next((b for b in blocks if wanted & set(b[0])), None) or next(b for b in blocks if "allotherdays" in b[0])
        starts = [0.0] + [until for until, _ in block[1][:-1]]
        pairs = sorted(((start - shift) % 24, value) for start, (_, value) in zip(starts, block[1]))
        return str(pairs[0][1]) if len(pairs) == 1 else str(pairs)

    return dict(days=day("weekdays"), saturday=day("saturday", "weekends"), sunday=day("sunday", "weekends"), holiday=day("holiday", "holidays"))


def schedule(fields: list[str], saving: tuple[date, ...]) -> str:
    """A schedule of the study, in seasons by its periods and by daylight saving."""
    parts, seasons, begin = parse_schedule(fields), [], date(YEAR, 1, 1)
    for end, blocks in parts:
        cuts = [c for c in saving if begin < c <= end]
        for first, after in zip([begin, *cuts], [*cuts, end + timedelta(1)]):
            is_summer = bool(saving) and saving[0] <= first < saving[1]
            seasons.append(season(first, after - timedelta(1), **schedule_days(blocks, float(is_summer))))
        begin = end + timedelta(1)
    return record(**schedule_days(parts[0][1], 0.0), seasons=row(seasons) if len(seasons) > 1 else None)


def season(first: date, last: date, **days: str) -> str:
    return record(**{"from": f'"{first:%m-%d}"', "to": f'"{last:%m-%d}"'}, **days)


class Fabric:
    """Materials and constructions. A layer is (name, thickness, conductivity, density, specific heat), or (None, resistance)."""

    def __init__(self, idf: Idf):
        self.sources = {f[0].lower(): (f[0], *(float(x) for x in f[2:6])) for f in idf["material"]}
        self.sources |= {f[0].lower(): (None, float(f[2])) for f in idf["material:nomass"]}
        massive = [(f[0], f[6], f[7]) for f in idf["material"]] + [(f[0], f[3], f[4]) for f in idf["material:nomass"]]
        self.faces = {name.lower(): record(solar_absorptance=sun, emittance=emittance) for name, emittance, sun in massive}
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
                written.append(record(resistance_m2k_w=resistance))
                continue
            material, thickness, conductivity, density, heat = layer
            if mirrored and len(layers) == 1:
                thickness /= 2  # exactly the half, by symmetry
            elif mirrored:
                material, density = f"{material} of {name}", density * middle
            self.materials[material] = record(conductivity_w_mk=conductivity, density_kg_m3=density, specific_heat_j_kgk=heat)
            written.append(record(material=text(material), thickness_m=thickness))
        self.constructions[name] = record(layers=row(written), outside=self.faces[names[0]], inside=self.faces[names[-1]])
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


def study_surfaces(idf: Idf, zone: str, surfaces: dict[str, Surface], multipliers: dict[str, int], fabric: Fabric) -> list[str]:
    """A zone's surfaces; those between zones belong to the first of the two."""
    times, order, north = multipliers[zone], list(multipliers), float(idf["building"][0][1])
    written = []
    for s in surfaces.values():
        if s.zone != zone:
            continue
        outside, mirrored = s.outside, False
        if s.outside == "adiabatic" or s.other == s.name.lower():
            outside, mirrored = "adiabatic", True
        elif s.outside == "ground":
            outside = 'ground("ground")'
        elif s.outside == "surface":
            behind = surfaces[s.other].zone
            if multipliers[behind] != times:
                raise SystemExit(f"{s.name}: zones with different multipliers touch")
            if order.index(behind) < order.index(zone):
                continue
            outside = f"zone({text(behind)})"
        n = normal(s.points)
        azimuth, tilt = (math.degrees(math.atan2(n[0], n[1])) + north) % 360, math.degrees(math.acos(max(-1, min(1, n[2] / s.area))))
        windows = [record(id=text(w), glazing=text(c), area_m2=a, count=k * times) for w, c, a, k in s.windows]
        place = dict(azimuth_deg=azimuth, tilt_deg=tilt, outside=outside, height_m=max(s.height(), 0), windows=row(windows) if windows else None)
        written.append(record(id=text(s.name), construction=text(fabric.use(s.construction, mirrored)), area_m2=s.area * times, **place))
    for f in idf["internalmass"]:
        if f[2].lower() == zone:
            size = dict(construction=text(fabric.use(f[1].lower(), mirrored=True)), area_m2=float(f[4]) / 4 * times, tilt_deg=90, outside="adiabatic")
            written += [record(id=text(f"{f[0]} {azimuth}"), azimuth_deg=azimuth, **size) for azimuth in (45, 135, 225, 315)]
    return written


def study_gains(idf: Idf, zone: str, used: set[str]) -> list[str]:
    """People, lights and equipment of a zone, by its floor's area."""
    gains = []
    activity = {f[0].lower(): float(f[-1]) for f in idf["schedule:compact"]}

    def add(use: str, f: list[str], method: str, power: float, radiant: float, latent: float, lost: float = 0.0) -> None:
        if f[3].lower() != method:
            raise SystemExit(f"{f[0]}: only {method} is read")
        used.add(f[2].lower())
        shares = dict(radiant_fraction=radiant, latent_fraction=latent, lost_fraction=lost)
        gains.append(record(end_use=use, power_w_m2=power, schedule=text(f[2].lower()), **shares))

    of_zone = lambda kind: [f for f in idf[kind] if f[1].lower() == zone]
    for f in of_zone("lights"):
        add("lights", f, "watts/area", float(f[5]), float(f[8]) + float(f[9]), 0.0)
    for f in of_zone("electricequipment"):
        add("equipment", f, "watts/area", float(f[5]), float(f[8]), float(f[7]), float(f[9]))
    for f in of_zone("people"):
        watts = activity[f[9].lower()]
        sensible = people_sensible_w(watts) / watts
        add("other", f, "area/person", watts / float(f[6]), float(f[7]) * sensible, 1 - sensible)
    return gains


def study(idf: Idf, weather: str) -> str:
    """The building as a study of Cupola."""
    surfaces, fabric, used = read_surfaces(idf), Fabric(idf), set()
    multipliers = {f[0].lower(): int(f[6] or 1) for f in idf["zone"]}
    thermostats = {f[0].lower(): f for f in idf["thermostatsetpoint:dualsetpoint"]}
    density = infiltration_density(weather) / 1.204
    zones = []
    for name, times in multipliers.items():
        own = [s for s in surfaces.values() if s.zone == name]
        fields = dict(
            id=text(name),
            floor_area_m2=sum(s.area for s in own if s.kind == "floor") * times,
            volume_m3=sum(s.volume() for s in own) * times,
            surfaces=row(study_surfaces(idf, name, surfaces, multipliers, fabric)),
            gains=row(study_gains(idf, name, used)),
        )
        for f in idf["zoneinfiltration:designflowrate"]:
            if f[1].lower() == name:
                if f[3].lower() != "flow/exteriorarea" or [float(x) for x in f[8:12]] != [1, 0, 0, 0]:
                    raise SystemExit(f"{f[0]}: only constant flows by exterior area are read")
                flow = float(f[6]) * sum(s.area for s in own if s.outside == "outdoors") * times * 3600 * density
                used.add(f[2].lower())
                fields["infiltration"] = row([record(flow_m3_h=flow, schedule=text(f[2].lower()))])
        for f in idf["zonecontrol:thermostat"]:
            if f[1].lower() == name:
                warm, cold = (x.lower() for x in thermostats[f[4].lower()][1:3])
                used |= {warm, cold}
                fields |= dict(heating=record(setpoint_c=text(warm)), cooling=record(setpoint_c=text(cold)))
        zones.append(record(**fields))

    saving = tuple(resolve_date(x) for f in idf.get("runperiodcontrol:daylightsavingtime", []) for x in f)
    schedules = {f[0].lower(): schedule(f, saving) for f in idf["schedule:compact"] if f[0].lower() in used}
    soil, firsts = idf["site:groundtemperature:buildingsurface"][0], [date(YEAR, m, 1) for m in range(1, 13)] + [date(YEAR + 1, 1, 1)]
    months = [season(first, after - timedelta(1), days=t) for first, after, t in zip(firsts, firsts[1:], soil)]
    schedules["ground"] = record(days=soil[0], seasons=row(months))
    panes = {f[0].lower(): record(u_value_w_m2k=f[1], shgc=f[2]) for f in idf["windowmaterial:simpleglazingsystem"]}
    glazings = {name: panes[layers[0]] for name, layers in fabric.layers.items() if layers[0] in panes}
    holidays = sorted(resolve_date(f[1]) + timedelta(d) for f in idf["runperiodcontrol:specialdays"] for d in range(int(f[2])))
    boiler, chiller = idf["boiler:hotwater"][0][3], idf["chiller:electric:reformulatedeir"][0][2]
    physics = record(
        tier="multi_node",
        step_minutes=10,
        site=record(terrain={"city": "city", "suburbs": "suburban"}.get(idf["building"][0][2].lower(), "open")),
        calendar=record(first_weekday=idf["runperiod"][0][7].lower(), holidays=row(f'"{d:%m-%d}"' for d in holidays)),
        plant=record(heating=record(kind="gas_boiler", efficiency=boiler), cooling=record(kind="chiller", cop=chiller)),
        materials=mapping(fabric.materials),
        constructions=mapping(fabric.constructions),
        glazings=mapping(glazings),
        schedules=mapping(schedules),
        zones=row(zones),
    )
    return record(version=1, name=text("reference large office"), physics=physics) + "\n"


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
    ideal["people"] = [f[:10] for f in idf["people"]]
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
    done = subprocess.run([sys.executable, "-c", program, "-w", weather, "-d", str(out), str(idf)], capture_output=True, cwd=out)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(f"EnergyPlus failed:\n{(out / 'eplusout.err').read_text(errors='replace')[-4000:]}")
    return seconds


def read_eso(path: Path, multipliers: dict[str, int]) -> dict[str, dict[str, float]]:
    """Annual sums in kWh by zone, with multipliers."""
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
                zones[zone][variable] = float(parts[1]) / 3.6e6 * factor
    for sums in zones.values():
        sums["air"] = sums["air_gain"] - sums["air_loss"]
    return zones


def run_cupola(program: str, ron: Path, weather: str) -> tuple[float, dict]:
    begin = time.perf_counter()
    done = subprocess.run([program, "run", str(ron), "--weather", weather, "--for", "365d", "--speed", "max", "--json"], capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(f"Cupola failed:\n{done.stderr[-4000:]}")
    return seconds, json.loads(done.stdout)


def of_report(report: dict) -> dict[str, dict[str, float]]:
    """Annual sums in kWh by zone, as those of EnergyPlus."""
    sensible = people_sensible_w(120.0) / 120.0  # of people, whose gain is reported whole
    same = ("heating", "cooling", "lights", "equipment")
    others = {"sun": "solar_kwh", "air": "infiltration_kwh"}
    return {
        z["id"]: {key: z[f"{key}_kwh"] for key in same} | {key: z[name] for key, name in others.items()} | {"people": z["other_kwh"] * sensible}
        for z in report["zones"]
    }


def table(head: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    for cells in (head, ["─" * w for w in widths], *rows):
        print("  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(cells, widths))).rstrip())
    print()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("cupola", nargs="?", default="cupola", help="the program")
    options.add_argument("--zones", action="store_true", help="zone by zone, with gains, sun and infiltration")
    options.add_argument("--runs", type=int, default=3, help="how many times each runs")
    options.add_argument("--keep", type=Path, help="keep the files in this folder")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        compare(arguments, (arguments.keep or Path(temporary)).resolve())


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

    def compared(key: str, label: str, zones: list[str]) -> list[str]:
        a, b = (sum(sums[z][key] for z in zones) for sums in (theirs, ours))
        return [label, f"{a:.0f}", f"{b:.0f}", f"{(b / a - 1) * 100:+.1f} %" if abs(a) >= 1 else ""]

    names = {"plant": "EnergyPlus, plant", "ideal": "EnergyPlus, ideal loads", "cupola": "Cupola", "computed": "Cupola, computing alone"}
    table(["median of whole processes", "s", "times Cupola"], [[names[n], f"{m:.2f}", f"{m / median['cupola']:.1f}"] for n, m in median.items()])
    head = ["EnergyPlus", "Cupola", "difference"]
    table(["a year's sums, kWh", *head], [compared(key, key, list(theirs)) for key in SHOWN])
    if arguments.zones:
        for key in SHOWN:
            table([f"{key}, kWh", *head], [compared(key, z, [z]) for z in theirs if theirs[z][key] or ours[z][key]])


if __name__ == "__main__":
    main()
