//! What energy costs and what its greenhouse gases are. Prices in any currency.

/// Greenhouse gases of natural gas burnt, in kgCO2e/kWh of the higher heating value, as the boilers here count it (IPCC
/// 2006, vol. 2 ch. 2: 56.1 kgCO2, 5 g CH4 and 0.1 g N2O per GJ of the lower, with the warming potentials 28 and 265 of
/// AR5; the lower is 0.9 of the higher).
pub const GAS_KG_KWH: f64 = 0.182_3;
/// Greenhouse gases of electricity from the grid, in kgCO2e/kWh (an assumption, between the averages of the EU and the
/// USA in 2022).
pub const ELECTRICITY_KG_KWH: f64 = 0.3;
/// Joules in a kilowatt-hour.
pub const J_PER_KWH: f64 = 3_600_000.0;

/// Hours of the week with a price of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// Days from Monday to Sunday on which it holds.
    pub days: [bool; 7],
    /// Hour of the day at which it begins, 0 to 24.
    pub begins_h: f64,
    /// Hour at which it ends, 0 to 24; before its begin, it goes over midnight and ends on the day after.
    pub ends_h: f64,
    /// Price, per kWh.
    pub price_kwh: f64,
}

impl Period {
    /// Whether it holds on a day of the week (0 Monday to 6 Sunday) at an hour of the day.
    pub fn holds(&self, weekday: u8, hour: f64) -> bool {
        let on = |day: u8| self.days.get(usize::from(day % 7)).copied().unwrap_or(false);
        if self.begins_h <= self.ends_h {
            on(weekday) && (self.begins_h..self.ends_h).contains(&hour)
        } else {
            (on(weekday) && hour >= self.begins_h) || (on(weekday % 7 + 6) && hour < self.ends_h)
        }
    }
}

/// A tariff for electricity and gas.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// Price of electricity outside all periods, per kWh.
    pub price_kwh: f64,
    /// Periods; the first that holds counts.
    pub periods: Vec<Period>,
    /// Paid for electricity fed in, per kWh.
    pub feed_in_kwh: f64,
    /// Price of the month's highest mean power, per kW.
    pub demand_kw: f64,
    /// Price of gas, per kWh.
    pub gas_kwh: f64,
    /// Fixed price, per month.
    pub fixed_month: f64,
}

impl Default for Tariff {
    /// Flat prices of a European office in 2024 in euro: 0.25, feed-in 0.08, gas 0.09, no demand charge (assumptions).
    fn default() -> Self {
        Self {
            price_kwh: 0.25,
            periods: Vec::new(),
            feed_in_kwh: 0.08,
            demand_kw: 0.0,
            gas_kwh: 0.09,
            fixed_month: 0.0,
        }
    }
}

impl Tariff {
    /// Price of electricity, per kWh, on a day of the week (0 Monday) at an hour of the day.
    pub fn price_at(&self, weekday: u8, hour: f64) -> f64 {
        self.periods.iter().find(|period| period.holds(weekday, hour)).map_or(self.price_kwh, |period| period.price_kwh)
    }

    /// Cost of a step's electricity: what was drawn, in J, at its price, less what was fed in, in J.
    pub fn electricity_cost(&self, drawn_j: f64, fed_in_j: f64, weekday: u8, hour: f64) -> f64 {
        (drawn_j * self.price_at(weekday, hour) - fed_in_j * self.feed_in_kwh) / J_PER_KWH
    }

    /// Cost of gas, in J of the heating value that its price is for.
    pub fn gas_cost(&self, gas_j: f64) -> f64 {
        gas_j / J_PER_KWH * self.gas_kwh
    }

    /// Cost of a month besides energy: fixed and for its highest mean power, in W.
    pub fn month_cost(&self, peak_w: f64) -> f64 {
        self.fixed_month + self.demand_kw * peak_w.max(0.0) / 1_000.0
    }
}

/// Greenhouse gases of energy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emissions {
    /// Of electricity, in kgCO2e/kWh.
    pub electricity_kg_kwh: f64,
    /// Of gas, in kgCO2e/kWh.
    pub gas_kg_kwh: f64,
}

impl Default for Emissions {
    /// [`ELECTRICITY_KG_KWH`] and [`GAS_KG_KWH`].
    fn default() -> Self {
        Self { electricity_kg_kwh: ELECTRICITY_KG_KWH, gas_kg_kwh: GAS_KG_KWH }
    }
}

impl Emissions {
    /// Greenhouse gases, in kgCO2e, of electricity and gas, in J.
    pub fn of_kg(&self, electricity_j: f64, gas_j: f64) -> f64 {
        (electricity_j * self.electricity_kg_kwh + gas_j * self.gas_kg_kwh) / J_PER_KWH
    }
}
