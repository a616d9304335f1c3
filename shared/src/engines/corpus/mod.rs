//! The corpus the fetcher is tested with: links and answers made to misuse it, each with the reason for
//! which it must be refused. Data only; `fetch/corpus_tests.rs` goes through all of it.

mod answers;
mod links;

pub(super) use answers::{ServerAnswer, answers, pictures_that_are_none, slow_answers};
pub(super) use links::{INSIDE, LINKS, REDIRECTS};
