//! Markdown as a row of blocks: headings, paragraphs, list items, quotes, code; each a row of runs in one style.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A part of a text that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextBlock {
    pub(crate) kind: BlockKind,
    /// How many lists and quotes it lies in.
    pub(crate) depth: usize,
    pub(crate) runs: Vec<StyledRun>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// A heading, 1 to 6.
    Heading(u16),
    Paragraph,
    /// The first paragraph of a list item, with its number or mark.
    Item {
        label: String,
        is_numbered: bool,
    },
    Code,
    Rule,
}

/// Characters in one style. Lines within end with LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StyledRun {
    pub(crate) text: String,
    pub(crate) bold: bool,
    pub(crate) italic: bool,
}

/// The blocks of a text.
pub(crate) fn blocks(body: &str) -> Vec<TextBlock> {
    let mut reader = MarkdownReader::default();
    for event in Parser::new_ext(body, Options::empty()) {
        reader.take(event);
    }
    reader.end();
    reader.blocks
}

#[derive(Default)]
struct MarkdownReader {
    blocks: Vec<TextBlock>,
    open: Option<TextBlock>,
    /// The number of the next item of each list that is open; none in one without numbers.
    lists: Vec<Option<u64>>,
    quotes: usize,
    bold: usize,
    italic: usize,
    /// The label of an item whose first paragraph has not begun.
    label: Option<(String, bool)>,
}

impl MarkdownReader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.stop(tag),
            Event::Text(text) | Event::Code(text) => self.push(&text),
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            Event::Rule => {
                self.begin(BlockKind::Rule);
                self.end();
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.begin(BlockKind::Heading(number(level))),
            Tag::Paragraph => self.paragraph(),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.begin(BlockKind::Code);
            }
            Tag::List(first) => {
                self.end();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end();
                let label = match self.lists.last_mut() {
                    Some(Some(next)) => {
                        *next += 1;
                        (format!("{}.", *next - 1), true)
                    }
                    _ => ("\u{2022}".to_owned(), false),
                };
                self.label = Some(label);
            }
            Tag::BlockQuote(_) => {
                self.end();
                self.quotes += 1;
            }
            Tag::Strong => self.bold += 1,
            Tag::Emphasis => self.italic += 1,
            _ => {}
        }
    }

    fn stop(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock => self.end(),
            TagEnd::Item => {
                self.end();
                self.label = None;
            }
            TagEnd::List(_) => {
                self.end();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.end();
                self.quotes -= 1;
            }
            TagEnd::Strong => self.bold -= 1,
            TagEnd::Emphasis => self.italic -= 1,
            _ => {}
        }
    }

    /// A paragraph; the first of an item has its label.
    fn paragraph(&mut self) {
        match self.label.take() {
            Some((label, is_numbered)) => self.begin(BlockKind::Item { label, is_numbered }),
            None => self.begin(BlockKind::Paragraph),
        }
    }

    fn begin(&mut self, kind: BlockKind) {
        self.end();
        self.open = Some(TextBlock {
            kind,
            depth: self.lists.len() + self.quotes,
            runs: Vec::new(),
        });
    }

    fn end(&mut self) {
        self.blocks.extend(self.open.take());
    }

    fn push(&mut self, text: &str) {
        if self.open.is_none() {
            self.paragraph();
        }
        let (bold, italic) = (self.bold > 0, self.italic > 0);
        let Some(open) = &mut self.open else { return };
        match open.runs.last_mut() {
            Some(run) if (run.bold, run.italic) == (bold, italic) => run.text.push_str(text),
            _ => open.runs.push(StyledRun {
                text: text.to_owned(),
                bold,
                italic,
            }),
        }
    }
}

fn number(level: HeadingLevel) -> u16 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
