//! The class hierarchies of Brick and RealEstateCore, which most files import but do not contain.

use super::vocabulary::Ontology;
use cupola_twin::diagnostic::nearest;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The classes with their direct superclasses: `[Ontology]` lines, then a class and its superclasses in each line.
const CLASSES: &str = include_str!("classes.txt");

type Superclasses = HashMap<&'static str, Vec<&'static str>>;

static BRICK: LazyLock<Superclasses> = LazyLock::new(|| section("[Brick]"));
static REC: LazyLock<Superclasses> = LazyLock::new(|| section("[RealEstateCore]"));

fn section(title: &str) -> Superclasses {
    let lines = CLASSES.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.starts_with('['));
    let class = |line: &'static str| {
        let mut names = line.split(' ');
        Some((names.next()?, names.collect()))
    };
    lines.filter_map(class).collect()
}

/// Returns the direct superclasses of a class of an ontology; `None` if the ontology has no such class. `Entity`, the
/// base of all classes, is left out.
pub(super) fn superclasses(ontology: Ontology, class: &str) -> Option<impl Iterator<Item = &'static str>> {
    let known = match ontology {
        Ontology::Brick if class == "Entity" => return Some([].iter().copied()),
        Ontology::Brick => BRICK.get(class),
        Ontology::Rec => REC.get(class),
        Ontology::Own => None,
    };
    Some(known?.iter().copied())
}

/// Returns the class of Brick with the most similar name.
pub(super) fn similar(class: &str) -> Option<&'static str> {
    let mut names: Vec<&'static str> = BRICK.keys().copied().collect();
    names.sort_unstable();
    nearest(class, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_superclass_is_a_class() {
        for (ontology, classes) in [(Ontology::Brick, &BRICK), (Ontology::Rec, &REC)] {
            assert!(classes.len() > 200);
            for above in classes.values().flatten() {
                assert!(*above == "Entity" || superclasses(ontology, above).is_some(), "{above}");
            }
        }
        let above = |class| superclasses(Ontology::Brick, class).map(Iterator::collect::<Vec<_>>);
        assert_eq!(above("Zone_Air_Temperature_Sensor"), Some(vec!["Air_Temperature_Sensor"]));
        assert_eq!(above("Unicorn_Sensor"), None);
        assert_eq!(similar("Zone_Air_Temprature_Sensor"), Some("Zone_Air_Temperature_Sensor"));
    }
}
