//! The memory of stateful functions ([`Stateful`]): for each call and row, at most [`MAX_KEPT`] readings.
//!
//! A value holds from the time of its reading to the time of the next reading. Of several observations at one time only
//! the last one counts, so evaluating a row again changes nothing.

use super::CHUNK;
use crate::expr::Stateful;
use std::collections::VecDeque;
use std::sync::Arc;

/// The largest number of readings stored for one window. Results are exact for up to this number of changes in the
/// window. Beyond it, the closest readings are merged, so that times are exact to about a hundredth of the window.
const MAX_KEPT: usize = 256;

/// A time before all others.
const NEVER: i64 = i64::MIN;

/// The memory of one call for one row.
#[derive(Clone, Debug, Default)]
pub(crate) enum Memory {
    #[default]
    Nothing,
    /// Readings of the window; the first one may be older than the window.
    Past(VecDeque<(i64, f64)>),
    /// The last two readings.
    Readings { at_us: i64, value: f64, before_us: i64, before: f64 },
    /// An exponentially weighted mean up to `at_us`, and the value that has held since.
    Mean { from_us: i64, at_us: i64, value: f64, mean: f64 },
    /// A condition: the number of the moment of the last evaluation, and the duration after and before it.
    Held { seen: u64, after: Duration, before: Duration },
    /// A switch: the number of the moment of the last evaluation, and the position after and before it.
    Switch { seen: u64, on: bool, before: bool },
}

/// The duration of a condition. Times are in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duration {
    /// The time since which the condition holds, or [`NEVER`] while it does not.
    since_us: i64,
    /// The time since which the condition has been unknown, or [`NEVER`].
    unknown_us: i64,
    /// The time of the last evaluation.
    looked_us: i64,
    /// The time of the last reading.
    read_us: i64,
    /// The time of the last reading at which the condition did not hold, or [`NEVER`].
    failed_us: i64,
}

/// A value that a function is called with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryReading {
    /// The value, or NaN if there is none.
    pub value: f64,
    /// The source time, in microseconds since the Unix epoch.
    pub us: i64,
    /// Whether the value changes only with a reading. Others change with the passing time as well.
    pub is_read: bool,
}

/// A moment at which functions are evaluated. Several moments may have one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time, in microseconds since the Unix epoch.
    pub us: i64,
    /// The number, which grows from moment to moment.
    pub number: u64,
}

impl Memory {
    /// Records a reading and returns the function's value at a moment. A second value for the time of the last reading
    /// corrects it.
    pub fn observe(&mut self, function: Stateful, settings: [f64; 2], reading: MemoryReading, now: Moment) -> f64 {
        let now_us = now.us;
        let value = reading.value;
        // A value that changes without a reading, such as one of the passing time, counts from now.
        let is_correction = reading.is_read && reading.us > UNKNOWN_AGE_US;
        let reading_us = reading.us.min(now_us);
        if is_correction {
            self.correct(value, reading_us);
        }
        let window_us = (settings[0] * 1e6) as i64;
        let start_us = now_us.saturating_sub(window_us);
        match function {
            Stateful::AvgOver | Stateful::MinOver | Stateful::MaxOver => {
                self.past(function, value, reading_us, start_us, now_us).over(function, start_us, now_us)
            }
            Stateful::Lag | Stateful::Delta | Stateful::Rate if window_us > 0 => {
                let past = self.past(function, value, reading_us, start_us, now_us);
                match function {
                    Stateful::Lag => past.at(start_us),
                    Stateful::Delta => value - past.at(start_us),
                    _ => past.slope(value, start_us, now_us),
                }
            }
            Stateful::Lag | Stateful::Delta | Stateful::Rate => self.readings(function, value, reading_us, now_us),
            Stateful::Ewma => self.mean(settings[0], value, reading_us, now_us),
            Stateful::HeldFor => self.held(value, reading_us, now),
            Stateful::Hysteresis => self.switch(settings, value, now.number),
        }
    }

    fn past(&mut self, function: Stateful, value: f64, reading_us: i64, start_us: i64, now_us: i64) -> Past<'_> {
        if !matches!(self, Self::Past(_)) {
            *self = Self::Past(VecDeque::new());
        }
        let Self::Past(kept) = self else { return Past(None) };
        if kept.is_empty() && value.is_nan() {
            // A first reading may come with an earlier source time.
            return Past(Some(kept));
        }
        let at_us = moment(kept.back().copied(), value, reading_us, now_us);
        let is_same = |at: usize| kept.get(at).is_some_and(|(_, known)| known.to_bits() == value.to_bits());
        // Of equal readings the first and the last one are kept, so that a late one between them finds its place.
        let count = kept.len();
        let is_repeated = count >= 2 && is_same(count - 1) && is_same(count - 2);
        match kept.back_mut() {
            Some((last_us, last)) if *last_us == at_us => *last = value,
            Some((last_us, _)) if is_repeated => *last_us = at_us,
            _ => kept.push_back((at_us, value)),
        }
        while kept.len() > 1 && kept[1].0 <= start_us {
            kept.pop_front();
        }
        if kept.len() > MAX_KEPT {
            thin(kept, function);
        }
        Past(Some(kept))
    }

    fn readings(&mut self, function: Stateful, value: f64, reading_us: i64, now_us: i64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        let last = match self {
            Self::Readings { at_us, value, .. } => Some((*at_us, *value)),
            _ => None,
        };
        let at_us = moment(last, value, reading_us, now_us);
        let next = match *self {
            Self::Readings { at_us: last_us, value: last, before_us, before } => {
                let (before_us, before) = if at_us > last_us { (last_us, last) } else { (before_us, before) };
                (at_us, value, before_us, before)
            }
            _ => (at_us, value, NEVER, f64::NAN),
        };
        let (at_us, value, before_us, before) = next;
        *self = Self::Readings { at_us, value, before_us, before };
        match function {
            Stateful::Lag => before,
            Stateful::Delta => value - before,
            _ if before_us == NEVER => f64::NAN,
            _ => (value - before) / ((at_us - before_us) as f64 / 1e6),
        }
    }

    fn mean(&mut self, constant_s: f64, value: f64, reading_us: i64, now_us: i64) -> f64 {
        let last = match self {
            Self::Mean { at_us, value, .. } => Some((*at_us, *value)),
            _ => None,
        };
        let at_us = moment(last, value, reading_us, now_us);
        // The mean approaches the held value exponentially with the elapsed time.
        let after = |mean: f64, held: f64, passed_us: i64| {
            let left = (-(passed_us as f64) / 1e6 / constant_s).exp();
            if held.is_nan() { mean } else { held + (mean - held) * left }
        };
        let (from_us, mean) = match *self {
            Self::Mean { from_us, at_us: last_us, value: held, mean } if !mean.is_nan() && at_us > from_us => {
                (from_us, after(mean, held, at_us - last_us))
            }
            // The mean starts at the first value.
            _ => (at_us, value),
        };
        *self = Self::Mean { from_us, at_us, value, mean };
        if value.is_nan() { f64::NAN } else { after(mean, value, now_us - at_us) }
    }

    fn held(&mut self, value: f64, reading_us: i64, now: Moment) -> f64 {
        // An evaluation that is repeated at one moment starts from the same state.
        let before = match *self {
            Self::Held { seen, after, .. } if now.number > seen => after,
            Self::Held { before, .. } => before,
            // The duration of the condition before the first evaluation is unknown, so it counts from the first
            // evaluation.
            _ => Duration {
                since_us: NEVER,
                unknown_us: NEVER,
                looked_us: begin(reading_us, now.us),
                read_us: NEVER,
                failed_us: NEVER,
            },
        };
        // Readings that were buffered are evaluated at their own times. Others are never evaluated at an earlier time.
        let is_new = reading_us > before.read_us;
        let now_us = if is_new { now.us } else { now.us.max(before.looked_us) };
        let mut after = Duration { looked_us: now_us, read_us: reading_us.max(before.read_us), ..before };
        if value.is_nan() {
            if before.since_us != NEVER && before.unknown_us == NEVER {
                after.unknown_us = now_us;
            }
        } else if value == 1.0 {
            after.unknown_us = NEVER;
            if before.since_us == NEVER {
                // A new reading says when the condition began. Otherwise the passing time made it true.
                let is_timed = is_new && reading_us > UNKNOWN_AGE_US;
                after.since_us = if is_timed { reading_us } else { reading_us.max(before.looked_us.min(now_us)) };
            } else if before.unknown_us != NEVER {
                // Time in which the condition was unknown doesn't count, and doesn't interrupt it.
                let known_us = reading_us.clamp(before.unknown_us, now_us.max(before.unknown_us));
                after.since_us = before.since_us.saturating_add(known_us - before.unknown_us);
            }
        } else {
            (after.since_us, after.unknown_us) = (NEVER, NEVER);
            after.failed_us = after.failed_us.max(reading_us);
        }
        *self = Self::Held { seen: now.number, after, before };
        if value.is_nan() {
            return f64::NAN;
        }
        if after.since_us == NEVER { 0.0 } else { (now_us - after.since_us).max(0) as f64 / 1e6 }
    }

    fn switch(&mut self, [on_at, off_at]: [f64; 2], value: f64, now: u64) -> f64 {
        let before = match *self {
            Self::Switch { seen, on, .. } if now > seen => on,
            Self::Switch { before, .. } => before,
            _ => false,
        };
        // If `on_at` is the lower bound, the switch turns on below it.
        let sign = if on_at > off_at { 1.0 } else { -1.0 };
        let on = match value {
            value if value.is_nan() => before,
            value if sign * value >= sign * on_at => true,
            value if sign * value <= sign * off_at => false,
            _ => before,
        };
        *self = Self::Switch { seen: now, on, before };
        if value.is_nan() { f64::NAN } else { f64::from(u8::from(on)) }
    }
}

impl Memory {
    /// Returns the condition that is remembered for longer than a window: the moment since which it holds, or the position
    /// of a switch.
    pub fn condition(&self) -> Option<f64> {
        match self {
            Self::Held { after, .. } => (after.since_us != NEVER).then_some(after.since_us as f64),
            Self::Switch { on, .. } => Some(f64::from(u8::from(*on))),
            Self::Nothing | Self::Past(_) | Self::Readings { .. } | Self::Mean { .. } => None,
        }
    }

    /// Returns the memory of a condition, if the function has one.
    pub fn of_condition(function: Stateful, lane: f64) -> Option<Self> {
        match function {
            Stateful::HeldFor => {
                let since_us = lane as i64;
                let (unknown_us, read_us, failed_us) = (NEVER, NEVER, NEVER);
                let known = Duration { since_us, unknown_us, looked_us: since_us, read_us, failed_us };
                Some(Self::Held { seen: 0, after: known, before: known })
            }
            Stateful::Hysteresis => Some(Self::Switch { seen: 0, on: lane == 1.0, before: lane == 1.0 }),
            _ => None,
        }
    }

    /// Takes another value for the time of the last reading.
    fn correct(&mut self, corrected: f64, reading_us: i64) {
        match self {
            Self::Past(kept) => {
                if let Some((_, last)) = kept.back_mut().filter(|(last_us, _)| *last_us == reading_us) {
                    *last = corrected;
                }
            }
            Self::Readings { at_us, value, .. } | Self::Mean { at_us, value, .. } if *at_us == reading_us => {
                *value = corrected;
            }
            _ => {}
        }
    }

    /// Puts a reading that arrived late where it belongs, if the memory has readings of that time. Exponential means and
    /// switches have gone on already. Returns whether the memory has changed.
    pub fn insert(&mut self, value: f64, reading_us: i64) -> bool {
        match self {
            Self::Past(kept) => {
                let at = kept.partition_point(|(at_us, _)| *at_us < reading_us);
                if at == 0 || at == kept.len() || kept.len() >= MAX_KEPT {
                    return false;
                }
                if kept[at].0 == reading_us {
                    kept[at].1 = value;
                    return true;
                }
                kept.insert(at, (reading_us, value));
                true
            }
            Self::Readings { at_us, before_us, before, .. } if (*before_us..*at_us).contains(&reading_us) => {
                (*before_us, *before) = (reading_us, value);
                true
            }
            Self::Held { after, before, .. } => {
                before.insert(value, reading_us);
                after.insert(value, reading_us)
            }
            _ => false,
        }
    }
}

impl Duration {
    /// Takes a condition at an earlier time. Returns whether the duration has changed.
    fn insert(&mut self, value: f64, reading_us: i64) -> bool {
        let known = self.since_us;
        if self.since_us == NEVER || reading_us >= self.read_us {
            return false;
        }
        if value == 1.0 && reading_us < self.since_us && self.failed_us < reading_us {
            self.since_us = reading_us;
        } else if value == 0.0 {
            self.failed_us = self.failed_us.max(reading_us);
            if reading_us >= self.since_us {
                // The condition was interrupted. It certainly holds since the last reading.
                self.since_us = self.read_us;
            }
        }
        self.since_us != known
    }
}

/// The source time of values whose age is unknown: those of the scene's file, and retained messages without a time.
const UNKNOWN_AGE_US: i64 = 0;

/// Returns the time from which a first reading counts: its source time, or `now_us` if its age is unknown.
fn begin(reading_us: i64, now_us: i64) -> i64 {
    if reading_us > UNKNOWN_AGE_US { reading_us } else { now_us }
}

/// Returns the time of a reading. Readings are never before the previous one, and a changed value without a later source
/// time counts from `now_us`.
fn moment(last: Option<(i64, f64)>, value: f64, reading_us: i64, now_us: i64) -> i64 {
    match last {
        None => begin(reading_us, now_us),
        Some((last_us, last)) if reading_us <= last_us => {
            if last.to_bits() == value.to_bits() || now_us < last_us {
                last_us
            } else {
                now_us
            }
        }
        Some(_) => reading_us,
    }
}

/// Merges the two closest neighbouring readings, except the last one.
fn thin(kept: &mut VecDeque<(i64, f64)>, function: Stateful) {
    let span = |at: usize| kept[at + 1].0 - kept[at - 1].0;
    let Some(at) = (1..kept.len() - 1).min_by_key(|at| (span(*at), *at)) else { return };
    let Some((second_us, second)) = kept.remove(at) else { return };
    let next_us = kept[at].0;
    let (first_us, first) = &mut kept[at - 1];
    let (long, short) = ((second_us - *first_us) as f64, (next_us - second_us) as f64);
    *first = match function {
        _ if first.is_nan() => second,
        _ if second.is_nan() => *first,
        Stateful::AvgOver => (*first * long + second * short) / (long + short),
        Stateful::MinOver => first.min(second),
        Stateful::MaxOver => first.max(second),
        _ => *first,
    };
}

/// The readings of a window.
struct Past<'m>(Option<&'m VecDeque<(i64, f64)>>);

impl Past<'_> {
    /// Returns the values with the times when they began and ceased to hold, within a span.
    fn spans(&self, start_us: i64, now_us: i64) -> impl Iterator<Item = (i64, i64, f64)> {
        let kept = self.0.into_iter().flatten();
        let ends = kept.clone().skip(1).map(|(at_us, _)| *at_us).chain([now_us]);
        kept.zip(ends).map(move |((from_us, value), to_us)| ((*from_us).max(start_us), to_us, *value))
    }

    fn over(&self, function: Stateful, start_us: i64, now_us: i64) -> f64 {
        let known = self.spans(start_us, now_us).filter(|(.., value)| !value.is_nan());
        match function {
            Stateful::MinOver => known.map(|(.., value)| value).fold(f64::NAN, f64::min),
            Stateful::MaxOver => known.map(|(.., value)| value).fold(f64::NAN, f64::max),
            _ => {
                let (mut sum, mut whole, mut last) = (0.0, 0.0, f64::NAN);
                for (from_us, to_us, value) in known {
                    let span = (to_us - from_us).max(0) as f64;
                    sum += value * span;
                    whole += span;
                    last = value;
                }
                if whole > 0.0 { sum / whole } else { last }
            }
        }
    }

    /// Returns the value that held at a time, or NaN if unknown.
    fn at(&self, moment_us: i64) -> f64 {
        let kept = self.0.into_iter().flatten();
        kept.take_while(|(at_us, _)| *at_us <= moment_us).last().map_or(f64::NAN, |(_, value)| *value)
    }

    /// Returns the change per second up to `now_us`, since `start_us` or since the first known value after it.
    fn slope(&self, value: f64, start_us: i64, now_us: i64) -> f64 {
        let known = self.spans(start_us, now_us).find(|(.., value)| !value.is_nan());
        match known {
            Some((from_us, _, first)) if from_us < now_us => (value - first) / ((now_us - from_us) as f64 / 1e6),
            _ => f64::NAN,
        }
    }
}

/// The memory of all calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memories {
    /// Memory by call, then in chunks of rows. A chunk exists once it has content.
    calls: Vec<Vec<Option<Arc<Vec<Memory>>>>>,
}

impl Memories {
    pub fn new(calls: usize) -> Self {
        Self { calls: vec![Vec::new(); calls] }
    }

    /// Clears all memory.
    pub fn clear(&mut self) {
        self.calls.iter_mut().for_each(Vec::clear);
    }

    pub fn of(&mut self, call: u32, row: u32) -> &mut Memory {
        let chunks = &mut self.calls[call as usize];
        let (number, at) = (row as usize / CHUNK, row as usize % CHUNK);
        if chunks.len() <= number {
            chunks.resize(number + 1, None);
        }
        let chunk = Arc::make_mut(chunks[number].get_or_insert_with(Arc::default));
        if chunk.len() <= at {
            chunk.resize(at + 1, Memory::Nothing);
        }
        &mut chunk[at]
    }

    /// Returns the memories of a call with their rows.
    pub fn each(&self, call: usize) -> impl Iterator<Item = (u32, &Memory)> {
        let chunks = self.calls.get(call).into_iter().flatten().enumerate();
        chunks.flat_map(|(number, chunk)| {
            let memories = chunk.iter().flat_map(|chunk| chunk.iter()).enumerate();
            memories.map(move |(at, memory)| ((number * CHUNK + at) as u32, memory))
        })
    }

    /// Returns the lanes that the memories of a call hold.
    pub fn lanes(&self, call: usize) -> impl Iterator<Item = f64> + '_ {
        let memories = self.calls.get(call).into_iter().flatten().flatten().flat_map(|chunk| chunk.iter());
        memories.flat_map(|memory| match memory {
            Memory::Past(readings) => readings.iter().map(|(_, lane)| *lane).collect(),
            Memory::Readings { value, before, .. } => vec![*value, *before],
            Memory::Mean { value, .. } => vec![*value],
            Memory::Nothing | Memory::Held { .. } | Memory::Switch { .. } => Vec::new(),
        })
    }

    /// Returns the memory of a call for a row, if any, without creating it.
    pub fn peek(&self, call: usize, row: u32) -> Option<&Memory> {
        self.calls[call].get(row as usize / CHUNK)?.as_ref()?.get(row as usize % CHUNK)
    }
}
