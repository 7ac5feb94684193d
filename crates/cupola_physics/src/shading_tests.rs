use proptest::{num, prelude::*};

use super::*;

fn overhang(depth_m: f64, gap_m: f64, sides: f64) -> Option<Overhang> {
    Some(Overhang { depth_m, gap_m, extends_left_m: sides, extends_right_m: sides })
}

fn fin(depth_m: f64, gap_m: f64, ends: f64) -> Option<Fin> {
    Some(Fin { depth_m, gap_m, extends_above_m: ends, extends_below_m: ends })
}

fn window() -> Shading {
    Shading { width_m: 3.0, height_m: 2.0, ..Shading::default() }
}

#[test]
fn without_shades_all_is_exactly_one() {
    assert_eq!(window().sunlit_fraction(&[0.3, 0.4, 0.866]), 1.0);
    assert_eq!(window().diffuse_factors(&Plane::new(180.0, 90.0)), DiffuseFactors::default());
    assert_eq!(window().sunlit_fraction(&[0.0, 0.5, -0.5]), 0.0);
}

#[test]
fn a_long_overhang_shades_by_the_profile_angle() {
    // ASHRAE 140 case 610: 1 m deep, 0.5 m above the window. At a profile angle of 45° its shadow covers the
    // upper 0.5 m.
    let shaded = Shading { overhang: overhang(1.0, 0.5, 1e4), ..window() };
    assert!((shaded.sunlit_fraction(&[0.0, 1.0, 1.0]) - 0.75).abs() < 1e-9);
    assert!((shaded.sunlit_fraction(&[0.4, 1.0, 1.0]) - 0.75).abs() < 1e-9);
    assert_eq!(shaded.sunlit_fraction(&[0.0, 0.5, 1.0]), 1.0);
    assert!(shaded.sunlit_fraction(&[0.0, 2.6, 1.0]) < 1e-9);
    assert_eq!(shaded.sunlit_fraction(&[0.0, -0.5, 1.0]), 1.0);
}

#[test]
fn a_short_overhang_lets_slanting_sun_in_beside_it() {
    // The overhang is flush with the window. Its shadow is a parallelogram sheared by 1 m over its 1 m: 3 × 1
    // less a triangle of 0.5.
    let shaded = Shading { overhang: overhang(1.0, 0.0, 0.0), ..window() };
    let expected = 1.0 - (3.0 - 0.5) / 6.0;
    assert!((shaded.sunlit_fraction(&[1.0, 1.0, 1.0]) - expected).abs() < 1e-12);
    assert!((shaded.sunlit_fraction(&[-1.0, 1.0, 1.0]) - expected).abs() < 1e-12);
}

#[test]
fn overhang_and_fin_shadows_are_not_counted_twice() {
    let shaded = Shading {
        overhang: overhang(1.0, 0.0, 10.0),
        left: fin(1.0, 0.0, 10.0),
        right: fin(0.5, 0.0, 10.0),
        ..window()
    };
    // Sun from the upper left: the shadow moves 1 m down and 1 m to the right. The sunlit area is 2 × 1 of 6.
    assert!((shaded.sunlit_fraction(&[-1.0, 1.0, 1.0]) - 2.0 / 6.0).abs() < 1e-12);
    // With sun from the right only the right fin casts a shadow. The sunlit area is 2.5 × 1.
    assert!((shaded.sunlit_fraction(&[1.0, 1.0, 1.0]) - 2.5 / 6.0).abs() < 1e-12);
}

#[test]
fn diffuse_factors_agree_with_view_factors() {
    // An infinite overhang over an infinite strip. The crossed-strings method for the strip (height 2) and
    // the overhang (depth 1, flush) gives F = (2 + 1 − √5)/(2·2). The view factor from the wall to the sky is
    // one half.
    let shaded = Shading { width_m: 1.0, height_m: 2.0, overhang: overhang(1.0, 0.0, 1e6), ..Shading::default() };
    let factors = shaded.diffuse_factors(&Plane::new(180.0, 90.0));
    let view = (3.0 - 5.0f64.sqrt()) / 4.0;
    assert!((factors.dome - (0.5 - view) / 0.5).abs() < 2e-3, "{factors:?}");
    assert_eq!((factors.horizon, factors.ground), (1.0, 1.0));
    // An infinite fin beside an infinite vertical strip of 3 m: the same method for sky, horizon and ground.
    let shaded = Shading { left: fin(1.0, 0.0, 1e6), ..window() };
    let factors = shaded.diffuse_factors(&Plane::new(180.0, 90.0));
    let view = (3.0 + 1.0 - 10.0f64.sqrt()) / 6.0;
    assert!((factors.dome - (1.0 - view)).abs() < 2e-3, "{factors:?}");
    assert!((factors.ground - factors.dome).abs() < 1e-9);
    assert!((factors.horizon - (1.0 - view)).abs() < 2e-3, "{factors:?}");
}

#[test]
fn shades_take_from_each_part() {
    let light = PlaneIrradiance { beam: 100.0, circumsolar: 50.0, dome: 40.0, horizon: -30.0, ground: 20.0 };
    assert_eq!(DiffuseFactors::default().shaded(&light, 1.0), light);
    let shaded = DiffuseFactors { dome: 0.5, horizon: 1.0, ground: 0.9 }.shaded(&light, 0.2);
    assert_eq!(shaded, PlaneIrradiance { beam: 20.0, circumsolar: 10.0, dome: 20.0, horizon: -20.0, ground: 18.0 });
}

proptest! {
    #[test]
    fn agrees_with_rays(
        direction in (-1.0..1.0f64, -1.0..1.0f64, 0.1..1.0f64),
        over in (0.0..2.0f64, 0.0..1.0f64, -0.5..1.0f64),
        side in (0.0..2.0f64, 0.0..1.0f64, -0.5..1.0f64),
    ) {
        let beside = fin(side.0, side.1, side.2);
        let shading = Shading { overhang: overhang(over.0, over.1, over.2), left: beside, right: beside, ..window() };
        let (right, up, out) = direction;
        let (columns, rows) = (150, 100);
        let mut lit = 0;
        for index in 0..columns * rows {
            let x = (f64::from(index % columns) + 0.5) / f64::from(columns) * 3.0;
            let y = (f64::from(index / columns) + 0.5) / f64::from(rows) * 2.0;
            let meets = |distance: f64, slope: f64, depth: f64| slope * distance > 0.0 && distance / slope * out < depth;
            let rise = 2.0 + over.1 - y;
            let at = x + rise / up * right;
            let by_overhang = meets(rise, up, over.0) && at > -over.2 && at < 3.0 + over.2;
            let by_fin = [-side.1 - x, 3.0 + side.1 - x].into_iter().any(|run| {
                let at = y + run / right * up;
                meets(run, right, side.0) && at > -side.2 && at < 2.0 + side.2
            });
            lit += i32::from(!by_overhang && !by_fin);
        }
        let expected = f64::from(lit) / f64::from(columns * rows);
        let fraction = shading.sunlit_fraction(&[right, up, out]);
        prop_assert!((fraction - expected).abs() < 0.02, "{} {}", fraction, expected);
    }

    #[test]
    fn odd_input_does_no_harm(a in num::f64::ANY, b in num::f64::ANY, c in num::f64::ANY) {
        let (width_m, height_m) = (a.abs(), b.abs());
        let (overhang, left, right) = (overhang(c, a, b), fin(a, b, c), fin(b, c, a));
        let shading = Shading { width_m, height_m, overhang, left, right };
        let fraction = shading.sunlit_fraction(&[b, c, a]);
        prop_assert!((0.0..=1.0).contains(&fraction));
        let fraction = shading.sunlit_fraction(&[0.3, 0.5, 0.8]);
        prop_assert!((0.0..=1.0).contains(&fraction));
    }
}
