//! Numbers made of a seed.

use std::time::Duration;

/// Xorshift: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        (self.next() >> 32) as u8
    }

    /// Any number below this one.
    pub fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.next() >> 16) % u64::from(end.max(1))).unwrap()
    }

    /// Yes, once in so many times.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// Any of these.
    pub fn any<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(u32::try_from(all.len()).unwrap());
        &all[usize::try_from(at).unwrap()]
    }

    /// As long as this, or as that, or anything in between.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let room = u32::try_from((most - least).as_millis()).unwrap();
        least + Duration::from_millis(self.below(room + 1).into())
    }
}
