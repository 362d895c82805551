//! Remembering ids in so few bytes that many of them cost nothing.

use heapless::Deque;

use crate::wire::json::Text;

/// The last `N` ids, four bytes each. Two ids may share a fingerprint; whoever asks must be safe then.
#[derive(Debug, Clone)]
pub(crate) struct Fingerprints<const N: usize>(Deque<u32, N>);

impl<const N: usize> Fingerprints<N> {
    pub(crate) const fn new() -> Self {
        Self(Deque::new())
    }

    pub(crate) fn knows(&self, id: Text<'_>) -> bool {
        let (front, back) = self.0.as_slices();
        has(front, back, fingerprint(id))
    }

    /// Remembers the id; false if it was known.
    pub(crate) fn remember(&mut self, id: Text<'_>) -> bool {
        if self.knows(id) {
            return false;
        }
        if self.0.is_full() {
            self.0.pop_front();
        }
        self.0.push_back(fingerprint(id)).is_ok()
    }

    /// Forgets the id.
    pub(crate) fn forget(&mut self, id: Text<'_>) {
        let forgotten = fingerprint(id);
        self.0.retain(|known| *known != forgotten);
    }
}

#[inline(never)]
fn has(front: &[u32], back: &[u32], id: u32) -> bool {
    front.contains(&id) || back.contains(&id)
}

/// FNV-1a over the characters; never 0.
#[inline(never)]
pub(crate) fn fingerprint(id: Text<'_>) -> u32 {
    let hash = id.chars().fold(0x811C_9DC5, |hash, c| {
        (hash ^ u32::from(c)).wrapping_mul(0x0100_0193)
    });
    hash.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut ids = Fingerprints::<2>::new();
        assert!(ids.remember("a".into()));
        assert!(!ids.remember("a".into()));
        assert!(ids.remember("b".into()));
        assert!(ids.remember("c".into()));
        assert!(!ids.knows("a".into()));
        assert!(ids.knows("c".into()));
        ids.forget("c".into());
        assert!(!ids.knows("c".into()) && ids.knows("b".into()));
    }
}
