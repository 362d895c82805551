//! Chance that repeats with its seed.

/// Ids, codes and cards that look random (`SplitMix64`). Nothing secret hangs on it: a simulator's tokens open
/// nothing but the simulator.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        let at = self.below(choices.len() as u64);
        choices.get(at as usize).copied()
    }

    /// So many digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    /// So many digits and letters, none of which looks like another.
    pub(super) fn text(&mut self, count: usize) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        (0..count)
            .map(|_| char::from(ALPHABET[self.below(32) as usize]))
            .collect()
    }

    /// An id of the simulator: `SIM` and ten more, as long as the real ones.
    pub(super) fn id(&mut self) -> String {
        format!("SIM{}", self.text(10))
    }
}
