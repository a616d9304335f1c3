//! Intimacy score: how likely a picture shows nudity or sex.

use vara_nets::{LazyNetwork, ModelError, Tensor};

use super::pixels;
use crate::picture::Picture;

/// From this score on a picture is treated as intimate. On 99 safe photographs
/// none was above it.
pub const INTIMATE_SCORE: f32 = 0.7;

/// Side of the network's input.
const INPUT_SIDE: u32 = 224;

/// Sum of the two classes of open nudity and sex; "sexy" is not counted, since
/// it also fires on swimwear and portraits.
pub(super) fn score_intimacy(nsfw: &LazyNetwork, picture: &Picture) -> Result<f32, ModelError> {
    let network = nsfw.get()?;
    let small = pixels::resize(picture, None, INPUT_SIDE, INPUT_SIDE)
        .ok_or_else(|| network.bad_answer())?;
    let numbers: Vec<f32> = small
        .rgb()
        .iter()
        .map(|&it| f32::from(it) / 255.0)
        .collect();
    let side = INPUT_SIDE as usize;
    let input = Tensor::from_floats([1, side, side, 3], numbers);
    let answer = network.run(input)?;
    // In the order of the classes.
    match answer.first().map(Vec::as_slice) {
        Some(&[_drawing, hentai, _neutral, porn, _sexy]) => Ok((hentai + porn).clamp(0.0, 1.0)),
        _ => Err(network.bad_answer()),
    }
}
