//! Queries: `SELECT … FROM DIGITALTWINS … JOIN … WHERE …` over the graph and a state.
//!
//! The language is Azure Digital Twins' query language; expressions are those of [`crate::expr`].

mod context;
mod parse;
mod run;

pub use context::TwinContext;
pub use parse::parse;
pub use run::{Output, QueryResult, run};

use crate::expr::Expr;
use std::ops::Range;

/// A query that was read.
#[derive(Clone, Debug)]
pub struct Query {
    /// At most so many rows.
    pub top: Option<usize>,
    /// What each row shows.
    pub select: Select,
    /// What is looked through.
    pub from: From,
    /// What it is joined with, in order.
    pub joins: Vec<Join>,
    /// Which rows are kept.
    pub filter: Option<Expr>,
}

/// What each row shows.
#[derive(Clone, Debug)]
pub enum Select {
    /// `*`
    Everything(Range<usize>),
    /// `COUNT()`
    Count,
    /// Aliases and expressions, with the key that each has in a row.
    Items(Vec<(Expr, String)>),
}

/// What is looked through.
#[derive(Clone, Debug)]
pub enum From {
    /// All twins.
    Twins {
        /// What they are called.
        alias: Option<String>,
    },
    /// All relationships.
    Relationships {
        /// What they are called.
        alias: Option<String>,
    },
}

/// `JOIN target RELATED source.relationship [alias]`
#[derive(Clone, Debug)]
pub struct Join {
    /// What the related twin is called.
    pub target: String,
    /// The twin that it is related to.
    pub source: String,
    /// Along which relationship.
    pub relationship: String,
    /// Where the relationship's name stands.
    pub span: Range<usize>,
    /// What the relationship itself is called.
    pub alias: Option<String>,
}
