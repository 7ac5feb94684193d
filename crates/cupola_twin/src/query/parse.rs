//! The query parser.

use super::{Direction, EdgePattern, From, Hops, Link, Name, Query, Select};
use crate::expr::{Expr, ExprError, Node, Parser, Token};

/// Keywords that cannot be an alias where the alias is optional.
const CLAUSES: [&str; 16] = [
    "FROM", "JOIN", "OPTIONAL", "LEFT", "MATCH", "WHERE", "RELATED", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET",
    "AT", "IN", "AND", "AS",
];
/// The largest number of hops in a pattern.
const MAX_HOPS: usize = 1_000_000;

/// Parses a query.
///
/// # Errors
/// An error of syntax, a duplicate key in `SELECT`, or an expression that is too long or too deeply nested.
///
/// ```
/// let query = cupola_twin::query::parse("SELECT TOP(5) T.$dtId FROM DIGITALTWINS T WHERE T.co2 > 900").unwrap();
/// assert_eq!(query.limit, Some(5));
/// assert_eq!(query.order_by.len(), 0);
/// ```
pub fn parse(text: &str) -> Result<Query, ExprError> {
    let mut parser = Parser::new(text)?;
    let explain = parser.take_word("EXPLAIN");
    parser.expect_word("SELECT")?;
    let distinct = parser.take_word("DISTINCT");
    let top = if parser.is_word("TOP") && parser.is_called() {
        parser.take_word("TOP");
        parser.expect_mark("(")?;
        let count = parser.count()?;
        parser.expect_mark(")")?;
        Some(count)
    } else {
        None
    };
    let select = select(&mut parser, top.is_some())?;
    parser.expect_word("FROM")?;
    let mut from = from(&mut parser)?;
    let mut links = Vec::new();
    loop {
        let span = parser.span();
        match link(&mut parser)? {
            None => break,
            // `MATCH (T)` is another form of `FROM DIGITALTWINS T`.
            Some(Link::Match { nodes, edges, .. }) if edges.is_empty() => match &mut from {
                From::Twins { alias: alias @ None } if links.is_empty() => *alias = nodes.into_iter().next().flatten(),
                _ => {
                    let message = "a pattern of a single twin must be the only pattern";
                    return Err(
                        ExprError::new(span, "syntax", message).help("add a relationship: (a)-[:contains]->(b)")
                    );
                }
            },
            Some(link) => links.push(link),
        }
    }
    let filter = if parser.take_word("WHERE") { Some(parser.expression()?) } else { None };
    let mut query = Query {
        explain,
        distinct,
        select,
        from,
        links,
        filter,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        limit: top,
        offset: 0,
        at: None,
        timeline: None,
    };
    rest(&mut parser, &mut query)?;
    parser.end()?;
    Ok(query)
}

/// Parses the clauses after `WHERE`.
fn rest(parser: &mut Parser, query: &mut Query) -> Result<(), ExprError> {
    if parser.take_word("GROUP") {
        parser.expect_word("BY")?;
        query.group_by = list(parser, Parser::expression)?;
    }
    if parser.take_word("HAVING") {
        query.having = Some(parser.expression()?);
    }
    if parser.take_word("ORDER") {
        parser.expect_word("BY")?;
        query.order_by = list(parser, |parser| {
            let expr = parser.expression()?;
            let falls = parser.take_word("DESC");
            if !falls {
                parser.take_word("ASC");
            }
            Ok((expr, falls))
        })?;
    }
    // The two may have either order.
    let (mut has_limit, mut has_offset) = (false, false);
    loop {
        if !has_limit && parser.take_word("LIMIT") {
            has_limit = true;
            let limit = parser.count()?;
            query.limit = Some(query.limit.map_or(limit, |top| top.min(limit)));
        } else if !has_offset && parser.take_word("OFFSET") {
            has_offset = true;
            query.offset = parser.count()?;
        } else {
            break;
        }
    }
    loop {
        if query.at.is_none() && parser.take_word("AT") {
            query.at = Some(parser.text("a time in quotes, such as '2026-01-31T08:00:00Z'")?);
        } else if query.timeline.is_none() && parser.take_word("IN") {
            let (word, _) = parser.name("a timeline")?;
            let is_named = word.eq_ignore_ascii_case("TIMELINE");
            query.timeline = Some(if is_named { parser.name("a timeline")?.0 } else { word });
        } else {
            return Ok(());
        }
    }
}

fn list<T>(parser: &mut Parser, mut one: impl FnMut(&mut Parser) -> Result<T, ExprError>) -> Result<Vec<T>, ExprError> {
    let mut out = vec![one(parser)?];
    while parser.take_mark(",") {
        out.push(one(parser)?);
    }
    Ok(out)
}

fn select(parser: &mut Parser, has_top: bool) -> Result<Select, ExprError> {
    let span = parser.span();
    // `SELECT TOP(5) FROM …` has no projection.
    if parser.take_mark("*") || (has_top && parser.is_word("FROM")) {
        return Ok(Select::Everything(span));
    }
    let mut items: Vec<(Expr, String)> = Vec::new();
    loop {
        let expr = parser.expression()?;
        let name = if parser.take_word("AS") {
            let (name, span) = parser.name("a name")?;
            if items.iter().any(|(_, known)| *known == name) {
                let message = format!("two columns have the name `{name}`");
                return Err(ExprError::new(span, "duplicate-alias", message).help("rename one of them"));
            }
            name
        } else {
            key(&expr, &items)
        };
        items.push((expr, name));
        if !parser.take_mark(",") {
            return Ok(Select::Items(items));
        }
    }
}

/// Returns the key of a projected expression: the last segment of a path, the name of an aggregate, otherwise
/// `expression` with its position. A duplicate key gets a numeric suffix.
fn key(expr: &Expr, items: &[(Expr, String)]) -> String {
    let name = match &expr.node {
        Node::Path(path) => path.segments.last().map(|segment| segment.name.clone()).unwrap_or_default(),
        Node::Aggregate(aggregate, _) => aggregate.name().to_string(),
        _ => format!("expression{}", items.len() + 1),
    };
    let taken = |name: &str| items.iter().any(|(_, known)| known == name);
    if !taken(&name) {
        return name;
    }
    (2..).map(|number| format!("{name}_{number}")).find(|name| !taken(name)).unwrap_or(name)
}

fn from(parser: &mut Parser) -> Result<From, ExprError> {
    let (collection, span) = parser.name("DIGITALTWINS or RELATIONSHIPS")?;
    match collection.to_ascii_uppercase().as_str() {
        "DIGITALTWINS" => Ok(From::Twins { alias: alias(parser)? }),
        "RELATIONSHIPS" => Ok(From::Relationships { alias: alias(parser)? }),
        _ => {
            let unknown = ExprError::new(span, "unknown-collection", format!("`{collection}` is not a collection"));
            let help = unknown.did_you_mean(&collection.to_ascii_uppercase(), ["DIGITALTWINS", "RELATIONSHIPS"]);
            Err(if help.help.is_some() { help } else { help.help("select from DIGITALTWINS or RELATIONSHIPS") })
        }
    }
}

fn alias(parser: &mut Parser) -> Result<Option<Name>, ExprError> {
    if parser.take_word("AS") {
        return Ok(Some(parser.name("a name")?));
    }
    if CLAUSES.iter().any(|clause| parser.is_word(clause)) && !is_alias(parser) {
        return Ok(None);
    }
    Ok(parser.name("").ok())
}

/// Returns whether the next keyword doesn't begin its clause here, and therefore is an alias.
fn is_alias(parser: &Parser) -> bool {
    let is_clause = |word: &str| CLAUSES.iter().any(|clause| word.eq_ignore_ascii_case(clause));
    if parser.is_word("LIMIT") || parser.is_word("OFFSET") {
        return !parser.is_followed(|token| matches!(token, Token::Number(_)));
    }
    if parser.is_word("AT") {
        return !parser.is_followed(|token| matches!(token, Token::Text(_)));
    }
    if parser.is_word("GROUP") || parser.is_word("ORDER") {
        return !parser.is_followed(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("BY")));
    }
    let ends = |token: &Token| match token {
        Token::Word(word) => is_clause(word),
        token => *token == Token::End,
    };
    parser.is_word("IN") && parser.is_followed(ends)
}

fn link(parser: &mut Parser) -> Result<Option<Link>, ExprError> {
    let optional = parser.take_word("OPTIONAL") || parser.take_word("LEFT");
    if optional {
        parser.take_word("OUTER");
    }
    if optional || parser.is_word("JOIN") {
        parser.expect_word("JOIN")?;
        return join(parser, optional).map(Some);
    }
    if parser.take_word("MATCH") {
        return pattern(parser).map(Some);
    }
    Ok(None)
}

fn join(parser: &mut Parser, optional: bool) -> Result<Link, ExprError> {
    let target = parser.name("a name for the related twin")?;
    parser.expect_word("RELATED")?;
    let source = parser.name("the name of a twin")?;
    parser.expect_mark(".")?;
    let direction = if parser.take_mark("^") { Direction::Backward } else { Direction::Forward };
    let relationship = parser.name("a relationship")?;
    Ok(Link::Join { target, source, relationship, direction, alias: alias(parser)?, optional })
}

fn pattern(parser: &mut Parser) -> Result<Link, ExprError> {
    let span = parser.span();
    let is_shortest = parser.take_word("SHORTEST");
    let way = if is_shortest && !parser.is_mark("(") {
        let way = parser.name("a name for the path, or `(`")?;
        parser.expect_mark("=")?;
        Some(way)
    } else {
        None
    };
    let mut nodes = vec![node(parser)?];
    let mut edges = Vec::new();
    while parser.is_mark("-") || parser.is_mark("<") {
        edges.push(edge(parser)?);
        nodes.push(node(parser)?);
    }
    if edges.is_empty() && is_shortest {
        return Err(parser.unexpected("a relationship such as `-[:contains]->`"));
    }
    if is_shortest && edges.len() != 1 {
        let message = "SHORTEST needs exactly one relationship";
        return Err(ExprError::new(span, "wrong-shortest", message).help("write MATCH SHORTEST (a)-[:feeds*]->(b)"));
    }
    Ok(Link::Match { nodes, edges, shortest: is_shortest.then_some(way) })
}

fn node(parser: &mut Parser) -> Result<Option<Name>, ExprError> {
    parser.expect_mark("(")?;
    if parser.take_mark(")") {
        return Ok(None);
    }
    let name = parser.name("a name for the twin")?;
    parser.expect_mark(")")?;
    Ok(Some(name))
}

fn edge(parser: &mut Parser) -> Result<EdgePattern, ExprError> {
    let start = parser.span().start;
    let leads_back = parser.take_mark("<");
    parser.expect_mark("-")?;
    parser.expect_mark("[")?;
    let is_named = !parser.is_mark(":") && !parser.is_mark("*") && !parser.is_mark("]");
    let alias = if is_named { Some(parser.name("a variable, or `:` and a relationship's name")?) } else { None };
    let mut names = Vec::new();
    if parser.take_mark(":") {
        names.push(parser.name("a relationship's name")?);
        while parser.take_mark("|") {
            names.push(parser.name("a relationship's name")?);
        }
    }
    let hops_span = parser.span();
    let hops = if parser.take_mark("*") { hops(parser)? } else { Hops::ONE };
    parser.expect_mark("]")?;
    let leads_on = parser.take_mark("->");
    if !leads_on {
        parser.expect_mark("-")?;
    }
    let span = start..parser.previous_end();
    if let (Some((name, _)), true) = (&alias, hops != Hops::ONE) {
        let message = format!("`{name}` would stand for several relationships");
        return Err(ExprError::new(hops_span, "several-hops", message).help("remove the name or the `*`"));
    }
    let direction = match (leads_back, leads_on) {
        (false, true) => Direction::Forward,
        (true, false) => Direction::Backward,
        (false, false) => Direction::Either,
        (true, true) => {
            let message = "a relationship has one direction or none: `-[]->`, `<-[]-`, `-[]-`";
            return Err(ExprError::new(span, "syntax", message));
        }
    };
    Ok(EdgePattern { alias, names, direction, hops, span })
}

/// Parses the number of hops after `*`: a number, or a range that excludes its lower and includes its upper end.
fn hops(parser: &mut Parser) -> Result<Hops, ExprError> {
    let span = parser.span();
    let wrong = |message: &str| ExprError::new(span.clone(), "wrong-hops", message.to_string());
    let count = |parser: &mut Parser| -> Result<u32, ExprError> {
        let span = parser.span();
        let count = parser.count()?;
        if count > MAX_HOPS {
            let message = format!("a pattern has at most {MAX_HOPS} relationships in a row");
            return Err(ExprError::new(span, "wrong-hops", message).help("write `*` for any number"));
        }
        Ok(count as u32)
    };
    let low = if parser.is_mark(".") || parser.is_mark("]") { None } else { Some(count(parser)?) };
    let is_range = parser.take_mark(".");
    if is_range {
        parser.expect_mark(".")?;
    }
    let high = if is_range && !parser.is_mark("]") { Some(count(parser)?) } else { None };
    match (low, is_range, high) {
        (None, false, _) => Ok(Hops { least: 1, most: None }),
        (Some(0), false, _) | (_, true, Some(0)) => Err(wrong("two twins need at least one relationship between them")),
        (Some(exact), false, _) => Ok(Hops { least: exact, most: Some(exact) }),
        (low, true, most) => {
            let least = low.map_or(1, |low| low + 1);
            if most.is_some_and(|most| most < least) {
                return Err(wrong("the range is empty: it excludes its lower end and includes its upper end"));
            }
            Ok(Hops { least, most })
        }
    }
}
