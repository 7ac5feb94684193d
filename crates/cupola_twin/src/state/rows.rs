//! A set of rows: a bit for each to look one up, and a list to go through them.

/// Rows of a column, or twins, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSet {
    bits: Vec<u64>,
    rows: Vec<u32>,
}

impl RowSet {
    /// None yet, of so many that there may be.
    pub fn new(total: usize) -> Self {
        Self { bits: vec![0; total.div_ceil(64)], rows: Vec::new() }
    }

    /// Makes it one of so many that there may be, with none in it.
    pub fn reset(&mut self, total: usize) {
        self.rows.clear();
        self.bits.clear();
        self.bits.resize(total.div_ceil(64), 0);
    }

    /// Puts one in, if it is not there.
    pub fn add(&mut self, row: u32) {
        let (word, bit) = (row as usize / 64, 1u64 << (row % 64));
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            self.rows.push(row);
        }
    }

    /// Puts in all whose bits are set, of 64 rows from `word` times 64 on.
    pub fn add_word(&mut self, word: usize, bits: u64) {
        let new = bits & !self.bits[word];
        self.bits[word] |= bits;
        self.rows.extend(ones(word, new));
    }

    /// Whether one is there.
    pub fn contains(&self, row: u32) -> bool {
        self.bits[row as usize / 64] >> (row % 64) & 1 == 1
    }

    /// All of them, in the order in which they came.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Bits, 64 rows each.
    pub fn words(&self) -> &[u64] {
        &self.bits
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        if self.rows.len() > self.bits.len() {
            self.bits.fill(0);
        } else {
            self.rows.iter().for_each(|row| self.bits[*row as usize / 64] = 0);
        }
        self.rows.clear();
    }

    /// Puts them in order: by looking at every bit where that is less than sorting.
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

/// The rows whose bits are set in a word.
fn ones(word: usize, mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some((word * 64) as u32 + bit)
    })
}
