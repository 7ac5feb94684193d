//! Central heat and cold sources of a building (boilers, heat pumps, chillers): the heat that each source
//! delivers, and the heat that each radiator and coil gets if the capacity is too small.
//!
//! Sources of the same kind that serve the same consumer share its load equally while they run. A source that
//! cannot meet the demand grants all its consumers the same fraction of their maximum, but no more than they
//! request.

use crate::plant::Air;
use crate::plant::source::{Source, SourceOutput};
use crate::spec::{SpecError, check_index, check_ranges};
use crate::study::{ColdSource, HeatSource, Plant};

/// Output of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum PlantSource {
    /// Heat, for radiators and heating coils.
    Heat(HeatSource),
    /// Cold, for cooling coils.
    Cold(ColdSource),
}

/// Specification of a heat or cold source and its consumers. Radiators and coils without a source get the
/// heat that they request.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantSpec {
    /// Kind and parameters of the source.
    pub makes: PlantSource,
    /// Rows of the zones whose radiators the source serves. Heat sources only.
    pub zones: Vec<usize>,
    /// Rows of the air handling units whose coils the source serves.
    pub ahus: Vec<usize>,
}

impl PlantSpec {
    /// Returns the capacity, in W. `None` means unlimited.
    pub fn capacity_w(&mut self) -> &mut Option<f64> {
        match &mut self.makes {
            PlantSource::Heat(source) => &mut source.capacity_w,
            PlantSource::Cold(source) => &mut source.capacity_w,
        }
    }

    pub(crate) fn check(&self, index: usize, zones: usize, ahus: usize) -> Result<(), SpecError> {
        let (capacity_w, performance) = match &self.makes {
            PlantSource::Heat(source) => (source.capacity_w, source.efficiency),
            PlantSource::Cold(source) => (source.capacity_w, source.cop),
        };
        let fields = [
            ("capacity_w", capacity_w.unwrap_or(1e3), Plant::CAPACITY_W.0, Plant::CAPACITY_W.1),
            ("efficiency or cop", performance.unwrap_or(1.0), 0.1, 30.0),
        ];
        check_ranges("plant", index, &fields)?;
        self.zones.iter().try_for_each(|zone| check_index("plant", index, "zone", *zone, zones))?;
        self.ahus.iter().try_for_each(|ahu| check_index("plant", index, "ahu", *ahu, ahus))
    }
}

/// Heat demand of a consumer in a step, in W.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct HeatDemand {
    pub wanted_w: f64,
    /// Maximum heat that the consumer can take.
    pub most_w: f64,
}

impl HeatDemand {
    /// Returns a demand whose maximum equals the wanted heat.
    pub fn exactly(wanted_w: f64) -> Self {
        Self { wanted_w, most_w: wanted_w }
    }
}

/// Sources of one kind, heat or cold, with their consumers. Consumers are numbered radiators first, then
/// coils.
#[derive(Debug, Clone, Default, PartialEq)]
struct Network {
    /// Row of the source in the building, the source, and its consumers.
    sources: Vec<(usize, Source, Vec<usize>)>,
    /// Whether any source serves the consumer, for each consumer.
    is_served: Vec<bool>,
}

/// All sources of a building.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CentralPlant {
    zones: usize,
    heat: Network,
    cold: Network,
    count: usize,
}

/// Heat granted to the consumers in a step, and the contribution of each source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GrantedHeat {
    /// Maximum heat of each radiator, in W.
    pub radiator_w: Vec<f64>,
    /// Fraction of its demand that each air handling unit's heating and cooling coil gets, 0 to 1.
    pub heating: Vec<f64>,
    pub cooling: Vec<f64>,
    /// Fraction of its consumers' maximum that each source delivers, 0 if it is off.
    gives: Vec<f64>,
}

impl CentralPlant {
    pub fn new(plants: &[PlantSpec], zones: usize, ahus: usize) -> Self {
        let network = || Network { sources: Vec::new(), is_served: vec![false; zones + ahus] };
        let mut central = Self { zones, heat: network(), cold: network(), count: plants.len() };
        for (row, plant) in plants.iter().enumerate() {
            let coils = plant.ahus.iter().map(|ahu| zones + ahu);
            let (network, source, radiators) = match &plant.makes {
                PlantSource::Heat(source) => (&mut central.heat, Source::heat(source), &plant.zones[..]),
                PlantSource::Cold(source) => (&mut central.cold, Source::cold(source), &[][..]),
            };
            let mut consumers: Vec<usize> = radiators.iter().copied().chain(coils).collect();
            consumers.sort_unstable();
            consumers.dedup();
            consumers.iter().for_each(|consumer| network.is_served[*consumer] = true);
            network.sources.push((row, source, consumers));
        }
        central
    }

    /// Returns the heat granted to radiators (by zone) and coils. `coils_w` is the demand of each unit's
    /// coils, above 0 for heating and below 0 for cooling.
    pub fn grant(
        &self,
        is_on: impl Fn(usize) -> bool,
        outdoor: &Air,
        radiators: &[HeatDemand],
        coils_w: &[f64],
    ) -> GrantedHeat {
        let coils = |sign: f64| coils_w.iter().map(move |coil_w| HeatDemand::exactly((sign * coil_w).max(0.0)));
        let heat: Vec<HeatDemand> = radiators.iter().copied().chain(coils(1.0)).collect();
        let cold: Vec<HeatDemand> = radiators.iter().map(|_| HeatDemand::default()).chain(coils(-1.0)).collect();
        let mut gives = vec![0.0; self.count];
        let heat = self.heat.grant(&is_on, outdoor, &heat, &mut gives);
        let cold = self.cold.grant(&is_on, outdoor, &cold, &mut gives);
        let most = heat[..self.zones].iter().zip(radiators).map(|(share, wish)| share * wish.most_w);
        GrantedHeat {
            radiator_w: most.collect(),
            heating: heat[self.zones..].to_vec(),
            cooling: cold[self.zones..].to_vec(),
            gives,
        }
    }

    /// Returns the output and energy use of each source from the heat taken by radiators and by coils (above
    /// 0 for heating, below 0 for cooling).
    pub fn make(&self, grants: &GrantedHeat, outdoor: &Air, radiators_w: &[f64], coils_w: &[f64]) -> Vec<SourceOutput> {
        let coils = |sign: f64| coils_w.iter().map(move |coil_w| (sign * coil_w).max(0.0));
        let heat: Vec<f64> = radiators_w.iter().copied().chain(coils(1.0)).collect();
        let cold: Vec<f64> = radiators_w.iter().map(|_| 0.0).chain(coils(-1.0)).collect();
        let mut made = vec![SourceOutput::default(); self.count];
        self.heat.make(grants, outdoor, &heat, &mut made);
        self.cold.make(grants, outdoor, &cold, &mut made);
        made
    }
}

impl Network {
    /// Returns the fraction of its maximum that each consumer may take.
    fn grant(
        &self,
        is_on: impl Fn(usize) -> bool,
        outdoor: &Air,
        wishes: &[HeatDemand],
        gives: &mut [f64],
    ) -> Vec<f64> {
        let mut running = vec![0.0; wishes.len()];
        for (_, _, consumers) in self.sources.iter().filter(|(row, ..)| is_on(*row)) {
            consumers.iter().for_each(|consumer| running[*consumer] += 1.0);
        }
        let mut shares: Vec<f64> = self.is_served.iter().map(|is_served| f64::from(u8::from(!is_served))).collect();
        for (row, source, consumers) in self.sources.iter().filter(|(row, ..)| is_on(*row)) {
            let part = |consumer: &usize| {
                let (wish, sources) = (wishes[*consumer], running[*consumer]);
                HeatDemand { wanted_w: wish.wanted_w / sources, most_w: wish.most_w / sources }
            };
            let parts: Vec<HeatDemand> = consumers.iter().map(part).collect();
            gives[*row] = level(source.most_w(outdoor), &parts);
            for consumer in consumers {
                shares[*consumer] += gives[*row] / running[*consumer];
            }
        }
        shares
    }

    fn make(&self, grants: &GrantedHeat, outdoor: &Air, taken_w: &[f64], made: &mut [SourceOutput]) {
        let mut weights = vec![0.0; taken_w.len()];
        for (row, _, consumers) in &self.sources {
            consumers.iter().for_each(|consumer| weights[*consumer] += grants.gives[*row]);
        }
        for (row, source, consumers) in &self.sources {
            let part = |consumer: &usize| match weights[*consumer] {
                weight if weight > 0.0 => taken_w[*consumer] * grants.gives[*row] / weight,
                _ => 0.0,
            };
            let load_w: f64 = consumers.iter().map(part).sum();
            if load_w > 0.0 {
                made[*row] = source.clone().run(load_w, outdoor);
            }
        }
    }
}

/// Returns the common fraction of their maximum at which all consumers together take no more than `there_w`.
/// Consumers that want less take less.
fn level(there_w: f64, wishes: &[HeatDemand]) -> f64 {
    if wishes.iter().map(|wish| wish.wanted_w).sum::<f64>() <= there_w {
        return 1.0;
    }
    let share = |wish: &HeatDemand| wish.wanted_w / wish.most_w;
    let mut rest: Vec<&HeatDemand> = wishes.iter().filter(|wish| wish.most_w > 0.0).collect();
    rest.sort_by(|one, other| share(one).total_cmp(&share(other)));
    let (mut left_w, mut most_w) = (there_w.max(0.0), rest.iter().map(|wish| wish.most_w).sum::<f64>());
    for wish in rest {
        if share(wish) * most_w > left_w {
            break;
        }
        left_w -= wish.wanted_w;
        most_w -= wish.most_w;
    }
    if most_w > 0.0 { (left_w / most_w).clamp(0.0, 1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{ColdKind, HeatKind};
    use proptest::prelude::*;

    const MILD: Air = Air { temperature_c: 10.0, humidity_kg_kg: 0.006 };

    fn boiler(capacity_w: f64, zones: Vec<usize>, ahus: Vec<usize>) -> PlantSpec {
        let kind = HeatKind::GasBoiler;
        let makes =
            PlantSource::Heat(HeatSource { kind, capacity_w: Some(capacity_w), efficiency: None, supply_c: None });
        PlantSpec { makes, zones, ahus }
    }

    fn radiator(wanted_w: f64) -> HeatDemand {
        HeatDemand { wanted_w, most_w: 1_000.0 }
    }

    #[test]
    fn small_demands_are_met_and_the_others_share_the_rest() {
        let central = CentralPlant::new(&[boiler(1_200.0, vec![0, 1, 2], vec![])], 3, 0);
        let wishes = [radiator(200.0), radiator(1_000.0), radiator(1_000.0)];
        let grants = central.grant(|_| true, &MILD, &wishes, &[]);
        assert_eq!(grants.radiator_w, [500.0; 3], "who asks for 200 may have it");
        let made = central.make(&grants, &MILD, &[200.0, 500.0, 500.0], &[]);
        assert!((made[0].given_w - 1_200.0).abs() < 1e-9 && made[0].gas_w > 1_200.0);
        let off = central.grant(|_| false, &MILD, &wishes, &[]);
        assert_eq!(off.radiator_w, [0.0; 3]);
    }

    #[test]
    fn two_share_evenly_and_one_takes_over() {
        let central = CentralPlant::new(&[boiler(900.0, vec![0], vec![0]), boiler(900.0, vec![0], vec![0])], 1, 1);
        let both = central.grant(|_| true, &MILD, &[radiator(1_000.0)], &[600.0]);
        assert_eq!((both.radiator_w[0], both.heating[0]), (1_000.0, 1.0));
        let made = central.make(&both, &MILD, &[1_000.0], &[600.0]);
        assert!((made[0].given_w - 800.0).abs() < 1e-9 && (made[1].given_w - 800.0).abs() < 1e-9);
        let one = central.grant(|row| row == 1, &MILD, &[radiator(1_000.0)], &[600.0]);
        assert!((one.radiator_w[0] + 600.0 * one.heating[0] - 900.0).abs() < 1e-9);
        let made = central.make(&one, &MILD, &[one.radiator_w[0]], &[600.0 * one.heating[0]]);
        assert!(made[0] == SourceOutput::default() && (made[1].given_w - 900.0).abs() < 1e-9);
    }

    #[test]
    fn cold_is_for_coils_and_nobody_else_misses_it() {
        let kind = ColdKind::Chiller;
        let makes = PlantSource::Cold(ColdSource { kind, capacity_w: None, cop: None, supply_c: None });
        let central = CentralPlant::new(&[PlantSpec { makes, zones: vec![0], ahus: vec![0] }], 1, 2);
        let off = central.grant(|_| false, &MILD, &[radiator(300.0)], &[-500.0, -500.0]);
        assert_eq!((off.cooling.as_slice(), off.radiator_w.as_slice()), (&[0.0, 1.0][..], &[1_000.0][..]));
        let on = central.grant(|_| true, &MILD, &[radiator(300.0)], &[-500.0, -500.0]);
        let made = central.make(&on, &MILD, &[300.0], &[-500.0, -500.0]);
        assert!((made[0].given_w - 500.0).abs() < 1e-9 && made[0].electricity_w > 0.0 && made[0].gas_w == 0.0);
    }

    proptest! {
        #[test]
        fn nobody_takes_more_than_there_is(
            there_w in 0.0..5e3f64, wanted in proptest::collection::vec(0.0..1.0f64, 0..9),
        ) {
            let wishes: Vec<HeatDemand> = wanted.iter().map(|share| radiator(1_000.0 * share)).collect();
            let share = level(there_w, &wishes);
            let taken_w: f64 = wishes.iter().map(|wish| wish.wanted_w.min(share * wish.most_w)).sum();
            let asked_w: f64 = wishes.iter().map(|wish| wish.wanted_w).sum();
            prop_assert!(taken_w <= there_w + 1e-6);
            prop_assert!(taken_w >= asked_w.min(there_w) - 1e-6, "{taken_w} of {asked_w}, {there_w} there");
        }
    }
}
