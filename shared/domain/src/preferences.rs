//! Notification preferences: channels, digest, quiet hours, pause, kinds of alerts; consents to face
//! recognition and to search engines.
//!
//! Until she says otherwise, nowhere: somebody else may read her mail or see her screen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AlertType, EngineConsent, Timestamp};

const DAY: i64 = 24 * 3600;

/// The clocks of the world, in minutes from UTC.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

/// The longest address of a webhook.
const LONGEST_URL: usize = 2048;

/// Her preferences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Preferences {
    /// The channels beside the app.
    pub channels: Channels,
    /// How often.
    pub digest: Digest,
    /// When no notifications are sent.
    pub quiet_hours: Option<QuietHours>,
    /// What her clock shows, in minutes from UTC. It does not follow summer time.
    #[cfg_attr(feature = "openapi", schema(minimum = -720, maximum = 840))]
    pub utc_offset_minutes: i32,
    /// Which types of alert are notified; all that are absent are.
    pub types: BTreeMap<AlertType, bool>,
    /// Until when notifications are paused.
    pub paused_until: Option<Timestamp>,
    /// Whether she agrees that her face is recognised: only then are the numbers of faces in her
    /// pictures kept and compared.
    pub face_recognition: bool,
    /// Which pictures may be sent to which search engine.
    pub engines: EngineConsent,
}

/// The channels of notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Channels {
    /// Mail to the address of the account.
    pub email: bool,
    /// A webhook: a call of this address.
    pub webhook: Option<String>,
}

/// A notification channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Channel {
    Email,
    Webhook,
}

impl Channel {
    /// Its name in rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Webhook => "WEBHOOK",
        }
    }
}

/// Her answer to the question whether she wants mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailAnswer {
    /// She wants mail.
    Yes,
    /// She does not, and is not asked again.
    No,
    /// She is asked once more, some weeks later.
    Later,
}

impl MailAnswer {
    /// All of them, as links name them.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Yes, "yes"), (Self::No, "no"), (Self::Later, "later")];

    /// Whether she wants mail; `None` if she has not decided.
    #[must_use]
    pub fn wants_mail(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Later => None,
        }
    }
}

/// How often notifications are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Digest {
    /// How often.
    pub every: Every,
    /// The time of day, unless immediate; weekly is on Mondays.
    pub at: ClockTime,
}

/// How often notifications are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Every {
    #[default]
    Immediate,
    Daily,
    Weekly,
}

/// When no notifications are sent; over midnight if the end is before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuietHours {
    /// From then.
    pub from: ClockTime,
    /// Until then.
    pub until: ClockTime,
}

/// A time of day, `09:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:30"))]
pub struct ClockTime(u16);

impl Default for ClockTime {
    fn default() -> Self {
        Self(9 * 60)
    }
}

impl ClockTime {
    /// Reads `09:30`; `None` if it is not a time of day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |it: &str, below: u16| {
            let plain = it.len() == 2 && it.bytes().all(|it| it.is_ascii_digit());
            let number: Option<u16> = it.parse().ok();
            number.filter(|it| plain && *it < below)
        };
        Some(Self(number(hours, 24)? * 60 + number(minutes, 60)?))
    }

    fn seconds(self) -> i64 {
        i64::from(self.0) * 60
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a time of day such as 09:30"))
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            channels: Channels::default(),
            digest: Digest::default(),
            quiet_hours: None,
            utc_offset_minutes: 0,
            types: all_types(BTreeMap::new()),
            paused_until: None,
            face_recognition: false,
            engines: EngineConsent::default(),
        }
    }
}

fn all_types(said: BTreeMap<AlertType, bool>) -> BTreeMap<AlertType, bool> {
    let wanted = |it: &AlertType| said.get(it).copied().unwrap_or(true);
    AlertType::ALL.iter().map(|it| (*it, wanted(it))).collect()
}

impl Preferences {
    /// What holds while what she chose is unreadable: nothing is sent, recognised or told outside the app.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            engines: EngineConsent::none(),
            ..Self::default()
        }
    }

    /// The same with every kind named, or what is wrong with them: where, and why.
    pub fn checked(self) -> Result<Self, (&'static str, &'static str)> {
        if !OFFSETS.contains(&self.utc_offset_minutes) {
            return Err(("utcOffsetMinutes", "No clock shows that."));
        }
        if self.quiet_hours.is_some_and(|it| it.from == it.until) {
            return Err((
                "quietHours",
                "Quiet hours end at another time than they begin.",
            ));
        }
        let webhook = self.channels.webhook.as_deref();
        if webhook.is_some_and(|it| it.len() > LONGEST_URL) {
            return Err(("channels", "This address is too long."));
        }
        let types = all_types(self.types);
        Ok(Self { types, ..self })
    }

    /// The ways in which she is told of things of these kinds.
    #[must_use]
    pub fn ways(&self, kinds: &BTreeSet<AlertType>) -> Vec<Channel> {
        if !kinds.iter().any(|it| self.types.get(it) != Some(&false)) {
            return vec![];
        }
        let email = self.channels.email.then_some(Channel::Email);
        let webhook = self.channels.webhook.is_some().then_some(Channel::Webhook);
        email.into_iter().chain(webhook).collect()
    }

    /// When she may be told, at `now` or later, of what has been there `since`.
    #[must_use]
    pub fn moment(&self, since: Timestamp, now: Timestamp) -> Timestamp {
        let from = self.paused_until.map_or(since, |it| it.max(since));
        self.after_quiet(self.digest_after(from).max(now))
    }

    fn digest_after(&self, from: Timestamp) -> Timestamp {
        let local = self.local(from);
        let day = local.div_euclid(DAY);
        let days_to = |first: i64, step: i64| {
            let slot = |day: i64| day * DAY + self.digest.at.seconds();
            let mut day = first;
            while slot(day) < local {
                day += step;
            }
            slot(day)
        };
        let slot = match self.digest.every {
            Every::Immediate => return from,
            Every::Daily => days_to(day, 1),
            // The first day of 1970 was a Thursday.
            Every::Weekly => days_to(day - (day + 3).rem_euclid(7), 7),
        };
        from.plus_seconds(slot - local)
    }

    fn after_quiet(&self, at: Timestamp) -> Timestamp {
        let Some(quiet) = self.quiet_hours else {
            return at;
        };
        let time = self.local(at).rem_euclid(DAY);
        let (from, until) = (quiet.from.seconds(), quiet.until.seconds());
        let is_quiet = if from < until {
            (from..until).contains(&time)
        } else {
            time >= from || time < until
        };
        if is_quiet {
            at.plus_seconds((until - time).rem_euclid(DAY))
        } else {
            at
        }
    }

    fn local(&self, at: Timestamp) -> i64 {
        at.epoch_seconds() + i64::from(self.utc_offset_minutes) * 60
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn preferences(said: serde_json::Value) -> Preferences {
        let read: Preferences = serde_json::from_value(said).unwrap();
        read.checked().unwrap()
    }

    #[test]
    fn closed_preferences_allow_nothing() {
        let closed = Preferences::closed();
        for vendor in crate::Vendor::ALL {
            assert!(!closed.engines.allow(vendor, Some(0.0)), "{vendor:?}");
        }
        assert!(!closed.face_recognition);
        assert_eq!(closed.ways(&AlertType::ALL.into()), []);
    }

    #[test]
    fn nobody_is_told_anywhere_until_she_says_so() {
        let silent = Preferences::default();
        assert!(!silent.face_recognition);
        assert_eq!(silent.ways(&AlertType::ALL.into()), []);
        assert_eq!(preferences(json!({})), silent);
        let told = preferences(
            json!({ "channels": { "email": true, "webhook": "https://x.example" },
            "types": { "DATA_BREACH": false } }),
        );
        let both = [Channel::Email, Channel::Webhook];
        assert_eq!(told.ways(&[AlertType::FakeProfile].into()), both);
        assert_eq!(told.ways(&[AlertType::DataBreach].into()), []);
        let mixed = [AlertType::DataBreach, AlertType::FakeProfile].into();
        assert_eq!(told.ways(&mixed), both);
    }

    #[test]
    fn quiet_hours_are_those_of_her_clock_and_go_over_midnight() {
        let quiet = preferences(json!({ "utcOffsetMinutes": 60,
            "quietHours": { "from": "22:00", "until": "07:00" } }));
        for (now, told) in [
            ("2026-11-20T20:59:59Z", "2026-11-20T20:59:59Z"),
            ("2026-11-20T21:00:00Z", "2026-11-21T06:00:00Z"),
            ("2026-11-21T00:30:00Z", "2026-11-21T06:00:00Z"),
            ("2026-11-21T05:59:59Z", "2026-11-21T06:00:00Z"),
            ("2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"),
        ] {
            assert_eq!(quiet.moment(at(now), at(now)), at(told), "{now}");
        }
        let noon = preferences(json!({ "quietHours": { "from": "12:00", "until": "13:00" } }));
        let now = at("2026-11-20T12:59:00Z");
        assert_eq!(noon.moment(now, now), at("2026-11-20T13:00:00Z"));
    }

    #[test]
    fn digests_come_at_their_hour() {
        let since = at("2026-11-20T12:00:00Z"); // a Friday
        let told = |every: &str, hour: &str, now: &str| {
            let it = preferences(
                json!({ "utcOffsetMinutes": -60, "digest": { "every": every, "at": hour } }),
            );
            it.moment(since, at(now))
        };
        let soon = "2026-11-20T12:01:00Z";
        assert_eq!(told("IMMEDIATE", "09:00", soon), at(soon));
        assert_eq!(told("DAILY", "18:00", soon), at("2026-11-20T19:00:00Z"));
        assert_eq!(told("DAILY", "09:00", soon), at("2026-11-21T10:00:00Z"));
        assert_eq!(told("WEEKLY", "09:00", soon), at("2026-11-23T10:00:00Z"));
        // What is overdue is told at once, not with the next.
        let late = "2026-11-25T00:00:00Z";
        assert_eq!(told("WEEKLY", "09:00", late), at(late));
        let paused = preferences(
            json!({ "pausedUntil": "2026-11-22T00:00:00Z", "digest": { "every": "DAILY" } }),
        );
        assert_eq!(paused.moment(since, at(soon)), at("2026-11-22T09:00:00Z"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for bad in [
            json!({ "quietHours": { "from": "22:00" } }),
            json!({ "quietHours": { "from": "24:00", "until": "07:00" } }),
            json!({ "quietHours": { "from": "7:00", "until": "08:00" } }),
            json!({ "digest": { "every": "HOURLY" } }),
            json!({ "types": { "NOPE": true } }),
            json!({ "channels": { "sms": true } }),
            json!({ "faceRecognition": "yes" }),
            json!({ "faceRecognition": null }),
            json!({ "nope": 1 }),
        ] {
            let read = serde_json::from_value::<Preferences>(bad.clone());
            assert!(read.is_err(), "{bad}");
        }
        for bad in [
            json!({ "quietHours": { "from": "07:00", "until": "07:00" } }),
            json!({ "utcOffsetMinutes": 841 }),
            json!({ "channels": { "webhook": format!("https://x/{}", "x".repeat(2048)) } }),
        ] {
            let read: Preferences = serde_json::from_value(bad.clone()).unwrap();
            assert!(read.checked().is_err(), "{bad}");
        }
    }
}
