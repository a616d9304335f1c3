//! Drives the stand-ins through their router, as the stack and other tools do.
#![allow(clippy::unwrap_used)]

mod control;
mod facecheck;
mod faults;
mod hibp;
mod hooks;
mod likeness;
mod mail;
mod pictures;
mod serpapi;
mod serving;
mod social;
mod support;
mod tineye;
mod vision;
