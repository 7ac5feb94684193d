//! Conversion of Turtle to numbered statements. Every IRI is stored once, and a statement consists of numbers.
//!
//! Source: RDF 1.1 Turtle, a W3C recommendation.

use super::names::{local_name, percent_decoded};
use super::vocabulary::{HAS_UNIT, RDF_TYPE, RDFS_SUBCLASS, is_meta, word};
use cupola_twin::{Diagnostic, Place, Value};
use oxrdf::{Literal, NamedOrBlankNode, Term};
use oxttl::TurtleParser;
use std::collections::HashMap;
use std::sync::Arc;

/// The base of relative IRIs in a file without `@base`.
const BASE: &str = "file:///";

/// The limit of the total length of the IRIs, in bytes. A limit is necessary because a short prefix may stand for a
/// long IRI.
const MAX_IRIS: usize = 64 << 20;
/// The limit per byte of a large file, in bytes.
const MAX_GROWTH: usize = 8;
/// The limit below which every whole number is exact as a `double`: 2⁵³.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The number of an IRI, in the order of the files.
pub(super) type Iri = u32;

/// The statements of several files.
#[derive(Debug, Default)]
pub(super) struct Statements {
    iris: Vec<Arc<str>>,
    /// The total length of the IRIs, in bytes.
    size: usize,
    numbers: HashMap<Arc<str>, Iri>,
    /// Type statements: resource, class.
    pub types: Vec<(Iri, Iri)>,
    /// Subclass statements: class, base class.
    pub subclasses: Vec<(Iri, Iri)>,
    /// All other statements between two IRIs: subject, predicate, object.
    pub links: Vec<(Iri, Iri, Iri)>,
    /// Statements with a literal: subject, predicate, value.
    pub values: Vec<(Iri, Iri, Value)>,
    /// Statements with a blank node as object: subject, predicate, number of the blank node.
    pub details: Vec<(Iri, Iri, usize)>,
    /// The blank nodes.
    pub nameless: Vec<BlankNode>,
}

/// A blank node. Most blank nodes are a value with its unit.
#[derive(Debug, Default)]
pub(super) struct BlankNode {
    /// The object of `brick:value`.
    pub value: Option<Value>,
    /// The local name of the object of `brick:hasUnit`, or the literal.
    pub unit: Option<String>,
    /// The other literals: predicate, value.
    pub values: Vec<(Iri, Value)>,
    /// Whether the class is one of Brick or RealEstateCore.
    pub is_typed: bool,
    /// The number of statements about the node, without those in the vocabularies of ontologies.
    pub statements: usize,
}

impl Statements {
    /// Adds all statements of a text.
    ///
    /// # Errors
    /// The text is not valid Turtle, or its IRIs are too long in total. No statement is added then.
    pub fn read(&mut self, file: &Arc<str>, text: &str) -> Result<(), Diagnostic> {
        let before = (self.types.len(), self.subclasses.len(), self.links.len(), self.values.len());
        let nameless = (self.details.len(), self.nameless.len());
        self.add_text(file, text).inspect_err(|_| {
            self.types.truncate(before.0);
            self.subclasses.truncate(before.1);
            self.links.truncate(before.2);
            self.values.truncate(before.3);
            self.details.truncate(nameless.0);
            self.nameless.truncate(nameless.1);
        })
    }

    fn add_text(&mut self, file: &Arc<str>, text: &str) -> Result<(), Diagnostic> {
        // The labels of blank nodes are local to a file.
        let mut blanks = HashMap::new();
        let parser = TurtleParser::new().with_base_iri(BASE).unwrap_or_default();
        for triple in parser.for_slice(text.as_bytes()) {
            let triple = triple.map_err(|error| {
                let start = error.location().start;
                let place = Place { file: file.clone(), line: start.line as u32 + 1, column: start.column as u32 + 1 };
                Diagnostic::error("turtle-syntax", error.message().to_string()).at(place)
            })?;
            if self.size > MAX_IRIS.max(text.len() * MAX_GROWTH) {
                let help = "use shorter IRIs in its prefixes";
                let found = Diagnostic::error("turtle-too-large", "the expanded IRIs of the file are too long");
                return Err(found.at(Place { file: file.clone(), line: 1, column: 1 }).help(help));
            }
            let predicate = triple.predicate.as_str();
            match &triple.subject {
                NamedOrBlankNode::NamedNode(subject) => {
                    let subject = self.number(subject.as_str());
                    if let Term::BlankNode(object) = &triple.object {
                        let node = self.node(&mut blanks, object.as_str());
                        let predicate = self.number(predicate);
                        self.details.push((subject, predicate, node));
                    } else {
                        self.add(subject, predicate, &triple.object);
                    }
                }
                NamedOrBlankNode::BlankNode(subject) => {
                    let node = self.node(&mut blanks, subject.as_str());
                    self.add_detail(node, predicate, &triple.object);
                }
            }
        }
        Ok(())
    }

    /// Returns the text of an IRI.
    pub fn iri(&self, number: Iri) -> &str {
        self.iris.get(number as usize).map_or("", |iri| &**iri)
    }

    fn number(&mut self, iri: &str) -> Iri {
        if let Some(number) = self.numbers.get(iri) {
            return *number;
        }
        let number = self.iris.len() as Iri;
        let iri: Arc<str> = iri.into();
        self.size += iri.len();
        self.iris.push(iri.clone());
        self.numbers.insert(iri, number);
        number
    }

    fn node(&mut self, blanks: &mut HashMap<String, usize>, id: &str) -> usize {
        if let Some(node) = blanks.get(id) {
            return *node;
        }
        let node = self.nameless.len();
        self.nameless.push(BlankNode::default());
        blanks.insert(id.to_string(), node);
        node
    }

    fn add(&mut self, subject: Iri, predicate: &str, object: &Term) {
        if let Term::NamedNode(object) = object {
            let object = self.number(object.as_str());
            match predicate {
                RDF_TYPE => self.types.push((subject, object)),
                RDFS_SUBCLASS => self.subclasses.push((subject, object)),
                _ => {
                    let predicate = self.number(predicate);
                    self.links.push((subject, predicate, object));
                }
            }
        } else if let Term::Literal(literal) = object {
            let predicate = self.number(predicate);
            self.values.push((subject, predicate, value_of(literal)));
        }
    }

    fn add_detail(&mut self, node: usize, predicate: &str, object: &Term) {
        let unit = match object {
            _ if word(predicate).is_none_or(|word| word.name != HAS_UNIT) => None,
            Term::NamedNode(unit) => Some(percent_decoded(local_name(unit.as_str()))),
            Term::Literal(unit) => Some(unit.value().to_string()),
            _ => None,
        };
        let name = match object {
            Term::Literal(_) => self.number(predicate),
            _ => 0,
        };
        let Some(node) = self.nameless.get_mut(node) else { return };
        match object {
            Term::NamedNode(class)
                if word(class.as_str()).is_some_and(|word| !word.is_tag) && predicate == RDF_TYPE =>
            {
                node.is_typed = true;
            }
            _ if is_meta(predicate) => return,
            Term::Literal(literal)
                if node.value.is_none() && word(predicate).is_some_and(|word| word.name == "value") =>
            {
                node.value = Some(value_of(literal));
            }
            Term::Literal(literal) if unit.is_none() => node.values.push((name, value_of(literal))),
            _ => node.unit = node.unit.take().or(unit),
        }
        node.statements += 1;
    }
}

/// Converts a literal to a value. Numbers and booleans keep their type; everything else becomes a text.
fn value_of(literal: &Literal) -> Value {
    let text = literal.value();
    let kind = literal.datatype().as_str().strip_prefix("http://www.w3.org/2001/XMLSchema#");
    // A number that is not exact as a `double` stays a text.
    let is_exact = |number: &f64| number.abs() < MAX_EXACT || number.fract() != 0.0 || text.contains(['e', 'E']);
    let number = || {
        let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && is_exact(number));
        number.map(Value::Number)
    };
    let value = match kind.unwrap_or_default() {
        "boolean" => match text.trim() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        "byte" | "decimal" | "double" | "float" | "int" | "integer" | "long" | "negativeInteger"
        | "nonNegativeInteger" | "nonPositiveInteger" | "positiveInteger" | "short" | "unsignedByte"
        | "unsignedInt" | "unsignedLong" | "unsignedShort" => number(),
        _ => None,
    };
    value.unwrap_or_else(|| Value::Text(text.to_string()))
}
