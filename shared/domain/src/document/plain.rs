//! Markdown as plain text: without its marks, with list numbers, quotes and paragraphs kept.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The text without marks of Markdown. Lines within a paragraph stay lines.
#[must_use]
pub fn plain_text(body: &str) -> String {
    let mut out = PlainText::default();
    for event in Parser::new_ext(body, Options::empty()) {
        out.take(event);
    }
    out.text
}

#[derive(Default)]
struct PlainText {
    text: String,
    /// The number of the next item of each list that is open; none in one without numbers.
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// A blank line belongs before the next text.
    is_apart: bool,
}

impl PlainText {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::List(first)) => self.lists.push(first),
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
                self.is_apart = true;
            }
            Event::Start(Tag::Item) => self.item(),
            Event::Start(Tag::BlockQuote(_)) => self.quotes += 1,
            Event::End(TagEnd::BlockQuote(_)) => self.quotes -= 1,
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock) => {
                self.is_apart = true;
            }
            Event::Text(part) | Event::Code(part) => self.push(&part),
            Event::SoftBreak | Event::HardBreak => self.text.push('\n'),
            Event::Rule => {
                self.push("---");
                self.is_apart = true;
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        if self.is_apart && self.lists.len() == 1 && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        self.is_apart = false;
        let indent = self.lists.len().saturating_sub(1);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.text.push_str(&"   ".repeat(indent));
        self.text.push_str(&mark);
    }

    fn push(&mut self, part: &str) {
        if self.is_apart && !self.text.is_empty() {
            let ends = self.text.len() - self.text.trim_end_matches('\n').len();
            self.text
                .push_str(&"\n".repeat(2_usize.saturating_sub(ends)));
        }
        self.is_apart = false;
        if self.quotes > 0 && (self.text.is_empty() || self.text.ends_with('\n')) {
            self.text.push_str(&"> ".repeat(self.quotes));
        }
        self.text.push_str(part);
    }
}
