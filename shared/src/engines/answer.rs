//! Common answer of all search engines: candidates with page, picture, claim and score; size limits.
//!
//! Everything in here was written by strangers: addresses are checked to be of the web, titles are
//! plain text, and the whole stays small enough to be kept in one row of the table.

use serde::{Deserialize, Serialize};
use url::Url;

use super::reading::{or_default, plain};

/// How many candidates are kept, and how long their addresses may be: as long as servers take them.
pub(super) const MAX_CANDIDATES: usize = 100;
pub(super) const MAX_ADDRESS: usize = 8 * 1024;

/// From which length on an address is a long one.
const LONG_ADDRESS: usize = 1500;

/// How much text all candidates together may have, and those with long addresses beside them, so that a
/// few of these do not crowd out the others. A row holds 400 KB.
const MAX_TEXT: usize = 300_000;
const MAX_LONG_TEXT: usize = 50_000;

/// How the engine says a picture is related to hers. The surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CandidateKind {
    /// The whole picture.
    Full,
    /// A part of it, or an altered one.
    Partial,
    /// The same person in what may be another picture.
    Face,
    /// The page shows it; the engine does not say how.
    Page,
    /// Something that looks alike.
    #[default]
    Similar,
}

/// A page that shows a picture the engine matched. It has a page, a picture's address, or both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The picture's own address, if the engine knows it.
    pub picture: Option<String>,
    /// The page it is on, if the engine knows it.
    pub page: Option<String>,
    /// The engine's score, 0 to 100, if it gives any.
    pub score: Option<f64>,
    /// How it is related to hers.
    #[serde(default)]
    pub kind: CandidateKind,
    /// The page's title as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The day the engine saw it, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_on: Option<String>,
}

impl Candidate {
    /// The same with nothing in it that cannot be used; nothing if no address is left.
    fn usable(mut self) -> Option<Self> {
        self.picture = self.picture.filter(|it| is_usable(it));
        self.page = self.page.filter(|it| is_usable(it));
        self.score = self.score.filter(|it| it.is_finite());
        // Rounded: the table takes no number as small as a float can be.
        self.score = self
            .score
            .map(|it| (it.clamp(0.0, 100.0) * 100.0).round() / 100.0);
        self.title = self.title.and_then(|it| plain(&it));
        self.seen_on = self.seen_on.filter(|it| is_day(it));
        (self.picture.is_some() || self.page.is_some()).then_some(self)
    }

    fn is_long(&self) -> bool {
        let addresses = [&self.picture, &self.page];
        let mut lengths = addresses.into_iter().flatten().map(String::len);
        lengths.any(|it| it > LONG_ADDRESS)
    }

    fn size(&self) -> usize {
        [&self.picture, &self.page, &self.title]
            .iter()
            .map(|it| it.as_ref().map_or(0, String::len))
            .sum()
    }
}

/// How sure the engine is that a picture is of some sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Likelihood {
    /// It does not say, or says something we do not know.
    #[default]
    Unknown,
    /// Almost certainly not.
    VeryUnlikely,
    /// Rather not.
    Unlikely,
    /// Perhaps.
    Possible,
    /// Rather so.
    Likely,
    /// Almost certainly.
    VeryLikely,
}

/// What an engine says the picture it was asked with shows. Violence, jokes and illness are none of
/// our business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SafeSearch {
    /// Nakedness or sex.
    #[serde(deserialize_with = "or_default")]
    pub adult: Likelihood,
}

impl SafeSearch {
    /// How intimate the picture is, 0 to 1, if the engine is sure of it.
    #[must_use]
    pub fn intimacy(self) -> Option<f32> {
        match self.adult {
            Likelihood::VeryLikely => Some(0.95),
            Likelihood::Likely => Some(0.8),
            _ => None,
        }
    }
}

/// What a search came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// The engine cannot search for this picture, today or tomorrow.
    #[serde(default)]
    pub unsuitable: bool,
    /// What the picture shows, of engines that say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_search: Option<SafeSearch>,
}

impl SearchResult {
    /// What the engine cannot search for.
    pub(crate) fn unsuitable() -> Self {
        Self {
            unsuitable: true,
            ..Self::default()
        }
    }

    /// The usable ones of what an engine named: best first, each once, and not too many.
    pub(super) fn of(named: impl IntoIterator<Item = Candidate>) -> Self {
        let mut named: Vec<_> = named.into_iter().filter_map(Candidate::usable).collect();
        let score = |it: &Candidate| it.score.unwrap_or_default();
        // Stable: of equals the engine's own order holds.
        named.sort_by(|a, b| a.kind.cmp(&b.kind).then(score(b).total_cmp(&score(a))));
        let mut kept: Vec<Candidate> = Vec::new();
        let mut rooms = [MAX_TEXT, MAX_LONG_TEXT];
        for candidate in named {
            let size = candidate.size();
            let room = &mut rooms[usize::from(candidate.is_long())];
            if kept.len() < MAX_CANDIDATES && size <= *room && !is_known(&kept, &candidate) {
                *room -= size;
                kept.push(candidate);
            }
        }
        Self {
            candidates: kept,
            ..Self::default()
        }
    }
}

/// Whether this adds nothing: the same page with the same picture, or a bare picture or page that one
/// of the better ones has, too.
fn is_known(kept: &[Candidate], new: &Candidate) -> bool {
    kept.iter().any(|it| match (&new.page, &new.picture) {
        (Some(_), Some(_)) => it.page == new.page && it.picture == new.picture,
        (Some(_), None) => it.page == new.page,
        (None, _) => it.picture == new.picture,
    })
}

fn is_usable(address: &str) -> bool {
    address.len() <= MAX_ADDRESS
        && Url::parse(address).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
        })
}

fn is_day(text: &str) -> bool {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn candidate(kind: CandidateKind, score: Option<f64>, page: &str, picture: &str) -> Candidate {
        let some = |it: &str| (!it.is_empty()).then(|| it.to_owned());
        Candidate {
            picture: some(picture),
            page: some(page),
            score,
            kind,
            ..Candidate::default()
        }
    }

    fn pages(answer: &SearchResult) -> Vec<&str> {
        answer
            .candidates
            .iter()
            .filter_map(|it| it.page.as_deref())
            .collect()
    }

    #[test]
    fn the_surest_come_first_and_equals_keep_the_engines_order() {
        let answer = SearchResult::of([
            candidate(CandidateKind::Similar, None, "https://e.example/1", ""),
            candidate(CandidateKind::Similar, None, "https://e.example/2", ""),
            candidate(
                CandidateKind::Partial,
                Some(40.0),
                "https://e.example/3",
                "",
            ),
            candidate(
                CandidateKind::Partial,
                Some(45.0),
                "https://e.example/4",
                "",
            ),
            candidate(CandidateKind::Full, None, "https://e.example/5", ""),
        ]);
        let want = ["5", "4", "3", "1", "2"].map(|it| format!("https://e.example/{it}"));
        assert_eq!(pages(&answer), want);
    }

    #[test]
    fn what_adds_nothing_is_left_out() {
        let (page, picture) = ("https://e.example/p", "https://e.example/a.jpg");
        let answer = SearchResult::of([
            candidate(CandidateKind::Partial, None, page, picture),
            candidate(CandidateKind::Full, None, page, picture),
            candidate(
                CandidateKind::Partial,
                None,
                page,
                "https://e.example/b.jpg",
            ),
            candidate(CandidateKind::Partial, None, "", picture),
            candidate(CandidateKind::Page, None, page, ""),
            candidate(CandidateKind::Page, None, "https://e.example/q", ""),
        ]);
        let kinds: Vec<_> = answer.candidates.iter().map(|it| it.kind).collect();
        assert_eq!(
            kinds,
            [
                CandidateKind::Full,
                CandidateKind::Partial,
                CandidateKind::Page
            ]
        );
    }

    #[test]
    fn what_is_not_of_the_web_is_no_address() {
        for bad in [
            "javascript:alert(1)",
            "data:image/gif;base64,R0lG",
            "ftp://e.example/a",
            "//e.example/a",
            "https://user:pw@e.example/a",
            "",
            "not an address",
        ] {
            let named = [candidate(CandidateKind::Full, None, bad, bad)];
            assert_eq!(SearchResult::of(named), SearchResult::default(), "{bad}");
        }
        let half = candidate(
            CandidateKind::Full,
            None,
            "mailto:a@e.example",
            "https://e.example/a.jpg",
        );
        let kept = SearchResult::of([half]).candidates.remove(0);
        assert_eq!(
            (kept.page, kept.picture.as_deref()),
            (None, Some("https://e.example/a.jpg"))
        );
    }

    #[test]
    fn a_score_is_a_number_the_table_takes() {
        for (score, kept) in [
            (1e-300, 0.0),
            (f64::MIN_POSITIVE, 0.0),
            (33.339, 33.34),
            (1e300, 100.0),
        ] {
            let named = [candidate(
                CandidateKind::Full,
                Some(score),
                "https://e.example/p",
                "",
            )];
            assert_eq!(
                SearchResult::of(named).candidates[0].score,
                Some(kept),
                "{score}"
            );
        }
    }

    #[test]
    fn scores_days_and_titles_are_made_plain() {
        let named = Candidate {
            score: Some(180.0),
            title: Some(" Thread <b>42</b> &amp; more ".into()),
            seen_on: Some("2 years ago".into()),
            ..candidate(CandidateKind::Full, None, "https://e.example/p", "")
        };
        let none = Candidate {
            score: Some(f64::NAN),
            seen_on: Some("2025-11-03".into()),
            ..candidate(CandidateKind::Similar, None, "https://e.example/q", "")
        };
        let answer = SearchResult::of([named, none]);
        let [one, two] = &answer.candidates[..] else {
            panic!("two are kept");
        };
        assert_eq!((one.score, one.seen_on.as_deref()), (Some(100.0), None));
        assert_eq!(one.title.as_deref(), Some("Thread 42 & more"));
        assert_eq!(
            (two.score, two.seen_on.as_deref()),
            (None, Some("2025-11-03"))
        );
    }

    #[test]
    fn an_answer_stays_small_enough_for_a_row() {
        let long = |at: usize| format!("https://e.example/{at}{}", "x".repeat(LONG_ADDRESS - 30));
        let named = (0..400).map(|at| Candidate {
            title: Some("\u{1F600}".repeat(500)),
            ..candidate(CandidateKind::Full, None, &long(at), &long(at))
        });
        let answer = SearchResult::of(named);
        assert!(answer.candidates.len() >= 80 && answer.candidates.len() <= MAX_CANDIDATES);
        assert!(serde_json::to_vec(&answer).unwrap().len() < 380_000);
        let short = (0..400).map(|at| {
            candidate(
                CandidateKind::Page,
                None,
                &format!("https://e.example/{at}"),
                "",
            )
        });
        assert_eq!(SearchResult::of(short).candidates.len(), MAX_CANDIDATES);
    }

    #[test]
    fn a_long_address_keeps_its_page_and_many_crowd_out_nobody() {
        let long = |at: usize| format!("https://e.example/{at}?q={}", "x".repeat(MAX_ADDRESS - 40));
        let picture = "https://e.example/a.jpg";
        let answer = SearchResult::of([candidate(CandidateKind::Full, None, &long(1), picture)]);
        assert_eq!(pages(&answer), [long(1)]);
        let longer = format!("{}{}", long(1), "x".repeat(40));
        let answer = SearchResult::of([candidate(CandidateKind::Full, None, &longer, picture)]);
        assert_eq!(answer.candidates[0].page, None);

        let named = (0..90).map(|at| candidate(CandidateKind::Full, None, &long(at), &long(at)));
        let short = |at: usize| {
            let page = format!("https://e.example/{at}{}", "x".repeat(LONG_ADDRESS - 30));
            candidate(CandidateKind::Similar, None, &page, "")
        };
        let answer = SearchResult::of(named.chain((0..90).map(short)));
        let longs = answer.candidates.iter().filter(|it| it.is_long()).count();
        assert_eq!(longs, MAX_LONG_TEXT / (2 * long(1).len()));
        assert_eq!(answer.candidates.len(), 90 + longs);
        assert!(serde_json::to_vec(&answer).unwrap().len() < 390_000);
    }

    #[test]
    fn an_answer_kept_by_an_older_version_is_still_read() {
        let old = json!({ "candidates": [{ "picture": "https://e.example/a.jpg", "page": null, "score": 61.3 }] });
        let read: SearchResult = serde_json::from_value(old).unwrap();
        assert_eq!(read.candidates[0].kind, CandidateKind::Similar);
        let odd: SafeSearch = serde_json::from_value(json!({ "adult": "A_NEW_ONE" })).unwrap();
        assert_eq!((odd.adult, odd.intimacy()), (Likelihood::Unknown, None));
    }
}
