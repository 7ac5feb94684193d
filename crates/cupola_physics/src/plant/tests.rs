use proptest::prelude::*;

use super::ahu::{AirHandler, AirHandlerFaults, Economiser};
use super::battery::Battery;
use super::boiler::Boiler;
use super::chiller::Chiller;
use super::curve::{Biquadratic, Polynomial, Range, Table};
use super::fan_pump::{Control, Mover};
use super::heat_pump::HeatPump;
use super::pv::{CellModel, Field};
use super::vav::VavBox;
use super::*;

fn air(temperature_c: f64, percent: f64) -> Air {
    Air { temperature_c, humidity_kg_kg: crate::air::humidity_ratio(temperature_c, percent / 100.0) }
}

#[test]
fn curves() {
    let cubic = Polynomial { coefficients: [1.0, 2.0, 3.0, 4.0], range: Range::new(0.0, 2.0) };
    assert_eq!(cubic.at(2.0), 49.0);
    assert_eq!(cubic.at(5.0), 49.0);
    assert_eq!(cubic.at(f64::NAN), 1.0);
    let plane =
        Biquadratic { coefficients: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], x: Range::new(0.0, 9.0), y: Range::new(0.0, 9.0) };
    assert_eq!(plane.at(2.0, 3.0), 1.0 + 4.0 + 12.0 + 12.0 + 45.0 + 36.0);
    let table = Table::new(vec![(0.0, 1.0), (10.0, 3.0), (20.0, 2.0)]).unwrap();
    for (x, expected) in [(-5.0, 1.0), (0.0, 1.0), (5.0, 2.0), (10.0, 3.0), (15.0, 2.5), (99.0, 2.0), (f64::NAN, 1.0)] {
        assert_eq!(table.at(x), expected, "{x}");
    }
    assert!(Table::new(Vec::new()).is_none() && Table::new(vec![(1.0, 1.0), (1.0, 2.0)]).is_none());
}

#[test]
fn enthalpy_of_the_tables() {
    // ASHRAE Fundamentals, psychrometric chart: the enthalpy at 25 °C and 50 % is 50.3 kJ/kg.
    assert!((air(25.0, 50.0).enthalpy_j_kg() - 50_300.0).abs() < 300.0);
    let mixed = air(30.0, 40.0).mixed(&air(10.0, 40.0), 0.25);
    assert!((mixed.temperature_c - 25.0).abs() < 1e-12);
}

#[test]
fn fans_at_part_load() {
    // 1.204 m³/s at 1000 Pa and 60 % efficiency: 1667 W. Half flow with variable speed drive: 0.0013 + 0.0735
    // + 0.23765 − 0.01248 = 0.29998.
    let fan = Mover::supply_fan(1.204);
    let full = fan.run(1.204);
    assert!((full.power_w - 1_666.7).abs() < 2.0 && (full.heat_w - full.power_w).abs() < 1e-9, "{full:?}");
    assert!((Control::FanVariableSpeed.power_share(0.5) - 0.3).abs() < 1e-4);
    assert!(Control::FanInletVanes.power_share(0.5) > 0.45 && Control::FanDischargeDamper.power_share(0.5) > 0.7);
    for control in [
        Control::Constant,
        Control::FanVariableSpeed,
        Control::FanInletVanes,
        Control::FanDischargeDamper,
        Control::PumpRiding,
        Control::PumpVariableSpeed,
        Control::PumpVariableSpeedReset,
        Control::Other(Polynomial::ONE),
    ] {
        assert!((control.power_share(1.0) - 1.0).abs() < 0.011, "{control:?}");
        assert_eq!(control.power_share(0.0), 0.0);
    }
    let mut fouled = fan;
    fouled.faults.fouling = 0.5;
    assert!(fouled.run(0.6).power_w > fan.run(0.6).power_w && fouled.run(1.204).flow_kg_s < 1.0);
    fouled.faults.off = true;
    assert_eq!(fouled.run(1.0).flow_kg_s, 0.0);
}

#[test]
fn chiller_at_reference() {
    let chiller = Chiller::centrifugal(500_000.0);
    // DOE-2's curves are 1 at 6.67 °C, 29.4 °C and full load.
    let full = chiller.run(1e9, 6.67, 29.4);
    assert!((full.cooling_w / 500_000.0 - 1.0).abs() < 0.01, "{full:?}");
    assert!((full.cooling_w / full.power_w / 5.5 - 1.0).abs() < 0.02, "{full:?}");
    assert!((full.rejected_w - full.cooling_w - full.power_w).abs() < 1e-6);
    // Half load: 0.2229 + 0.1567 + 0.1159 of the power.
    let half = chiller.run(0.5 * full.cooling_w, 6.67, 29.4);
    assert!((half.power_w / full.power_w - 0.4955).abs() < 0.001);
    assert!(chiller.run(250_000.0, 6.67, 24.0).power_w < half.power_w);
    let mut fouled = chiller;
    fouled.faults.power_rise = 0.2;
    assert!((fouled.run(200_000.0, 7.0, 29.0).power_w / chiller.run(200_000.0, 7.0, 29.0).power_w - 1.2).abs() < 1e-9);
    assert_eq!(chiller.run(f64::NAN, 7.0, 29.0).power_w, 0.0);
}

#[test]
fn boilers() {
    let gas = Boiler::gas(100_000.0);
    let full = gas.run(100_000.0, 60.0);
    assert!((full.fuel_w - 125_000.0).abs() < 1.0, "{full:?}");
    let part = gas.run(20_000.0, 60.0);
    assert!(part.heat_w / part.fuel_w < 0.75, "{part:?}");
    let condensing = Boiler::condensing(100_000.0);
    assert!(condensing.run(50_000.0, 30.0).fuel_w < condensing.run(50_000.0, 70.0).fuel_w);
    assert!(condensing.run(50_000.0, 30.0).fuel_w >= 50_000.0);
    assert_eq!(gas.run(-5.0, 60.0).fuel_w, 0.0);
}

#[test]
fn heat_pumps() {
    let pump = HeatPump::new(10_000.0);
    let rated = pump.run(10_000.0, &air(7.0, 87.0), 35.0);
    assert!((rated.cop - 4.2).abs() < 1e-9 && (rated.heat_w - 10_000.0).abs() < 1e-9, "{rated:?}");
    let cold = pump.run(1e9, &air(-7.0, 75.0), 35.0);
    let hot = pump.run(1e9, &air(7.0, 87.0), 55.0);
    assert!(cold.cop < rated.cop && cold.heat_w < 7_000.0 && hot.cop < 3.2, "{cold:?} {hot:?}");
    let dry = HeatPump { defrosts: false, ..pump };
    assert!(dry.run(1e9, &air(1.0, 95.0), 35.0).heat_w > pump.run(1e9, &air(1.0, 95.0), 35.0).heat_w);
    assert!(pump.run(2_000.0, &air(7.0, 87.0), 35.0).cop < rated.cop);
    assert_eq!(pump.run(5_000.0, &air(-30.0, 80.0), 35.0).heat_w, 0.0);
    assert_eq!(pump.run(5_000.0, &air(5.0, 80.0), 90.0).heat_w, 0.0);
}

#[test]
fn air_handler_in_winter_and_summer() {
    let back = air(22.0, 40.0);
    let mut unit = AirHandler::new(2.0);
    // Winter: 20 % outdoor air of −5 °C gives mixed air of 16.6 °C. The fan heats the air too.
    let winter = unit.run(2.0, 18.0, &air(-5.0, 80.0), &back);
    assert!((winter.mixed.temperature_c - 16.6).abs() < 1e-9 && (winter.supply.temperature_c - 18.0).abs() < 1e-6);
    let fan_k = winter.fan_w / (2.0 * 1_006.0);
    // With the economiser open, the mixed air has the wanted temperature.
    let mild = unit.run(2.0, 14.0, &air(8.0, 70.0), &back);
    assert!((mild.mixed.temperature_c - (14.0 - fan_k)).abs() < 1e-6 && mild.cooling_w < 1e-6, "{mild:?}");
    // Summer: the air is cooled and dehumidified.
    let summer = unit.run(2.0, 14.0, &air(32.0, 50.0), &air(25.0, 55.0));
    assert!((summer.supply.temperature_c - 14.0).abs() < 1e-6 && summer.condensate_kg_s > 0.0, "{summer:?}");
    assert!((summer.outdoor_share - 0.2).abs() < 1e-12);
    let sensible = 2.0 * 1_006.0 * (summer.mixed.temperature_c + fan_k - 14.0);
    assert!(summer.cooling_w > 1.1 * sensible, "{summer:?}");
    // Heat recovery reduces the heating, and is bypassed when it would overheat the air.
    unit.least_outdoor = 1.0;
    unit.economiser = Economiser::None;
    let bare = unit.run(2.0, 18.0, &air(-5.0, 80.0), &back);
    unit.recovery_sensible = 0.75;
    let recovered = unit.run(2.0, 18.0, &air(-5.0, 80.0), &back);
    let saved = 2.0 * 0.75 * 27.0 * 1_006.0;
    assert!((bare.heating_w - recovered.heating_w - saved).abs() < 0.02 * saved, "{bare:?} {recovered:?}");
    let spring = unit.run(2.0, 18.0, &air(14.0, 60.0), &back);
    assert!(spring.heating_w < 1e-6 && (spring.supply.temperature_c - 18.0).abs() < 1e-6, "{spring:?}");
}

#[test]
fn air_handler_with_faults() {
    let (outdoor, back) = (air(8.0, 70.0), air(22.0, 40.0));
    let good = AirHandler::new(2.0);
    let with = |faults: AirHandlerFaults| AirHandler { faults, ..good }.run(2.0, 14.0, &outdoor, &back);
    let stuck = with(AirHandlerFaults { damper_stuck: Some(1.0), ..AirHandlerFaults::default() });
    assert!(stuck.heating_w > 5_000.0 && stuck.outdoor_share == 1.0, "{stuck:?}");
    let leaking = with(AirHandlerFaults { heating_leak: 0.2, ..AirHandlerFaults::default() });
    assert!(leaking.cooling_w > 5_000.0 && (leaking.supply.temperature_c - 14.0).abs() < 1e-6, "{leaking:?}");
    let chilled = with(AirHandlerFaults { cooling_leak: 0.2, ..AirHandlerFaults::default() });
    // The open valve cools as long as the coil's surface is colder than the air.
    assert!(chilled.cooling_w > 9_000.0 && chilled.supply.temperature_c < 10.0, "{chilled:?}");
    let biased = with(AirHandlerFaults { sensor_k: 2.0, ..AirHandlerFaults::default() });
    assert!((biased.supply.temperature_c - 12.0).abs() < 1e-6, "{biased:?}");
    let mut off = good;
    off.fan.faults.off = true;
    assert_eq!(off.run(2.0, 14.0, &outdoor, &back).flow_kg_s, 0.0);
    // A coil that is too small for the load delivers its full capacity.
    let small = AirHandler { cooling_w: 10_000.0, ..good }.run(2.0, 12.0, &air(32.0, 60.0), &air(26.0, 50.0));
    assert!((small.cooling_w - 10_000.0).abs() < 1.0, "{small:?}");
}

#[test]
fn boxes() {
    let dual = VavBox::dual(1.0);
    let cooling = dual.run(1.0, 0.0, 24.0, 13.0);
    assert!((cooling.flow_kg_s - 1.0).abs() < 1e-12 && (cooling.to_zone_w + 11_066.0).abs() < 1.0, "{cooling:?}");
    let idle = dual.run(0.0, 0.0, 23.0, 13.0);
    assert!((idle.flow_kg_s - 0.1).abs() < 1e-12 && idle.reheat_w == 0.0);
    // Half of the heating signal gives the minimum flow and the highest supply temperature. The full signal
    // gives a higher flow.
    let half = dual.run(0.0, 0.5, 20.0, 15.0);
    assert!((half.flow_kg_s - 0.1).abs() < 1e-12 && (half.supply_c - 31.0).abs() < 1e-9, "{half:?}");
    let full = dual.run(0.0, 1.0, 20.0, 15.0);
    assert!((full.flow_kg_s - 0.5).abs() < 1e-12 && full.to_zone_w > half.to_zone_w, "{full:?}");
    let single = VavBox::single(1.0).run(0.0, 1.0, 20.0, 15.0);
    assert!((single.flow_kg_s - 0.3).abs() < 1e-12 && single.supply_c > 30.0, "{single:?}");
    let mut faulty = dual;
    faulty.faults.damper_stuck = Some(0.4);
    faulty.faults.reheat_leak = 0.3;
    let stuck = faulty.run(1.0, 0.0, 24.0, 13.0);
    assert!((stuck.flow_kg_s - 0.4).abs() < 1e-12 && stuck.reheat_w > 1_000.0, "{stuck:?}");
}

#[test]
fn photovoltaics() {
    let field = Field::new(4_000.0);
    // A cell at 25 °C in 1000 W/m² gives rated power. Faiman: 20 + 800/(25 + 6.84) = 45.1 °C.
    assert!((field.dc_w(1_000.0, 25.0 - 1_000.0 / 25.0, 0.0) - 4_000.0).abs() < 1e-9);
    assert!((CellModel::FAIMAN.cell_c(20.0, 800.0, 1.0) - 45.13).abs() < 0.01);
    assert!((CellModel::Noct(45.0).cell_c(20.0, 800.0, 1.0) - 45.0).abs() < 1e-12);
    // The power is continuous at the limit of low irradiance.
    assert!((field.dc_w(124.999, 25.0, 1.0) - field.dc_w(125.001, 25.0, 1.0)).abs() < 0.1);
    // At full load of the inverter (ζ = 1) the nominal efficiency is 0.96/0.9637 × 0.9637.
    let lossless = Field { losses: 0.0, dc_ac_ratio: 1.0, per_k: 0.0, ..field };
    assert!((lossless.ac_w(1_000.0, 25.0, 1.0) - 0.96 * 4_000.0).abs() < 30.0, "{}", lossless.ac_w(1_000.0, 25.0, 1.0));
    assert!((lossless.ac_w(1_600.0, 25.0, 1.0) - 4_000.0).abs() < 1e-9);
    assert!(Field { soiling: 0.3, ..field }.ac_w(700.0, 25.0, 1.0) < 0.75 * field.ac_w(700.0, 25.0, 1.0));
    assert_eq!(field.ac_w(f64::NAN, 25.0, 1.0), 0.0);
    assert_eq!(field.ac_w(-5.0, 25.0, 1.0), 0.0);
}

#[test]
fn batteries() {
    let battery = Battery { loss_per_s: 0.0, ..Battery::new(36e6) };
    let charged = battery.step(18e6, 2_000.0, 3_600.0);
    assert!((charged.charge_j - (18e6 + 0.95 * 7.2e6)).abs() < 1.0 && (charged.power_w - 2_000.0).abs() < 1e-9);
    assert!((charged.lost_j - 0.05 * 7.2e6).abs() < 1.0);
    // A full battery takes nothing, and an empty one delivers nothing.
    assert!(battery.step(36e6, 5_000.0, 60.0).power_w.abs() < 1e-9);
    let empty = battery.step(3.6e6, -5_000.0, 60.0);
    assert!(empty.power_w.abs() < 1e-9, "{empty:?}");
    let day = battery.self_consumption(18e6, 3_000.0, 1_000.0, 900.0);
    assert!(day.import_w == 0.0 && day.export_w.abs() < 1e-9 && (day.stored.power_w - 2_000.0).abs() < 1e-9);
    let night = battery.self_consumption(18e6, 0.0, 8_000.0, 900.0);
    assert!((night.import_w - 3_000.0).abs() < 1e-9, "{night:?}");
}

proptest! {
    #[test]
    fn a_battery_makes_no_energy(
        charge_j in 0.0..36e6f64, wanted_w in -1e5..1e5f64, step_s in 1.0..86_400.0f64,
    ) {
        let battery = Battery::new(36e6);
        let stored = battery.step(charge_j, wanted_w, step_s);
        prop_assert!((0.0..=36e6).contains(&stored.charge_j));
        prop_assert!(stored.lost_j > -1.0, "{:?}", stored);
        prop_assert!(stored.power_w.abs() <= wanted_w.abs() + 1e-9 && stored.power_w * wanted_w >= 0.0);
    }

    #[test]
    fn air_handlers_keep_energy_and_water(
        wanted in 0.0..3.0f64, supply_c in 10.0..35.0f64, outdoor_c in -20.0..40.0f64, outdoor in 10.0..100.0f64,
        back_c in 15.0..30.0f64, back in 10.0..80.0f64, recovery in 0.0..1.0f64, leak in 0.0..0.5f64,
    ) {
        let unit = AirHandler {
            recovery_sensible: recovery,
            recovery_latent: 0.5 * recovery,
            economiser: Economiser::DifferentialEnthalpy,
            faults: AirHandlerFaults { heating_leak: leak, cooling_leak: 0.5 * leak, ..AirHandlerFaults::default() },
            ..AirHandler::new(2.0)
        };
        let (outdoor, back) = (air(outdoor_c, outdoor), air(back_c, back));
        let handled = unit.run(wanted, supply_c, &outdoor, &back);
        let flow = handled.flow_kg_s;
        let mixture = back.mixed(&outdoor, handled.outdoor_share).enthalpy_j_kg();
        let given = handled.recovered_w + handled.heating_w - handled.cooling_w + handled.fan_w;
        let taken = flow * (handled.supply.enthalpy_j_kg() - mixture);
        // Coils and fan neglect the heat capacity of the water in the air, 1 to 4 %.
        let sum = handled.recovered_w.abs() + handled.heating_w + handled.cooling_w + handled.fan_w;
        prop_assert!((given - taken).abs() <= 0.06 * sum + 1.0, "{} {} {:?}", given, taken, handled);
        prop_assert!(handled.cooling_w >= 0.0 && handled.condensate_kg_s >= 0.0);
        prop_assert!(handled.heating_w <= unit.heating_w + 1e-6 && handled.cooling_w <= unit.cooling_w + 1.0);
    }

    #[test]
    fn nothing_panics(values in proptest::array::uniform8(proptest::num::f64::ANY)) {
        let [a, b, c, d, e, f, g, h] = values;
        let (one, two) = (Air { temperature_c: a, humidity_kg_kg: b }, Air { temperature_c: c, humidity_kg_kg: d });
        let _ = AirHandler::new(e).run(f, g, &one, &two);
        let _ = VavBox::dual(a).run(b, c, d, e);
        let _ = VavBox::single(a).run(b, c, d, e);
        let _ = Chiller::centrifugal(a).run(b, c, d);
        let _ = Boiler::condensing(a).run(b, c);
        let _ = HeatPump::new(a).run(b, &two, e);
        let _ = Field::new(a).ac_w(b, c, d);
        let _ = Battery::new(a).self_consumption(b, c, d, e);
        let _ = Mover::pump(a).run(h);
    }

    #[test]
    fn finite_for_finite_loads(load in -1e9..1e9f64, capacity in 1.0..1e7f64, c in -40.0..60.0f64, water_c in 0.0..90.0f64) {
        prop_assert!(Chiller::centrifugal(capacity).run(load, c, water_c).power_w.is_finite());
        prop_assert!(Boiler::gas(capacity).run(load, c).fuel_w.is_finite());
        prop_assert!(HeatPump::new(capacity).run(load, &air(c, 80.0), water_c).power_w.is_finite());
    }
}
