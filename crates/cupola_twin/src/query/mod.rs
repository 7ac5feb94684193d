//! Queries: twins and relationships by what they are and how they are connected, over the graph and a state.
//!
//! The language is Azure Digital Twins' query language and more:
//!
//! ```text
//! SELECT R.$dtId, R.temperature FROM DIGITALTWINS F JOIN R RELATED F.contains WHERE F.$dtId = 'floor-1'
//! SELECT a, r, b FROM DIGITALTWINS MATCH (a)-[r:feeds|serves]->(b) WHERE a.$dtId = 'AHU-1'
//! SELECT room FROM DIGITALTWINS MATCH (campus)-[:contains*..5]->(room) WHERE campus.$dtId = 'north'
//! SELECT F.$dtId, AVG(R.temperature) AS mean, COUNT() FROM DIGITALTWINS F JOIN R RELATED F.contains
//!     WHERE R.temperature > 75 degF GROUP BY F.$dtId ORDER BY mean DESC LIMIT 10
//! SELECT T, S FROM DIGITALTWINS T OPTIONAL JOIN S RELATED T.hasSensor
//! ```
//!
//! A pattern walks each relationship once. `*n` is exactly n relationships, `*a..b` more than a and at most b, as the service has
//! it; `*` and `*a..` are any number, and give each twin at the end once. `MATCH SHORTEST way = (a)-[:feeds*]-(b)` gives a shortest
//! way for each two twins: `way` is its twins and relationships, `way.length` how many relationships these are.
//!
//! Expressions are those of [`crate::expr`]. An aggregate whose path goes along relationships is over these, for each row; any
//! other is over rows, one result for each group.
//!
//! Source: Azure Digital Twins, "Query language reference" and "MATCH clause".

mod batch;
mod context;
mod dense;
mod group;
mod names;
mod parse;
mod plan;
mod resolve;
mod run;
mod scalar;
mod shape;
mod shortest;
mod standing;
pub mod whole;

pub use context::TwinContext;
pub use parse::parse;
pub use run::{Limits, Output, QueryResult, Rows, run, run_within};
pub use standing::Standing;

use crate::expr::Expr;
use std::ops::Range;

/// A query that was read.
#[derive(Clone, Debug)]
pub struct Query {
    /// Say how it would be run, and don't.
    pub explain: bool,
    /// Rows that show the same are one.
    pub distinct: bool,
    /// What each row shows.
    pub select: Select,
    /// What is looked through.
    pub from: From,
    /// What is joined and matched, in the order of the text.
    pub links: Vec<Link>,
    /// Which rows are kept.
    pub filter: Option<Expr>,
    /// What rows are put together by.
    pub group_by: Vec<Expr>,
    /// Which groups are kept.
    pub having: Option<Expr>,
    /// What rows are sorted by, and whether the greatest comes first.
    pub order_by: Vec<(Expr, bool)>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// So many rows are passed over first.
    pub offset: usize,
    /// The moment that is asked about, RFC 3339.
    pub at: Option<String>,
    /// The timeline that is asked.
    pub timeline: Option<String>,
}

/// What each row shows.
#[derive(Clone, Debug)]
pub enum Select {
    /// `*`
    Everything(Range<usize>),
    /// Aliases and expressions, with the key that each has in a row.
    Items(Vec<(Expr, String)>),
}

/// What is looked through.
#[derive(Clone, Debug)]
pub enum From {
    /// All twins.
    Twins {
        /// What they are called.
        alias: Option<Name>,
    },
    /// All relationships.
    Relationships {
        /// What they are called.
        alias: Option<Name>,
    },
}

/// A name that a query gives, and where.
pub type Name = (String, Range<usize>);

/// Something that connects twins.
#[derive(Clone, Debug)]
pub enum Link {
    /// `JOIN target RELATED source.relationship [alias]`
    Join {
        /// What the related twin is called.
        target: Name,
        /// The twin that it is related to.
        source: Name,
        /// Along which relationship.
        relationship: Name,
        /// What the relationship itself is called.
        alias: Option<Name>,
        /// A row stays without a related twin.
        optional: bool,
    },
    /// `MATCH (a)-[…]->(b)…`
    Match {
        /// The twins along the pattern.
        nodes: Vec<Option<Name>>,
        /// What is between each two of them.
        edges: Vec<EdgePattern>,
        /// Only a shortest way between each two twins; what the way is called.
        shortest: Option<Option<Name>>,
    },
}

/// The relationships between two twins of a pattern.
#[derive(Clone, Debug)]
pub struct EdgePattern {
    /// What the relationship is called.
    pub alias: Option<Name>,
    /// The names of relationships that fit; all, if there are none.
    pub names: Vec<Name>,
    /// Which way they lead.
    pub direction: Direction,
    /// How many there are one after the other.
    pub hops: Hops,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Which way a relationship leads in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `-[]->`
    Forward,
    /// `<-[]-`
    Backward,
    /// `-[]-`
    Either,
}

/// How many relationships there are one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hops {
    /// The fewest, at least one.
    pub least: u32,
    /// The most; any number if there is none.
    pub most: Option<u32>,
}

impl Hops {
    /// One.
    pub const ONE: Self = Self { least: 1, most: Some(1) };
}
