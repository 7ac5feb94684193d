//! Cupola from outside: scenes, commands, feeds, timelines and the rules of its own house. One binary, no window.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod asking;
mod bad_input;
mod commands;
mod duplex;
mod editing;
mod exchange;
mod house;
mod invoking;
mod keeping;
mod live;
mod office_sensors;
mod physics;
mod plants;
mod processors;
mod scenes;
mod support;
mod timelines;
