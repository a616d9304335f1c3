//! Squares of samples of two pictures laid on each other: their correlation, one by one and summed up.
//!
//! Furniture is what is drawn on a ground of one colour: words on paper, buttons on a screen.

/// Samples per side of a square.
pub(super) const SQUARE: usize = 6;

/// Least spread of grey levels in a square that shows anything.
const MIN_SPREAD: f32 = 2.5;

/// Spread above which a square counts no more than others.
const FULL_SPREAD: f32 = 24.0;

/// Correlation from which a square is taken to show the same.
const SAME_CORRELATION: f32 = 0.7;

/// Correlation at which a square counts neither for the common part reaching
/// so far nor against it.
const NEUTRAL_CORRELATION: f64 = 0.5;

/// Share of a square's samples with the ground of the picture about them when
/// the square is furniture: words on paper, buttons on a screen.
const FURNITURE_SHARE: f32 = 0.6;

/// Squares that must contradict the rest before furniture is left out.
const MIN_CONTRADICTING_SQUARES: usize = 3;

/// Grey levels by which a square must be brighter or darker than the whole part
/// has become, to show that something was done to it alone.
const ALTERED_GREY_LEVELS: f64 = 12.0;

/// What laying one picture on the other has shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Agreement {
    /// Mean correlation over the squares that show anything, 0 to 1, within
    /// the part in which the two pictures agree.
    pub(crate) correlation: f64,
    /// Squares of that part that show anything in either picture.
    pub(crate) squares: u32,
    /// Squares of that part that show the same.
    pub(crate) same: u32,
    /// The part, in pixels of the query: left, top, right, bottom. `None` when
    /// it is the whole common area.
    pub(crate) part: Option<[f64; 4]>,
    /// Share of the part's squares with something in one picture that is not
    /// in the other.
    pub(crate) hidden: f64,
    /// Where in the query squares changed that the rest did not: left, top, right,
    /// bottom.
    pub(crate) altered: Option<[f64; 4]>,
    /// Squares of the whole common area in which both clearly show something, each something else.
    pub(crate) clashes: u32,
    /// Share of the common area's squares that are not furniture of both.
    pub(crate) pictured: f64,
    /// Share of the part that is of one grey in both: the paper of a page, the
    /// ground of a screen.
    pub(crate) paper: f64,
    /// How the colours have changed.
    pub(crate) colours: ColourShift,
}

/// Colours of the candidate against those of the query, over the common part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ColourShift {
    /// Mean difference in brightness, in grey levels.
    pub(crate) brightness: f64,
    /// Mean difference in hue and saturation, in levels.
    pub(crate) tint: f64,
}

/// A sample of both.
pub(super) struct SamplePair {
    /// Grey, and the two colour differences.
    pub(super) colours: [[f32; 3]; 2],
    /// Whether the sample lies on a ground of its picture.
    pub(super) on_ground: [bool; 2],
}

/// How often each shade of grey occurs.
type GreyHistogram = [u32; 32];

/// One square of samples.
#[derive(Default)]
pub(super) struct Square {
    /// Zero when it shows nothing in either picture.
    weight: f64,
    correlation: f64,
    shows: bool,
    same: bool,
    /// Whether something is clearly there, and whether only in one picture.
    drawn: bool,
    hides: bool,
    /// Whether something clearly is there in both, and not the same.
    clashes: bool,
    /// Whether it is drawn on the ground of both pictures.
    furniture: bool,
    samples: f64,
    brightness: f64,
    tint: f64,
    greys: [GreyHistogram; 2],
}

impl Square {
    pub(super) fn of(seen: &[SamplePair]) -> Self {
        let mut square = Self {
            furniture: is_furniture(seen),
            ..Self::default()
        };
        // Of the whole square: single samples differ wherever colours meet.
        let mut tint = [0.0; 2];
        for [query, candidate] in seen.iter().map(|seen| seen.colours) {
            square.samples += 1.0;
            square.brightness += f64::from(candidate[0] - query[0]);
            tint[0] += f64::from(candidate[1] - query[1]);
            tint[1] += f64::from(candidate[2] - query[2]);
            for (greys, [grey, ..]) in square.greys.iter_mut().zip([query, candidate]) {
                greys[(grey / 8.0).clamp(0.0, 31.0) as usize] += 1;
            }
        }
        square.tint = tint[0].hypot(tint[1]);
        if seen.len() < SQUARE * SQUARE / 2 {
            return square;
        }
        let ([query, candidate], correlation) = correlate(seen);
        if query.max(candidate) < MIN_SPREAD {
            return square;
        }
        square.shows = true;
        square.weight = f64::from(query.min(FULL_SPREAD) * candidate.min(FULL_SPREAD)).sqrt();
        square.correlation = f64::from(correlation.max(0.0));
        square.same = correlation >= SAME_CORRELATION && query.min(candidate) >= 1.0;
        square.drawn = query.max(candidate) >= 2.0 * MIN_SPREAD;
        square.hides = square.drawn && correlation < SAME_CORRELATION / 2.0;
        // What is drawn on paper or a screen is around a picture, not in it.
        square.clashes = square.hides
            && query.min(candidate) >= 2.0 * MIN_SPREAD
            && [0, 1]
                .iter()
                .all(|n| 2 * count_on_ground(seen, *n) < seen.len());
        square
    }

    /// Whether it changed otherwise than the whole part, which became brighter by
    /// so many levels.
    pub(super) fn is_altered(&self, brighter: f64) -> bool {
        let change = self.brightness / self.samples.max(1.0);
        self.hides || (change - brighter).abs() >= ALTERED_GREY_LEVELS
    }

    /// Whether either picture clearly shows something that is not furniture of both.
    pub(super) fn is_pictured(&self) -> bool {
        self.drawn && !self.furniture
    }

    pub(super) fn is_same(&self) -> bool {
        self.same
    }

    /// Whether both show the same furniture, and clearly.
    pub(super) fn is_shared_furniture(&self) -> bool {
        self.drawn && self.furniture && self.same
    }

    /// What taking the square into the common part is worth.
    pub(super) fn gain(&self) -> f64 {
        self.weight * (self.correlation - NEUTRAL_CORRELATION)
    }

    /// The same square as if it showed nothing.
    fn silence(self) -> Self {
        Self {
            weight: 0.0,
            correlation: 0.0,
            shows: false,
            same: false,
            drawn: false,
            hides: false,
            clashes: false,
            ..self
        }
    }
}

/// Silences the furniture of two pictures that are otherwise not alike: two
/// screenshots share their buttons and two memes their words, whatever they
/// show. Where nothing contradicts, furniture may be all that a picture has.
pub(super) fn silence_shared_furniture(squares: Vec<Square>) -> Vec<Square> {
    let count =
        |is: fn(&Square) -> bool| squares.iter().filter(|it| !it.furniture && is(it)).count();
    if count(|it| it.hides) < MIN_CONTRADICTING_SQUARES.max(count(|it| it.same)) {
        return squares;
    }
    let silence = |square: Square| {
        if square.furniture {
            square.silence()
        } else {
            square
        }
    };
    squares.into_iter().map(silence).collect()
}

/// Samples of one of the two with the ground of the picture about them.
fn count_on_ground(seen: &[SamplePair], which: usize) -> usize {
    seen.iter().filter(|seen| seen.on_ground[which]).count()
}

fn is_furniture(seen: &[SamplePair]) -> bool {
    let both = seen.iter().filter(|seen| seen.on_ground == [true; 2]);
    both.count() as f32 >= FURNITURE_SHARE * seen.len() as f32
}

/// Sums over the squares of the common part.
#[derive(Default)]
pub(super) struct SquareTally {
    weights: f64,
    correlations: f64,
    same: u32,
    squares: u32,
    drawn: u32,
    hidden: u32,
    samples: f64,
    brightness: f64,
    tint: f64,
    greys: [GreyHistogram; 2],
}

impl SquareTally {
    pub(super) fn add(&mut self, square: &Square) {
        self.samples += square.samples;
        self.brightness += square.brightness;
        self.tint += square.tint;
        self.weights += square.weight;
        self.correlations += square.weight * square.correlation;
        self.squares += u32::from(square.shows);
        self.same += u32::from(square.same);
        self.drawn += u32::from(square.drawn);
        self.hidden += u32::from(square.hides);
        for (greys, more) in self.greys.iter_mut().zip(&square.greys) {
            greys
                .iter_mut()
                .zip(more)
                .for_each(|(count, more)| *count += more);
        }
    }

    pub(super) fn agreement(&self, part: Option<[f64; 4]>, all: &[Square]) -> Agreement {
        let count = |is: fn(&Square) -> bool| all.iter().filter(|it| is(it)).count();
        let samples = self.samples.max(1.0);
        Agreement {
            correlation: self.correlations / self.weights.max(1e-9),
            same: self.same,
            squares: self.squares,
            part,
            hidden: f64::from(self.hidden) / f64::from(self.drawn.max(1)),
            altered: None,
            clashes: count(|it| it.clashes) as u32,
            pictured: count(|it| !it.furniture) as f64 / all.len().max(1) as f64,
            paper: self
                .greys
                .iter()
                .map(commonest_grey_share)
                .fold(1.0, f64::min),
            colours: ColourShift {
                brightness: self.brightness / samples,
                tint: self.tint / samples,
            },
        }
    }
}

/// The share of the commonest grey, with its neighbour: it may lie between two.
fn commonest_grey_share(greys: &GreyHistogram) -> f64 {
    let most = greys
        .windows(2)
        .map(|two| two[0] + two[1])
        .max()
        .unwrap_or(0);
    f64::from(most) / f64::from(greys.iter().sum::<u32>().max(1))
}

/// The spread of grey in both, and how alike they go up and down.
fn correlate(seen: &[SamplePair]) -> ([f32; 2], f32) {
    let count = seen.len() as f32;
    let mean = |n: usize| seen.iter().map(|two| two.colours[n][0]).sum::<f32>() / count;
    let (query, candidate) = (mean(0), mean(1));
    let (mut qq, mut cc, mut qc) = (0.0, 0.0, 0.0);
    for two in seen {
        let [q, c] = [two.colours[0][0] - query, two.colours[1][0] - candidate];
        qq += q * q;
        cc += c * c;
        qc += q * c;
    }
    let spreads = [(qq / count).sqrt(), (cc / count).sqrt()];
    (spreads, qc / (qq * cc).sqrt().max(1e-3))
}
