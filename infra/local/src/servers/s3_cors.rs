//! The CORS rules of buckets, which browsers ask for before they post a picture
//! straight to S3.

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

use crate::template::{Bucket, CorsRule};

/// Answers a preflight; `None` when the request is none.
pub(crate) fn preflight(
    buckets: &[Bucket],
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<(StatusCode, HeaderMap)> {
    let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    if method != Method::OPTIONS {
        return None;
    }
    let origin = text(headers.get(ORIGIN))?;
    let names = text(headers.get(ACCESS_CONTROL_REQUEST_HEADERS)).unwrap_or_default();
    let rule = find(buckets, path, origin, wanted.to_str().ok()?)
        .filter(|rule| names.split(',').all(|name| allows_header(rule, name)));
    let Some(rule) = rule else {
        return Some((StatusCode::FORBIDDEN, HeaderMap::new()));
    };
    let mut answer = shared(rule, origin);
    put(
        &mut answer,
        ACCESS_CONTROL_ALLOW_METHODS,
        &rule.methods.join(", "),
    );
    put(&mut answer, ACCESS_CONTROL_ALLOW_HEADERS, names);
    put(
        &mut answer,
        ACCESS_CONTROL_MAX_AGE,
        &rule.max_age.to_string(),
    );
    Some((StatusCode::OK, answer))
}

/// The headers an ordinary answer carries.
pub(crate) fn actual(
    buckets: &[Bucket],
    method: &Method,
    path: &str,
    origin: Option<&HeaderValue>,
) -> HeaderMap {
    let Some(origin) = text(origin) else {
        return HeaderMap::new();
    };
    find(buckets, path, origin, method.as_str())
        .map(|rule| shared(rule, origin))
        .unwrap_or_default()
}

fn find<'a>(buckets: &'a [Bucket], path: &str, origin: &str, method: &str) -> Option<&'a CorsRule> {
    let bucket = path.trim_start_matches('/').split('/').next()?;
    buckets
        .iter()
        .find(|known| known.name == bucket)?
        .cors
        .iter()
        .find(|rule| {
            rule.origins.iter().any(|known| pattern(known, origin))
                && rule.methods.iter().any(|known| known == method)
        })
}

fn allows_header(rule: &CorsRule, name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name.is_empty()
        || rule
            .headers
            .iter()
            .any(|known| pattern(&known.to_ascii_lowercase(), &name))
}

/// S3 knows one star.
fn pattern(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

fn shared(rule: &CorsRule, origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    put(
        &mut headers,
        ACCESS_CONTROL_EXPOSE_HEADERS,
        &rule.exposed.join(", "),
    );
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    headers
}

fn put(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value.and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {

    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    use super::{Bucket, CorsRule, actual, preflight};

    fn buckets() -> Vec<Bucket> {
        vec![Bucket {
            name: "b".to_owned(),
            notifications: Vec::new(),
            cors: vec![CorsRule {
                origins: vec!["http://web".to_owned()],
                methods: vec!["POST".to_owned()],
                headers: vec!["*".to_owned()],
                exposed: vec!["ETag".to_owned()],
                max_age: 60,
            }],
        }]
    }

    fn asked(origin: &'static str, method: &'static str) -> HeaderMap {
        HeaderMap::from_iter([
            ("origin".parse().unwrap(), HeaderValue::from_static(origin)),
            (
                "access-control-request-method".parse().unwrap(),
                HeaderValue::from_static(method),
            ),
        ])
    }

    #[test]
    fn a_known_origin_may_post() {
        let headers = asked("http://web", "POST");
        let (status, answer) = preflight(&buckets(), &Method::OPTIONS, "/b", &headers).unwrap();
        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer["access-control-allow-origin"], "http://web");
        assert_eq!(answer["access-control-max-age"], "60");
    }

    #[test]
    fn others_may_not() {
        for (origin, method) in [("http://else", "POST"), ("http://web", "DELETE")] {
            let headers = asked(origin, method);
            let (status, _) = preflight(&buckets(), &Method::OPTIONS, "/b", &headers).unwrap();
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
    }

    #[test]
    fn the_answer_itself_can_be_read() {
        let origin = HeaderValue::from_static("http://web");
        let headers = actual(&buckets(), &Method::POST, "/b", Some(&origin));
        assert_eq!(headers["access-control-expose-headers"], "ETag");
        assert!(actual(&buckets(), &Method::POST, "/b", None).is_empty());
    }
}
