//! Conversion of classes to DTDL. Every class in use becomes an interface, and so does every combination of classes
//! that a resource has. All interfaces extend one that holds the common contents.
//!
//! Source: Digital Twins Definition Language version 3, "Interface": at most 12 levels of `extends`, at most 1,024
//! interfaces.

use super::names::{UniqueNames, segment};
use super::vocabulary::{Ontology, Reading, VocabularyTerm, is_point};
use cupola_twin::Diagnostic;
use cupola_twin::model::is_unit_of_dtdl3;
use cupola_twin::unit::Unit;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const CONTEXT: &str = "dtmi:dtdl:context;3";
/// The context of all interfaces if any has a unit. Azure Digital Twins accepts version 3.
const CONTEXT_WITH_UNITS: [&str; 2] = [CONTEXT, "dtmi:dtdl:extension:quantitativeTypes;1"];
/// The context of all interfaces if any has a unit that only this version has. An interface of version 3 can't extend
/// one of version 4.
const CONTEXT_WITH_ALL_UNITS: [&str; 2] = ["dtmi:dtdl:context;4", "dtmi:dtdl:extension:quantitativeTypes;3"];
/// The largest length of a display name, in characters. DTDL 3 allows 512 characters.
const MAX_SHOWN: usize = 500;
const MAX_LEVELS: usize = 12;
const MAX_EXTENDED: usize = 1024;

/// The number of a class, or of a combination of classes.
pub(super) type ClassIx = usize;
/// `brick:Entity`, the base of all other classes.
const ENTITY: ClassIx = 0;

/// The classes of the files.
#[derive(Debug)]
pub(super) struct Classes {
    classes: Vec<Class>,
    by_name: BTreeMap<(Ontology, String), ClassIx>,
    /// The class of resources with several classes, by these classes.
    combined: BTreeMap<Vec<ClassIx>, ClassIx>,
}

#[derive(Debug)]
struct Class {
    ontology: Ontology,
    name: String,
    bases: BTreeSet<ClassIx>,
    is_combined: bool,
    is_used: bool,
    has_value: bool,
    /// The kinds of values of the class's resources.
    readings: BTreeSet<Reading>,
}

/// The planned interface of a class.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub extends: Vec<ClassIx>,
    levels: usize,
    extended: usize,
    is_point: bool,
    /// The kind of the points' values.
    pub value: Option<Reading>,
    /// Whether the class adds the value itself instead of inheriting it.
    pub is_own_value: bool,
}

/// The schema of a property, and its unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct PropertySchema {
    pub schema: &'static str,
    pub unit: Option<&'static Unit>,
}

/// The interface of a class.
#[derive(Debug)]
pub(super) struct ClassModel {
    /// The DTMI.
    pub id: String,
    /// The kind of the points' values.
    pub value: Option<Reading>,
    /// The unit of the points' values.
    pub unit: Option<&'static Unit>,
}

/// The interfaces.
#[derive(Debug, Default)]
pub(super) struct Models {
    /// The interface of each class.
    pub of_class: BTreeMap<ClassIx, ClassModel>,
    /// The DTDL document.
    pub text: String,
    /// The number of interfaces.
    pub count: usize,
    /// The parts of the class hierarchy that DTDL does not allow.
    pub findings: Vec<Diagnostic>,
}

impl Classes {
    /// Creates the set with only `brick:Entity`.
    pub fn new() -> Self {
        let mut out = Self { classes: Vec::new(), by_name: BTreeMap::new(), combined: BTreeMap::new() };
        out.class(VocabularyTerm { ontology: Ontology::Brick, name: "Entity", is_tag: false });
        out
    }

    /// Returns the class of an ontology's term and adds it if it is new.
    pub fn class(&mut self, word: VocabularyTerm<'_>) -> ClassIx {
        self.known_as(word.ontology, word.name, word.name)
    }

    /// Returns the class that a file defines and adds it if it is new.
    pub fn own(&mut self, iri: &str, name: &str) -> ClassIx {
        self.known_as(Ontology::Own, iri, name)
    }

    fn known_as(&mut self, ontology: Ontology, key: &str, name: &str) -> ClassIx {
        let key = (ontology, key.to_string());
        if let Some(known) = self.by_name.get(&key) {
            return *known;
        }
        let class = self.classes.len();
        self.classes.push(Class {
            ontology,
            name: name.to_string(),
            bases: BTreeSet::new(),
            is_combined: false,
            is_used: false,
            has_value: false,
            readings: BTreeSet::new(),
        });
        self.by_name.insert(key, class);
        class
    }

    /// Returns the number of classes.
    pub fn count(&self) -> usize {
        self.classes.len()
    }

    /// Returns the classes of Brick and RealEstateCore with their names.
    pub fn of_ontologies(&self) -> Vec<(ClassIx, Ontology, String)> {
        let known = self.classes.iter().enumerate().filter(|(_, class)| class.ontology != Ontology::Own);
        known.map(|(number, class)| (number, class.ontology, class.name.clone())).collect()
    }

    /// Returns the name of a class.
    pub fn name(&self, class: ClassIx) -> &str {
        self.classes.get(class).map_or("", |class| class.name.as_str())
    }

    /// Returns the names of a class and of all its superclasses.
    pub fn names_above(&self, class: ClassIx) -> Vec<&str> {
        let above = self.above(class);
        std::iter::once(class).chain(above).map(|class| self.name(class)).collect()
    }

    /// Makes `class` a subclass of `base`.
    pub fn extend(&mut self, class: ClassIx, base: ClassIx) {
        if class != ENTITY
            && class != base
            && let Some(class) = self.classes.get_mut(class)
        {
            class.bases.insert(base);
        }
    }

    /// Returns the class of a resource with all these types, and marks it as used. A used class gets an interface.
    pub fn of_thing(&mut self, types: &[ClassIx]) -> ClassIx {
        let types: BTreeSet<ClassIx> = types.iter().copied().collect();
        let all: Vec<ClassIx> = types.iter().copied().collect();
        let known = self.combined.get(&all).copied();
        let class = known.unwrap_or_else(|| {
            let special = if all.len() > 1 { self.most_special(&types) } else { all.clone() };
            let class = match special.as_slice() {
                [] => ENTITY,
                [only] => *only,
                _ => self.combination(special),
            };
            self.combined.insert(all, class);
            class
        });
        if let Some(class) = self.classes.get_mut(class) {
            class.is_used = true;
        }
        class
    }

    /// Marks the resources of a class as points, with the kind of a value if there is one.
    pub fn give_value(&mut self, class: ClassIx, reading: Option<Reading>) {
        // A point without a class must not make all resources points.
        if class != ENTITY
            && let Some(class) = self.classes.get_mut(class)
        {
            class.has_value = true;
            class.readings.extend(reading);
        }
    }

    /// Returns the subclass of a class for its points in one unit, or for those without a unit.
    pub fn variant(&mut self, class: ClassIx, unit: Option<&Unit>) -> ClassIx {
        let Some(general) = self.classes.get(class) else { return class };
        let suffix = unit.map_or("without_unit".to_string(), |unit| format!("in_{}", unit.name));
        let (ontology, name) = (general.ontology, format!("{}_{suffix}", general.name));
        // No class of a file has such a key, because an IRI has no blanks.
        let variant = self.known_as(ontology, &format!("{class} {suffix}"), &name);
        if let Some(variant) = self.classes.get_mut(variant) {
            variant.bases.insert(class);
            variant.is_combined = true;
            variant.is_used = true;
            variant.has_value = true;
            variant.readings.insert(Reading::Number);
        }
        variant
    }

    /// Marks a class as only a base, whose subclasses define the value of points.
    pub fn leave_to_subclasses(&mut self, class: ClassIx) {
        if let Some(class) = self.classes.get_mut(class) {
            (class.is_used, class.has_value) = (false, false);
            class.readings.clear();
        }
    }

    fn combination(&mut self, types: Vec<ClassIx>) -> ClassIx {
        if let Some(known) = self.combined.get(&types) {
            return *known;
        }
        let mut names: Vec<&str> = types.iter().map(|class| self.name(*class)).collect();
        names.sort_unstable();
        let name = names.join("_and_");
        let mut ontologies = types.iter().filter_map(|class| self.classes.get(*class)).map(|class| class.ontology);
        let first = ontologies.next().unwrap_or(Ontology::Brick);
        let ontology = if ontologies.all(|other| other == first) { first } else { Ontology::Brick };
        let class = self.classes.len();
        let bases = types.iter().copied().collect();
        let class_of = Class {
            ontology,
            name,
            bases,
            is_combined: true,
            is_used: false,
            has_value: false,
            readings: BTreeSet::new(),
        };
        self.classes.push(class_of);
        self.combined.insert(types, class);
        class
    }

    /// Returns the types that are not a base of another of the types.
    fn most_special(&self, types: &BTreeSet<ClassIx>) -> Vec<ClassIx> {
        let above: BTreeMap<ClassIx, BTreeSet<ClassIx>> =
            types.iter().map(|class| (*class, self.above(*class))).collect();
        let is_above =
            |general: &ClassIx, special: &ClassIx| above.get(special).is_some_and(|above| above.contains(general));
        let is_general = |class: &ClassIx| {
            // Of classes in a cycle, the first is kept.
            let below = |other: &ClassIx| is_above(class, other) && (!is_above(other, class) || other < class);
            *class == ENTITY || types.iter().any(|other| other != class && below(other))
        };
        types.iter().copied().filter(|class| !is_general(class)).collect()
    }

    /// Returns all direct and indirect bases of a class.
    fn above(&self, class: ClassIx) -> BTreeSet<ClassIx> {
        let mut found = BTreeSet::new();
        let mut next = vec![class];
        while let Some(class) = next.pop() {
            for base in self.classes.get(class).into_iter().flat_map(|class| &class.bases) {
                if found.len() < MAX_EXTENDED && found.insert(*base) {
                    next.push(*base);
                }
            }
        }
        found
    }

    /// Builds the interfaces of all used classes and of their bases. All interfaces have the given relationships, and
    /// the given properties with their schemas. The values of points have the given units.
    pub fn models(
        &self,
        relationships: &BTreeSet<String>,
        properties: &BTreeMap<String, PropertySchema>,
        units: &BTreeMap<ClassIx, &'static Unit>,
    ) -> Models {
        let mut out = Models::default();
        let plans = self.plans(&mut out.findings);
        let mut order: Vec<ClassIx> = plans.keys().copied().collect();
        order.sort_by_key(|class| {
            (*class != ENTITY, self.classes.get(*class).map(|class| (class.ontology, &class.name)))
        });
        let mut taken = UniqueNames::default();
        for class in &order {
            let Some(own) = self.classes.get(*class) else { continue };
            let path = taken.take(&format!("{}:{}", own.ontology.path(), segment(&own.name)));
            let value = plans.get(class).and_then(|plan| plan.value);
            let unit = units.get(class).copied().filter(|_| value == Some(Reading::Number));
            out.of_class.insert(*class, ClassModel { id: format!("{path};1"), value, unit });
        }
        let mut interfaces = Vec::new();
        let mut readings: BTreeMap<String, (Reading, Option<&'static Unit>)> = BTreeMap::new();
        for class in &order {
            let (Some(plan), Some(model)) = (plans.get(class), out.of_class.get(class)) else { continue };
            let id = &model.id;
            let mut extends: Vec<&str> =
                plan.extends.iter().filter_map(|base| out.of_class.get(base)).map(|base| base.id.as_str()).collect();
            let reading = plan.value.filter(|_| plan.is_own_value).map(|value| (value.interface(model.unit), value));
            if let Some((id, value)) = &reading {
                readings.insert(id.clone(), (*value, model.unit));
                extends.push(id);
            }
            let contents = if *class == ENTITY { common_contents(relationships, properties) } else { Vec::new() };
            interfaces.push(interface(id, &shown(self.name(*class)), &extends, contents));
        }
        for (id, (reading, unit)) in readings {
            let mut value = property("value", PropertySchema { schema: reading.schema(), unit });
            value["writable"] = json!(true);
            let name = match (reading, unit) {
                (Reading::Number, Some(unit)) => format!("Point with a number in {}", unit.name),
                (Reading::Number, None) => "Point with a number".to_string(),
                (Reading::Boolean, _) => "Point that is on or off".to_string(),
            };
            interfaces.push(interface(&id, &name, &[], vec![value]));
        }
        let all_units = || units.values().copied().chain(properties.values().filter_map(|property| property.unit));
        if all_units().next().is_some() {
            let is_old = all_units().all(|unit| is_unit_of_dtdl3(unit.name));
            let context = if is_old { CONTEXT_WITH_UNITS } else { CONTEXT_WITH_ALL_UNITS };
            interfaces.iter_mut().for_each(|interface| interface["@context"] = json!(context));
        }
        out.count = interfaces.len();
        out.text = serde_json::to_string_pretty(&interfaces).unwrap_or_default();
        out
    }

    /// Plans the interfaces of all used classes and of their bases, bases first.
    pub fn plans(&self, findings: &mut Vec<Diagnostic>) -> BTreeMap<ClassIx, Plan> {
        let mut waiting: BTreeMap<ClassIx, usize> = BTreeMap::new();
        let mut kinds: BTreeMap<ClassIx, Vec<ClassIx>> = BTreeMap::new();
        let used = self.classes.iter().enumerate().filter(|(_, class)| class.is_used).map(|(class, _)| class);
        let mut next: Vec<ClassIx> = used.chain([ENTITY]).collect();
        while let Some(class) = next.pop() {
            let Some(own) = self.classes.get(class) else { continue };
            if waiting.insert(class, own.bases.len()).is_none() {
                for base in &own.bases {
                    kinds.entry(*base).or_default().push(class);
                    next.push(*base);
                }
            }
        }
        let mut ready: BTreeSet<ClassIx> =
            waiting.iter().filter(|(_, bases)| **bases == 0).map(|(class, _)| *class).collect();
        let mut plans = BTreeMap::new();
        while let Some(class) = ready.pop_first().or_else(|| self.on_a_circle(&waiting)) {
            waiting.remove(&class);
            let plan = self.plan(class, &plans, findings);
            plans.insert(class, plan);
            for kind in kinds.get(&class).into_iter().flatten() {
                if let Some(bases) = waiting.get_mut(kind) {
                    *bases -= 1;
                    if *bases == 0 {
                        ready.insert(*kind);
                    }
                }
            }
        }
        plans
    }

    /// Returns a class on a cycle of subclasses. It is called if no class is ready: every waiting class is then on a
    /// cycle or has a base on one, so following the bases leads to a cycle.
    fn on_a_circle(&self, waiting: &BTreeMap<ClassIx, usize>) -> Option<ClassIx> {
        let (mut class, _) = waiting.first_key_value()?;
        let mut seen = BTreeSet::new();
        while seen.len() < MAX_EXTENDED && seen.insert(class) {
            let bases = self.classes.get(*class).map(|own| &own.bases);
            match bases.into_iter().flatten().find(|base| waiting.contains_key(*base)) {
                Some(base) => class = base,
                None => break,
            }
        }
        Some(*class)
    }

    fn plan(&self, class: ClassIx, plans: &BTreeMap<ClassIx, Plan>, findings: &mut Vec<Diagnostic>) -> Plan {
        let mut plan = Plan { levels: 1, ..Plan::default() };
        let Some(own) = self.classes.get(class) else { return plan };
        // One level is reserved for a combination of classes.
        let max_levels = if own.is_combined { MAX_LEVELS } else { MAX_LEVELS - 1 };
        for base in &own.bases {
            let above = plans.get(base);
            let refused = match above {
                None => Some("its class hierarchy has a cycle"),
                Some(above) if above.levels >= max_levels => Some("its class hierarchy has more than 12 levels"),
                Some(above) if plan.extended + above.extended >= MAX_EXTENDED => {
                    Some("it extends more than 1,024 classes")
                }
                Some(above) => match (plan.value, above.value) {
                    (Some(one), Some(other)) if one != other => Some("its values would be both numbers and booleans"),
                    _ => None,
                },
            };
            if let Some(reason) = refused {
                let message = format!("the model `{}` doesn't extend `{}`: {reason}", own.name, self.name(*base));
                findings.push(Diagnostic::warning("brick-class-tree", message));
                continue;
            }
            let Some(above) = above else { continue };
            plan.extends.push(*base);
            plan.levels = plan.levels.max(above.levels + 1);
            plan.extended += above.extended + 1;
            plan.is_point |= above.is_point || self.name(*base) == "Point";
            plan.value = plan.value.or(above.value);
        }
        if plan.extends.is_empty() && class != ENTITY {
            plan.extends.push(ENTITY);
            (plan.levels, plan.extended) = (2, 1);
        }
        // A class that is only a base leaves the kind of value to its subclasses.
        let is_point =
            own.is_used && plan.is_point || own.has_value || (own.is_used && !own.is_combined && is_point(&own.name));
        if plan.value.is_none() && is_point {
            let known = own.readings.first().filter(|_| own.readings.len() == 1);
            plan.value = Some(known.copied().unwrap_or_else(|| Reading::of(&own.name)));
            plan.is_own_value = true;
            plan.levels = plan.levels.max(2);
            plan.extended += 1;
        }
        plan
    }
}

fn interface(id: &str, shown: &str, extends: &[&str], contents: Vec<Json>) -> Json {
    let mut interface = json!({"@context": CONTEXT, "@id": id, "@type": "Interface", "displayName": shown});
    if let Some(fields) = interface.as_object_mut() {
        if !extends.is_empty() {
            fields.insert("extends".to_string(), json!(extends));
        }
        if !contents.is_empty() {
            fields.insert("contents".to_string(), Json::Array(contents));
        }
    }
    interface
}

fn property(name: &str, kind: PropertySchema) -> Json {
    match kind.unit {
        Some(unit) => {
            // Version 3 has no type for shares in general.
            let quantity = match unit.dimension.semantic_type() {
                "RelativeMeasure" => "Concentration",
                other => other,
            };
            let types = ["Property", quantity];
            json!({"@type": types, "name": name, "schema": kind.schema, "unit": unit.name})
        }
        None => json!({"@type": "Property", "name": name, "schema": kind.schema}),
    }
}

fn common_contents(relationships: &BTreeSet<String>, properties: &BTreeMap<String, PropertySchema>) -> Vec<Json> {
    let text = PropertySchema { schema: "string", unit: None };
    let own = [("label", text), ("iri", text)];
    let read = properties.iter().map(|(name, kind)| (name.as_str(), *kind));
    let properties = own.into_iter().chain(read).map(|(name, kind)| property(name, kind));
    let relationships = relationships.iter().map(|name| json!({"@type": "Relationship", "name": name}));
    properties.chain(relationships).collect()
}

/// Returns a class name for display: `Zone Air Temperature Sensor` for `Zone_Air_Temperature_Sensor`.
fn shown(name: &str) -> String {
    name.chars().take(MAX_SHOWN).map(|c| if c == '_' { ' ' } else { c }).collect()
}
