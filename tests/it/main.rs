//! Tests of Cupola from outside: scenes, commands, feeds, timelines and rules on its source text. They are one binary,
//! without a window.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod bad_input;
mod commands;
mod comments;
mod duplex;
mod editing;
mod exchange;
mod failures;
mod history;
mod house;
mod invocations;
mod lines;
mod live;
mod local_time;
mod losses;
mod office_sensors;
mod past;
mod physics;
mod plants;
#[path = "../../crates/cupola_history/tests/postgres/mod.rs"]
mod postgres;
mod processors;
mod queries;
mod scene_cache;
mod scenes;
mod studies;
mod support;
mod timelines;
