//! 1: password hashes, sign-ins and roles leave `USER#<id>` for partitions of their own, which a role of AWS
//! can be refused by the key.
//!
//! | before | after |
//! |---|---|
//! | `USER#<id>` / `CREDENTIALS` | `CREDENTIALS#<id>` / `-` |
//! | `USER#<id>` / `SESSION#<session>` | `SIGN-IN#<id>` / `SESSION#<session>` |
//! | attribute `role` of `USER#<id>` / `PROFILE` | attribute `role` of `ROLE#<id>` / `-`; no row for `user` |
//!
//! Where both shapes of a thing are there, the one that a migration leads to was written later and stays.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::change::{Change, Write};
use crate::item::{Item, Key, text};
use crate::migration::{Direction, Migration};

const ROLE: &str = "role";

/// The role of who has none of more rights.
const USER: &str = "user";

/// The migration.
pub(crate) struct SeparatePartitions;

/// A row of one of the two shapes, and the user it is of.
enum Row<'a> {
    OldCredentials(&'a str),
    OldSession(&'a str, &'a str),
    Profile(&'a str),
    Credentials(&'a str),
    Session(&'a str, &'a str),
    Role(&'a str),
}

impl<'a> Row<'a> {
    fn of(item: &'a Item) -> Option<Self> {
        let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
        let (kind, id) = pk.split_once('#')?;
        match (kind, sk) {
            ("USER", "CREDENTIALS") => Some(Self::OldCredentials(id)),
            ("USER", "PROFILE") => Some(Self::Profile(id)),
            ("USER", sk) if sk.starts_with("SESSION#") => Some(Self::OldSession(id, sk)),
            ("CREDENTIALS", "-") => Some(Self::Credentials(id)),
            ("SIGN-IN", sk) if sk.starts_with("SESSION#") => Some(Self::Session(id, sk)),
            ("ROLE", "-") => Some(Self::Role(id)),
            _ => None,
        }
    }
}

impl Migration for SeparatePartitions {
    fn number(&self) -> u32 {
        1
    }

    fn name(&self) -> &'static str {
        "separate-partitions"
    }

    fn version(&self) -> u32 {
        1
    }

    fn plan(&self, direction: Direction, item: &Item) -> Option<Change> {
        let to = |pk: String, sk: &str| Some(Change::relocate(item, &Key::new(pk, sk)));
        match (direction, Row::of(item)?) {
            (Direction::Up, Row::OldCredentials(id)) => to(format!("CREDENTIALS#{id}"), "-"),
            (Direction::Up, Row::OldSession(id, sk)) => to(format!("SIGN-IN#{id}"), sk),
            (Direction::Up, Row::Profile(id)) => role_out_of_profile(item, id),
            (Direction::Down, Row::Credentials(id)) => to(format!("USER#{id}"), "CREDENTIALS"),
            (Direction::Down, Row::Session(id, sk)) => to(format!("USER#{id}"), sk),
            (Direction::Down, Row::Profile(id)) => role_of_everybody(item, id),
            (Direction::Down, Row::Role(id)) => role_into_profile(item, id),
            (Direction::Up, Row::Credentials(_) | Row::Session(..) | Row::Role(_))
            | (Direction::Down, Row::OldCredentials(_) | Row::OldSession(..)) => None,
        }
    }
}

fn profile(id: &str) -> Key {
    Key::new(format!("USER#{id}"), "PROFILE")
}

/// The role as a row of its own, if it gives any right.
fn role_out_of_profile(item: &Item, id: &str) -> Option<Change> {
    let role = item.get(ROLE)?;
    let removal = Write::Unset {
        key: profile(id),
        name: ROLE,
        before: role.clone(),
    };
    if role.as_s().is_ok_and(|it| it == USER) {
        return Some(Change::of(vec![removal]));
    }
    let mut row: Item = HashMap::from([
        (ROLE.to_owned(), role.clone()),
        ("v".to_owned(), AttributeValue::N("1".to_owned())),
    ]);
    row.extend(Key::new(format!("ROLE#{id}"), "-").item());
    Some(Change {
        writes: vec![Write::Create(row), removal.clone()],
        otherwise: Some(vec![removal]),
    })
}

/// Before, every profile had a role. A row of its own, wherever it is met, has the last word.
fn role_of_everybody(item: &Item, id: &str) -> Option<Change> {
    if item.contains_key(ROLE) {
        return None;
    }
    Some(Change::of(vec![Write::Set {
        key: profile(id),
        name: ROLE,
        value: AttributeValue::S(USER.to_owned()),
        overwrites: false,
    }]))
}

/// The role as an attribute again. Without a profile nobody has it, and the row only goes.
fn role_into_profile(item: &Item, id: &str) -> Option<Change> {
    let removal = Write::Remove(item.clone());
    let given = Write::Set {
        key: profile(id),
        name: ROLE,
        value: item.get(ROLE)?.clone(),
        overwrites: true,
    };
    Some(Change {
        writes: vec![given, removal.clone()],
        otherwise: Some(vec![removal]),
    })
}
