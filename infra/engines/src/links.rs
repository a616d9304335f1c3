//! Finds the links in a mail, as the woman who reads it would follow them.

/// Every link of both bodies, unescaped, each once, in order of appearance.
pub(crate) fn links(text: &str, html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let plain = scan(text).map(str::to_owned);
    let escaped = scan(html).map(unescape);
    for link in plain.chain(escaped) {
        if !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

/// The addresses in a body: from the scheme to the first character no address holds.
fn scan(body: &str) -> impl Iterator<Item = &str> {
    let starts = body.match_indices("http").map(|(at, _)| at);
    let mut done = 0;
    starts.filter_map(move |at| {
        let rest = &body[at..];
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|it| rest.starts_with(it))?;
        // An address inside another one's query belongs to that one.
        if at < done {
            return None;
        }
        let end = rest.find(ends_a_link).unwrap_or(rest.len());
        done = at + end;
        // What follows an address in a sentence is not part of it.
        let link = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        (link.len() > scheme.len()).then_some(link)
    })
}

fn ends_a_link(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '{' | '}' | '|' | '\\')
}

/// Undoes the HTML escapes that can stand in an attribute.
fn unescape(link: &str) -> String {
    let mut plain = String::with_capacity(link.len());
    let mut rest = link;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((c, length)) => {
                plain.push(c);
                rest = &rest[length..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

/// The character an entity at the start of `text` stands for, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.find(';')?;
    let name = text.get(1..end)?;
    let c = match name {
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "lt" => '<',
        "gt" => '>',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_both_bodies_is_listed_once_and_unescaped() {
        let text = "Confirm here: https://vara.test/verify?token=a&type=signup.\nThank you.";
        let html = r#"<a href="https://vara.test/verify?token=a&amp;type=signup">Confirm</a>
                      <img src='http://vara.test/x.png?a&#x3D;1&#38;b=2'>"#;
        assert_eq!(
            links(text, html),
            [
                "https://vara.test/verify?token=a&type=signup",
                "http://vara.test/x.png?a=1&b=2"
            ]
        );
    }

    #[test]
    fn a_link_inside_a_link_is_part_of_it() {
        let text = "(https://vara.test/go?to=https://site.test/in) and nothing in http:// alone";
        assert_eq!(
            links(text, ""),
            ["https://vara.test/go?to=https://site.test/in"]
        );
    }

    #[test]
    fn a_lone_ampersand_and_an_unknown_entity_stay() {
        assert_eq!(
            links("", "https://a.test/?x=1&y=2&bogus;"),
            ["https://a.test/?x=1&y=2&bogus"]
        );
    }

    #[test]
    fn letters_of_any_script_around_a_link_do_no_harm() {
        assert_eq!(
            links("Grüße «https://a.test/ä» é&", "é&é;"),
            ["https://a.test/ä»"]
        );
    }
}
