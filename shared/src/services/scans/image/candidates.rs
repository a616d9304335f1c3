//! Stage 2 of an image scan: what several engines name, grouped by page into places.

use std::collections::{HashMap, HashSet};

use crate::domain::{CanonicalUrl, EngineClaim, ImageId, MatchId, Vendor};
use crate::engines::{Candidate, CandidateKind, SearchResult};

/// How many places of a picture are looked at, and how many pictures of each.
const MAX_PLACES: usize = 200;
const MAX_PICTURES_PER_PLACE: usize = 5;

/// An engine that names as many places may know more than it names; TinEye is asked for 50.
const MANY_CANDIDATES: usize = 40;

/// A page (or a bare picture) where hers was found, with every picture on it that matched. One place is
/// one finding.
#[derive(Clone, Debug)]
pub(super) struct FoundPlace {
    pub(super) id: MatchId,
    pub(super) url: CanonicalUrl,
    /// The surest first.
    pub(super) sightings: Vec<Sighting>,
    /// The finding that led there, if it was another picture's.
    pub(super) parent: Option<MatchId>,
    /// No engine knows a page: the address is the picture's own.
    is_bare: bool,
}

/// One picture at a place, as an engine named it.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    pub(super) engine: &'static str,
    pub(super) claim: EngineClaim,
    pub(super) score: Option<f64>,
    pub(super) picture: Option<String>,
}

/// What one engine answered.
pub(super) struct EngineAnswer {
    pub(super) engine: &'static str,
    pub(super) vendor: Vendor,
    pub(super) answer: SearchResult,
    /// It is not one of an earlier scan.
    pub(super) is_new: bool,
}

/// The places of all answers, the surest first. What is not on the web is no place.
pub(super) fn group_by_page(image: ImageId, answers: &[EngineAnswer]) -> Vec<FoundPlace> {
    let mut places: Vec<FoundPlace> = Vec::new();
    let mut known: HashMap<MatchId, usize> = HashMap::new();
    for EngineAnswer {
        engine,
        vendor,
        answer,
        ..
    } in answers
    {
        for candidate in &answer.candidates {
            let at = |it: &Option<String>| it.as_deref().and_then(CanonicalUrl::parse);
            let page = at(&candidate.page);
            let is_bare = page.is_none();
            let Some(url) = page.or_else(|| at(&candidate.picture)) else {
                continue;
            };
            let id = MatchId::of(image, &url);
            let place = *known.entry(id).or_insert_with(|| {
                places.push(FoundPlace {
                    id,
                    url,
                    sightings: Vec::new(),
                    parent: None,
                    is_bare,
                });
                places.len() - 1
            });
            places[place].add_sighting(Sighting::of(engine, *vendor, candidate));
        }
    }
    drop_pictures_of_pages(&mut places);
    for place in &mut places {
        place.settle();
    }
    places.sort_by_key(|it| std::cmp::Reverse(it.sightings.first().map(|it| it.claim)));
    places.truncate(MAX_PLACES);
    places
}

/// The engines that named every place they know; what such an engine does not name, it does not see.
pub(super) fn exhaustive_engines(
    answers: &[EngineAnswer],
    places: &[FoundPlace],
) -> Vec<&'static str> {
    if places.len() >= MAX_PLACES {
        return Vec::new();
    }
    let named_all = |it: &&EngineAnswer| {
        it.is_new && !it.answer.unsuitable && it.answer.candidates.len() < MANY_CANDIDATES
    };
    answers
        .iter()
        .filter(named_all)
        .map(|it| it.engine)
        .collect()
}

/// A picture that one engine names by itself and another on its page is at one place, the page.
fn drop_pictures_of_pages(places: &mut Vec<FoundPlace>) {
    let paged = places.iter().filter(|it| !it.is_bare);
    let pictures: HashSet<String> = paged
        .flat_map(|it| &it.sightings)
        .filter_map(|it| CanonicalUrl::parse(it.picture.as_deref()?))
        .map(|it| it.to_string())
        .collect();
    places.retain(|it| !it.is_bare || !pictures.contains(it.url.as_str()));
}

impl FoundPlace {
    /// A picture that several engines name is looked at once.
    fn add_sighting(&mut self, new: Sighting) {
        let same = |it: &&mut Sighting| it.picture == new.picture;
        match self.sightings.iter_mut().find(same) {
            Some(old) if old.sureness() >= new.sureness() => {}
            Some(old) => *old = new,
            None => self.sightings.push(new),
        }
    }

    fn settle(&mut self) {
        // A page somebody names without a picture adds nothing to one with a picture.
        if self.sightings.iter().any(|it| it.picture.is_some()) {
            self.sightings.retain(|it| it.picture.is_some());
        }
        let sureness = |it: &Sighting| it.sureness();
        self.sightings.sort_by(|a, b| {
            sureness(b)
                .partial_cmp(&sureness(a))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        self.sightings.truncate(MAX_PICTURES_PER_PLACE);
    }
}

impl Sighting {
    fn of(engine: &'static str, vendor: Vendor, candidate: &Candidate) -> Self {
        Self {
            engine,
            claim: claim(vendor, candidate.kind),
            score: candidate.score,
            picture: candidate.picture.clone(),
        }
    }

    fn sureness(&self) -> (EngineClaim, f64) {
        (self.claim, self.score.unwrap_or_default())
    }
}

/// What an engine's word means. One that looks for copies only means a copy even where it is unsure.
fn claim(vendor: Vendor, kind: CandidateKind) -> EngineClaim {
    match kind {
        CandidateKind::Full => EngineClaim::Full,
        CandidateKind::Partial => EngineClaim::Partial,
        CandidateKind::Face => EngineClaim::Face,
        CandidateKind::Page => EngineClaim::Page,
        CandidateKind::Similar if vendor == Vendor::Tineye => EngineClaim::Weak,
        CandidateKind::Similar => EngineClaim::Alike,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(kind: CandidateKind, picture: &str, page: Option<&str>) -> Candidate {
        Candidate {
            picture: (!picture.is_empty()).then(|| picture.into()),
            page: page.map(str::to_owned),
            kind,
            ..Candidate::default()
        }
    }

    fn answer(engine: &'static str, vendor: Vendor, candidates: Vec<Candidate>) -> EngineAnswer {
        EngineAnswer {
            engine,
            vendor,
            answer: SearchResult {
                candidates,
                ..SearchResult::default()
            },
            is_new: true,
        }
    }

    #[test]
    fn one_page_is_one_place_however_many_pictures_it_shows() {
        let candidates = vec![
            candidate(
                CandidateKind::Full,
                "https://cdn.example/a.jpg",
                Some("https://Forum.example/t/1#post"),
            ),
            candidate(
                CandidateKind::Full,
                "https://cdn.example/b.jpg",
                Some("https://forum.example/t/1?utm_source=x"),
            ),
            candidate(
                CandidateKind::Full,
                "https://cdn.example/c.jpg",
                Some("javascript:alert(1)"),
            ),
            candidate(CandidateKind::Full, "ftp://cdn.example/d.jpg", None),
        ];
        let found = group_by_page(
            ImageId::next(),
            &[answer("tineye", Vendor::Tineye, candidates)],
        );
        let urls: Vec<_> = found
            .iter()
            .map(|it| (it.url.as_str(), it.sightings.len()))
            .collect();
        let one = ("https://forum.example/t/1", 2);
        assert_eq!(urls, [one, ("https://cdn.example/c.jpg", 1)]);
    }

    #[test]
    fn what_several_engines_name_is_one_place_and_the_surest_word_counts() {
        let page = Some("https://forum.example/t/1");
        let picture = "https://cdn.example/a.jpg";
        let found = group_by_page(
            ImageId::next(),
            &[
                answer(
                    "google_lens",
                    Vendor::Serpapi,
                    vec![candidate(CandidateKind::Similar, picture, page)],
                ),
                answer(
                    "google-vision",
                    Vendor::GoogleVision,
                    vec![
                        candidate(CandidateKind::Page, "", page),
                        candidate(CandidateKind::Similar, "https://cdn.example/z.jpg", None),
                    ],
                ),
                answer(
                    "tineye",
                    Vendor::Tineye,
                    vec![candidate(CandidateKind::Full, picture, page)],
                ),
            ],
        );
        assert_eq!(found.len(), 2);
        let sightings: Vec<_> = found[0]
            .sightings
            .iter()
            .map(|it| (it.engine, it.claim))
            .collect();
        assert_eq!(sightings, [("tineye", EngineClaim::Full)]);
        assert_eq!(found[1].sightings[0].claim, EngineClaim::Alike);
    }

    #[test]
    fn a_picture_by_itself_is_where_its_page_is() {
        let (picture, page) = ("https://cdn.example/a.jpg", "https://forum.example/t/1");
        let bare = candidate(CandidateKind::Full, picture, None);
        let other = candidate(CandidateKind::Full, "https://cdn.example/b.jpg", None);
        let paged = candidate(CandidateKind::Similar, picture, Some(page));
        let found = group_by_page(
            ImageId::next(),
            &[
                answer("google-vision", Vendor::GoogleVision, vec![bare, other]),
                answer("google_lens", Vendor::Serpapi, vec![paged]),
            ],
        );
        let urls: Vec<_> = found.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls, ["https://cdn.example/b.jpg", page]);
    }

    #[test]
    fn a_page_without_a_picture_is_a_place_and_few_pictures_of_it_are_enough() {
        let page = |at: usize| Candidate {
            page: Some("https://forum.example/t/2".into()),
            ..candidate(
                CandidateKind::Partial,
                &format!("https://cdn.example/{at}.jpg"),
                None,
            )
        };
        let bare = candidate(CandidateKind::Page, "", Some("https://forum.example/t/1"));
        let many = (0..9).map(page).chain([bare]).collect();
        let found = group_by_page(ImageId::next(), &[answer("v", Vendor::GoogleVision, many)]);
        let sizes: Vec<_> = found.iter().map(|it| it.sightings.len()).collect();
        assert_eq!(sizes, [MAX_PICTURES_PER_PLACE, 1]);
    }

    #[test]
    fn who_names_much_may_know_more() {
        let pages = |count: usize| -> Vec<Candidate> {
            let page = |n| format!("https://e.example/{n}");
            let all = 0..count;
            all.map(|n| candidate(CandidateKind::Full, "", Some(&page(n))))
                .collect()
        };
        let unsuitable = EngineAnswer {
            engine: "google-vision",
            vendor: Vendor::GoogleVision,
            answer: SearchResult::unsuitable(),
            is_new: true,
        };
        let recalled = EngineAnswer {
            is_new: false,
            ..answer("bing_reverse_image", Vendor::Serpapi, pages(1))
        };
        let answers = [
            answer("tineye", Vendor::Tineye, pages(MANY_CANDIDATES)),
            answer("google_lens", Vendor::Serpapi, pages(3)),
            unsuitable,
            recalled,
        ];
        let found = group_by_page(ImageId::next(), &answers);
        assert_eq!(exhaustive_engines(&answers, &found), ["google_lens"]);
        let many = vec![found[0].clone(); MAX_PLACES];
        assert!(exhaustive_engines(&answers, &many).is_empty());
    }
}
