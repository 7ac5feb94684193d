//! Hand hygiene in patient rooms: entries, hand cleaning, and the fill level of the dispensers.
//!
//! All events happen at full minutes, with random numbers that depend on room and minute. The result
//! therefore does not depend on the length of the steps.

use std::ops::Range;

use crate::occupancy::DayProfile;
use crate::random;
use crate::spec::{SpecError, check_index, check_ranges};
use crate::weather::LocalTime;

const MINUTE_S: i64 = 60;
/// Maximum length of a visit, in minutes.
const MAX_STAY: usize = 60;
/// Mean length of a visit beyond its first minute, in minutes (an assumption).
const MEAN_STAY: f64 = 8.0;
/// Random stream of hand hygiene.
const STREAM: u64 = 0x4859_4749_454E_4531;

/// Content of a dispenser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DispenserKind {
    /// Alcohol rub, which cleans hands by itself.
    Sanitiser,
    /// Soap, which cleans hands and is followed by a paper towel.
    Soap,
    /// Paper towels, taken only after soap.
    Towel,
}

/// Specification of a dispenser.
#[derive(Debug, Clone, PartialEq)]
pub struct DispenserSpec {
    /// Content.
    pub kind: DispenserKind,
    /// Amount of one use, in % of the capacity, 0.001 to 100.
    pub portion_pct: f64,
    /// Fill level at or below which a refill is requested, in %, 0 to 100.
    pub refill_below_pct: f64,
    /// Delay from the request to the refill, in s, 0 to 10⁸.
    pub refill_delay_s: f64,
}

/// Specification of a room with a people counter at its door.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomSpec {
    /// Random stream of the room. See [`random::stream_of`].
    pub stream: u64,
    /// Number of entries per hour where the profile is 1, 0 to 1 000.
    pub visits_per_hour: f64,
    /// Row of the profile of visits.
    pub profile: usize,
    /// Compliance: fraction of the hand-cleaning occasions (entering and leaving) that are taken, 0 to 1.
    pub compliance: f64,
    /// Dispensers in the room.
    pub dispensers: Vec<DispenserSpec>,
}

/// Model of hand hygiene in rooms. Many states can share one model.
#[derive(Debug, Clone, PartialEq)]
pub struct HygieneModel {
    rooms: Vec<RoomSpec>,
    profiles: Vec<DayProfile>,
    seed: u64,
    /// Rows of each room's dispensers.
    rows: Vec<Range<usize>>,
    /// Whether maintenance refills dispensers automatically. It is on initially. When it is off, only
    /// [`HygieneState::refill`] refills them.
    pub auto_refill: bool,
}

/// State of the rooms and dispensers: columns with one row for each room, or one for each dispenser in room
/// order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HygieneState {
    /// Number of entries of each room.
    pub entries: Vec<u64>,
    /// Number of exits of each room.
    pub exits: Vec<u64>,
    /// Number of uses of each dispenser.
    pub dispenses: Vec<u64>,
    /// Fill level of each dispenser, in %, 0 to 100.
    pub fill_pct: Vec<f64>,
    /// Local standard time in seconds at which maintenance refills each dispenser.
    pub refill_due_s: Vec<Option<i64>>,
    /// Number of refills of each dispenser.
    pub refills: Vec<u64>,
    /// Number of people who will leave, for each room and each minute of the next hour, by minute modulo
    /// [`MAX_STAY`].
    leaving: Vec<u32>,
    /// First minute that has not been simulated yet.
    next_minute: Option<i64>,
}

impl HygieneModel {
    /// Returns the model of rooms from their specification. All random numbers derive from `seed`.
    ///
    /// # Errors
    /// Returns a [`SpecError`] for the first value that is out of its range or the first profile that does
    /// not exist.
    pub fn new(rooms: Vec<RoomSpec>, profiles: Vec<DayProfile>, seed: u64) -> Result<Self, SpecError> {
        for (index, profile) in profiles.iter().enumerate() {
            profile.check(index)?;
        }
        let mut rows = Vec::with_capacity(rooms.len());
        let mut first = 0;
        for (index, room) in rooms.iter().enumerate() {
            room.check(index, profiles.len())?;
            let next = first + room.dispensers.len();
            rows.push(first..next);
            first = next;
        }
        Ok(Self { rooms, profiles, seed, rows, auto_refill: true })
    }

    /// Returns the rooms in row order.
    pub fn rooms(&self) -> &[RoomSpec] {
        &self.rooms
    }

    /// Returns the rows of a room's dispensers, in the order of its specification. The range is empty for a
    /// room that does not exist.
    pub fn dispensers(&self, room: usize) -> Range<usize> {
        self.rows.get(room).cloned().unwrap_or(0..0)
    }

    /// Returns a state with empty rooms and full dispensers.
    pub fn initial_state(&self) -> HygieneState {
        let rooms = self.rooms.len();
        let dispensers = self.rows.last().map_or(0, |rows| rows.end);
        HygieneState {
            entries: vec![0; rooms],
            exits: vec![0; rooms],
            dispenses: vec![0; dispensers],
            fill_pct: vec![100.0; dispensers],
            refill_due_s: vec![None; dispensers],
            refills: vec![0; dispensers],
            leaving: vec![0; rooms * MAX_STAY],
            next_minute: None,
        }
    }

    /// Returns the measured compliance, 0 to 1: uses of sanitiser and soap over occasions (entries and
    /// exits), as sensors count them. Returns `None` before the first occasion or for a room that does not
    /// exist.
    pub fn measured_compliance(&self, state: &HygieneState, room: usize) -> Option<f64> {
        let occasions = state.entries.get(room)? + state.exits.get(room)?;
        let cleaned: u64 = self
            .dispensers(room)
            .zip(&self.rooms.get(room)?.dispensers)
            .filter(|(_, dispenser)| dispenser.kind != DispenserKind::Towel)
            .map(|(row, _)| state.dispenses[row])
            .sum();
        (occasions > 0).then(|| cleaned as f64 / occasions as f64)
    }

    /// Advances the state by `dt_s` seconds from the local time `start`. Every full minute from the
    /// start up to, but not including, the end is simulated once. If the clock has been changed, all people
    /// inside leave at the first minute.
    ///
    /// # Panics
    /// Panics if the state has fewer rows than the model has rooms and dispensers.
    pub fn step(&self, state: &mut HygieneState, start: impl Into<LocalTime>, dt_s: f64) {
        if !dt_s.is_finite() || dt_s <= 0.0 {
            return;
        }
        // Minutes are counted in standard time, which never jumps.
        let LocalTime { civil_s, standard_s } = start.into();
        let daylight_saving_s = civil_s.saturating_sub(standard_s);
        let end_s = standard_s as f64 + dt_s;
        let mut minute = self.first_minute(state, standard_s);
        while ((minute * MINUTE_S) as f64) < end_s {
            self.refill(state, minute * MINUTE_S);
            for room in 0..self.rooms.len() {
                self.step_room(state, room, minute, daylight_saving_s);
            }
            minute += 1;
        }
        state.next_minute = Some(minute);
    }

    /// Returns the first minute that is not before the start and has not been simulated.
    fn first_minute(&self, state: &mut HygieneState, start_s: i64) -> i64 {
        let from_start = start_s.saturating_add(MINUTE_S - 1).div_euclid(MINUTE_S);
        let Some(next) = state.next_minute else {
            return from_start;
        };
        // A step shorter than a minute can start up to a minute before the next minute. The start is
        // truncated to whole seconds.
        if next == from_start || next == from_start + 1 {
            return next;
        }
        let slot = slot(from_start);
        for leaving in state.leaving.chunks_mut(MAX_STAY) {
            let inside: u32 = leaving.iter().sum();
            leaving.fill(0);
            leaving[slot] = inside;
        }
        for (room, rows) in self.rooms.iter().zip(&self.rows) {
            for (dispenser, row) in room.dispensers.iter().zip(rows.clone()) {
                let latest = due(start_s, dispenser);
                state.refill_due_s[row] = state.refill_due_s[row].map(|due| due.min(latest));
            }
        }
        from_start
    }

    fn refill(&self, state: &mut HygieneState, now_s: i64) {
        for (room, rows) in self.rooms.iter().zip(&self.rows) {
            for (dispenser, row) in room.dispensers.iter().zip(rows.clone()) {
                if !self.auto_refill {
                    state.refill_due_s[row] = None;
                    continue;
                }
                if state.refill_due_s[row].is_none() && state.fill_pct[row] <= dispenser.refill_below_pct {
                    state.refill_due_s[row] = Some(due(now_s, dispenser));
                }
                if state.refill_due_s[row].is_some_and(|due| due <= now_s) {
                    state.refill(row);
                }
            }
        }
    }

    fn step_room(&self, state: &mut HygieneState, room: usize, minute: i64, daylight_saving_s: i64) {
        let spec = &self.rooms[room];
        let mut draws = Draws { seed: self.seed, stream: spec.stream ^ STREAM, tick: minute as u64, draw: 0 };
        let leaving = std::mem::take(&mut state.leaving[room * MAX_STAY + slot(minute)]);
        state.exits[room] += u64::from(leaving);
        for _ in 0..leaving {
            self.clean_hands(state, room, &mut draws);
        }
        let mean = spec.visits_per_hour / 60.0
            * self.profiles[spec.profile].at((minute * MINUTE_S).saturating_add(daylight_saving_s));
        let entering = draws.poisson(mean);
        state.entries[room] += u64::from(entering);
        for _ in 0..entering {
            self.clean_hands(state, room, &mut draws);
            // The length is exponentially distributed, so that most visits are short. It is at least one
            // minute and less than [`MAX_STAY`].
            let stay = 1.0 - MEAN_STAY * (1.0 - draws.uniform()).ln();
            let stay = stay.clamp(1.0, (MAX_STAY - 1) as f64) as i64;
            state.leaving[room * MAX_STAY + slot(minute + stay)] += 1;
        }
    }

    /// Simulates one occasion for hand cleaning. It is taken with the probability of the compliance, and only
    /// if a dispenser has content.
    fn clean_hands(&self, state: &mut HygieneState, room: usize, draws: &mut Draws) {
        let spec = &self.rooms[room];
        // Both numbers are drawn in any case, so that an empty dispenser does not change later visits.
        let (willing, choice) = (draws.uniform() < spec.compliance, draws.uniform());
        if !willing {
            return;
        }
        let rows = self.dispensers(room);
        let usable = |state: &HygieneState, at: usize| {
            let dispenser = &spec.dispensers[at];
            // Rounding can leave a small rest in an empty dispenser.
            state.fill_pct[rows.start + at] >= 0.5 * dispenser.portion_pct
        };
        let cleaning: Vec<usize> = (0..spec.dispensers.len())
            .filter(|&at| spec.dispensers[at].kind != DispenserKind::Towel && usable(state, at))
            .collect();
        let Some(&at) = cleaning.get((choice * cleaning.len() as f64) as usize) else {
            return;
        };
        let towel = (0..spec.dispensers.len())
            .find(|&at| spec.dispensers[at].kind == DispenserKind::Towel && usable(state, at));
        state.dispense(rows.start + at, spec.dispensers[at].portion_pct);
        if spec.dispensers[at].kind == DispenserKind::Soap
            && let Some(towel) = towel
        {
            state.dispense(rows.start + towel, spec.dispensers[towel].portion_pct);
        }
    }
}

impl HygieneState {
    /// Takes over the counts and the visitors of another state's room.
    pub fn take_room(&mut self, room: usize, other: &Self, other_room: usize) {
        self.entries[room] = other.entries[other_room];
        self.exits[room] = other.exits[other_room];
        for minute in 0..MAX_STAY {
            self.leaving[room * MAX_STAY + minute] = other.leaving[other_room * MAX_STAY + minute];
        }
        self.next_minute = other.next_minute;
    }

    /// Takes over the counts and the fill of another state's dispenser.
    pub fn take_dispenser(&mut self, dispenser: usize, other: &Self, other_dispenser: usize) {
        self.dispenses[dispenser] = other.dispenses[other_dispenser];
        self.fill_pct[dispenser] = other.fill_pct[other_dispenser];
        self.refill_due_s[dispenser] = other.refill_due_s[other_dispenser];
        self.refills[dispenser] = other.refills[other_dispenser];
    }

    /// Returns the number of people in a room.
    pub fn inside(&self, room: usize) -> u64 {
        let first = room * MAX_STAY;
        self.leaving
            .get(first..first + MAX_STAY)
            .map_or(0, |leaving| leaving.iter().map(|&count| u64::from(count)).sum())
    }

    /// Refills a dispenser, as maintenance does. A row that does not exist has no effect.
    pub fn refill(&mut self, dispenser: usize) {
        if dispenser < self.fill_pct.len() {
            self.fill_pct[dispenser] = 100.0;
            self.refill_due_s[dispenser] = None;
            self.refills[dispenser] += 1;
        }
    }

    fn dispense(&mut self, row: usize, portion_pct: f64) {
        self.dispenses[row] += 1;
        self.fill_pct[row] = (self.fill_pct[row] - portion_pct).max(0.0);
    }
}

impl RoomSpec {
    fn check(&self, index: usize, profiles: usize) -> Result<(), SpecError> {
        let fields =
            [("visits_per_hour", self.visits_per_hour, 0.0, 1_000.0), ("compliance", self.compliance, 0.0, 1.0)];
        check_ranges("room", index, &fields)?;
        check_index("room", index, "profile", self.profile, profiles)?;
        for (index, dispenser) in self.dispensers.iter().enumerate() {
            let fields = [
                ("portion_pct", dispenser.portion_pct, 0.001, 100.0),
                ("refill_below_pct", dispenser.refill_below_pct, 0.0, 100.0),
                ("refill_delay_s", dispenser.refill_delay_s, 0.0, 1e8),
            ];
            check_ranges("dispenser", index, &fields)?;
        }
        Ok(())
    }
}

/// Sequence of random numbers of one room in one minute.
struct Draws {
    seed: u64,
    stream: u64,
    tick: u64,
    draw: u32,
}

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.draw = self.draw.wrapping_add(1);
        random::uniform(self.seed, self.stream, self.tick, self.draw)
    }

    fn poisson(&mut self, mean: f64) -> u32 {
        self.draw = self.draw.wrapping_add(1);
        random::poisson(mean, self.seed, self.stream, self.tick, self.draw)
    }
}

fn slot(minute: i64) -> usize {
    minute.rem_euclid(MAX_STAY as i64) as usize
}

fn due(now_s: i64, dispenser: &DispenserSpec) -> i64 {
    now_s.saturating_add(dispenser.refill_delay_s as i64)
}

#[cfg(test)]
#[path = "hygiene_tests.rs"]
mod tests;
