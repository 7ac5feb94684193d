//! The part of external processors that needs no process and no network: their definitions, the requests to them, and
//! the events for their answers.

mod definition;
mod exchange;

pub use definition::Definition;
pub use exchange::{ProcessorAnswer, request};
