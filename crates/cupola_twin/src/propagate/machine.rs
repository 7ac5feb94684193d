//! The register machine: runs a program over a batch of rows, instruction by instruction.

use super::fold::Fold;
use crate::expr::{BinaryOp, Function, Stateful, part_of_time, text_of};
use crate::state::{CHUNK, Memories, Memory, Stamp, Stamps, State};
use crate::topology::{ColumnIx, Op, Program, Topology};
use crate::value::{Kind, Quality, Sample, Texts, decode};

/// Why a result may have no value, or one of lesser quality: gathered from everything that was read.
pub(super) const STALE: u8 = 1;
pub(super) const BAD: u8 = 2;
pub(super) const MISSING: u8 = 4;
/// By quality byte.
pub(super) const REASON: [u8; 4] = [0, STALE, BAD, MISSING];

/// Formulas make no more texts than this: texts are kept for ever.
const MAX_TEXTS: usize = 500_000;

/// The rows of a batch.
#[derive(Clone, Copy)]
pub(super) enum Rows<'r> {
    /// The rows of one chunk: `start` is a multiple of [`CHUNK`].
    Chunk { start: u32, count: usize },
    /// Any rows, at most [`CHUNK`] of them.
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

/// Registers, and the reasons and the newest source time met so far: what goes for all rows of the batch, and where they differ, for
/// each.
#[derive(Default)]
pub(super) struct Machine {
    registers: Vec<f64>,
    reason: u8,
    time_us: i64,
    differ: bool,
    reasons: Vec<u8>,
    times: Vec<i64>,
}

impl Machine {
    /// Runs `program`; the results are then in [`Machine::result`] and [`Machine::results`].
    pub fn run(
        &mut self,
        state: &State,
        memories: &mut Memories,
        topology: &Topology,
        program: &Program,
        rows: Rows<'_>,
    ) {
        let count = rows.count();
        let needed = program.registers as usize * CHUNK;
        if self.registers.len() < needed {
            self.registers.resize(needed, 0.0);
        }
        (self.reason, self.time_us, self.differ) = (0, i64::MIN, false);
        for instruction in &program.instructions {
            let at = instruction.at as usize;
            match &instruction.op {
                Op::Load(column) => self.load(state, *column, rows, at),
                Op::Now => {
                    let now_s = state.now_s().unwrap_or(f64::NAN);
                    self.registers[at * CHUNK..][..count].fill(now_s);
                    self.all(if now_s.is_nan() { MISSING } else { 0 }, state.now_us().unwrap_or(i64::MIN));
                }
                Op::Stateful { function, column, memory, settings } => {
                    let call = Call { function: *function, column: *column, memory: *memory, settings: *settings };
                    self.remember(state, memories, &call, rows, at);
                }
                Op::Aggregate { aggregate, relation, parts } => {
                    let relation = &topology.relations()[*relation as usize];
                    let of_values = parts.iter().any(|part| part.1.is_some());
                    self.each(count);
                    for row in 0..count {
                        let mut fold = Fold::default();
                        for (link, column, scale, offset) in parts {
                            let targets = relation.links[*link as usize].forward.of(rows.row(row));
                            match column {
                                None => fold.count(targets),
                                Some(column) => fold.gather(state, *column, targets, *scale, *offset),
                            }
                        }
                        let (lane, reason) = fold.finish(*aggregate, of_values);
                        self.registers[at * CHUNK + row] = lane;
                        self.reasons[row] |= reason;
                        self.times[row] = self.times[row].max(fold.time_us);
                    }
                }
                op => self.compute(op, &topology.texts, at, count),
            }
        }
    }

    /// What was met goes for all rows.
    fn all(&mut self, reason: u8, time_us: i64) {
        self.reason |= reason;
        self.time_us = self.time_us.max(time_us);
    }

    /// From here on, rows differ.
    fn each(&mut self, count: usize) {
        if !self.differ {
            self.differ = true;
            self.reasons.clear();
            self.reasons.resize(count, 0);
            self.times.clear();
            self.times.resize(count, i64::MIN);
        }
    }

    /// What came out for a row of the batch.
    pub fn result(&self, at: usize) -> Sample {
        let (mut reason, mut time_us) = (self.reason, self.time_us);
        if self.differ {
            reason |= self.reasons[at];
            time_us = time_us.max(self.times[at]);
        }
        let lane = self.registers[at];
        let lane = if lane.is_finite() { lane } else { f64::NAN };
        Sample { lane, quality: quality(lane, reason), time_us: if time_us == i64::MIN { 0 } else { time_us } }
    }

    /// What came out for the whole batch: lanes and stamps.
    pub fn results(&mut self, count: usize) -> (&[f64], Stamps) {
        let lanes = &mut self.registers[..count];
        let mut missing = 0;
        for lane in lanes.iter_mut() {
            *lane = if lane.is_finite() { *lane } else { f64::NAN };
            missing += usize::from(lane.is_nan());
        }
        if !self.differ && (missing == 0 || missing == count) {
            let time_us = if self.time_us == i64::MIN { 0 } else { self.time_us };
            let stamp = Stamp::new(quality(lanes[0], self.reason) as u8, time_us);
            return (&self.registers[..count], Stamps::Same(stamp));
        }
        let stamp = |at: usize| {
            let sample = self.result(at);
            Stamp::new(sample.quality as u8, sample.time_us)
        };
        let stamps: Box<[Stamp]> = (0..count).map(stamp).collect();
        let same = stamps.iter().all(|stamp| *stamp == stamps[0]);
        (&self.registers[..count], if same { Stamps::Same(stamps[0]) } else { Stamps::Each(stamps) })
    }

    fn load(&mut self, state: &State, column: ColumnIx, rows: Rows<'_>, at: usize) {
        let chunks = state.chunks(column);
        match rows {
            Rows::Chunk { start, count } => {
                let chunk = &chunks[start as usize / CHUNK];
                match &chunk.stamps {
                    Stamps::Same(stamp) => {
                        let register = &mut self.registers[at * CHUNK..][..count];
                        if stamp.quality() <= Quality::Stale as u8 {
                            register.copy_from_slice(&chunk.lanes[..count]);
                        } else {
                            register.fill(f64::NAN);
                        }
                        self.all(REASON[stamp.quality() as usize], stamp.time_us());
                    }
                    Stamps::Each(stamps) => {
                        self.each(count);
                        let register = &mut self.registers[at * CHUNK..][..count];
                        let sinks = register.iter_mut().zip(&mut self.reasons).zip(&mut self.times);
                        for ((lane, stamp), ((register, reason), newest)) in
                            chunk.lanes.iter().zip(stamps.iter()).zip(sinks)
                        {
                            let usable = stamp.quality() <= Quality::Stale as u8;
                            *register = if usable { *lane } else { f64::NAN };
                            *reason |= REASON[stamp.quality() as usize];
                            *newest = (*newest).max(stamp.time_us());
                        }
                    }
                }
            }
            Rows::List(rows) => {
                self.each(rows.len());
                for (row_at, row) in rows.iter().enumerate() {
                    let (lane, stamp) = chunks[*row as usize / CHUNK].usable(*row as usize % CHUNK);
                    self.registers[at * CHUNK + row_at] = lane;
                    self.reasons[row_at] |= REASON[stamp.quality() as usize];
                    self.times[row_at] = self.times[row_at].max(stamp.time_us());
                }
            }
        }
    }

    fn remember(&mut self, state: &State, memories: &mut Memories, call: &Call, rows: Rows<'_>, at: usize) {
        let chunks = state.chunks(call.column);
        let count = rows.count();
        self.each(count);
        for row_at in 0..count {
            let row = rows.row(row_at);
            let (value, stamp) = chunks[row as usize / CHUNK].usable(row as usize % CHUNK);
            let observe = |memory: &mut Memory, now_us| {
                memory.observe(call.function, call.settings, value, stamp.time_us(), now_us)
            };
            let lane = match state.now_us() {
                Some(now_us) => observe(memories.of(call.memory, row), now_us),
                // As if it had just begun.
                None => observe(&mut Memory::default(), 0),
            };
            let reason = match REASON[stamp.quality() as usize] {
                BAD | MISSING if !lane.is_nan() => STALE,
                // There was not enough to look back at.
                0 | STALE if lane.is_nan() => MISSING,
                reason => reason,
            };
            self.registers[at * CHUNK + row_at] = finite(lane);
            self.reasons[row_at] |= reason;
            self.times[row_at] = self.times[row_at].max(stamp.time_us());
        }
    }

    fn compute(&mut self, op: &Op, texts: &Texts, at: usize, count: usize) {
        let (a, rest) = self.registers[at * CHUNK..].split_at_mut(CHUNK);
        let a = &mut a[..count];
        match op {
            Op::Constant(lane) => {
                a.fill(*lane);
                if lane.is_nan() {
                    self.reason |= MISSING;
                }
            }
            Op::Convert { scale, offset } => a.iter_mut().for_each(|a| *a = finite(*a * scale + offset)),
            Op::Negate => a.iter_mut().for_each(|a| *a = -*a),
            Op::Not => a.iter_mut().for_each(|a| *a = 1.0 - *a),
            Op::IsDefined => a.iter_mut().for_each(|a| *a = flag(!a.is_nan())),
            Op::Math(function) => math(*function, a),
            Op::Select => {
                let (b, c) = rest.split_at(CHUNK);
                for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
                    *a = if a.is_nan() {
                        f64::NAN
                    } else if *a != 0.0 {
                        *b
                    } else {
                        *c
                    };
                }
            }
            Op::Binary(op) => binary(*op, a, &rest[..count]),
            Op::Least => each(a, &rest[..count], |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }),
            Op::Greatest => each(a, &rest[..count], |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }),
            Op::Power => {
                each(a, &rest[..count], |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { finite(a.powf(b)) })
            }
            Op::Coalesce => each(a, &rest[..count], |a, b| if a.is_nan() { b } else { a }),
            Op::TextOrder(op) => each(a, &rest[..count], |a, b| match (texts.text(a), texts.text(b)) {
                (Some(a), Some(b)) => flag(match op {
                    BinaryOp::Less => a < b,
                    BinaryOp::LessOrEqual => a <= b,
                    BinaryOp::Greater => a > b,
                    _ => a >= b,
                }),
                _ => f64::NAN,
            }),
            Op::TextTest(function) => each(a, &rest[..count], |a, b| match (texts.text(a), texts.text(b)) {
                (Some(a), Some(b)) => flag(match function {
                    Function::StartsWith => a.starts_with(&*b),
                    Function::EndsWith => a.ends_with(&*b),
                    _ => a.contains(&*b),
                }),
                _ => f64::NAN,
            }),
            Op::OfText(function) => a.iter_mut().for_each(|a| {
                *a = texts.text(*a).map_or(f64::NAN, |text| match function {
                    Function::Length => text.chars().count() as f64,
                    function => made(texts, &text_of(*function, &text)),
                });
            }),
            Op::PartOfTime(function) => {
                a.iter_mut().for_each(|a| *a = part_of_time(*function, *a).unwrap_or(f64::NAN));
            }
            Op::Concat(kinds) => {
                for row in 0..count {
                    let mut text = Some(String::new());
                    for (position, kind) in kinds.iter().enumerate() {
                        let lane = if position == 0 { a[row] } else { rest[(position - 1) * CHUNK + row] };
                        let part = decode(lane, kind.unwrap_or(Kind::Number), texts);
                        text = text.zip(part).map(|(text, part)| text + &part.to_string());
                    }
                    a[row] = text.map_or(f64::NAN, |text| made(texts, &text));
                }
            }
            Op::Load(_) | Op::Aggregate { .. } | Op::Now | Op::Stateful { .. } => {}
        }
    }
}

/// A call of a function that remembers.
struct Call {
    function: Stateful,
    column: ColumnIx,
    memory: u32,
    settings: [f64; 2],
}

/// The quality of a result. A lane that nothing explains is no number because of what was computed, such as a division by zero.
fn quality(lane: f64, reason: u8) -> Quality {
    match (lane.is_nan(), reason) {
        (false, reason) if reason & STALE == 0 => Quality::Good,
        (false, _) => Quality::Stale,
        (true, reason) if reason & MISSING != 0 => Quality::Missing,
        (true, _) => Quality::Bad,
    }
}

/// The lane of a text that a formula made.
fn made(texts: &Texts, text: &str) -> f64 {
    texts.intern_within(text, MAX_TEXTS).map_or(f64::NAN, f64::from)
}

/// What is beyond all numbers is no number: a division by zero must not be compared, clamped or counted as one.
pub(super) fn finite(lane: f64) -> f64 {
    if lane.is_finite() { lane } else { f64::NAN }
}

fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn each(a: &mut [f64], b: &[f64], combine: impl Fn(f64, f64) -> f64) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = combine(*a, *b);
    }
}

fn math(function: Function, a: &mut [f64]) {
    let apply: fn(f64) -> f64 = match function {
        Function::Abs => f64::abs,
        Function::Floor => f64::floor,
        Function::Ceil => f64::ceil,
        Function::Round => f64::round,
        Function::Sqrt => f64::sqrt,
        Function::Exp => f64::exp,
        Function::Ln => f64::ln,
        _ => f64::log10,
    };
    a.iter_mut().for_each(|a| *a = finite(apply(*a)));
}

fn binary(op: BinaryOp, a: &mut [f64], b: &[f64]) {
    // Comparisons with missing are missing; AND and OR follow Kleene.
    let compare = |a: f64, b: f64, holds: bool| if a.is_nan() || b.is_nan() { f64::NAN } else { flag(holds) };
    match op {
        BinaryOp::Add => each(a, b, |a, b| finite(a + b)),
        BinaryOp::Subtract => each(a, b, |a, b| finite(a - b)),
        BinaryOp::Multiply => each(a, b, |a, b| finite(a * b)),
        BinaryOp::Divide => each(a, b, |a, b| finite(a / b)),
        BinaryOp::Remainder => each(a, b, |a, b| finite(a % b)),
        BinaryOp::Equal => each(a, b, |a, b| compare(a, b, a == b)),
        BinaryOp::NotEqual => each(a, b, |a, b| compare(a, b, a != b)),
        BinaryOp::Less => each(a, b, |a, b| compare(a, b, a < b)),
        BinaryOp::LessOrEqual => each(a, b, |a, b| compare(a, b, a <= b)),
        BinaryOp::Greater => each(a, b, |a, b| compare(a, b, a > b)),
        BinaryOp::GreaterOrEqual => each(a, b, |a, b| compare(a, b, a >= b)),
        BinaryOp::And => each(a, b, |a, b| if a == 0.0 || b == 0.0 { 0.0 } else { a * b }),
        BinaryOp::Or => each(a, b, |a, b| if a == 1.0 || b == 1.0 { 1.0 } else { a + b }),
    }
}
