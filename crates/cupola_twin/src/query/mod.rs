//! Queries: selection of twins and relationships by properties and patterns, over a graph and a state.
//!
//! The language is the Azure Digital Twins query language with extensions:
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
//! A pattern traverses each relationship at most once. `*n` means exactly n relationships, and `*a..b` means more than
//! a and at most b, as in Azure Digital Twins. `*`, `*a..` and ranges up to more than ten give each twin at the end
//! once. `MATCH SHORTEST way = (a)-[:feeds*]-(b)` gives one shortest path for each pair of twins: `way` is its twins
//! and relationships, and `way.length` is the number of its relationships.
//!
//! Expressions are those of [`crate::expr`]. An aggregate whose path follows relationships is computed for each row;
//! any other aggregate is computed over the rows of each group.
//!
//! Source: Azure Digital Twins, "Query language reference" and "MATCH clause".

mod batch;
mod context;
mod dense;
mod group;
mod names;
mod notes;
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
pub use notes::notes;
pub use parse::parse;
pub use run::{Limits, Output, QueryResult, Rows, run, run_within};
pub use standing::StandingQuery;

use crate::expr::Expr;
use std::ops::Range;

/// A parsed query.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whether the query plan is returned instead of the result (`EXPLAIN`).
    pub explain: bool,
    /// Whether duplicate rows are removed (`DISTINCT`).
    pub distinct: bool,
    /// The projection (`SELECT`).
    pub select: Select,
    /// The collection (`FROM`).
    pub from: From,
    /// The joins and patterns, in the order of the text.
    pub links: Vec<Link>,
    /// The condition on rows (`WHERE`).
    pub filter: Option<Expr>,
    /// The expressions that determine the groups (`GROUP BY`).
    pub group_by: Vec<Expr>,
    /// The condition on groups (`HAVING`).
    pub having: Option<Expr>,
    /// The sort expressions, and whether the order is descending (`ORDER BY`).
    pub order_by: Vec<(Expr, bool)>,
    /// The largest number of rows (`LIMIT` or `TOP`).
    pub limit: Option<usize>,
    /// The number of rows to skip (`OFFSET`).
    pub offset: usize,
    /// The time to query, RFC 3339 (`AT`).
    pub at: Option<String>,
    /// The timeline to query (`IN TIMELINE`).
    pub timeline: Option<String>,
}

/// The projection of a query.
#[derive(Clone, Debug)]
pub enum Select {
    /// `*`
    Everything(Range<usize>),
    /// Expressions, each with its key in the result.
    Items(Vec<(Expr, String)>),
}

/// The collection of a query.
#[derive(Clone, Debug)]
pub enum From {
    /// All twins.
    Twins {
        /// The alias of the twins.
        alias: Option<Name>,
    },
    /// All relationships.
    Relationships {
        /// The alias of the relationships.
        alias: Option<Name>,
    },
}

/// A name in a query, with its byte range in the text.
pub type Name = (String, Range<usize>);

/// A join or a pattern.
#[derive(Clone, Debug)]
pub enum Link {
    /// `JOIN target RELATED source.relationship [alias]`
    Join {
        /// The alias of the related twin.
        target: Name,
        /// The alias of the source twin.
        source: Name,
        /// The name of the relationship.
        relationship: Name,
        /// The direction of the relationship: forward, or backward for `RELATED source.^relationship`.
        direction: Direction,
        /// The alias of the relationship.
        alias: Option<Name>,
        /// Whether a row without a related twin is kept (`OPTIONAL JOIN`).
        optional: bool,
    },
    /// `MATCH (a)-[…]->(b)…`
    Match {
        /// The aliases of the twins along the pattern.
        nodes: Vec<Option<Name>>,
        /// The edges between consecutive twins.
        edges: Vec<EdgePattern>,
        /// Whether only one shortest path is matched for each pair of twins, with the alias of the path.
        shortest: Option<Option<Name>>,
    },
}

/// The edge between two twins of a pattern.
#[derive(Clone, Debug)]
pub struct EdgePattern {
    /// The alias of the relationship.
    pub alias: Option<Name>,
    /// The permitted relationship names. An empty list permits every name.
    pub names: Vec<Name>,
    /// The direction.
    pub direction: Direction,
    /// The number of relationships.
    pub hops: Hops,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// The direction of an edge in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `-[]->`
    Forward,
    /// `<-[]-`
    Backward,
    /// `-[]-`
    Either,
}

/// The number of consecutive relationships in an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hops {
    /// The smallest number, at least one.
    pub least: u32,
    /// The largest number, or `None` if unlimited.
    pub most: Option<u32>,
}

impl Hops {
    /// Exactly one relationship.
    pub const ONE: Self = Self { least: 1, most: Some(1) };
}
