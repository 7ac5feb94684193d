//! Blocks: columns of changes, each compressed by itself, with a checksum.
//!
//! The columns are compressed by pco (Pcodec), which finds deltas and common divisors by itself: times at equal distances
//! and values of sensors with few digits need one or two bytes each.

use crate::change::{Change, SeriesIx, TextIx};
use cupola_twin::Quality;
use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress};
use pco::{ChunkConfig, DEFAULT_COMPRESSION_LEVEL};
use twox_hash::XxHash3_64;

/// The version of the format of blocks.
const VERSION: u8 = 1;
/// The mark of a value without an end.
const FOREVER: i64 = i64::MIN;
/// The compression level of blocks that are replaced soon.
pub(crate) const FAST: usize = 1;
/// The compression level of blocks that stay.
pub(crate) const SMALL: usize = DEFAULT_COMPRESSION_LEVEL;

/// The reason why a block can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The checksum does not match.
    #[error("the checksum does not match")]
    Checksum,
    /// A newer program has written the block.
    #[error("the block has version {0}, which this program can't read")]
    Version(u8),
    /// The columns are damaged, although the checksum matches.
    #[error("the columns are not complete")]
    Columns,
}

/// Encodes changes as a block.
pub(crate) fn encode(changes: &[Change], level: usize) -> Vec<u8> {
    let mut out = vec![VERSION];
    out.extend((changes.len() as u32).to_le_bytes());
    let mut column = Columns::new(&mut out, level);
    column.put(changes.iter().map(|change| change.series.0));
    column.put(changes.iter().map(|change| change.time_us));
    // Most values are taken shortly after they were measured, and most hold until the next one.
    column.put(changes.iter().map(|change| change.taken_us.wrapping_sub(change.time_us)));
    column.put(changes.iter().map(|change| match change.until_us {
        i64::MAX => FOREVER,
        until_us => until_us.wrapping_sub(change.taken_us),
    }));
    column.put(changes.iter().map(|change| u16::from(change.quality as u8)));
    column.put(changes.iter().map(|change| change.cause.0));
    column.put(changes.iter().map(|change| change.lane));
    seal(&mut out);
    out
}

/// Adds the checksum to the end of a block.
pub(crate) fn seal(out: &mut Vec<u8>) {
    let sum = XxHash3_64::oneshot(out);
    out.extend(sum.to_le_bytes());
}

/// Returns the content of a block before its checksum.
///
/// # Errors
/// The checksum does not match.
pub(crate) fn unsealed(block: &[u8]) -> Result<&[u8], BlockError> {
    let (content, sum) = block.split_last_chunk::<8>().ok_or(BlockError::Checksum)?;
    if XxHash3_64::oneshot(content) != u64::from_le_bytes(*sum) {
        return Err(BlockError::Checksum);
    }
    Ok(content)
}

/// Adds columns of numbers to a block.
pub(crate) struct Columns<'o> {
    out: &'o mut Vec<u8>,
    config: ChunkConfig,
}

impl<'o> Columns<'o> {
    /// Returns the columns of a block that begins with `out`.
    pub fn new(out: &'o mut Vec<u8>, level: usize) -> Self {
        Self { out, config: ChunkConfig::default().with_compression_level(level) }
    }

    /// Adds a column.
    pub fn put<T: Number>(&mut self, numbers: impl Iterator<Item = T>) {
        let numbers: Vec<T> = numbers.collect();
        // A column of one value, such as the quality of good readings, needs no compression.
        let bytes = simple_compress(&numbers, &self.config).unwrap_or_default();
        self.out.extend((bytes.len() as u32).to_le_bytes());
        self.out.extend(bytes);
    }
}

/// Checks the checksum of a block.
///
/// # Errors
/// The block is damaged.
pub(crate) fn verify(block: &[u8]) -> Result<&[u8], BlockError> {
    let content = unsealed(block)?;
    match content.first() {
        Some(&VERSION) => Ok(&content[1..]),
        Some(version) => Err(BlockError::Version(*version)),
        None => Err(BlockError::Checksum),
    }
}

/// Decodes a block, and adds its changes to `out`.
///
/// # Errors
/// The block is damaged, or has a newer format.
pub(crate) fn decode(block: &[u8], out: &mut Vec<Change>) -> Result<(), BlockError> {
    let content = verify(block)?;
    let (count, mut rest) = content.split_first_chunk::<4>().ok_or(BlockError::Columns)?;
    let count = u32::from_le_bytes(*count) as usize;
    let series: Vec<u32> = column(&mut rest, count)?;
    let times: Vec<i64> = column(&mut rest, count)?;
    let delays: Vec<i64> = column(&mut rest, count)?;
    let untils: Vec<i64> = column(&mut rest, count)?;
    let qualities: Vec<u16> = column(&mut rest, count)?;
    let causes: Vec<u32> = column(&mut rest, count)?;
    let lanes: Vec<f64> = column(&mut rest, count)?;
    out.extend((0..count).map(|at| Change {
        series: SeriesIx(series[at]),
        time_us: times[at],
        taken_us: times[at].wrapping_add(delays[at]),
        until_us: match untils[at] {
            FOREVER => i64::MAX,
            span_us => span_us.wrapping_add(times[at].wrapping_add(delays[at])),
        },
        quality: Quality::from_byte(qualities[at] as u8),
        cause: TextIx(causes[at]),
        lane: lanes[at],
    }));
    Ok(())
}

pub(crate) fn column<T: Number>(rest: &mut &[u8], count: usize) -> Result<Vec<T>, BlockError> {
    let (size, after) = rest.split_first_chunk::<4>().ok_or(BlockError::Columns)?;
    let size = u32::from_le_bytes(*size) as usize;
    let bytes = after.get(..size).ok_or(BlockError::Columns)?;
    *rest = &after[size..];
    let numbers = simple_decompress::<T>(bytes).map_err(|_| BlockError::Columns)?;
    if numbers.len() == count { Ok(numbers) } else { Err(BlockError::Columns) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change() -> impl Strategy<Value = Change> {
        let until = prop_oneof![Just(i64::MAX), any::<i64>()];
        let lane = prop_oneof![Just(f64::NAN), any::<f64>()];
        (0..50_u32, any::<i64>(), any::<i64>(), until, 0..4_u8, 0..9_u32, lane).prop_map(
            |(series, time_us, taken_us, until_us, quality, cause, lane)| Change {
                series: SeriesIx(series),
                time_us,
                taken_us,
                until_us,
                quality: Quality::from_byte(quality),
                cause: TextIx(cause),
                lane,
            },
        )
    }

    fn same(one: &[Change], other: &[Change]) -> bool {
        let bits = |change: &Change| (Change { lane: 0.0, ..*change }, change.lane.to_bits());
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| bits(one) == bits(other))
    }

    proptest! {
        #[test]
        fn a_block_is_read_as_it_was_written(changes in prop::collection::vec(change(), 0..200), level in 0..9_usize) {
            let mut read = Vec::new();
            decode(&encode(&changes, level), &mut read).unwrap();
            prop_assert!(same(&changes, &read));
        }

        #[test]
        fn every_flipped_bit_and_every_cut_is_found(
            changes in prop::collection::vec(change(), 1..50),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let whole = encode(&changes, FAST);
            let mut flipped = whole.clone();
            flipped[at.index(whole.len())] ^= 1 << bit;
            prop_assert!(decode(&flipped, &mut Vec::new()).is_err());
            prop_assert!(decode(&whole[..at.index(whole.len())], &mut Vec::new()).is_err());
        }
    }
}
