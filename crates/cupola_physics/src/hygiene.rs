//! Who comes into a patient's room, who cleans their hands, and what that leaves in the dispensers.
//!
//! Everything happens at full minutes, with random numbers named by room and minute, so that the length of the steps changes nothing.

use std::ops::Range;

use crate::occupancy::DayProfile;
use crate::random;
use crate::spec::{SpecError, check_index, check_ranges};

const MINUTE_S: i64 = 60;
/// Nobody stays longer, in minutes.
const LONGEST_STAY: usize = 60;
/// A visit's mean length beyond its first minute, in minutes (an assumption).
const MEAN_STAY: f64 = 8.0;
/// Names the random numbers of hygiene.
const STREAM: u64 = 0x4859_4749_454E_4531;

/// What a dispenser gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DispenserKind {
    /// Alcohol rub: cleans hands by itself.
    Sanitiser,
    /// Soap: cleans hands, and a towel is taken after it.
    Soap,
    /// Paper towels: taken after soap, never by themselves.
    Towel,
}

/// A dispenser in a room.
#[derive(Debug, Clone, PartialEq)]
pub struct DispenserSpec {
    /// What it gives.
    pub kind: DispenserKind,
    /// What one use takes, in % of a full one; 0.001 to 100.
    pub portion_pct: f64,
    /// At or below this it waits to be refilled, in %; 0 to 100.
    pub refill_below_pct: f64,
    /// From then until maintenance comes, in s; 0 to 10⁸.
    pub refill_delay_s: f64,
}

/// A room whose door counts people.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomSpec {
    /// Names the room's random numbers; see [`random::stream_of`].
    pub stream: u64,
    /// People who come in, per hour, where the profile is 1; 0 to 1 000.
    pub visits_per_hour: f64,
    /// The row of the profile of visits.
    pub profile: usize,
    /// How many of the occasions to clean hands, entering and leaving, are taken; 0 to 1.
    pub compliance: f64,
    /// The dispensers in it.
    pub dispensers: Vec<DispenserSpec>,
}

/// Rooms that can be simulated. Immutable; states of it are many.
#[derive(Debug, Clone, PartialEq)]
pub struct HygieneModel {
    rooms: Vec<RoomSpec>,
    profiles: Vec<DayProfile>,
    seed: u64,
    /// The rows of each room's dispensers.
    rows: Vec<Range<usize>>,
    /// Whether maintenance refills by itself. On at first; without it only [`HygieneState::refill`] does.
    pub auto_refill: bool,
}

/// What is counted: columns with a row per room, or per dispenser, room by room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HygieneState {
    /// Per room: people who have come in.
    pub entries: Vec<u64>,
    /// Per room: people who have left.
    pub exits: Vec<u64>,
    /// Per dispenser: times used.
    pub dispenses: Vec<u64>,
    /// Per dispenser: how full it is, in %, 0 to 100.
    pub fill_pct: Vec<f64>,
    /// Per dispenser: when maintenance will refill it, in local seconds.
    pub refill_due_s: Vec<Option<i64>>,
    /// Per dispenser: times refilled.
    pub refills: Vec<u64>,
    /// Per room and minute of the next hour, by minute modulo [`LONGEST_STAY`]: who will leave.
    leaving: Vec<u32>,
    /// The first minute that has not happened yet.
    next_minute: Option<i64>,
}

impl HygieneModel {
    /// Rooms from their specification. The seed names all random numbers.
    ///
    /// # Errors
    /// The first value that is out of its range, and the first profile that does not exist.
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

    /// The rooms, in the order of the rows.
    pub fn rooms(&self) -> &[RoomSpec] {
        &self.rooms
    }

    /// The rows of a room's dispensers, in the order of its specification; none where there is no such room.
    pub fn dispensers(&self, room: usize) -> Range<usize> {
        self.rows.get(room).cloned().unwrap_or(0..0)
    }

    /// Empty rooms and full dispensers.
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
            leaving: vec![0; rooms * LONGEST_STAY],
            next_minute: None,
        }
    }

    /// Hands cleaned over occasions to do so (entries and exits), as sensors would count it: by sanitiser and soap, 0 to 1.
    /// Nothing before the first occasion.
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

    /// Moves the state on by `dt_s` seconds from the local time `start_local_s`: every full minute from the start, up to but
    /// without the end, happens once. Where the clock has been set, whoever is inside leaves at the first minute.
    ///
    /// # Panics
    /// Where the state has fewer rows than the model has rooms and dispensers: it is another model's.
    pub fn step(&self, state: &mut HygieneState, start_local_s: i64, dt_s: f64) {
        if !dt_s.is_finite() || dt_s <= 0.0 {
            return;
        }
        let end_s = start_local_s as f64 + dt_s;
        let mut minute = self.first_minute(state, start_local_s);
        while ((minute * MINUTE_S) as f64) < end_s {
            self.refill(state, minute * MINUTE_S);
            for room in 0..self.rooms.len() {
                self.step_room(state, room, minute);
            }
            minute += 1;
        }
        state.next_minute = Some(minute);
    }

    /// The first minute that is not before the start and has not happened.
    fn first_minute(&self, state: &mut HygieneState, start_local_s: i64) -> i64 {
        let from_start = start_local_s.saturating_add(MINUTE_S - 1).div_euclid(MINUTE_S);
        let Some(next) = state.next_minute else {
            return from_start;
        };
        // Steps shorter than a minute start up to a minute before the next one; their start is cut to whole seconds.
        if next == from_start || next == from_start + 1 {
            return next;
        }
        let slot = slot(from_start);
        for leaving in state.leaving.chunks_mut(LONGEST_STAY) {
            let inside: u32 = leaving.iter().sum();
            leaving.fill(0);
            leaving[slot] = inside;
        }
        for (room, rows) in self.rooms.iter().zip(&self.rows) {
            for (dispenser, row) in room.dispensers.iter().zip(rows.clone()) {
                let latest = due(start_local_s, dispenser);
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

    fn step_room(&self, state: &mut HygieneState, room: usize, minute: i64) {
        let spec = &self.rooms[room];
        let mut draws = Draws { seed: self.seed, stream: spec.stream ^ STREAM, tick: minute as u64, draw: 0 };
        let leaving = std::mem::take(&mut state.leaving[room * LONGEST_STAY + slot(minute)]);
        state.exits[room] += u64::from(leaving);
        for _ in 0..leaving {
            self.clean_hands(state, room, &mut draws);
        }
        let mean = spec.visits_per_hour / 60.0 * self.profiles[spec.profile].at(minute * MINUTE_S);
        let entering = draws.poisson(mean);
        state.entries[room] += u64::from(entering);
        for _ in 0..entering {
            self.clean_hands(state, room, &mut draws);
            // Exponential, so most visits are short; at least a minute, and less than once round the hour.
            let stay = 1.0 - MEAN_STAY * (1.0 - draws.uniform()).ln();
            let stay = stay.clamp(1.0, (LONGEST_STAY - 1) as f64) as i64;
            state.leaving[room * LONGEST_STAY + slot(minute + stay)] += 1;
        }
    }

    /// One occasion to clean hands: taken or not, and only where something is left to do it with.
    fn clean_hands(&self, state: &mut HygieneState, room: usize, draws: &mut Draws) {
        let spec = &self.rooms[room];
        // Both are drawn in any case, so that an empty dispenser does not change who comes next.
        let (willing, choice) = (draws.uniform() < spec.compliance, draws.uniform());
        if !willing {
            return;
        }
        let rows = self.dispensers(room);
        let usable = |state: &HygieneState, at: usize| {
            let dispenser = &spec.dispensers[at];
            // Rounding may leave a little in an empty one.
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
    /// People in a room now.
    pub fn inside(&self, room: usize) -> u64 {
        let first = room * LONGEST_STAY;
        self.leaving
            .get(first..first + LONGEST_STAY)
            .map_or(0, |leaving| leaving.iter().map(|&count| u64::from(count)).sum())
    }

    /// Fills a dispenser up, as maintenance does. Nothing happens where there is no such row.
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

/// The random numbers of one room's minute, in turn.
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
    minute.rem_euclid(LONGEST_STAY as i64) as usize
}

fn due(now_s: i64, dispenser: &DispenserSpec) -> i64 {
    now_s.saturating_add(dispenser.refill_delay_s as i64)
}

#[cfg(test)]
#[path = "hygiene_tests.rs"]
mod tests;
