//! Elements of models as documents have them, before anything is looked up or inherited.

use super::context::{Context, Cotype};
use super::metamodel::{Class, PropertyDef};
use super::standard::Standard;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

/// The number of an element.
pub(super) type ElementIx = u32;

/// One element.
#[derive(Debug)]
pub(super) struct Element {
    /// Its identifier, its own or the one that it is given.
    pub id: Arc<str>,
    /// What it is.
    pub class: &'static Class,
    /// What it is besides.
    pub cotypes: Vec<Cotype>,
    /// What it is written in.
    pub context: Rc<Context>,
    /// Where it stands.
    pub stands: Stands,
    /// The interface around it; itself, if it is one.
    pub interface: ElementIx,
    /// The document, by number.
    pub source: u32,
    /// The byte where its text starts.
    pub start: usize,
    /// The bytes of its text, without those of interfaces in it.
    pub length: usize,
    /// The values of its properties, in the order of the document.
    pub values: Vec<Held>,
}

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stands {
    /// At the top of a document, at that place of its array if it is one.
    Root(Option<u32>),
    /// As a value of a property of another element, the how manieth.
    In(ElementIx, &'static PropertyDef, u32),
}

/// One value of a property.
#[derive(Debug)]
pub(super) struct Held {
    /// The property.
    pub property: &'static PropertyDef,
    /// The byte where the value starts.
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
    /// The identifier of something that need not exist.
    Id(Arc<str>),
    /// An element that stands here.
    Child(ElementIx),
    /// An element that stands somewhere else, by its identifier; found ones become [`Val::Linked`].
    Reference(Arc<str>),
    /// An element that stands somewhere else.
    Linked(ElementIx),
    /// An element that the language defines.
    Standard(Standard),
}

impl Element {
    /// The version of DTDL that it is written in.
    pub fn version(&self) -> u8 {
        self.context.version
    }

    /// All values of a property.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Held> {
        self.values.iter().filter(move |held| held.property.name == name)
    }

    /// The first value of a property.
    pub fn first(&self, name: &str) -> Option<&Held> {
        self.values.iter().find(|held| held.property.name == name)
    }

    /// The elements of documents that are values of a property.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = ElementIx> {
        self.all(name).filter_map(|held| match held.value {
            Val::Child(ix) | Val::Linked(ix) => Some(ix),
            _ => None,
        })
    }

    /// The element of the language that is the value of a property.
    pub fn standard(&self, name: &str) -> Option<Standard> {
        match self.first(name)?.value {
            Val::Standard(standard) => Some(standard),
            _ => None,
        }
    }

    /// A text property.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.first(name)?.value {
            Val::Text(text) => Some(text),
            Val::Id(id) => Some(id),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.first(name)?.value {
            Val::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// Whether a boolean property is true.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.first(name).map(|held| &held.value), Some(Val::Boolean(true)))
    }

    /// A text in several languages: English if there is any, else the first.
    pub fn localised(&self, name: &str) -> Option<&str> {
        match &self.first(name)?.value {
            Val::Language(texts) => {
                let english = texts.iter().find(|(code, _)| code == "en" || code.starts_with("en-"));
                english.or(texts.first()).map(|(_, text)| text.as_str())
            }
            _ => None,
        }
    }

    /// The type of an extension that it has.
    pub fn cotype(&self, name: &str) -> Option<&Cotype> {
        self.cotypes.iter().find(|cotype| cotype.name() == name)
    }
}

/// Where an element stands in its document, such as `$[0].contents[2].schema`.
pub(super) fn path(elements: &[Element], of: ElementIx) -> String {
    let mut steps = Vec::new();
    let mut at = of;
    let root = loop {
        match elements[at as usize].stands {
            Stands::Root(index) => break index,
            Stands::In(parent, property, index) => {
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
