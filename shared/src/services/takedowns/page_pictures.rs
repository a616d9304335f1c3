//! Addresses of the pictures of a page, read from its source. Nothing of the page is run.

use url::Url;

/// The most pictures of a page that are looked at.
pub(super) const MAX_PICTURES: usize = 8;

/// The pictures that a page names, as whole addresses, each once.
pub(super) fn picture_links(page: &str, link: &str) -> Vec<String> {
    let Ok(base) = Url::parse(link) else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or(tag);
        for named in named_in(tag) {
            let whole = base.join(named.trim()).ok();
            let whole = whole.filter(|it| matches!(it.scheme(), "http" | "https"));
            let whole = whole.map(String::from);
            found.extend(whole.filter(|it| !found.contains(it)));
        }
        if found.len() >= MAX_PICTURES {
            break;
        }
    }
    found.truncate(MAX_PICTURES);
    found
}

fn named_in(tag: &str) -> Vec<String> {
    let name = tag.split_whitespace().next().unwrap_or_default();
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    let names: &[&str] = match () {
        () if is("img") => &["src", "data-src"],
        () if is("source") => &["srcset"],
        () if is("video") => &["poster"],
        () if is("meta") && is_preview(tag) => &["content"],
        () => &[],
    };
    let values = names.iter().filter_map(|it| attribute(tag, it));
    // Of several sizes the first.
    let first = values.filter_map(|it| it.split_whitespace().next().map(str::to_owned));
    first.map(|it| it.replace("&amp;", "&")).collect()
}

fn is_preview(tag: &str) -> bool {
    let kind = attribute(tag, "property").or_else(|| attribute(tag, "name"));
    kind.is_some_and(|it| matches!(it, "og:image" | "twitter:image"))
}

/// The value of an attribute, quoted or not.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + lower.get(from..)?.find(name)?;
        let before = lower.get(..at)?.chars().next_back();
        let rest = tag.get(at + name.len()..)?.trim_start();
        let is_name = before.is_some_and(char::is_whitespace);
        if let Some(value) = rest.strip_prefix('=').filter(|_| is_name) {
            let value = value.trim_start();
            return match value.chars().next()? {
                quote @ ('"' | '\'') => value.get(1..)?.split(quote).next(),
                _ => value.split([' ', '\n', '\t', '/']).next(),
            };
        }
        from = at + name.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pictures_are_found_wherever_a_page_names_them() {
        let page = r#"<META property="og:image" content="/p/0.jpg"><meta name="description" content="x.jpg">
            <img alt="src=none" class='a' src="1.jpg?a=1&amp;b=2"><IMG data-src='//cdn.example/2.jpg' src=1.jpg?a=1&b=2>
            <source srcset="https://b.example/3.webp 2x, x 3x"><video poster="4.png"></video>
            <img src="data:image/png;base64,AA"><img src="javascript:x()"><img><img src><img src="#;
        assert_eq!(
            picture_links(page, "https://a.example/t/1"),
            [
                "https://a.example/p/0.jpg",
                "https://a.example/t/1.jpg?a=1&b=2",
                "https://cdn.example/2.jpg",
                "https://b.example/3.webp",
                "https://a.example/t/4.png",
            ]
        );
        let many: String = (0..100).map(|it| format!("<img src={it}.jpg>")).collect();
        assert_eq!(
            picture_links(&many, "https://a.example/").len(),
            MAX_PICTURES
        );
    }

    proptest! {
        #[test]
        fn no_page_breaks_it(page in "(?s).{0,300}", tag in "<(img|meta|source) [ -~é]{0,80}") {
            picture_links(&page, "https://a.example/");
            picture_links(&tag, "https://a.example/");
        }
    }
}
