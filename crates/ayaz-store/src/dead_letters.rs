//! What people see of the messages that could not become rows, and how they are run again.
//!
//! Reading order: [`digest`] (a letter's name), [`selection`] (which letters), [`read`] (what is
//! shown), [`replay`] (what is published again and marked), [`delete`]. How letters are entered is in
//! [`ingest`](crate::ingest).

pub mod delete;
pub mod digest;
pub mod read;
pub mod replay;
pub mod selection;

pub use delete::delete_letters;
pub use digest::{Digest, DigestPrefix, DigestPrefixError};
pub use read::{
    DeadLetterGroup, DeadLetterInfo, DeadLetterPage, DeadLetterSummary, find_letters, list_letters,
    load_payload, summarize_letters,
};
pub use replay::{
    ChosenDeadLetter, WholeDeadLetter, choose_letters, database_time, load_letters, mark_replayed,
};
pub use selection::DeadLetterSelection;
