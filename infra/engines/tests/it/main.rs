//! Drives the stand-ins through their router, as the stack and other tools do.
#![allow(clippy::unwrap_used)]

mod control;
mod faults;
mod likeness;
mod mail;
mod pictures;
mod serving;
mod support;
mod tineye;
