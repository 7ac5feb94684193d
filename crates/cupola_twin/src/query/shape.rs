//! What becomes of the rows that a plan binds: what is shown of each, put together, sorted, cut off.

use super::group::{Grouping, Key, in_order};
use super::names::{Names, VarIx};
use super::resolve::{Groups, Resolver, is_of_rows};
use super::run::{Output, Runner};
use super::scalar::{Bound, Env, Scalar};
use super::{Query, Select};
use crate::expr::{Aggregate, Cell, Expr, ExprError, Node};
use crate::state::State;
use std::cmp::Ordering;
use std::collections::HashSet;

/// What is shown under a key.
pub(super) enum Shown {
    Whole(VarIx),
    Value(Scalar),
}

impl Shown {
    fn output(&self, env: Env<'_>) -> Result<Option<Output>, ExprError> {
        Ok(match self {
            Self::Whole(var) => match env.bound[*var] {
                Bound::Twin(twin) => Some(Output::Twin(twin)),
                Bound::Relationship(number) => Some(Output::Relationship(number)),
                Bound::None => None,
            },
            Self::Value(scalar) => match scalar.value(env)? {
                Cell::Missing => None,
                cell => Some(Output::Value(cell)),
            },
        })
    }
}

/// What becomes of the rows.
pub(super) struct Shape {
    pub items: Vec<(String, Shown)>,
    /// Keys and aggregates of groups, if rows are grouped.
    groups: Option<Grouped>,
    having: Option<Scalar>,
    order: Vec<(Scalar, bool)>,
}

struct Grouped {
    keys: Vec<Scalar>,
    aggregates: Vec<Aggregate>,
    arguments: Vec<Scalar>,
}

impl Shape {
    pub fn new(query: &Query, names: &Names, state: &State) -> Result<Self, ExprError> {
        let items: &[(Expr, String)] = match &query.select {
            Select::Everything(_) => &[],
            Select::Items(items) => items,
        };
        // What is sorted by may be what is shown, by its name there.
        let item = |name: &str| {
            let found = items.iter().find(|(_, key)| key == name).filter(|_| names.find(name).is_none());
            found.map(|(expr, _)| expr.clone())
        };
        let shown = |expr: &Expr| {
            let mut expr = expr.clone();
            put_items(&mut expr, &item);
            expr
        };
        let order: Vec<(Expr, bool)> = query.order_by.iter().map(|(expr, falls)| (shown(expr), *falls)).collect();
        let having = query.having.as_ref().map(shown);
        let having = having.as_ref();
        let all = items.iter().map(|(expr, _)| expr).chain(order.iter().map(|(expr, _)| expr)).chain(having);
        let is_grouped = !query.group_by.is_empty()
            || having.is_some()
            || all.into_iter().any(|expr| is_of_rows(expr, names, state));
        let keys: Vec<Expr> = query.group_by.iter().map(shown).collect();
        let mut key_scalars = Vec::with_capacity(keys.len());
        let mut groups = Groups::default();
        for key in &keys {
            let scalar = Resolver { names, state, groups: None, is_inner: false }.expr(key)?;
            // An id is of one twin: all else of it is one in the group, too.
            let whole = match scalar {
                Scalar::Id(var) => Some(var),
                _ => alone(key, names),
            };
            groups.whole.extend(whole);
            key_scalars.push(match whole {
                // Two relationships may have one id.
                Some(var) if names.vars[var].is_edge => Scalar::Edge(var),
                _ => scalar,
            });
        }
        groups.keys = keys;
        if let (Select::Everything(span), true) = (&query.select, is_grouped) {
            let message = "SELECT * can't be used with groups";
            return Err(ExprError::new(span.clone(), "select-all-group", message).help("name what to show of a group"));
        }
        let mut resolve = |expr: &Expr| {
            let groups = is_grouped.then_some(&mut groups);
            Resolver { names, state, groups, is_inner: false }.expr(expr)
        };
        let mut out = Vec::with_capacity(items.len());
        for (expr, key) in items {
            let scalar = resolve(expr)?;
            let shown = alone(expr, names).map_or(Shown::Value(scalar), Shown::Whole);
            out.push((key.clone(), shown));
        }
        if matches!(query.select, Select::Everything(_)) {
            let is_one = query.links.is_empty();
            for (var, known) in names.vars.iter().enumerate() {
                match &known.name {
                    _ if is_one => out.push((String::new(), Shown::Whole(var))),
                    Some(name) => out.push((name.clone(), Shown::Whole(var))),
                    None => {}
                }
            }
        }
        let having = having.map(&mut resolve).transpose()?;
        let mut order_scalars = Vec::with_capacity(order.len());
        for (expr, falls) in &order {
            order_scalars.push((resolve(expr)?, *falls));
        }
        let groups = is_grouped.then(|| {
            let (aggregates, arguments) = groups.aggregates.into_iter().unzip();
            Grouped { keys: key_scalars, aggregates, arguments }
        });
        Ok(Self { items: out, groups, having, order: order_scalars })
    }

    /// What becomes of the rows, in words.
    pub fn lines(&self, query: &Query) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(groups) = &self.groups {
            let keys = if groups.keys.is_empty() {
                "one group".into()
            } else {
                format!("groups by {} keys", groups.keys.len())
            };
            lines.push(format!("{keys}, {} aggregates", groups.aggregates.len()));
        }
        if query.distinct {
            lines.push("rows that show the same are one".into());
        }
        if !self.order.is_empty() {
            lines.push(format!("sorted by {} values", self.order.len()));
        }
        if query.limit.is_some() || query.offset > 0 {
            let end =
                query.limit.map_or_else(|| "the last".into(), |limit| query.offset.saturating_add(limit).to_string());
            lines.push(format!("rows {} to {end}", query.offset + 1));
        }
        lines
    }

    pub fn rows(&self, query: &Query, runner: &Runner<'_>) -> Result<Vec<Vec<Option<Output>>>, ExprError> {
        let mut seen = HashSet::new();
        let mut rows: Vec<(Vec<Cell>, Vec<Option<Output>>)> = Vec::new();
        // Without an order, the first rows are as good as any.
        let enough = match query.limit {
            Some(limit) if self.order.is_empty() => query.offset.saturating_add(limit),
            _ => usize::MAX,
        };
        let mut add = |env: Env<'_>| -> Result<bool, ExprError> {
            let mut row = Vec::with_capacity(self.items.len());
            for (_, shown) in &self.items {
                row.push(shown.output(env)?);
            }
            if query.distinct && !seen.insert(fingerprint(&row)) {
                return Ok(true);
            }
            let keys: Result<Vec<Cell>, ExprError> = self.order.iter().map(|(scalar, _)| scalar.value(env)).collect();
            rows.push((keys?, row));
            Ok(rows.len() < enough)
        };
        if enough > 0 {
            match &self.groups {
                None => {
                    runner.run(&mut add)?;
                }
                Some(groups) => {
                    let grouping = groups.collect(runner)?;
                    for group in &grouping.groups {
                        let results = group.results(&groups.aggregates);
                        let env =
                            Env { state: runner.state, graph: runner.graph, bound: &group.first, results: &results };
                        let is_kept = match &self.having {
                            Some(having) => having.holds(env)?,
                            None => true,
                        };
                        if is_kept && !add(env)? {
                            break;
                        }
                    }
                }
            }
        }
        rows.sort_by(|(one, _), (other, _)| {
            let pairs = one.iter().zip(other).zip(&self.order);
            pairs
                .map(|((one, other), (_, falls))| in_order(one, other, *falls))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        let limit = query.limit.unwrap_or(usize::MAX);
        Ok(rows.into_iter().skip(query.offset).take(limit).map(|(_, row)| row).collect())
    }
}

impl Grouped {
    fn collect(&self, runner: &Runner<'_>) -> Result<Grouping, ExprError> {
        let mut grouping = Grouping::new(self.aggregates.len());
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let fill = |scalars: &[Scalar], env: Env<'_>, out: &mut Vec<Cell>| -> Result<(), ExprError> {
            out.clear();
            scalars.iter().try_for_each(|scalar| scalar.value(env).map(|value| out.push(value)))
        };
        runner.run(&mut |env| {
            fill(&self.keys, env, &mut keys)?;
            fill(&self.arguments, env, &mut values)?;
            grouping.add(&keys, env.bound, &mut values);
            Ok(true)
        })?;
        if self.keys.is_empty() {
            grouping.ensure_one(runner.names.vars.len());
        }
        Ok(grouping)
    }
}

/// Puts what is shown in the place of its names.
fn put_items(expr: &mut Expr, item: &dyn Fn(&str) -> Option<Expr>) {
    match &expr.node {
        Node::Path(path) if path.segments.len() == 1 && !path.segments[0].is_step() => {
            if let Some(shown) = item(&path.segments[0].name) {
                *expr = shown;
            }
        }
        // What is shown may be an aggregate, and an aggregate of one is none.
        Node::Aggregate(..) => {}
        _ => expr.each_child_mut(&mut |child| put_items(child, item)),
    }
}

/// The variable that an expression is and nothing else.
fn alone(expr: &Expr, names: &Names) -> Option<VarIx> {
    match &expr.node {
        Node::Path(path) if path.segments.len() == 1 && !path.segments[0].is_step() => {
            names.find(&path.segments[0].name)
        }
        _ => None,
    }
}

/// What two rows are compared by.
fn fingerprint(row: &[Option<Output>]) -> Vec<Key> {
    let key = |output: &Option<Output>| match output {
        None => Key::Missing,
        Some(Output::Twin(twin)) => Key::Bound(Bound::Twin(*twin)),
        Some(Output::Relationship(number)) => Key::Bound(Bound::Relationship(*number)),
        Some(Output::Value(cell)) => Key::of(cell),
    };
    row.iter().map(key).collect()
}
