//! Rules of adjunct types that concern more than one element. An adjunct type is one that an extension adds to an
//! element.
//!
//! Source: the documents of the extensions, see `extensions`.

use super::context::Cotype;
use super::element::{Element, ElementIx, ElementPosition, PropertyValue, Val};
use super::extensions::{Extension, Rule, ValueCondition};
use super::inherit::InheritedContents;
use super::metamodel::{Class, ENUM, INTERFACE, NUMERIC_SCHEMA};
use super::quantities::UnitClass;
use super::read::ElementReader;
use super::standard::Standard;
use crate::diagnostic::Diagnostic;
use crate::model::schema::Primitive;
use crate::value::Value;
use std::collections::HashMap;

/// A finding: the element, the byte if it is not the element's start, and the diagnostic.
type Finding = (ElementIx, Option<usize>, Diagnostic);

/// Checks every element that has an adjunct type or a semantic type.
pub(super) fn check(reader: &mut ElementReader<'_>, all: &HashMap<ElementIx, InheritedContents>) {
    let mut findings: Vec<Finding> = Vec::new();
    for ix in 0..reader.elements.len() as ElementIx {
        let element = &reader.elements[ix as usize];
        for cotype in &element.cotypes {
            let one = One { reader, all, ix, element, cotype };
            match cotype {
                Cotype::Quantity(..) => {
                    one.value("schema", ValueCondition::Class(&NUMERIC_SCHEMA), &mut findings);
                }
                Cotype::Supplement(_, known) => {
                    known.rules.iter().for_each(|rule| one.rule(*rule, &mut findings));
                }
            }
            one.unit(&mut findings);
        }
    }
    unique(reader, all, &mut findings);
    for (ix, at, diagnostic) in findings {
        reader.report_on(ix, at, diagnostic);
    }
}

/// An element and one of its adjunct or semantic types.
struct One<'r, 'a> {
    reader: &'r ElementReader<'a>,
    all: &'r HashMap<ElementIx, InheritedContents>,
    ix: ElementIx,
    element: &'r Element,
    cotype: &'r Cotype,
}

/// The value of a property: an element of a document or of the language.
enum Target<'r> {
    Element(&'r Element),
    Standard(Standard),
}

impl<'r> One<'r, '_> {
    fn rule(&self, rule: Rule, findings: &mut Vec<Finding>) {
        match rule {
            Rule::Value(property, need) => self.value(property, need, findings),
            Rule::Inside(types) => self.inside(types, findings),
            Rule::Beside(wanted) => self.beside(wanted, findings),
            // Unique values concern all contents of an interface, so they are checked for each interface.
            Rule::Unique(_) => {}
            Rule::Annotates => {
                self.annotated(findings);
            }
            Rule::Overrides => self.overrides(findings),
            Rule::Instance(property) => self.instance(property, findings),
        }
    }

    fn find(&self, at: Option<usize>, message: String, findings: &mut Vec<Finding>) {
        findings.push((self.ix, at, Diagnostic::error("dtdl-extension", message)));
    }

    fn target(&self, held: &PropertyValue) -> Option<Target<'r>> {
        match held.value {
            Val::Child(ix) | Val::Linked(ix) => Some(Target::Element(&self.reader.elements[ix as usize])),
            Val::Standard(standard) => Some(Target::Standard(standard)),
            _ => None,
        }
    }

    fn value(&self, property: &str, need: ValueCondition, findings: &mut Vec<Finding>) {
        for held in self.element.all(property) {
            let Some(target) = self.target(held) else { continue };
            if let Some(wanted) = self.lacks(&target, need) {
                let message = format!("`{property}` of a {} must be {wanted}", self.cotype.name());
                self.find(Some(held.at), message, findings);
            }
        }
    }

    /// Returns a description of the required value if `target` does not meet `need`.
    fn lacks(&self, target: &Target<'_>, need: ValueCondition) -> Option<String> {
        let class: &Class = match target {
            Target::Element(element) => element.class,
            Target::Standard(standard) => standard.class(),
        };
        let is_text = matches!(target, Target::Standard(Standard::Primitive(Primitive::String, _)));
        let own = self.cotype.extension();
        let (fits, wanted) = match need {
            ValueCondition::Class(wanted) => (class.is_a(wanted), a(wanted.name)),
            ValueCondition::NumericOrText => {
                (class.is_a(&NUMERIC_SCHEMA) || is_text, "numeric or a string".to_string())
            }
            ValueCondition::Text => (is_text, "a string".to_string()),
            ValueCondition::TextEnum => {
                let of_texts = match target {
                    Target::Element(element) => {
                        element.class == &ENUM
                            && element.standard("valueSchema").is_some_and(|schema| schema.name() == "string")
                    }
                    Target::Standard(standard) => matches!(standard, Standard::Units(..)),
                };
                (of_texts, "an Enum of strings".to_string())
            }
            ValueCondition::Typed(types) => {
                let typed = |element: &Element| {
                    element.cotypes.iter().any(|known| known.extension() == own && types.contains(&known.name()))
                };
                (matches!(target, Target::Element(element) if typed(element)), a(&types.join(" or ")))
            }
            ValueCondition::Standard(names) => {
                (matches!(target, Target::Standard(standard) if names.contains(&standard.name())), names.join(" or "))
            }
        };
        (!fits).then_some(wanted)
    }

    /// Checks that the unit belongs to the unit class of the quantity.
    fn unit(&self, findings: &mut Vec<Finding>) {
        let (Some((set, wanted)), Some(held)) = (self.cotype.unit_class(), self.element.first("unit")) else { return };
        let fits = match held.value {
            Val::Standard(Standard::Unit(name, found)) => {
                found == set && UnitClass::of_unit(name, set).is_some_and(|class| class.name == wanted)
            }
            _ => false,
        };
        if !fits {
            let units: Vec<&str> =
                UnitClass::find(wanted, set).into_iter().flat_map(|class| class.units(set)).take(6).collect();
            let message = format!("the unit of a {} is one of {}", self.cotype.name(), units.join(", "));
            findings.push((self.ix, Some(held.at), Diagnostic::error("wrong-unit", message)));
        }
    }

    /// Returns the parent of the element, and the elements in the same property.
    fn siblings(&self) -> Option<(&'r Element, impl Iterator<Item = ElementIx> + 'r)> {
        let ElementPosition::In(parent, property, _) = self.element.stands else { return None };
        let parent = &self.reader.elements[parent as usize];
        Some((parent, parent.elements(property.name)))
    }

    /// Returns whether an element has one of the given types of the same extension.
    fn has(&self, element: &Element, types: &[&str]) -> bool {
        let own = self.cotype.extension();
        element.cotypes.iter().any(|known| known.extension() == own && types.contains(&known.name()))
    }

    fn beside(&self, wanted: &str, findings: &mut Vec<Finding>) {
        let Some((_, mut siblings)) = self.siblings() else { return };
        if !siblings.any(|sibling| self.has(&self.reader.elements[sibling as usize], &[wanted])) {
            self.find(None, format!("a {} needs {} as a sibling", self.cotype.name(), a(wanted)), findings);
        }
    }

    fn inside(&self, types: &[&str], findings: &mut Vec<Finding>) {
        let name = self.cotype.name();
        let Some((parent, siblings)) = self.siblings() else { return };
        if !self.has(parent, types) {
            self.find(None, format!("a {name} must be a field of {}", a(&types.join(" or "))), findings);
        }
        let same =
            siblings.filter(|sibling| self.has(&self.reader.elements[*sibling as usize], &[name])).collect::<Vec<_>>();
        if same.first().is_some_and(|first| *first != self.ix) {
            self.find(None, format!("only one {name} is allowed here"), findings);
        }
    }

    /// Returns the sibling that the element annotates; reports an error if there is none.
    fn annotated(&self, findings: &mut Vec<Finding>) -> Option<&'r Element> {
        let name = self.element.text("annotates")?;
        let at = self.element.first("annotates").map(|held| held.at);
        // Inherited contents of an interface are siblings too.
        let siblings: Vec<ElementIx> = match self.siblings()? {
            (parent, _) if parent.class == &INTERFACE => self.all.get(&self.element.interface)?.contents.to_vec(),
            (_, siblings) => siblings.collect(),
        };
        let named = siblings.iter().map(|ix| &self.reader.elements[*ix as usize]);
        let Some(sibling) = named.clone().find(|other| other.text("name") == Some(name)) else {
            let near = crate::diagnostic::nearest(name, named.filter_map(|other| other.text("name")));
            let hint = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
            // The specification requires the sibling, but the reference parser accepts models without it, so this is a
            // warning.
            let message = format!("`annotates` names `{name}`, which is not among its siblings{hint}");
            findings.push((self.ix, at, Diagnostic::warning("dtdl-extension", message)));
            return None;
        };
        if !["Property", "Telemetry"].contains(&sibling.class.name) {
            let message =
                format!("`annotates` names `{name}`, which is a {}, not a Property or Telemetry", sibling.class.name);
            self.find(at, message, findings);
            return None;
        }
        if self.cotype.name() == "ValueAnnotation" && sibling.cotype("ValueAnnotation").is_some() {
            self.find(at, format!("`annotates` names `{name}`, which is an annotation itself"), findings);
        }
        Some(sibling)
    }

    fn overrides(&self, findings: &mut Vec<Finding>) {
        let Some(word) = self.element.text("overrides") else { return };
        let at = self.element.first("overrides").map(|held| held.at);
        // A missing sibling is reported by the rule of the annotation.
        let Some(sibling) = self.annotated(&mut Vec::new()) else { return };
        let name = last(word);
        let brings = sibling.cotypes.iter().find(|cotype| cotype.property(name).is_some());
        let Some(brings) = brings else {
            let message = format!("`overrides` names `{word}`, which no extension defines for the annotated element");
            self.find(at, message, findings);
            return;
        };
        if let (Some((set, class)), "unit") = (brings.unit_class(), name) {
            let schema = self.element.first("schema");
            let fits = matches!(schema.map(|held| &held.value), Some(Val::Standard(Standard::Units(found, of)))
                if *found == class && *of == set);
            if !fits {
                let message = format!("`schema` must be `{class}`, because the element overrides a unit");
                self.find(schema.map(|held| held.at), message, findings);
            }
        }
        let target = self.element.text("annotates");
        let Some((_, mut siblings)) = self.siblings() else { return };
        let first = siblings.find(|other| {
            let other = &self.reader.elements[*other as usize];
            other.cotype("Override").is_some()
                && other.text("annotates") == target
                && other.text("overrides").is_some_and(|other| last(other) == name)
        });
        if first.is_some_and(|first| first != self.ix) {
            self.find(at, format!("another element already overrides `{word}` of the same element"), findings);
        }
    }

    /// Checks that a limit or factor is a value of the element's schema.
    fn instance(&self, property: &str, findings: &mut Vec<Finding>) {
        let (Some(held), Some(Standard::Primitive(primitive, _))) =
            (self.element.first(property), self.element.standard("schema"))
        else {
            return;
        };
        let Val::Number(number) = held.value else { return };
        let value =
            if primitive == Primitive::Decimal { Value::Text(number.to_string()) } else { Value::Number(number) };
        if let Err(why) = primitive.check(&value) {
            self.find(Some(held.at), format!("`{property}`: {why}"), findings);
        }
    }
}

/// Checks the values that must be unique among all contents of an interface, including inherited ones, or among
/// siblings.
fn unique(reader: &ElementReader<'_>, all: &HashMap<ElementIx, InheritedContents>, findings: &mut Vec<Finding>) {
    let is_unique = |cotype: &Cotype| {
        let Cotype::Supplement(_, known) = cotype else { return false };
        known.rules.iter().any(|rule| matches!(rule, Rule::Unique(_)))
    };
    if !reader.elements.iter().any(|element| element.cotypes.iter().any(is_unique)) {
        return;
    }
    for (at, parent) in reader.elements.iter().enumerate() {
        let contents = all.get(&(at as ElementIx)).map(|inherited| inherited.contents.clone()).unwrap_or_default();
        let children = ["fields", "properties", "enumValues"].into_iter().flat_map(|name| parent.elements(name));
        let mut known: HashMap<(Extension, &str, i64), ElementIx> = HashMap::new();
        for ix in contents.iter().copied().chain(children) {
            let element = &reader.elements[ix as usize];
            for cotype in &element.cotypes {
                let Cotype::Supplement(extension, supplement) = cotype else { continue };
                for rule in supplement.rules {
                    let Rule::Unique(property) = rule else { continue };
                    let Some(value) = element.integer(property) else { continue };
                    if known.insert((*extension, property, value), ix).is_some_and(|first| first != ix) {
                        let own = element.interface == at as ElementIx || all.get(&(at as ElementIx)).is_none();
                        let (ix, byte) = match element.first(property) {
                            Some(held) if own => (ix, Some(held.at)),
                            _ => (at as ElementIx, None),
                        };
                        let message = format!("`{property}` {value} occurs twice");
                        findings.push((ix, byte, Diagnostic::error("dtdl-extension", message)));
                    }
                }
            }
        }
    }
}

/// Returns the last word of an identifier such as `dtmi:dtdl:property:unit;2`, or a plain word itself.
fn last(word: &str) -> &str {
    let name = word.rsplit(':').next().unwrap_or(word);
    name.split(';').next().unwrap_or(name)
}

/// Prepends the indefinite article.
fn a(name: &str) -> String {
    let vowel = name.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}
