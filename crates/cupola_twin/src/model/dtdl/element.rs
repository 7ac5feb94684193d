//! Elements of models as documents have them, before references and inheritance are resolved.

use super::context::{Context, Cotype};
use super::metamodel::{Class, PropertyDef};
use super::standard::Standard;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

/// The index of an element.
pub(super) type ElementIx = u32;

/// An element of a document.
#[derive(Debug)]
pub(super) struct Element {
    /// The identifier, its own or an assigned one.
    pub id: Arc<str>,
    /// The class of the metamodel.
    pub class: &'static Class,
    /// The adjunct and semantic types.
    pub cotypes: Vec<Cotype>,
    /// The context that applies.
    pub context: Rc<Context>,
    /// The position in the document.
    pub stands: ElementPosition,
    /// The enclosing interface, or the element itself if it is an interface.
    pub interface: ElementIx,
    /// The number of the document.
    pub source: u32,
    /// The byte offset of the element's text.
    pub start: usize,
    /// The length of the element's text in bytes, without nested interfaces.
    pub length: usize,
    /// The values of the properties, in the order of the document.
    pub values: Vec<PropertyValue>,
}

/// The position of an element in its document.
#[derive(Clone, Copy, Debug)]
pub(super) enum ElementPosition {
    /// The root of a document, or an item of its root array.
    Root(Option<u32>),
    /// A value of another element's property, with its index.
    In(ElementIx, &'static PropertyDef, u32),
}

/// A value of a property.
#[derive(Debug)]
pub(super) struct PropertyValue {
    /// The property.
    pub property: &'static PropertyDef,
    /// The byte offset of the value.
    pub at: usize,
    /// The value.
    pub value: Val,
}

/// A value.
#[derive(Debug)]
pub(super) enum Val {
    Text(String),
    /// Texts by language.
    Language(Vec<(String, String)>),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    /// An identifier that need not be defined.
    Id(Arc<str>),
    /// An element in place.
    Child(ElementIx),
    /// A reference to another element by identifier; resolved references become [`Val::Linked`].
    Reference(Arc<str>),
    /// A resolved reference.
    Linked(ElementIx),
    /// An element that the language defines.
    Standard(Standard),
}

impl Element {
    /// Returns the version of DTDL of the element.
    pub fn version(&self) -> u8 {
        self.context.version
    }

    /// Returns all values of a property.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &PropertyValue> {
        self.values.iter().filter(move |held| held.property.name == name)
    }

    /// Returns the first value of a property.
    pub fn first(&self, name: &str) -> Option<&PropertyValue> {
        self.values.iter().find(|held| held.property.name == name)
    }

    /// Returns the elements of documents among the values of a property.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = ElementIx> {
        self.all(name).filter_map(|held| match held.value {
            Val::Child(ix) | Val::Linked(ix) => Some(ix),
            _ => None,
        })
    }

    /// Returns the element of the language that is the value of a property.
    pub fn standard(&self, name: &str) -> Option<Standard> {
        match self.first(name)?.value {
            Val::Standard(standard) => Some(standard),
            _ => None,
        }
    }

    /// Returns the text or identifier of a property.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.first(name)?.value {
            Val::Text(text) => Some(text),
            Val::Id(id) => Some(id),
            _ => None,
        }
    }

    /// Returns the whole number of a property.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.first(name)?.value {
            Val::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// Returns whether a boolean property is true.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.first(name).map(|held| &held.value), Some(Val::Boolean(true)))
    }

    /// Returns a text by language: English if available, otherwise the first one.
    pub fn localised(&self, name: &str) -> Option<&str> {
        match &self.first(name)?.value {
            Val::Language(texts) => {
                let english = texts.iter().find(|(code, _)| code == "en" || code.starts_with("en-"));
                english.or(texts.first()).map(|(_, text)| text.as_str())
            }
            _ => None,
        }
    }

    /// Returns the adjunct or semantic type called `name`.
    pub fn cotype(&self, name: &str) -> Option<&Cotype> {
        self.cotypes.iter().find(|cotype| cotype.name() == name)
    }
}

/// Returns the path of an element in its document, such as `$[0].contents[2].schema`.
pub(super) fn path(elements: &[Element], of: ElementIx) -> String {
    let mut steps = Vec::new();
    let mut at = of;
    let root = loop {
        match elements[at as usize].stands {
            ElementPosition::Root(index) => break index,
            ElementPosition::In(parent, property, index) => {
                steps.push((property, index));
                at = parent;
            }
        }
    };
    let mut out = "$".to_string();
    if let Some(index) = root {
        let _ = write!(out, "[{index}]");
    }
    for (property, index) in steps.into_iter().rev() {
        let _ = write!(out, ".{}", property.name);
        if property.max[0] > 1 {
            let _ = write!(out, "[{index}]");
        }
    }
    out
}
