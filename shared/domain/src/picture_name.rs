//! Names of her pictures in alerts, so that two alerts can be told apart.

use std::collections::BTreeMap;

use super::{ImageId, Timestamp};

/// The name of one picture: "picture of 3 November", "2nd picture of 3 November".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureName(String);

impl std::fmt::Display for PictureName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names of her pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureNames(BTreeMap<ImageId, PictureName>);

impl PictureNames {
    /// Names pictures by the day of their upload on her clock, and from the second of a day on by their
    /// number, too. The year is said where it is not this one.
    #[must_use]
    pub fn of(
        pictures: impl IntoIterator<Item = (ImageId, Timestamp)>,
        utc_offset_minutes: i32,
        now: Timestamp,
    ) -> Self {
        let local = |at: Timestamp| at.plus_seconds(i64::from(utc_offset_minutes) * 60);
        let year = local(now).date().year();
        let mut sorted: Vec<_> = pictures.into_iter().map(|(id, at)| (at, id)).collect();
        sorted.sort_unstable();
        let mut counts = BTreeMap::new();
        let name = |(at, id): (Timestamp, ImageId)| {
            let date = local(at).date();
            let count = counts.entry(date).or_insert(0_u32);
            *count += 1;
            let number = match *count {
                1 => String::new(),
                count => format!("{count}{} ", ordinal_suffix(count)),
            };
            let mut name = format!("{number}picture of {} {}", date.day(), date.month());
            if date.year() != year {
                name += &format!(" {}", date.year());
            }
            (id, PictureName(name))
        };
        Self(sorted.into_iter().map(name).collect())
    }

    /// The name of a picture, if it is one of these.
    #[must_use]
    pub fn get(&self, id: ImageId) -> Option<&PictureName> {
        self.0.get(&id)
    }
}

fn ordinal_suffix(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn each_of_a_day_has_its_own_name() {
        let now = at("2026-11-29T12:00:00Z");
        let ids: Vec<_> = (0..5).map(|_| ImageId::next()).collect();
        let days = [
            "2026-11-03T08:00:00Z",
            "2026-11-03T08:00:00Z",
            "2026-11-03T23:30:00Z",
            "2025-12-31T12:00:00Z",
            "2026-11-04T01:00:00Z",
        ];
        let pictures = || ids.iter().copied().zip(days.map(at));
        let names = |offset| {
            let names = PictureNames::of(pictures(), offset, now);
            let of = |id: &ImageId| names.get(*id).unwrap().to_string();
            ids.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(
            names(0),
            [
                "picture of 3 November",
                "2nd picture of 3 November",
                "3rd picture of 3 November",
                "picture of 31 December 2025",
                "picture of 4 November",
            ]
        );
        // On her clock the third came after midnight.
        assert_eq!(
            names(60)[2..],
            [
                "picture of 4 November",
                "picture of 31 December 2025",
                "2nd picture of 4 November"
            ]
        );
        assert_eq!(PictureNames::default().get(ids[0]), None);
    }

    #[test]
    fn numbers_are_spoken() {
        let suffixes = [1, 2, 3, 4, 11, 12, 13, 21, 22, 50].map(ordinal_suffix);
        let want = ["st", "nd", "rd", "th", "th", "th", "th", "st", "nd", "th"];
        assert_eq!(suffixes, want);
    }
}
