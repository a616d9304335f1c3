//! `/api/v1/realtime`: the live feed, as a long poll and as an event stream, and tickets for its WebSocket.

mod event_stream;
mod query;
mod routes;
#[cfg(test)]
mod tests;

pub use routes::{App, FeedMeta, FeedPageView, Realtime, SocketTicketView, routes};
