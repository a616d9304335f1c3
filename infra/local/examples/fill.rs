//! Puts alerts behind somebody of a running local stack, for `infra/load`: with the product's own
//! code, through the table's endpoint, because the API has no way to raise an alert from outside.
//!
//! `cargo run -p vara-local --example fill -- <DynamoDB's address> <table> <user id> <alerts>`

use std::error::Error;

use vara::clock;
use vara::domain::UserId;
use vara::testing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, table, user, count] = given.as_slice() else {
        return Err("usage: fill <DynamoDB's address> <table> <user id> <alerts>".into());
    };
    let user = UserId::parse(user).ok_or("this is not a user's id")?;
    let store = testing::store_at(endpoint, table);
    testing::raise_alerts(&store, user, count.parse()?, clock::now()).await?;
    Ok(())
}
