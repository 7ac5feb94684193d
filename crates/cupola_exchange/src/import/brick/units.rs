//! Units of points and of measured properties. All points of a class have one unit, because their model has one, so
//! values in other units of the same dimension are converted.
//!
//! Sources: Brick 1.4, `brick:hasUnit`; the unit vocabulary of QUDT (qudt.org/vocab/unit).

use super::models::{ClassIx, Classes, Plan};
use super::vocabulary::Reading;
use cupola_twin::unit::{Dimension, Unit, conversion, find, tidy};
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
    let known = QUDT.iter().find(|(qudt, _)| *qudt == name).map(|(_, unit)| *unit);
    find(known.unwrap_or(name))
}

/// Returns a value in another unit of the same dimension.
pub(super) fn converted(value: f64, from: &Unit, to: &Unit) -> f64 {
    match conversion(from, to) {
        Some((scale, offset)) if from.name != to.name => tidy(value * scale + offset),
        _ => value,
    }
}

/// Returns the most frequent unit; of equally frequent ones, the first by name.
pub(super) fn usual<'u>(units: impl Iterator<Item = &'u &'static Unit>) -> Option<&'static Unit> {
    let mut counts: BTreeMap<&str, (usize, &'static Unit)> = BTreeMap::new();
    for unit in units {
        counts.entry(unit.name).or_insert((0, unit)).0 += 1;
    }
    counts.into_values().rev().max_by_key(|(count, _)| *count).map(|(_, unit)| unit)
}

/// Determines the unit of the values of each class from the units of its points. If the points of a class and of its
/// subclasses have no common dimension, each point of the class itself gets the variant of the class for its unit.
pub(super) fn units_of_classes(
    classes: &mut Classes,
    class_of: &mut [ClassIx],
    units: &BTreeMap<usize, &'static Unit>,
) -> BTreeMap<ClassIx, &'static Unit> {
    loop {
        let plans = classes.plans(&mut Vec::new());
        let mut points: BTreeMap<ClassIx, Vec<Option<&'static Unit>>> = BTreeMap::new();
        for (thing, class) in class_of.iter().enumerate() {
            if plans.get(class).is_some_and(|plan| plan.value == Some(Reading::Number)) {
                points.entry(*class).or_default().push(units.get(&thing).copied());
            }
        }
        let mut kinds: BTreeMap<ClassIx, BTreeSet<Option<Dimension>>> = BTreeMap::new();
        for (class, units) in &points {
            let own: BTreeSet<Dimension> = units.iter().flatten().map(|unit| unit.dimension).collect();
            for definer in definers(*class, &plans) {
                let kinds = kinds.entry(definer).or_default();
                kinds.extend(own.iter().copied().map(Some));
                kinds.extend(own.is_empty().then_some(None));
            }
        }
        kinds.retain(|_, kinds| kinds.len() > 1);
        if kinds.is_empty() {
            return common_units(&plans, &points);
        }
        for (thing, class) in class_of.iter_mut().enumerate() {
            if kinds.contains_key(class) {
                *class = classes.variant(*class, units.get(&thing).copied());
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
    points: &BTreeMap<ClassIx, Vec<Option<&'static Unit>>>,
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
        let units: Vec<&'static Unit> =
            members.iter().filter_map(|class| points.get(class)).flatten().flatten().copied().collect();
        let is_one = units.windows(2).all(|pair| matches!(pair, [one, other] if one.dimension == other.dimension));
        if let Some(unit) = usual(units.iter()).filter(|_| is_one) {
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
        assert!(unit_called("GRAIN").is_none());
    }
}
