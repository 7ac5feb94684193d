//! Import of a configuration of 3D Scenes Studio: bindings of objects to twins, the colour scale, and alarms from
//! badges.
//!
//! Source: the schema `3DScenesConfiguration` 1.0.0 of 3D Scenes Studio for Azure Digital Twins, and the different
//! names in its previews: `linkedTwinID`, `meshIDs`, and the visuals `StatusColoring` and `Alert`.

mod expression;
mod json;
mod visuals;

use self::json::{assets, field, list, named, places_of_ids};
use self::visuals::Behaviour;
use super::Draft;
use super::brick::{UniqueNames, percent_decoded};
use super::service::{file_start, syntax};
use cupola_twin::diagnostic::Lines;
use cupola_twin::{Diagnostic, Place};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The largest number of twins for which an unknown twin gets a suggestion.
const MAX_COMPARED: usize = 5_000;

/// Reads a configuration into the draft. Twins of the draft serve to check the configuration and give the models of
/// alarms.
///
/// # Errors
/// The text is not JSON or not a configuration.
pub fn read(file: &str, text: &str, draft: &mut Draft) -> Result<(), Diagnostic> {
    let file: Arc<str> = file.into();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root: Json = serde_json::from_str(text).map_err(|error| {
        // The parser counts columns in bytes.
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let place = Place::of(&file, text, before + error.column().saturating_sub(1));
        Diagnostic::error("json-syntax", syntax(&error)).at(place)
    })?;
    let Some(configuration) = root.get("configuration").filter(|found| found.is_object()) else {
        let message = "this is not a configuration of 3D Scenes Studio 1.0.0: it has no object `configuration`";
        return Err(Diagnostic::error("scenes3d-no-configuration", message).at(file_start(&file)));
    };
    let mut models = BTreeMap::new();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for twin in draft.twins.iter() {
        models.insert(twin.id.clone(), twin.model.to_string());
        *sizes.entry(twin.model.to_string()).or_default() += 1;
    }
    let alarms = draft.alarms.iter().map(|alarm| alarm.id.clone()).collect();
    let (lines, ids) = (Lines::new(text), places_of_ids(text));
    let mut reader = Scenes3dReader { file, text, lines, ids, models, sizes, twins: BTreeMap::new(), alarms, draft };
    reader.configuration(configuration);
    Ok(())
}

struct Scenes3dReader<'j, 'd> {
    file: Arc<str>,
    text: &'j str,
    lines: Lines,
    /// The byte offset of each `id`.
    ids: HashMap<&'j str, usize>,
    /// The model of each twin of the draft.
    models: BTreeMap<String, String>,
    /// The number of twins of each model.
    sizes: BTreeMap<String, usize>,
    /// The twin of each element.
    twins: BTreeMap<&'j str, &'j str>,
    /// The ids of alarms in use.
    alarms: UniqueNames,
    draft: &'d mut Draft,
}

impl<'j> Scenes3dReader<'j, '_> {
    fn configuration(&mut self, configuration: &'j Json) {
        let scenes = list(configuration, "scenes");
        // A Cupola scene has one building. Other scenes of the configuration are included if they show the same file.
        let main = scenes.iter().find(|scene| !list(scene, "elements").is_empty()).or(scenes.first());
        let shown: BTreeSet<&str> = main.into_iter().flat_map(assets).collect();
        let (ours, others): (Vec<&'j Json>, Vec<&'j Json>) = scenes.iter().partition(|scene| {
            main.is_some_and(|main| std::ptr::eq(main, *scene)) || assets(scene).any(|url| shown.contains(url))
        });
        if ours.is_empty() {
            let found = Diagnostic::warning("scenes3d-no-scene", "the configuration has no scene");
            self.draft.findings.push(found);
        }
        for scene in ours.iter().copied() {
            self.elements(scene);
        }
        for scene in others {
            let count = list(scene, "elements").len();
            self.draft.counts.entry("elements").or_default().left_out += count;
            let message = format!("the scene {} shows another file; its {count} elements were left out", named(scene));
            let found = Diagnostic::warning("scenes3d-other-scene", message).at(self.place(scene));
            self.draft.findings.push(found.help("import it separately"));
        }
        for url in shown {
            self.asset(url);
        }
        let active: BTreeSet<&str> =
            ours.iter().copied().flat_map(|scene| list(scene, "behaviorIDs")).filter_map(Json::as_str).collect();
        for behaviour in list(configuration, "behaviors") {
            if field(behaviour, &["id"]).is_some_and(|id| active.contains(id)) {
                self.behaviour(behaviour);
            } else {
                let message = format!("the behaviour {} is not used by the scene", named(behaviour));
                self.left_out("behaviours", behaviour, Diagnostic::warning("scenes3d-unused-behaviour", message));
            }
        }
        for layer in list(configuration, "layers") {
            let message = format!("the layer {} was left out: Cupola has no groups of behaviours", named(layer));
            self.left_out("layers", layer, Diagnostic::warning("scenes3d-layer", message));
        }
    }

    fn place(&self, thing: &Json) -> Option<Place> {
        let offset = self.ids.get(field(thing, &["id"])?)?;
        Some(self.lines.place(&self.file, self.text, *offset))
    }

    fn left_out(&mut self, kind: &'static str, thing: &Json, why: Diagnostic) {
        let place = self.place(thing);
        self.draft.left_out(kind, why.at(place));
    }

    fn tell(&mut self, thing: &Json, found: Diagnostic) {
        let place = self.place(thing);
        self.draft.findings.push(found.at(place));
    }

    fn elements(&mut self, scene: &'j Json) {
        let mut parts = 0;
        for element in list(scene, "elements") {
            match self.element(element) {
                Ok(found) => {
                    parts += found;
                    self.draft.understood("elements");
                }
                Err(why) => self.left_out("elements", element, why),
            }
        }
        if parts > 0 {
            let message = format!("{parts} objects are parts of a mesh; the whole node is bound to the twin");
            self.tell(scene, Diagnostic::info("scenes3d-mesh-part", message));
        }
    }

    /// Binds the objects of an element to its twin. Returns the number of objects that are named after a part of a
    /// mesh.
    ///
    /// # Errors
    /// The element maps no twin, or its twin is unknown.
    fn element(&mut self, element: &'j Json) -> Result<usize, Diagnostic> {
        if let Some(other) = field(element, &["type"]).filter(|kind| *kind != "TwinToObjectMapping") {
            let message = format!("the element {} is a `{other}`, which maps no twin", named(element));
            return Err(Diagnostic::warning("scenes3d-element", message));
        }
        let Some(twin) = field(element, &["primaryTwinID", "linkedTwinID"]) else {
            let message = format!("the element {} has no `primaryTwinID`", named(element));
            return Err(Diagnostic::warning("scenes3d-element", message));
        };
        if !self.models.is_empty() && !self.models.contains_key(twin) {
            let message = format!("the element {} refers to the twin `{twin}`, which does not exist", named(element));
            let unknown = Diagnostic::warning("scenes3d-unknown-twin", message);
            let is_small = self.models.len() <= MAX_COMPARED;
            let candidates = self.models.keys().filter(|_| is_small).map(String::as_str);
            return Err(unknown.did_you_mean(twin, candidates));
        }
        if let Some(id) = field(element, &["id"]) {
            self.twins.insert(id, twin);
        }
        let objects = list(element, "objectIDs").iter().chain(list(element, "meshIDs"));
        let mut parts = 0;
        for object in objects.filter_map(Json::as_str) {
            let is_node = self.draft.building.as_ref().is_some_and(|building| building.nodes.contains(object));
            let node = if is_node { object } else { node_of(object) };
            parts += usize::from(node != object);
            match self.draft.bindings.get(node) {
                Some(other) if other != twin => {
                    let message = format!("the object `{object}` is bound to the twin `{other}`, not to `{twin}`");
                    self.tell(element, Diagnostic::warning("scenes3d-bound-twice", message));
                }
                _ => {
                    self.draft.bindings.insert(node.to_string(), twin.to_string());
                }
            }
        }
        let aliases = element.get("twinAliases").and_then(Json::as_object).map_or(0, |aliases| aliases.len());
        if aliases > 0 {
            let message = format!("{aliases} twin aliases of the element {} were left out", named(element));
            let help = "in Cupola, expressions refer to other twins by relationships";
            self.tell(element, Diagnostic::warning("scenes3d-alias", message).help(help));
        }
        Ok(parts)
    }

    fn asset(&mut self, url: &str) {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let name = percent_decoded(path.rsplit('/').next().unwrap_or(path));
        let building = self.draft.building.as_ref().and_then(|building| building.path.file_name());
        let found = if building.is_some_and(|building| building.to_string_lossy() == name) {
            Diagnostic::info("scenes3d-asset", format!("the scene shows {name}, which is in the import"))
        } else {
            Diagnostic::info("scenes3d-asset", format!("the scene shows {name}, which is not in the import"))
                .help(format!("download {url} and import it too"))
        };
        self.draft.findings.push(found);
    }

    fn behaviour(&mut self, json: &'j Json) {
        let id = field(json, &["id"]).unwrap_or_default();
        let name = field(json, &["displayName"]).filter(|name| !name.is_empty()).unwrap_or(id);
        let elements = list(json, "datasources").iter().flat_map(|source| list(source, "elementIDs"));
        let twins: BTreeSet<&str> = elements.filter_map(|id| self.twins.get(id.as_str()?).copied()).collect();
        let mut behaviour = Behaviour { id, name, models: BTreeMap::new(), place: self.place(json) };
        for model in twins.into_iter().filter_map(|twin| self.models.get(twin)) {
            *behaviour.models.entry(model.clone()).or_default() += 1;
        }
        let visuals = list(json, "visuals");
        let mut understood = visuals.is_empty();
        for (number, visual) in visuals.iter().enumerate() {
            match self.visual(&behaviour, number, visual) {
                Ok(()) => {
                    understood = true;
                    self.draft.understood("visuals");
                }
                Err(why) => self.left_out("visuals", json, why),
            }
        }
        if understood {
            self.draft.understood("behaviours");
        } else {
            let message = format!("no part of the behaviour `{name}` could be imported");
            self.left_out("behaviours", json, Diagnostic::warning("scenes3d-behaviour", message));
        }
    }
}

/// Returns the node of an object. The viewer of 3D Scenes Studio makes one object per part of a mesh with several
/// parts, and names it after the node: `tank_primitive0`.
fn node_of(object: &str) -> &str {
    match object.rsplit_once("_primitive") {
        Some((node, number)) if !node.is_empty() && is_number(number) => node,
        _ => object,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests;
