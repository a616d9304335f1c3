//! The text of a document: Markdown without HTML, pictures, hidden links and hidden characters; its hash.

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::{DocumentKind, MAX_TITLE_CHARS};

/// The most bytes of a text.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What the hash of a text begins with.
const HASH_DOMAIN: &str = "vara.document.v1";

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// It is longer than there is room for.
    TooLong,
    /// It holds control characters, or such that change the direction of what follows.
    HiddenCharacters,
    /// It holds HTML.
    Html,
    /// It holds a picture.
    Picture,
    /// A link leads elsewhere than it says, or not to the web.
    HiddenLink,
}

impl BodyFault {
    /// What she is told.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::TooLong => "This text is longer than there is room for (64 KB).",
            Self::HiddenCharacters => {
                "This text holds characters that cannot be seen. Please remove them, or type that part anew."
            }
            Self::Html => "This text holds HTML. Please write < as \\< or leave it out.",
            Self::Picture => "A document cannot hold a picture. Please write its address instead.",
            Self::HiddenLink => {
                "A link must show its whole address, and begin with https:// or http://."
            }
        }
    }
}

/// A text that obeys the rules: UTF-8 in NFC, lines that end with LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentBody(String);

impl DocumentBody {
    /// Takes a text, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BodyFault> {
        // Composing makes a text of this size at most three times as long.
        if text.len() > 2 * MAX_BODY_BYTES {
            return Err(BodyFault::TooLong);
        }
        let text: String = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .nfc()
            .collect();
        if text.len() > MAX_BODY_BYTES {
            return Err(BodyFault::TooLong);
        }
        if text
            .chars()
            .any(|it| it != '\n' && it != '\t' && is_hidden(it))
        {
            return Err(BodyFault::HiddenCharacters);
        }
        check_markup(&text)?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A title that obeys the rules: one line in NFC, at most 120 characters. `None` if it does not.
#[must_use]
pub fn document_title(text: &str) -> Option<String> {
    if text.len() > 8 * MAX_TITLE_CHARS {
        return None;
    }
    let title: String = text.trim().nfc().collect();
    let is_title = title.chars().count() <= MAX_TITLE_CHARS && !title.chars().any(is_hidden);
    is_title.then_some(title)
}

/// The hash that names a text with its kind and language, in hexadecimal.
#[must_use]
pub fn document_sha256(kind: DocumentKind, language: &str, body: &str) -> String {
    let mut hash = Sha256::new();
    for part in [HASH_DOMAIN, kind.as_str(), language] {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.update(body.as_bytes());
    hash.finalize()
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect()
}

/// Control characters, separators of lines beside LF, and such that turn the direction of what follows.
#[must_use]
pub fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_markup(text: &str) -> Result<(), BodyFault> {
    let parser = Parser::new_ext(text, Options::empty());
    // Definitions are never shown, and nothing that is not shown is stored.
    if parser.reference_definitions().iter().next().is_some() {
        return Err(BodyFault::HiddenLink);
    }
    let mut link: Option<(String, String)> = None;
    for event in parser {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => return Err(BodyFault::Html),
            Event::Start(Tag::Image { .. }) => return Err(BodyFault::Picture),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                ..
            }) => {
                let is_plain = matches!(link_type, LinkType::Autolink | LinkType::Inline);
                if !is_plain || !title.is_empty() || !is_web(&dest_url) {
                    return Err(BodyFault::HiddenLink);
                }
                link = Some((dest_url.into_string(), String::new()));
            }
            Event::End(TagEnd::Link)
                if link.take().is_some_and(|(address, shown)| address != shown) =>
            {
                return Err(BodyFault::HiddenLink);
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some((_, shown)) = &mut link {
                    shown.push_str(&part);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_web(address: &str) -> bool {
    Url::parse(address).is_ok_and(|it| matches!(it.scheme(), "http" | "https"))
}
