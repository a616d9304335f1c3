//! A result of a search by distance.

/// A hash that is near enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// In how many bits it differs from the query.
    pub distance: u32,
    /// Its place in the index, in the order the hashes were given.
    pub place: u32,
}
