//! Parts of the address and the query of `/api/v1/events`.

use std::ops::RangeInclusive;

use vara::domain::event::StreamName;
use vara::domain::{Error, Result, Timestamp};
use vara::http::Params;
use vara::services::record::event_log::Direction;

/// The name of a stream; what is none is the name of no stream.
pub(crate) fn stream(text: &str) -> Result<StreamName> {
    let missing = || Error::not_found("STREAM_NOT_FOUND", "There is nothing under this name.");
    StreamName::parse(text).ok_or_else(missing)
}

/// A whole number of the query within these bounds.
pub(crate) fn number(
    params: &Params,
    name: &str,
    bounds: RangeInclusive<u64>,
) -> Result<Option<u64>> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|it| bounds.contains(it));
    let refused = || {
        let (low, high) = (bounds.start(), bounds.end());
        Error::invalid_at(
            name,
            format!("{name} must be a whole number from {low} to {high}"),
        )
    };
    number.ok_or_else(refused).map(Some)
}

/// The order of reading.
pub(crate) fn direction(params: &Params) -> Result<Direction> {
    match params.get("direction") {
        None | Some("forward") => Ok(Direction::Forward),
        Some("backward") => Ok(Direction::Backward),
        Some(_) => Err(Error::invalid_at(
            "direction",
            "direction is forward or backward",
        )),
    }
}

/// A moment of the query.
pub(crate) fn moment(params: &Params, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let refused =
        || Error::invalid_at(name, format!("{name} is not a date with a time (RFC 3339)"));
    Timestamp::parse(text).ok_or_else(refused).map(Some)
}
