//! The reader of scenes: file to document, document to graph, graph to topology. It reports problems as diagnostics.

use super::access;
use super::document::{AlarmDoc, Document, IterateDoc, VERSION};
use super::files::{SourceFile, collect_json, read_text};
use super::graph::graph;
use super::places::{Places, Step};
use super::zone::{SceneZone, zone_of};
use super::{Alarm, Scene, bind, building, ron_options};
use cupola_building::{AutoStorey, Building};
use cupola_twin::diagnostic::{has_errors, nearest};
use cupola_twin::model::ModelIx;
use cupola_twin::topology::{Computed, Iterate};
use cupola_twin::unit::{self, Unit};
use cupola_twin::{Diagnostic, Graph, Models, Place, Topology, TwinIx, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// The result of reading a scene.
#[derive(Debug, Default)]
pub struct LoadResult {
    /// The scene, or `None` if the document could not be read. Invalid items of the files are left out of the scene and
    /// are reported.
    pub scene: Option<Scene>,
    /// The diagnostics, in the order of the checks.
    pub diagnostics: Vec<Diagnostic>,
    /// The files and folders elsewhere that the scene names and that may not be read, as whole paths.
    pub refused: Vec<PathBuf>,
}

impl LoadResult {
    /// Returns whether the scene was read without an error.
    pub fn is_valid(&self) -> bool {
        self.scene.is_some() && !has_errors(&self.diagnostics)
    }
}

/// Reads the scene in a folder (its `scene.ron`) or in a file.
pub fn load(path: &Path) -> LoadResult {
    let mut loader = Loader::new(Vec::new());
    let scene = loader.scene(path);
    LoadResult { scene, diagnostics: loader.diagnostics, refused: loader.refused }
}

/// The changes of a graph by edits.
pub(super) struct Changes {
    /// The graph after the edits.
    pub graph: Graph,
    /// The ids of twins whose values changed.
    pub twins: BTreeSet<String>,
    /// The names of the properties whose values changed in any twin.
    pub properties: BTreeSet<String>,
    /// Source, name and target of relationships that were added, removed or changed.
    pub links: BTreeSet<(String, String, String)>,
    /// Whether the computed properties changed.
    pub is_recomputed: bool,
    /// Whether twins were added, removed or changed to another model.
    pub is_recast: bool,
}

/// Builds the scene of a changed document. Models and building are reused if the document names the same files. If the
/// changes of the graph are known, only the affected parts are compiled again.
pub(super) fn with_changes(scene: &Scene, document: Document, changes: Option<Changes>) -> LoadResult {
    let own = scene.files.iter().filter(|file| file.path == scene.path);
    let mut loader = Loader::new(own.cloned().collect());
    let document = Arc::new(document);
    let source = Places::of_document(scene.places.file.clone(), document.clone());
    let same_models = document.models == scene.document.models;
    // An edit that does not affect the building keeps massing and bindings.
    let keeps_building = document.building == scene.document.building
        && document.name == scene.document.name
        && changes.as_ref().is_some_and(|changes| {
            let is_shown = |property: &String| SHOWN_PROPERTIES.contains(&property.as_str());
            !changes.is_recast && changes.links.is_empty() && !changes.properties.iter().any(is_shown)
        });
    let of_file = scene.massing.is_empty()
        && scene.document.building.as_ref().is_some_and(|doc| doc.gltf.is_some() || doc.plan.is_some());
    let same_file = |doc: &super::document::BuildingDoc| {
        let before = scene.document.building.as_ref();
        before.is_some_and(|before| before.gltf == doc.gltf && before.plan == doc.plan)
    };
    let same_building = of_file && document.building.as_ref().is_some_and(same_file);
    let reused = ReusedParts {
        compiled: None,
        models: same_models.then(|| scene.models.clone()),
        topology: Some(scene.topology.clone()),
        changes,
        building: same_building.then(|| scene.building.clone()),
        massing: (!scene.massing.is_empty()).then(|| (scene.massing.clone(), scene.building.clone())),
        shown: keeps_building.then(|| BoundBuilding {
            building: scene.building.clone(),
            massing: scene.massing.clone(),
            bindings: scene.bindings.clone(),
        }),
    };
    if same_models || same_building {
        loader.files.extend(scene.files.iter().filter(|file| file.path != scene.path).cloned());
    }
    let scene = loader.build(scene.path.clone(), source, document, reused);
    LoadResult { scene: Some(scene), diagnostics: loader.diagnostics, refused: loader.refused }
}

/// Returns a symbolic place at the start of a formula or condition. [`in_file`] converts it to a place in the file when
/// a diagnostic needs one.
fn within(list: &str, position: usize, field: &str) -> Place {
    Place { file: format!("<{list}/{position}/{field}>").into(), line: 1, column: 1 }
}

/// Converts a place from [`within`] to a place in the file. Other places are returned unchanged.
pub(super) fn in_file(source: &Places, place: &Place) -> Place {
    let inside = place.file.strip_prefix('<').and_then(|path| path.strip_suffix('>'));
    let mut parts = inside.into_iter().flat_map(|path| path.split('/'));
    let (Some(list), Some(position), Some(field)) = (parts.next(), parts.next(), parts.next()) else {
        return place.clone();
    };
    let key = parts.collect::<Vec<_>>().join("/");
    let mut steps: Vec<Step<'_>> =
        vec![list.into(), position.parse::<usize>().unwrap_or_default().into(), field.into()];
    steps.extend((!key.is_empty()).then_some(Step::Field(&key)));
    let start = source.of(&steps);
    if place.line == 1 {
        Place { column: start.column + place.column - 1, ..start }
    } else {
        Place { line: start.line + place.line - 1, column: place.column, ..start }
    }
}

/// The graph and topology that were compiled from a document.
pub(super) struct Compiled {
    pub graph: Graph,
    pub topology: Arc<Topology>,
    pub time_zone: SceneZone,
    pub found: Vec<Diagnostic>,
}

/// The parts of an earlier scene that are reused.
#[derive(Default)]
pub(super) struct ReusedParts {
    models: Option<Arc<Models>>,
    compiled: Option<Compiled>,
    /// The earlier topology. Existing values refer to its texts.
    topology: Option<Arc<Topology>>,
    changes: Option<Changes>,
    building: Option<Arc<Building>>,
    /// The storeys of the earlier massing, and the massing.
    massing: Option<(Arc<Vec<AutoStorey>>, Arc<Building>)>,
    /// The earlier building with its bindings, if it does not change.
    shown: Option<BoundBuilding>,
}

/// A building, the storeys from which its massing was made, and its bindings.
struct BoundBuilding {
    building: Arc<Building>,
    massing: Arc<Vec<AutoStorey>>,
    bindings: Arc<Vec<Option<TwinIx>>>,
}

/// The properties that massing and bindings read.
const SHOWN_PROPERTIES: [&str; 3] = ["area", "height", "name"];

impl ReusedParts {
    /// Returns the reused parts for a document that is already compiled.
    pub fn compiled(models: Arc<Models>, compiled: Compiled) -> Self {
        Self { models: Some(models), compiled: Some(compiled), ..Self::default() }
    }
}

pub(super) fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf()
}

pub(super) struct Loader {
    diagnostics: Vec<Diagnostic>,
    files: Vec<SourceFile>,
    /// The hash of the texts from which the models were read.
    pub models_hash: u64,
    /// The files elsewhere that the scene names and that may not be read.
    refused: Vec<PathBuf>,
}

impl Loader {
    fn new(files: Vec<SourceFile>) -> Self {
        Self { diagnostics: Vec::new(), files, models_hash: 0, refused: Vec::new() }
    }

    fn scene(&mut self, path: &Path) -> Option<Scene> {
        if path.is_dir() && !path.join("scene.ron").exists() {
            let message = format!("the folder {} has no scene.ron, so it is no scene", path.display());
            let below = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            let scenes: Vec<PathBuf> = below.filter(|folder| folder.join("scene.ron").is_file()).collect();
            let help = match scenes.iter().min() {
                Some(scene) => format!("did you mean {}?", scene.display()),
                None => "make a scene of files of other programs: cupola import FILE… --out FOLDER".into(),
            };
            self.diagnostics.push(Diagnostic::error("file-not-found", message).help(help));
            return None;
        }
        let path = if path.is_dir() { path.join("scene.ron") } else { path.to_path_buf() };
        if let Some(scene) = self.kept(&path) {
            return Some(scene);
        }
        *self = Self::new(vec![SourceFile::before_reading(path.clone())]);
        let text = read_text(&path).map_err(|found| self.diagnostics.push(found)).ok()?;
        let source = Places::new(path.to_string_lossy().into(), text);
        let source = match self.quickly(&path, source) {
            Ok(scene) => return Some(scene),
            Err(source) => *source,
        };
        // The fast path failed, so the text is read again with full diagnostics.
        *self = Self::new(vec![SourceFile::before_reading(path.clone())]);
        let document = self.document(&source)?;
        Some(self.build(path, source, Arc::new(document), ReusedParts::default()))
    }

    pub(super) fn build(
        &mut self,
        path: PathBuf,
        source: Places,
        document: Arc<Document>,
        reused: ReusedParts,
    ) -> Scene {
        let folder = folder_of(&path);
        self.refused.extend(access::report(&document, &folder, &source, &mut self.diagnostics));
        let models = reused.models.unwrap_or_else(|| Arc::new(self.models(&document, &folder, &source)));
        let compiled = reused
            .compiled
            .unwrap_or_else(|| self.compile(&document, &models, (&folder, &source), reused.changes, reused.topology));
        let Compiled { graph, topology, time_zone, mut found } = compiled;
        self.place_values(&document, &source, &mut found);
        self.diagnostics.append(&mut found);
        let alarms = document
            .alarms
            .iter()
            .map(|alarm| Alarm {
                id: alarm.id.clone(),
                severity: alarm.severity,
                message: alarm.message.clone(),
                when: alarm.when.clone(),
                columns: topology.tables().iter().filter_map(|table| table.column(&alarm_column(&alarm.id))).collect(),
            })
            .collect();
        let (massing, building) = (reused.massing, reused.building);
        let BoundBuilding { building, massing, bindings } =
            reused.shown.unwrap_or_else(|| self.shown(&document, &folder, &source, &topology, building, massing));
        let mut files = std::mem::take(&mut self.files);
        if !files.iter().any(|file| file.path == path) {
            files.insert(0, SourceFile::before_reading(path.clone()));
        }
        Scene {
            path,
            files,
            places: source,
            document,
            time_zone,
            models,
            graph,
            topology,
            alarms,
            building,
            massing,
            bindings,
            refused: self.refused.clone(),
        }
    }

    /// Returns the building of a scene with its bindings. Without a building file, the building is a massing.
    fn shown(
        &mut self,
        document: &Document,
        folder: &Path,
        source: &Places,
        topology: &Topology,
        building: Option<Arc<Building>>,
        massing: Option<(Arc<Vec<AutoStorey>>, Arc<Building>)>,
    ) -> BoundBuilding {
        let from_file = building.or_else(|| {
            let mut read = building::Reading {
                folder,
                source,
                diagnostics: &mut self.diagnostics,
                files: &mut self.files,
                refused: &mut self.refused,
            };
            building::read(document, &mut read).map(Arc::new)
        });
        let is_of_file = from_file.is_some();
        let storeys = if is_of_file { Vec::new() } else { building::storeys(topology, source, &mut self.diagnostics) };
        let storeys = Arc::new(storeys);
        let building = from_file.unwrap_or_else(|| match massing {
            Some((known, building)) if known == storeys => building,
            _ => Arc::new(building::massing(&document.name, &storeys)),
        });
        let (bindings, mut found) = bind::bind(document, &building, topology, source);
        if is_of_file {
            found.extend(bind::unbound(document, &building, &bindings, source));
        }
        self.diagnostics.append(&mut found);
        BoundBuilding { building, massing: storeys, bindings: Arc::new(bindings) }
    }

    fn compile(
        &mut self,
        document: &Document,
        models: &Arc<Models>,
        (folder, source): (&Path, &Places),
        changes: Option<Changes>,
        before: Option<Arc<Topology>>,
    ) -> Compiled {
        let time_zone = self.time_zone(document, folder, source);
        let computed = self.computed(document, models, source);
        let (graph, (mut topology, found)) = match (changes, before) {
            (Some(Changes { graph, twins, links, is_recomputed, is_recast: false, .. }), Some(before)) => {
                let twins: Vec<&str> = twins.iter().map(String::as_str).collect();
                let links: Vec<(&str, &str, &str)> =
                    links.iter().map(|(from, name, to)| (&**from, &**name, &**to)).collect();
                let edited = before.edited(&graph, &computed, &twins, &links, is_recomputed);
                (graph, edited)
            }
            (changes, before) => {
                let graph = changes.map(|changes| changes.graph);
                let graph = graph.unwrap_or_else(|| self.graph(document, models, source));
                let texts = before.map(|before| before.texts.clone()).unwrap_or_default();
                let compiled = Topology::compile_with(&graph, models, &computed, texts);
                (graph, compiled)
            }
        };
        topology.zone = time_zone.zone.clone();
        Compiled { graph, topology: Arc::new(topology), time_zone, found }
    }

    pub(super) fn time_zone(&mut self, document: &Document, folder: &Path, source: &Places) -> SceneZone {
        zone_of(document, folder, source, &mut self.diagnostics)
    }

    fn document(&mut self, source: &Places) -> Option<Document> {
        match ron_options().from_str::<Document>(source.text()) {
            Ok(document) if document.version == VERSION => Some(document),
            Ok(document) => {
                let message = format!(
                    "the scene has format version {}; this program supports version {VERSION}",
                    document.version
                );
                let place = source.of(&["version".into()]);
                let help = if document.version > VERSION { "use a newer Cupola" } else { "the first version is 1" };
                self.diagnostics.push(Diagnostic::error("scene-version", message).at(place).help(help));
                None
            }
            Err(error) => {
                let place = Place {
                    file: source.file.clone(),
                    line: error.span.start.line.max(1) as u32,
                    column: error.span.start.col.max(1) as u32,
                };
                let found = syntax(&error.code);
                let found = match advice(source.text(), &place, &found.message) {
                    Some(help) if found.help.is_none() => found.help(help),
                    _ => found,
                };
                self.diagnostics.push(found.at(place));
                None
            }
        }
    }

    pub(super) fn models(&mut self, document: &Document, folder: &Path, source: &Places) -> Models {
        let mut files = Vec::new();
        for (position, path) in document.models.iter().enumerate() {
            let Ok(whole) = access::reach(folder, path) else { continue };
            self.files.push(SourceFile::before_reading(whole.clone()));
            let before = files.len();
            let place = || source.of(&["models".into(), position.into()]);
            // A link in a folder of models may lead elsewhere.
            let (refused, diagnostics) = (&mut self.refused, &mut self.diagnostics);
            let mut may_read = |path: &Path| match access::check(folder, path) {
                Ok(()) => true,
                Err(found) => {
                    refused.push(access::whole(path));
                    diagnostics.push(found.at(place()));
                    false
                }
            };
            if let Err(found) = collect_json(&whole, &mut may_read, &mut files) {
                self.diagnostics.push(found.at(place()));
            } else if files.len() == before {
                let message = format!("{} holds no .json or .jsonld file", whole.display());
                self.diagnostics.push(Diagnostic::warning("no-models", message).at(place()));
            }
        }
        let mut texts = Vec::new();
        for file in files {
            self.files.push(SourceFile::before_reading(file.clone()));
            match read_text(&file) {
                Ok(text) => texts.push((Arc::<str>::from(file.to_string_lossy()), text)),
                Err(found) => self.diagnostics.push(found),
            }
        }
        let mut hash = XxHash3_64::new();
        for (file, text) in &texts {
            (&**file, text).hash(&mut hash);
        }
        self.models_hash = hash.finish();
        let (models, mut found) = Models::read(texts.iter().map(|(file, text)| (file.clone(), text.as_str())));
        self.diagnostics.append(&mut found);
        models
    }

    fn graph(&mut self, document: &Document, models: &Models, source: &Places) -> Graph {
        let (graph, found) = graph(document, models);
        let placed = found
            .into_iter()
            .map(|(found, list, position, field)| found.at(source.of(&[list.into(), position.into(), field.into()])));
        self.diagnostics.extend(placed);
        graph
    }

    pub(super) fn computed(&mut self, document: &Document, models: &Models, source: &Places) -> Vec<Computed> {
        let mut out = Vec::new();
        for (position, definition) in document.computed.iter().enumerate() {
            let at = |field| source.of(&["computed".into(), position.into(), Step::Field(field)]);
            let model = match models.resolve(&definition.model) {
                Ok(model) => model,
                Err(found) => {
                    self.diagnostics.push(found.at(at("model")));
                    continue;
                }
            };
            let iterate = definition.iterate.as_ref().and_then(|rule| {
                let checked = iterate(rule);
                checked.map_err(|found| self.diagnostics.push(found.at(at("iterate")))).ok()
            });
            let unit = definition.unit.as_ref().and_then(|unit| self.unit(unit, || at("unit")));
            out.push(Computed {
                unit,
                display_name: definition.display_name.clone(),
                iterate,
                place: Some(within("computed", position, "formula")),
                ..Computed::new(model, &definition.property, &definition.formula)
            });
        }
        for (position, processor) in document.processors.iter().enumerate() {
            // An unknown model is reported when the processor is bound.
            let Ok(model) = models.resolve(&processor.model) else { continue };
            for (name, formula) in &processor.inputs {
                out.push(Computed {
                    display_name: Some(name.clone()),
                    hidden: true,
                    place: Some(within("processors", position, &format!("inputs/{name}"))),
                    ..Computed::new(model, &input_column(&processor.id, name), formula)
                });
            }
        }
        let mut seen = BTreeMap::new();
        for (position, alarm) in document.alarms.iter().enumerate() {
            let at = |field| source.of(&["alarms".into(), position.into(), Step::Field(field)]);
            if seen.insert(&alarm.id, position).is_some() {
                let found = Diagnostic::error("duplicate-alarm", format!("alarm `{}` is defined twice", alarm.id));
                self.diagnostics.push(found.at(at("id")));
                continue;
            }
            match models.resolve(&alarm.model) {
                Ok(model) => out.push(condition(alarm, model, within("alarms", position, "when"))),
                Err(found) => self.diagnostics.push(found.at(at("model"))),
            }
        }
        out
    }

    fn unit(&mut self, name: &str, place: impl Fn() -> Place) -> Option<&'static Unit> {
        let found = unit::find(name);
        if found.is_none() {
            let unknown = Diagnostic::error("unknown-unit", format!("`{name}` is not a unit")).at(place());
            self.diagnostics.push(unknown.did_you_mean(name, unit::names(None)));
        }
        found
    }

    /// Adds places to diagnostics. A diagnostic about `twin` or `twin.property` gets the place of that twin or property
    /// in the file.
    fn place_values(&self, document: &Document, source: &Places, found: &mut [Diagnostic]) {
        if found.is_empty() {
            return;
        }
        for diagnostic in found.iter_mut() {
            diagnostic.place = diagnostic.place.take().map(|place| in_file(source, &place));
        }
        let by_id: HashMap<&str, usize> =
            document.twins.iter().enumerate().map(|(position, twin)| (twin.id.as_str(), position)).collect();
        for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.place.is_none()) {
            let Some(path) = diagnostic.path.as_deref() else { continue };
            if let Some(position) = by_id.get(path) {
                diagnostic.place = Some(source.of(&["twins".into(), (*position).into(), "id".into()]));
                continue;
            }
            // Ids and names of component properties may contain dots, so every dot is tried.
            let mut at = path.match_indices('.').filter_map(|(dot, _)| {
                let position = *by_id.get(&path[..dot])?;
                let property = &path[dot + 1..];
                document.twins[position].properties.contains_key(property).then_some((position, property))
            });
            if let Some((position, name)) = at.next_back() {
                diagnostic.place =
                    Some(source.of(&["twins".into(), position.into(), "properties".into(), name.into()]));
            }
        }
    }
}

/// Returns the hidden computed property that holds the condition of an alarm.
pub fn condition(alarm: &AlarmDoc, model: ModelIx, place: Place) -> Computed {
    Computed {
        display_name: Some(alarm.message.clone()),
        hidden: true,
        is_condition: true,
        place: Some(place),
        ..Computed::new(model, &alarm_column(&alarm.id), &alarm.when)
    }
}

/// Converts and checks the iteration settings of a computed property.
fn iterate(rule: &IterateDoc) -> Result<Iterate, Diagnostic> {
    let wrong = |message: String| Err(Diagnostic::error("wrong-iterate", message));
    let start = match rule.start {
        Value::Number(number) => number,
        Value::Integer(number) => number as f64,
        Value::Bool(flag) => f64::from(u8::from(flag)),
        _ => return wrong(format!("`start` must be a number, true or false, not `{}`", rule.start)),
    };
    if !start.is_finite() {
        return wrong(format!("`start` must be finite, not {start}"));
    }
    if !(rule.tolerance.is_finite() && rule.tolerance >= 0.0) {
        return wrong(format!("`tolerance` must be a finite number of at least 0, not {}", rule.tolerance));
    }
    if !(1..=10_000).contains(&rule.at_most) {
        return wrong(format!("`at_most` must be 1 to 10,000, not {}", rule.at_most));
    }
    Ok(Iterate { start, tolerance: rule.tolerance, at_most: rule.at_most })
}

/// Returns the name of the hidden property that holds an input of a processor.
pub fn input_column(processor: &str, name: &str) -> String {
    format!("processor:{processor}:{name}")
}

/// Returns the name of the hidden property that holds the condition of an alarm.
pub(crate) fn alarm_column(id: &str) -> String {
    format!("alarm:{id}")
}

/// Returns a message of the parser without its words for the types of this program.
fn plain(message: &str) -> String {
    let Some((before, rest)) = message.split_once(" for struct `") else { return message.to_string() };
    let Some((name, after)) = rest.split_once('`') else { return message.to_string() };
    let mut words = String::new();
    for c in name.trim_end_matches("Doc").chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    let owner = if words == "document" { "the scene".to_string() } else { format!("a {words}") };
    format!("{before} of {owner}{after}")
}

/// Returns a suggestion for a fault of syntax at a place: the usual faults of hand-written scenes, and of texts that were
/// copied from a word processor, JSON or another operating system.
fn advice(text: &str, place: &Place, message: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("the file is empty; a scene begins with `(version: 1, name: \"…\"`".into());
    }
    let line = text.lines().nth(place.line as usize - 1)?;
    let column = place.column as usize - 1;
    // The parser may name the end of the part before, so the next characters after blanks and line breaks count too.
    let rest = text.lines().skip(place.line as usize).flat_map(str::chars);
    let around = line.chars().skip(column.saturating_sub(2)).chain(rest).filter(|c| !matches!(c, ' ' | '\t'));
    let around: Vec<char> = around.take(4).collect();
    let is_quote = |c: &char| matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»');
    let is_strange =
        |c: &char| matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    if let Some(quote) = around.iter().find(|c| is_quote(c)) {
        return Some(format!("`{quote}` is a curly quote: write straight quotes, \"…\""));
    }
    if let Some(blank) = around.iter().find(|c| is_strange(c)) {
        return Some(format!(
            "the character U+{:04X} looks like a blank or nothing: delete it or write a blank",
            *blank as u32
        ));
    }
    let before: String = line.chars().take(column + 1).collect();
    let has_decimal_comma = before.split([' ', ':', '(', '[', '{']).next_back().is_some_and(|word| {
        let word = word.trim_end_matches(['}', ')', ']', ',']);
        word.split_once(',').is_some_and(|(whole, rest)| {
            let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            is_number(whole.trim_start_matches('-')) && is_number(rest)
        })
    });
    if has_decimal_comma {
        return Some("a number has a decimal point, not a comma: 20.5".into());
    }
    if message.contains("escape") {
        return Some("write a path with / instead of \\".into());
    }
    match line.chars().nth(column) {
        Some('{') if message.contains("opening `(`") => Some("write (id: …) instead of {\"id\": …}".into()),
        _ if message.contains("Expected comma") => {
            Some("a comma is missing before this place, or a quote is not closed".into())
        }
        _ if message.contains("trailing") => Some("the scene ends with the `)` before this place".into()),
        _ if message.contains("identifier") => {
            Some("a parenthesis or bracket before this place may not be closed".into())
        }
        _ => None,
    }
}

/// Converts an error of the RON parser to a diagnostic in the terms of the scene format, with a suggestion for an
/// unknown name.
fn syntax(error: &ron::Error) -> Diagnostic {
    match error {
        ron::Error::NoSuchStructField { expected, found, outer } => {
            let owner = outer.as_deref().unwrap_or("this").trim_end_matches("Doc").to_lowercase();
            let message = format!("`{found}` is not a field of a {owner}");
            let unknown = Diagnostic::error("unknown-field", message);
            match nearest(found, expected.iter().copied()) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("its fields are {}", expected.join(", "))),
            }
        }
        ron::Error::NoSuchEnumVariant { expected, found, .. } => {
            let unknown = Diagnostic::error("unknown-word", format!("`{found}` is not one of {}", expected.join(", ")));
            unknown.did_you_mean(found, expected.iter().copied())
        }
        ron::Error::MissingStructField { field, outer } => {
            let owner = outer.as_deref().unwrap_or("this").trim_end_matches("Doc").to_lowercase();
            let message = format!("the {owner} has no `{field}`");
            Diagnostic::error("missing-field", message).help(format!("add `{field}: …`"))
        }
        ron::Error::SuggestRawIdentifier(found) if found.starts_with(|first: char| first.is_ascii_digit()) => {
            let message = format!("`{found}` is in the place of a name or the end of a value");
            let help = "a decimal number has a point, as in 0.5; a name begins with a letter";
            Diagnostic::error("ron-syntax", message).help(help)
        }
        other => Diagnostic::error("ron-syntax", plain(&other.to_string())),
    }
}
