//! Puts findings with their alerts behind somebody of a running local stack, for `infra/load`: with the
//! product's own code, through the table's endpoint, because nothing outside raises so many.
//!
//! `cargo run -p vara-local --example fill -- <DynamoDB's address> <table> <findings> [<user> <picture> <scan>]...`

use std::error::Error;

use vara::clock;
use vara::domain::{ImageId, ScanId, UserId};
use vara::testing;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, table, count, whose @ ..] = given.as_slice() else {
        return Err(
            "usage: fill <DynamoDB's address> <table> <findings> [<user> <picture> <scan>]..."
                .into(),
        );
    };
    let (store, count) = (testing::store_at(endpoint, table), count.parse()?);
    for ids in whose.chunks(3) {
        let [user, image, scan] = ids else {
            return Err("a picture and a scan belong to each user".into());
        };
        let user = UserId::parse(user).ok_or("this is not a user's id")?;
        let image = ImageId::parse(image).ok_or("this is not a picture's id")?;
        let scan = ScanId::parse(scan).ok_or("this is not a scan's id")?;
        testing::fill(&store, user, (image, scan), count, clock::now()).await?;
    }
    Ok(())
}
