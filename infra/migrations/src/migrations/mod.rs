//! All migrations, in the order of their numbers.

mod m0001_separate_partitions;

use crate::migration::Migration;

pub(crate) use m0001_separate_partitions::SeparatePartitions;

/// All of them. A number is never given twice, and none is left out.
pub(crate) const ALL: [&dyn Migration; 1] = [&SeparatePartitions];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_one_without_gaps() {
        let numbers = ALL.map(Migration::number);
        let counted: Vec<u32> = (1..).take(ALL.len()).collect();
        assert_eq!(numbers.to_vec(), counted);
    }
}
