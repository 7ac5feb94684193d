//! The parser of expressions, by precedence climbing. The query parser uses the same cursor.

use super::lex::{Token, tokens};
use super::{Aggregate, BinaryOp, Expr, ExprError, Function, Node, Path, Segment, Stateful, UnaryOp};
use crate::unit::Unit;
use std::ops::Range;

/// The largest nesting depth, which bounds the recursion.
const MAX_DEPTH: usize = 128;
/// The largest number of nodes. Trees are walked recursively, and some forms duplicate their operands.
const MAX_NODES: usize = 2_000;
/// The largest number of nodes in `IN` lists, whose trees are shallow.
const MAX_ITEMS: usize = 200_000;

/// The longest duration, in seconds.
const MAX_DURATION_S: f64 = 10.0 * 366.0 * 86_400.0;

/// Parses `text` as one expression.
///
/// # Errors
/// An error of syntax, or an expression that is too long or too deeply nested.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser::new(text)?;
    let expr = parser.expression()?;
    parser.end()?;
    Ok(expr)
}

/// Parses a duration such as `1h30m` to seconds.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let scale = match &rest[..letters] {
            "ms" => 1e-3,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        sum += number * scale;
        rest = rest[letters..].trim_start();
    }
    Some(sum)
}

/// Joins conditions with `OR` in a tree of the smallest depth.
fn any_of(mut conditions: Vec<Expr>) -> Option<Expr> {
    while conditions.len() > 1 {
        let mut pairs = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut rest = conditions.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                None => left,
                Some(right) => {
                    let span = left.span.start..right.span.end;
                    Expr { node: Node::Binary(BinaryOp::Or, Box::new(left), Box::new(right)), span }
                }
            });
        }
        conditions = pairs;
    }
    conditions.pop()
}

/// A cursor over the tokens of a text.
#[derive(Clone)]
pub struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    nodes: usize,
    /// The number of list items so far, each counted with the operand that it is compared with.
    items: usize,
}

impl Parser {
    /// Splits `text` into tokens.
    ///
    /// # Errors
    /// The text has a character or literal that is not a token.
    pub fn new(text: &str) -> Result<Self, ExprError> {
        Ok(Self { tokens: tokens(text)?, at: 0, depth: 0, nodes: 0, items: 0 })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    /// Returns the byte range of the next token.
    pub fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn next(&mut self) -> (Token, Range<usize>) {
        let token = self.tokens[self.at].clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    /// Returns the byte offset of the last token's end.
    pub fn previous_end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].1.end
    }

    /// Returns whether the next token is the given keyword, in any case.
    pub fn is_word(&self, keyword: &str) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Returns whether a parenthesis follows the next token.
    pub fn is_called(&self) -> bool {
        matches!(self.tokens.get(self.at + 1), Some((Token::Mark("("), _)))
    }

    /// Returns whether the token after the next one fulfils a condition.
    pub(crate) fn is_followed(&self, by: impl Fn(&Token) -> bool) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|(token, _)| by(token))
    }

    /// Returns whether the next word, which is a keyword of expressions, is the name of a twin here.
    fn is_name(&self) -> bool {
        const AFTER_A_VALUE: [&str; 11] =
            ["FROM", "AS", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "AT", "AND", "OR"];
        // The next word but one is the alias of a path, such as `NOT limit.on`.
        let is_path = matches!(self.tokens.get(self.at + 2), Some((Token::Mark("."), _)));
        self.is_followed(|token| match token {
            Token::Mark(mark) => [".", ",", ")"].contains(mark),
            Token::Word(word) => !is_path && AFTER_A_VALUE.iter().any(|known| word.eq_ignore_ascii_case(known)),
            Token::End => true,
            _ => false,
        })
    }

    /// Returns whether the next token is the given mark.
    pub fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(found) if *found == mark)
    }

    /// Consumes the next token if it is the given keyword.
    pub fn take_word(&mut self, keyword: &str) -> bool {
        let found = self.is_word(keyword);
        if found {
            self.next();
        }
        found
    }

    /// Consumes the next token if it is the given mark.
    pub fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        if found {
            self.next();
        }
        found
    }

    /// Consumes the given keyword.
    ///
    /// # Errors
    /// The next token is not the keyword.
    pub fn expect_word(&mut self, keyword: &str) -> Result<(), ExprError> {
        if self.take_word(keyword) { Ok(()) } else { Err(self.unexpected(&format!("`{keyword}`"))) }
    }

    /// Consumes the given mark.
    ///
    /// # Errors
    /// The next token is not the mark.
    pub fn expect_mark(&mut self, mark: &str) -> Result<(), ExprError> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    /// Consumes a name; `what` describes it in the error message.
    ///
    /// # Errors
    /// The next token is not a name.
    pub fn name(&mut self, what: &str) -> Result<(String, Range<usize>), ExprError> {
        match self.peek() {
            Token::Word(word) => {
                let word = word.clone();
                let (_, span) = self.next();
                Ok((word, span))
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// Consumes a text literal; `what` describes it in the error message.
    ///
    /// # Errors
    /// The next token is not a text literal.
    pub fn text(&mut self, what: &str) -> Result<String, ExprError> {
        match self.peek() {
            Token::Text(text) => {
                let text = text.clone();
                self.next();
                Ok(text)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    /// Consumes a whole number.
    ///
    /// # Errors
    /// The next token is not a whole number up to 10^15.
    pub fn count(&mut self) -> Result<usize, ExprError> {
        match self.peek() {
            Token::Number(number) if number.fract() == 0.0 && *number <= 1e15 => {
                let count = *number as usize;
                self.next();
                Ok(count)
            }
            _ => Err(self.unexpected("a whole number")),
        }
    }

    /// Checks that all tokens were consumed.
    ///
    /// # Errors
    /// Tokens are left.
    pub fn end(&self) -> Result<(), ExprError> {
        if *self.peek() == Token::End { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// Creates the error that `wanted` was expected instead of the next token.
    pub fn unexpected(&self, wanted: &str) -> ExprError {
        let found = match self.peek() {
            Token::Word(word) => format!("`{word}`"),
            Token::Number(number) => format!("`{number}`"),
            Token::Text(text) => format!("'{text}'"),
            Token::Name(name) => format!("[[{name}]]"),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::End => "the end".to_string(),
        };
        let error = ExprError::new(self.span(), "syntax", format!("expected {wanted}, found {found}"));
        match self.hint() {
            Some(help) => error.help(help),
            None => error,
        }
    }

    /// Returns a suggestion for a form of other languages at the next token.
    fn hint(&self) -> Option<&'static str> {
        let previous = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|(token, _)| token);
        match (previous, self.peek()) {
            (_, Token::Word(word)) if word.eq_ignore_ascii_case("LIKE") => {
                Some("use STARTSWITH(x, 'a'), ENDSWITH(x, 'a') or CONTAINS(x, 'a')")
            }
            (_, Token::Word(word)) if word.eq_ignore_ascii_case("BETWEEN") => Some("write x >= 1 AND x <= 2"),
            (_, Token::Word(word)) if word.eq_ignore_ascii_case("IS") => Some("use IS_NULL(x) or IS_DEFINED(x)"),
            (Some(Token::Word(word)), Token::Mark("(")) if word.eq_ignore_ascii_case("IN") => {
                Some("write the list in brackets: IN ['a', 'b']")
            }
            (Some(Token::Mark("=")), Token::Mark("=")) => Some("write a single ="),
            (Some(Token::Mark("%")), _) => Some("write percent: > 0.1 percent"),
            (Some(Token::Mark("&")), Token::Mark("&")) | (_, Token::Mark("&")) => Some("write AND"),
            (Some(Token::Mark("|")), Token::Mark("|")) | (_, Token::Mark("|")) => Some("write OR"),
            (Some(Token::Number(_)), Token::Mark(",")) => Some("write numbers with a decimal point"),
            _ => None,
        }
    }

    /// Counts tree nodes before they are created, to enforce the limit.
    fn grow(&mut self, by: usize) -> Result<(), ExprError> {
        self.nodes += by;
        if self.nodes > MAX_NODES {
            let message = format!("this expression has more than {MAX_NODES} parts");
            return Err(ExprError::new(self.span(), "too-long", message));
        }
        Ok(())
    }

    /// Parses an expression.
    ///
    /// # Errors
    /// An error of syntax, or an expression that is too long or too deeply nested.
    pub fn expression(&mut self) -> Result<Expr, ExprError> {
        self.binary(0)
    }

    fn binary(&mut self, least: u8) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExprError::new(self.span(), "too-deep", format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let mut left = self.unary()?;
        loop {
            if let Some(test) = self.membership(&left, least)? {
                left = test;
                continue;
            }
            let Some((op, strength)) = self.operator() else { break };
            if strength < least {
                break;
            }
            self.next();
            self.grow(1)?;
            let right = self.binary(strength + 1)?;
            if op.is_comparison() && self.operator().is_some_and(|(next, _)| next.is_comparison()) {
                let help = "join two comparisons with AND";
                return Err(ExprError::new(self.span(), "syntax", "comparisons can't be chained").help(help));
            }
            let span = left.span.start..right.span.end;
            left = Expr { node: Node::Binary(op, Box::new(left), Box::new(right)), span };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(BinaryOp, u8)> {
        Some(match self.peek() {
            Token::Word(word) if word.eq_ignore_ascii_case("OR") => (BinaryOp::Or, 1),
            Token::Word(word) if word.eq_ignore_ascii_case("AND") => (BinaryOp::And, 2),
            Token::Mark("=") => (BinaryOp::Equal, 4),
            Token::Mark("!=" | "<>") => (BinaryOp::NotEqual, 4),
            Token::Mark("<") => (BinaryOp::Less, 4),
            Token::Mark("<=") => (BinaryOp::LessOrEqual, 4),
            Token::Mark(">") => (BinaryOp::Greater, 4),
            Token::Mark(">=") => (BinaryOp::GreaterOrEqual, 4),
            Token::Mark("+") => (BinaryOp::Add, 5),
            Token::Mark("-") => (BinaryOp::Subtract, 5),
            Token::Mark("*") => (BinaryOp::Multiply, 6),
            Token::Mark("/") => (BinaryOp::Divide, 6),
            Token::Mark("%") => (BinaryOp::Remainder, 6),
            _ => return None,
        })
    }

    /// Parses `x IN [a, b]`, `x NOT IN [a, b]` and `x NIN [a, b]` as comparisons joined by `OR`.
    fn membership(&mut self, left: &Expr, least: u8) -> Result<Option<Expr>, ExprError> {
        let start = self.at;
        let negated = self.take_word("NIN") || (self.take_word("NOT") && self.is_word("IN"));
        if least > 4 || !(self.take_word("IN") || (negated && self.at > start)) {
            self.at = start;
            return Ok(None);
        }
        // `IN TIMELINE …` of a query is not a list.
        if !negated && *self.peek() != Token::Mark("[") && matches!(self.peek(), Token::Word(_)) {
            self.at = start;
            return Ok(None);
        }
        self.expect_mark("[")?;
        let mut equal = Vec::new();
        loop {
            // Long lists usually have single-node items, so these have a limit of their own and don't count as nodes.
            self.items += 1 + left.size();
            if self.items > MAX_ITEMS {
                let message = format!("the lists have more than {MAX_ITEMS} items");
                return Err(ExprError::new(self.span(), "too-long", message));
            }
            let nodes = self.nodes;
            let item = self.binary(5)?;
            if item.size() == 1 {
                self.nodes = nodes;
            }
            let span = left.span.start..item.span.end;
            equal.push(Expr { node: Node::Binary(BinaryOp::Equal, Box::new(left.clone()), Box::new(item)), span });
            if !self.take_mark(",") {
                break;
            }
        }
        self.expect_mark("]")?;
        let span = left.span.start..self.previous_end();
        Ok(any_of(equal).map(|any| match negated {
            true => Expr { node: Node::Unary(UnaryOp::Not, Box::new(any)), span },
            false => Expr { span, ..any },
        }))
    }

    fn unary(&mut self) -> Result<Expr, ExprError> {
        let start = self.span().start;
        let (op, strength) = if !self.is_name() && self.take_word("NOT") {
            (UnaryOp::Not, 3)
        } else if self.take_mark("-") {
            (UnaryOp::Negate, 7)
        } else {
            return self.primary();
        };
        let inner = self.binary(strength)?;
        let span = start..inner.span.end;
        match (op, &inner.node) {
            (UnaryOp::Negate, Node::Number(number)) => return Ok(Expr { node: Node::Number(-number), span }),
            (UnaryOp::Negate, Node::Quantity(number, unit)) => {
                return Ok(Expr { node: Node::Quantity(-number, unit), span });
            }
            _ => {}
        }
        Ok(Expr { node: Node::Unary(op, Box::new(inner)), span })
    }

    fn primary(&mut self) -> Result<Expr, ExprError> {
        self.grow(1)?;
        let start = self.span().start;
        let node = match self.peek().clone() {
            Token::Number(number) => {
                self.next();
                match self.unit() {
                    Some(unit) => {
                        self.next();
                        Node::Quantity(number, unit)
                    }
                    None => Node::Number(number),
                }
            }
            Token::Text(text) => {
                self.next();
                Node::Text(text)
            }
            Token::Mark("(") => {
                self.next();
                let inner = self.expression()?;
                self.expect_mark(")")?;
                return Ok(inner);
            }
            Token::Mark("^") => Node::Path(self.path()?),
            Token::Name(_) => Node::Path(self.path()?),
            Token::Word(word) => {
                let called = self.is_called();
                match word.to_ascii_uppercase().as_str() {
                    _ if called => self.call(&word)?,
                    "TRUE" | "FALSE" | "NULL" if self.is_followed(|token| *token == Token::Mark(".")) => {
                        Node::Path(self.path()?)
                    }
                    "TRUE" => {
                        self.next();
                        Node::Bool(true)
                    }
                    "FALSE" => {
                        self.next();
                        Node::Bool(false)
                    }
                    "NULL" => {
                        self.next();
                        Node::Null
                    }
                    "CASE" if !self.is_name() => self.case()?,
                    _ => Node::Path(self.path()?),
                }
            }
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Expr { node, span: start..self.previous_end() })
    }

    /// Returns the unit that the next word names, if a unit is possible there.
    fn unit(&self) -> Option<&'static Unit> {
        match self.peek() {
            // `in` is a spelling of inch, but a list follows it here.
            Token::Word(word) if !word.eq_ignore_ascii_case("IN") => crate::unit::find(word),
            _ => None,
        }
    }

    /// Parses a dotted path such as `^contains*.temperature`.
    ///
    /// # Errors
    /// A segment is not a name.
    pub fn path(&mut self) -> Result<Path, ExprError> {
        let mut segments = Vec::new();
        loop {
            let start = self.span().start;
            let inverse = self.take_mark("^");
            let (name, span) = self.segment_name()?;
            // A star directly after a name and before `.` or `)` is a repetition; any other star is a multiplication.
            let star_follows = *self.peek() == Token::Mark("*") && self.span().start == span.end;
            let after_star = self.tokens.get(self.at + 1).map(|(token, _)| token);
            let transitive = star_follows && matches!(after_star, Some(Token::Mark("." | ")")));
            if transitive {
                self.next();
            }
            segments.push(Segment { name, inverse, transitive, span: start..self.previous_end() });
            if !self.take_mark(".") {
                return Ok(Path { segments });
            }
        }
    }

    /// Consumes a name, or a name in double brackets: `[[Order]]` is never a keyword, and `[[2nd floor]]` may have any
    /// characters.
    fn segment_name(&mut self) -> Result<(String, Range<usize>), ExprError> {
        if let Token::Name(name) = self.peek() {
            let name = name.clone();
            let (_, span) = self.next();
            return Ok((name, span));
        }
        self.name("a property or relationship")
    }

    fn call(&mut self, word: &str) -> Result<Node, ExprError> {
        let span = self.span();
        let name = word.to_ascii_uppercase();
        self.next();
        self.expect_mark("(")?;
        if name == "IS_OF_MODEL" {
            return self.is_of_model();
        }
        if let Some(function) = Stateful::named(&name) {
            return self.stateful(function, span.start);
        }
        let mut arguments = Vec::new();
        let counts_rows = name == "COUNT" && matches!(self.peek(), Token::Mark("*" | ")"));
        if counts_rows {
            self.take_mark("*");
            self.expect_mark(")")?;
            // The constant has a value in every row, so the count is the number of rows.
            arguments.push(Expr { node: Node::Number(1.0), span: span.start..self.previous_end() });
        } else if !self.take_mark(")") {
            loop {
                arguments.push(self.expression()?);
                if !self.take_mark(",") {
                    break;
                }
            }
            self.expect_mark(")")?;
        }
        let span = span.start..self.previous_end();
        if let Some((_, aggregate)) = Aggregate::NAMED.iter().find(|(known, _)| *known == name)
            && (arguments.len() == 1 || !matches!(aggregate, Aggregate::Min | Aggregate::Max))
        {
            let count = arguments.len();
            return match arguments.pop() {
                Some(argument) if count == 1 => Ok(Node::Aggregate(*aggregate, Box::new(argument))),
                _ => Err(ExprError::new(span, "arguments", format!("{name} takes one argument, not {count}"))),
            };
        }
        if name == "IF" {
            return match <[Expr; 3]>::try_from(arguments) {
                Ok([condition, then, otherwise]) => Ok(Node::Case(vec![(condition, then)], Some(Box::new(otherwise)))),
                Err(arguments) => {
                    let message = format!("IF takes a condition and two values, not {} arguments", arguments.len());
                    Err(ExprError::new(span, "arguments", message))
                }
            };
        }
        let Some(function) = Function::ALL.iter().find(|function| function.name() == name) else {
            let unknown = ExprError::new(
                span.start..span.start + word.len(),
                "unknown-function",
                format!("no function is called `{word}`"),
            );
            let named = Aggregate::NAMED.iter().map(|(name, _)| *name).chain(Stateful::ALL.iter().map(|f| f.name()));
            return Err(
                unknown.did_you_mean(&name, Function::ALL.iter().map(|f| f.name()).chain(named).chain(["IF", "CASE"]))
            );
        };
        let (least, most) = function.arity();
        if arguments.len() < least || arguments.len() > most {
            let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let message = format!("{name} takes {wanted} arguments, not {}", arguments.len());
            return Err(ExprError::new(span, "arguments", message));
        }
        if function.is_of_calendar()
            && let Some(Expr { node: Node::Text(name), span }) = arguments.get(1)
        {
            ExprError::check_zone(name, span)?;
        }
        Ok(Node::Call(*function, arguments))
    }

    /// Parses the arguments of a stateful function.
    fn stateful(&mut self, function: Stateful, start: usize) -> Result<Node, ExprError> {
        let wrong = |parser: &Self| {
            let message = format!("the syntax of {} is {}", function.name(), function.usage());
            ExprError::new(start..parser.previous_end(), "arguments", message)
        };
        if self.take_mark(")") {
            return Err(wrong(self));
        }
        let mut arguments = vec![self.expression()?];
        let (least, most) = function.durations();
        while self.take_mark(",") {
            if function == Stateful::Hysteresis && arguments.len() < 3 {
                let bound = self.expression()?;
                if !matches!(bound.node, Node::Number(_) | Node::Quantity(..)) {
                    let message = "the bounds of HYSTERESIS must be constants";
                    return Err(ExprError::new(bound.span, "wrong-type", message));
                }
                arguments.push(bound);
            } else if arguments.len() <= most {
                let start = self.span().start;
                let node = self.duration()?;
                arguments.push(Expr { node, span: start..self.previous_end() });
            } else {
                return Err(wrong(self));
            }
        }
        self.expect_mark(")")?;
        let wanted = if function == Stateful::Hysteresis { 3..=3 } else { least + 1..=most + 1 };
        if wanted.contains(&arguments.len()) { Ok(Node::Stateful(function, arguments)) } else { Err(wrong(self)) }
    }

    /// Parses a duration as a constant in seconds: `15m`, `90 s`, `1h30m`, `'15m'`.
    fn duration(&mut self) -> Result<Node, ExprError> {
        let start = self.span().start;
        let text = match self.peek().clone() {
            Token::Text(text) => {
                self.next();
                text
            }
            Token::Number(number) => {
                self.next();
                match self.peek().clone() {
                    Token::Word(unit) => {
                        self.next();
                        format!("{number}{unit}")
                    }
                    _ => number.to_string(),
                }
            }
            _ => return Err(self.unexpected("a duration such as 15m")),
        };
        let second = crate::unit::find("second");
        match (seconds(&text).filter(|seconds| *seconds > 0.0 && *seconds <= MAX_DURATION_S), second) {
            (Some(seconds), Some(second)) => Ok(Node::Quantity(seconds, second)),
            _ => {
                let message = format!("`{text}` is not a duration");
                let error = ExprError::new(start..self.previous_end(), "wrong-duration", message);
                Err(error.help("write 30s, 15m, 2h, 1h30m or 7d; at most ten years"))
            }
        }
    }

    fn is_of_model(&mut self) -> Result<Node, ExprError> {
        let mut alias = None;
        if let Token::Word(word) = self.peek().clone() {
            alias = Some(word);
            self.next();
            self.expect_mark(",")?;
        }
        let Token::Text(model) = self.peek().clone() else {
            return Err(self.unexpected("a model's DTMI in quotes"));
        };
        self.next();
        let mut exact = false;
        if self.take_mark(",") {
            self.expect_word("exact")?;
            exact = true;
        }
        self.expect_mark(")")?;
        Ok(Node::IsOfModel { alias, model, exact })
    }

    /// Parses `CASE WHEN c THEN v … [ELSE v] END` or `CASE x WHEN v THEN …`.
    fn case(&mut self) -> Result<Node, ExprError> {
        self.expect_word("CASE")?;
        let operand = if self.is_word("WHEN") { None } else { Some(self.expression()?) };
        let mut arms = Vec::new();
        while self.take_word("WHEN") {
            self.grow(2 + operand.as_ref().map_or(0, Expr::size))?;
            let condition = self.expression()?;
            let condition = match &operand {
                None => condition,
                Some(operand) => Expr {
                    span: condition.span.clone(),
                    node: Node::Binary(BinaryOp::Equal, Box::new(operand.clone()), Box::new(condition)),
                },
            };
            self.expect_word("THEN")?;
            arms.push((condition, self.expression()?));
        }
        if arms.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        let otherwise = if self.take_word("ELSE") { Some(Box::new(self.expression()?)) } else { None };
        self.expect_word("END")?;
        Ok(Node::Case(arms, otherwise))
    }
}
