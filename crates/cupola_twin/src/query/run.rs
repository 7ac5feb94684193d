//! Runs queries: binds aliases from left to right and drops a row as soon as it can't be kept.

use super::context::TwinContext;
use super::{From, Query, Select};
use crate::expr::{BinaryOp, Cell, Context, Expr, ExprError, Node, Path, Segment, evaluate};
use crate::graph::Graph;
use crate::state::State;
use crate::topology::TwinIx;
use crate::value::{Kind, encode};
use std::collections::BTreeSet;

/// What a row shows under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// A whole twin.
    Twin(TwinIx),
    /// A whole relationship, by its number in the graph.
    Relationship(u32),
    /// A value.
    Value(Cell),
}

/// The rows of an answer.
#[derive(Clone, Debug, Default)]
pub struct QueryResult {
    /// Each with its keys; a row of `SELECT *` has one output under the empty key. Missing values have no key.
    pub rows: Vec<Vec<(String, Output)>>,
}

/// Runs a query on a state and the graph that its topology was compiled from.
pub fn run(query: &Query, graph: &Graph, state: &State) -> Result<QueryResult, ExprError> {
    let engine = Engine::new(query, graph, state)?;
    let mut result = QueryResult::default();
    let mut count = 0usize;
    let limit = query.top.unwrap_or(usize::MAX);
    let mut bound = vec![None; engine.aliases.len()];
    if limit > 0 {
        engine.from(&mut bound, &mut |row| {
            count += 1;
            if !matches!(query.select, Select::Count) {
                result.rows.push(row.project(query)?);
            }
            Ok(count < limit)
        })?;
    }
    if matches!(query.select, Select::Count) {
        result.rows.push(vec![("COUNT".into(), Output::Value(Cell::Number(count as f64)))]);
    }
    Ok(result)
}

#[derive(Clone, Copy)]
enum Bound {
    Twin(TwinIx),
    Relationship(u32),
}

/// An edge as the executor needs it.
struct Edge {
    number: u32,
    from: TwinIx,
    to: TwinIx,
}

struct Engine<'q> {
    query: &'q Query,
    graph: &'q Graph,
    state: &'q State,
    /// In binding order; the collection may have none (the empty name).
    aliases: Vec<String>,
    /// For each alias, the conditions that can be tested once it is bound.
    tests: Vec<Vec<&'q Expr>>,
    /// For each join, its edges sorted by source.
    edges: Vec<Vec<Edge>>,
}

type Emit<'e> = dyn FnMut(&Row<'_>) -> Result<bool, ExprError> + 'e;

impl<'q> Engine<'q> {
    fn new(query: &'q Query, graph: &'q Graph, state: &'q State) -> Result<Self, ExprError> {
        let (From::Twins { alias } | From::Relationships { alias }) = &query.from;
        let mut aliases = vec![alias.clone().unwrap_or_default()];
        let mut edges = Vec::new();
        let topology = state.topology();
        for join in &query.joins {
            if !aliases.contains(&join.source) {
                let message = format!("`{}` is not bound before this JOIN", join.source);
                return Err(ExprError::new(join.span.clone(), "unknown-alias", message)
                    .did_you_mean(&join.source, aliases.iter().map(String::as_str)));
            }
            if !topology.knows_relationship(&join.relationship) {
                let message = format!("no relationship is called `{}`", join.relationship);
                return Err(ExprError::new(join.span.clone(), "unknown-relationship", message)
                    .did_you_mean(&join.relationship, topology.relationship_names()));
            }
            if aliases.contains(&join.target) {
                let message = format!("`{}` is bound twice", join.target);
                return Err(ExprError::new(join.span.clone(), "duplicate-alias", message));
            }
            aliases.push(join.target.clone());
            aliases.extend(join.alias.clone());
            let named =
                graph.relationships().filter(|(_, _, relationship, _)| *relationship.name == *join.relationship);
            let ends = named.filter_map(|(number, from, _, to)| {
                Some(Edge { number, from: topology.twin(&from.id)?, to: topology.twin(&to.id)? })
            });
            let mut list: Vec<Edge> = ends.collect();
            list.sort_by_key(|edge| (edge.from, edge.to, edge.number));
            edges.push(list);
        }
        if let (Select::Everything(span), false) = (&query.select, query.joins.is_empty()) {
            let message = "SELECT * can't be used with JOIN";
            let help = format!("name what to show: SELECT {}", aliases.join(", "));
            return Err(ExprError::new(span.clone(), "select-all-join", message).help(help));
        }
        let mut engine = Self { query, graph, state, tests: vec![Vec::new(); aliases.len()], aliases, edges };
        let mut conjuncts = Vec::new();
        query.filter.iter().for_each(|filter| split(filter, &mut conjuncts));
        for conjunct in conjuncts {
            let last = engine.used(conjunct)?.last().copied().unwrap_or(0);
            engine.tests[last].push(conjunct);
        }
        if let Select::Items(items) = &query.select {
            for (expr, _) in items {
                engine.used(expr)?;
            }
        }
        Ok(engine)
    }

    /// The positions of the aliases that an expression uses; checks its names on the way.
    fn used(&self, expr: &Expr) -> Result<BTreeSet<usize>, ExprError> {
        let mut used = BTreeSet::new();
        let mut error = None;
        expr.paths(&mut |path| match self.alias_of(path) {
            Ok((position, _)) => {
                used.insert(position);
            }
            Err(found) => error = error.take().or(Some(found)),
        });
        self.used_by_model_tests(expr, &mut used, &mut error);
        error.map_or(Ok(used), Err)
    }

    fn used_by_model_tests(&self, expr: &Expr, used: &mut BTreeSet<usize>, error: &mut Option<ExprError>) {
        match &expr.node {
            Node::IsOfModel { alias: Some(alias), .. } => match self.aliases.iter().position(|known| known == alias) {
                Some(position) => {
                    used.insert(position);
                }
                None => *error = Some(self.unknown_alias(alias, expr.span.clone())),
            },
            Node::Unary(_, inner) => self.used_by_model_tests(inner, used, error),
            Node::Binary(_, left, right) => {
                self.used_by_model_tests(left, used, error);
                self.used_by_model_tests(right, used, error);
            }
            Node::Aggregate(_, inner) => self.used_by_model_tests(inner, used, error),
            Node::Call(_, arguments) => {
                arguments.iter().for_each(|argument| self.used_by_model_tests(argument, used, error));
            }
            Node::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    self.used_by_model_tests(condition, used, error);
                    self.used_by_model_tests(value, used, error);
                }
                otherwise.iter().for_each(|value| self.used_by_model_tests(value, used, error));
            }
            _ => {}
        }
    }

    fn unknown_alias(&self, name: &str, span: std::ops::Range<usize>) -> ExprError {
        let unknown = ExprError::new(span, "unknown-alias", format!("nothing is called `{name}` here"));
        unknown.did_you_mean(name, self.aliases.iter().map(String::as_str))
    }

    /// Which alias a path starts at, and the rest of it.
    fn alias_of<'p>(&self, path: &'p Path) -> Result<(usize, &'p [Segment]), ExprError> {
        let first = &path.segments[0];
        if !first.is_step()
            && let Some(position) = self.aliases.iter().position(|alias| !alias.is_empty() && *alias == first.name)
        {
            return Ok((position, &path.segments[1..]));
        }
        // With one collection and no join, its properties may be named without the alias.
        if self.query.joins.is_empty()
            && (self.aliases[0].is_empty() || path.segments.len() == 1 || first.name.starts_with('$'))
        {
            return Ok((0, &path.segments));
        }
        Err(self.unknown_alias(&first.name, first.span.clone()))
    }

    fn from(&self, bound: &mut [Option<Bound>], emit: &mut Emit<'_>) -> Result<(), ExprError> {
        let topology = self.state.topology();
        match &self.query.from {
            From::Twins { .. } => {
                if let Some(id) = self.fixed_id() {
                    if let Some(twin) = topology.twin(&id) {
                        self.bind(0, Bound::Twin(twin), 0, bound, emit)?;
                    }
                    return Ok(());
                }
                for twin in topology.twins() {
                    if !self.bind(0, Bound::Twin(twin), 0, bound, emit)? {
                        break;
                    }
                }
            }
            From::Relationships { .. } => {
                for (number, ..) in self.graph.relationships() {
                    if !self.bind(0, Bound::Relationship(number), 0, bound, emit)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The id in a condition `alias.$dtId = 'id'` on the collection.
    fn fixed_id(&self) -> Option<String> {
        self.tests[0].iter().find_map(|test| {
            let Node::Binary(BinaryOp::Equal, left, right) = &test.node else { return None };
            let (Node::Path(path), Node::Text(id)) = (&left.node, &right.node) else { return None };
            let (position, rest) = self.alias_of(path).ok()?;
            (position == 0 && rest.len() == 1 && rest[0].name == "$dtId").then(|| id.clone())
        })
    }

    /// Binds an alias, tests what can be tested, and goes on with the next join; whether more rows are wanted.
    fn bind(
        &self,
        alias: usize,
        value: Bound,
        join: usize,
        bound: &mut [Option<Bound>],
        emit: &mut Emit<'_>,
    ) -> Result<bool, ExprError> {
        bound[alias] = Some(value);
        for test in &self.tests[alias] {
            if evaluate(test, &Row { engine: self, bound })? != Cell::Bool(true) {
                return Ok(true);
            }
        }
        let Some(next) = self.query.joins.get(join) else {
            return emit(&Row { engine: self, bound });
        };
        let source = self.aliases.iter().position(|known| *known == next.source).unwrap_or(0);
        let target = self.aliases.iter().position(|known| *known == next.target).unwrap_or(0);
        let Some(Bound::Twin(from)) = bound[source] else {
            let message = format!("`{}` is a relationship, not a twin", next.source);
            return Err(ExprError::new(next.span.clone(), "not-a-twin", message));
        };
        let edges = &self.edges[join];
        let start = edges.partition_point(|edge| edge.from < from);
        for edge in edges[start..].iter().take_while(|edge| edge.from == from) {
            if next.alias.is_some() {
                bound[target + 1] = Some(Bound::Relationship(edge.number));
                let mut kept = true;
                for test in &self.tests[target + 1] {
                    // Conditions on both wait for the later of the two, which is the relationship: the twin goes first.
                    bound[target] = Some(Bound::Twin(edge.to));
                    kept &= evaluate(test, &Row { engine: self, bound })? == Cell::Bool(true);
                }
                if !kept {
                    continue;
                }
            }
            if !self.bind(target, Bound::Twin(edge.to), join + 1, bound, emit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn split<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &expr.node {
        Node::Binary(BinaryOp::And, left, right) => {
            split(left, out);
            split(right, out);
        }
        _ => out.push(expr),
    }
}

/// The aliases bound so far.
struct Row<'r> {
    engine: &'r Engine<'r>,
    bound: &'r [Option<Bound>],
}

impl Row<'_> {
    fn project(&self, query: &Query) -> Result<Vec<(String, Output)>, ExprError> {
        let whole = |bound: Option<Bound>| match bound {
            Some(Bound::Twin(twin)) => Some(Output::Twin(twin)),
            Some(Bound::Relationship(number)) => Some(Output::Relationship(number)),
            None => None,
        };
        match &query.select {
            Select::Everything(_) => {
                Ok(whole(self.bound[0]).map(|output| (String::new(), output)).into_iter().collect())
            }
            Select::Count => Ok(Vec::new()),
            Select::Items(items) => {
                let mut row = Vec::new();
                for (expr, key) in items {
                    let alias = match &expr.node {
                        Node::Path(path) if path.segments.len() == 1 => {
                            self.engine.aliases.iter().position(|alias| *alias == path.segments[0].name)
                        }
                        _ => None,
                    };
                    let output = match alias {
                        Some(position) => whole(self.bound[position]),
                        None => match evaluate(expr, self)? {
                            Cell::Missing => None,
                            cell => Some(Output::Value(cell)),
                        },
                    };
                    row.extend(output.map(|output| (key.clone(), output)));
                }
                Ok(row)
            }
        }
    }

    fn relationship(&self, number: u32, segments: &[Segment]) -> Cell {
        let graph = self.engine.graph;
        let (Some(relationship), [segment]) = (graph.relationship(number), segments) else { return Cell::Missing };
        let ends = graph.ends(number);
        let text = |id: &str| Cell::Text(id.into());
        match (segment.name.as_str(), ends) {
            ("$relationshipId", Some((from, to))) => text(&format!("{from}-{}-{to}", relationship.name)),
            ("$relationshipName", _) => Cell::Text(relationship.name.clone()),
            ("$sourceId", Some((from, _))) => text(from),
            ("$targetId", Some((_, to))) => text(to),
            (name, _) => {
                let found = relationship.properties.iter().find(|(known, _)| **known == *name);
                found.map_or(Cell::Missing, |(_, value)| match value {
                    crate::value::Value::Bool(flag) => Cell::Bool(*flag),
                    crate::value::Value::Text(text) => Cell::Text(text.as_str().into()),
                    number => encode(number, Kind::Number, &self.engine.state.topology().texts)
                        .map_or(Cell::Missing, Cell::Number),
                })
            }
        }
    }

    fn twin(&self, position: usize) -> Option<TwinContext<'_>> {
        match self.bound[position] {
            Some(Bound::Twin(twin)) => Some(TwinContext { state: self.engine.state, twin }),
            _ => None,
        }
    }
}

impl Context for Row<'_> {
    fn path(&self, path: &Path) -> Result<Cell, ExprError> {
        let (position, rest) = self.engine.alias_of(path)?;
        match self.bound[position] {
            Some(Bound::Twin(twin)) if rest.is_empty() => {
                Ok(Cell::Text(self.engine.state.topology().twin_id(twin).clone()))
            }
            Some(Bound::Twin(twin)) => {
                TwinContext { state: self.engine.state, twin }.path(&Path { segments: rest.to_vec() })
            }
            Some(Bound::Relationship(number)) => Ok(self.relationship(number, rest)),
            None => Ok(Cell::Missing),
        }
    }

    fn related(&self, argument: &Expr) -> Result<(Vec<Option<Cell>>, bool), ExprError> {
        let mut position = 0;
        let mut error = None;
        let inner = argument.clone().map_paths(&mut |path| match self.engine.alias_of(&path) {
            Ok((found, rest)) if !rest.is_empty() => {
                position = found;
                Path { segments: rest.to_vec() }
            }
            Ok(_) => path,
            Err(found) => {
                error = Some(found);
                path
            }
        });
        match (error, self.twin(position)) {
            (Some(error), _) => Err(error),
            (None, Some(twin)) => twin.related(&inner),
            (None, None) => Ok((Vec::new(), false)),
        }
    }

    fn is_of_model(&self, alias: Option<&str>, model: &str, exact: bool, expr: &Expr) -> Result<bool, ExprError> {
        let position = match alias {
            Some(alias) => self.engine.aliases.iter().position(|known| known == alias),
            None => Some(0),
        };
        match position.and_then(|position| self.twin(position)) {
            Some(twin) => twin.is_of_model(None, model, exact, expr),
            None => Ok(false),
        }
    }
}
