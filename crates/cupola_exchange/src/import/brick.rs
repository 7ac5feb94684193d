//! Import of Brick, with or without RealEstateCore. Resources become twins, their classes become DTDL models, and
//! statements become relationships and properties.
//!
//! Of two inverse relationships only one is kept, from the whole to the part and from the source to the sink. One
//! formula then works for both notations.
//!
//! Sources: RDF 1.1 Turtle (W3C); the Brick ontology (brickschema.org); RealEstateCore (w3id.org/rec).

mod hierarchy;
mod left;
mod models;
mod names;
mod statements;
mod units;
mod vocabulary;

use self::hierarchy::superclasses;
use self::left::Omissions;
use self::models::{ClassIx, Classes, PropertySchema};
use self::names::local_name;
pub(super) use self::names::segment;
pub(super) use self::names::{UniqueNames, percent_decoded};
use self::statements::{Iri, Statements};
use self::units::{PointUnit, StatedUnit, converted, units_of_classes, usual};
use self::vocabulary::{
    HAS_UNIT, Ontology, RDFS_COMMENT, RDFS_LABEL, Reading, VocabularyTerm, holds_words, is_about_tags, is_any_thing,
    is_meta, is_vocabulary, kept, word,
};
use super::service::file_start;
use super::{Draft, ModelDoc};
use cupola_scene::document::{RelationshipDoc, TwinDoc};
use cupola_scene::{Properties, SharedTexts};
use cupola_twin::unit::Unit;
use cupola_twin::{Diagnostic, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The name of the file with the models.
const MODELS_FILE: &str = "brick.json";
/// Names of contents that every imported model may have, which other properties and relationships can't use.
const RESERVED: [&str; 3] = ["iri", "label", "value"];
/// The property of a point with its last value, in Brick 1.3 and later.
const LAST_KNOWN_VALUE: &str = "lastKnownValue";
/// The largest number of property names. Every name becomes a column of every model.
const MAX_PROPERTIES: usize = 100;

/// Turtle files that describe the same building: parts of the building, or the ontology of its classes.
#[derive(Default)]
pub struct Files {
    statements: Statements,
    texts: Vec<(Arc<str>, String)>,
}

impl Files {
    /// Adds the statements of a file.
    ///
    /// # Errors
    /// The file is not valid Turtle, or its IRIs are too long in total. Nothing of the file is added then.
    pub fn add(&mut self, file: &str, mut text: String) -> Result<(), Diagnostic> {
        let file: Arc<str> = file.into();
        if text.starts_with('\u{feff}') {
            text = text.split_off('\u{feff}'.len_utf8());
        }
        self.statements.read(&file, &text)?;
        self.texts.push((file, text));
        Ok(())
    }

    /// Converts all statements and adds the result to the draft.
    pub fn read(&self, draft: &mut Draft) {
        if self.texts.is_empty() {
            return;
        }
        let mut reader = BrickReader::new(&self.statements);
        reader.things(draft);
        if reader.things.is_empty() {
            let message = "no resource has a type of Brick or RealEstateCore";
            let help = "use types such as <https://brickschema.org/schema/Brick#AHU> or <https://w3id.org/rec#Room>";
            let found = Diagnostic::warning("brick-no-twins", message).help(help);
            draft.findings.push(found.at(self.texts.first().map(|(file, _)| file_start(file))));
        }
        reader.links();
        reader.values();
        reader.details();
        reader.write(draft);
        reader.left.report(&self.texts, &self.statements, draft);
    }
}

/// A resource that becomes a twin.
struct Thing {
    iri: Iri,
    id: String,
    types: Vec<ClassIx>,
    is_point: bool,
}

/// The values of one property by resource, with the known units of numbers.
#[derive(Default)]
struct Column {
    values: BTreeMap<usize, Value>,
    units: BTreeMap<usize, &'static Unit>,
}

impl Column {
    fn schema(&self) -> &'static str {
        let all = |is_kind: fn(&Value) -> bool| self.values.values().all(is_kind);
        if all(|value| matches!(value, Value::Number(_))) {
            "double"
        } else if all(|value| matches!(value, Value::Bool(_))) {
            "boolean"
        } else {
            "string"
        }
    }

    /// Converts all numbers to the most frequent unit. Returns this unit, and the values of other dimensions.
    fn convert(&mut self) -> (Option<&'static Unit>, Vec<(usize, Value, &'static Unit)>) {
        let mut foreign = Vec::new();
        // Beside a text, a number with a unit needs a property of its own.
        let to = usual(self.units.values()).filter(|_| self.schema() == "double");
        for (thing, unit) in &self.units {
            let Some(to) = to.filter(|to| to.dimension == unit.dimension) else {
                foreign.extend(self.values.remove(thing).map(|value| (*thing, value, *unit)));
                continue;
            };
            if let Some(Value::Number(number)) = self.values.get_mut(thing) {
                *number = converted(*number, unit, to);
            }
        }
        (to, foreign)
    }
}

struct BrickReader<'s> {
    statements: &'s Statements,
    classes: Classes,
    things: Vec<Thing>,
    by_iri: HashMap<Iri, usize>,
    /// The resources that belong to an ontology itself: classes, properties, quantities, tags.
    definitions: HashSet<Iri>,
    relationships: Vec<(usize, String, usize)>,
    seen: HashSet<(usize, String, usize)>,
    columns: BTreeMap<String, Column>,
    /// The units of the points.
    units: BTreeMap<usize, StatedUnit>,
    left: Omissions,
    understood: usize,
}

impl<'s> BrickReader<'s> {
    fn new(statements: &'s Statements) -> Self {
        Self {
            statements,
            classes: Classes::new(),
            things: Vec::new(),
            by_iri: HashMap::new(),
            definitions: HashSet::new(),
            relationships: Vec::new(),
            seen: HashSet::new(),
            columns: BTreeMap::new(),
            units: BTreeMap::new(),
            left: Omissions::default(),
            understood: 0,
        }
    }

    /// Finds the resources that become twins, in the order of the file.
    fn things(&mut self, draft: &Draft) {
        let statements = self.statements;
        let mut types_of: BTreeMap<Iri, Vec<ClassIx>> = BTreeMap::new();
        let mut foreign = Vec::new();
        let classes = self.classes();
        for (thing, class) in &statements.types {
            let iri = statements.iri(*class);
            match classes.get(class) {
                Some(class) => types_of.entry(*thing).or_default().push(*class),
                None if is_any_thing(iri) || word(iri).is_some_and(|word| word.is_tag) => {}
                None if is_meta(iri) => {
                    self.definitions.insert(*thing);
                }
                None => foreign.push((*thing, *class)),
            }
        }
        let mut taken: UniqueNames = draft.twins.iter().map(|twin| twin.id.clone()).collect();
        for (iri, types) in types_of {
            let text = statements.iri(iri);
            let is_word = word(text).is_some() && types.iter().all(|class| holds_words(self.classes.name(*class)));
            if is_word || self.definitions.contains(&iri) {
                self.definitions.insert(iri);
                continue;
            }
            let name = percent_decoded(local_name(text));
            let id = taken.take(&name);
            if id != name {
                self.left.renamed.push((iri, id.clone()));
            }
            self.understood += types.len();
            self.by_iri.insert(iri, self.things.len());
            self.things.push(Thing { iri, id, types, is_point: false });
        }
        for (thing, class) in foreign {
            self.leave(thing, class);
        }
    }

    /// Returns the ontology classes that the files mention, and the subclasses of them that the files define.
    fn classes(&mut self) -> HashMap<Iri, ClassIx> {
        let statements = self.statements;
        let mut kinds: HashMap<Iri, Vec<Iri>> = HashMap::new();
        for (class, base) in &statements.subclasses {
            kinds.entry(*base).or_default().push(*class);
        }
        let mentioned = statements.types.iter().map(|(_, class)| *class);
        let related = statements.subclasses.iter().flat_map(|(class, base)| [*class, *base]);
        let mut classes = HashMap::new();
        let mut next = Vec::new();
        for iri in mentioned.chain(related) {
            if let Some(word) = word(statements.iri(iri)).filter(|word| !word.is_tag)
                && classes.insert(iri, self.classes.class(word)).is_none()
            {
                next.push(iri);
            }
        }
        while let Some(base) = next.pop() {
            for iri in kinds.get(&base).into_iter().flatten() {
                let text = statements.iri(*iri);
                if !classes.contains_key(iri) && word(text).is_none() && !is_meta(text) {
                    classes.insert(*iri, self.classes.own(text, &percent_decoded(local_name(text))));
                    self.definitions.insert(*iri);
                    next.push(*iri);
                }
            }
        }
        let unknown = self.superclasses();
        // The files themselves may define a class.
        let defined: HashSet<Iri> = statements.subclasses.iter().flat_map(|(class, base)| [*class, *base]).collect();
        let is_unknown = |(iri, class): &(&Iri, &ClassIx)| unknown.contains(class) && !defined.contains(iri);
        self.left.unknown_classes = classes.iter().filter(is_unknown).map(|(iri, _)| *iri).collect();
        for (class, base) in &statements.subclasses {
            if let (Some(class), Some(base)) = (classes.get(class), classes.get(base)) {
                self.classes.extend(*class, *base);
            }
        }
        classes
    }

    /// Adds the superclasses of all classes so far. Returns the classes that Brick doesn't have.
    fn superclasses(&mut self) -> BTreeSet<ClassIx> {
        let mut unknown = BTreeSet::new();
        let mut next = self.classes.of_ontologies();
        while let Some((class, ontology, name)) = next.pop() {
            let Some(above) = superclasses(ontology, &name) else {
                if ontology == Ontology::Brick {
                    unknown.insert(class);
                }
                continue;
            };
            for base in above.filter(|base| *base != "Entity") {
                let count = self.classes.count();
                let base_ix = self.classes.class(VocabularyTerm { ontology, name: base, is_tag: false });
                self.classes.extend(class, base_ix);
                if self.classes.count() > count {
                    next.push((base_ix, ontology, base.to_string()));
                }
            }
        }
        unknown
    }

    /// Counts a statement that uses another vocabulary, or whose subject is not a twin.
    fn leave(&mut self, subject: Iri, foreign: Iri) {
        if self.by_iri.contains_key(&subject) {
            *self.left.foreign.entry(foreign).or_default() += 1;
        } else if !self.definitions.contains(&subject) {
            self.left.other += 1;
        }
    }

    fn links(&mut self) {
        let statements = self.statements;
        for (subject, predicate, object) in &statements.links {
            let iri = statements.iri(*predicate);
            if is_meta(iri) || self.definitions.contains(subject) {
                continue;
            }
            let Some(relationship) = word(iri) else {
                self.leave(*subject, *predicate);
                continue;
            };
            let target = statements.iri(*object);
            match (self.by_iri.get(subject).copied(), self.by_iri.get(object).copied()) {
                (Some(from), Some(to)) => self.relate(from, relationship.name, to),
                _ if is_about_tags(relationship.name) || word(target).is_some_and(|word| word.is_tag) => {}
                (Some(thing), None) if is_vocabulary(target) => {
                    let text = percent_decoded(local_name(target));
                    if relationship.name == HAS_UNIT {
                        self.give_unit(thing, text);
                    } else {
                        self.set(thing, &segment(relationship.name), Value::Text(text), None);
                    }
                }
                (_, None) => self.left.untyped.entry(*object).or_default().0 += 1,
                (None, Some(_)) => self.left.untyped.entry(*subject).or_default().1 += 1,
            }
        }
    }

    fn relate(&mut self, from: usize, name: &str, to: usize) {
        let (name, is_turned) = kept(name);
        let (from, to) = if is_turned { (to, from) } else { (from, to) };
        if name == "hasPoint"
            && let Some(point) = self.things.get_mut(to)
        {
            point.is_point = true;
        }
        let mut name = segment(name);
        if RESERVED.contains(&name.as_str()) {
            name.push_str("_link");
        }
        self.understood += 1;
        if self.seen.insert((from, name.clone(), to)) {
            self.relationships.push((from, name, to));
        }
    }

    fn values(&mut self) {
        let statements = self.statements;
        for (subject, predicate, value) in &statements.values {
            let iri = statements.iri(*predicate);
            let thing = self.by_iri.get(subject).copied();
            let name = match iri {
                RDFS_LABEL => "label".to_string(),
                _ if is_meta(iri) && iri != RDFS_COMMENT => continue,
                _ => segment(local_name(iri)),
            };
            match thing {
                Some(thing) if word(iri).is_some_and(|word| word.name == HAS_UNIT) => {
                    self.give_unit(thing, value.to_string());
                }
                Some(thing) => self.set(thing, &name, value.clone(), None),
                None if is_meta(iri) || self.definitions.contains(subject) => {}
                None => self.left.other += 1,
            }
        }
    }

    /// Sets the unit of a point.
    fn give_unit(&mut self, thing: usize, text: String) {
        match self.units.get(&thing) {
            Some(known) if known.text != text => self.left.second += 1,
            _ => {
                self.units.insert(thing, StatedUnit::new(text));
                self.understood += 1;
            }
        }
    }

    /// Reads values with a unit: `brick:area [ brick:value 12 ; brick:hasUnit unit:FT2 ]`. An unknown unit becomes a
    /// part of the property's name. Other values of a blank node become properties of its owner: `rec:area
    /// [ rec:grossArea 12 ]` becomes `area_grossArea`.
    fn details(&mut self) {
        let statements = self.statements;
        for (subject, predicate, node) in &statements.details {
            let iri = statements.iri(*predicate);
            if is_meta(iri) || self.definitions.contains(subject) {
                continue;
            }
            let node = statements.nameless.get(*node);
            let value = node.and_then(|node| node.value.clone());
            let stated = node.and_then(|node| node.unit.clone()).map(StatedUnit::new);
            if let (Some(thing), Some(node)) = (self.by_iri.get(subject).copied(), node) {
                // The unit beside a `brick:value` is that of this value.
                let of_inner = stated.as_ref().filter(|_| node.value.is_none());
                for (inner, value) in &node.values {
                    let name = format!("{}_{}", local_name(iri), local_name(statements.iri(*inner)));
                    self.set_measured(thing, &name, value.clone(), of_inner);
                }
            }
            match (self.by_iri.get(subject).copied(), value) {
                (Some(thing), Some(value)) => {
                    self.understood += if stated.is_some() { 2 } else { 1 };
                    self.set_measured(thing, local_name(iri), value, stated.as_ref());
                }
                (Some(_), None) if node.is_some_and(|node| !node.values.is_empty()) => self.understood += 1,
                (Some(_), None) => self.left.nameless += 1,
                (None, _) => self.left.other += 1,
            }
        }
        let owned = statements.details.iter().filter(|(subject, ..)| self.by_iri.contains_key(subject));
        let details: BTreeSet<usize> = owned.map(|(_, _, node)| *node).collect();
        for (number, node) in statements.nameless.iter().enumerate() {
            let with_unit = if node.value.is_some() { 1 + usize::from(node.unit.is_some()) } else { 0 };
            let is_owned = details.contains(&number);
            let read = if is_owned { with_unit + node.values.len() } else { 0 };
            // The type statement of the blank node counts as understood, because the property's name contains it.
            let is_said = usize::from(node.is_typed && read > 0);
            self.left.nameless += node.statements.saturating_sub(read + is_said);
            self.left.nameless_things += usize::from(node.is_typed && read == 0);
        }
    }

    fn set_measured(&mut self, thing: usize, name: &str, value: Value, stated: Option<&StatedUnit>) {
        match stated {
            Some(StatedUnit { text, unit: None }) => self.set(thing, &segment(&format!("{name}_{text}")), value, None),
            _ => self.set(thing, &segment(name), value, stated.and_then(|stated| stated.unit)),
        }
    }

    fn set(&mut self, thing: usize, name: &str, value: Value, unit: Option<&'static Unit>) {
        if !self.columns.contains_key(name) {
            if self.columns.len() >= MAX_PROPERTIES {
                self.left.too_many += 1;
                return;
            }
            self.columns.insert(name.to_string(), Column::default());
        }
        let Some(column) = self.columns.get_mut(name) else { return };
        match column.values.get(&thing) {
            Some(known) if *known != value || column.units.get(&thing).copied() != unit => {
                self.left.second += 1;
                return;
            }
            Some(_) => {}
            None => {
                if let (Some(unit), Value::Number(_)) = (unit, &value) {
                    column.units.insert(thing, unit);
                }
                column.values.insert(thing, value);
            }
        }
        self.understood += 1;
    }

    /// Takes the values of points from the properties. The last known value of a point is its value, unless it has another
    /// one.
    fn points(&mut self, columns: &mut BTreeMap<String, Column>) -> Column {
        let mut of_points = columns.remove("value").unwrap_or_default();
        let Some(last) = columns.remove(LAST_KNOWN_VALUE) else { return of_points };
        let mut others = Column::default();
        for (thing, value) in last.values {
            // A value of another kind than that of most points stays what it is.
            let is_value = !of_points.values.contains_key(&thing) && Reading::of_value(&value) == Some(Reading::Number);
            let to = if is_value { &mut of_points } else { &mut others };
            to.values.insert(thing, value);
            to.units.extend(last.units.get(&thing).map(|unit| (thing, *unit)));
        }
        if !others.values.is_empty() {
            columns.insert(LAST_KNOWN_VALUE.to_string(), others);
        }
        of_points
    }

    /// Returns the units that the values of points don't have, as texts. Records the points without a unit in a class
    /// with one.
    fn unapplied_units(
        &mut self,
        class_of: &[ClassIx],
        own: &[PointUnit],
        units: &BTreeMap<ClassIx, &'static Unit>,
        has_value: impl Fn(usize) -> bool,
    ) -> Option<(String, Column)> {
        let mut kept = Column::default();
        for (number, (thing, class)) in self.things.iter().zip(class_of).enumerate() {
            match (self.units.get(&number), units.get(class)) {
                (_, Some(unit)) if own[number].known().is_some_and(|own| own.dimension == unit.dimension) => {}
                (Some(stated), _) => {
                    kept.values.insert(number, Value::Text(stated.text.clone()));
                    if stated.unit.is_none() {
                        self.left.unknown_units.entry(stated.text.clone()).or_insert((thing.iri, 0)).1 += 1;
                    }
                }
                (None, Some(unit)) if has_value(number) => {
                    let class = format!("points of `{}`", self.classes.name(*class));
                    self.left.without_unit.entry((class, unit.name)).or_insert((thing.iri, 0)).1 += 1;
                }
                (None, _) => {}
            }
        }
        (!kept.values.is_empty()).then(|| (HAS_UNIT.to_string(), kept))
    }

    /// Converts the values of each property to one unit. Values of another dimension go to a property of their own.
    fn in_one_unit(&mut self, columns: BTreeMap<String, Column>) -> Vec<(String, (Column, PropertySchema))> {
        let mut out = Vec::new();
        for (name, mut column) in columns {
            let (unit, foreign) = column.convert();
            if unit.is_some() {
                let others = column.values.keys().filter(|thing| !column.units.contains_key(thing));
                for thing in others.filter_map(|thing| self.things.get(*thing)) {
                    let name = (format!("values of `{name}`"), unit.map_or("", |unit| unit.name));
                    self.left.without_unit.entry(name).or_insert((thing.iri, 0)).1 += 1;
                }
            }
            let mut others: BTreeMap<&str, (Column, PropertySchema)> = BTreeMap::new();
            for (thing, value, unit) in foreign {
                let schema = PropertySchema { schema: "double", unit: Some(unit) };
                let (other, _) = others.entry(unit.name).or_insert((Column::default(), schema));
                other.values.insert(thing, value);
            }
            let others = others.into_iter().map(|(unit, column)| (segment(&format!("{name}_{unit}")), column));
            out.extend(others.collect::<Vec<_>>());
            let schema = PropertySchema { schema: column.schema(), unit };
            out.push((name, (column, schema)));
        }
        out
    }

    /// Adds twins, relationships, models and counts to the draft.
    fn write(&mut self, draft: &mut Draft) {
        if self.things.is_empty() {
            return;
        }
        let mut values = std::mem::take(&mut self.columns);
        let of_points = self.points(&mut values);
        let labels = values.remove("label").unwrap_or_default().values;
        for thing in of_points.values.keys().chain(self.units.keys()) {
            if let Some(thing) = self.things.get_mut(*thing) {
                thing.is_point = true;
            }
        }
        let names: BTreeSet<String> = self.relationships.iter().map(|(_, name, _)| name.clone()).collect();
        let mut taken: UniqueNames = names.iter().cloned().chain(RESERVED.map(str::to_string)).collect();
        let mut class_of = Vec::with_capacity(self.things.len());
        let mut units = Vec::with_capacity(self.things.len());
        for (number, thing) in self.things.iter().enumerate() {
            let class = self.classes.of_thing(&thing.types);
            let stated = self.units.get(&number);
            let known = of_points.units.get(&number).copied().or(stated.and_then(|stated| stated.unit));
            units.push(match known {
                Some(unit) => PointUnit::new(unit, &self.classes.names_above(class)),
                None if stated.is_some() => PointUnit::Unknown,
                None => PointUnit::None,
            });
            if thing.is_point {
                let measured = known.map(|_| Reading::Number);
                self.classes.give_value(class, of_points.values.get(&number).and_then(Reading::of_value).or(measured));
            }
            class_of.push(class);
        }
        let units_of_classes = units_of_classes(&mut self.classes, &mut class_of, &units);
        let has_value = |number| of_points.values.contains_key(&number);
        values.extend(self.unapplied_units(&class_of, &units, &units_of_classes, has_value));
        let values = self.in_one_unit(values);
        let columns: BTreeMap<String, (Column, PropertySchema)> =
            values.into_iter().map(|(name, column)| (taken.take(&name), column)).collect();
        let schemas = columns.iter().map(|(name, (_, schema))| (name.clone(), *schema)).collect();
        let models = self.classes.models(&names, &schemas, &units_of_classes);
        let mut values_of: Vec<Vec<(Arc<str>, Value)>> = vec![Vec::new(); self.things.len()];
        for (name, (column, schema)) in columns {
            let (name, is_text): (Arc<str>, bool) = (name.into(), schema.schema == "string");
            for (thing, value) in column.values {
                let value = if is_text { Value::Text(value.to_string()) } else { value };
                values_of[thing].push((name.clone(), value));
            }
        }
        let mut names = SharedTexts::default();
        for (number, (thing, class)) in self.things.iter().zip(&class_of).enumerate() {
            let Some(model) = models.of_class.get(class) else { continue };
            let mut properties = std::mem::take(&mut values_of[number]);
            let iri = Value::Text(self.statements.iri(thing.iri).to_string());
            properties.push((names.share("iri"), iri));
            if let Some(label) = labels.get(&number) {
                properties.push((names.share("label"), Value::Text(label.to_string())));
            }
            match of_points.values.get(&number) {
                Some(value) if model.value.is_some() && model.value == Reading::of_value(value) => {
                    let value = match (model.unit, value) {
                        (Some(to), Value::Number(stated)) => Value::Number(units[number].converted(*stated, to)),
                        _ => value.clone(),
                    };
                    properties.push((names.share("value"), value));
                }
                Some(_) => {
                    self.left.unfit.push(thing.iri);
                    self.understood -= 1;
                }
                None => {}
            }
            let (id, properties) = (thing.id.clone(), properties.into_iter().collect());
            draft.twins.push(TwinDoc { id, model: names.share(&model.id), properties }, None);
        }
        let count = self.relationships.len();
        for (from, name, to) in std::mem::take(&mut self.relationships) {
            if let (Some(from), Some(to)) = (self.things.get(from), self.things.get(to)) {
                let (from, to) = (from.id.clone(), to.id.clone());
                let name = names.share(&name);
                let link = RelationshipDoc { id: None, from, name, to, properties: Properties::default() };
                draft.relationships.push(link, None);
            }
        }
        draft.findings.extend(models.findings);
        draft.models.push(ModelDoc::new(MODELS_FILE, models.text, None));
        for (kind, count) in [
            ("models", models.count),
            ("relationships", count),
            ("statements", self.understood),
            ("twins", self.things.len()),
        ] {
            draft.counts.entry(kind).or_default().understood += count;
        }
    }
}

#[cfg(test)]
mod tests;
