//! Which parts of a picture are looked at: everywhere a copy may have been cut out.

use super::canvas::Frame;

/// Shares of a side that are kept, each about a sixteenth less than the one before.
const SHARES: [f32; 12] = [
    1.0, 0.96, 0.9, 0.845, 0.79, 0.745, 0.7, 0.655, 0.615, 0.575, 0.54, 0.5,
];
/// How many steps of [`SHARES`] the two sides may differ: crops change a picture's shape.
const STEPS_APART: usize = 5;
/// From one frame to the next, in shares of the frame.
const STEP: f32 = 0.065;

/// Strips cut off one side, as for a caption: the share that is kept.
const STRIPS: [f32; 5] = [0.92, 0.85, 0.78, 0.7, 0.6];

/// Slight turns, in degrees, and the share in the middle that such a turn leaves whole.
const TURNS: [f32; 8] = [-15.0, -11.0, -7.0, -3.5, 3.5, 7.0, 11.0, 15.0];
const MIDDLE: f32 = 0.7;

/// Frames over the whole picture, of every size down to a quarter of it.
pub(crate) fn windows() -> impl Iterator<Item = Frame> {
    let sizes = (0..SHARES.len()).flat_map(|across| {
        let near = move |down: &usize| across.abs_diff(*down) <= STEPS_APART;
        (0..SHARES.len())
            .filter(near)
            .map(move |down| (SHARES[across], SHARES[down]))
    });
    sizes.flat_map(|(width, height)| {
        starts(width).flat_map(move |left| {
            starts(height).map(move |top| Frame::upright(left, top, width, height))
        })
    })
}

/// Where frames of one size begin along a side, from edge to edge.
fn starts(share: f32) -> impl Iterator<Item = f32> {
    let free = 1.0 - share;
    let steps = (free / (share * STEP)).ceil() as u8;
    let step = free / f32::from(steps.max(1));
    (0..=steps).map(move |at| f32::from(at) * step)
}

/// What is left when a strip is covered: always in the same order.
pub(crate) fn strips() -> impl Iterator<Item = Frame> {
    STRIPS.into_iter().flat_map(|share| {
        let rest = 1.0 - share;
        [
            Frame::upright(0.0, 0.0, 1.0, share),
            Frame::upright(0.0, rest, 1.0, share),
            Frame::upright(0.0, 0.0, share, 1.0),
            Frame::upright(rest, 0.0, share, 1.0),
        ]
    })
}

/// The middle of the picture, turned a little.
pub(crate) fn turns() -> impl Iterator<Item = Frame> {
    let edge = (1.0 - MIDDLE) / 2.0;
    TURNS.into_iter().map(move |angle| Frame {
        angle,
        ..Frame::upright(edge, edge, MIDDLE, MIDDLE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_lies_inside_the_picture() {
        for frame in windows().chain(strips()).chain(turns()) {
            assert!(frame.fits(), "{frame:?}");
        }
    }

    #[test]
    fn every_crop_of_half_a_side_or_more_has_a_frame_near_it() {
        for (left, top, width, height) in [
            (0.11, 0.23, 0.63, 0.63),
            (0.31, 0.22, 0.52, 0.52),
            (0.08, 0.2, 0.75, 0.66),
            (0.02, 0.03, 0.94, 0.94),
        ] {
            let off = |frame: Frame| {
                let ends = [
                    frame.left - left,
                    frame.top - top,
                    frame.left + frame.width - left - width,
                    frame.top + frame.height - top - height,
                ];
                ends.into_iter().map(f32::abs).fold(0.0, f32::max)
            };
            let nearest = windows().map(off).fold(1.0, f32::min);
            assert!(nearest < 0.04, "{left} {top} {width} {height}: {nearest}");
        }
    }
}
