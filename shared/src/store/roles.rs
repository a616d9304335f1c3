//! Role rows: `ROLE#<id>` / `-`. Written by whoever runs Vara and by no function; read where tokens are made.

use serde::Deserialize;

use super::tx::Tx;
use super::{Key, Store};
use crate::domain::{Result, Role, UserId};

#[derive(Deserialize)]
struct RoleRow {
    role: Role,
}

fn key(user: UserId) -> Key {
    Key::lone(format!("ROLE#{user}"))
}

impl Store {
    /// Her role. Without a row that can be read she is a user.
    pub async fn role(&self, user: UserId) -> Result<Role> {
        let given: Option<RoleRow> = self.get_readable(&key(user)).await?;
        Ok(given.map_or(Role::User, |it| it.role))
    }
}

impl Tx<'_> {
    pub(super) fn drop_role(self, user: UserId) -> Self {
        self.delete(&key(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Account;
    use crate::testing;

    #[tokio::test]
    async fn what_is_not_a_role_gives_no_rights() {
        let (store, client) = testing::table().await;
        let user = UserId::random();
        assert_eq!(store.role(user).await.unwrap(), Role::User);
        for (said, role) in [
            ("admin", Role::Admin),
            ("ADMIN", Role::User),
            ("reviewer", Role::Reviewer),
            ("", Role::User),
        ] {
            testing::give_role(&client, user, said).await;
            assert_eq!(store.role(user).await.unwrap(), role, "{said:?}");
        }
    }

    #[tokio::test]
    async fn who_leaves_leaves_no_role() {
        let (store, client) = testing::table().await;
        let now = crate::clock::now();
        let account = Account::new(UserId::random(), "ana@example.net", now);
        let created = store.create_account(&account, "hash", None).await;
        assert!(created.unwrap());
        testing::give_role(&client, account.id(), "admin").await;
        let begun = store.begin_erasure(&account, "x", &[], now).await;
        assert!(begun.unwrap());
        assert_eq!(store.role(account.id()).await.unwrap(), Role::User);
    }

    #[tokio::test]
    async fn a_table_that_does_not_answer_is_no_role() {
        let store = testing::silent_store();
        assert!(store.role(UserId::random()).await.is_err());
    }
}
