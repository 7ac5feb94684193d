//! The register machine: it runs a program over a batch of rows, one instruction after the other.

use super::fold::Fold;
use crate::expr::{BinaryOp, Function, Stateful, part_of_time, text_of};
use crate::state::{CHUNK, Memories, Memory, MemoryReading, Moment, Stamp, Stamps, State};
use crate::topology::{ColumnIx, Op, Operand, Program, Topology};
use crate::unit::converted;
use crate::value::{Kind, Quality, Sample, Texts, decode};
use crate::vector::vectorized;
use crate::zone::local_text;

/// Flags for the quality of a result, collected from all values that were read.
pub(super) const STALE: u8 = 1;
pub(super) const BAD: u8 = 2;
pub(super) const MISSING: u8 = 4;
/// The flag of each quality, by quality byte.
pub(super) const REASON: [u8; 4] = [0, STALE, BAD, MISSING];

/// The largest number of interned texts that formulas may reach, because interned texts are never freed.
const MAX_TEXTS: usize = 500_000;

/// The rows of a batch.
#[derive(Clone, Copy)]
pub(super) enum Rows<'r> {
    /// The rows of one chunk: `start` is a multiple of [`CHUNK`].
    Chunk { start: u32, count: usize },
    /// A list of at most [`CHUNK`] rows.
    List(&'r [u32]),
}

impl Rows<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Chunk { count, .. } => *count,
            Self::List(rows) => rows.len(),
        }
    }

    fn row(&self, at: usize) -> u32 {
        match self {
            Self::Chunk { start, .. } => start + at as u32,
            Self::List(rows) => rows[at],
        }
    }
}

/// The registers, and the quality flags and newest source time of the values read so far, once for the whole batch and,
/// where rows differ, for each row.
#[derive(Default)]
pub(super) struct Machine {
    registers: Vec<Vec<f64>>,
    /// Copies of columns whose chunks cannot be read in place.
    gathered: Vec<Vec<f64>>,
    reason: u8,
    time_us: i64,
    differ: bool,
    reasons: Vec<u8>,
    times: Vec<i64>,
}

impl Machine {
    /// Runs `program`; [`Machine::result`] and [`Machine::results`] then return the results.
    pub fn run(
        &mut self,
        state: &State,
        memories: &mut Memories,
        topology: &Topology,
        program: &Program,
        rows: Rows<'_>,
    ) {
        let (code, count) = (&program.code, rows.count());
        let registers = usize::from(program.registers).max(1);
        if self.registers.len() < registers {
            self.registers.resize(registers, vec![0.0; CHUNK]);
        }
        if self.gathered.len() < code.columns.len() {
            self.gathered.resize(code.columns.len(), vec![0.0; CHUNK]);
        }
        (self.reason, self.time_us, self.differ) = (if code.has_null { MISSING } else { 0 }, i64::MIN, false);
        let mut columns: Vec<Option<&[f64]>> = Vec::with_capacity(code.columns.len());
        for (position, column) in code.columns.iter().enumerate() {
            columns.push(self.load(state, *column, rows, position));
        }
        for step in &code.steps {
            let mut to = std::mem::take(&mut self.registers[usize::from(step.to)]);
            let out = &mut to[..count];
            match &step.op {
                Op::Now => {
                    let now_s = state.now_s().unwrap_or(f64::NAN);
                    out.fill(now_s);
                    self.all(if now_s.is_nan() { MISSING } else { 0 }, state.now_us().unwrap_or(i64::MIN));
                }
                Op::Quality(column, words) => {
                    let chunks = state.chunks(*column);
                    for (at, out) in out.iter_mut().enumerate() {
                        let row = rows.row(at) as usize;
                        *out = words[usize::from(chunks[row / CHUNK].stamps.of(row % CHUNK).quality())];
                    }
                }
                Op::Stateful { function, column, memory, settings } => {
                    let call = Call { function: *function, column: *column, memory: *memory, settings: *settings };
                    self.remember(state, memories, &call, rows, out);
                }
                Op::Aggregate { aggregate, relation, parts } => {
                    let relation = &topology.relations()[*relation as usize];
                    let of_values = parts.iter().any(|part| part.1.is_some());
                    self.each(count);
                    for (at, out) in out.iter_mut().enumerate() {
                        let (mut fold, row) = (Fold::default(), rows.row(at));
                        for (link, column, scale, offset) in parts {
                            let forward = &relation.links[*link as usize].forward;
                            match (column, forward.run_of(row)) {
                                (None, _) => fold.count(forward.of(row)),
                                (Some(column), Some(run)) => fold.gather_run(state, *column, run, *scale, *offset),
                                (Some(column), None) => {
                                    fold.gather(state, *column, forward.of(row), *scale, *offset);
                                }
                            }
                        }
                        let (lane, reason) = fold.finish(*aggregate, of_values);
                        *out = lane;
                        self.reasons[at] |= reason;
                        self.times[at] = self.times[at].max(fold.time_us);
                    }
                }
                op => {
                    let source = |operand: &Operand| match *operand {
                        Operand::Register(number) if number == step.to => Source::Own,
                        Operand::Register(number) => Source::Lanes(&self.registers[usize::from(number)][..count]),
                        Operand::Column(position) => {
                            let position = usize::from(position);
                            Source::Lanes(columns[position].unwrap_or(&self.gathered[position][..count]))
                        }
                        Operand::Constant(lane) => Source::Constant(lane),
                    };
                    let sources: Vec<Source<'_>> = step.operands.iter().map(source).collect();
                    compute(op, &sources, topology, out);
                }
            }
            self.registers[usize::from(step.to)] = to;
        }
        // The result is always in the first register.
        match code.result {
            Some(Operand::Column(position)) => {
                let position = usize::from(position);
                let lanes = columns[position].unwrap_or(&self.gathered[position][..count]);
                self.registers[0][..count].copy_from_slice(lanes);
            }
            Some(Operand::Constant(lane)) => self.registers[0][..count].fill(lane),
            _ => {}
        }
    }

    /// Adds flags and a source time to all rows.
    fn all(&mut self, reason: u8, time_us: i64) {
        self.reason |= reason;
        self.time_us = self.time_us.max(time_us);
    }

    /// Starts separate flags and source times for each row.
    fn each(&mut self, count: usize) {
        if !self.differ {
            self.differ = true;
            self.reasons.clear();
            self.reasons.resize(count, 0);
            self.times.clear();
            self.times.resize(count, i64::MIN);
        }
    }

    /// Returns the result for a row of the batch.
    pub fn result(&self, at: usize) -> Sample {
        let (mut reason, mut time_us) = (self.reason, self.time_us);
        if self.differ {
            reason |= self.reasons[at];
            time_us = time_us.max(self.times[at]);
        }
        let lane = self.registers[0][at];
        let lane = if lane.is_finite() { lane } else { f64::NAN };
        Sample { lane, quality: quality(lane, reason), time_us: if time_us == i64::MIN { 0 } else { time_us } }
    }

    /// Returns the results for the whole batch: lanes and stamps.
    pub fn results(&mut self, count: usize) -> (&[f64], Stamps) {
        let lanes = &mut self.registers[0][..count];
        let missing = vectorized(
            #[inline(always)]
            || {
                let mut missing = 0;
                for lane in lanes {
                    let there = lane.is_finite();
                    // Every missing result has the same NaN bits, because states compare bits.
                    *lane = if there { *lane } else { f64::NAN };
                    missing += usize::from(!there);
                }
                missing
            },
        );
        if !self.differ && (missing == 0 || missing == count) {
            let time_us = if self.time_us == i64::MIN { 0 } else { self.time_us };
            let stamp = Stamp::new(quality(self.registers[0][0], self.reason) as u8, time_us);
            return (&self.registers[0][..count], Stamps::Same(stamp));
        }
        let stamp = |at: usize| {
            let sample = self.result(at);
            Stamp::new(sample.quality as u8, sample.time_us)
        };
        let stamps: Box<[Stamp]> = (0..count).map(stamp).collect();
        let same = stamps.iter().all(|stamp| *stamp == stamps[0]);
        (&self.registers[0][..count], if same { Stamps::Same(stamps[0]) } else { Stamps::Each(stamps) })
    }

    /// Returns the lanes of a column if they can be read in place; otherwise copies them to `gathered`.
    fn load<'s>(&mut self, state: &'s State, column: ColumnIx, rows: Rows<'_>, position: usize) -> Option<&'s [f64]> {
        let chunks = state.chunks(column);
        match rows {
            Rows::Chunk { start, count } => {
                let chunk = &chunks[start as usize / CHUNK];
                match &chunk.stamps {
                    Stamps::Same(stamp) => {
                        self.all(REASON[stamp.quality() as usize], stamp.time_us());
                        if stamp.is_usable() {
                            return Some(&chunk.lanes[..count]);
                        }
                        self.gathered[position][..count].fill(f64::NAN);
                    }
                    Stamps::Each(stamps) => {
                        self.each(count);
                        let sinks = self.gathered[position].iter_mut().zip(&mut self.reasons).zip(&mut self.times);
                        for ((lane, stamp), ((to, reason), newest)) in chunk.lanes.iter().zip(stamps.iter()).zip(sinks)
                        {
                            let usable = stamp.is_usable();
                            *to = if usable { *lane } else { f64::NAN };
                            *reason |= REASON[stamp.quality() as usize];
                            *newest = (*newest).max(stamp.time_us());
                        }
                    }
                }
            }
            Rows::List(rows) => {
                self.each(rows.len());
                for (at, row) in rows.iter().enumerate() {
                    let (lane, stamp) = chunks[*row as usize / CHUNK].usable(*row as usize % CHUNK);
                    self.gathered[position][at] = lane;
                    self.reasons[at] |= REASON[stamp.quality() as usize];
                    self.times[at] = self.times[at].max(stamp.time_us());
                }
            }
        }
        None
    }

    fn remember(&mut self, state: &State, memories: &mut Memories, call: &Call, rows: Rows<'_>, out: &mut [f64]) {
        let chunks = state.chunks(call.column);
        let count = rows.count();
        self.each(count);
        let topology = state.topology();
        let formula = topology.column(call.column).formula.map(|number| &topology.formulas()[number as usize]);
        let is_read = formula.is_none_or(|formula| !formula.timed && !formula.remembers());
        for (row_at, out) in out.iter_mut().enumerate() {
            let row = rows.row(row_at);
            let (value, stamp) = chunks[row as usize / CHUNK].usable(row as usize % CHUNK);
            let reading = MemoryReading { value, us: stamp.time_us(), is_read };
            let observe = |memory: &mut Memory, now| memory.observe(call.function, call.settings, reading, now);
            let lane = match state.moment() {
                Some(now) => observe(memories.of(call.memory, row), now),
                // Without a current time, the call is evaluated as if for the first time.
                None => observe(&mut Memory::default(), Moment { us: 0, number: 0 }),
            };
            let reason = match REASON[stamp.quality() as usize] {
                BAD | MISSING if !lane.is_nan() => STALE,
                // The memory does not cover the requested window.
                0 | STALE if lane.is_nan() => MISSING,
                reason => reason,
            };
            *out = finite(lane);
            self.reasons[row_at] |= reason;
            self.times[row_at] = self.times[row_at].max(stamp.time_us());
        }
    }
}

/// An operand of a step.
#[derive(Clone, Copy)]
enum Source<'s> {
    /// The current content of the result register.
    Own,
    Lanes(&'s [f64]),
    Constant(f64),
}

impl Source<'_> {
    fn at(self, own: f64, at: usize) -> f64 {
        match self {
            Self::Own => own,
            Self::Lanes(lanes) => lanes[at],
            Self::Constant(lane) => lane,
        }
    }
}

/// Applies a function of one argument to each row.
#[inline(always)]
fn one(out: &mut [f64], a: Source<'_>, apply: impl Fn(f64) -> f64) {
    match a {
        Source::Own => vectorized(
            #[inline(always)]
            || out.iter_mut().for_each(|out| *out = apply(*out)),
        ),
        Source::Lanes(a) => vectorized(
            #[inline(always)]
            || out.iter_mut().zip(a).for_each(|(out, a)| *out = apply(*a)),
        ),
        Source::Constant(a) => out.fill(apply(a)),
    }
}

/// Applies a function of two arguments to each row.
#[inline(always)]
fn two(out: &mut [f64], a: Source<'_>, b: Source<'_>, apply: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (Source::Own, Source::Lanes(b)) => vectorized(
            #[inline(always)]
            || out.iter_mut().zip(b).for_each(|(out, b)| *out = apply(*out, *b)),
        ),
        (Source::Own, Source::Constant(b)) => vectorized(
            #[inline(always)]
            || out.iter_mut().for_each(|out| *out = apply(*out, b)),
        ),
        (Source::Lanes(a), Source::Lanes(b)) => vectorized(
            #[inline(always)]
            || out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (a, b))| *out = apply(*a, *b)),
        ),
        (Source::Lanes(a), Source::Constant(b)) => vectorized(
            #[inline(always)]
            || out.iter_mut().zip(a).for_each(|(out, a)| *out = apply(*a, b)),
        ),
        (Source::Constant(a), Source::Lanes(b)) => vectorized(
            #[inline(always)]
            || out.iter_mut().zip(b).for_each(|(out, b)| *out = apply(a, *b)),
        ),
        (a, b) => {
            for (at, out) in out.iter_mut().enumerate() {
                *out = apply(a.at(*out, at), b.at(*out, at));
            }
        }
    }
}

fn compute(op: &Op, sources: &[Source<'_>], topology: &Topology, out: &mut [f64]) {
    let Topology { texts, zone, .. } = topology;
    let nothing = Source::Constant(f64::NAN);
    let source = |position: usize| sources.get(position).copied().unwrap_or(nothing);
    let (a, b) = (source(0), source(1));
    // The minimum and maximum of a missing value are missing.
    let known = |a: f64, b: f64, value: f64| if a.is_nan() | b.is_nan() { f64::NAN } else { value };
    match op {
        Op::Convert { scale, offset } => one(out, a, |a| finite(converted(a, *scale, *offset))),
        Op::Negate => one(out, a, |a| -a),
        Op::Not => one(out, a, |a| 1.0 - a),
        Op::IsDefined => one(out, a, |a| flag(!a.is_nan())),
        Op::Math(function) => math(*function, out, a),
        Op::Select => {
            let c = source(2);
            match (a, b, c) {
                (Source::Own, Source::Constant(b), Source::Constant(c)) => one(out, a, |a| select(a, b, c)),
                (Source::Own, Source::Lanes(_), Source::Constant(c)) => two(out, a, b, |a, b| select(a, b, c)),
                (Source::Own, Source::Constant(b), Source::Lanes(_)) => two(out, a, c, |a, c| select(a, b, c)),
                (Source::Own, Source::Lanes(b), Source::Lanes(c)) => vectorized(
                    #[inline(always)]
                    || out.iter_mut().zip(b.iter().zip(c)).for_each(|(out, (b, c))| *out = select(*out, *b, *c)),
                ),
                (a, b, c) => {
                    for (at, out) in out.iter_mut().enumerate() {
                        *out = select(a.at(*out, at), b.at(*out, at), c.at(*out, at));
                    }
                }
            }
        }
        Op::Binary(op) => binary(*op, out, a, b),
        Op::Least => two(out, a, b, |a, b| known(a, b, if b < a { b } else { a })),
        Op::Greatest => two(out, a, b, |a, b| known(a, b, if b > a { b } else { a })),
        Op::Power => two(out, a, b, |a, b| known(a, b, finite(a.powf(b)))),
        Op::Coalesce => two(out, a, b, |a, b| if a.is_nan() { b } else { a }),
        Op::TextOrder(op) => two(out, a, b, |a, b| match (texts.text(a), texts.text(b)) {
            (Some(a), Some(b)) => flag(match op {
                BinaryOp::Less => a < b,
                BinaryOp::LessOrEqual => a <= b,
                BinaryOp::Greater => a > b,
                _ => a >= b,
            }),
            _ => f64::NAN,
        }),
        Op::TextTest(function) => two(out, a, b, |a, b| match (texts.text(a), texts.text(b)) {
            (Some(a), Some(b)) => flag(match function {
                Function::StartsWith => a.starts_with(&*b),
                Function::EndsWith => a.ends_with(&*b),
                _ => a.contains(&*b),
            }),
            _ => f64::NAN,
        }),
        Op::OfText(function) => one(out, a, |a| {
            texts.text(a).map_or(f64::NAN, |text| match function {
                Function::Length => text.chars().count() as f64,
                function => made(texts, &text_of(*function, &text)),
            })
        }),
        Op::PartOfTime(function, own) => {
            let zone = own.as_ref().unwrap_or(zone);
            one(out, a, |a| part_of_time(*function, a, zone).unwrap_or(f64::NAN));
        }
        Op::PartOfTimeIn(function) => two(out, a, b, |a, b| {
            let zone = texts.text(b).and_then(|name| crate::zone::find(&name));
            zone.and_then(|zone| part_of_time(*function, a, &zone)).unwrap_or(f64::NAN)
        }),
        Op::Concat(kinds) => {
            for (at, out) in out.iter_mut().enumerate() {
                let mut text = Some(String::new());
                for (source, kind) in sources.iter().zip(kinds) {
                    let lane = source.at(*out, at);
                    let part = match kind {
                        // A time is for people here, so it is local.
                        Some(Kind::Time) if !lane.is_nan() => Some(local_text((lane * 1e6).round() as i64, zone)),
                        kind => decode(lane, kind.unwrap_or(Kind::Number), texts).map(|part| part.to_string()),
                    };
                    text = text.zip(part).map(|(text, part)| text + &part);
                }
                *out = text.map_or(f64::NAN, |text| made(texts, &text));
            }
        }
        Op::Load(_) | Op::Constant(_) | Op::Aggregate { .. } => {}
        Op::Now | Op::Stateful { .. } | Op::Quality(..) => {}
    }
}

/// A call of a stateful function.
struct Call {
    function: Stateful,
    column: ColumnIx,
    memory: u32,
    settings: [f64; 2],
}

/// Returns the quality of a result. A NaN lane without a missing input comes from the computation itself, such as a
/// division by zero, or from a bad input.
fn quality(lane: f64, reason: u8) -> Quality {
    match (lane.is_nan(), reason) {
        (false, reason) if reason & STALE == 0 => Quality::Good,
        (false, _) => Quality::Stale,
        (true, reason) if reason & MISSING != 0 => Quality::Missing,
        (true, _) => Quality::Bad,
    }
}

/// Returns the lane of a text that a formula produced, or NaN if there are too many texts.
fn made(texts: &Texts, text: &str) -> f64 {
    texts.intern_within(text, MAX_TEXTS).map_or(f64::NAN, f64::from)
}

/// Replaces infinities by NaN, so that a division by zero is never compared, clamped or counted as a number.
#[inline(always)]
pub(super) fn finite(lane: f64) -> f64 {
    // Infinity times zero is NaN; a finite lane is unchanged.
    lane + lane * 0.0
}

/// Returns the branch that a condition selects, or NaN if the condition is missing.
#[inline(always)]
fn select(condition: f64, then: f64, otherwise: f64) -> f64 {
    let chosen = if condition == 0.0 { otherwise } else { then };
    if condition.is_nan() { f64::NAN } else { chosen }
}

#[inline(always)]
fn flag(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn math(function: Function, out: &mut [f64], a: Source<'_>) {
    match function {
        Function::Abs => one(out, a, |a| finite(a.abs())),
        Function::Floor => one(out, a, |a| finite(a.floor())),
        Function::Ceil => one(out, a, |a| finite(a.ceil())),
        Function::Round => one(out, a, |a| finite(a.round())),
        Function::Sqrt => one(out, a, |a| finite(a.sqrt())),
        Function::Exp => one(out, a, |a| finite(a.exp())),
        Function::Ln => one(out, a, |a| finite(a.ln())),
        _ => one(out, a, |a| finite(a.log10())),
    }
}

fn binary(op: BinaryOp, out: &mut [f64], a: Source<'_>, b: Source<'_>) {
    // A comparison with a missing value is missing; `AND` and `OR` follow Kleene's three-valued logic.
    let compare = |a: f64, b: f64, holds: bool| if a.is_nan() | b.is_nan() { f64::NAN } else { flag(holds) };
    match op {
        BinaryOp::Add => two(out, a, b, |a, b| finite(a + b)),
        BinaryOp::Subtract => two(out, a, b, |a, b| finite(a - b)),
        BinaryOp::Multiply => two(out, a, b, |a, b| finite(a * b)),
        BinaryOp::Divide => two(out, a, b, |a, b| finite(a / b)),
        BinaryOp::Remainder => two(out, a, b, |a, b| finite(a % b)),
        BinaryOp::Equal => two(out, a, b, |a, b| compare(a, b, a == b)),
        BinaryOp::NotEqual => two(out, a, b, |a, b| compare(a, b, a != b)),
        BinaryOp::Less => two(out, a, b, |a, b| compare(a, b, a < b)),
        BinaryOp::LessOrEqual => two(out, a, b, |a, b| compare(a, b, a <= b)),
        BinaryOp::Greater => two(out, a, b, |a, b| compare(a, b, a > b)),
        BinaryOp::GreaterOrEqual => two(out, a, b, |a, b| compare(a, b, a >= b)),
        BinaryOp::And => two(out, a, b, |a, b| if (a == 0.0) | (b == 0.0) { 0.0 } else { a * b }),
        BinaryOp::Or => two(out, a, b, |a, b| if (a == 1.0) | (b == 1.0) { 1.0 } else { a + b }),
    }
}
