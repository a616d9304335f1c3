//! All templates, read once from the files beside `src`.

use std::sync::LazyLock;

use crate::Template;
use crate::source::base;
use crate::source::{self, Base};

/// The languages of the texts.
pub const LANGUAGES: &[&str] = &["en", "de", "es"];

/// Base and templates of one kind in one language.
type LanguageGroup = (&'static str, &'static [&'static str]);

macro_rules! group {
    ($kind:literal, $language:literal: $($id:literal)+) => {
        (
            include_str!(concat!("../", $kind, "/base.", $language, ".md")),
            &[$(include_str!(concat!("../", $kind, "/", $id, ".", $language, ".md"))),+],
        )
    };
}

macro_rules! language {
    ($language:literal) => {
        [
            group!("notice", $language: "us-tida" "us-dmca" "eu-dsa" "uk-osa" "in-it" "gdpr-17" "gdpr-21" "au-esafety"
                "terms" "follow-up" "retraction"),
            group!("letter", $language: "complaint"),
            group!("statement", $language: "statement"),
            group!("authority", $language: "authority"),
        ]
    };
}

const GROUPS: &[[LanguageGroup; 4]] = &[language!("en"), language!("de"), language!("es")];

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    let read = GROUPS.iter().flatten().flat_map(read);
    read.collect()
});

/// # Panics
/// A file cannot be read. They are part of the binary, and a test reads every one.
fn read((of, files): &LanguageGroup) -> Vec<Template> {
    let of: Base = base(of).unwrap_or_else(|err| panic!("a base of templates: {err}"));
    let read = files.iter().map(|file| {
        source::template(file, &of).unwrap_or_else(|err| panic!("a template: {err}\n{file}"))
    });
    read.collect()
}

/// All templates in all languages.
#[must_use]
pub fn all() -> &'static [Template] {
    &TEMPLATES
}

/// A template in the language that comes nearest: `de-AT` is `de`, and what there is none of is English.
#[must_use]
pub fn template(id: &str, language: &str) -> Option<&'static Template> {
    let primary = language.split('-').next().unwrap_or_default();
    let of = |language: &str| {
        let is_it = |it: &&Template| it.id == id && it.language == language;
        all().iter().find(is_it)
    };
    of(primary).or_else(|| of(LANGUAGES[0]))
}
