//! Timestamps: ISO 8601 with milliseconds, years 1970 to 2200.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::{BorrowedFormatItem, well_known::Rfc3339};
use time::macros::{datetime, format_description};
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset};

const ISO_MS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The bounds of a [`Timestamp`]. Text of years beyond them does not sort, and sums with them overflow.
const FIRST: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
const LAST: OffsetDateTime = datetime!(2200-12-31 23:59:59.999 UTC);

/// A moment, to the millisecond, in UTC: `2026-01-31T12:34:56.789Z`. Its text sorts by time.
///
/// *Invariant:* it lies in the years 1970 to 2200, so its text can be read back. Sums saturate there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime, example = "2026-01-31T12:34:56.789Z"))]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The first moment there is: the start of 1970.
    pub const FIRST: Self = Self(FIRST);

    /// Reads RFC 3339; `None` if it is not, or not in the years 1970 to 2200.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        Self::within_bounds(moment)
    }

    /// Reads RFC 3339 of any year; what lies outside the bounds becomes the nearer bound.
    #[must_use]
    pub fn parse_clamped(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from)
    }

    /// From seconds since 1970; `None` after 2200 or before 1970.
    #[must_use]
    pub fn from_epoch_seconds(seconds: i64) -> Option<Self> {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        Self::within_bounds(moment)
    }

    fn within_bounds(moment: OffsetDateTime) -> Option<Self> {
        (FIRST..=LAST).contains(&moment).then(|| Self::from(moment))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn epoch_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn epoch_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// `seconds` later, and no later than 2200.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from(self.0.saturating_add(Duration::seconds(seconds)))
    }

    /// `seconds` earlier, and no earlier than 1970.
    #[must_use]
    pub fn minus_seconds(self, seconds: i64) -> Self {
        self.plus_seconds(seconds.saturating_neg())
    }

    /// Milliseconds from `earlier` to this; negative if it is the other way round.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> i64 {
        self.epoch_millis() - earlier.epoch_millis()
    }

    /// Its calendar month in UTC: `2026-01`, which sorts by time.
    #[must_use]
    pub fn month(self) -> String {
        self.to_string()[..7].to_owned()
    }

    /// Its calendar day in UTC: `2026-01-31`, which sorts by time.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// The first moment of the next calendar day.
    #[must_use]
    pub fn next_day(self) -> Self {
        Self::from(
            self.0
                .replace_time(Time::MIDNIGHT)
                .saturating_add(Duration::DAY),
        )
    }

    /// The first moment of the next calendar month.
    #[must_use]
    pub fn next_month(self) -> Self {
        // 31 days after the first of any month lie in the next one.
        let first = |moment: OffsetDateTime| {
            moment
                .replace_day(1)
                .unwrap_or(moment)
                .replace_time(Time::MIDNIGHT)
        };
        Self::from(first(first(self.0).saturating_add(Duration::days(31))))
    }

    /// Its text in another format, for people.
    pub(crate) fn formatted(self, format: &[BorrowedFormatItem<'_>]) -> Option<String> {
        self.0.format(format).ok()
    }

    /// Its calendar date in UTC.
    #[must_use]
    pub fn date(self) -> Date {
        self.0.date()
    }

    /// Text that sorts newest first.
    #[must_use]
    pub fn newest_first(self) -> String {
        format!(
            "{:013}",
            9_999_999_999_999_i64.saturating_sub(self.epoch_millis())
        )
    }
}

impl From<OffsetDateTime> for Timestamp {
    /// To the millisecond; a moment outside the bounds becomes the nearer bound.
    fn from(moment: OffsetDateTime) -> Self {
        // Compared before it is moved to UTC: the last hours of the calendar cannot be.
        let moment = moment.clamp(FIRST, LAST).to_offset(UtcOffset::UTC);
        let whole = i64::from(moment.millisecond());
        let second = moment.replace_nanosecond(0).unwrap_or(FIRST);
        Self(second.saturating_add(Duration::milliseconds(whole)))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(moment: Timestamp) -> Self {
        moment.0.into()
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.format(ISO_MS).map_err(|_| std::fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom("not an RFC 3339 date from 1970 to 2200"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_milliseconds_and_comes_back() {
        let moment = Timestamp::parse("2026-01-31T12:34:56.789123Z").unwrap();
        assert_eq!(moment.to_string(), "2026-01-31T12:34:56.789Z");
        assert_eq!(
            Timestamp::parse("2026-01-31T13:34:56.789+01:00").unwrap(),
            moment
        );
        assert_eq!(Timestamp::parse(&moment.to_string()).unwrap(), moment);
    }

    #[test]
    fn a_moment_outside_1970_to_2200_is_not_taken() {
        for (bound, beyond) in [
            ("1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z"),
            ("1970-01-01T01:00:00+01:00", "1970-01-01T00:59:59+01:00"),
            ("2200-12-31T23:59:59.999Z", "2201-01-01T00:00:00Z"),
            ("2200-12-31T22:59:59-01:00", "2200-12-31T23:00:00-01:00"),
            ("1999-12-31T00:00:00Z", "0000-01-01T00:00:00+01:00"),
            ("1999-12-31T00:00:00Z", "9999-12-31T23:59:59-01:00"),
        ] {
            assert!(Timestamp::parse(bound).is_some(), "{bound}");
            assert!(Timestamp::parse(beyond).is_none(), "{beyond}");
        }
        let last = Timestamp::parse("2200-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::parse_clamped("9999-12-31T23:59:59-01:00"), last);
        let first = Some(Timestamp::FIRST);
        assert_eq!(Timestamp::parse_clamped("0000-01-01T00:00:00+01:00"), first);
        assert_eq!(Timestamp::parse_clamped("-0001-12-31T23:00:00Z"), None);
        for seconds in [i64::MIN, -1, 7_289_654_400, i64::MAX] {
            assert!(
                Timestamp::from_epoch_seconds(seconds).is_none(),
                "{seconds}"
            );
        }
    }

    #[test]
    fn sums_end_at_the_bounds() {
        let moment = Timestamp::parse("2026-01-31T12:34:56.789Z").unwrap();
        let (first, last) = (Timestamp::from(FIRST), Timestamp::from(LAST));
        assert_eq!(moment.plus_seconds(i64::MAX), last);
        assert_eq!(moment.plus_seconds(i64::MIN), first);
        assert_eq!(moment.minus_seconds(i64::MIN), last);
        assert_eq!(last.next_month(), last);
        let beyond = datetime!(9999-12-31 23:59:59 -1);
        assert_eq!(Timestamp::from(beyond), last);
        assert_eq!(Timestamp::from(datetime!(0000-01-01 00:00 +1)), first);
    }

    #[test]
    fn months_begin_on_the_first() {
        for (moment, month, next) in [
            (
                "2026-01-31T23:59:59.999Z",
                "2026-01",
                "2026-02-01T00:00:00.000Z",
            ),
            (
                "2026-12-01T00:00:00.000Z",
                "2026-12",
                "2027-01-01T00:00:00.000Z",
            ),
            (
                "2028-02-29T12:00:00.000Z",
                "2028-02",
                "2028-03-01T00:00:00.000Z",
            ),
        ] {
            let moment = Timestamp::parse(moment).unwrap();
            assert_eq!(
                (
                    moment.month().as_str(),
                    moment.next_month().to_string().as_str()
                ),
                (month, next)
            );
        }
    }

    #[test]
    fn days_begin_at_midnight() {
        let moment = Timestamp::parse("2028-02-29T23:59:59.999Z").unwrap();
        let next = Timestamp::parse("2028-03-01T00:00:00Z").unwrap();
        assert_eq!(
            (moment.day().as_str(), moment.next_day()),
            ("2028-02-29", next)
        );
    }

    #[test]
    fn newest_first_sorts_backwards() {
        let early = Timestamp::parse("2026-01-31T12:34:56.001Z").unwrap();
        let late = Timestamp::parse("2026-01-31T12:34:56.002Z").unwrap();
        assert!(late.newest_first() < early.newest_first());
    }
}
