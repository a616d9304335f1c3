//! Points in time, written the way the contract writes them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::{BorrowedFormatItem, well_known::Rfc3339};
use time::macros::format_description;
use time::{Duration, OffsetDateTime, Time, UtcOffset};

const ISO_MS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// A moment, to the millisecond, in UTC: `2026-01-31T12:34:56.789Z`. Its text sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime, example = "2026-01-31T12:34:56.789Z"))]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Reads RFC 3339; `None` if it is not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self::from)
    }

    /// From seconds since 1970; `None` outside the calendar.
    #[must_use]
    pub fn from_epoch_seconds(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .map(Self::from)
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

    /// `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(Duration::seconds(seconds)))
    }

    /// `seconds` earlier.
    #[must_use]
    pub fn minus_seconds(self, seconds: i64) -> Self {
        self.plus_seconds(-seconds)
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
        Self(first(first(self.0).saturating_add(Duration::days(31))))
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
    fn from(moment: OffsetDateTime) -> Self {
        let ms = i64::from(moment.millisecond());
        let whole = moment
            .to_offset(UtcOffset::UTC)
            .replace_nanosecond(0)
            .unwrap_or(moment);
        Self(whole.saturating_add(Duration::milliseconds(ms)))
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
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 date"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
    fn newest_first_sorts_backwards() {
        let early = Timestamp::parse("2026-01-31T12:34:56.001Z").unwrap();
        let late = Timestamp::parse("2026-01-31T12:34:56.002Z").unwrap();
        assert!(late.newest_first() < early.newest_first());
    }
}
