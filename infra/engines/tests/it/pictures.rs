//! Pictures made by rule: enough texture to be recognised, no two seeds alike.

use vara_imaging::{Picture, encode_jpeg};

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }
}

/// A blob of colour: where, how large, which colour.
struct Blob {
    x: f32,
    y: f32,
    across: f32,
    down: f32,
    colour: [f32; 3],
}

/// A picture of soft and hard blobs over a gradient: about what a photograph is to a hash.
pub(crate) fn scene(seed: u64, width: u32, height: u32) -> Picture {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
    // Neighbouring seeds begin alike.
    for _ in 0..8 {
        dice.roll();
    }
    let blobs: Vec<Blob> = (0..36)
        .map(|at| {
            // Few large ones, many small ones: detail at every scale.
            let size = 0.32 / (1.0 + at as f32 * 0.11);
            Blob {
                x: dice.roll(),
                y: dice.roll(),
                across: size * (0.5 + dice.roll()),
                down: size * (0.5 + dice.roll()),
                colour: [dice.roll(), dice.roll(), dice.roll()].map(|it| it * 255.0),
            }
        })
        .collect();
    let ground = [
        dice.roll() * 255.0,
        dice.roll() * 255.0,
        dice.roll() * 255.0,
    ];
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for row in 0..height {
        for column in 0..width {
            let (x, y) = (column as f32 / width as f32, row as f32 / height as f32);
            rgb.extend(pixel(x, y, ground, &blobs));
        }
    }
    Picture::from_rgb(width, height, rgb).unwrap()
}

fn pixel(x: f32, y: f32, ground: [f32; 3], blobs: &[Blob]) -> [u8; 3] {
    let mut colour = ground.map(|it| it * (0.6 + 0.4 * y));
    for (at, blob) in blobs.iter().enumerate() {
        let (dx, dy) = ((x - blob.x) / blob.across, (y - blob.y) / blob.down);
        let far = dx * dx + dy * dy;
        let weight = if at % 2 == 0 {
            f32::from(far < 1.0) * 0.8
        } else {
            (1.0 - far).max(0.0)
        };
        for (channel, paint) in colour.iter_mut().zip(blob.colour) {
            *channel += (paint - *channel) * weight;
        }
    }
    colour.map(|it| it.clamp(0.0, 255.0) as u8)
}

pub(crate) fn jpeg(picture: &Picture) -> Vec<u8> {
    encode_jpeg(picture, 88).unwrap()
}

/// A scene as a file, large enough for everything.
pub(crate) fn file(seed: u64) -> Vec<u8> {
    jpeg(&scene(seed, 480, 360))
}

/// A new picture whose pixel at (x, y) is what `from` says.
pub(crate) fn drawn(width: u32, height: u32, from: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let at = |pixel: u32| from(pixel % width, pixel / width);
    let rgb = (0..width * height).flat_map(at).collect();
    Picture::from_rgb(width, height, rgb).unwrap()
}

pub(crate) fn at(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let first = ((y * picture.width() + x) * 3) as usize;
    picture.rgb()[first..first + 3].try_into().unwrap()
}

pub(crate) fn mirrored(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    drawn(width, height, |x, y| at(picture, width - 1 - x, y))
}

pub(crate) fn quarter_turned(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    drawn(height, width, |x, y| at(picture, y, height - 1 - x))
}

/// Turned about its middle in the same frame: the corners are cut off, and left black.
pub(crate) fn slightly_turned(picture: &Picture, degrees: f32) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    drawn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - middle_x, y as f32 - middle_y);
        let (x, y) = (
            middle_x + dx * cos - dy * sin,
            middle_y + dx * sin + dy * cos,
        );
        let inside = x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32;
        if inside {
            at(picture, x as u32, y as u32)
        } else {
            [0, 0, 0]
        }
    })
}

pub(crate) fn cropped(picture: &Picture, left: u32, top: u32, width: u32, height: u32) -> Picture {
    drawn(width, height, |x, y| at(picture, left + x, top + y))
}

pub(crate) fn with_bars(picture: &Picture, bar: u32) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    drawn(width, height + 2 * bar, |x, y| match y.checked_sub(bar) {
        Some(y) if y < height => at(picture, x, y),
        _ => [12, 12, 12],
    })
}

pub(crate) fn with_caption(picture: &Picture, share: u32) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let from = height - height * share / 100;
    drawn(width, height, |x, y| match y >= from {
        // Letters enough to a hash: dark strokes on white.
        true if (x / 7 + y / 11).is_multiple_of(3) => [20, 20, 20],
        true => [250, 250, 250],
        false => at(picture, x, y),
    })
}

pub(crate) fn brighter(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    drawn(width, height, |x, y| {
        at(picture, x, y).map(|it| it.saturating_add(30))
    })
}

pub(crate) fn grey(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    drawn(width, height, |x, y| {
        let [red, green, blue] = at(picture, x, y).map(u32::from);
        [((red * 299 + green * 587 + blue * 114) / 1000) as u8; 3]
    })
}
