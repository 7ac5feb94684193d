//! External processors without processes and sockets: their definitions, the requests to them and the events made of
//! their answers.

mod definition;
mod exchange;

pub use definition::Definition;
pub use exchange::{ProcessorAnswer, request};
