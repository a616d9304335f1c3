//! The table: the only place that knows its keys, indexes and expressions.
//!
//! One table. Everything that belongs to a woman is one item collection, but what lets her in, which few
//! functions may reach:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `USER#<id>` | `PROFILE` | account and profile |
//! | | `ERASED` | the receipt of an erasure, when all else is gone; while a deleted account rests, also the account and its data key |
//! | | `COUNTERS` | totals, kept in the same transaction as what they count |
//! | | `DEVICE#<keyed hash>` | that she has signed in with this browser from this network; forgotten after half a year |
//! | | `IMAGE#<id>`, `SCAN#<id>`, `MATCH#<image>#<id>`, `ALERT#<id>` | her things |
//! | | `CLEARED#<alert>` | an alert that she cleared; can be brought back for 30 days, and is forgotten then |
//! | | `ENDED#<scan>` | a copy of an ended scan, listed by when it ended |
//! | | `SEEN#<image>` | what was fetched at a picture's places when they were last compared; forgotten after two months |
//! | | `PRINTS#<image>` | what a picture is recognised by: faces, vectors, further fingerprints |
//! | | `ANSWERS`, `PLAN` | what she told us at the start; the plan that follows from it |
//! | | `FINDING#<id>` | which picture a finding is of; listed while it waits for her word |
//! | | `CHECK#<scan>#<image or address>#<engine>` | what a scan has already paid for, and which pictures it is through with |
//! | | `ASKED#<engine>#<day>` | how many questions were asked of an engine for her that day; forgotten after two |
//! | | `FOUND#<engine>#<digest>` | what an engine answered for these bytes, and to which scan; forgotten after two weeks |
//! | | `ACCOUNT#<id>` | an account or address of hers elsewhere |
//! | | `TOLD#<alert>` | what she was told of, whether or not the alert is still there |
//! | | `RESCAN`, `RECHECK`, `PROFILES` | when the next image scan, breach check and profile scan are due |
//! | | `LOCK#<scan type>` | one scan of a type at a time |
//! | | `PREFERENCES` | where, when and of what she wants to be told; whether her face may be recognised |
//! | | `OUTBOX` | there is something to tell her; due when she may be told |
//! | | `QUESTION` | whether she was asked by mail if she wants mail, and what she answered; due until asked |
//! | | `DATAKEY` | the key that her events are sealed with, wrapped by KMS; without it they cannot be read |
//! | | `STREAM#<stream>` | how far a stream of events is: next number, last link, first event that is kept |
//! | | `EVENT#<stream>#<number>` | an event: envelope in clear, payload sealed; never changed |
//! | | `EVENTID#<id>` | where the event of this id is; forgotten after 90 days if she chose the id |
//! | | `FEED`, `FEED#<number>` | how far the live feed is; frames of one transaction, under the number of the last, forgotten after a day |
//! | | `TICKET#<hash>` | a ticket that opens one WebSocket; forgotten when it expires |
//! | | `SOCKET#<connection>` | a WebSocket of an open app, and the sign-in it belongs to; forgotten after three hours |
//! | | `DOC#<id>` | a document: kind, state and sizes in clear, title and hash sealed; due while it lies in the trash |
//! | | `DOCV#<id>#<number>` | a version of its text, sealed; never changed |
//! | | `DOWNLOAD#<id>` | a file that is made for her: of what, how far; due while it is made and when it is gone |
//! | | `EVIDENCE#<id>` | a record of evidence: state, hashes and stamps in clear, addresses and items sealed; due while something is to be done |
//! | | `EXPORT#<id>` | a pack made of records; due when it is to be made or erased |
//! | | `TAKEDOWN#<id>` | a request to remove: state, law, recipient and times in clear, facts and texts sealed; due while there is something to do, listed as idle while it is open and there is nothing |
//! | | `TDATTEMPT#<id>#<number>` | an attempt to send a request; stored before it is made |
//! | | `TDMAIL#<id>#<mail>` | a mail that came about a request: when, what it says by the rules, whether it is provably the recipient's; the rest sealed |
//! | | `OBJECTION#<request>` | an objection of a request's recipient: state and votes in clear, reason and contact sealed; due while it waits for reviewers |
//! | | `TDLATEST#<alert>` | the request about an alert's finding that changed last |
//! | | `MAIL_LINK#<hash>` | what a link in one mail does without a sign-in; forgotten when it expires |
//! | | `DELIVERY#<when>#<channel>` | that she was told, or could not be; forgotten after three months |
//! | | `REPLAY#…` | what a call with an idempotency key was answered, sealed; forgotten after a day |
//! | | `ADDRESS_CHANGE` | a change of her address that waits for its code, sealed; forgotten after a quarter of an hour |
//! | `CREDENTIALS#<id>` | `-` | the hash of her password |
//! | | `UNDO#<hash>` | the hash of an earlier one, sealed so that a mailed link opens it; forgotten after three days |
//! | `ROLE#<id>` | `-` | that she may more than others |
//! | `SIGN-IN#<id>` | `SESSION#<id>` | a sign-in on one device |
//! | `EMAIL#…`, `TOKEN#…`, `OAUTH#…` | `-` | look-ups that cross users; an address that was changed stays reserved for a day |
//! | `CONNECTION#<connection>` | `-` | whose a WebSocket is; forgotten after three hours |
//! | `AWAY#<search>` | `-` | a picture that lies at an engine until it is removed there |
//! | `ENGINE#<name>` | `-` | how an engine stands: what was asked of it, whether it is down |
//! | `HOST#<domain>` | `-` | pace and breaker of mails to one site; listed while mails fail there; forgotten after two days |
//! | `REPLY#<tag>` | `-` | which request a reply address belongs to |
//! | `REFERENCE#<reference>` | `REQUEST#<request>` | which approved request a reference means; removed when she is erased |
//! | `SIGNING-KEYS` | `-` | the public keys of access tokens; written by the function that signs |
//! | `SWITCHES` | `-` | what is turned off without a deployment |
//! | `PROXY#<minute>` | `-` | how many proxy addresses end in that minute |
//! | `RATE#…` | `-` | how many calls somebody made this minute |
//! | `MIGRATIONS` | `-` | which changes of stored shapes are applied; written by `infra/migrations` alone |
//! | `MAILING#…` | `-` | whether a mail that a queue asked for was sent; forgotten after a day |
//! | `MAIL#…`, `TRIES#…` | `-` | how often something was asked for, by keyed hash; forgotten after hours |
//!
//! The local index `list` orders what she is shown: its key is `<run>#<token>`; a run is one filter's
//! worth (`ALERT#NEW`), a token sorts the way the screen does. It can be read consistently, which a
//! global index cannot. The sparse global index `due` answers which work is due.
//!
//! Every row carries `v`, the version of its shape; readers accept the previous one.

mod address_changes;
mod alert_ledger;
mod alerts;
mod answers;
mod append;
mod archive_rows;
mod batch;
mod checkpoints;
mod cleared_alerts;
mod continuations;
mod devices;
mod direct;
mod documents;
mod downloads;
mod due;
mod due_shards;
mod engine_uploads;
mod engines;
mod erasure;
mod event_rows;
mod events;
mod evidence;
mod families;
mod feed;
mod host_buckets;
mod images;
mod known_findings;
mod linked;
mod links;
mod list;
mod list_cursors;
mod mail_links;
mod mailings;
mod matches;
mod objections;
mod outbox;
mod password_restore;
mod password_undo;
mod planned;
mod plans;
mod preferences;
mod prints;
mod proxy;
mod push_signals;
mod questions;
mod rates;
mod reading;
mod replays;
mod rest;
mod retry;
mod reviews;
mod roles;
mod row;
mod row_writes;
mod scans;
mod seen_places;
mod sessions;
mod sightings;
mod signalling;
mod signing_keys;
mod sockets;
mod switches;
mod table;
mod takedown_mails;
mod takedown_standings;
mod takedowns;
mod tries;
mod tx;
mod users;

use reading::{read, read_all};
use row::{Item, Key, Row, VERSION, write};
use table::failure;

pub(crate) use address_changes::{AddressRestore, AddressSwap, SwapOutcome};
pub(crate) use answers::KeptAnswer;
pub use append::AppendedEvents;
pub(crate) use append::{Append, SealedEvent};
pub(crate) use archive_rows::RowKind;
pub use cleared_alerts::CLEARED_FOR_SECONDS;
pub(crate) use direct::DirectReads;
pub(crate) use documents::{DUE_DOCUMENT, DocumentChange};
pub use documents::{DocumentRow, DocumentVersionRow, VersionAbout};
pub(crate) use downloads::{AddressedFile, DUE_DOWNLOAD, FileAddressRow, MadeDownload};
pub use downloads::{ArchiveProgress, DownloadOf, DownloadRow};
pub use due::{Due, DueCursor, DuePage, due_partitions};
pub use engine_uploads::DUE_AWAY;
pub(crate) use engines::PermitRequest;
pub use erasure::{DUE_ERASE, Erasure};
pub use event_rows::{DataKeyRow, EventRow, StreamHead};
pub(crate) use events::{AppendOutcome, ReadFrom};
pub use events::{BrokenAt, Verified};
pub(crate) use events::{DUE_RECORD, RECORD_CHECK_SECONDS};
pub(crate) use evidence::DUE_EVIDENCE;
pub use evidence::{EvidenceRow, ExportRow};
pub(crate) use host_buckets::HostStanding;
pub use images::{Arrival, ImageRow, ShownFace};
pub(crate) use images::{DUE_INTAKE, DUE_PURGE};
pub(crate) use known_findings::{KnownFinding, KnownFindings};
pub use linked::{Authorisation, LinkedRow, Linking};
pub use list::Listing;
pub use mail_links::{MailLink, MailLinkPurpose};
pub use mailings::{Mailing, MailingClaim};
pub use matches::WriteOutcome;
pub(crate) use objections::ObjectionChange;
pub use objections::ObjectionRow;
pub use outbox::{DUE_NOTIFY, NoticeAttempt, NoticeOutcome, Outbox};
pub(crate) use password_restore::PasswordRestore;
pub(crate) use password_undo::PasswordUndo;
pub(crate) use planned::{DUE_PROFILES, DUE_RECHECK, DUE_RESCAN};
pub use plans::{AnswersRow, PlanRow, PlanWrite};
pub use preferences::PreferencesRow;
pub(crate) use preferences::{ChannelsPatch, DUE_FORGET};
pub use push_signals::{FramesSignal, PushSignal, PushSignals};
pub use questions::{DUE_QUESTION, MailQuestion};
pub use rates::Calls;
pub use reading::RowState;
pub use replays::{Claimed, ReplayRun};
pub(crate) use rest::{Rest, RestingAccount, RestoreOutcome};
pub(crate) use retry::retry_on_conflict;
pub use reviews::{AlertMove, Flagged};
pub(crate) use scans::DUE_SCAN;
pub use scans::{ScanClaim, ScanRow};
pub(crate) use seen_places::SeenPlaces;
pub(crate) use sessions::ENDED_AT_ONCE;
pub use sessions::NewSession;
pub use sockets::{SocketRow, SocketTicket};
pub use switches::SwitchBoard;
pub use table::Store;
pub use takedown_mails::{ReplyAddress, TakedownMailRow};
pub(crate) use takedown_standings::TakedownStanding;
pub(crate) use takedowns::{BesideTakedown, DUE_TAKEDOWN, sending_closed};
pub use takedowns::{TakedownAttempt, TakedownFailure, TakedownOfFinding, TakedownRow};
pub(crate) use tx::{Condition, Tx, TxOutcome};
pub use users::LinkUse;
pub(crate) use users::PasswordChange;
