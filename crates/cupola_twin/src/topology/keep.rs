//! Serialization of a topology to bytes, because reading it back is much faster than compiling it.
//!
//! Models and formulas are not stored; the caller supplies them again. The bytes are in the machine's byte order, end
//! with a checksum, and serve as a cache on the same machine only.

use super::relation::{Csr, Link, Relation};
use super::values::given;
use super::{ColumnIx, Computed, TableIx, Topology, build, formula, order};
use crate::diagnostic::Diagnostic;
use crate::model::Models;
use crate::state::CHUNK;
use crate::strings::Strings;
use crate::value::Texts;
use arcstr::ArcStr;
use bytemuck::Pod;
use std::hash::Hasher;
use std::io::{self, Read, Write};
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// A writer that computes a checksum of everything it writes.
pub struct Writer<'w> {
    out: &'w mut dyn Write,
    sum: XxHash3_64,
}

impl<'w> Writer<'w> {
    /// Creates a writer to `out`.
    pub fn new(out: &'w mut dyn Write) -> Self {
        Self { out, sum: XxHash3_64::new() }
    }

    /// Writes an array of numbers, preceded by its length.
    ///
    /// # Errors
    /// The output fails.
    pub fn numbers<T: Pod>(&mut self, numbers: &[T]) -> io::Result<()> {
        self.bytes(&(numbers.len() as u64).to_ne_bytes())?;
        self.bytes(bytemuck::cast_slice(numbers))
    }

    /// Writes one number.
    ///
    /// # Errors
    /// The output fails.
    pub fn number(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_ne_bytes())
    }

    /// Writes a text.
    ///
    /// # Errors
    /// The output fails.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.numbers(text.as_bytes())
    }

    /// Writes the checksum and flushes the output.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(self) -> io::Result<()> {
        self.out.write_all(&self.sum.finish().to_ne_bytes())?;
        self.out.flush()
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.write(bytes);
        self.out.write_all(bytes)
    }
}

/// A reader of the bytes of a [`Writer`]; its methods return `None` if the bytes are invalid.
pub struct ByteReader<'r> {
    input: Box<dyn Read + 'r>,
    sum: XxHash3_64,
    /// The number of bytes left, so that no memory is allocated for data that is not there.
    left: u64,
}

impl<'r> ByteReader<'r> {
    /// Creates a reader of the next `bytes` bytes of `input`.
    pub fn new(input: impl Read + 'r, bytes: u64) -> Self {
        Self { input: Box::new(input), sum: XxHash3_64::new(), left: bytes }
    }

    /// Reads an array of numbers.
    pub fn numbers<T: Pod>(&mut self) -> Option<Vec<T>> {
        let count = self.count(size_of::<T>())?;
        let mut numbers = bytemuck::zeroed_vec(count);
        self.bytes(bytemuck::cast_slice_mut(&mut numbers))?;
        Some(numbers)
    }

    /// Reads one number.
    pub fn number(&mut self) -> Option<u64> {
        let mut bytes = [0; 8];
        self.bytes(&mut bytes)?;
        Some(u64::from_ne_bytes(bytes))
    }

    /// Reads a text.
    pub fn text(&mut self) -> Option<ArcStr> {
        let count = self.count(1)?;
        if count == 0 {
            return Some(ArcStr::new());
        }
        let mut read = None;
        let text = ArcStr::init_with(count, |bytes| read = self.bytes(bytes)).ok()?;
        read.map(|()| text)
    }

    /// Returns whether the checksum matches and nothing follows it.
    pub fn finish(mut self) -> bool {
        let sum = self.sum.finish();
        self.number() == Some(sum) && self.left == 0
    }

    fn count(&mut self, size: usize) -> Option<usize> {
        let count = self.number()?;
        (count.checked_mul(size as u64)? <= self.left).then_some(count as usize)
    }

    fn bytes(&mut self, bytes: &mut [u8]) -> Option<()> {
        self.left = self.left.checked_sub(bytes.len() as u64)?;
        self.input.read_exact(bytes).ok()?;
        self.sum.write(bytes);
        Some(())
    }
}

impl Topology {
    /// Writes everything that is neither in the models nor in the formulas.
    ///
    /// # Errors
    /// The output fails.
    pub fn keep(&self, out: &mut Writer<'_>) -> io::Result<()> {
        out.number(self.tables.len() as u64)?;
        for table in &self.tables {
            out.text(&self.models.get(table.model).id)?;
            out.number(u64::from(table.rows))?;
        }
        keep_strings(&self.twin_ids, out)?;
        keep_strings(&self.texts.all(), out)?;
        out.number(self.relations.len() as u64)?;
        for relation in &self.relations {
            out.text(&relation.path)?;
            out.number(relation.links.len() as u64)?;
            for link in &relation.links {
                out.numbers(&[link.src.0, link.dst.0, u32::from(link.is_multiple)])?;
                for way in [&link.forward, &link.backward] {
                    let (offsets, targets) = way.parts();
                    out.numbers(offsets)?;
                    out.numbers(targets)?;
                }
            }
        }
        for column in 0..build::property_count(self) {
            let chunks = self.given_in(ColumnIx(column as u32));
            out.number(chunks.len() as u64)?;
            for chunk in chunks {
                out.numbers(&chunk.lanes)?;
                out.numbers(&chunk.given_times())?;
            }
        }
        out.number(self.etags.len() as u64)?;
        for (twin, etag) in &*self.etags {
            out.number(u64::from(*twin))?;
            out.text(etag)?;
        }
        Ok(())
    }

    /// Reads a topology that [`Self::keep`] wrote, and compiles the given formulas. `None` if the bytes are invalid or
    /// don't match the models.
    pub fn kept(
        input: &mut ByteReader<'_>,
        models: &Arc<Models>,
        computed: &[Computed],
    ) -> Option<(Self, Vec<Diagnostic>)> {
        let mut topology = Self::empty(models.clone(), Arc::default());
        for _ in 0..input.number()? {
            let (model, rows) = (models.find(&input.text()?)?, u32::try_from(input.number()?).ok()?);
            topology.tables.last().map_or(Some(rows), |last| (last.base + last.rows).checked_add(rows))?;
            topology.add_table(model, rows);
        }
        topology.twin_ids = Arc::new(kept_strings(input)?);
        topology.texts = Arc::new(Texts::of(kept_strings(input)?));
        let rows = topology.tables.last().map_or(0, |last| last.base + last.rows);
        if topology.twin_ids.len() != rows as usize {
            return None;
        }
        for _ in 0..input.number()? {
            let path = input.text()?;
            let links = (0..input.number()?).map(|_| topology.kept_link(input)).collect::<Option<Vec<Link>>>()?;
            topology.relations.push(Arc::new(Relation { path: path.as_str().into(), links }));
        }
        build::number_relations(&mut topology);
        for column in 0..topology.columns.len() {
            let rows = topology.rows(ColumnIx(column as u32)) as usize;
            let count = input.number()?;
            let sizes = (0..rows).step_by(CHUNK).map(|first| (rows - first).min(CHUNK));
            let mut chunks = Vec::with_capacity(sizes.len());
            for size in sizes.take(count as usize) {
                let lanes = input.numbers::<f64>()?;
                (lanes.len() == size).then_some(())?;
                let mut chunk = given(lanes.into());
                let times = input.numbers::<i64>()?;
                (times.is_empty() || times.len() == size).then_some(())?;
                chunk.give_times(&times);
                chunks.push(Arc::new(chunk));
            }
            (chunks.is_empty() || chunks.len() == rows.div_ceil(CHUNK)).then_some(())?;
            topology.initial.push(chunks);
        }
        for _ in 0..input.number()? {
            let (twin, etag) = (u32::try_from(input.number()?).ok()?, input.text()?);
            Arc::make_mut(&mut topology.etags).insert(twin, etag.to_string());
        }
        let mut diagnostics = Vec::new();
        formula::compile_all(&mut topology, computed, &mut diagnostics);
        order::stages(&mut topology, &mut diagnostics);
        Some((topology, diagnostics))
    }

    fn kept_link(&self, input: &mut ByteReader<'_>) -> Option<Link> {
        let [src, dst, is_multiple] = *input.numbers::<u32>()? else { return None };
        let rows = |table: u32| self.tables.get(table as usize).map(|table| table.rows);
        let (src_rows, dst_rows) = (rows(src)?, rows(dst)?);
        let mut way = |rows, targets| Csr::from_parts(rows, targets, input.numbers()?, input.numbers()?);
        let (forward, backward) = (way(src_rows, dst_rows)?, way(dst_rows, src_rows)?);
        Some(Link { src: TableIx(src), dst: TableIx(dst), forward, backward, is_multiple: is_multiple != 0 })
    }
}

fn keep_strings(strings: &Strings, out: &mut Writer<'_>) -> io::Result<()> {
    let (arena, ends, places) = strings.parts();
    out.text(arena)?;
    out.numbers(ends)?;
    out.numbers(places)
}

fn kept_strings(input: &mut ByteReader<'_>) -> Option<Strings> {
    Strings::from_parts(input.text()?, input.numbers()?, input.numbers()?)
}
