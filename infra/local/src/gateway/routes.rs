//! Which route a request takes, by the rules of HTTP APIs: a full match before a
//! greedy one, the longer before the shorter, a method of its own before `ANY`,
//! and `$default` last.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use crate::template;

/// A table of routes.
#[derive(Debug)]
pub(crate) struct Routes(Vec<RoutePattern>);

#[derive(Debug)]
struct RoutePattern {
    key: String,
    /// `None` is `ANY`.
    method: Option<String>,
    /// `None` is `$default`.
    segments: Option<Vec<Segment>>,
    target: Target,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

/// Who answers.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}

/// A route taken.
#[derive(Debug)]
pub(crate) struct RouteMatch<'a> {
    pub(crate) key: &'a str,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) target: &'a Target,
}

/// Greater is better.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_default: bool,
    not_greedy: bool,
    length: usize,
    /// The first variable is as far right as possible.
    literals: Vec<bool>,
    own_method: bool,
    /// Among equals, the first by name; CloudFormation refuses true equals.
    key: Reverse<String>,
}

impl Routes {
    /// Takes the routes of a template.
    pub(crate) fn new(routes: &[template::Route]) -> Self {
        Self(routes.iter().map(RoutePattern::new).collect())
    }

    /// The route for a decoded path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<RouteMatch<'_>> {
        self.0
            .iter()
            .filter_map(|route| route.takes(method, path))
            .max_by(|(left, _), (right, _)| left.cmp(right))
            .map(|(_, found)| found)
    }
}

impl RoutePattern {
    fn new(route: &template::Route) -> Self {
        let (method, path) = route.key.split_once(' ').unwrap_or(("ANY", ""));
        Self {
            key: route.key.clone(),
            method: (method != "ANY").then(|| method.to_owned()),
            segments: (route.key != "$default").then(|| segments(path)),
            target: Target {
                function_arn: route.function_arn.clone(),
                timeout: route.timeout,
            },
        }
    }

    fn takes(&self, method: &str, path: &str) -> Option<(Rank, RouteMatch<'_>)> {
        if self.method.as_deref().is_some_and(|own| own != method) {
            return None;
        }
        let mut rank = Rank {
            not_default: self.segments.is_some(),
            not_greedy: true,
            length: 0,
            literals: Vec::new(),
            own_method: self.method.is_some(),
            key: Reverse(self.key.clone()),
        };
        let mut parameters = BTreeMap::new();
        if let Some(segments) = &self.segments {
            let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
            for segment in segments {
                let remaining = rest?;
                let (part, after) = match (segment, remaining.split_once('/')) {
                    (Segment::Greedy(_), _) => (remaining, None),
                    (_, Some((part, after))) => (part, Some(after)),
                    (_, None) => (remaining, None),
                };
                match segment {
                    Segment::Literal(literal) if literal != part => return None,
                    Segment::Literal(_) => {}
                    // A variable stands for something.
                    Segment::Variable(_) | Segment::Greedy(_) if part.is_empty() => return None,
                    Segment::Variable(name) => {
                        parameters.insert(name.clone(), part.to_owned());
                    }
                    Segment::Greedy(name) => {
                        rank.not_greedy = false;
                        parameters.insert(name.clone(), part.to_owned());
                    }
                }
                rank.length += 1;
                rank.literals.push(matches!(segment, Segment::Literal(_)));
                rest = after;
            }
            if rest.is_some() {
                return None;
            }
        }
        let found = RouteMatch {
            key: &self.key,
            parameters,
            target: &self.target,
        };
        Some((rank, found))
    }
}

fn segments(path: &str) -> Vec<Segment> {
    path.trim_start_matches('/')
        .split('/')
        .map(|part| {
            match part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            {
                None => Segment::Literal(part.to_owned()),
                Some(name) => match name.strip_suffix('+') {
                    Some(name) => Segment::Greedy(name.to_owned()),
                    None => Segment::Variable(name.to_owned()),
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {

    use std::time::Duration;

    use super::{Routes, template};

    fn routes(keys: &[&str]) -> Routes {
        let routes: Vec<_> = keys
            .iter()
            .map(|key| template::Route {
                key: (*key).to_owned(),
                function_arn: String::new(),
                timeout: Duration::from_secs(30),
            })
            .collect();
        Routes::new(&routes)
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "$default",
            "ANY /{proxy+}",
            "ANY /api/v1/images/{proxy+}",
            "ANY /api/v1/images",
            "GET /api/v1/images/{id}",
            "ANY /api/v1/images/{id}",
            "ANY /api/v1/images/count",
            "ANY /api/v1/{kind}/count",
        ]);
        for (method, path, key) in [
            ("GET", "/api/v1/images", "ANY /api/v1/images"),
            ("GET", "/api/v1/images/7", "GET /api/v1/images/{id}"),
            ("POST", "/api/v1/images/7", "ANY /api/v1/images/{id}"),
            ("GET", "/api/v1/images/count", "ANY /api/v1/images/count"),
            ("GET", "/api/v1/alerts/count", "ANY /api/v1/{kind}/count"),
            (
                "GET",
                "/api/v1/images/7/thumb",
                "ANY /api/v1/images/{proxy+}",
            ),
            ("GET", "/other", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(
                routes.find(method, path).unwrap().key,
                key,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn variables_are_named() {
        let routes = routes(&["ANY /a/{id}/{proxy+}"]);
        let parameters = routes.find("GET", "/a/7/b/c").unwrap().parameters;
        assert_eq!(parameters["id"], "7");
        assert_eq!(parameters["proxy"], "b/c");
    }

    #[test]
    fn a_greedy_variable_stands_for_something() {
        let routes = routes(&["ANY /a/{proxy+}"]);
        assert!(routes.find("GET", "/a").is_none());
        assert!(routes.find("GET", "/a/").is_none());
        assert!(routes.find("GET", "/b/c").is_none());
    }

    #[test]
    fn a_method_must_fit() {
        assert!(routes(&["GET /a"]).find("POST", "/a").is_none());
    }
}
