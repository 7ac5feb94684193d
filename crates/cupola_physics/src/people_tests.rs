use proptest::prelude::*;

use super::*;

const SPACES: [Space; 6] = [Space::Office, Space::Meeting, Space::Ward, Space::Classroom, Space::Retail, Space::Home];

/// Returns the mean number of people at each hour of the workdays of ten weeks.
fn workday_profile(space: Space, people: u32) -> [f64; 24] {
    let room = Occupancy::new(space, people, 7, 11);
    let plans: Vec<DayPlan> = (20_000..20_070).filter(|day| weekday(*day) < 5).map(|day| room.plan(day)).collect();
    std::array::from_fn(|hour| {
        let from_s = hour as u32 * 3_600;
        plans.iter().map(|plan| plan.mean(from_s, from_s + 3_600)).sum::<f64>() / plans.len() as f64
    })
}

#[test]
fn days_of_the_week() {
    // 1 January 1970 was a Thursday, 2 November 2026 (day 20 759) a Monday.
    assert_eq!(weekday(0), 3);
    assert_eq!(weekday(20_759), 0);
    assert!(weekday(u32::MAX) < 7);
}

#[test]
fn offices_fill_by_day() {
    let profile = workday_profile(Space::Office, 100);
    assert!(profile[..6].iter().chain(&profile[21..]).all(|count| *count < 2.0), "{profile:?}");
    let peak = profile.iter().fold(0.0_f64, |most, count| most.max(*count));
    assert!((55.0..80.0).contains(&peak), "{profile:?}");
    // The number of people falls at lunch.
    assert!(profile[12] < 0.8 * profile[10] && profile[12] < 0.8 * profile[14], "{profile:?}");
    let weekend: f64 = (20_000..20_070)
        .filter(|day| weekday(*day) >= 5)
        .map(|day| Occupancy::new(Space::Office, 100, 7, 11).plan(day).mean(0, DAY_S))
        .sum();
    assert!(weekend < 60.0);
}

#[test]
fn other_spaces_have_their_hours() {
    let home = workday_profile(Space::Home, 4);
    assert!(home[3] > 3.9 && home[12] < 2.0 && home[21] > 3.5, "{home:?}");
    let class = workday_profile(Space::Classroom, 25);
    assert!(class[7] == 0.0 && (12.0..22.0).contains(&class[9]) && class[16] == 0.0, "{class:?}");
    let ward = workday_profile(Space::Ward, 20);
    assert!((14.0..20.0).contains(&ward[3]) && ward[16] > ward[3] + 1.0, "{ward:?}");
    let shop = workday_profile(Space::Retail, 50);
    assert!(shop[8] == 0.0 && shop[16] > shop[9] && (15.0..40.0).contains(&shop[16]), "{shop:?}");
    let meeting = workday_profile(Space::Meeting, 10);
    assert!(meeting[7] == 0.0 && (1.0..6.0).contains(&meeting[11]) && meeting[20] == 0.0, "{meeting:?}");
}

#[test]
fn days_and_rooms_differ() {
    let room = Occupancy::new(Space::Office, 10, 7, 11);
    let day = (20_000..20_007).find(|day| weekday(*day) == 1).unwrap();
    assert_eq!(room.plan(day), room.plan(day));
    assert_ne!(room.plan(day), room.plan(day + 1));
    assert_ne!(room.plan(day), Occupancy { seed: 8, ..room }.plan(day));
    assert_ne!(room.plan(day), Occupancy { stream: 12, ..room }.plan(day));
    // An additional desk does not change the stays of the other people.
    let more = Occupancy { people: 11, ..room }.plan(day);
    assert_eq!(more.stays[..room.plan(day).stays.len()], room.plan(day).stays[..]);
}

#[test]
fn heat_co2_and_water_of_people() {
    // Office work at 24 °C and 50 %: ASHRAE Fundamentals ch. 18 table 1 has 70 to 75 W sensible and 45 to 55 W latent.
    let load = Load::of(1.2, false, 1_490.0);
    assert!((65.0..95.0).contains(&load.sensible_w) && (35.0..60.0).contains(&load.latent_w), "{load:?}");
    assert!((load.sensible_w + load.latent_w - 1.2 * 58.15 * 1.8).abs() < 1e-9);
    // The moisture is about 50 g of water per hour.
    assert!((0.04..0.08).contains(&(load.moisture_kg_s * 3_600.0)));
    assert!((0.003_8..0.004_8).contains(&load.co2_l_s));
    assert!(Load::of(1.2, true, 1_490.0).sensible_w < load.sensible_w);
    let none = Load::of(f64::NAN, false, f64::NAN);
    assert!(none.sensible_w.is_finite() && none.co2_l_s == 0.0);
    assert!((load.times(3.0).co2_l_s - 3.0 * load.co2_l_s).abs() < 1e-12);
}

proptest! {
    #[test]
    fn never_more_than_there_is_room(
        space in 0..6usize, people in 0..60u32, seed: u64, stream: u64, day: u32, second in 0..100_000u32,
    ) {
        let room = Occupancy::new(SPACES[space], people, seed, stream);
        let plan = room.plan(day);
        let most = match SPACES[space] {
            Space::Ward => 3 * people,
            Space::Classroom => people + 1,
            _ => people,
        };
        prop_assert!(plan.count_at(second) <= most);
        prop_assert_eq!(plan.count_at(second), room.count(day, second));
        prop_assert!(plan.stays.iter().all(|stay| stay.from_s < stay.to_s && stay.to_s <= DAY_S));
        prop_assert!(plan.mean(0, DAY_S) <= f64::from(most));
        let load = room.load(day, second, 1_300.0);
        prop_assert!(load.sensible_w >= 0.0 && load.latent_w >= 0.0 && load.co2_l_s >= 0.0);
    }

    #[test]
    fn odd_numbers_do_no_harm(values in proptest::array::uniform8(proptest::num::f64::ANY), seed: u64, space in 0..6usize) {
        let mut room = Occupancy::new(SPACES[space], 3, seed, 1);
        let [workday, arrival, departure, lunch, breaks, length, begins, lengths] = values;
        room.habits = Habits {
            workday,
            arrival_s: (arrival, length),
            departure_s: (departure, length),
            lunch_s: (lunch, length),
            breaks,
            break_length_s: length,
            ..room.habits
        };
        room.events = Events {
            meeting_begins: begins,
            shopping_length_s: lengths,
            visit_length_s: lengths,
            customers_per_place_h: breaks.min(100.0),
            ..room.events
        };
        prop_assert!(room.plan(20_000).stays.iter().all(|stay| stay.from_s < stay.to_s));
    }
}
