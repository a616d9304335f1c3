//! A coarse colour histogram: a second opinion on a weak likeness.

use vara_imaging::Picture;

/// Shares of the picture per coarse colour: four steps a channel.
pub(crate) struct Colours([f32; 64]);

impl Colours {
    pub(crate) fn of(picture: &Picture) -> Self {
        let mut counts = [0_u32; 64];
        let pixels = picture.rgb().as_chunks::<3>().0;
        for [red, green, blue] in pixels {
            let bin = (red >> 6) << 4 | (green >> 6) << 2 | blue >> 6;
            counts[usize::from(bin)] += 1;
        }
        Self(counts.map(|count| count as f32 / pixels.len() as f32))
    }

    /// The share of the two pictures that has the same colours, 0 to 1.
    pub(crate) fn shared(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a.min(*b)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pictures_share_all_and_opposite_ones_nothing() {
        let black = Colours::of(&Picture::from_rgb(2, 2, vec![0; 12]).unwrap());
        let white = Colours::of(&Picture::from_rgb(2, 2, vec![255; 12]).unwrap());
        let half = [vec![0; 6], vec![255; 6]].concat();
        let half = Colours::of(&Picture::from_rgb(2, 2, half).unwrap());
        assert!((black.shared(&black) - 1.0).abs() < 1e-6);
        assert!(black.shared(&white).abs() < 1e-6);
        assert!((black.shared(&half) - 0.5).abs() < 1e-6);
    }
}
