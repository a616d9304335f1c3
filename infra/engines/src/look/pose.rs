//! The eight ways a square of cells can be turned and mirrored.

/// How a picture stands, upright first.
pub(crate) const POSES: [Pose; 8] = [
    Pose {
        swap: false,
        across: false,
        down: false,
    },
    Pose {
        swap: false,
        across: true,
        down: false,
    },
    Pose {
        swap: false,
        across: false,
        down: true,
    },
    Pose {
        swap: false,
        across: true,
        down: true,
    },
    Pose {
        swap: true,
        across: false,
        down: false,
    },
    Pose {
        swap: true,
        across: true,
        down: false,
    },
    Pose {
        swap: true,
        across: false,
        down: true,
    },
    Pose {
        swap: true,
        across: true,
        down: true,
    },
];

/// Mirrored across, mirrored down, and with rows and columns swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pose {
    swap: bool,
    across: bool,
    down: bool,
}

impl Pose {
    /// The cells of a square in this pose.
    pub(crate) fn of(self, cells: &[f32], side: usize) -> Vec<f32> {
        let turned = |at: usize| {
            let (row, column) = (at / side, at % side);
            let row = if self.down { side - 1 - row } else { row };
            let column = if self.across {
                side - 1 - column
            } else {
                column
            };
            let from = if self.swap {
                column * side + row
            } else {
                row * side + column
            };
            cells[from]
        };
        (0..side * side).map(turned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_poses_are_eight_and_the_first_is_upright() {
        let cells: Vec<f32> = (0..9).map(|it| it as f32).collect();
        let turned = POSES.map(|pose| pose.of(&cells, 3));
        assert_eq!(turned[0], cells);
        for (at, one) in turned.iter().enumerate() {
            assert!(!turned[at + 1..].contains(one), "pose {at} comes twice");
        }
    }
}
