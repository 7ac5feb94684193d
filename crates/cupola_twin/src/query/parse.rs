//! Text into queries.

use super::{From, Join, Query, Select};
use crate::expr::{Expr, ExprError, Node, Parser};

const CLAUSES: [&str; 4] = ["FROM", "JOIN", "WHERE", "RELATED"];

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, ExprError> {
    let mut parser = Parser::new(text)?;
    parser.expect_word("SELECT")?;
    let top = if parser.take_word("TOP") {
        parser.expect_mark("(")?;
        let count = parser.count()?;
        parser.expect_mark(")")?;
        Some(count)
    } else {
        None
    };
    let select = select(&mut parser)?;
    parser.expect_word("FROM")?;
    let (collection, span) = parser.name("DIGITALTWINS or RELATIONSHIPS")?;
    let from = match collection.to_ascii_uppercase().as_str() {
        "DIGITALTWINS" => From::Twins { alias: alias(&mut parser)? },
        "RELATIONSHIPS" => From::Relationships { alias: alias(&mut parser)? },
        _ => {
            let unknown =
                ExprError::new(span, "unknown-collection", format!("`{collection}` is nothing to select from"));
            let help = unknown.did_you_mean(&collection.to_ascii_uppercase(), ["DIGITALTWINS", "RELATIONSHIPS"]);
            return Err(if help.help.is_some() {
                help
            } else {
                help.help("select from DIGITALTWINS or RELATIONSHIPS")
            });
        }
    };
    let mut joins = Vec::new();
    while parser.take_word("JOIN") {
        let (target, _) = parser.name("a name for the related twin")?;
        parser.expect_word("RELATED")?;
        let (source, _) = parser.name("the name of a twin")?;
        parser.expect_mark(".")?;
        let (relationship, span) = parser.name("a relationship")?;
        joins.push(Join { target, source, relationship, span, alias: alias(&mut parser)? });
    }
    let filter = if parser.take_word("WHERE") { Some(parser.expression()?) } else { None };
    parser.end()?;
    Ok(Query { top, select, from, joins, filter })
}

fn select(parser: &mut Parser) -> Result<Select, ExprError> {
    let span = parser.span();
    if parser.take_mark("*") {
        return Ok(Select::Everything(span));
    }
    let mut items = Vec::new();
    loop {
        if items.is_empty() && parser.is_word("COUNT") {
            // COUNT() counts rows; COUNT(path) is an aggregate for each row.
            let mut ahead = parser.clone();
            if ahead.take_word("COUNT") && ahead.take_mark("(") && ahead.take_mark(")") {
                *parser = ahead;
                return Ok(Select::Count);
            }
        }
        let expr = parser.expression()?;
        let name = if parser.take_word("AS") { parser.name("a name")?.0 } else { key(&expr, items.len()) };
        items.push((expr, name));
        if !parser.take_mark(",") {
            return Ok(Select::Items(items));
        }
    }
}

/// What a projected value is called: the last part of a path, else its position.
fn key(expr: &Expr, position: usize) -> String {
    match &expr.node {
        Node::Path(path) => path.segments.last().map(|segment| segment.name.clone()).unwrap_or_default(),
        Node::Aggregate(aggregate, _) => aggregate.name().to_string(),
        _ => format!("expression{}", position + 1),
    }
}

fn alias(parser: &mut Parser) -> Result<Option<String>, ExprError> {
    if parser.take_word("AS") {
        return Ok(Some(parser.name("a name")?.0));
    }
    if CLAUSES.iter().any(|clause| parser.is_word(clause)) {
        return Ok(None);
    }
    Ok(parser.name("").ok().map(|(name, _)| name))
}
