//! Finds the picture inside even borders: letterboxes, frames, white margins.

use super::canvas::{Canvas, Frame};

/// The picture is looked at in this many lines and columns.
const LINES: usize = 128;
/// How far, of 255, a border may be from its own brightness, as JPEG leaves it.
const TOLERANCE: f32 = 14.0;
/// A line is border when at most one cell in this many is not.
const STRAYS: usize = 30;
/// A picture is at least this share of each side; more border than that is picture.
const LEAST: usize = LINES * 35 / 100;

/// The part of the picture without its borders.
pub(crate) fn frame(canvas: &Canvas) -> Frame {
    let cells = canvas.cells(Frame::WHOLE, LINES);
    let row = |at: usize| {
        (0..LINES)
            .map(|it| cells[at * LINES + it])
            .collect::<Vec<_>>()
    };
    let column = |at: usize| {
        (0..LINES)
            .map(|it| cells[it * LINES + at])
            .collect::<Vec<_>>()
    };
    let last = LINES - 1;
    let (top, bottom) = (border(row), border(|at| row(last - at)));
    let (left, right) = (border(column), border(|at| column(last - at)));
    let (width, height) = (LINES - left - right, LINES - top - bottom);
    if width < LEAST || height < LEAST {
        return Frame::WHOLE;
    }
    let share = |cells: usize| cells as f32 / LINES as f32;
    Frame::upright(share(left), share(top), share(width), share(height))
}

/// How many lines from the edge inwards have the brightness the outermost begins with.
fn border(line: impl Fn(usize) -> Vec<f32>) -> usize {
    let even = line(0)[0];
    let is_border = |at: &usize| {
        let strays = line(*at)
            .iter()
            .filter(|it| (**it - even).abs() > TOLERANCE)
            .count();
        strays * STRAYS <= LINES
    };
    (0..LINES / 2).take_while(is_border).count()
}

#[cfg(test)]
mod tests {
    use vara_imaging::Picture;

    use super::*;

    fn framed(edge: usize) -> Canvas {
        let inside = |at: usize| (edge..LINES - edge).contains(&at);
        let pixel = |at: usize| {
            let (x, y) = (at % LINES, at / LINES);
            let value = if inside(x) && inside(y) {
                ((x * 37 + y * 91) % 199) as u8
            } else {
                250
            };
            [value; 3]
        };
        let rgb = (0..LINES * LINES).flat_map(pixel).collect();
        Canvas::of(&Picture::from_rgb(LINES as u32, LINES as u32, rgb).unwrap())
    }

    #[test]
    fn a_frame_is_cut_off() {
        assert_eq!(frame(&framed(16)), Frame::upright(0.125, 0.125, 0.75, 0.75));
    }

    #[test]
    fn a_picture_without_a_frame_and_an_empty_one_stay_whole() {
        assert_eq!(frame(&framed(0)), Frame::WHOLE);
        assert_eq!(frame(&framed(LINES / 2)), Frame::WHOLE);
    }
}
