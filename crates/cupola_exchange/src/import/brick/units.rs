//! Units of points and of measured properties. All points of a class have one unit, because their model has one, so
//! values in other units of the same dimension are converted.
//!
//! Sources: Brick 1.4, `brick:hasUnit`; the unit vocabulary of QUDT (qudt.org/vocab/unit).

use super::models::{ClassIx, Classes, Plan};
use super::vocabulary::Reading;
use cupola_twin::unit::{self, Dimension, Unit, conversion, find};
use std::collections::{BTreeMap, BTreeSet};

/// The unit that a file states for a point or a value.
#[derive(Clone, Debug)]
pub(super) struct StatedUnit {
    /// The local name of the unit's IRI, or the literal.
    pub text: String,
    /// The unit; `None` if Cupola doesn't know it.
    pub unit: Option<&'static Unit>,
}

impl StatedUnit {
    pub fn new(text: String) -> Self {
        let unit = unit_called(&text);
        Self { text, unit }
    }
}

/// QUDT names of the units that buildings use, with their DTDL names.
const QUDT: &[(&str, &str)] = &[
    ("A", "ampere"),
    ("AC", "acre"),
    ("A-HR", "ampereHour"),
    ("BAR", "bar"),
    ("BTU_IT", "britishThermalUnit"),
    ("BTU_IT-PER-HR", "britishThermalUnitPerHour"),
    ("CD", "candela"),
    ("CentiM", "centimetre"),
    ("CentiM2", "squareCentimetre"),
    ("CentiM3", "cubicCentimetre"),
    ("CentiM-PER-SEC", "centimetrePerSecond"),
    ("DAY", "day"),
    ("DEG", "degreeOfArc"),
    ("DEG_C", "degreeCelsius"),
    ("DEG_F", "degreeFahrenheit"),
    ("DEG-PER-SEC", "degreePerSecond"),
    ("DeciB", "decibel"),
    ("FC", "footcandle"),
    ("FT", "foot"),
    ("FT2", "squareFoot"),
    ("FT3", "cubicFoot"),
    ("FT3-PER-MIN", "cubicFootPerMinute"),
    ("FRACTION", "unity"),
    ("GAL_US", "gallon"),
    ("GAL_US-PER-HR", "gallonPerHour"),
    ("GAL_US-PER-MIN", "gallonPerMinute"),
    ("GM", "gram"),
    ("GM-PER-HR", "gramPerHour"),
    ("GM-PER-M3", "gramPerCubicMetre"),
    ("GM-PER-SEC", "gramPerSecond"),
    ("GigaHZ", "gigahertz"),
    ("GigaJ", "gigajoule"),
    ("GigaJ-PER-HR", "gigajoulePerHour"),
    ("GigaW", "gigawatt"),
    ("GigaW-HR", "gigawattHour"),
    ("HA", "hectare"),
    ("HP", "horsepower"),
    ("HR", "hour"),
    ("HZ", "hertz"),
    ("HectoPA", "hectopascal"),
    ("IN", "inch"),
    ("IN2", "squareInch"),
    ("IN3", "cubicInch"),
    ("IN_HG", "inchesOfMercury"),
    ("IN_H2O", "inchesOfWater"),
    ("J", "joule"),
    ("J-PER-HR", "joulePerHour"),
    ("J-PER-SEC", "joulePerSecond"),
    ("K", "kelvin"),
    ("KN", "knot"),
    ("KiloA", "kiloampere"),
    ("KiloBTU_IT", "kiloBritishThermalUnit"),
    ("KiloBTU_IT-PER-HR", "kiloBritishThermalUnitPerHour"),
    ("KiloGM", "kilogram"),
    ("KiloGM-PER-HR", "kilogramPerHour"),
    ("KiloGM-PER-M3", "kilogramPerCubicMetre"),
    ("KiloGM-PER-SEC", "kilogramPerSecond"),
    ("KiloHZ", "kilohertz"),
    ("KiloJ", "kilojoule"),
    ("KiloJ-PER-HR", "kilojoulePerHour"),
    ("KiloJ-PER-SEC", "kilojoulePerSecond"),
    ("KiloM", "kilometre"),
    ("KiloM-PER-HR", "kilometrePerHour"),
    ("KiloOHM", "kiloohm"),
    ("KiloPA", "kilopascal"),
    ("KiloV", "kilovolt"),
    ("KiloV-A", "kilovoltAmpere"),
    ("KiloV-A-HR", "kilovoltAmpereHour"),
    ("KiloV-A_Reactive", "kilovoltAmpereReactive"),
    ("KiloV-A_Reactive-HR", "kilovoltAmpereReactiveHour"),
    ("KiloW", "kilowatt"),
    ("KiloW-HR", "kilowattHour"),
    ("L", "litre"),
    ("L-PER-HR", "litrePerHour"),
    ("L-PER-MIN", "litrePerMinute"),
    ("L-PER-SEC", "litrePerSecond"),
    ("LB", "massPound"),
    ("LB-PER-HR", "massPoundPerHour"),
    ("LB_F", "pound"),
    ("LB_F-PER-IN2", "poundPerSquareInch"),
    ("LM", "lumen"),
    ("LUX", "lux"),
    ("LX", "lux"),
    ("M", "metre"),
    ("M2", "squareMetre"),
    ("M3", "cubicMetre"),
    ("M3-PER-HR", "cubicMetrePerHour"),
    ("M3-PER-MIN", "cubicMetrePerMinute"),
    ("M3-PER-SEC", "cubicMetrePerSecond"),
    ("M-PER-HR", "metrePerHour"),
    ("M-PER-SEC", "metrePerSecond"),
    ("M-PER-SEC2", "metrePerSecondSquared"),
    ("MI", "mile"),
    ("MI-PER-HR", "milePerHour"),
    ("MIN", "minute"),
    ("MegaHZ", "megahertz"),
    ("MegaJ", "megajoule"),
    ("MegaJ-PER-HR", "megajoulePerHour"),
    ("MegaOHM", "megaohm"),
    ("MegaV-A", "megavoltAmpere"),
    ("MegaV-A_Reactive", "megavoltAmpereReactive"),
    ("MegaW", "megawatt"),
    ("MegaW-HR", "megawattHour"),
    ("MicroGM-PER-M3", "microgramPerCubicMetre"),
    ("MicroSEC", "microsecond"),
    ("MilliA", "milliampere"),
    ("MilliBAR", "millibar"),
    ("MilliGM-PER-M3", "milligramPerCubicMetre"),
    ("MilliL", "millilitre"),
    ("MilliM", "millimetre"),
    ("MilliM2", "squareMillimetre"),
    ("MilliM_HG", "millimetresOfMercury"),
    ("MilliSEC", "millisecond"),
    ("MilliV", "millivolt"),
    ("MilliW", "milliwatt"),
    ("NUM", "unity"),
    ("OHM", "ohm"),
    ("PA", "pascal"),
    ("PERCENT", "percent"),
    ("PERCENT_RH", "percent"),
    ("PPB", "partsPerBillion"),
    ("PPM", "partsPerMillion"),
    ("PPTR", "partsPerTrillion"),
    ("PSI", "poundPerSquareInch"),
    ("RAD", "radian"),
    ("RAD-PER-SEC", "radianPerSecond"),
    ("REV-PER-MIN", "revolutionPerMinute"),
    ("REV-PER-SEC", "revolutionPerSecond"),
    ("RPM", "revolutionPerMinute"),
    ("SEC", "second"),
    ("TONNE", "tonne"),
    ("TON_FG", "tonOfRefrigeration"),
    ("TeraW-HR", "terawattHour"),
    ("UNITLESS", "unity"),
    ("V", "volt"),
    ("V-A", "voltAmpere"),
    ("V-A-HR", "voltAmpereHour"),
    ("V-A_Reactive", "voltAmpereReactive"),
    ("V-A_Reactive-HR", "voltAmpereReactiveHour"),
    ("W", "watt"),
    ("W-HR", "wattHour"),
    ("W-PER-M2", "wattPerSquareMetre"),
    ("YR", "year"),
];

/// Returns the unit with a QUDT name, a DTDL name or a symbol.
fn unit_called(name: &str) -> Option<&'static Unit> {
    // In a building, "C" and "F" mean degrees, and not coulomb and farad. Nobody can know.
    const DOUBTFUL: [&str; 5] = ["B", "C", "F", "G", "g"];
    let known = QUDT.iter().find(|(qudt, _)| *qudt == name).map(|(_, unit)| *unit);
    known.or(Some(name).filter(|name| !DOUBTFUL.contains(name))).and_then(find)
}

/// Returns a value in another unit of the same dimension.
pub(super) fn converted(value: f64, from: &Unit, to: &Unit) -> f64 {
    match conversion(from, to) {
        Some((scale, offset)) if from.name != to.name => unit::converted(value, scale, offset),
        _ => value,
    }
}

/// The unit of a difference of temperatures.
const KELVIN: &str = "kelvin";

/// Returns the most frequent unit; of equally frequent ones, the first by name.
pub(super) fn usual<'u>(units: impl Iterator<Item = &'u &'static Unit>) -> Option<&'static Unit> {
    let mut counts: BTreeMap<&str, (usize, &'static Unit)> = BTreeMap::new();
    for unit in units {
        counts.entry(unit.name).or_insert((0, unit)).0 += 1;
    }
    counts.into_values().rev().max_by_key(|(count, _)| *count).map(|(_, unit)| unit)
}

/// The unit of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PointUnit {
    /// The file states none.
    None,
    /// The file states one that Cupola doesn't know.
    Unknown,
    /// The unit of a quantity.
    Of(&'static Unit),
    /// The unit of a difference of temperatures, which has no zero of its own.
    Difference(&'static Unit),
}

/// A measure that points have in common. Values of one kind can be converted to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum UnitKind {
    None,
    Of(Dimension),
    Difference,
}

impl PointUnit {
    /// Returns the unit of a point whose class and its superclasses have these names.
    pub fn new(unit: &'static Unit, classes: &[&str]) -> Self {
        let is_difference =
            unit.dimension == Dimension::Temperature && classes.iter().any(|class| is_of_difference(class));
        if is_difference { Self::Difference(unit) } else { Self::Of(unit) }
    }

    /// Returns the unit if it is known.
    pub fn known(self) -> Option<&'static Unit> {
        match self {
            Self::Of(unit) | Self::Difference(unit) => Some(unit),
            Self::None | Self::Unknown => None,
        }
    }

    fn kind(self) -> UnitKind {
        match self {
            Self::Of(unit) => UnitKind::Of(unit.dimension),
            Self::Difference(_) => UnitKind::Difference,
            Self::None | Self::Unknown => UnitKind::None,
        }
    }

    /// Returns a value of the point in the unit of its class.
    pub fn converted(self, value: f64, to: &Unit) -> f64 {
        match self {
            Self::Of(unit) => converted(value, unit, to),
            Self::Difference(unit) => unit::converted(value, unit.factor / to.factor, 0.0),
            Self::None | Self::Unknown => value,
        }
    }
}

/// Parts of the names of Brick's classes whose values are differences.
const DIFFERENCES: [&str; 8] =
    ["Adjust", "Deadband", "Delta", "Difference", "Differential", "Offset", "Step", "Tolerance"];

/// Returns whether the values of a class are differences, from its name.
fn is_of_difference(class: &str) -> bool {
    class.split('_').any(|word| DIFFERENCES.contains(&word)) || class.contains("Proportional_Band")
}

/// Determines the unit of the values of each class from the units of its points. If the points of a class and of its
/// subclasses have no common measure, each point of the class itself gets the variant of the class for its unit.
pub(super) fn units_of_classes(
    classes: &mut Classes,
    class_of: &mut [ClassIx],
    units: &[PointUnit],
) -> BTreeMap<ClassIx, &'static Unit> {
    loop {
        let plans = classes.plans(&mut Vec::new());
        let mut points: BTreeMap<ClassIx, Vec<PointUnit>> = BTreeMap::new();
        for (class, unit) in class_of.iter().zip(units) {
            if plans.get(class).is_some_and(|plan| plan.value == Some(Reading::Number)) {
                points.entry(*class).or_default().push(*unit);
            }
        }
        let mut kinds: BTreeMap<ClassIx, BTreeSet<UnitKind>> = BTreeMap::new();
        for (class, units) in &points {
            // A point without a unit is taken in the unit of its class, but not one with an unknown unit.
            let mut own: BTreeSet<UnitKind> =
                units.iter().filter(|unit| **unit != PointUnit::None).map(|unit| unit.kind()).collect();
            if own.is_empty() {
                own.insert(UnitKind::None);
            }
            for definer in definers(*class, &plans) {
                kinds.entry(definer).or_default().extend(own.iter().copied());
            }
        }
        kinds.retain(|_, kinds| kinds.len() > 1);
        if kinds.is_empty() {
            return common_units(&plans, &points);
        }
        for (class, unit) in class_of.iter_mut().zip(units) {
            if kinds.contains_key(class) {
                // All differences of a class are in kelvin.
                let to = if let PointUnit::Difference(_) = unit { find(KELVIN) } else { unit.known() };
                *class = classes.variant(*class, to);
            }
        }
        for class in kinds.keys() {
            classes.leave_to_subclasses(*class);
        }
    }
}

/// Returns the classes from which a class has its value: itself or some of its bases.
fn definers(class: ClassIx, plans: &BTreeMap<ClassIx, Plan>) -> BTreeSet<ClassIx> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([class]);
    let mut next = vec![class];
    while let Some(class) = next.pop() {
        let Some(plan) = plans.get(&class) else { continue };
        if plan.is_own_value {
            found.insert(class);
        }
        next.extend(plan.extends.iter().copied().filter(|base| seen.insert(*base)));
    }
    found
}

/// Gives classes with a common subclass the same unit. They get none if their dimensions differ.
fn common_units(
    plans: &BTreeMap<ClassIx, Plan>,
    points: &BTreeMap<ClassIx, Vec<PointUnit>>,
) -> BTreeMap<ClassIx, &'static Unit> {
    let definers: BTreeMap<ClassIx, BTreeSet<ClassIx>> =
        plans.keys().map(|class| (*class, definers(*class, plans))).collect();
    // The groups have no definer in common.
    let mut groups: Vec<BTreeSet<ClassIx>> = Vec::new();
    for definers in definers.values().filter(|definers| !definers.is_empty()) {
        let (joined, mut others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| !group.is_disjoint(definers));
        others.push(joined.into_iter().flatten().chain(definers.iter().copied()).collect());
        groups = others;
    }
    let mut found = BTreeMap::new();
    for group in groups {
        let members = definers.iter().filter(|(_, definers)| !definers.is_disjoint(&group)).map(|(class, _)| *class);
        let members: Vec<ClassIx> = members.collect();
        let stated: Vec<PointUnit> = members.iter().filter_map(|class| points.get(class)).flatten().copied().collect();
        let kinds: BTreeSet<UnitKind> =
            stated.iter().filter(|unit| unit.known().is_some()).map(|unit| unit.kind()).collect();
        let units: Vec<&'static Unit> = stated.iter().filter_map(|unit| unit.known()).collect();
        let usual = if kinds.contains(&UnitKind::Difference) { find(KELVIN) } else { usual(units.iter()) };
        if let Some(unit) = usual.filter(|_| kinds.len() == 1) {
            found.extend(members.into_iter().map(|class| (class, unit)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_unit_exists() {
        for (qudt, name) in QUDT {
            assert_eq!(unit_called(qudt).map(|unit| unit.name), Some(*name), "{qudt}");
        }
        assert_eq!(unit_called("°C").map(|unit| unit.name), Some("degreeCelsius"));
        assert!(["GRAIN", "C", "F", "B"].iter().all(|name| unit_called(name).is_none()));
    }
}
