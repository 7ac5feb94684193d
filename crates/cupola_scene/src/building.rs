//! The 3D building of a scene, from its glTF file, from its floor plan, or from the areas of its rooms.

use super::access::{self, reach};
use super::document::Document;
use super::files::{SourceFile, read_bytes, read_text};
use super::places::Places;
use cupola_building::{AutoRoom, AutoStorey, Building, Issue, Plan, auto_plan, build, from_gltf};
use cupola_twin::model::{ModelIx, short_name};
use cupola_twin::{Diagnostic, Place, TableIx, Topology, TwinIx, unit};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names of the models of rooms and storeys in common ontologies.
const ROOM_WORDS: [&str; 4] = ["Room", "Space", "Zone", "HVACZone"];
const STOREY_WORDS: [&str; 4] = ["Floor", "Storey", "Level", "BuildingStorey"];
/// The largest number of rooms that are drawn without a building file. A larger building is expected to have a file.
const MAX_ROOMS: usize = 25_000;
/// The default area of a room, in m².
const USUAL_AREA_M2: f64 = 20.0;
/// The default height of a room, in m.
const USUAL_HEIGHT_M: f64 = 3.0;

/// The reading of a building.
pub(super) struct Reading<'r> {
    /// The folder of the scene.
    pub folder: &'r Path,
    pub source: &'r Places,
    pub diagnostics: &'r mut Vec<Diagnostic>,
    /// The files that were read.
    pub files: &'r mut Vec<SourceFile>,
    /// The files that may not be read.
    pub refused: &'r mut Vec<PathBuf>,
}

/// Reads the building's glTF file or builds the floor plan. Returns `None` if the document names neither, or if both
/// fail; failures are reported.
pub(super) fn read(document: &Document, reading: &mut Reading<'_>) -> Option<Building> {
    let Reading { folder, source, diagnostics, files, refused } = reading;
    let doc = document.building.clone().unwrap_or_default();
    let reached = |name: &Option<String>| name.as_ref().and_then(|name| reach(folder, name).ok());
    if let Some(path) = reached(&doc.gltf) {
        files.push(SourceFile::before_reading(path.clone()));
        // A buffer may be a link that leads elsewhere.
        let mut may_read = |path: &Path| {
            access::check(folder, path).map_err(|found| {
                refused.push(access::whole(path));
                found.message
            })
        };
        match read_gltf_with(&path, &mut may_read) {
            Ok(read) => {
                diagnostics.extend(read.issues.iter().map(|issue| warning(issue, &path)));
                return Some(read.building);
            }
            Err(found) => {
                let place = source.of(&["building".into(), "gltf".into()]);
                diagnostics.push(found.at(place));
            }
        }
    }
    if let Some(path) = reached(&doc.plan) {
        files.push(SourceFile::before_reading(path.clone()));
        let place = || source.of(&["building".into(), "plan".into()]);
        match read_text(&path) {
            Ok(text) => match read_plan(&path, &text, diagnostics) {
                Some(plan) => return Some(build(&plan)),
                None => return None,
            },
            Err(found) => diagnostics.push(found.at(place())),
        }
    }
    None
}

/// The largest size of buffer files that are read again because several buffers name them, in bytes.
const MAX_REPEATED: usize = 64 << 20;

/// The content of a glTF file.
pub struct ReadGltf {
    /// The building.
    pub building: Building,
    /// The faults of the file.
    pub issues: Vec<Issue>,
    /// The files with buffers, as the glTF file names them relative to its folder.
    pub parts: BTreeSet<PathBuf>,
}

/// Reads a `.glb` or `.gltf` file, and the buffer files that it names.
///
/// # Errors
/// The file can't be read, or it is not a valid glTF file. A buffer file that can't be read is an error of the glTF
/// file.
pub fn read_gltf(path: &Path) -> Result<ReadGltf, Diagnostic> {
    read_gltf_with(path, &mut |_| Ok(()))
}

/// Reads a glTF file like [`read_gltf`], with only those buffer files that `may_read` allows.
fn read_gltf_with(path: &Path, may_read: &mut dyn FnMut(&Path) -> Result<(), String>) -> Result<ReadGltf, Diagnostic> {
    let bytes = read_bytes(path)?;
    let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    let mut parts = BTreeSet::new();
    let mut repeated = 0_usize;
    let mut resolve = |name: &str| {
        let is_new = parts.insert(PathBuf::from(name));
        let file = folder.join(name);
        may_read(&file)?;
        // Each buffer has its own copy, so a file that is named a hundred times would need a hundred times its size.
        if !is_new {
            repeated += std::fs::metadata(&file).map_or(0, |data| data.len() as usize);
            if repeated > MAX_REPEATED {
                return Err(format!("{name} is named by too many buffers"));
            }
        }
        read_bytes(&file).map_err(|found| found.message)
    };
    let read = from_gltf(&bytes, &mut resolve);
    let (building, issues) = read.map_err(|error| {
        Diagnostic::error("gltf", format!("{}: {}", path.display(), error.message)).help(error.help)
    })?;
    Ok(ReadGltf { building, issues, parts })
}

fn read_plan(path: &Path, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Plan> {
    let file = path.to_string_lossy();
    match Plan::from_ron(text) {
        Ok(plan) => {
            let issues = plan.check();
            diagnostics.extend(
                issues
                    .iter()
                    .map(|issue| Diagnostic { severity: cupola_twin::Severity::Error, ..warning(issue, path) }),
            );
            issues.is_empty().then_some(plan)
        }
        Err(error) => {
            let place = Place { file: (*file).into(), line: error.line as u32, column: error.column as u32 };
            diagnostics.push(Diagnostic::error("plan-syntax", error.message).at(place));
            None
        }
    }
}

fn warning(issue: &Issue, path: &Path) -> Diagnostic {
    let place = Place { file: path.to_string_lossy().into(), line: 1, column: 1 };
    let message =
        if issue.path.is_empty() { issue.message.clone() } else { format!("{}: {}", issue.path, issue.message) };
    Diagnostic::warning(issue.code, message).at(place).help(issue.help.clone())
}

/// Builds the massing of storeys from [`storeys`].
pub(super) fn massing(name: &str, storeys: &[AutoStorey]) -> Building {
    if storeys.is_empty() { Building { name: name.to_string(), nodes: Vec::new() } } else { build(&auto_plan(storeys)) }
}

/// Returns the rooms among the twins, by storey. The result is empty if there are too many rooms, which is reported.
pub(super) fn storeys(topology: &Topology, source: &Places, found: &mut Vec<Diagnostic>) -> Vec<AutoStorey> {
    let of_kind = |words: &[&str]| -> BTreeSet<TwinIx> {
        let tables = topology.tables().iter().zip(0..).filter(|(table, _)| is_called(topology, table.model, words));
        tables.flat_map(|(_, table)| topology.twins_of(TableIx(table))).map(TwinIx).collect()
    };
    let storeys = of_kind(&STOREY_WORDS);
    let rooms: BTreeSet<TwinIx> = of_kind(&ROOM_WORDS).difference(&storeys).copied().collect();
    if rooms.len() > MAX_ROOMS {
        let message =
            format!("{} rooms are not drawn: a scene without a building draws at most {MAX_ROOMS} rooms", rooms.len());
        let place = Place { file: source.file.clone(), line: 1, column: 1 };
        let help = "add a building: building: (gltf: \"assets/building.glb\")";
        found.push(Diagnostic::warning("too-many-rooms", message).at(place).help(help));
        return Vec::new();
    }
    let names = topology.relationship_names();
    let mut plan: Vec<AutoStorey> = Vec::new();
    // Whether a twin is a room that no storey has taken yet, by number.
    let mut is_free = vec![false; topology.twin_count() as usize];
    rooms.iter().for_each(|room| is_free[room.0 as usize] = true);
    for storey in &storeys {
        let here: BTreeSet<TwinIx> = names
            .iter()
            .flat_map(|name| [topology.related(*storey, name, false), topology.related(*storey, name, true)].concat())
            .filter(|twin| is_free[twin.0 as usize])
            .collect();
        here.iter().for_each(|room| is_free[room.0 as usize] = false);
        if !here.is_empty() {
            plan.push(auto_storey(topology, Some(*storey), &here));
        }
    }
    let left: BTreeSet<TwinIx> = rooms.into_iter().filter(|room| is_free[room.0 as usize]).collect();
    if !left.is_empty() {
        plan.push(auto_storey(topology, None, &left));
    }
    plan
}

fn is_called(topology: &Topology, model: ModelIx, words: &[&str]) -> bool {
    let model = topology.models.get(model);
    model.ancestors.iter().any(|ancestor| words.contains(&short_name(&topology.models.get(*ancestor).id)))
        // Names such as `PatientRoom` and `MeetingRoom` count as well.
        || words.iter().any(|word| short_name(&model.id).ends_with(word))
}

fn auto_storey(topology: &Topology, storey: Option<TwinIx>, rooms: &BTreeSet<TwinIx>) -> AutoStorey {
    // The number of a property in a unit. A property without a unit counts as in this unit.
    let number = |twin: TwinIx, property: &str, unit: &str, otherwise: f64| {
        let given = topology.slot(twin, property).and_then(|slot| Some((slot, topology.given(slot)?)));
        let converted = given.and_then(|(slot, number)| {
            let (scale, offset) = unit::conversion_between(topology.column(slot.column).unit, unit::find(unit))?;
            Some(number * scale + offset)
        });
        converted.unwrap_or(otherwise)
    };
    AutoStorey {
        id: storey.map_or("storey".into(), |storey| topology.twin_id(storey).to_string()),
        name: storey.map_or("Storey".into(), |storey| topology.twin_id(storey).to_string()),
        rooms: rooms
            .iter()
            .map(|room| AutoRoom {
                id: topology.twin_id(*room).to_string(),
                name: topology.twin_id(*room).to_string(),
                area_m2: number(*room, "area", "squareMetre", USUAL_AREA_M2).clamp(1.0, 10_000.0),
                height_m: number(*room, "height", "metre", USUAL_HEIGHT_M).clamp(2.0, 30.0),
            })
            .collect(),
    }
}
