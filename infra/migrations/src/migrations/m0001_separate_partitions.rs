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

use crate::change::{RowChange, Write};
use crate::item::{Item, Key, text};
use crate::migration::{Migration, MigrationDirection};

const ROLE: &str = "role";

/// The role of who has none of more rights.
const USER: &str = "user";

/// The migration.
pub(crate) struct SeparatePartitions;

/// A row of one of the two shapes, and the user it is of.
enum MovedRow<'a> {
    OldCredentials(&'a str),
    OldSession(&'a str, &'a str),
    Profile(&'a str),
    Credentials(&'a str),
    Session(&'a str, &'a str),
    Role(&'a str),
}

impl<'a> MovedRow<'a> {
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

    fn plan(&self, direction: MigrationDirection, item: &Item) -> Option<RowChange> {
        let to = |pk: String, sk: &str| Some(RowChange::relocate(item, &Key::new(pk, sk)));
        match (direction, MovedRow::of(item)?) {
            (MigrationDirection::Up, MovedRow::OldCredentials(id)) => {
                to(format!("CREDENTIALS#{id}"), "-")
            }
            (MigrationDirection::Up, MovedRow::OldSession(id, sk)) => {
                to(format!("SIGN-IN#{id}"), sk)
            }
            (MigrationDirection::Up, MovedRow::Profile(id)) => role_out_of_profile(item, id),
            (MigrationDirection::Down, MovedRow::Credentials(id)) => {
                to(format!("USER#{id}"), "CREDENTIALS")
            }
            (MigrationDirection::Down, MovedRow::Session(id, sk)) => to(format!("USER#{id}"), sk),
            (MigrationDirection::Down, MovedRow::Profile(id)) => role_of_everybody(item, id),
            (MigrationDirection::Down, MovedRow::Role(id)) => role_into_profile(item, id),
            (
                MigrationDirection::Up,
                MovedRow::Credentials(_) | MovedRow::Session(..) | MovedRow::Role(_),
            )
            | (MigrationDirection::Down, MovedRow::OldCredentials(_) | MovedRow::OldSession(..)) => {
                None
            }
        }
    }
}

fn profile(id: &str) -> Key {
    Key::new(format!("USER#{id}"), "PROFILE")
}

/// The role as a row of its own, if it gives any right.
fn role_out_of_profile(item: &Item, id: &str) -> Option<RowChange> {
    let role = item.get(ROLE)?;
    let removal = Write::Unset {
        key: profile(id),
        name: ROLE,
        before: role.clone(),
    };
    if role.as_s().is_ok_and(|it| it == USER) {
        return Some(RowChange::of(vec![removal]));
    }
    let mut row: Item = HashMap::from([
        (ROLE.to_owned(), role.clone()),
        ("v".to_owned(), AttributeValue::N("1".to_owned())),
    ]);
    row.extend(Key::new(format!("ROLE#{id}"), "-").item());
    Some(RowChange {
        writes: vec![Write::Create(row), removal.clone()],
        otherwise: Some(vec![removal]),
    })
}

/// Before, every profile had a role. A row of its own, wherever it is met, has the last word.
fn role_of_everybody(item: &Item, id: &str) -> Option<RowChange> {
    if item.contains_key(ROLE) {
        return None;
    }
    Some(RowChange::of(vec![Write::Set {
        key: profile(id),
        name: ROLE,
        value: AttributeValue::S(USER.to_owned()),
        overwrites: false,
    }]))
}

/// The role as an attribute again. Without a profile nobody has it, and the row only goes.
fn role_into_profile(item: &Item, id: &str) -> Option<RowChange> {
    let removal = Write::Remove(item.clone());
    let given = Write::Set {
        key: profile(id),
        name: ROLE,
        value: item.get(ROLE)?.clone(),
        overwrites: true,
    };
    Some(RowChange {
        writes: vec![given, removal.clone()],
        otherwise: Some(vec![removal]),
    })
}
