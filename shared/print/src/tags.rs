//! The tree of tags of a PDF: headings, paragraphs, lists, tables, figures, for whoever has it read out.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagTree};

use crate::blocks::BlockKind;
use crate::layout::Placed;

/// What was drawn of a part.
#[derive(Default)]
pub(crate) struct Marks {
    pub(crate) label: Option<Identifier>,
    pub(crate) lines: Vec<Identifier>,
    /// The lines of each cell of a row.
    pub(crate) cells: Vec<Vec<Identifier>>,
}

/// What follows each other and belongs together.
enum Open {
    List(bool, TagGroup),
    Table(TagGroup),
}

/// The tree: items that follow each other are a list, rows a table.
pub(crate) fn tags(placed: &[Placed], marks: Vec<Marks>, language: &str) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
    let mut open: Option<Open> = None;
    for (part, marks) in placed.iter().zip(marks) {
        match (part, &mut open) {
            (Placed::Row { is_head: false, .. }, Some(Open::Table(table))) => {
                table.push(row(false, marks));
            }
            (Placed::Row { is_head, .. }, _) => {
                close(&mut tree, &mut open);
                let mut table = TagGroup::new(Tag::Table);
                table.push(row(*is_head, marks));
                open = Some(Open::Table(table));
            }
            (
                Placed::Text {
                    kind: BlockKind::Item { is_numbered, .. },
                    ..
                },
                Some(Open::List(before, list)),
            ) if before == is_numbered => {
                list.push(item(marks));
            }
            (
                Placed::Text {
                    kind: BlockKind::Item { is_numbered, .. },
                    ..
                },
                _,
            ) => {
                close(&mut tree, &mut open);
                let numbering = if *is_numbered {
                    ListNumbering::Decimal
                } else {
                    ListNumbering::Disc
                };
                let mut list = TagGroup::new(Tag::L(numbering));
                list.push(item(marks));
                open = Some(Open::List(*is_numbered, list));
            }
            (Placed::Text { kind, .. }, _) => {
                close(&mut tree, &mut open);
                tree.push(text(kind, marks));
            }
            (Placed::Picture(it), _) => {
                close(&mut tree, &mut open);
                let alternative = it.picture.alternative.clone();
                let figure = TagGroup::new(Tag::Figure(Some(alternative)));
                tree.push(filled(figure, marks.lines));
            }
        }
    }
    close(&mut tree, &mut open);
    tree
}

fn close(tree: &mut TagTree, open: &mut Option<Open>) {
    match open.take() {
        Some(Open::List(_, group) | Open::Table(group)) => tree.push(group),
        None => {}
    }
}

fn filled(mut group: TagGroup, marks: Vec<Identifier>) -> TagGroup {
    for mark in marks {
        group.push(mark);
    }
    group
}

fn text(kind: &BlockKind, marks: Marks) -> TagGroup {
    let group = match kind {
        BlockKind::Heading(level) => TagGroup::new(Tag::Hn(
            NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN),
            None,
        )),
        _ => TagGroup::new(Tag::P),
    };
    filled(group, marks.lines)
}

fn row(is_head: bool, marks: Marks) -> TagGroup {
    let mut row = TagGroup::new(Tag::TR);
    for lines in marks.cells {
        let cell = match is_head {
            true => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
            false => TagGroup::new(Tag::TD),
        };
        row.push(filled(cell, lines));
    }
    row
}

fn item(marks: Marks) -> TagGroup {
    let mut item = TagGroup::new(Tag::LI);
    if let Some(label) = marks.label {
        item.push(filled(TagGroup::new(Tag::Lbl), vec![label]));
    }
    item.push(filled(TagGroup::new(Tag::LBody), marks.lines));
    item
}
