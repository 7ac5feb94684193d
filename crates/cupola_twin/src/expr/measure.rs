//! Measures of numbers in an expression, and the unit conversions that operators need. Formulas, queries and the
//! interpreter share these rules.
//!
//! A temperature is a point on a scale whose zero depends on the unit. A difference of temperatures is not: 1 K is 1 °C
//! wide. Sums of points and multiples of points occur in between, as in `(a + b) / 2`, so a temperature has a weight: 1
//! for a point, 0 for a difference, 2 for the sum of two points. A conversion shifts the zero once for each unit of
//! weight. (Affine spaces: the weights of an affine combination add up to 1, and those of a vector to 0.)

use super::BinaryOp;
use crate::unit::{Dimension, UNITS, Unit, conversion};

/// Exponents of length, mass, time, electric current, temperature, luminous flux, angle, data and sound level, then two
/// marks for apparent and reactive power, whose units are not those of power.
type Exponents = [i8; 11];

/// A linear conversion of a number: `(scale, offset)`.
pub type Change = (f64, f64);

/// The conversion that changes nothing.
pub const SAME: Change = (1.0, 0.0);

/// The measure of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// The value is not a number, or nothing is known about it.
    Open,
    /// A number without a unit, with its value if it is a constant.
    Plain(Option<f64>),
    /// A moment.
    Time,
    /// A number with a unit.
    Quantity(Quantity),
}

/// A unit with the meaning of its zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    scale: Scale,
    weight: Weight,
    /// Whether the number is written in the expression, so that it takes the unit of the other operand.
    is_literal: bool,
    /// Whether points were added, which needs a division to become a point again.
    is_sum: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Unit(&'static Unit),
    /// A product or quotient of units: the number of coherent SI units in one, and the exponents.
    Derived(f64, Exponents),
}

/// The number of times that a value contains the zero of its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Weight {
    /// A known weight. It is 0 for every dimension other than temperature.
    Known(f64),
    /// A value in kelvin: a point beside a point, and a difference beside a difference.
    Kelvin,
    /// A literal in °C or °F: a point, unless it is compared with a difference.
    Degrees,
    /// A point less a property in kelvin. As two points their difference remains, as a point and a difference a point.
    /// The number is that of the second reading.
    PointLessKelvin,
    /// An unknown number of points, such as a sum over twins.
    Unknown,
}

/// The conversions of two operands, and the measure of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combination {
    /// The conversion of the left operand.
    pub left: Change,
    /// The conversion of the right operand.
    pub right: Change,
    /// The measure of the result.
    pub result: Measure,
}

/// The reason why measures don't fit together: a message, and a suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The message.
    pub message: String,
    /// The suggestion.
    pub help: Option<String>,
}

impl Mismatch {
    fn new(message: String) -> Self {
        Self { message, help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Returns the exponents of a dimension, and the number of coherent SI units in its base unit.
fn exponents(dimension: Dimension) -> (Exponents, f64) {
    use Dimension as D;
    let of = |length, mass, time, current| [length, mass, time, current, 0, 0, 0, 0, 0, 0, 0];
    let with = |at: usize, exponent, mut rest: Exponents| {
        rest[at] = exponent;
        rest
    };
    let found = match dimension {
        D::Acceleration => of(1, 0, -2, 0),
        D::Angle => with(6, 1, of(0, 0, 0, 0)),
        D::AngularAcceleration => with(6, 1, of(0, 0, -2, 0)),
        D::AngularVelocity => with(6, 1, of(0, 0, -1, 0)),
        D::ApparentEnergy => return (with(9, 1, of(2, 1, -2, 0)), 3_600.0),
        D::ApparentPower => with(9, 1, of(2, 1, -3, 0)),
        D::Area => of(2, 0, 0, 0),
        D::Capacitance => of(-2, -1, 4, 2),
        D::Current => of(0, 0, 0, 1),
        D::DataRate => with(7, 1, of(0, 0, -1, 0)),
        D::DataSize => with(7, 1, of(0, 0, 0, 0)),
        D::Density => of(-3, 1, 0, 0),
        D::DynamicViscosity => of(-1, 1, -1, 0),
        D::ElectricCharge => of(0, 0, 1, 1),
        D::Energy | D::Torque => of(2, 1, -2, 0),
        D::Force => of(1, 1, -2, 0),
        D::Frequency | D::Radioactivity | D::ReciprocalTime => of(0, 0, -1, 0),
        D::GasLeakageRate | D::Power => of(2, 1, -3, 0),
        D::Illuminance => with(5, 1, of(-2, 0, 0, 0)),
        D::Inductance => of(2, 1, -2, -2),
        D::IonizingRadiationDose => of(2, 0, -2, 0),
        D::Irradiance => of(0, 1, -3, 0),
        D::KinematicViscosity => of(2, 0, -1, 0),
        D::Length => of(1, 0, 0, 0),
        // A candela is a lumen by steradian, and angles of space are not tracked.
        D::Luminance => with(5, 1, of(-2, 0, 0, 0)),
        D::LuminousFlux | D::LuminousIntensity => with(5, 1, of(0, 0, 0, 0)),
        D::MagneticFlux => of(2, 1, -2, -1),
        D::MagneticInduction => of(0, 1, -2, -1),
        D::Mass => of(0, 1, 0, 0),
        D::MassFlowRate => of(0, 1, -1, 0),
        D::Pressure => of(-1, 1, -2, 0),
        D::Ratio => of(0, 0, 0, 0),
        D::ReactiveEnergy => return (with(10, 1, of(2, 1, -2, 0)), 3_600.0),
        D::ReactivePower => with(10, 1, of(2, 1, -3, 0)),
        D::ReciprocalLength => of(-1, 0, 0, 0),
        D::Resistance => of(2, 1, -3, -2),
        D::SoundPressure => with(8, 1, of(0, 0, 0, 0)),
        D::Temperature => with(4, 1, of(0, 0, 0, 0)),
        D::TimeSpan => of(0, 0, 1, 0),
        D::Velocity => of(1, 0, -1, 0),
        D::Voltage => of(2, 1, -3, -1),
        D::Volume => of(3, 0, 0, 0),
        D::VolumeFlowRate => of(3, 0, -1, 0),
    };
    (found, 1.0)
}

const SECOND: &str = "second";
const KELVIN: &str = "kelvin";

fn named(name: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.name == name)
}

impl Scale {
    fn exponents(&self) -> Exponents {
        match self {
            Self::Unit(unit) => exponents(unit.dimension).0,
            Self::Derived(_, exponents) => *exponents,
        }
    }

    /// Returns the number of coherent SI units in one.
    fn factor(&self) -> f64 {
        match self {
            Self::Unit(unit) => unit.factor * exponents(unit.dimension).1,
            Self::Derived(factor, _) => *factor,
        }
    }

    fn is_temperature(&self) -> bool {
        matches!(self, Self::Unit(unit) if unit.dimension == Dimension::Temperature)
    }

    fn is_ratio(&self) -> bool {
        matches!(self, Self::Unit(unit) if unit.dimension == Dimension::Ratio)
    }

    /// Returns the conversion to another scale; `None` for another dimension.
    fn change_to(&self, to: &Self, weight: f64) -> Option<Change> {
        if let (Self::Unit(from), Self::Unit(to)) = (self, to) {
            let (scale, offset) = conversion(from, to)?;
            return Some((scale, offset * weight));
        }
        (self.exponents() == to.exponents()).then(|| (self.factor() / to.factor(), 0.0))
    }

    /// Returns the unit with the factor and exponents of the scale, if there is one.
    fn unit(&self) -> Option<&'static Unit> {
        let factor = match self {
            Self::Unit(unit) => return Some(unit),
            Self::Derived(factor, _) => factor,
        };
        let fits = |unit: &&'static Unit| {
            let scale = Self::Unit(unit);
            scale.exponents() == self.exponents() && ((scale.factor() - factor) / factor).abs() < 1e-12
        };
        UNITS.iter().find(fits)
    }

    fn words(&self) -> String {
        match self {
            Self::Unit(unit) => format!("{} ({:?})", unit.name, unit.dimension),
            Self::Derived(..) => match self.unit() {
                Some(unit) => format!("{} ({:?})", unit.name, unit.dimension),
                None => "a product of units".into(),
            },
        }
    }
}

/// The relation of two operands that get one scale.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Sum,
    Difference,
    /// A comparison, or a choice such as `MAX` and `CASE`.
    Likeness,
}

/// Two weights that fit together: the shift of each operand within its own scale, the weight for its conversion, and the
/// weight of the result.
struct Weights {
    left: (Change, f64),
    right: (Change, f64),
    result: Weight,
}

impl Quantity {
    fn new(scale: Scale, is_literal: bool) -> Self {
        let weight = match scale {
            Scale::Unit(unit) if unit.dimension != Dimension::Temperature => Weight::Known(0.0),
            Scale::Unit(unit) if unit.name == KELVIN => Weight::Kelvin,
            Scale::Unit(_) if is_literal => Weight::Degrees,
            Scale::Unit(_) => Weight::Known(1.0),
            Scale::Derived(..) => Weight::Known(0.0),
        };
        Self { scale, weight, is_literal, is_sum: false }
    }

    fn with(self, weight: Weight) -> Self {
        Self { weight, is_literal: false, ..self }
    }

    /// Returns the shift that turns a point less kelvin into a difference, within the scale.
    fn as_difference(&self) -> Change {
        match (self.scale, named(KELVIN)) {
            (Scale::Unit(unit), Some(kelvin)) => {
                let offset = conversion(kelvin, unit).map_or(0.0, |(_, offset)| offset);
                (1.0, -offset)
            }
            _ => SAME,
        }
    }

    /// Returns whether a product with the quantity has no meaning, because the quantity has a zero of its own.
    fn is_point(&self) -> bool {
        match self.weight {
            Weight::Known(weight) => weight != 0.0,
            Weight::Kelvin => false,
            Weight::Degrees | Weight::PointLessKelvin | Weight::Unknown => true,
        }
    }

    fn words(&self) -> &'static str {
        match self.weight {
            Weight::Known(0.0) | Weight::PointLessKelvin => "a difference of temperatures",
            Weight::Known(1.0) | Weight::Kelvin | Weight::Degrees => "a temperature",
            Weight::Known(_) | Weight::Unknown => "a sum or multiple of temperatures",
        }
    }

    /// Returns the weights of two operands; `None` if they don't fit together.
    fn weights(&self, relation: Relation, other: &Self) -> Option<Weights> {
        use Relation::{Difference, Likeness, Sum};
        use Weight::{Degrees, Kelvin, Known, PointLessKelvin, Unknown};
        let plain = |left: f64, right: f64, result| Weights { left: (SAME, left), right: (SAME, right), result };
        let (own, their) = (self.weight, other.weight);
        let (own, their) = match relation {
            Likeness => (own, their),
            Sum | Difference => {
                let point = |weight| if weight == Degrees { Known(1.0) } else { weight };
                (point(own), point(their))
            }
        };
        let left_shifted =
            |right: f64, result| Weights { left: (self.as_difference(), 0.0), right: (SAME, right), result };
        let right_shifted =
            |left: f64, result| Weights { left: (SAME, left), right: (other.as_difference(), 0.0), result };
        let both_shifted =
            || Weights { left: (self.as_difference(), 0.0), right: (other.as_difference(), 0.0), result: Known(0.0) };
        let is_plain = |weight: f64| weight == 0.0 || weight == 1.0;
        Some(match (relation, own, their) {
            // In one scale there is nothing to convert.
            (_, Unknown, _) | (_, _, Unknown) => {
                return (self.scale == other.scale).then(|| plain(0.0, 0.0, Unknown));
            }

            (Likeness, Kelvin, Kelvin) => plain(1.0, 1.0, Kelvin),
            (Likeness, Kelvin | Degrees, Known(weight)) | (Likeness, Known(weight), Kelvin | Degrees) => {
                return is_plain(weight).then(|| plain(weight, weight, Known(weight)));
            }
            (Likeness, Kelvin | Degrees, Kelvin | Degrees) => plain(1.0, 1.0, Known(1.0)),
            (Likeness, Known(left), Known(right)) => return (left == right).then(|| plain(left, left, own)),
            (Likeness, Kelvin, PointLessKelvin) => right_shifted(0.0, Known(0.0)),
            (Likeness, PointLessKelvin, Kelvin) => left_shifted(0.0, Known(0.0)),
            (Likeness, Degrees, PointLessKelvin) | (Likeness, PointLessKelvin, Degrees) => plain(1.0, 1.0, Known(1.0)),
            (Likeness, PointLessKelvin, PointLessKelvin) => both_shifted(),
            (Likeness, PointLessKelvin, Known(1.0)) | (Likeness, Known(1.0), PointLessKelvin) => {
                plain(1.0, 1.0, Known(1.0))
            }
            (Likeness, PointLessKelvin, Known(weight)) => {
                return (weight == 0.0).then(|| left_shifted(0.0, Known(0.0)));
            }
            (Likeness, Known(weight), PointLessKelvin) => {
                return (weight == 0.0).then(|| right_shifted(0.0, Known(0.0)));
            }

            (Sum, Kelvin, Kelvin) => plain(0.0, 0.0, Kelvin),
            (Sum, Kelvin, Known(weight)) => plain(0.0, weight, their),
            (Sum, Known(weight), Kelvin) => plain(weight, 0.0, own),
            (Sum, Kelvin, PointLessKelvin) => plain(0.0, 1.0, their),
            (Sum, PointLessKelvin, Kelvin | Known(0.0)) => plain(1.0, 0.0, own),
            (Sum, Known(0.0), PointLessKelvin) => plain(0.0, 1.0, their),
            (Sum, Known(left), Known(right)) => plain(left, right, Known(left + right)),
            (Sum, PointLessKelvin, Known(weight)) => left_shifted(weight, their),
            (Sum, Known(weight), PointLessKelvin) => right_shifted(weight, own),
            (Sum, PointLessKelvin, PointLessKelvin) => both_shifted(),

            (Difference, Kelvin, Kelvin) if other.is_literal => plain(0.0, 0.0, Kelvin),
            (Difference, Kelvin, Kelvin) => plain(0.0, 0.0, Known(0.0)),
            (Difference, Known(1.0), Kelvin) if !other.is_literal => plain(1.0, 0.0, PointLessKelvin),
            (Difference, Known(weight), Kelvin) => plain(weight, 0.0, own),
            (Difference, Kelvin, Known(1.0)) => plain(1.0, 1.0, Known(0.0)),
            (Difference, Kelvin, Known(0.0)) if self.is_literal => plain(0.0, 0.0, Known(0.0)),
            (Difference, Kelvin, Known(0.0)) => plain(0.0, 0.0, Kelvin),
            (Difference, Kelvin, Known(weight)) => plain(0.0, weight, Known(-weight)),
            (Difference, Kelvin, PointLessKelvin) => right_shifted(0.0, Known(0.0)),
            (Difference, PointLessKelvin, Kelvin | Known(0.0)) => plain(1.0, 0.0, own),
            (Difference, PointLessKelvin, Known(1.0)) => plain(1.0, 1.0, Known(0.0)),
            (Difference, PointLessKelvin, Known(weight)) => left_shifted(weight, Known(-weight)),
            (Difference, PointLessKelvin, PointLessKelvin) => plain(1.0, 1.0, Known(0.0)),
            (Difference, Known(weight), PointLessKelvin) => right_shifted(weight, own),
            (Difference, Known(left), Known(right)) => plain(left, right, Known(left - right)),

            // Sums and differences have no literal degrees: those became points above.
            (Sum | Difference, Degrees, _) | (Sum | Difference, _, Degrees) => return None,
        })
    }

    /// Brings two quantities to one scale.
    fn unify(&self, relation: Relation, other: &Self) -> Result<(Change, Change, Self), Mismatch> {
        let to = if self.is_literal && !other.is_literal { other.scale } else { self.scale };
        let mismatch =
            || Mismatch::new(format!("{} and {} can't be combined", self.scale.words(), other.scale.words()));
        if self.scale.change_to(&other.scale, 0.0).is_none() {
            return Err(mismatch());
        }
        let is_literal = self.is_literal && other.is_literal;
        if !self.scale.is_temperature() && !other.scale.is_temperature() {
            let left = self.scale.change_to(&to, 0.0).ok_or_else(mismatch)?;
            let right = other.scale.change_to(&to, 0.0).ok_or_else(mismatch)?;
            return Ok((left, right, Self { scale: to, weight: Weight::Known(0.0), is_literal, is_sum: false }));
        }
        let weights = self.weights(relation, other).ok_or_else(|| {
            let message = format!("{} can't be compared or combined with {}", self.words(), other.words());
            Mismatch::new(message).help("a difference has the unit K, as in `setpoint + 1 K`")
        })?;
        let change =
            |quantity: &Self, (shift, weight): (Change, f64)| Some(then(shift, quantity.scale.change_to(&to, weight)?));
        let left = change(self, weights.left).ok_or_else(mismatch)?;
        let right = change(other, weights.right).ok_or_else(mismatch)?;
        let adds = relation == Relation::Sum && self.is_point() && other.is_point();
        let is_sum = adds || self.is_sum || other.is_sum;
        Ok((left, right, Self { scale: to, weight: weights.result, is_literal, is_sum }))
    }
}

/// Returns the conversion that makes two conversions, one after the other.
fn then(first: Change, second: Change) -> Change {
    (first.0 * second.0, first.1 * second.0 + second.1)
}

fn with_second(measure: Measure) -> Result<Change, Mismatch> {
    let wrong = || Mismatch::new("only a duration can be added to a time or taken from it".into());
    match measure {
        Measure::Quantity(quantity) => {
            let second = named(SECOND).ok_or_else(wrong)?;
            quantity.scale.change_to(&Scale::Unit(second), 0.0).ok_or_else(|| wrong().help("use s, min, h or d"))
        }
        _ => Ok(SAME),
    }
}

impl Measure {
    /// Returns the measure of a property, or of any value whose unit is not written in the expression.
    pub fn of_unit(unit: Option<&'static Unit>) -> Self {
        unit.map_or(Self::Plain(None), |unit| Self::Quantity(Quantity::new(Scale::Unit(unit), false)))
    }

    /// Returns the measure of a number with a unit that is written in the expression.
    pub fn of_literal(unit: &'static Unit) -> Self {
        Self::Quantity(Quantity::new(Scale::Unit(unit), true))
    }

    /// Returns the measure of a duration in seconds.
    pub fn seconds() -> Self {
        Self::of_unit(named(SECOND))
    }

    /// Returns the unit that the measure's numbers are in, if it has a name.
    pub fn unit(&self) -> Option<&'static Unit> {
        match self {
            Self::Quantity(quantity) => quantity.scale.unit(),
            _ => None,
        }
    }

    /// Returns the conversions of an operator's operands, and the measure of its result.
    ///
    /// # Errors
    /// The operands don't fit together: other dimensions, or points beside differences.
    pub fn combine(op: BinaryOp, left: Self, right: Self) -> Result<Combination, Mismatch> {
        let same = |result| Ok(Combination { left: SAME, right: SAME, result });
        match op {
            BinaryOp::And | BinaryOp::Or => same(Self::Open),
            BinaryOp::Add => Self::add(Relation::Sum, left, right),
            BinaryOp::Subtract => Self::add(Relation::Difference, left, right),
            BinaryOp::Multiply => same(Self::product(left, right)).map(|found| with_shares(found, left, right)),
            BinaryOp::Divide => Self::quotient(left, right),
            BinaryOp::Remainder => match (left, right) {
                (Self::Quantity(left), Self::Quantity(right)) => {
                    not_points(&left, &right, "a remainder")?;
                    let (left, right, found) = left.unify(Relation::Likeness, &right)?;
                    Ok(Combination { left, right, result: Self::Quantity(found) })
                }
                (Self::Quantity(quantity), Self::Plain(_)) | (Self::Plain(_), Self::Quantity(quantity)) => {
                    let weight = if quantity.is_point() { Weight::Unknown } else { quantity.weight };
                    same(Self::Quantity(quantity.with(weight)))
                }
                _ => same(Self::Plain(None)),
            },
            _ => Ok(Combination { result: Self::Open, ..Self::alike(left, right)? }),
        }
    }

    /// Returns the conversions that bring two values to one measure, for a comparison or a choice.
    ///
    /// # Errors
    /// The values don't fit together.
    pub fn alike(left: Self, right: Self) -> Result<Combination, Mismatch> {
        match (left, right) {
            (Self::Quantity(left), Self::Quantity(right)) => {
                let (left, right, found) = left.unify(Relation::Likeness, &right)?;
                Ok(Combination { left, right, result: Self::Quantity(found) })
            }
            (Self::Time, Self::Quantity(_)) | (Self::Quantity(_), Self::Time) => {
                Err(Mismatch::new("a time can't be compared with a number".into())
                    .help("compare a duration: NOW() - TIME > 3 h"))
            }
            // A number without a unit takes the unit of the other operand.
            (Self::Quantity(quantity), Self::Plain(_)) | (Self::Plain(_), Self::Quantity(quantity)) => {
                let result = Self::Quantity(Quantity { is_literal: false, ..quantity });
                Ok(Combination { left: SAME, right: SAME, result })
            }
            (Self::Open, known) | (known, Self::Open) => Ok(Combination { left: SAME, right: SAME, result: known }),
            (Self::Plain(_), Self::Plain(_)) => Ok(Combination { left: SAME, right: SAME, result: Self::Plain(None) }),
            (left, _) => Ok(Combination { left: SAME, right: SAME, result: left }),
        }
    }

    /// Returns the conversion of each value that brings all values to one measure, and this measure.
    ///
    /// # Errors
    /// A value doesn't fit the values before it. The error has the position of the value.
    pub fn alike_all(values: impl IntoIterator<Item = Self>) -> Result<(Vec<Change>, Self), (usize, Mismatch)> {
        let mut changes: Vec<Change> = Vec::new();
        let mut known = None;
        for (at, measure) in values.into_iter().enumerate() {
            let Some(before) = known else {
                changes.push(SAME);
                known = Some(measure);
                continue;
            };
            let combination = Self::alike(before, measure).map_err(|why| (at, why))?;
            changes.iter_mut().for_each(|change| *change = then(*change, combination.left));
            changes.push(combination.right);
            known = Some(combination.result);
        }
        Ok((changes, known.unwrap_or(Self::Open)))
    }

    fn add(relation: Relation, left: Self, right: Self) -> Result<Combination, Mismatch> {
        let same = |result| Ok(Combination { left: SAME, right: SAME, result });
        match (left, right) {
            (Self::Time, Self::Time) if relation == Relation::Difference => same(Self::seconds()),
            (Self::Time, Self::Time) => {
                Err(Mismatch::new("two times can't be added".into()).help("add a duration, as in NOW() + 1 h"))
            }
            (Self::Time, duration) => Ok(Combination { left: SAME, right: with_second(duration)?, result: Self::Time }),
            (duration, Self::Time) if relation == Relation::Sum => {
                Ok(Combination { left: with_second(duration)?, right: SAME, result: Self::Time })
            }
            (Self::Quantity(left), Self::Quantity(right)) => {
                let (left, right, found) = left.unify(relation, &right)?;
                Ok(Combination { left, right, result: Self::Quantity(found) })
            }
            (Self::Quantity(quantity), Self::Plain(_)) => same(Self::Quantity(quantity.point_of_literal())),
            (Self::Plain(_), Self::Quantity(quantity)) => {
                let quantity = quantity.point_of_literal();
                // In `30 - temperature` the number is a temperature, too.
                let weight = match quantity.weight {
                    Weight::Known(1.0) if relation == Relation::Difference => Weight::Known(0.0),
                    Weight::Known(weight) if relation == Relation::Difference => Weight::Known(-weight),
                    weight => weight,
                };
                same(Self::Quantity(quantity.with(weight)))
            }
            (Self::Plain(Some(left)), Self::Plain(Some(right))) => {
                same(Self::Plain(Some(if relation == Relation::Sum { left + right } else { left - right })))
            }
            (Self::Plain(_), Self::Plain(_)) => same(Self::Plain(None)),
            (Self::Open, known) | (known, Self::Open) => same(known),
            (_, Self::Time) => same(Self::Time),
        }
    }

    fn product(left: Self, right: Self) -> Self {
        match (left, right) {
            (Self::Plain(Some(left)), Self::Plain(Some(right))) => Self::Plain(Some(left * right)),
            (Self::Plain(factor), Self::Quantity(quantity)) | (Self::Quantity(quantity), Self::Plain(factor)) => {
                Self::scaled(quantity, factor)
            }
            (Self::Quantity(left), Self::Quantity(right)) => Self::derived(left, right, 1),
            _ => Self::Plain(None),
        }
    }

    /// Returns the measure of a quantity times a number without a unit, whose value is known if it is a constant.
    fn scaled(quantity: Quantity, factor: Option<f64>) -> Self {
        match (quantity.point_of_literal().weight, factor) {
            (Weight::Known(0.0), _) => Self::Quantity(quantity.with(Weight::Known(0.0))),
            // `deadband * 1 K` is a difference, as `1 K` is.
            (Weight::Kelvin, _) => Self::Quantity(quantity),
            (Weight::Known(weight), Some(factor)) => Self::Quantity(quantity.with(Weight::Known(weight * factor))),
            // The zero of the unit occurs an unknown number of times, so the value can't be converted.
            _ => Self::Quantity(quantity.with(Weight::Unknown)),
        }
    }

    /// Returns the measure of a product, or with −1 of a quotient.
    fn derived(left: Quantity, right: Quantity, sign: i8) -> Self {
        if left.is_point() || right.is_point() {
            return Self::Plain(None);
        }
        // A share of a quantity has the quantity's unit. The share is converted to 1.
        if right.scale.is_ratio() && !left.scale.is_ratio() {
            return Self::Quantity(left.with(left.weight));
        }
        if left.scale.is_ratio() && !right.scale.is_ratio() && sign == 1 {
            return Self::Quantity(right.with(right.weight));
        }
        let (own, their) = (left.scale.exponents(), right.scale.exponents());
        let mut exponents = own;
        for (exponent, more) in exponents.iter_mut().zip(their) {
            *exponent = exponent.saturating_add(more.saturating_mul(sign));
        }
        let factor = left.scale.factor() * right.scale.factor().powi(i32::from(sign));
        let scale = Scale::Derived(factor, exponents);
        let is_literal = left.is_literal && right.is_literal;
        Self::Quantity(Quantity { scale, weight: Weight::Known(0.0), is_literal, is_sum: false })
    }

    fn quotient(left: Self, right: Self) -> Result<Combination, Mismatch> {
        let same = |result| Combination { left: SAME, right: SAME, result };
        Ok(match (left, right) {
            (Self::Plain(Some(left)), Self::Plain(Some(right))) => same(Self::Plain(Some(left / right))),
            (Self::Quantity(quantity), Self::Plain(divisor)) => {
                same(Self::scaled(quantity, divisor.map(|divisor| 1.0 / divisor)))
            }
            (Self::Plain(_), Self::Quantity(quantity)) if !quantity.is_point() => {
                let scale = Scale::Derived(1.0, [0; 11]);
                let one = Quantity { scale, weight: Weight::Known(0.0), is_literal: true, is_sum: false };
                same(Self::derived(one, quantity, -1))
            }
            (Self::Quantity(one), Self::Quantity(other)) => {
                if one.scale.change_to(&other.scale, 0.0).is_some() {
                    not_points(&one, &other, "a ratio")?;
                    let (left, right, _) = one.unify(Relation::Likeness, &other)?;
                    return Ok(Combination { left, right, result: Self::Plain(None) });
                }
                with_shares(same(Self::derived(one, other, -1)), left, right)
            }
            _ => same(Self::Plain(None)),
        })
    }

    /// Returns the measure after a point less kelvin was read as a difference, with the conversion that does so.
    pub fn decided(self) -> (Change, Self) {
        match self {
            Self::Quantity(quantity) if quantity.weight == Weight::PointLessKelvin => {
                (quantity.as_difference(), Self::Quantity(quantity.with(Weight::Known(0.0))))
            }
            other => (SAME, other),
        }
    }

    /// Returns the measure of `-x`.
    pub fn negated(self) -> Self {
        match self {
            Self::Plain(value) => Self::Plain(value.map(|value| -value)),
            Self::Quantity(quantity) => match quantity.point_of_literal().weight {
                Weight::Known(weight) => Self::Quantity(quantity.with(Weight::Known(-weight))),
                weight => Self::Quantity(Quantity { weight, ..quantity }),
            },
            other => other,
        }
    }

    /// Returns the measure of a sum over an unknown number of values.
    pub fn summed(self) -> Self {
        match self {
            Self::Quantity(quantity) if quantity.is_point() => Self::Quantity(quantity.with(Weight::Unknown)),
            Self::Plain(_) => Self::Plain(None),
            other => other,
        }
    }

    /// Returns the measure of the change of a value: of a point, a difference.
    pub fn changed(self) -> Self {
        match self {
            Self::Quantity(quantity) if quantity.scale.is_temperature() => {
                Self::Quantity(quantity.with(Weight::Known(0.0)))
            }
            other => other.forgotten(),
        }
    }

    /// Returns the measure of a value that is not a constant any more, as that of a function.
    pub fn forgotten(self) -> Self {
        if let Self::Plain(_) = self { Self::Plain(None) } else { self }
    }

    /// Returns the conversion to a unit.
    ///
    /// # Errors
    /// The measure has another dimension, or a temperature is needed and this is a difference.
    pub fn to_unit(self, unit: &'static Unit) -> Result<Change, Mismatch> {
        let Self::Quantity(quantity) = self else { return Ok(SAME) };
        let to = Scale::Unit(unit);
        let wrong = || {
            let message = format!("this value is in {}, but {} is needed", quantity.scale.words(), to.words());
            Mismatch::new(message)
        };
        let weight = match quantity.weight {
            _ if !quantity.scale.is_temperature() => 0.0,
            Weight::Kelvin | Weight::Degrees | Weight::Known(1.0) => 1.0,
            Weight::Known(0.0) if unit.name == KELVIN => 0.0,
            Weight::PointLessKelvin if unit.name == KELVIN => {
                return Ok(then(quantity.as_difference(), quantity.scale.change_to(&to, 0.0).ok_or_else(wrong)?));
            }
            Weight::PointLessKelvin => 1.0,
            Weight::Unknown if quantity.scale == to => return Ok(SAME),
            Weight::Known(0.0) if unit.dimension == Dimension::Temperature => {
                let message = format!("this is {}, but a temperature in {} is needed", quantity.words(), unit.name);
                return Err(Mismatch::new(message).help("a difference of temperatures needs the unit kelvin"));
            }
            _ if unit.dimension == Dimension::Temperature => {
                let message = format!("this is {}, but a temperature in {} is needed", quantity.words(), unit.name);
                let help =
                    "two temperatures can't be added: write `temperature + 1 K`, or a mean such as `(a + b) / 2`";
                return Err(Mismatch::new(message).help(help));
            }
            _ => 0.0,
        };
        quantity.scale.change_to(&to, weight).ok_or_else(wrong)
    }

    /// Returns the conversion to a scale whose unit has a name, and the unit; none for a number without a unit. A
    /// difference of temperatures becomes kelvin.
    ///
    /// # Errors
    /// The value is a sum of temperatures.
    pub fn settled(self) -> Result<(Change, Self), Mismatch> {
        let Self::Quantity(quantity) = self else { return Ok((SAME, self.forgotten())) };
        if !quantity.scale.is_temperature() {
            return Ok((SAME, quantity.scale.unit().map_or(Self::Plain(None), |unit| Self::of_unit(Some(unit)))));
        }
        match quantity.weight {
            Weight::Known(0.0) | Weight::PointLessKelvin => match named(KELVIN) {
                Some(kelvin) => Ok((self.to_unit(kelvin)?, Self::of_unit(Some(kelvin)))),
                None => Ok((SAME, self)),
            },
            Weight::Known(1.0) | Weight::Kelvin | Weight::Degrees => Ok((SAME, self.forgotten())),
            // A multiple of a temperature, or a sum over twins, is only a number.
            Weight::Unknown => Ok((SAME, Self::Plain(None))),
            Weight::Known(_) if !quantity.is_sum => Ok((SAME, Self::Plain(None))),
            Weight::Known(_) => {
                let help = "add a difference, as in `temperature + 1 K`, or take a mean: `(a + b) / 2`, AVG(…)";
                Err(Mismatch::new(format!("this is {}, not a temperature", quantity.words())).help(help))
            }
        }
    }
}

impl Quantity {
    /// Returns the quantity with literal degrees as a point.
    fn point_of_literal(self) -> Self {
        let weight = if self.weight == Weight::Degrees { Weight::Known(1.0) } else { self.weight };
        Self { weight, is_literal: false, ..self }
    }
}

fn not_points(left: &Quantity, right: &Quantity, what: &str) -> Result<(), Mismatch> {
    if left.is_point() || right.is_point() {
        let message = format!("{what} of temperatures depends on the zero of their unit");
        return Err(Mismatch::new(message).help("take a difference first, as in `(a - b) / 1 K`"));
    }
    Ok(())
}

/// Converts the shares in a product or quotient with another quantity to 1.
fn with_shares(found: Combination, left: Measure, right: Measure) -> Combination {
    let (Measure::Quantity(one), Measure::Quantity(other)) = (left, right) else { return found };
    let share = |quantity: &Quantity| (quantity.scale.factor(), 0.0);
    if one.is_point() || other.is_point() {
        found
    } else if other.scale.is_ratio() && !one.scale.is_ratio() {
        Combination { right: share(&other), ..found }
    } else if one.scale.is_ratio() && !other.scale.is_ratio() && found.result.unit() == other.scale.unit() {
        Combination { left: share(&one), ..found }
    } else {
        found
    }
}
