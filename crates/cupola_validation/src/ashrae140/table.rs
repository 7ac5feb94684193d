//! The cases, with the results of the reference programs.

use super::variants::{
    Glass, east_west, fixed_films, free, in_depth, insulated, low_e, night_air, one_set_point, overhangs, set_back,
    single_pane, study,
};
use cupola_physics::run::{Report, ZoneReport};
use cupola_physics::study::Study;

pub(super) const LIGHT: &str = include_str!("../cases/ashrae140-600.ron");
const HEAVY: &str = include_str!("../cases/ashrae140-900.ron");
const SUNSPACE: &str = include_str!("../cases/ashrae140-960.ron");

/// A case: its name, the function that makes its study, and the smallest and largest results of the six reference
/// programs. Energy is in MWh, temperatures are in °C.
pub(super) struct Case {
    pub name: &'static str,
    pub make: fn() -> Option<Study>,
    pub reference: &'static [(Quantity, f64, f64)],
    /// The results of the published 5R1C model.
    pub published: &'static [(Quantity, f64)],
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    Heating,
    Cooling,
    Warmest,
    Coldest,
}

pub(super) use Quantity::{Coldest, Cooling, Heating, Warmest};

impl Quantity {
    pub fn name(self) -> &'static str {
        match self {
            Heating => "annual heating, MWh",
            Cooling => "annual cooling, MWh",
            Warmest => "warmest hour, °C",
            Coldest => "coldest hour, °C",
        }
    }

    pub fn of(self, report: &Report, zone: &ZoneReport) -> f64 {
        match self {
            Heating => report.heating_kwh / 1_000.0,
            Cooling => report.cooling_kwh / 1_000.0,
            Warmest => zone.temperature_max.c,
            Coldest => zone.temperature_min.c,
        }
    }

    pub fn is_temperature(self) -> bool {
        matches!(self, Warmest | Coldest)
    }
}

/// The cases, with the range of results of the six reference programs (ASHRAE 140-2020) and the results of the
/// published 5R1C model (Modelica Buildings library).
pub(super) const CASES: &[Case] = &[
    Case {
        name: "600",
        make: || study(LIGHT),
        reference: &[(Heating, 3.993, 4.504), (Cooling, 5.432, 6.162)],
        published: &[(Heating, 4.658), (Cooling, 5.803)],
    },
    Case {
        name: "610",
        make: || overhangs(study(LIGHT)),
        reference: &[(Heating, 4.066, 4.592), (Cooling, 4.117, 4.382)],
        published: &[(Heating, 4.784), (Cooling, 4.602)],
    },
    Case {
        name: "620",
        make: || east_west(study(LIGHT), false),
        reference: &[(Heating, 4.094, 4.719), (Cooling, 3.841, 4.404)],
        published: &[(Heating, 4.824), (Cooling, 4.009)],
    },
    Case {
        name: "630",
        make: || east_west(study(LIGHT), true),
        reference: &[(Heating, 4.356, 5.139), (Cooling, 2.573, 3.074)],
        published: &[(Heating, 5.097), (Cooling, 2.954)],
    },
    Case {
        name: "640",
        make: || set_back(study(LIGHT)),
        reference: &[(Heating, 2.403, 2.682), (Cooling, 5.237, 5.893)],
        published: &[(Heating, 2.898), (Cooling, 5.617)],
    },
    Case {
        name: "650",
        make: || night_air(study(LIGHT)),
        reference: &[(Heating, 0.000, 0.000), (Cooling, 4.186, 4.945)],
        published: &[(Heating, 0.000), (Cooling, 4.821)],
    },
    Case {
        name: "660",
        make: || low_e(study(LIGHT)),
        reference: &[(Heating, 3.574, 3.821), (Cooling, 2.966, 3.340)],
        published: &[(Heating, 3.898), (Cooling, 3.185)],
    },
    Case {
        name: "670",
        make: || single_pane(study(LIGHT)),
        reference: &[(Heating, 5.300, 6.140), (Cooling, 5.954, 6.623)],
        published: &[(Heating, 7.381), (Cooling, 4.975)],
    },
    Case {
        name: "680",
        make: || insulated(study(LIGHT)),
        reference: &[(Heating, 1.732, 2.286), (Cooling, 5.932, 6.529)],
        published: &[(Heating, 2.646), (Cooling, 6.764)],
    },
    Case {
        name: "685",
        make: || one_set_point(study(LIGHT)),
        reference: &[(Heating, 4.532, 5.042), (Cooling, 8.238, 9.130)],
        published: &[(Heating, 5.063), (Cooling, 8.651)],
    },
    Case {
        name: "695",
        make: || one_set_point(insulated(study(LIGHT))),
        reference: &[(Heating, 2.385, 2.892), (Cooling, 8.386, 9.172)],
        published: &[(Heating, 3.147), (Cooling, 9.323)],
    },
    Case {
        name: "900",
        make: || study(HEAVY),
        reference: &[(Heating, 1.379, 1.814), (Cooling, 2.267, 2.714)],
        published: &[(Heating, 1.833), (Cooling, 2.284)],
    },
    Case {
        name: "910",
        make: || overhangs(study(HEAVY)),
        reference: &[(Heating, 1.648, 2.163), (Cooling, 1.191, 1.490)],
        published: &[(Heating, 2.284), (Cooling, 1.674)],
    },
    Case {
        name: "920",
        make: || east_west(study(HEAVY), false),
        reference: &[(Heating, 2.956, 3.607), (Cooling, 2.549, 3.128)],
        published: &[(Heating, 3.650), (Cooling, 2.684)],
    },
    Case {
        name: "930",
        make: || east_west(study(HEAVY), true),
        reference: &[(Heating, 3.524, 4.384), (Cooling, 1.654, 2.161)],
        published: &[(Heating, 4.183), (Cooling, 1.920)],
    },
    Case {
        name: "940",
        make: || set_back(study(HEAVY)),
        reference: &[(Heating, 0.863, 1.389), (Cooling, 2.203, 2.613)],
        published: &[(Heating, 1.242), (Cooling, 2.251)],
    },
    Case {
        name: "950",
        make: || night_air(study(HEAVY)),
        reference: &[(Heating, 0.000, 0.000), (Cooling, 0.586, 0.707)],
        published: &[(Heating, 0.000), (Cooling, 0.638)],
    },
    Case {
        name: "960",
        make: || study(SUNSPACE),
        reference: &[(Heating, 2.522, 2.860), (Cooling, 0.789, 0.950)],
        published: &[],
    },
    Case {
        name: "980",
        make: || insulated(study(HEAVY)),
        reference: &[(Heating, 0.246, 0.720), (Cooling, 3.501, 3.995)],
        published: &[(Heating, 0.494), (Cooling, 3.658)],
    },
    Case {
        name: "985",
        make: || one_set_point(study(HEAVY)),
        reference: &[(Heating, 2.120, 2.801), (Cooling, 5.880, 7.273)],
        published: &[(Heating, 2.333), (Cooling, 5.905)],
    },
    Case {
        name: "995",
        make: || one_set_point(insulated(study(HEAVY))),
        reference: &[(Heating, 0.755, 1.330), (Cooling, 6.771, 7.482)],
        published: &[(Heating, 0.927), (Cooling, 7.077)],
    },
    Case {
        name: "600FF",
        make: || free(study(LIGHT)),
        reference: &[(Warmest, 62.4, 68.4), (Coldest, -13.8, -9.9)],
        published: &[(Warmest, 67.0), (Coldest, -12.9)],
    },
    Case {
        name: "650FF",
        make: || free(night_air(study(LIGHT))),
        reference: &[(Warmest, 61.1, 66.8), (Coldest, -17.8, -16.7)],
        published: &[(Warmest, 66.2), (Coldest, -17.5)],
    },
    Case {
        name: "680FF",
        make: || free(insulated(study(LIGHT))),
        reference: &[(Warmest, 69.8, 78.5), (Coldest, -8.1, -5.7)],
        published: &[(Warmest, 77.1), (Coldest, -9.2)],
    },
    Case {
        name: "900FF",
        make: || free(study(HEAVY)),
        reference: &[(Warmest, 43.3, 46.0), (Coldest, 0.6, 2.2)],
        published: &[(Warmest, 43.4), (Coldest, 0.3)],
    },
    Case {
        name: "950FF",
        make: || free(night_air(study(HEAVY))),
        reference: &[(Warmest, 36.1, 37.1), (Coldest, -13.4, -12.5)],
        published: &[(Warmest, 36.6), (Coldest, -13.4)],
    },
    Case {
        name: "980FF",
        make: || free(insulated(study(HEAVY))),
        reference: &[(Warmest, 48.5, 52.8), (Coldest, 7.3, 12.5)],
        published: &[(Warmest, 49.9), (Coldest, 8.6)],
    },
    Case {
        name: "195",
        make: || in_depth(LIGHT, Glass::Solid, [20.0, 0.0, 0.0], [0.1, 0.1, 0.6, 0.1]),
        reference: &[(Heating, 3.951, 4.217), (Cooling, 0.592, 0.712)],
        published: &[],
    },
    Case {
        name: "200",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.0], [0.1, 0.1, 0.6, 0.1]),
        reference: &[(Heating, 4.813, 5.226), (Cooling, 0.788, 0.839)],
        published: &[],
    },
    Case {
        name: "210",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.0], [0.1, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 5.627, 6.531), (Cooling, 0.459, 0.688)],
        published: &[],
    },
    Case {
        name: "215",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.0], [0.9, 0.1, 0.6, 0.1]),
        reference: &[(Heating, 5.181, 5.697), (Cooling, 0.850, 0.952)],
        published: &[],
    },
    Case {
        name: "220",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.0], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 6.377, 7.178), (Cooling, 0.498, 0.803)],
        published: &[],
    },
    Case {
        name: "230",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.828], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 9.812, 10.417), (Cooling, 0.897, 1.184)],
        published: &[],
    },
    Case {
        name: "240",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 200.0, 0.0], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 5.116, 5.944), (Cooling, 0.834, 1.287)],
        published: &[],
    },
    Case {
        name: "250",
        make: || in_depth(LIGHT, Glass::Opaque, [20.0, 0.0, 0.0], [0.9, 0.9, 0.6, 0.9]),
        reference: &[(Heating, 4.733, 5.373), (Cooling, 2.904, 3.612)],
        published: &[],
    },
    Case {
        name: "270",
        make: || in_depth(LIGHT, Glass::South, [20.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.1]),
        reference: &[(Heating, 4.273, 4.631), (Cooling, 6.698, 7.522)],
        published: &[],
    },
    Case {
        name: "280",
        make: || in_depth(LIGHT, Glass::South, [20.0, 0.0, 0.0], [0.9, 0.9, 0.1, 0.1]),
        reference: &[(Heating, 4.525, 4.870), (Cooling, 4.215, 5.206)],
        published: &[],
    },
    Case {
        name: "290",
        make: || in_depth(LIGHT, Glass::Overhang, [20.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.1]),
        reference: &[(Heating, 4.381, 4.745), (Cooling, 5.310, 5.743)],
        published: &[],
    },
    Case {
        name: "300",
        make: || in_depth(LIGHT, Glass::EastWest, [20.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.1]),
        reference: &[(Heating, 4.318, 4.726), (Cooling, 4.805, 5.152)],
        published: &[],
    },
    Case {
        name: "310",
        make: || in_depth(LIGHT, Glass::Shaded, [20.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.1]),
        reference: &[(Heating, 4.580, 5.240), (Cooling, 3.128, 3.752)],
        published: &[],
    },
    Case {
        name: "320",
        make: || in_depth(LIGHT, Glass::South, [27.0, 0.0, 0.0], [0.9, 0.9, 0.9, 0.1]),
        reference: &[(Heating, 3.599, 4.031), (Cooling, 4.420, 4.986)],
        published: &[],
    },
    Case {
        name: "395",
        make: || in_depth(LIGHT, Glass::Solid, [27.0, 0.0, 0.0], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 4.565, 5.145), (Cooling, 0.004, 0.021)],
        published: &[],
    },
    Case {
        name: "400",
        make: || in_depth(LIGHT, Glass::Opaque, [27.0, 0.0, 0.0], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 5.906, 7.047), (Cooling, 0.013, 0.063)],
        published: &[],
    },
    Case {
        name: "410",
        make: || in_depth(LIGHT, Glass::Opaque, [27.0, 0.0, 0.414], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 7.630, 8.661), (Cooling, 0.035, 0.096)],
        published: &[],
    },
    Case {
        name: "420",
        make: || in_depth(LIGHT, Glass::Opaque, [27.0, 200.0, 0.414], [0.9, 0.9, 0.6, 0.1]),
        reference: &[(Heating, 6.399, 7.433), (Cooling, 0.109, 0.228)],
        published: &[],
    },
    Case {
        name: "430",
        make: || in_depth(LIGHT, Glass::Opaque, [27.0, 200.0, 0.414], [0.9, 0.9, 0.6, 0.6]),
        reference: &[(Heating, 5.171, 5.954), (Cooling, 0.739, 1.084)],
        published: &[],
    },
    Case {
        name: "440",
        make: || in_depth(LIGHT, Glass::South, [27.0, 200.0, 0.414], [0.9, 0.9, 0.1, 0.6]),
        reference: &[(Heating, 4.156, 4.721), (Cooling, 3.458, 4.414)],
        published: &[],
    },
    Case {
        name: "800",
        make: || in_depth(HEAVY, Glass::Opaque, [27.0, 200.0, 0.414], [0.9, 0.9, 0.6, 0.6]),
        reference: &[(Heating, 4.906, 5.403), (Cooling, 0.282, 0.473)],
        published: &[],
    },
    Case {
        name: "810",
        make: || in_depth(HEAVY, Glass::South, [27.0, 200.0, 0.414], [0.9, 0.9, 0.1, 0.6]),
        reference: &[(Heating, 2.038, 2.610), (Cooling, 1.295, 1.606)],
        published: &[],
    },
    Case {
        name: "450",
        make: || fixed_films(study(LIGHT), true, true),
        reference: &[(Heating, 3.375, 3.990), (Cooling, 5.689, 6.613)],
        published: &[],
    },
    Case {
        name: "460",
        make: || fixed_films(study(LIGHT), true, false),
        reference: &[(Heating, 3.828, 4.290), (Cooling, 5.929, 6.729)],
        published: &[],
    },
    Case {
        name: "470",
        make: || fixed_films(study(LIGHT), false, true),
        reference: &[(Heating, 3.540, 4.094), (Cooling, 5.644, 6.056)],
        published: &[],
    },
];
