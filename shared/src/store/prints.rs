//! What her pictures are recognised by. A row of its own beside each picture's: lists of pictures
//! do not read it, and the numbers of many faces are far from what one row may hold.

use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{ImageId, Intimacy, Prints, Result, UserId};

fn key(user: UserId, image: ImageId) -> Key {
    Key::user(user, format!("PRINTS#{image}"))
}

impl Store {
    /// What a picture of hers is recognised by, if it has been taken in. Nothing is known of one whose
    /// row is unreadable, so it counts as intimate.
    pub async fn prints(&self, user: UserId, image: ImageId) -> Result<Option<Prints>> {
        self.get_readable(&key(user, image)).await
    }

    /// Somebody else sees that a picture of hers is intimate: from now on it is kept back as such.
    pub async fn mark_intimate(&self, user: UserId, image: ImageId, seen: &Intimacy) -> Result<()> {
        let change = Change::default().if_exists().set("intimate", seen);
        self.change_row(&key(user, image), change).await.map(drop)
    }

    /// Removes what is kept of the faces in her pictures, and notes that it is done.
    pub async fn forget_faces(&self, user: UserId) -> Result<()> {
        for key in self
            .parts::<Key>(Key::user(user, "PRINTS#"), "pk, sk")
            .await?
        {
            let change = Change::default().if_exists().remove("faces");
            self.change_row(&key, change).await?;
        }
        self.faces_are_forgotten(user).await
    }
}

impl Tx<'_> {
    /// Keeps what a picture is recognised by; faces only while she agrees to it.
    pub(super) fn keep_prints(self, user: UserId, image: ImageId, prints: &Prints) -> Self {
        let tx = match prints.faces {
            Some(_) => self.with_consent(user),
            None => self,
        };
        tx.put(&Row::new(key(user, image), prints))
    }

    /// Removes it, and what was seen at its places, together with its picture.
    pub(super) fn drop_prints(self, user: UserId, image: ImageId) -> Self {
        self.delete(&key(user, image))
            .delete(&super::seen_places::key(user, image))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FacePrint, FileTraces, VectorPrint};
    use crate::store::write;
    use crate::testing;

    /// As much as there can be: sixteen faces, and a vector of 2048 numbers.
    fn full() -> Prints {
        let vector = |numbers: usize| VectorPrint {
            model: format!("a_model_with_a_long_name@{}", "0f".repeat(32)),
            values: "A".repeat(numbers * 4 * 4 / 3),
        };
        let face = FacePrint {
            area: [10.125, 20.333_334, 90.1, 120.0],
            confidence: 0.912_345,
            landmarks: [[1.1, 2.2]; 5],
            vector: vector(128),
        };
        Prints {
            width: 2048,
            height: 1536,
            borderless: vec!["ab".repeat(32); 8],
            borderless_quality: Some(100),
            faces: Some(vec![face; 16]),
            vector: Some(vector(2048)),
            intimate: Some(Intimacy {
                model: "m@00".into(),
                score: 0.000_012_3,
            }),
            traces: FileTraces {
                gps: true,
                serial: true,
                ..FileTraces::default()
            },
        }
    }

    #[tokio::test]
    async fn it_is_read_as_it_was_written_to_the_last_bit() {
        let (store, user, image) = (testing::store().await, UserId::random(), ImageId::next());
        testing::agree_to_faces(&store, user).await;
        assert_eq!(store.prints(user, image).await.unwrap(), None);
        let tx = store.tx().keep_prints(user, image, &full());
        assert!(tx.commit().await.unwrap().is_done());
        assert_eq!(store.prints(user, image).await.unwrap(), Some(full()));
        assert_eq!(store.prints(UserId::random(), image).await.unwrap(), None);
        let tx = store.tx().drop_prints(user, image);
        assert!(tx.commit().await.unwrap().is_done());
        assert_eq!(store.prints(user, image).await.unwrap(), None);
    }

    #[tokio::test]
    async fn faces_are_kept_only_while_she_agrees_and_forgotten_apart_from_the_rest() {
        let (store, user, image) = (testing::store().await, UserId::random(), ImageId::next());
        let keep = async |prints: &Prints, image| {
            let tx = store.tx().keep_prints(user, image, prints);
            tx.commit().await.unwrap().is_done()
        };
        assert!(!keep(&full(), image).await, "she was not asked");
        let blind = Prints {
            faces: None,
            ..full()
        };
        assert!(keep(&blind, image).await);
        testing::agree_to_faces(&store, user).await;
        let other = ImageId::next();
        assert!(keep(&full(), image).await && keep(&full(), other).await);
        // Somebody else's stay.
        let (stranger, theirs) = (UserId::random(), ImageId::next());
        testing::agree_to_faces(&store, stranger).await;
        let tx = store.tx().keep_prints(stranger, theirs, &full());
        assert!(tx.commit().await.unwrap().is_done());

        store.forget_faces(user).await.unwrap();
        for image in [image, other] {
            let left = store.prints(user, image).await.unwrap();
            assert_eq!(left, Some(blind.clone()));
        }
        let kept = store.prints(stranger, theirs).await.unwrap();
        assert_eq!(kept, Some(full()));
        store.forget_faces(UserId::random()).await.unwrap();
    }

    #[test]
    fn the_most_there_can_be_is_far_from_filling_a_row() {
        let item = write(&Row::new(key(UserId::random(), ImageId::next()), full())).unwrap();
        let bytes = format!("{item:?}").len();
        // DynamoDB takes 400 KB.
        assert!(bytes < 100_000, "{bytes}");
    }
}
