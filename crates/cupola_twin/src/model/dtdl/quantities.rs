//! Quantities and units: the units of each semantic type, by version.
//!
//! Source: Digital Twins Definition Language version 2, "Semantic Type"; QuantitativeTypes extension, versions 1, 2
//! (with the same lists as version 1) and 3. Each set includes the previous one.

/// A set of quantities and units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Set {
    /// The quantities and units built into DTDL version 2.
    Core2,
    /// QuantitativeTypes version 1, for DTDL 3.
    Quantitative1,
    /// QuantitativeTypes version 2, for DTDL 4.
    Quantitative2,
    /// QuantitativeTypes version 3, for DTDL 4.
    Quantitative3,
}

/// A unit class, with its units by the set that introduced them.
pub(super) struct UnitClass {
    /// The DTDL name, such as `TemperatureUnit`.
    pub name: &'static str,
    /// The units in [`Set::Core2`].
    core: &'static str,
    /// The units added by [`Set::Quantitative1`].
    first: &'static str,
    /// The units added by [`Set::Quantitative3`].
    third: &'static str,
}

/// A semantic type, such as `Temperature`.
#[derive(Debug)]
pub(super) struct Quantity {
    /// The DTDL name.
    pub name: &'static str,
    /// The unit class.
    pub unit_class: &'static str,
    /// The first set that has the quantity.
    since: Set,
}

const fn class(name: &'static str, core: &'static str, first: &'static str, third: &'static str) -> UnitClass {
    UnitClass { name, core, first, third }
}

const fn quantity(name: &'static str, unit_class: &'static str, since: Set) -> Quantity {
    Quantity { name, unit_class, since }
}

impl UnitClass {
    /// Returns the units in a set.
    pub fn units(&self, set: Set) -> impl Iterator<Item = &'static str> {
        let first = if set >= Set::Quantitative1 { self.first } else { "" };
        let third = if set >= Set::Quantitative3 { self.third } else { "" };
        [self.core, first, third].into_iter().flat_map(str::split_whitespace)
    }

    /// Returns the unit class called `name`, if the set has it.
    pub fn find(name: &str, set: Set) -> Option<&'static Self> {
        // The extension has a second name for this class.
        let name = if name == "EnergyRateUnit" && set >= Set::Quantitative1 { "PowerUnit" } else { name };
        UNIT_CLASSES.iter().find(|class| class.name == name && class.units(set).next().is_some())
    }

    /// Returns the unit class of a unit in a set.
    pub fn of_unit(unit: &str, set: Set) -> Option<&'static Self> {
        UNIT_CLASSES.iter().find(|class| class.units(set).any(|known| known == unit))
    }
}

impl Quantity {
    /// Returns the names of all quantities in a set.
    pub fn names(set: Set) -> impl Iterator<Item = &'static str> {
        QUANTITIES.iter().filter(move |quantity| quantity.since <= set).map(|quantity| quantity.name)
    }

    /// Returns the quantity called `name`, if the set has it.
    pub fn find(name: &str, set: Set) -> Option<&'static Self> {
        QUANTITIES.iter().find(|quantity| quantity.name == name && quantity.since <= set)
    }
}

/// The prefixes of decimal and binary units; version 2 has the spelling `deka`, the extension `deca`.
pub(super) const PREFIXES: &[&str] = &[
    "atto", "centi", "deca", "deci", "deka", "exa", "femto", "giga", "hecto", "kilo", "mega", "micro", "milli", "nano",
    "peta", "pico", "tera", "yocto", "yotta", "zepto", "zetta", "exbi", "gibi", "kibi", "mebi", "pebi", "tebi", "yobi",
    "zebi",
];

const UNIT_CLASSES: &[UnitClass] = &[
    // The extension lists prefixes like units; no quantity has them as units.
    class("BinaryPrefix", "", "exbi gibi kibi mebi pebi tebi yobi zebi", ""),
    class(
        "DecimalPrefix",
        "",
        "atto centi deca deci exa femto giga hecto kilo mega micro milli nano peta pico tera yocto yotta zepto zetta",
        "",
    ),
    class(
        "AccelerationUnit",
        "centimetrePerSecondSquared gForce metrePerSecondSquared",
        "",
        "kilometrePerSecondSquared millimetrePerSecondSquared",
    ),
    class("AngleUnit", "degreeOfArc minuteOfArc radian secondOfArc turn", "", ""),
    class("AngularAccelerationUnit", "radianPerSecondSquared", "", ""),
    class("AngularVelocityUnit", "degreePerSecond radianPerSecond revolutionPerMinute revolutionPerSecond", "", ""),
    class(
        "ApparentEnergyUnit",
        "",
        "gigavoltAmpereHour kilovoltAmpereHour megavoltAmpereHour voltAmpereHour",
        "millivoltAmpereHour",
    ),
    class("ApparentPowerUnit", "", "gigavoltAmpere kilovoltAmpere megavoltAmpere millivoltAmpere voltAmpere", ""),
    class(
        "AreaUnit",
        "acre hectare squareCentimetre squareFoot squareInch squareKilometre squareMetre \
         squareMillimetre",
        "",
        "",
    ),
    class("CapacitanceUnit", "farad microfarad millifarad nanofarad picofarad", "", ""),
    class("ChargeUnit", "coulomb", "ampereHour milliampereHour", ""),
    class("CurrentUnit", "ampere microampere milliampere", "kiloampere", "nanoampere picoampere"),
    class(
        "DataRateUnit",
        "bitPerSecond bytePerSecond exbibitPerSecond exbibytePerSecond gibibitPerSecond \
         gibibytePerSecond kibibitPerSecond kibibytePerSecond mebibitPerSecond mebibytePerSecond \
         tebibitPerSecond tebibytePerSecond yobibitPerSecond yobibytePerSecond zebibitPerSecond \
         zebibytePerSecond",
        "",
        "",
    ),
    class(
        "DataSizeUnit",
        "bit byte exbibit exbibyte gibibit gibibyte kibibit kibibyte mebibit mebibyte tebibit tebibyte \
         yobibit yobibyte zebibit zebibyte",
        "",
        "",
    ),
    class(
        "DensityUnit",
        "gramPerCubicMetre kilogramPerCubicMetre",
        "microgramPerCubicMetre milligramPerCubicMetre",
        "",
    ),
    class("DynamicViscosityUnit", "", "", "centipoise millipascalSecond millipoise pascalSecond poise"),
    class(
        "EnergyUnit",
        "electronvolt gigajoule joule kilojoule kilowattHour megaelectronvolt megajoule",
        "britishThermalUnit gigawattHour kiloBritishThermalUnit megawattHour milliwattHour terawattHour \
         wattHour",
        "",
    ),
    class("ForceUnit", "newton ounce pound ton", "", ""),
    class("FrequencyUnit", "gigahertz hertz kilohertz megahertz", "millihertz", ""),
    class(
        "GasLeakageRateUnit",
        "",
        "",
        "decapascalCubicMetrePerSecond hectopascalCubicMetrePerSecond kilopascalCubicMetrePerSecond \
         pascalCubicMetrePerSecond",
    ),
    class("IlluminanceUnit", "footcandle lux", "", ""),
    class("InductanceUnit", "henry microhenry millihenry", "", ""),
    class("IonizingRadiationDoseUnit", "", "gray microgray microsievert milligray millisievert sievert", ""),
    class("IrradianceUnit", "", "wattPerSquareMetre", ""),
    class("KinematicViscosityUnit", "", "", "centistokes squareMetrePerSecond stokes"),
    class(
        "LengthUnit",
        "astronomicalUnit centimetre foot inch kilometre metre micrometre mile millimetre nanometre \
         nauticalMile",
        "",
        "",
    ),
    class("LuminanceUnit", "candelaPerSquareMetre", "", ""),
    class("LuminousFluxUnit", "lumen", "", ""),
    class("LuminousIntensityUnit", "candela", "", ""),
    class("MagneticFluxUnit", "maxwell weber", "", ""),
    class("MagneticInductionUnit", "tesla", "gauss", ""),
    class("MassFlowRateUnit", "gramPerHour gramPerSecond kilogramPerHour kilogramPerSecond", "massPoundPerHour", ""),
    class("MassUnit", "gram kilogram microgram milligram slug tonne", "massPound", ""),
    class(
        "PowerUnit",
        "gigawatt horsepower kilowatt kilowattHourPerYear megawatt microwatt milliwatt watt",
        "britishThermalUnitPerHour gigajoulePerHour joulePerHour joulePerSecond \
         kiloBritishThermalUnitPerHour kilojoulePerHour kilojoulePerSecond megajoulePerHour \
         tonOfRefrigeration",
        "",
    ),
    class(
        "PressureUnit",
        "bar inchesOfMercury inchesOfWater kilopascal millibar millimetresOfMercury pascal \
         poundPerSquareInch",
        "decapascal hectopascal",
        "",
    ),
    class("RadioactivityUnit", "", "becquerel gigabecquerel kilobecquerel megabecquerel", ""),
    class(
        "ReactiveEnergyUnit",
        "",
        "gigavoltAmpereReactiveHour kilovoltAmpereReactiveHour megavoltAmpereReactiveHour \
         voltAmpereReactiveHour",
        "",
    ),
    class(
        "ReactivePowerUnit",
        "",
        "gigavoltAmpereReactive kilovoltAmpereReactive megavoltAmpereReactive millivoltAmpereReactive \
         voltAmpereReactive",
        "",
    ),
    class(
        "ReciprocalLengthUnit",
        "",
        "",
        "reciprocalCentimetre reciprocalKilometre reciprocalMetre reciprocalMicrometre \
         reciprocalMillimetre reciprocalNanometre",
    ),
    class("ReciprocalTimeUnit", "", "", "reciprocalMinute reciprocalSecond"),
    class("ResistanceUnit", "kiloohm megaohm milliohm ohm", "", ""),
    class("SoundPressureUnit", "bel decibel", "", ""),
    class("TemperatureUnit", "degreeCelsius degreeFahrenheit kelvin", "", ""),
    class("TimeUnit", "day hour microsecond millisecond minute nanosecond second year", "", ""),
    class("TorqueUnit", "newtonMetre", "", ""),
    class("Unitless", "percent unity", "partsPerBillion partsPerMillion partsPerQuadrillion partsPerTrillion", ""),
    class(
        "VelocityUnit",
        "centimetrePerSecond kilometrePerHour kilometrePerSecond knot metrePerHour metrePerSecond \
         milePerHour milePerSecond",
        "",
        "millimetrePerSecond",
    ),
    class("VoltageUnit", "kilovolt megavolt microvolt millivolt volt", "", ""),
    class(
        "VolumeFlowRateUnit",
        "litrePerHour litrePerSecond millilitrePerHour millilitrePerSecond",
        "cubicFootPerMinute cubicMetrePerHour cubicMetrePerMinute cubicMetrePerSecond gallonPerHour \
         gallonPerMinute litrePerMinute millilitrePerMinute",
        "cubicCentimetrePerMinute cubicCentimetrePerSecond",
    ),
    class("VolumeUnit", "cubicCentimetre cubicFoot cubicInch cubicMetre fluidOunce gallon litre millilitre", "", ""),
];

const QUANTITIES: &[Quantity] = &[
    quantity("Acceleration", "AccelerationUnit", Set::Core2),
    quantity("Angle", "AngleUnit", Set::Core2),
    quantity("AngularAcceleration", "AngularAccelerationUnit", Set::Core2),
    quantity("AngularVelocity", "AngularVelocityUnit", Set::Core2),
    quantity("ApparentEnergy", "ApparentEnergyUnit", Set::Quantitative1),
    quantity("ApparentPower", "ApparentPowerUnit", Set::Quantitative1),
    quantity("Area", "AreaUnit", Set::Core2),
    quantity("Capacitance", "CapacitanceUnit", Set::Core2),
    quantity("Concentration", "Unitless", Set::Quantitative1),
    quantity("Current", "CurrentUnit", Set::Core2),
    quantity("DataRate", "DataRateUnit", Set::Core2),
    quantity("DataSize", "DataSizeUnit", Set::Core2),
    quantity("Density", "DensityUnit", Set::Core2),
    quantity("Distance", "LengthUnit", Set::Core2),
    quantity("DynamicViscosity", "DynamicViscosityUnit", Set::Quantitative3),
    quantity("Efficiency", "Unitless", Set::Quantitative3),
    quantity("ElectricCharge", "ChargeUnit", Set::Core2),
    quantity("Energy", "EnergyUnit", Set::Core2),
    quantity("EnergyRate", "PowerUnit", Set::Quantitative1),
    quantity("Force", "ForceUnit", Set::Core2),
    quantity("Frequency", "FrequencyUnit", Set::Core2),
    quantity("GasLeakageRate", "GasLeakageRateUnit", Set::Quantitative3),
    quantity("Humidity", "DensityUnit", Set::Core2),
    quantity("Illuminance", "IlluminanceUnit", Set::Core2),
    quantity("Inductance", "InductanceUnit", Set::Core2),
    quantity("IonizingRadiationDose", "IonizingRadiationDoseUnit", Set::Quantitative1),
    quantity("Irradiance", "IrradianceUnit", Set::Quantitative1),
    quantity("KinematicViscosity", "KinematicViscosityUnit", Set::Quantitative3),
    quantity("Latitude", "AngleUnit", Set::Core2),
    quantity("Length", "LengthUnit", Set::Core2),
    quantity("Longitude", "AngleUnit", Set::Core2),
    quantity("Luminance", "LuminanceUnit", Set::Core2),
    quantity("Luminosity", "PowerUnit", Set::Core2),
    quantity("LuminousFlux", "LuminousFluxUnit", Set::Core2),
    quantity("LuminousIntensity", "LuminousIntensityUnit", Set::Core2),
    quantity("MagneticFlux", "MagneticFluxUnit", Set::Core2),
    quantity("MagneticInduction", "MagneticInductionUnit", Set::Core2),
    quantity("Mass", "MassUnit", Set::Core2),
    quantity("MassFlowRate", "MassFlowRateUnit", Set::Core2),
    quantity("Power", "PowerUnit", Set::Core2),
    quantity("Pressure", "PressureUnit", Set::Core2),
    quantity("Radioactivity", "RadioactivityUnit", Set::Quantitative1),
    quantity("ReactiveEnergy", "ReactiveEnergyUnit", Set::Quantitative1),
    quantity("ReactivePower", "ReactivePowerUnit", Set::Quantitative1),
    quantity("ReciprocalLength", "ReciprocalLengthUnit", Set::Quantitative3),
    quantity("ReciprocalTime", "ReciprocalTimeUnit", Set::Quantitative3),
    quantity("RelativeDensity", "Unitless", Set::Quantitative1),
    quantity("RelativeHumidity", "Unitless", Set::Core2),
    quantity("RelativeMeasure", "Unitless", Set::Quantitative3),
    quantity("Resistance", "ResistanceUnit", Set::Core2),
    quantity("Scale", "Unitless", Set::Quantitative3),
    quantity("SoundPressure", "SoundPressureUnit", Set::Core2),
    quantity("Temperature", "TemperatureUnit", Set::Core2),
    quantity("Throttle", "Unitless", Set::Quantitative3),
    quantity("Thrust", "ForceUnit", Set::Core2),
    quantity("TimeSpan", "TimeUnit", Set::Core2),
    quantity("Torque", "TorqueUnit", Set::Core2),
    quantity("Velocity", "VelocityUnit", Set::Core2),
    quantity("Voltage", "VoltageUnit", Set::Core2),
    quantity("Volume", "VolumeUnit", Set::Core2),
    quantity("VolumeFlowRate", "VolumeFlowRateUnit", Set::Core2),
];
