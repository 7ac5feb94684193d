//! The register machine: runs a program over a batch of rows, instruction by instruction.

use crate::expr::{Aggregate, BinaryOp, Function};
use crate::state::{CHUNK, State};
use crate::topology::{ColumnIx, Op, Program, Topology};
use crate::value::{Quality, Sample, Texts};

/// Why a result may have no value, or one of lesser quality: gathered from everything that was read.
const STALE: u8 = 1;
const BAD: u8 = 2;
const MISSING: u8 = 4;
/// By quality byte.
const REASON: [u8; 4] = [0, STALE, BAD, MISSING];

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

/// Registers, and for each row of the batch the reasons and the newest source time met so far.
#[derive(Default)]
pub(super) struct Machine {
    registers: Vec<f64>,
    reasons: Vec<u8>,
    times: Vec<i64>,
}

impl Machine {
    /// Runs `program`; the results are then in [`Machine::result`].
    pub fn run(&mut self, state: &State, topology: &Topology, program: &Program, rows: Rows<'_>) {
        let count = rows.count();
        let needed = program.registers as usize * CHUNK;
        if self.registers.len() < needed {
            self.registers.resize(needed, 0.0);
        }
        self.reasons.clear();
        self.reasons.resize(count, 0);
        self.times.clear();
        self.times.resize(count, i64::MIN);
        for instruction in &program.instructions {
            let at = instruction.at as usize;
            match &instruction.op {
                Op::Load(column) => self.load(state, *column, rows, at),
                Op::Aggregate { aggregate, relation, parts } => {
                    let relation = &topology.relations()[*relation as usize];
                    for row in 0..count {
                        let mut fold = Fold::default();
                        for (link, column, scale, offset) in parts {
                            let targets = relation.links[*link as usize].forward.of(rows.row(row));
                            match column {
                                None => fold.related += targets.len() as u64,
                                Some(column) => fold.gather(state, *column, targets, *scale, *offset),
                            }
                        }
                        let (lane, reason) = fold.finish(*aggregate, parts.iter().any(|part| part.1.is_some()));
                        self.registers[at * CHUNK + row] = lane;
                        self.reasons[row] |= reason;
                        self.times[row] = self.times[row].max(fold.time_us);
                    }
                }
                op => self.compute(op, &topology.texts, at, count),
            }
        }
    }

    /// What came out for a row of the batch.
    pub fn result(&self, at: usize) -> Sample {
        let lane = self.registers[at];
        let reason = self.reasons[at];
        let time_us = if self.times[at] == i64::MIN { 0 } else { self.times[at] };
        if lane.is_finite() {
            let quality = if reason & STALE == 0 { Quality::Good } else { Quality::Stale };
            return Sample { lane, quality, time_us };
        }
        // Nothing that it read explains it: it is no number because of what was computed, such as a division by zero.
        let quality = if reason & MISSING != 0 { Quality::Missing } else { Quality::Bad };
        Sample { lane: f64::NAN, quality, time_us }
    }

    fn load(&mut self, state: &State, column: ColumnIx, rows: Rows<'_>, at: usize) {
        let chunks = state.chunks(column);
        let register = &mut self.registers[at * CHUNK..(at + 1) * CHUNK];
        match rows {
            Rows::Chunk { start, count } => {
                let chunk = &chunks[start as usize / CHUNK];
                let source = chunk.lanes[..count].iter().zip(&chunk.quality[..count]).zip(&chunk.times[..count]);
                let sinks = register[..count].iter_mut().zip(&mut self.reasons).zip(&mut self.times);
                for (((lane, quality), time), ((register, reason), newest)) in source.zip(sinks) {
                    *register = if *quality <= Quality::Stale as u8 { *lane } else { f64::NAN };
                    *reason |= REASON[*quality as usize & 3];
                    *newest = (*newest).max(*time);
                }
            }
            Rows::List(rows) => {
                for (at, row) in rows.iter().enumerate() {
                    let (chunk, offset) = (&chunks[*row as usize / CHUNK], *row as usize % CHUNK);
                    let quality = chunk.quality[offset];
                    register[at] = if quality <= Quality::Stale as u8 { chunk.lanes[offset] } else { f64::NAN };
                    self.reasons[at] |= REASON[quality as usize & 3];
                    self.times[at] = self.times[at].max(chunk.times[offset]);
                }
            }
        }
    }

    fn compute(&mut self, op: &Op, texts: &Texts, at: usize, count: usize) {
        let (a, rest) = self.registers[at * CHUNK..].split_at_mut(CHUNK);
        let a = &mut a[..count];
        match op {
            Op::Constant(lane) => {
                a.fill(*lane);
                if lane.is_nan() {
                    self.reasons.iter_mut().for_each(|reason| *reason |= MISSING);
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
            Op::Load(_) | Op::Aggregate { .. } => {}
        }
    }
}

/// What is beyond all numbers is no number: a division by zero must not be compared, clamped or counted as one.
fn finite(lane: f64) -> f64 {
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

/// What an aggregate gathers over its rows.
struct Fold {
    related: u64,
    used: u64,
    holding: u64,
    sum: f64,
    least: f64,
    greatest: f64,
    reason: u8,
    time_us: i64,
}

impl Default for Fold {
    fn default() -> Self {
        Self {
            related: 0,
            used: 0,
            holding: 0,
            sum: 0.0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            reason: 0,
            time_us: i64::MIN,
        }
    }
}

impl Fold {
    fn gather(&mut self, state: &State, column: ColumnIx, rows: &[u32], scale: f64, offset: f64) {
        let chunks = state.chunks(column);
        self.related += rows.len() as u64;
        for row in rows {
            let (chunk, at) = (&chunks[*row as usize / CHUNK], *row as usize % CHUNK);
            let quality = chunk.quality[at];
            self.reason |= REASON[quality as usize & 3];
            self.time_us = self.time_us.max(chunk.times[at]);
            if quality <= Quality::Stale as u8 && !chunk.lanes[at].is_nan() {
                let lane = chunk.lanes[at] * scale + offset;
                self.used += 1;
                self.holding += u64::from(lane != 0.0);
                self.sum += lane;
                self.least = self.least.min(lane);
                self.greatest = self.greatest.max(lane);
            }
        }
    }

    /// The result, and the reasons that count for it: what is missing or bad matters only where nothing else was there.
    fn finish(&self, aggregate: Aggregate, of_values: bool) -> (f64, u8) {
        let stale = self.reason & STALE;
        let nothing = (f64::NAN, if self.reason & BAD != 0 && self.reason & MISSING == 0 { BAD } else { MISSING });
        let unknown = self.related - self.used;
        let lane = match aggregate {
            Aggregate::Count if !of_values => self.related as f64,
            Aggregate::Count => self.used as f64,
            Aggregate::CountIf => self.holding as f64,
            Aggregate::Any if self.holding > 0 => 1.0,
            Aggregate::Any if unknown > 0 => return nothing,
            Aggregate::Any => 0.0,
            Aggregate::All if self.holding < self.used => 0.0,
            Aggregate::All if unknown > 0 => return nothing,
            Aggregate::All => 1.0,
            _ if self.used == 0 => return nothing,
            Aggregate::Avg => self.sum / self.used as f64,
            Aggregate::Sum | Aggregate::Only => self.sum,
            Aggregate::Min => self.least,
            Aggregate::Max => self.greatest,
        };
        (finite(lane), stale)
    }
}
