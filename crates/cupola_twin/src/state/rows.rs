//! A set of rows: a bit set for look-up and a list for iteration.

/// A set of the rows of a column, or of twins.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSet {
    bits: Vec<u64>,
    rows: Vec<u32>,
}

impl RowSet {
    /// Creates an empty set for row numbers below `total`.
    pub fn new(total: usize) -> Self {
        Self { bits: vec![0; total.div_ceil(64)], rows: Vec::new() }
    }

    /// Empties the set and makes it one for row numbers below `total`.
    pub fn reset(&mut self, total: usize) {
        self.rows.clear();
        self.bits.clear();
        self.bits.resize(total.div_ceil(64), 0);
    }

    /// Adds a row, unless the set contains it.
    pub fn add(&mut self, row: u32) {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            self.rows.push(row);
        }
    }

    /// Adds the rows of all set bits; bit 0 is row `word × 64`.
    pub fn add_word(&mut self, word: usize, bits: u64) {
        let new = bits & !self.bits[word];
        self.bits[word] |= bits;
        self.rows.extend(ones(word, new));
    }

    /// Returns whether the set contains a row.
    pub fn contains(&self, row: u32) -> bool {
        self.bits[row as usize / 64] >> (row % 64) & 1 == 1
    }

    /// Returns all rows in insertion order, or ascending after [`Self::sort`].
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Returns the bit set, 64 rows a word.
    pub fn words(&self) -> &[u64] {
        &self.bits
    }

    /// Removes all rows.
    pub fn clear(&mut self) {
        if self.rows.len() > self.bits.len() {
            self.bits.fill(0);
        } else {
            self.rows.iter().for_each(|row| self.bits[*row as usize / 64] = 0);
        }
        self.rows.clear();
    }

    /// Sorts the rows, by a scan of all bits where this is cheaper than sorting.
    pub fn sort(&mut self) {
        if self.rows.len() < self.bits.len() / 4 {
            self.rows.sort_unstable();
            return;
        }
        self.rows.clear();
        for (word, bits) in self.bits.iter().enumerate() {
            self.rows.extend(ones(word, *bits));
        }
    }
}

/// Returns the rows of the set bits in a word.
fn ones(word: usize, mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some((word * 64) as u32 + bit)
    })
}
