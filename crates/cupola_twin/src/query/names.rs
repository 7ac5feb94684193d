//! The variables of a query, and name resolution.

use super::{Direction, EdgePattern, From, Hops, Link, Name, Query, Select};
use crate::expr::{ExprError, Path, Segment};
use crate::topology::Topology;
use std::ops::Range;

/// The number of a variable.
pub(super) type VarIx = usize;

/// A variable: a twin or a relationship in each row.
#[derive(Clone, Debug)]
pub(super) struct Var {
    /// The alias; a variable without one cannot be referenced.
    pub name: Option<String>,
    /// Whether the variable is a relationship or a path.
    pub is_edge: bool,
    /// The step whose shortest path is the value of the variable.
    pub way_of: Option<usize>,
}

/// A step between two variables along relationships.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub from: VarIx,
    pub to: VarIx,
    /// The variable of the relationship, if it has one.
    pub edge: Option<VarIx>,
    /// The permitted relationship names. An empty list permits every name.
    pub names: Vec<String>,
    pub direction: Direction,
    pub hops: Hops,
    /// Whether a row without a match is kept.
    pub optional: bool,
    /// Whether only a shortest path is matched; `edge` is then the variable of the path.
    pub is_shortest: bool,
    /// The number of the pattern; steps of one pattern never traverse a relationship twice.
    pub pattern: usize,
}

impl Step {
    /// Returns whether the step is a single, directed, required relationship without a variable.
    pub fn is_plain(&self) -> bool {
        self.hops == Hops::ONE
            && !self.is_shortest
            && !self.optional
            && self.edge.is_none()
            && self.direction != Direction::Either
    }

    /// Returns whether the step may traverse relationships of this name.
    pub fn fits(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|known| known == name)
    }
}

/// The variables and steps of a query.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub vars: Vec<Var>,
    pub steps: Vec<Step>,
    /// The variable at which a path without an alias starts.
    implied: Option<VarIx>,
}

impl Names {
    /// Declares the variables and steps of a query.
    pub fn new(query: &Query, topology: &Topology) -> Result<Self, ExprError> {
        let mut names = Self { vars: Vec::new(), steps: Vec::new(), implied: None };
        let (alias, is_edge) = match &query.from {
            From::Twins { alias } => (alias, false),
            From::Relationships { alias } => (alias, true),
        };
        let has_patterns = query.links.iter().any(|link| matches!(link, Link::Match { .. }));
        // A query with patterns needs no variable for the collection.
        if alias.is_some() || !has_patterns {
            names.vars.push(Var { name: alias.as_ref().map(|(name, _)| name.clone()), is_edge, way_of: None });
            names.implied = query.links.is_empty().then_some(0);
        }
        for (number, link) in query.links.iter().enumerate() {
            match link {
                Link::Join { target, source, relationship, direction, alias, optional } => {
                    let from = names.twin(source)?;
                    check_relationship(relationship, topology)?;
                    let to = names.declare(target, false)?;
                    let edge = alias.as_ref().map(|alias| names.declare(alias, true)).transpose()?;
                    names.steps.push(Step {
                        from,
                        to,
                        edge,
                        names: vec![relationship.0.clone()],
                        direction: *direction,
                        hops: Hops::ONE,
                        optional: *optional,
                        is_shortest: false,
                        pattern: number,
                    });
                }
                Link::Match { nodes, edges, shortest } => {
                    let first = names.steps.len();
                    names.pattern(number, nodes, edges, topology)?;
                    if let (Some(way), [step]) = (shortest, &mut names.steps[first..]) {
                        step.is_shortest = true;
                        if let Some(way) = way {
                            let var = names.declare(way, true)?;
                            names.vars[var].way_of = Some(first);
                            names.steps[first].edge = Some(var);
                        }
                    }
                }
            }
        }
        // An optional step becomes required if a required step depends on its target.
        for at in (0..names.steps.len()).rev() {
            let to = names.steps[at].to;
            let is_needed = |step: &Step| !step.optional && (step.from == to || step.to == to);
            if names.steps[at].optional && names.steps.iter().any(is_needed) {
                names.steps[at].optional = false;
            }
        }
        if let (Select::Everything(span), Some(_)) =
            (&query.select, query.links.iter().find(|link| matches!(link, Link::Join { .. })))
        {
            let message = "SELECT * can't be used with JOIN";
            let help = format!("list the columns: SELECT {}", names.listed().join(", "));
            return Err(ExprError::new(span.clone(), "select-all-join", message).help(help));
        }
        Ok(names)
    }

    fn pattern(
        &mut self,
        number: usize,
        nodes: &[Option<Name>],
        edges: &[EdgePattern],
        topology: &Topology,
    ) -> Result<(), ExprError> {
        let mut ends = Vec::with_capacity(nodes.len());
        for node in nodes {
            let var = match node {
                Some(name) if self.find(&name.0).is_some() => self.twin(name)?,
                Some(name) => self.declare(name, false)?,
                None => {
                    self.vars.push(Var { name: None, is_edge: false, way_of: None });
                    self.vars.len() - 1
                }
            };
            ends.push(var);
        }
        for (edge, ends) in edges.iter().zip(ends.windows(2)) {
            edge.names.iter().try_for_each(|name| check_relationship(name, topology))?;
            let bound = edge.alias.as_ref().map(|alias| self.declare(alias, true)).transpose()?;
            self.steps.push(Step {
                from: ends[0],
                to: ends[1],
                edge: bound,
                names: edge.names.iter().map(|(name, _)| name.clone()).collect(),
                direction: edge.direction,
                hops: edge.hops,
                optional: false,
                is_shortest: false,
                pattern: number,
            });
        }
        Ok(())
    }

    /// Returns all aliases, in the order of declaration.
    pub fn listed(&self) -> Vec<&str> {
        self.vars.iter().filter_map(|var| var.name.as_deref()).collect()
    }

    /// Returns the variable with the given alias.
    pub fn find(&self, name: &str) -> Option<VarIx> {
        self.vars.iter().position(|var| var.name.as_deref() == Some(name))
    }

    fn twin(&self, (name, span): &Name) -> Result<VarIx, ExprError> {
        match self.find(name) {
            Some(var) if !self.vars[var].is_edge => Ok(var),
            Some(_) => {
                let message = format!("`{name}` is a relationship, not a twin");
                Err(ExprError::new(span.clone(), "not-a-twin", message))
            }
            None => Err(self.unknown(name, span.clone())),
        }
    }

    fn declare(&mut self, (name, span): &Name, is_edge: bool) -> Result<VarIx, ExprError> {
        if self.find(name).is_some() {
            let message = format!("`{name}` is defined twice");
            return Err(ExprError::new(span.clone(), "duplicate-alias", message).help("rename one of them"));
        }
        self.vars.push(Var { name: Some(name.clone()), is_edge, way_of: None });
        Ok(self.vars.len() - 1)
    }

    /// Returns the error that an alias is unknown.
    pub fn unknown(&self, name: &str, span: Range<usize>) -> ExprError {
        let unknown = ExprError::new(span, "unknown-alias", format!("the name `{name}` is not defined here"));
        let unknown = match self.listed().as_slice() {
            [] => unknown.help("define a name: FROM DIGITALTWINS T"),
            names => unknown.help(format!("the names are {}", names.join(", "))),
        };
        unknown.did_you_mean(name, self.listed())
    }

    /// Returns the variable at which a path starts, and the rest of the path.
    pub fn start<'p>(&self, path: &'p Path) -> Result<(VarIx, &'p [Segment]), ExprError> {
        let first = &path.segments[0];
        if !first.is_step()
            && let Some(var) = self.find(&first.name)
        {
            return Ok((var, &path.segments[1..]));
        }
        // In a query with a single variable, paths may omit the alias.
        if let Some(var) = self.implied
            && (self.vars[var].name.is_none() || path.segments.len() == 1 || first.name.starts_with('$'))
        {
            return Ok((var, &path.segments));
        }
        Err(self.unknown(&first.name, first.span.clone()))
    }

    /// Returns the variable that `IS_OF_MODEL` tests.
    pub fn of_model(&self, alias: Option<&str>, span: &Range<usize>) -> Result<VarIx, ExprError> {
        match alias {
            Some(alias) => self.twin(&(alias.to_string(), span.clone())),
            None if self.implied.is_some_and(|var| self.vars[var].is_edge) => {
                let message = "a relationship has no model";
                Err(ExprError::new(span.clone(), "not-a-twin", message).help("compare R.$relationshipName instead"))
            }
            None => self.implied.ok_or_else(|| {
                let message = "the query has several twins";
                let help = format!("write IS_OF_MODEL({}, '…')", self.listed().first().unwrap_or(&"T"));
                ExprError::new(span.clone(), "which-twin", message).help(help)
            }),
        }
    }
}

fn check_relationship((name, span): &Name, topology: &Topology) -> Result<(), ExprError> {
    if topology.knows_relationship(name) {
        return Ok(());
    }
    let unknown = ExprError::new(span.clone(), "unknown-relationship", format!("no relationship is called `{name}`"));
    let known = topology.relationship_names();
    let of_models = topology.models.iter().flat_map(|(_, model)| model.relationships.iter().map(|known| &*known.name));
    Err(unknown.did_you_mean(name, known.into_iter().chain(of_models)))
}
