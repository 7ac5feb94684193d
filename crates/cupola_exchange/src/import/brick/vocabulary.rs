//! The vocabularies of Brick and RealEstateCore: their IRIs, their inverse relationships, and their classes with a
//! value.
//!
//! Sources: the Brick ontology (brickschema.org), "Relationships", 1.0 to 1.4; RealEstateCore 3 and 4 (w3id.org/rec).

use cupola_twin::Value;
use cupola_twin::unit::Unit;

/// An ontology whose classes become models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ontology {
    /// Brick of any version, including `BrickFrame`.
    Brick,
    /// RealEstateCore.
    Rec,
    /// Classes that a file defines as subclasses of the others.
    Own,
}

impl Ontology {
    /// Returns the DTMI path of the ontology's models.
    pub fn path(self) -> &'static str {
        match self {
            Self::Brick => "dtmi:brickschema:Brick",
            Self::Rec => "dtmi:w3id:rec",
            Self::Own => "dtmi:imported:class",
        }
    }
}

/// A class or property of an ontology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VocabularyTerm<'a> {
    /// The ontology.
    pub ontology: Ontology,
    /// The name, without the version.
    pub name: &'a str,
    /// Whether the term is a Brick tag, which describes classes instead of resources.
    pub is_tag: bool,
}

/// Returns the term that an IRI denotes, or `None` for another vocabulary.
pub(super) fn word(iri: &str) -> Option<VocabularyTerm<'_>> {
    let rest = iri.strip_prefix("https://").or_else(|| iri.strip_prefix("http://"))?;
    if let Some(path) = rest.strip_prefix("brickschema.org/schema/") {
        let (space, name) = path.rsplit_once('#')?;
        let is_tag = space.ends_with("BrickTag");
        return (!name.is_empty()).then_some(VocabularyTerm { ontology: Ontology::Brick, name, is_tag });
    }
    let path = rest.strip_prefix("w3id.org/rec")?;
    let name = path.rsplit(['#', '/']).next()?;
    let fits = path.starts_with(['#', '/']) && !name.is_empty();
    fits.then_some(VocabularyTerm { ontology: Ontology::Rec, name, is_tag: false })
}

/// The relationship of Brick from a value to its unit.
pub(super) const HAS_UNIT: &str = "hasUnit";

pub(super) const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub(super) const RDFS_LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
pub(super) const RDFS_COMMENT: &str = "http://www.w3.org/2000/01/rdf-schema#comment";
pub(super) const RDFS_SUBCLASS: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";

/// Returns whether an IRI belongs to a vocabulary for ontologies: RDF, RDF Schema, OWL or SHACL.
pub(super) fn is_meta(iri: &str) -> bool {
    [
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "http://www.w3.org/2000/01/rdf-schema#",
        "http://www.w3.org/2002/07/owl#",
        "http://www.w3.org/ns/shacl#",
    ]
    .iter()
    .any(|space| iri.starts_with(space))
}

/// Returns whether a class contains every resource. A resource of such a class may still be a twin.
pub(super) fn is_any_thing(class: &str) -> bool {
    ["http://www.w3.org/2002/07/owl#NamedIndividual", "http://www.w3.org/2002/07/owl#Thing"].contains(&class)
        || class == "http://www.w3.org/2000/01/rdf-schema#Resource"
}

/// Returns whether an IRI is a term, such as a quantity or a unit, and not a resource of the building.
pub(super) fn is_vocabulary(iri: &str) -> bool {
    word(iri).is_some() || iri.starts_with("http://qudt.org/") || iri.starts_with("https://qudt.org/")
}

/// Returns whether the members of a Brick class are terms of the ontology.
pub(super) fn holds_words(class: &str) -> bool {
    ["EntityProperty", "Quantity", "Substance", "Tag"].contains(&class)
}

/// Returns whether a relationship concerns tags.
pub(super) fn is_about_tags(relationship: &str) -> bool {
    ["hasAssociatedTag", "hasTag", "isAssociatedWith", "isTagOf"].contains(&relationship)
}

/// Relationships that are replaced by their inverse: from the whole to the part, from the source to the sink.
/// `isLocatedIn` is from versions of Brick whose inverse is `contains`.
const TURNED: [(&str, &str); 21] = [
    ("hasLocation", "isLocationOf"),
    ("includedIn", "includes"),
    ("isAssociatedWith", "hasAssociatedTag"),
    ("isControlledBy", "controls"),
    ("isFedBy", "feeds"),
    ("isIncludedIn", "includes"),
    ("isInputOf", "hasInput"),
    ("isLocatedIn", "contains"),
    ("isMeasuredBy", "measures"),
    ("isMemberOf", "hasMember"),
    ("isMeteredBy", "meters"),
    ("isOutputOf", "hasOutput"),
    ("isPartOf", "hasPart"),
    ("isPointOf", "hasPoint"),
    ("isRegulatedBy", "regulates"),
    ("isSubMeterOf", "hasSubMeter"),
    ("isTagOf", "hasTag"),
    ("locatedIn", "isLocationOf"),
    ("ownedBy", "owns"),
    ("regulatedBy", "regulates"),
    ("servedBy", "serves"),
];

/// An earlier name of `measures`.
const HAS_MEASUREMENT: &str = "hasMeasurement";

/// Returns the relationship that replaces `name`, and whether its direction is inverse.
pub(super) fn kept(name: &str) -> (&str, bool) {
    if name == HAS_MEASUREMENT {
        return ("measures", false);
    }
    match TURNED.iter().find(|(turned, _)| *turned == name) {
        Some((_, kept)) => (*kept, true),
        None => (name, false),
    }
}

/// The kind of a point's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// A number.
    Number,
    /// A boolean.
    Boolean,
}

impl Reading {
    /// Returns the DTDL schema of the value.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Number => "double",
            Self::Boolean => "boolean",
        }
    }

    /// Returns the interface that points of this kind and unit extend. Its path has more segments than the path of any
    /// class, so that no class can have the same DTMI.
    pub fn interface(self, unit: Option<&Unit>) -> String {
        match (self, unit) {
            (Self::Number, Some(unit)) => format!("dtmi:brickschema:Brick:Point:Number:{};1", unit.name),
            (Self::Number, None) => "dtmi:brickschema:Brick:Point:Number;1".to_string(),
            (Self::Boolean, _) => "dtmi:brickschema:Brick:Point:Boolean;1".to_string(),
        }
    }

    /// Returns the kind of value of a point's class, from the name of the class.
    pub fn of(class: &str) -> Self {
        if class.ends_with("Status") || class.ends_with("Alarm") { Self::Boolean } else { Self::Number }
    }

    /// Returns the kind of a value, or `None` if points can't have such a value.
    pub fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Number(_) => Some(Self::Number),
            Value::Bool(_) => Some(Self::Boolean),
            _ => None,
        }
    }
}

/// Returns whether a class is a class of points, from its name.
pub(super) fn is_point(class: &str) -> bool {
    ["Sensor", "Setpoint", "Command", "Status", "Alarm", "Parameter"].iter().any(|end| class.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_every_version() {
        for (iri, ontology, name) in [
            ("https://brickschema.org/schema/Brick#AHU", Ontology::Brick, "AHU"),
            ("https://brickschema.org/schema/1.0.2/Brick#AHU", Ontology::Brick, "AHU"),
            ("https://brickschema.org/schema/1.0.1/BrickFrame#feeds", Ontology::Brick, "feeds"),
            ("https://w3id.org/rec#Room", Ontology::Rec, "Room"),
            ("https://w3id.org/rec/core/Room", Ontology::Rec, "Room"),
        ] {
            assert_eq!(word(iri), Some(VocabularyTerm { ontology, name, is_tag: false }), "{iri}");
        }
        assert!(word("https://brickschema.org/schema/BrickTag#Air").is_some_and(|word| word.is_tag));
        for iri in [
            "https://brickschema.org/schema/1.3/Brick",
            "https://w3id.org/recovery#Room",
            "https://w3id.org/rec",
            "urn:a",
        ] {
            assert_eq!(word(iri), None, "{iri}");
        }
    }

    #[test]
    fn every_relationship_is_kept_one_way() {
        for (turned, kept_name) in TURNED {
            assert_eq!(kept(turned), (kept_name, true));
            assert_eq!(kept(kept_name), (kept_name, false));
        }
    }
}
