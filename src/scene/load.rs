//! Reads a scene: file to document, document to graph, graph to topology. Reading never fails; it says what it found.

use super::document::{AlarmDoc, Document, IterateDoc, RelationshipDoc, TwinDoc, VERSION};
use super::places::{Places, Step};
use super::{Alarm, Scene, bind, building, quick, ron_options};
use cupola_building::{AutoStorey, Building};
use cupola_twin::diagnostic::{has_errors, nearest};
use cupola_twin::model::ModelIx;
use cupola_twin::topology::{Computed, Iterate};
use cupola_twin::unit::{self, Unit};
use cupola_twin::{Bulk, Diagnostic, Graph, Models, Place, Relationship, Topology, Twin, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are refused before they are read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// What reading a scene gave.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The scene, unless too little of it could be read. It may hold less than the file says; the diagnostics tell.
    pub scene: Option<Scene>,
    /// Everything that was found, in the order of the file where it matters.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether the scene is as its files say.
    pub fn is_valid(&self) -> bool {
        self.scene.is_some() && !has_errors(&self.diagnostics)
    }
}

/// Reads the scene in a folder (its `scene.ron`) or file.
pub fn load(path: &Path) -> Loaded {
    let mut loader = Loader { diagnostics: Vec::new(), files: Vec::new() };
    let scene = loader.scene(path);
    Loaded { scene, diagnostics: loader.diagnostics }
}

/// What an edit changed of a graph.
pub(super) struct Changes {
    /// The graph after it.
    pub graph: Graph,
    /// Twins with other values.
    pub twins: BTreeSet<String>,
    /// Source, name and target of relationships that there are more or less of.
    pub links: BTreeSet<(String, String, String)>,
    /// Whether other properties are computed, or otherwise.
    pub is_recomputed: bool,
    /// Whether there are other twins than before.
    pub is_recast: bool,
}

/// A scene as another document of it says; models and building are taken over where the document doesn't change them. Where the
/// changes of the graph are known, nothing else is looked at.
pub(super) fn with_changes(scene: &Scene, document: Document, changes: Option<Changes>) -> Loaded {
    let mut loader = Loader { diagnostics: Vec::new(), files: Vec::new() };
    let document = Arc::new(document);
    let source = Places::of_document(scene.places.file.clone(), document.clone());
    let same_models = document.models == scene.document.models;
    let of_file = scene.massing.is_empty()
        && scene.document.building.as_ref().is_some_and(|doc| doc.gltf.is_some() || doc.plan.is_some());
    let same_file = |doc: &super::document::BuildingDoc| {
        let before = scene.document.building.as_ref();
        before.is_some_and(|before| before.gltf == doc.gltf && before.plan == doc.plan)
    };
    let same_building = of_file && document.building.as_ref().is_some_and(same_file);
    let reused = Reused {
        models: same_models.then(|| scene.models.clone()),
        topology: Some(scene.topology.clone()),
        changes,
        building: same_building.then(|| scene.building.clone()),
        massing: (!scene.massing.is_empty()).then(|| (scene.massing.clone(), scene.building.clone())),
    };
    if same_models || same_building {
        loader.files.extend(scene.files.iter().filter(|file| **file != scene.path).cloned());
    }
    let scene = loader.build(scene.path.clone(), source, document, reused, None);
    Loaded { scene: Some(scene), diagnostics: loader.diagnostics }
}

/// A place in a formula or in an alarm's condition, from its first character on: where that is in the file is looked for only when
/// someone asks.
fn within(list: &str, position: usize, field: &str) -> Place {
    Place { file: format!("<{list}/{position}/{field}>").into(), line: 1, column: 1 }
}

/// Where a place is that [`within`] made, in the file.
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

/// What need not be read again.
#[derive(Default)]
struct Reused {
    models: Option<Arc<Models>>,
    /// Its texts are what values which are kept refer to.
    topology: Option<Arc<Topology>>,
    changes: Option<Changes>,
    building: Option<Arc<Building>>,
    /// What a massing was made of, and the massing.
    massing: Option<(Vec<AutoStorey>, Arc<Building>)>,
}

/// Reads a text file within the size limit, or says why not.
pub(crate) fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let file: Arc<str> = path.to_string_lossy().into();
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let place = Place::of(&file, &before, before.len());
        Diagnostic::error("not-utf8", "the file is not UTF-8 text").at(place)
    })
}

/// Reads a file within the size limit, or says why not.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let shown = path.display();
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let missing = Diagnostic::error("file-not-found", format!("there is no file {shown}"));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let siblings = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
            let names: Vec<String> =
                siblings.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            missing.did_you_mean(&name, names.iter().map(String::as_str))
        }
        _ => Diagnostic::error("file-unreadable", format!("{shown} can't be read: {error}")),
    };
    let metadata = std::fs::metadata(path).map_err(fail)?;
    if !metadata.is_file() {
        return Err(Diagnostic::error("not-a-file", format!("{shown} is not a file")));
    }
    let size = metadata.len();
    if size > MAX_FILE_BYTES {
        return Err(Diagnostic::error(
            "file-too-large",
            format!("{shown} has {size} bytes, the limit is {MAX_FILE_BYTES}"),
        ));
    }
    std::fs::read(path).map_err(fail)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new(".")).to_path_buf()
}

struct Loader {
    diagnostics: Vec<Diagnostic>,
    files: Vec<PathBuf>,
}

impl Loader {
    fn scene(&mut self, path: &Path) -> Option<Scene> {
        let path = if path.is_dir() { path.join("scene.ron") } else { path.to_path_buf() };
        self.files.push(path.clone());
        let text = read_text(&path).map_err(|found| self.diagnostics.push(found)).ok()?;
        let source = Places::new(path.to_string_lossy().into(), text);
        let text = source.shared_text();
        if let Some((document, read)) = quick::read(&text) {
            let document = Arc::new(document);
            let models = Arc::new(self.models(&document, &folder_of(&path), &source));
            if let Some(bulk) = Bulk::of_text(read, &models) {
                return Some(self.build(
                    path,
                    source,
                    document,
                    Reused { models: Some(models), ..Reused::default() },
                    Some(bulk),
                ));
            }
            // Read again, to say what is wrong.
            *self = Self { diagnostics: Vec::new(), files: vec![path.clone()] };
        }
        let document = self.document(&source)?;
        Some(self.build(path, source, Arc::new(document), Reused::default(), None))
    }

    fn build(
        &mut self,
        path: PathBuf,
        source: Places,
        document: Arc<Document>,
        reused: Reused,
        bulk: Option<Bulk<'_>>,
    ) -> Scene {
        let folder = folder_of(&path);
        let models = reused.models.unwrap_or_else(|| Arc::new(self.models(&document, &folder, &source)));
        let computed = self.computed(&document, &models, &source);
        let (graph, (topology, mut found)) = match (reused.changes, reused.topology) {
            (Some(Changes { graph, twins, links, is_recomputed, is_recast: false }), Some(before)) => {
                let twins: Vec<&str> = twins.iter().map(String::as_str).collect();
                let links: Vec<(&str, &str, &str)> =
                    links.iter().map(|(from, name, to)| (&**from, &**name, &**to)).collect();
                let edited = before.edited(&graph, &computed, &twins, &links, is_recomputed);
                (graph, edited)
            }
            (_, _) if let Some(bulk) = bulk => {
                let graph = quick::graph(&bulk, document.clone(), models.clone());
                let compiled = Topology::compile_bulk(bulk, &models, &computed, Arc::default());
                (graph, compiled)
            }
            (changes, before) => {
                let graph = changes.map(|changes| changes.graph);
                let graph = graph.unwrap_or_else(|| self.graph(&document, &models, &source));
                let texts = before.map(|before| before.texts.clone()).unwrap_or_default();
                let compiled = Topology::compile_with(&graph, &models, &computed, texts);
                (graph, compiled)
            }
        };
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
        let topology = Arc::new(topology);
        let from_file = reused.building.or_else(|| {
            building::read(&document, &folder, &source, &mut self.diagnostics, &mut self.files).map(Arc::new)
        });
        let is_of_file = from_file.is_some();
        let massing =
            if is_of_file { Vec::new() } else { building::storeys(&topology, &source, &mut self.diagnostics) };
        let building = from_file.unwrap_or_else(|| match reused.massing {
            Some((storeys, building)) if storeys == massing => building,
            _ => Arc::new(building::massing(&document.name, &massing)),
        });
        let (bindings, mut found) = bind::bind(&document, &building, &topology, &source);
        if is_of_file {
            found.extend(bind::unbound(&document, &building, &bindings, &source));
        }
        self.diagnostics.append(&mut found);
        let files = std::mem::take(&mut self.files);
        Scene { path, files, places: source, document, models, graph, topology, alarms, building, massing, bindings }
    }

    fn document(&mut self, source: &Places) -> Option<Document> {
        match ron_options().from_str::<Document>(source.text()) {
            Ok(document) if document.version == VERSION => Some(document),
            Ok(document) => {
                let message = format!(
                    "this is version {} of the scene format; this program knows version {VERSION}",
                    document.version
                );
                let place = source.of(&["version".into()]);
                let help =
                    if document.version > VERSION { "open it with a newer Cupola" } else { "versions begin with 1" };
                self.diagnostics.push(Diagnostic::error("scene-version", message).at(place).help(help));
                None
            }
            Err(error) => {
                let place = Place {
                    file: source.file.clone(),
                    line: error.span.start.line.max(1) as u32,
                    column: error.span.start.col.max(1) as u32,
                };
                self.diagnostics.push(syntax(&error.code).at(place));
                None
            }
        }
    }

    fn models(&mut self, document: &Document, folder: &Path, source: &Places) -> Models {
        let mut files = Vec::new();
        for (position, path) in document.models.iter().enumerate() {
            let whole = folder.join(path);
            self.files.push(whole.clone());
            let before = files.len();
            let place = || source.of(&["models".into(), position.into()]);
            if let Err(found) = collect_json(&whole, 0, &mut files) {
                self.diagnostics.push(found.at(place()));
            } else if files.len() == before {
                let message = format!("{} holds no .json or .jsonld file", whole.display());
                self.diagnostics.push(Diagnostic::warning("no-models", message).at(place()));
            }
        }
        let mut texts = Vec::new();
        for file in files {
            match read_text(&file) {
                Ok(text) => texts.push((Arc::<str>::from(file.to_string_lossy()), text)),
                Err(found) => self.diagnostics.push(found),
            }
            self.files.push(file);
        }
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

    fn computed(&mut self, document: &Document, models: &Models, source: &Places) -> Vec<Computed> {
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
            // A model that is unknown is reported where the processor is bound.
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

    /// The graph knows no positions; a finding about `twin` or `twin.property` gets the place of that.
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
            // Ids may hold dots, and so may the names of component properties.
            let mut at = path.match_indices('.').filter_map(|(dot, _)| {
                let position = *by_id.get(&path[..dot])?;
                let (property, _) = document.twins[position].properties.get_key_value(&path[dot + 1..])?;
                Some((position, property.as_str()))
            });
            if let Some((position, name)) = at.next_back() {
                diagnostic.place =
                    Some(source.of(&["twins".into(), position.into(), "properties".into(), name.into()]));
            }
        }
    }
}

/// What is wrong with an item: in which list, which one, which field of it.
type Misfit = (Diagnostic, &'static str, usize, &'static str);

/// The graph of a document, without what doesn't fit.
pub(super) fn graph(document: &Document, models: &Models) -> (Graph, Vec<Misfit>) {
    let (mut graph, mut misfits) = (Graph::default(), Vec::new());
    let mut resolved: BTreeMap<&str, Option<ModelIx>> = BTreeMap::new();
    let mut left_out: HashSet<&str> = HashSet::new();
    for (position, twin) in document.twins.iter().enumerate() {
        let mut report = |found: Diagnostic, field| misfits.push((found, "twins", position, field));
        let model = resolved.entry(&twin.model).or_insert_with(|| {
            let model = models.resolve(&twin.model);
            model.map_err(|found| report(found, "model")).ok()
        });
        let Some(model) = *model else {
            left_out.insert(&twin.id);
            continue;
        };
        if let Err(found) = graph_twin(model, twin).and_then(|twin| graph.add_twin(twin)) {
            report(found, "id");
        }
    }
    for (position, link) in document.relationships.iter().enumerate() {
        // A twin that was left out because its model is unknown was reported already.
        if !left_out.is_empty() && [&link.from, &link.to].iter().any(|id| left_out.contains(id.as_str())) {
            continue;
        }
        if let Err(found) = graph.relate(models, &link.from, &link.to, graph_relationship(link)) {
            let field = match found.code {
                "unknown-relationship" | "too-many-relationships" => "name",
                "unknown-property" | "missing-property" | "wrong-value" => "properties",
                "unknown-twin" if graph.twin(&link.from).is_none() => "from",
                _ => "to",
            };
            misfits.push((found, "relationships", position, field));
        }
    }
    (graph, misfits)
}

/// A twin of a document for the graph.
pub(super) fn graph_twin(model: ModelIx, twin: &TwinDoc) -> Result<Twin, Diagnostic> {
    if twin.id.is_empty() {
        return Err(Diagnostic::error("empty-id", "a twin needs an id"));
    }
    Ok(Twin { id: twin.id.as_str().into(), model, properties: graph_values(&twin.properties) })
}

/// A relationship of a document for the graph.
pub(super) fn graph_relationship(link: &RelationshipDoc) -> Relationship {
    let properties = graph_values(&link.properties);
    Relationship { id: link.id.as_deref().map(Into::into), name: link.name.as_str().into(), properties }
}

/// Values of a document for the graph.
pub(super) fn graph_values(values: &BTreeMap<String, Value>) -> Vec<(Arc<str>, Value)> {
    values.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect()
}

/// What an alarm watches: a hidden property.
pub(super) fn condition(alarm: &AlarmDoc, model: ModelIx, place: Place) -> Computed {
    Computed {
        display_name: Some(alarm.message.clone()),
        hidden: true,
        is_condition: true,
        place: Some(place),
        ..Computed::new(model, &alarm_column(&alarm.id), &alarm.when)
    }
}

/// How a property that depends on itself is computed.
fn iterate(rule: &IterateDoc) -> Result<Iterate, Diagnostic> {
    let wrong = |message: String| Err(Diagnostic::error("wrong-iterate", message));
    let start = match rule.start {
        Value::Number(number) => number,
        Value::Integer(number) => number as f64,
        Value::Bool(flag) => f64::from(u8::from(flag)),
        _ => return wrong(format!("the first guess is a number, true or false, not `{}`", rule.start)),
    };
    if !(start.is_finite() && rule.tolerance.is_finite() && rule.tolerance >= 0.0) {
        return wrong(format!("the tolerance is a number from 0 on, not {}", rule.tolerance));
    }
    if !(1..=10_000).contains(&rule.at_most) {
        return wrong(format!("there can be 1 to 10,000 rounds, not {}", rule.at_most));
    }
    Ok(Iterate { start, tolerance: rule.tolerance, at_most: rule.at_most })
}

/// The hidden property that holds what a processor is told.
pub(crate) fn input_column(processor: &str, name: &str) -> String {
    format!("processor:{processor}:{name}")
}

/// The hidden property that holds an alarm's condition.
pub(crate) fn alarm_column(id: &str) -> String {
    format!("alarm:{id}")
}

pub(crate) fn collect_json(path: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
    if path.is_file() {
        out.push(path.to_path_buf());
        return Ok(());
    }
    let entries = std::fs::read_dir(path)
        .map_err(|error| Diagnostic::error("file-not-found", format!("{} can't be read: {error}", path.display())))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for entry in paths {
        let is_json = entry.extension().is_some_and(|extension| extension == "json" || extension == "jsonld");
        if entry.is_dir() && depth < 16 {
            collect_json(&entry, depth + 1, out)?;
        } else if is_json && entry.is_file() {
            out.push(entry);
        }
    }
    Ok(())
}

/// A parser's error in the words of the format, with a suggestion where a name was unknown.
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
        other => Diagnostic::error("ron-syntax", other.to_string()),
    }
}
