//! People in rooms: stochastic presence by the kind of space, and heat, moisture and CO2 by activity.
//!
//! Presence is a function of seed, stream (one for each room) and time alone. A run can therefore be resumed
//! at any time, and the result does not depend on the step. The form of the model (times of arrival and
//! departure, breaks of random length, random visitors) follows Wang, Federspiel and Rubinstein 2005 and Page
//! et al. 2008. The numbers of each space are assumptions. They are all in [`Habits`] and [`Events`].

pub use crate::people_load::Load;
use crate::random::{normal, poisson, uniform};
use serde::{Deserialize, Serialize};

/// Seconds in a day.
pub const DAY_S: u32 = 86_400;
/// Maximum number of people in a room.
pub const MAX_PEOPLE: u32 = 10_000;

/// Number of draws of a person and day. Each break or meeting takes a pair of draws (begin and length).
const DRAWS: u32 = 64;
const BREAKS: u32 = 6;
const MEETINGS: u32 = 30;
/// Maximum number of breaks, and of meetings, in a day. Further ones have no draw.
const MAX_AWAY: u32 = 11;
/// Index of the first draw of events, after those of all people.
const EVENTS: u32 = DRAWS * MAX_PEOPLE;

/// Kind of space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// Office with `people` desks.
    Office,
    /// Meeting room for meetings of two to `people` people.
    Meeting,
    /// Hospital ward with `people` beds.
    Ward,
    /// Classroom for `people` children.
    Classroom,
    /// Shop for up to `people` customers.
    Retail,
    /// Home of `people` residents.
    Home,
}

/// Habits of people who come and go individually (spaces [`Space::Office`] and [`Space::Home`]). For a home,
/// arrival and departure are those at work, and the people are away in between. Times of day and lengths in
/// s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Habits {
    /// Probability of arriving (home: of going out) on workdays, 0 to 1.
    pub workday: f64,
    /// Probability of arriving (home: of going out) at the weekend, 0 to 1.
    pub weekend: f64,
    /// Mean and standard deviation of the arrival time, in s of the day.
    pub arrival_s: (f64, f64),
    /// Mean and standard deviation of the departure time, in s of the day.
    pub departure_s: (f64, f64),
    /// Mean and standard deviation of the start of lunch, in s of the day.
    pub lunch_s: (f64, f64),
    /// Mean and standard deviation of the length of lunch, in s; 0 for no lunch.
    pub lunch_length_s: (f64, f64),
    /// Mean number of short breaks per day.
    pub breaks: f64,
    /// Mean length of a break, in s. Lengths are exponentially distributed (Wang et al. 2005).
    pub break_length_s: f64,
    /// Mean number of meetings in other rooms per day.
    pub meetings: f64,
    /// Mean length of a meeting, in s, exponentially distributed.
    pub meeting_length_s: f64,
}

const HOUR_S: f64 = 3_600.0;

impl Habits {
    /// Office work (an assumption; the peak is about two thirds of the desks).
    pub const OFFICE: Self = Self {
        workday: 0.8,
        weekend: 0.03,
        arrival_s: (8.5 * HOUR_S, 0.6 * HOUR_S),
        departure_s: (17.25 * HOUR_S, 0.9 * HOUR_S),
        lunch_s: (12.25 * HOUR_S, 0.4 * HOUR_S),
        lunch_length_s: (0.75 * HOUR_S, 0.2 * HOUR_S),
        breaks: 4.0,
        break_length_s: 600.0,
        meetings: 1.5,
        meeting_length_s: 0.8 * HOUR_S,
    };

    /// Going out from home (an assumption).
    pub const HOME: Self = Self {
        workday: 0.75,
        weekend: 0.5,
        arrival_s: (8.0 * HOUR_S, 1.0 * HOUR_S),
        departure_s: (17.5 * HOUR_S, 1.5 * HOUR_S),
        lunch_s: (0.0, 0.0),
        lunch_length_s: (0.0, 0.0),
        breaks: 0.0,
        break_length_s: 0.0,
        meetings: 0.0,
        meeting_length_s: 0.0,
    };
}

/// Parameters of the spaces that are described by events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Events {
    /// Probability that a meeting starts in a free half-hour of a workday, 8 to 18 h.
    pub meeting_begins: f64,
    /// Probability that a bed is occupied.
    pub bed_taken: f64,
    /// Length of a patient's stay, in days.
    pub patient_days: u32,
    /// Mean number of visitors per bed and day, 14 to 19 h.
    pub visitors_per_bed: f64,
    /// Mean length of a visit, in s, exponentially distributed.
    pub visit_length_s: f64,
    /// Probability that a lesson of the timetable (workdays, 8 to 15 h, 50 minutes of each hour) takes place.
    pub lesson_held: f64,
    /// Probability that a child is present.
    pub child_present: f64,
    /// Mean number of customers per hour at the peak, per place in the shop (9 to 20 h, not on Sundays).
    pub customers_per_place_h: f64,
    /// Mean length of a customer's stay, in s, exponentially distributed.
    pub shopping_length_s: f64,
}

impl Default for Events {
    /// Returns default values, all of them assumptions.
    fn default() -> Self {
        Self {
            meeting_begins: 0.3,
            bed_taken: 0.85,
            patient_days: 4,
            visitors_per_bed: 0.8,
            visit_length_s: 2_700.0,
            lesson_held: 0.85,
            child_present: 0.93,
            customers_per_place_h: 1.5,
            shopping_length_s: 1_200.0,
        }
    }
}

/// Occupancy of a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occupancy {
    /// Kind of space.
    pub space: Space,
    /// Number of people that the room is for, limited to [`MAX_PEOPLE`].
    pub people: u32,
    /// Seed of the run.
    pub seed: u64,
    /// Random stream of the room, such as [`crate::random::stream_of`] its id.
    pub stream: u64,
    /// Habits, used for offices and homes.
    pub habits: Habits,
    /// Events, used for the other spaces.
    pub events: Events,
}

/// Stay of one person in a room, in s of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Start.
    pub from_s: u32,
    /// End, not included.
    pub to_s: u32,
}

/// All stays of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayPlan {
    /// Stays, ordered by person.
    pub stays: Vec<Stay>,
    /// Maximum number of people at the same time.
    pub most: u32,
}

impl DayPlan {
    /// Returns the number of people at a second of the day.
    pub fn count_at(&self, second: u32) -> u32 {
        let count = self.stays.iter().filter(|stay| (stay.from_s..stay.to_s).contains(&second)).count();
        u32::try_from(count).unwrap_or(u32::MAX).min(self.most)
    }

    /// Returns the mean number of people over a part of the day, in s.
    pub fn mean(&self, from_s: u32, to_s: u32) -> f64 {
        let to_s = to_s.min(DAY_S);
        if from_s >= to_s {
            return 0.0;
        }
        let overlap = |stay: &Stay| u64::from(stay.to_s.min(to_s).saturating_sub(stay.from_s.max(from_s)));
        let person_s: u64 = self.stays.iter().map(overlap).sum();
        (person_s as f64 / f64::from(to_s - from_s)).min(f64::from(self.most))
    }
}

/// Returns the day of the week, 0 Monday to 6 Sunday, of a day counted from 1 January 1970 (a Thursday).
pub fn weekday(day: u32) -> u32 {
    (day % 7 + 3) % 7
}

impl Occupancy {
    /// Returns the occupancy of a room with the default parameters of its space.
    pub fn new(space: Space, people: u32, seed: u64, stream: u64) -> Self {
        let habits = if space == Space::Home { Habits::HOME } else { Habits::OFFICE };
        Self { space, people, seed, stream, habits, events: Events::default() }
    }

    /// Returns the number of people at a second of a day counted from 1 January 1970. For many seconds of one
    /// day, [`Occupancy::plan`] is faster.
    pub fn count(&self, day: u32, second: u32) -> u32 {
        self.plan(day).count_at(second)
    }

    /// Returns all stays of a day counted from 1 January 1970.
    pub fn plan(&self, day: u32) -> DayPlan {
        let people = self.people.min(MAX_PEOPLE);
        let mut plan = DayPlan { stays: Vec::new(), most: people };
        match self.space {
            Space::Office | Space::Home => (0..people).for_each(|person| self.person(person, day, &mut plan)),
            Space::Meeting => self.meetings(people, day, &mut plan),
            Space::Ward => self.ward(people, day, &mut plan),
            Space::Classroom => self.lessons(people, day, &mut plan),
            Space::Retail => self.shop(people, day, &mut plan),
        }
        plan
    }

    fn uniform(&self, day: u32, draw: u32) -> f64 {
        uniform(self.seed, self.stream, u64::from(day), draw)
    }

    fn exponential(&self, mean: f64, day: u32, draw: u32) -> f64 {
        -mean * (1.0 - self.uniform(day, draw)).ln()
    }

    fn normal(&self, (mean, deviation): (f64, f64), day: u32, draw: u32) -> f64 {
        mean + deviation * normal(self.seed, self.stream, u64::from(day), draw)
    }

    fn poisson(&self, mean: f64, day: u32, draw: u32) -> u32 {
        poisson(mean, self.seed, self.stream, u64::from(day), draw)
    }

    /// Adds the stays of one person, with lunch, breaks and meetings away. A person at home is away during
    /// work.
    fn person(&self, person: u32, day: u32, plan: &mut DayPlan) {
        let habits = &self.habits;
        let first = person * DRAWS;
        let chance = if weekday(day) < 5 { habits.workday } else { habits.weekend };
        let goes = self.uniform(day, first) < chance;
        let arrival = self.normal(habits.arrival_s, day, first + 1);
        let departure = self.normal(habits.departure_s, day, first + 2);
        if self.space == Space::Home {
            if goes && departure > arrival {
                stay(0.0, arrival, plan);
                stay(departure, f64::from(DAY_S), plan);
            } else {
                stay(0.0, f64::from(DAY_S), plan);
            }
            return;
        }
        if !goes {
            return;
        }
        let mut away = Vec::new();
        let lunch = self.normal(habits.lunch_s, day, first + 3);
        away.push((lunch, lunch + self.normal(habits.lunch_length_s, day, first + 4).max(0.0)));
        for (mean, length, draws) in
            [(habits.breaks, habits.break_length_s, BREAKS), (habits.meetings, habits.meeting_length_s, MEETINGS)]
        {
            for number in 0..self.poisson(mean, day, first + draws).min(MAX_AWAY) {
                let draw = first + draws + 1 + 2 * number;
                let begin = arrival + self.uniform(day, draw) * (departure - arrival).max(0.0);
                away.push((begin, begin + self.exponential(length, day, draw + 1)));
            }
        }
        away.sort_by(|first, second| first.0.total_cmp(&second.0));
        let mut from = arrival;
        for (begin, end) in away {
            stay(from, begin.min(departure), plan);
            from = from.max(end);
        }
        stay(from, departure, plan);
    }

    fn meetings(&self, people: u32, day: u32, plan: &mut DayPlan) {
        if weekday(day) >= 5 || people == 0 {
            return;
        }
        let mut busy_until = 0;
        for slot in 0..20_u32 {
            let draw = EVENTS + 3 * slot;
            let begin = 8 * 3_600 + slot * 1_800;
            if begin < busy_until || self.uniform(day, draw) >= self.events.meeting_begins {
                continue;
            }
            // The length is half an hour, one hour or one and a half hours.
            let length = 1_800 * (1 + (self.uniform(day, draw + 1) * 3.0) as u32);
            busy_until = begin + length;
            let more = people.saturating_sub(2);
            let present = people.min(2 + (self.uniform(day, draw + 2) * f64::from(more + 1)) as u32);
            (0..present).for_each(|_| stay(f64::from(begin), f64::from(busy_until), plan));
        }
    }

    fn ward(&self, beds: u32, day: u32, plan: &mut DayPlan) {
        let length = self.events.patient_days.max(1);
        for bed in 0..beds {
            // The offset by bed spreads the changes of patients over several days.
            let turn = (day.saturating_add(bed % length)) / length;
            if self.uniform(turn, bed * DRAWS) >= self.events.bed_taken {
                continue;
            }
            stay(0.0, f64::from(DAY_S), plan);
            let visitors = self.poisson(self.events.visitors_per_bed, day, bed * DRAWS + 1).min(20);
            for visitor in 0..visitors {
                let draw = bed * DRAWS + 2 + 2 * visitor;
                let begin = HOUR_S * (14.0 + 5.0 * self.uniform(day, draw));
                let end = begin + self.exponential(self.events.visit_length_s, day, draw + 1);
                stay(begin, end.min(20.0 * HOUR_S), plan);
            }
        }
        // Each bed has a patient and at most two visitors at the same time.
        plan.most = beds.saturating_mul(3);
    }

    fn lessons(&self, children: u32, day: u32, plan: &mut DayPlan) {
        if weekday(day) >= 5 {
            return;
        }
        let present =
            (0..children).filter(|child| self.uniform(day, child * DRAWS) < self.events.child_present).count();
        for hour in (8..15_u32).filter(|hour| self.uniform(day, EVENTS + hour) < self.events.lesson_held) {
            let begin = f64::from(hour * 3_600);
            // One stay is added for the teacher.
            (0..=present).for_each(|_| stay(begin, begin + 3_000.0, plan));
        }
        plan.most = children.saturating_add(1);
    }

    fn shop(&self, places: u32, day: u32, plan: &mut DayPlan) {
        const BUSY: [f64; 11] = [0.3, 0.5, 0.7, 0.9, 0.8, 0.7, 0.8, 1.0, 1.0, 0.8, 0.4];
        if weekday(day) == 6 {
            return;
        }
        let mut draw = EVENTS;
        for (hour, busy) in (9_u32..).zip(BUSY) {
            let mean = busy * self.events.customers_per_place_h * f64::from(places);
            let customers = self.poisson(mean, day, hour).min(4 * MAX_PEOPLE);
            for _ in 0..customers {
                let begin = HOUR_S * (f64::from(hour) + self.uniform(day, draw));
                let end = begin + self.exponential(self.events.shopping_length_s, day, draw + 1);
                stay(begin, end.min(20.0 * HOUR_S), plan);
                draw += 2;
            }
        }
    }

    /// Returns the metabolic rate, in met, at a second of the day (ISO 8996:2021 annex; people in a ward and
    /// in a home at night are asleep).
    pub fn activity_met(&self, second: u32) -> f64 {
        let night = !(7 * 3_600..22 * 3_600).contains(&second);
        match self.space {
            Space::Office | Space::Meeting | Space::Classroom => 1.2,
            Space::Ward => 0.8,
            Space::Home if night => 0.8,
            Space::Home => 1.4,
            Space::Retail => 1.6,
        }
    }

    /// Returns the load of all people in the room at a second of a day, in air with this vapour pressure, in
    /// Pa.
    pub fn load(&self, day: u32, second: u32, vapour_pa: f64) -> Load {
        Load::of(self.activity_met(second), self.space == Space::Classroom, vapour_pa)
            .times(f64::from(self.count(day, second)))
    }
}

/// Adds a stay, cut to the day. A stay of no length is not added.
fn stay(from_s: f64, to_s: f64, plan: &mut DayPlan) {
    let end = f64::from(DAY_S);
    let (from_s, to_s) = (from_s.max(0.0).min(end).round() as u32, to_s.max(0.0).min(end).round() as u32);
    if from_s < to_s {
        plan.stays.push(Stay { from_s, to_s });
    }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
