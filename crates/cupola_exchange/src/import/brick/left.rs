//! The statements of a file that are left out, gathered so that many statements of one kind give one diagnostic.

use super::hierarchy::similar;
use super::names::local_name;
use super::statements::{Iri, Statements};
use crate::import::Draft;
use crate::import::service::file_start;
use cupola_twin::diagnostic::Lines;
use cupola_twin::{Diagnostic, Place};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The largest number of diagnostics of one kind. Further diagnostics are only counted.
const MAX_FINDINGS: usize = 100;

/// The statements and resources that are left out.
#[derive(Debug, Default)]
pub(super) struct Omissions {
    /// The resources without a class of Brick or RealEstateCore, with the numbers of statements that have them as
    /// object and as subject.
    pub untyped: BTreeMap<Iri, (usize, usize)>,
    /// The terms of other vocabularies, with the number of statements that use them.
    pub foreign: BTreeMap<Iri, usize>,
    /// The resources whose twin has another id, because their local name was taken.
    pub renamed: Vec<(Iri, String)>,
    /// The classes in the namespace of Brick that Brick doesn't have.
    pub unknown_classes: BTreeSet<Iri>,
    /// The number of statements about resources that are not twins.
    pub other: usize,
    /// The number of values of properties that already have another value.
    pub second: usize,
    /// The points whose value has another kind than the values of their class.
    pub unfit: Vec<Iri>,
    /// The units that Cupola doesn't know, with the first point that has the unit and the number of points.
    pub unknown_units: BTreeMap<String, (Iri, usize)>,
    /// The points or values without a unit beside others with this unit: the first one and their number.
    pub without_unit: BTreeMap<(String, &'static str), (Iri, usize)>,
    /// The number of values of properties beyond the limit.
    pub too_many: usize,
    /// The number of statements about blank nodes that are left out.
    pub nameless: usize,
    /// The number of blank nodes that would be twins if they had an IRI.
    pub nameless_things: usize,
}

impl Omissions {
    /// Adds counts and diagnostics to the draft.
    pub fn report(&self, texts: &[(Arc<str>, String)], statements: &Statements, draft: &mut Draft) {
        let links: usize = self.untyped.values().map(|(to, from)| to + from).sum();
        let foreign: usize = self.foreign.values().sum();
        let values = self.second + self.unfit.len() + self.too_many;
        for (kind, count) in [
            ("relationships", links),
            ("statements", foreign + values + self.other + self.nameless),
            ("twins", self.nameless_things),
        ] {
            if count > 0 {
                draft.counts.entry(kind).or_default().left_out += count;
            }
        }
        let mut groups = [
            self.untyped(statements),
            self.foreign(statements),
            self.unknown(statements),
            self.renamed(statements),
            self.unfit(statements),
            self.unknown_units(),
            self.without_unit(),
        ];
        let named = groups.iter().flat_map(|group| group.iter().take(MAX_FINDINGS));
        let wanted: HashSet<&str> = named.map(|(iri, _)| local_name(statements.iri(*iri))).collect();
        let mut found = HashMap::new();
        for (file, text) in texts {
            if found.len() < wanted.len() {
                first_mentions(file, text, &wanted, &mut found);
            }
        }
        for group in &mut groups {
            let more = group.len().saturating_sub(MAX_FINDINGS);
            let code = group.first().map(|(_, finding)| finding.code);
            for (iri, finding) in group.drain(..).take(MAX_FINDINGS) {
                let place = found.get(local_name(statements.iri(iri))).cloned();
                draft.findings.push(finding.at(place));
            }
            if let Some(code) = code.filter(|_| more > 0) {
                draft.findings.push(Diagnostic::warning(code, format!("… and {more} more")));
            }
        }
        for (count, code, message, help) in [
            (
                self.nameless_things,
                "brick-nameless-thing",
                "blank nodes with a type were left out: COUNT",
                "give each of them an IRI",
            ),
            (
                self.nameless,
                "brick-nameless-node",
                "statements about blank nodes were left out: COUNT",
                "values with a unit are imported, references to time series are not",
            ),
            (
                self.other,
                "brick-other-thing",
                "statements about resources without a twin were left out: COUNT",
                "only resources with a type of Brick or RealEstateCore become twins",
            ),
            (
                self.second,
                "brick-second-value",
                "values of properties that already have a value were left out: COUNT",
                "a property can have only one value",
            ),
            (
                self.too_many,
                "brick-many-properties",
                "values of properties beyond the limit were left out: COUNT",
                "the limit is 100 different property names per import",
            ),
        ] {
            if count > 0 {
                let message = message.replace("COUNT", &count.to_string());
                let place = texts.first().map(|(file, _)| file_start(file));
                draft.findings.push(Diagnostic::warning(code, message).help(help).at(place));
            }
        }
    }

    fn untyped(&self, statements: &Statements) -> Vec<(Iri, Diagnostic)> {
        let finding = |(iri, (to, from)): (&Iri, &(usize, usize))| {
            let (code, count) =
                if *to > 0 { ("brick-untyped-object", to + from) } else { ("brick-untyped-subject", *from) };
            let message = format!(
                "`{}` has no type of Brick or RealEstateCore in this file, so it is not a twin; {} left out",
                statements.iri(*iri),
                many(count, "relationship")
            );
            (*iri, Diagnostic::warning(code, message).help("give it a type, such as `a brick:Equipment`"))
        };
        self.untyped.iter().map(finding).collect()
    }

    fn unknown(&self, statements: &Statements) -> Vec<(Iri, Diagnostic)> {
        let finding = |iri: &Iri| {
            let name = local_name(statements.iri(*iri));
            let message = format!("Brick has no class `{name}`, so its model has no superclasses");
            let unknown = Diagnostic::warning("brick-unknown-class", message);
            let help = match similar(name) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "look the class up in Brick 1.4, or define it with rdfs:subClassOf".into(),
            };
            (*iri, unknown.help(help))
        };
        self.unknown_classes.iter().map(finding).collect()
    }

    fn foreign(&self, statements: &Statements) -> Vec<(Iri, Diagnostic)> {
        let finding = |(iri, count): (&Iri, &usize)| {
            let message = format!(
                "`{}` is a term of another vocabulary; {} left out",
                statements.iri(*iri),
                many(*count, "statement")
            );
            let help = "only terms of Brick and RealEstateCore are imported";
            (*iri, Diagnostic::warning("brick-foreign-word", message).help(help))
        };
        self.foreign.iter().map(finding).collect()
    }

    fn unfit(&self, statements: &Statements) -> Vec<(Iri, Diagnostic)> {
        let finding = |iri: &Iri| {
            let message = format!(
                "the value of `{}` was left out: other points of its class have values of another kind",
                statements.iri(*iri)
            );
            let help = "use only numbers or only booleans for the points of a class";
            (*iri, Diagnostic::warning("brick-unfit-value", message).help(help))
        };
        self.unfit.iter().map(finding).collect()
    }

    fn unknown_units(&self) -> Vec<(Iri, Diagnostic)> {
        let finding = |(name, (iri, count)): (&String, &(Iri, usize))| {
            let points = many(*count, "point");
            let message = format!("the unit `{name}` is not known; {points} kept it as the text `hasUnit`");
            let help = "use a unit of DTDL under its QUDT name, such as unit:DEG_C";
            (*iri, Diagnostic::warning("brick-unknown-unit", message).help(help))
        };
        self.unknown_units.iter().map(finding).collect()
    }

    fn without_unit(&self) -> Vec<(Iri, Diagnostic)> {
        let finding = |((what, unit), (iri, count)): (&(String, &str), &(Iri, usize))| {
            let message = format!("{what} without a unit beside others in `{unit}` were taken in that unit: {count}");
            (*iri, Diagnostic::warning("brick-no-unit", message).help("give each of them brick:hasUnit"))
        };
        self.without_unit.iter().map(finding).collect()
    }

    fn renamed(&self, statements: &Statements) -> Vec<(Iri, Diagnostic)> {
        let finding = |(iri, id): &(Iri, String)| {
            let message = format!("the twin of `{}` has the id `{id}`: its name is taken", statements.iri(*iri));
            let help = "relationships are preserved; ids are the local names of IRIs";
            (*iri, Diagnostic::warning("brick-same-name", message).help(help))
        };
        self.renamed.iter().map(finding).collect()
    }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Finds the first mention of each wanted name. The Turtle parser reports no positions, and one scan of the text is
/// fast.
fn first_mentions<'t>(file: &Arc<str>, text: &'t str, wanted: &HashSet<&str>, found: &mut HashMap<&'t str, Place>) {
    let lines = Lines::new(text);
    let mut at = 0;
    let is_mark = |c: char| c.is_ascii() && !(c.is_ascii_alphanumeric() || "_-.%~".contains(c));
    for word in text.split(is_mark) {
        let name = word.trim_end_matches('.');
        if wanted.contains(name) && !found.contains_key(name) {
            found.insert(name, lines.place(file, text, at));
            if found.len() == wanted.len() {
                break;
            }
        }
        // Every separator is one byte long.
        at += word.len() + 1;
    }
}
