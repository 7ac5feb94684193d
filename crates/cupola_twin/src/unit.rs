//! Units of measurement under their DTDL names.
//!
//! Source: the semantic types and units built into the Digital Twins Definition Language, version 2, and those of its
//! QuantitativeTypes extension, versions 1 to 3. The conversion factors are those of NIST SP 811, appendix B. A value
//! in the base unit of its dimension is `value × factor + offset`.

use std::sync::LazyLock;

/// The physical dimension of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are standard terms of physics")]
pub enum Dimension {
    Acceleration,
    Angle,
    AngularAcceleration,
    AngularVelocity,
    ApparentEnergy,
    ApparentPower,
    Area,
    Capacitance,
    Current,
    DataRate,
    DataSize,
    Density,
    DynamicViscosity,
    ElectricCharge,
    Energy,
    Force,
    Frequency,
    GasLeakageRate,
    Illuminance,
    Inductance,
    IonizingRadiationDose,
    Irradiance,
    KinematicViscosity,
    Length,
    Luminance,
    LuminousFlux,
    LuminousIntensity,
    MagneticFlux,
    MagneticInduction,
    Mass,
    MassFlowRate,
    Power,
    Pressure,
    Radioactivity,
    Ratio,
    ReactiveEnergy,
    ReactivePower,
    ReciprocalLength,
    ReciprocalTime,
    Resistance,
    SoundPressure,
    Temperature,
    TimeSpan,
    Torque,
    Velocity,
    Voltage,
    Volume,
    VolumeFlowRate,
}

/// A unit of measurement.
#[derive(Debug, PartialEq)]
pub struct Unit {
    /// The DTDL name, such as `degreeCelsius`.
    pub name: &'static str,
    /// The symbol for display, such as `°C`; empty for `unity`.
    pub symbol: &'static str,
    /// The dimension of the unit.
    pub dimension: Dimension,
    /// The number of base units in one unit.
    pub factor: f64,
    /// The value in base units at the unit's zero.
    pub offset: f64,
}

const fn unit(name: &'static str, symbol: &'static str, dimension: Dimension, factor: f64, offset: f64) -> Unit {
    Unit { name, symbol, dimension, factor, offset }
}

#[expect(
    clippy::excessive_precision,
    clippy::approx_constant,
    reason = "the factors are exact or have the digits of their source"
)]
/// The table of all units.
pub static UNITS: &[Unit] = &[
    unit("metrePerSecondSquared", "m/s²", Dimension::Acceleration, 1.0, 0.0),
    unit("centimetrePerSecondSquared", "cm/s²", Dimension::Acceleration, 0.01, 0.0),
    unit("gForce", "g", Dimension::Acceleration, 9.80665, 0.0),
    unit("radian", "rad", Dimension::Angle, 1.0, 0.0),
    unit("degreeOfArc", "°", Dimension::Angle, 0.017453292519943295, 0.0),
    unit("minuteOfArc", "′", Dimension::Angle, 0.0002908882086657216, 0.0),
    unit("secondOfArc", "″", Dimension::Angle, 4.84813681109536e-6, 0.0),
    unit("turn", "turn", Dimension::Angle, 6.283185307179586, 0.0),
    unit("radianPerSecondSquared", "rad/s²", Dimension::AngularAcceleration, 1.0, 0.0),
    unit("radianPerSecond", "rad/s", Dimension::AngularVelocity, 1.0, 0.0),
    unit("degreePerSecond", "°/s", Dimension::AngularVelocity, 0.017453292519943295, 0.0),
    unit("revolutionPerSecond", "r/s", Dimension::AngularVelocity, 6.283185307179586, 0.0),
    unit("revolutionPerMinute", "rpm", Dimension::AngularVelocity, 0.10471975511965977, 0.0),
    unit("squareMetre", "m²", Dimension::Area, 1.0, 0.0),
    unit("squareCentimetre", "cm²", Dimension::Area, 1e-4, 0.0),
    unit("squareMillimetre", "mm²", Dimension::Area, 1e-6, 0.0),
    unit("squareKilometre", "km²", Dimension::Area, 1e6, 0.0),
    unit("hectare", "ha", Dimension::Area, 1e4, 0.0),
    unit("squareFoot", "ft²", Dimension::Area, 0.09290304, 0.0),
    unit("squareInch", "in²", Dimension::Area, 0.00064516, 0.0),
    unit("acre", "ac", Dimension::Area, 4046.8564224, 0.0),
    unit("farad", "F", Dimension::Capacitance, 1.0, 0.0),
    unit("millifarad", "mF", Dimension::Capacitance, 1e-3, 0.0),
    unit("microfarad", "µF", Dimension::Capacitance, 1e-6, 0.0),
    unit("nanofarad", "nF", Dimension::Capacitance, 1e-9, 0.0),
    unit("picofarad", "pF", Dimension::Capacitance, 1e-12, 0.0),
    unit("ampere", "A", Dimension::Current, 1.0, 0.0),
    unit("microampere", "µA", Dimension::Current, 1e-6, 0.0),
    unit("milliampere", "mA", Dimension::Current, 1e-3, 0.0),
    unit("bitPerSecond", "bit/s", Dimension::DataRate, 1.0, 0.0),
    unit("kibibitPerSecond", "Kibit/s", Dimension::DataRate, 1024.0, 0.0),
    unit("mebibitPerSecond", "Mibit/s", Dimension::DataRate, 1048576.0, 0.0),
    unit("gibibitPerSecond", "Gibit/s", Dimension::DataRate, 1073741824.0, 0.0),
    unit("tebibitPerSecond", "Tibit/s", Dimension::DataRate, 1099511627776.0, 0.0),
    unit("exbibitPerSecond", "Eibit/s", Dimension::DataRate, 1152921504606846976.0, 0.0),
    unit("zebibitPerSecond", "Zibit/s", Dimension::DataRate, 1180591620717411303424.0, 0.0),
    unit("yobibitPerSecond", "Yibit/s", Dimension::DataRate, 1208925819614629174706176.0, 0.0),
    unit("bytePerSecond", "B/s", Dimension::DataRate, 8.0, 0.0),
    unit("kibibytePerSecond", "KiB/s", Dimension::DataRate, 8192.0, 0.0),
    unit("mebibytePerSecond", "MiB/s", Dimension::DataRate, 8388608.0, 0.0),
    unit("gibibytePerSecond", "GiB/s", Dimension::DataRate, 8589934592.0, 0.0),
    unit("tebibytePerSecond", "TiB/s", Dimension::DataRate, 8796093022208.0, 0.0),
    unit("exbibytePerSecond", "EiB/s", Dimension::DataRate, 9223372036854775808.0, 0.0),
    unit("zebibytePerSecond", "ZiB/s", Dimension::DataRate, 9444732965739290427392.0, 0.0),
    unit("yobibytePerSecond", "YiB/s", Dimension::DataRate, 9671406556917033397649408.0, 0.0),
    unit("bit", "bit", Dimension::DataSize, 1.0, 0.0),
    unit("kibibit", "Kibit", Dimension::DataSize, 1024.0, 0.0),
    unit("mebibit", "Mibit", Dimension::DataSize, 1048576.0, 0.0),
    unit("gibibit", "Gibit", Dimension::DataSize, 1073741824.0, 0.0),
    unit("tebibit", "Tibit", Dimension::DataSize, 1099511627776.0, 0.0),
    unit("exbibit", "Eibit", Dimension::DataSize, 1152921504606846976.0, 0.0),
    unit("zebibit", "Zibit", Dimension::DataSize, 1180591620717411303424.0, 0.0),
    unit("yobibit", "Yibit", Dimension::DataSize, 1208925819614629174706176.0, 0.0),
    unit("byte", "B", Dimension::DataSize, 8.0, 0.0),
    unit("kibibyte", "KiB", Dimension::DataSize, 8192.0, 0.0),
    unit("mebibyte", "MiB", Dimension::DataSize, 8388608.0, 0.0),
    unit("gibibyte", "GiB", Dimension::DataSize, 8589934592.0, 0.0),
    unit("tebibyte", "TiB", Dimension::DataSize, 8796093022208.0, 0.0),
    unit("exbibyte", "EiB", Dimension::DataSize, 9223372036854775808.0, 0.0),
    unit("zebibyte", "ZiB", Dimension::DataSize, 9444732965739290427392.0, 0.0),
    unit("yobibyte", "YiB", Dimension::DataSize, 9671406556917033397649408.0, 0.0),
    unit("kilogramPerCubicMetre", "kg/m³", Dimension::Density, 1.0, 0.0),
    unit("gramPerCubicMetre", "g/m³", Dimension::Density, 1e-3, 0.0),
    unit("coulomb", "C", Dimension::ElectricCharge, 1.0, 0.0),
    unit("joule", "J", Dimension::Energy, 1.0, 0.0),
    unit("kilojoule", "kJ", Dimension::Energy, 1e3, 0.0),
    unit("megajoule", "MJ", Dimension::Energy, 1e6, 0.0),
    unit("gigajoule", "GJ", Dimension::Energy, 1e9, 0.0),
    unit("electronvolt", "eV", Dimension::Energy, 1.602176634e-19, 0.0),
    unit("megaelectronvolt", "MeV", Dimension::Energy, 1.602176634e-13, 0.0),
    unit("kilowattHour", "kWh", Dimension::Energy, 3.6e6, 0.0),
    unit("newton", "N", Dimension::Force, 1.0, 0.0),
    unit("pound", "lbf", Dimension::Force, 4.4482216152605, 0.0),
    unit("ounce", "ozf", Dimension::Force, 0.27801385095378125, 0.0),
    unit("ton", "tonf", Dimension::Force, 8896.443230521, 0.0),
    unit("hertz", "Hz", Dimension::Frequency, 1.0, 0.0),
    unit("kilohertz", "kHz", Dimension::Frequency, 1e3, 0.0),
    unit("megahertz", "MHz", Dimension::Frequency, 1e6, 0.0),
    unit("gigahertz", "GHz", Dimension::Frequency, 1e9, 0.0),
    unit("lux", "lx", Dimension::Illuminance, 1.0, 0.0),
    unit("footcandle", "fc", Dimension::Illuminance, 10.763910416709722, 0.0),
    unit("henry", "H", Dimension::Inductance, 1.0, 0.0),
    unit("millihenry", "mH", Dimension::Inductance, 1e-3, 0.0),
    unit("microhenry", "µH", Dimension::Inductance, 1e-6, 0.0),
    unit("metre", "m", Dimension::Length, 1.0, 0.0),
    unit("centimetre", "cm", Dimension::Length, 0.01, 0.0),
    unit("millimetre", "mm", Dimension::Length, 1e-3, 0.0),
    unit("micrometre", "µm", Dimension::Length, 1e-6, 0.0),
    unit("nanometre", "nm", Dimension::Length, 1e-9, 0.0),
    unit("kilometre", "km", Dimension::Length, 1e3, 0.0),
    unit("foot", "ft", Dimension::Length, 0.3048, 0.0),
    unit("inch", "in", Dimension::Length, 0.0254, 0.0),
    unit("mile", "mi", Dimension::Length, 1609.344, 0.0),
    unit("nauticalMile", "nmi", Dimension::Length, 1852.0, 0.0),
    unit("astronomicalUnit", "au", Dimension::Length, 149597870700.0, 0.0),
    unit("candelaPerSquareMetre", "cd/m²", Dimension::Luminance, 1.0, 0.0),
    unit("lumen", "lm", Dimension::LuminousFlux, 1.0, 0.0),
    unit("candela", "cd", Dimension::LuminousIntensity, 1.0, 0.0),
    unit("weber", "Wb", Dimension::MagneticFlux, 1.0, 0.0),
    unit("maxwell", "Mx", Dimension::MagneticFlux, 1e-8, 0.0),
    unit("tesla", "T", Dimension::MagneticInduction, 1.0, 0.0),
    unit("kilogram", "kg", Dimension::Mass, 1.0, 0.0),
    unit("gram", "g", Dimension::Mass, 1e-3, 0.0),
    unit("milligram", "mg", Dimension::Mass, 1e-6, 0.0),
    unit("microgram", "µg", Dimension::Mass, 1e-9, 0.0),
    unit("tonne", "t", Dimension::Mass, 1e3, 0.0),
    unit("slug", "slug", Dimension::Mass, 14.593902937206364, 0.0),
    unit("gramPerSecond", "g/s", Dimension::MassFlowRate, 1e-3, 0.0),
    unit("kilogramPerSecond", "kg/s", Dimension::MassFlowRate, 1.0, 0.0),
    unit("gramPerHour", "g/h", Dimension::MassFlowRate, 2.777777777777778e-7, 0.0),
    unit("kilogramPerHour", "kg/h", Dimension::MassFlowRate, 2.777777777777778e-4, 0.0),
    unit("watt", "W", Dimension::Power, 1.0, 0.0),
    unit("microwatt", "µW", Dimension::Power, 1e-6, 0.0),
    unit("milliwatt", "mW", Dimension::Power, 1e-3, 0.0),
    unit("kilowatt", "kW", Dimension::Power, 1e3, 0.0),
    unit("megawatt", "MW", Dimension::Power, 1e6, 0.0),
    unit("gigawatt", "GW", Dimension::Power, 1e9, 0.0),
    unit("horsepower", "hp", Dimension::Power, 745.6998715822702, 0.0),
    unit("kilowattHourPerYear", "kWh/a", Dimension::Power, 0.11415525114155251, 0.0),
    unit("pascal", "Pa", Dimension::Pressure, 1.0, 0.0),
    unit("kilopascal", "kPa", Dimension::Pressure, 1e3, 0.0),
    unit("bar", "bar", Dimension::Pressure, 1e5, 0.0),
    unit("millibar", "mbar", Dimension::Pressure, 100.0, 0.0),
    unit("millimetresOfMercury", "mmHg", Dimension::Pressure, 133.322387415, 0.0),
    unit("poundPerSquareInch", "psi", Dimension::Pressure, 6894.757293168361, 0.0),
    unit("inchesOfMercury", "inHg", Dimension::Pressure, 3386.388640341, 0.0),
    unit("inchesOfWater", "inH₂O", Dimension::Pressure, 249.08891, 0.0),
    unit("unity", "", Dimension::Ratio, 1.0, 0.0),
    unit("percent", "%", Dimension::Ratio, 0.01, 0.0),
    unit("partsPerMillion", "ppm", Dimension::Ratio, 1e-6, 0.0),
    unit("partsPerBillion", "ppb", Dimension::Ratio, 1e-9, 0.0),
    unit("ohm", "Ω", Dimension::Resistance, 1.0, 0.0),
    unit("milliohm", "mΩ", Dimension::Resistance, 1e-3, 0.0),
    unit("kiloohm", "kΩ", Dimension::Resistance, 1e3, 0.0),
    unit("megaohm", "MΩ", Dimension::Resistance, 1e6, 0.0),
    unit("decibel", "dB", Dimension::SoundPressure, 1.0, 0.0),
    unit("bel", "B", Dimension::SoundPressure, 10.0, 0.0),
    unit("second", "s", Dimension::TimeSpan, 1.0, 0.0),
    unit("millisecond", "ms", Dimension::TimeSpan, 1e-3, 0.0),
    unit("microsecond", "µs", Dimension::TimeSpan, 1e-6, 0.0),
    unit("nanosecond", "ns", Dimension::TimeSpan, 1e-9, 0.0),
    unit("minute", "min", Dimension::TimeSpan, 60.0, 0.0),
    unit("hour", "h", Dimension::TimeSpan, 3600.0, 0.0),
    unit("day", "d", Dimension::TimeSpan, 86400.0, 0.0),
    unit("year", "a", Dimension::TimeSpan, 31557600.0, 0.0),
    unit("newtonMetre", "N·m", Dimension::Torque, 1.0, 0.0),
    unit("metrePerSecond", "m/s", Dimension::Velocity, 1.0, 0.0),
    unit("centimetrePerSecond", "cm/s", Dimension::Velocity, 0.01, 0.0),
    unit("kilometrePerSecond", "km/s", Dimension::Velocity, 1e3, 0.0),
    unit("metrePerHour", "m/h", Dimension::Velocity, 2.777777777777778e-4, 0.0),
    unit("kilometrePerHour", "km/h", Dimension::Velocity, 0.2777777777777778, 0.0),
    unit("milePerHour", "mph", Dimension::Velocity, 0.44704, 0.0),
    unit("milePerSecond", "mi/s", Dimension::Velocity, 1609.344, 0.0),
    unit("knot", "kn", Dimension::Velocity, 0.5144444444444445, 0.0),
    unit("volt", "V", Dimension::Voltage, 1.0, 0.0),
    unit("millivolt", "mV", Dimension::Voltage, 1e-3, 0.0),
    unit("microvolt", "µV", Dimension::Voltage, 1e-6, 0.0),
    unit("kilovolt", "kV", Dimension::Voltage, 1e3, 0.0),
    unit("megavolt", "MV", Dimension::Voltage, 1e6, 0.0),
    unit("cubicMetre", "m³", Dimension::Volume, 1.0, 0.0),
    unit("cubicCentimetre", "cm³", Dimension::Volume, 1e-6, 0.0),
    unit("litre", "L", Dimension::Volume, 1e-3, 0.0),
    unit("millilitre", "mL", Dimension::Volume, 1e-6, 0.0),
    unit("cubicFoot", "ft³", Dimension::Volume, 0.028316846592, 0.0),
    unit("cubicInch", "in³", Dimension::Volume, 1.6387064e-5, 0.0),
    unit("fluidOunce", "fl.oz", Dimension::Volume, 2.95735295625e-5, 0.0),
    unit("gallon", "gal", Dimension::Volume, 0.003785411784, 0.0),
    unit("cubicMetrePerSecond", "m³/s", Dimension::VolumeFlowRate, 1.0, 0.0),
    unit("litrePerSecond", "L/s", Dimension::VolumeFlowRate, 1e-3, 0.0),
    unit("litrePerHour", "L/h", Dimension::VolumeFlowRate, 2.777777777777778e-7, 0.0),
    unit("cubicMetrePerHour", "m³/h", Dimension::VolumeFlowRate, 2.777777777777778e-4, 0.0),
    unit("millilitrePerSecond", "mL/s", Dimension::VolumeFlowRate, 1e-6, 0.0),
    unit("millilitrePerHour", "mL/h", Dimension::VolumeFlowRate, 2.777777777777778e-10, 0.0),
    unit("cubicMetrePerMinute", "m³/min", Dimension::VolumeFlowRate, 0.016666666666666666, 0.0),
    unit("kelvin", "K", Dimension::Temperature, 1.0, 0.0),
    unit("degreeCelsius", "°C", Dimension::Temperature, 1.0, 273.15),
    unit("degreeFahrenheit", "°F", Dimension::Temperature, 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    unit("kilometrePerSecondSquared", "km/s²", Dimension::Acceleration, 1e3, 0.0),
    unit("millimetrePerSecondSquared", "mm/s²", Dimension::Acceleration, 1e-3, 0.0),
    unit("kiloampere", "kA", Dimension::Current, 1e3, 0.0),
    unit("nanoampere", "nA", Dimension::Current, 1e-9, 0.0),
    unit("picoampere", "pA", Dimension::Current, 1e-12, 0.0),
    unit("milligramPerCubicMetre", "mg/m³", Dimension::Density, 1e-6, 0.0),
    unit("microgramPerCubicMetre", "µg/m³", Dimension::Density, 1e-9, 0.0),
    unit("ampereHour", "Ah", Dimension::ElectricCharge, 3600.0, 0.0),
    unit("milliampereHour", "mAh", Dimension::ElectricCharge, 3.6, 0.0),
    unit("wattHour", "Wh", Dimension::Energy, 3.6e3, 0.0),
    unit("milliwattHour", "mWh", Dimension::Energy, 3.6, 0.0),
    unit("megawattHour", "MWh", Dimension::Energy, 3.6e9, 0.0),
    unit("gigawattHour", "GWh", Dimension::Energy, 3.6e12, 0.0),
    unit("terawattHour", "TWh", Dimension::Energy, 3.6e15, 0.0),
    unit("britishThermalUnit", "Btu", Dimension::Energy, 1055.05585262, 0.0),
    unit("kiloBritishThermalUnit", "kBtu", Dimension::Energy, 1055055.85262, 0.0),
    unit("millihertz", "mHz", Dimension::Frequency, 1e-3, 0.0),
    unit("gauss", "G", Dimension::MagneticInduction, 1e-4, 0.0),
    unit("massPoundPerHour", "lb/h", Dimension::MassFlowRate, 0.45359237 / 3600.0, 0.0),
    unit("massPound", "lb", Dimension::Mass, 0.45359237, 0.0),
    unit("joulePerSecond", "J/s", Dimension::Power, 1.0, 0.0),
    unit("kilojoulePerSecond", "kJ/s", Dimension::Power, 1e3, 0.0),
    unit("joulePerHour", "J/h", Dimension::Power, 1.0 / 3600.0, 0.0),
    unit("kilojoulePerHour", "kJ/h", Dimension::Power, 1e3 / 3600.0, 0.0),
    unit("megajoulePerHour", "MJ/h", Dimension::Power, 1e6 / 3600.0, 0.0),
    unit("gigajoulePerHour", "GJ/h", Dimension::Power, 1e9 / 3600.0, 0.0),
    unit("britishThermalUnitPerHour", "Btu/h", Dimension::Power, 1055.05585262 / 3600.0, 0.0),
    unit("kiloBritishThermalUnitPerHour", "kBtu/h", Dimension::Power, 1055055.85262 / 3600.0, 0.0),
    unit("tonOfRefrigeration", "TR", Dimension::Power, 12000.0 * 1055.05585262 / 3600.0, 0.0),
    unit("decapascal", "daPa", Dimension::Pressure, 10.0, 0.0),
    unit("hectopascal", "hPa", Dimension::Pressure, 100.0, 0.0),
    unit("partsPerTrillion", "ppt", Dimension::Ratio, 1e-12, 0.0),
    unit("partsPerQuadrillion", "ppq", Dimension::Ratio, 1e-15, 0.0),
    unit("millimetrePerSecond", "mm/s", Dimension::Velocity, 1e-3, 0.0),
    unit("cubicFootPerMinute", "cfm", Dimension::VolumeFlowRate, 0.028316846592 / 60.0, 0.0),
    unit("gallonPerHour", "gph", Dimension::VolumeFlowRate, 0.003785411784 / 3600.0, 0.0),
    unit("gallonPerMinute", "gpm", Dimension::VolumeFlowRate, 0.003785411784 / 60.0, 0.0),
    unit("litrePerMinute", "L/min", Dimension::VolumeFlowRate, 1e-3 / 60.0, 0.0),
    unit("millilitrePerMinute", "mL/min", Dimension::VolumeFlowRate, 1e-6 / 60.0, 0.0),
    unit("cubicCentimetrePerMinute", "cm³/min", Dimension::VolumeFlowRate, 1e-6 / 60.0, 0.0),
    unit("cubicCentimetrePerSecond", "cm³/s", Dimension::VolumeFlowRate, 1e-6, 0.0),
    unit("voltAmpereHour", "VAh", Dimension::ApparentEnergy, 1.0, 0.0),
    unit("millivoltAmpereHour", "mVAh", Dimension::ApparentEnergy, 1e-3, 0.0),
    unit("kilovoltAmpereHour", "kVAh", Dimension::ApparentEnergy, 1e3, 0.0),
    unit("megavoltAmpereHour", "MVAh", Dimension::ApparentEnergy, 1e6, 0.0),
    unit("gigavoltAmpereHour", "GVAh", Dimension::ApparentEnergy, 1e9, 0.0),
    unit("voltAmpere", "VA", Dimension::ApparentPower, 1.0, 0.0),
    unit("millivoltAmpere", "mVA", Dimension::ApparentPower, 1e-3, 0.0),
    unit("kilovoltAmpere", "kVA", Dimension::ApparentPower, 1e3, 0.0),
    unit("megavoltAmpere", "MVA", Dimension::ApparentPower, 1e6, 0.0),
    unit("gigavoltAmpere", "GVA", Dimension::ApparentPower, 1e9, 0.0),
    unit("voltAmpereReactiveHour", "varh", Dimension::ReactiveEnergy, 1.0, 0.0),
    unit("kilovoltAmpereReactiveHour", "kvarh", Dimension::ReactiveEnergy, 1e3, 0.0),
    unit("megavoltAmpereReactiveHour", "Mvarh", Dimension::ReactiveEnergy, 1e6, 0.0),
    unit("gigavoltAmpereReactiveHour", "Gvarh", Dimension::ReactiveEnergy, 1e9, 0.0),
    unit("voltAmpereReactive", "var", Dimension::ReactivePower, 1.0, 0.0),
    unit("millivoltAmpereReactive", "mvar", Dimension::ReactivePower, 1e-3, 0.0),
    unit("kilovoltAmpereReactive", "kvar", Dimension::ReactivePower, 1e3, 0.0),
    unit("megavoltAmpereReactive", "Mvar", Dimension::ReactivePower, 1e6, 0.0),
    unit("gigavoltAmpereReactive", "Gvar", Dimension::ReactivePower, 1e9, 0.0),
    unit("pascalSecond", "Pa·s", Dimension::DynamicViscosity, 1.0, 0.0),
    unit("millipascalSecond", "mPa·s", Dimension::DynamicViscosity, 1e-3, 0.0),
    unit("poise", "P", Dimension::DynamicViscosity, 0.1, 0.0),
    unit("centipoise", "cP", Dimension::DynamicViscosity, 1e-3, 0.0),
    unit("millipoise", "mP", Dimension::DynamicViscosity, 1e-4, 0.0),
    unit("pascalCubicMetrePerSecond", "Pa·m³/s", Dimension::GasLeakageRate, 1.0, 0.0),
    unit("decapascalCubicMetrePerSecond", "daPa·m³/s", Dimension::GasLeakageRate, 10.0, 0.0),
    unit("hectopascalCubicMetrePerSecond", "hPa·m³/s", Dimension::GasLeakageRate, 100.0, 0.0),
    unit("kilopascalCubicMetrePerSecond", "kPa·m³/s", Dimension::GasLeakageRate, 1e3, 0.0),
    unit("gray", "Gy", Dimension::IonizingRadiationDose, 1.0, 0.0),
    unit("milligray", "mGy", Dimension::IonizingRadiationDose, 1e-3, 0.0),
    unit("microgray", "µGy", Dimension::IonizingRadiationDose, 1e-6, 0.0),
    unit("sievert", "Sv", Dimension::IonizingRadiationDose, 1.0, 0.0),
    unit("millisievert", "mSv", Dimension::IonizingRadiationDose, 1e-3, 0.0),
    unit("microsievert", "µSv", Dimension::IonizingRadiationDose, 1e-6, 0.0),
    unit("wattPerSquareMetre", "W/m²", Dimension::Irradiance, 1.0, 0.0),
    unit("squareMetrePerSecond", "m²/s", Dimension::KinematicViscosity, 1.0, 0.0),
    unit("stokes", "St", Dimension::KinematicViscosity, 1e-4, 0.0),
    unit("centistokes", "cSt", Dimension::KinematicViscosity, 1e-6, 0.0),
    unit("becquerel", "Bq", Dimension::Radioactivity, 1.0, 0.0),
    unit("kilobecquerel", "kBq", Dimension::Radioactivity, 1e3, 0.0),
    unit("megabecquerel", "MBq", Dimension::Radioactivity, 1e6, 0.0),
    unit("gigabecquerel", "GBq", Dimension::Radioactivity, 1e9, 0.0),
    unit("reciprocalMetre", "1/m", Dimension::ReciprocalLength, 1.0, 0.0),
    unit("reciprocalCentimetre", "1/cm", Dimension::ReciprocalLength, 1e2, 0.0),
    unit("reciprocalMillimetre", "1/mm", Dimension::ReciprocalLength, 1e3, 0.0),
    unit("reciprocalMicrometre", "1/µm", Dimension::ReciprocalLength, 1e6, 0.0),
    unit("reciprocalNanometre", "1/nm", Dimension::ReciprocalLength, 1e9, 0.0),
    unit("reciprocalKilometre", "1/km", Dimension::ReciprocalLength, 1e-3, 0.0),
    unit("reciprocalSecond", "1/s", Dimension::ReciprocalTime, 1.0, 0.0),
    unit("reciprocalMinute", "1/min", Dimension::ReciprocalTime, 1.0 / 60.0, 0.0),
];

/// Other usual spellings of units; symbols are accepted too.
const ALIASES: &[(&str, &str)] = &[
    ("degC", "degreeCelsius"),
    ("celsius", "degreeCelsius"),
    ("degF", "degreeFahrenheit"),
    ("fahrenheit", "degreeFahrenheit"),
    ("ppm", "partsPerMillion"),
    ("ppb", "partsPerBillion"),
];

/// Returns the unit called `name`: a DTDL name, a symbol or another usual spelling.
pub fn find(name: &str) -> Option<&'static Unit> {
    if name.is_empty() {
        return None;
    }
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, unit)| unit);
    UNITS.iter().find(|unit| unit.name == name).or_else(|| UNITS.iter().find(|unit| unit.symbol == name))
}

impl Dimension {
    /// Returns a DTDL semantic type with this dimension, from QuantitativeTypes version 3.
    pub fn semantic_type(self) -> &'static str {
        match self {
            Self::Acceleration => "Acceleration",
            Self::Angle => "Angle",
            Self::AngularAcceleration => "AngularAcceleration",
            Self::AngularVelocity => "AngularVelocity",
            Self::ApparentEnergy => "ApparentEnergy",
            Self::ApparentPower => "ApparentPower",
            Self::Area => "Area",
            Self::Capacitance => "Capacitance",
            Self::Current => "Current",
            Self::DataRate => "DataRate",
            Self::DataSize => "DataSize",
            Self::Density => "Density",
            Self::DynamicViscosity => "DynamicViscosity",
            Self::ElectricCharge => "ElectricCharge",
            Self::Energy => "Energy",
            Self::Force => "Force",
            Self::Frequency => "Frequency",
            Self::GasLeakageRate => "GasLeakageRate",
            Self::Illuminance => "Illuminance",
            Self::Inductance => "Inductance",
            Self::IonizingRadiationDose => "IonizingRadiationDose",
            Self::Irradiance => "Irradiance",
            Self::KinematicViscosity => "KinematicViscosity",
            Self::Length => "Length",
            Self::Luminance => "Luminance",
            Self::LuminousFlux => "LuminousFlux",
            Self::LuminousIntensity => "LuminousIntensity",
            Self::MagneticFlux => "MagneticFlux",
            Self::MagneticInduction => "MagneticInduction",
            Self::Mass => "Mass",
            Self::MassFlowRate => "MassFlowRate",
            Self::Power => "Power",
            Self::Pressure => "Pressure",
            Self::Radioactivity => "Radioactivity",
            Self::Ratio => "RelativeMeasure",
            Self::ReactiveEnergy => "ReactiveEnergy",
            Self::ReactivePower => "ReactivePower",
            Self::ReciprocalLength => "ReciprocalLength",
            Self::ReciprocalTime => "ReciprocalTime",
            Self::Resistance => "Resistance",
            Self::SoundPressure => "SoundPressure",
            Self::Temperature => "Temperature",
            Self::TimeSpan => "TimeSpan",
            Self::Torque => "Torque",
            Self::Velocity => "Velocity",
            Self::Voltage => "Voltage",
            Self::Volume => "Volume",
            Self::VolumeFlowRate => "VolumeFlowRate",
        }
    }
}

/// Returns the dimension of a DTDL semantic type such as `RelativeHumidity`, or `None` for an unknown type.
pub fn dimension_of(semantic_type: &str) -> Option<Dimension> {
    Some(match semantic_type {
        "Acceleration" => Dimension::Acceleration,
        "Angle" | "Latitude" | "Longitude" => Dimension::Angle,
        "AngularAcceleration" => Dimension::AngularAcceleration,
        "AngularVelocity" => Dimension::AngularVelocity,
        "Area" => Dimension::Area,
        "Capacitance" => Dimension::Capacitance,
        "Current" => Dimension::Current,
        "DataRate" => Dimension::DataRate,
        "DataSize" => Dimension::DataSize,
        "Density" | "Humidity" => Dimension::Density,
        "ElectricCharge" => Dimension::ElectricCharge,
        "ApparentEnergy" => Dimension::ApparentEnergy,
        "ApparentPower" => Dimension::ApparentPower,
        "DynamicViscosity" => Dimension::DynamicViscosity,
        "Energy" => Dimension::Energy,
        "GasLeakageRate" => Dimension::GasLeakageRate,
        "IonizingRadiationDose" => Dimension::IonizingRadiationDose,
        "Irradiance" => Dimension::Irradiance,
        "KinematicViscosity" => Dimension::KinematicViscosity,
        "Radioactivity" => Dimension::Radioactivity,
        "ReactiveEnergy" => Dimension::ReactiveEnergy,
        "ReactivePower" => Dimension::ReactivePower,
        "ReciprocalLength" => Dimension::ReciprocalLength,
        "ReciprocalTime" => Dimension::ReciprocalTime,
        "Force" | "Thrust" => Dimension::Force,
        "Frequency" => Dimension::Frequency,
        "Illuminance" => Dimension::Illuminance,
        "Inductance" => Dimension::Inductance,
        "Distance" | "Length" => Dimension::Length,
        "Luminance" => Dimension::Luminance,
        "LuminousFlux" => Dimension::LuminousFlux,
        "LuminousIntensity" => Dimension::LuminousIntensity,
        "MagneticFlux" => Dimension::MagneticFlux,
        "MagneticInduction" => Dimension::MagneticInduction,
        "Mass" => Dimension::Mass,
        "MassFlowRate" => Dimension::MassFlowRate,
        "EnergyRate" | "Luminosity" | "Power" => Dimension::Power,
        "Pressure" => Dimension::Pressure,
        "Concentration" | "Efficiency" | "RelativeDensity" | "RelativeHumidity" | "RelativeMeasure" | "Scale"
        | "Throttle" => Dimension::Ratio,
        "Resistance" => Dimension::Resistance,
        "SoundPressure" => Dimension::SoundPressure,
        "Temperature" => Dimension::Temperature,
        "TimeSpan" => Dimension::TimeSpan,
        "Torque" => Dimension::Torque,
        "Velocity" => Dimension::Velocity,
        "Voltage" => Dimension::Voltage,
        "Volume" => Dimension::Volume,
        "VolumeFlowRate" => Dimension::VolumeFlowRate,
        _ => return None,
    })
}

/// Returns the names of all units, or of the units of `dimension` only, for suggestions.
pub fn names(dimension: Option<Dimension>) -> impl Iterator<Item = &'static str> {
    UNITS.iter().filter(move |unit| dimension.is_none_or(|wanted| unit.dimension == wanted)).map(|unit| unit.name)
}

/// Returns `(scale, offset)` such that a value in `from` is `value × scale + offset` in `to`; `None` if the dimensions
/// differ.
///
/// ```
/// use cupola_twin::unit::{conversion, find};
///
/// let (hour, minute) = (find("hour").unwrap(), find("minute").unwrap());
/// assert_eq!(conversion(hour, minute), Some((60.0, 0.0)));
/// assert_eq!(conversion(hour, find("metre").unwrap()), None);
/// ```
pub fn conversion(from: &Unit, to: &Unit) -> Option<(f64, f64)> {
    if from.dimension != to.dimension {
        return None;
    }
    Some((from.factor / to.factor, (from.offset - to.offset) / to.factor))
}

/// Returns the conversion like [`conversion`], or one that changes nothing if either unit is missing: a number without a
/// unit counts as in the other unit.
pub fn conversion_between(from: Option<&Unit>, to: Option<&Unit>) -> Option<(f64, f64)> {
    from.zip(to).map_or(Some((1.0, 0.0)), |(from, to)| conversion(from, to))
}

/// Converts a number by the scale and offset of [`conversion`], and removes conversion noise. A result that is zero but
/// for the rounding is zero: 32 °F are exactly 0 °C, so that `temperature > 0 degC` is false.
pub fn converted(number: f64, scale: f64, offset: f64) -> f64 {
    let result = number * scale + offset;
    tidy(if result.abs() < offset.abs() * MAX_NOISE { 0.0 } else { result })
}

/// The largest share of rounding in a difference of two numbers of the same size.
const MAX_NOISE: f64 = 1e-14;

/// The powers of ten from 10^-[`MAX_POWER`] to 10^[`MAX_POWER`].
static POWERS: LazyLock<[f64; 2 * MAX_POWER + 1]> =
    LazyLock::new(|| std::array::from_fn(|at| 10_f64.powi(at as i32 - MAX_POWER as i32)));
/// The largest power of ten for rounding. Larger and smaller numbers stay unrounded.
const MAX_POWER: usize = 200;

/// Rounds a converted number to twelve or thirteen significant digits, which removes conversion noise: 25 °C become
/// exactly 77 °F.
pub fn tidy(number: f64) -> f64 {
    let bits = (number.to_bits() >> 52) as i32 & 0x7ff;
    // log10(2) = 0.30103, so this is the decimal magnitude or one less.
    let magnitude = ((bits - 1_023) as f64 * std::f64::consts::LOG10_2).floor() as i32;
    let power = (11 - magnitude + MAX_POWER as i32) as usize;
    // Zero, extreme numbers, infinity and NaN have no power in the table.
    match POWERS.get(power) {
        Some(scale) if number.is_finite() => (number * scale).round() / scale,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_has_a_semantic_type() {
        for unit in UNITS {
            assert_eq!(dimension_of(unit.dimension.semantic_type()), Some(unit.dimension), "{}", unit.name);
        }
    }

    #[test]
    fn converts_between_units_of_a_dimension_only() {
        for (value, from, to, expected) in [
            (75.0, "degreeFahrenheit", "degreeCelsius", 23.888_888_888_888_9),
            (0.0, "degC", "kelvin", 273.15),
            (1.0, "kWh", "megajoule", 3.6),
            (420.0, "ppm", "percent", 0.042),
            (36.0, "km/h", "m/s", 10.0),
        ] {
            let (scale, offset) = conversion(find(from).unwrap(), find(to).unwrap()).unwrap();
            assert!((value * scale + offset - expected).abs() < 1e-9, "{value} {from} in {to}");
        }
        assert!(conversion(find("watt").unwrap(), find("joule").unwrap()).is_none());
    }

    #[test]
    fn converted_numbers_are_tidy() {
        for (number, from, to, wanted) in [
            (32.0, "degF", "degC", 0.0),
            (0.0, "degC", "degF", 32.0),
            (-459.67, "degF", "kelvin", 0.0),
            (273.15, "kelvin", "degC", 0.0),
            (32.000000001, "degF", "degC", 5.556e-10),
        ] {
            let (scale, offset) = conversion(find(from).unwrap(), find(to).unwrap()).unwrap();
            assert!((converted(number, scale, offset) - wanted).abs() <= wanted.abs() * 1e-3, "{number} {from}");
        }
        for (number, wanted) in
            [(76.999_999_999_999_99, 77.0), (0.0, 0.0), (-1e-300, -1e-300), (1e300, 1e300), (-0.1, -0.1)]
        {
            assert_eq!(tidy(number), wanted);
        }
        assert!(tidy(f64::NAN).is_nan() && tidy(f64::INFINITY).is_infinite());
    }

    #[test]
    fn names_are_unique() {
        let mut seen: Vec<_> = names(None).collect();
        seen.sort_unstable();
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
