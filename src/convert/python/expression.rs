//! Parses tokens into expressions, as far as search spaces need them.

use std::fmt;

use super::token::{self, Token};
use crate::space::Value;

/// An expression and its first line.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::convert) struct Expression {
    pub(in crate::convert) line: usize,
    pub(in crate::convert) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::convert) enum Kind {
    None,
    Value(Value),
    /// A list or a tuple.
    List(Vec<Expression>),
    Mapping(Vec<(Expression, Expression)>),
    /// A name, possibly dotted.
    Name(String),
    Call(Call),
    /// `base[key]`
    Item(Box<Expression>, Box<Expression>),
    /// `target = value`
    Assignment(Box<Expression>, Box<Expression>),
    /// Anything else, such as a comprehension.
    Other,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::convert) struct Call {
    /// The dotted name of the function.
    pub(in crate::convert) name: String,
    pub(in crate::convert) arguments: Vec<Expression>,
    pub(in crate::convert) keywords: Vec<(String, Expression)>,
}

impl Call {
    /// The part of the name after the last dot.
    pub(in crate::convert) fn function(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// The argument at the index `place` or with the keyword `name`.
    pub(in crate::convert) fn argument(&self, place: usize, name: &str) -> Option<&Expression> {
        self.arguments.get(place).or_else(|| self.keyword(name))
    }

    pub(in crate::convert) fn keyword(&self, name: &str) -> Option<&Expression> {
        self.keywords
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The number at the index `place` or with the keyword `name`.
    pub(in crate::convert) fn number(&self, place: usize, name: &str) -> Option<f64> {
        self.argument(place, name)?.number()
    }

    /// The number with the keyword `name`, if it is a nonnegative integer.
    pub(in crate::convert) fn count(&self, name: &str) -> Option<u64> {
        u64::try_from(self.keyword(name)?.value()?.as_i64()?).ok()
    }
}

impl Expression {
    pub(in crate::convert) fn value(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Value(value) => Some(value),
            _ => None,
        }
    }

    pub(in crate::convert) fn number(&self) -> Option<f64> {
        self.value()?.as_f64()
    }

    pub(in crate::convert) fn text(&self) -> Option<&str> {
        self.value()?.as_str()
    }

    pub(in crate::convert) fn is_true(&self) -> bool {
        self.value() == Some(&Value::Bool(true))
    }

    /// The literals of a list; `None` if an item is not a literal.
    pub(in crate::convert) fn literals(&self) -> Option<Vec<Value>> {
        let Kind::List(items) = &self.kind else { return None };
        items.iter().map(Self::literal).collect()
    }

    /// The value of a literal, including `None`, lists and dictionaries.
    pub(in crate::convert) fn literal(&self) -> Option<Value> {
        match &self.kind {
            Kind::Value(value) => Some(value.clone()),
            _ => Value::of_json(&self.json()?),
        }
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(match &self.kind {
            Kind::None => serde_json::Value::Null,
            Kind::Value(value) => value.to_json(),
            Kind::List(items) => items.iter().map(Self::json).collect::<Option<_>>()?,
            Kind::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Some((key.value()?.to_string(), value.json()?)));
                entries.collect::<Option<serde_json::Map<_, _>>>()?.into()
            }
            Kind::Name(_) | Kind::Call(_) | Kind::Item(..) | Kind::Assignment(..) | Kind::Other => return None,
        })
    }

    /// Calls `visitor` with this expression and, if it returns `true`, with the expressions inside.
    pub(in crate::convert) fn visit(&self, visitor: &mut dyn FnMut(&Self) -> bool) {
        if !visitor(self) {
            return;
        }
        match &self.kind {
            Kind::None | Kind::Value(_) | Kind::Name(_) | Kind::Other => {}
            Kind::List(items) => items.iter().for_each(|item| item.visit(visitor)),
            Kind::Mapping(entries) => {
                for (_, value) in entries {
                    value.visit(visitor);
                }
            }
            Kind::Call(call) => {
                call.arguments.iter().for_each(|argument| argument.visit(visitor));
                call.keywords.iter().for_each(|(_, value)| value.visit(visitor));
            }
            Kind::Item(base, key) => {
                base.visit(visitor);
                key.visit(visitor);
            }
            Kind::Assignment(target, value) => {
                target.visit(visitor);
                value.visit(visitor);
            }
        }
    }
}

/// Formats an expression roughly as Python would.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::None => formatter.write_str("None"),
            Kind::Value(value) => value.fmt(formatter),
            Kind::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(formatter, "[{}]", items.join(", "))
            }
            Kind::Name(name) => formatter.write_str(name),
            Kind::Call(call) => write!(formatter, "{}(…)", call.name),
            Kind::Mapping(_) | Kind::Item(..) | Kind::Assignment(..) | Kind::Other => formatter.write_str("…"),
        }
    }
}

/// Maximum nesting depth. Deeper expressions are read as [`Kind::Other`], so that no file overflows the stack.
const MAX_DEPTH: usize = 64;

/// All expressions of a file.
pub(super) fn read(tokens: &[Token]) -> Vec<Expression> {
    let mut reader = Reader {
        tokens,
        at: 0,
        depth: 0,
    };
    let mut found = Vec::new();
    while reader.at < tokens.len() {
        let before = reader.at;
        let expression = reader.statement();
        if reader.at == before {
            reader.at += 1;
        } else if expression.kind != Kind::Other {
            found.push(expression);
        }
    }
    found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a token::Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn is_at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(token::Kind::Symbol(found)) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let is_there = self.is_at(symbol);
        self.at += usize::from(is_there);
        is_there
    }

    fn line(&self) -> usize {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or(1, |token| token.line)
    }

    /// Reads an expression or an assignment. Consumes no token if none can begin here.
    fn statement(&mut self) -> Expression {
        let target = self.sum();
        let can_be_assigned = matches!(target.kind, Kind::Name(_) | Kind::Item(..));
        if !can_be_assigned || !self.take("=") {
            return target;
        }
        let value = self.sum();
        Expression {
            line: target.line,
            kind: Kind::Assignment(Box::new(target), Box::new(value)),
        }
    }

    fn sum(&mut self) -> Expression {
        self.deeper(|reader| reader.folded(&["+", "-"], Self::product))
    }

    /// Reads one level deeper. Below the maximum depth it consumes one token as [`Kind::Other`].
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Expression) -> Expression {
        if self.depth == MAX_DEPTH {
            let line = self.line();
            self.at += 1;
            return Expression {
                line,
                kind: Kind::Other,
            };
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn product(&mut self) -> Expression {
        self.folded(&["*", "/", "//", "%"], Self::signed)
    }

    /// Operands joined by operators of the same precedence, evaluated if all are numbers.
    fn folded(&mut self, operators: &[&'static str], operand: fn(&mut Self) -> Expression) -> Expression {
        let mut left = operand(self);
        while let Some(operator) = operators.iter().copied().find(|operator| self.take(operator)) {
            let right = operand(self);
            left.kind = computed(&left, operator, &right);
        }
        left
    }

    fn signed(&mut self) -> Expression {
        let line = self.line();
        if !self.take("-") {
            return self.power();
        }
        let zero = Expression {
            line,
            kind: Kind::Value(Value::Int(0)),
        };
        let kind = computed(&zero, "-", &self.power());
        Expression { line, kind }
    }

    fn power(&mut self) -> Expression {
        let mut base = self.postfix();
        if self.take("**") {
            let exponent = self.deeper(Self::signed);
            base.kind = computed(&base, "**", &exponent);
        }
        base
    }

    /// A primary expression with the calls and subscripts that follow it.
    fn postfix(&mut self) -> Expression {
        let mut found = self.primary();
        loop {
            let line = self.line();
            // A new statement may begin with a bracket, so a bracket belongs to the name only on the same line.
            let goes_on = self
                .at
                .checked_sub(1)
                .is_some_and(|before| self.tokens[before].line == line);
            match found.kind {
                Kind::Name(ref name) if goes_on && self.take("(") => {
                    let name = name.clone();
                    found.kind = self.call(name);
                }
                Kind::Name(_) if goes_on && self.take("[") => {
                    let key = self.sum();
                    self.close("]");
                    found.kind = Kind::Item(Box::new(found.clone()), Box::new(key));
                }
                // `tune.uniform(0, 1).something` and the like.
                Kind::Call(_) if self.is_at(".") => {
                    self.at += 2;
                    if self.take("(") {
                        self.close(")");
                    }
                }
                _ => return found,
            }
        }
    }

    fn primary(&mut self) -> Expression {
        Expression {
            line: self.line(),
            kind: self.primary_kind(),
        }
    }

    fn primary_kind(&mut self) -> Kind {
        match self.peek() {
            Some(token::Kind::Literal(value)) => {
                self.at += 1;
                let mut value = value.clone();
                // Adjacent string literals are concatenated.
                while let (Value::Text(text), Some(token::Kind::Literal(Value::Text(more)))) = (&mut value, self.peek())
                {
                    text.push_str(more);
                    self.at += 1;
                }
                Kind::Value(value)
            }
            Some(token::Kind::Template) => {
                self.at += 1;
                Kind::Other
            }
            Some(token::Kind::Name(name)) => {
                self.at += 1;
                self.name(name)
            }
            Some(token::Kind::Symbol("(")) => {
                self.at += 1;
                let (mut items, has_comma) = self.items(")");
                match (items.len(), has_comma) {
                    (1, false) => items.swap_remove(0).kind,
                    _ => Kind::List(items),
                }
            }
            Some(token::Kind::Symbol("[")) => {
                self.at += 1;
                let before = self.at;
                let (items, _) = self.items("]");
                if self.is_comprehension(before) {
                    Kind::Other
                } else {
                    Kind::List(items)
                }
            }
            Some(token::Kind::Symbol("{")) => {
                self.at += 1;
                self.mapping()
            }
            Some(token::Kind::Symbol(_)) | None => Kind::Other,
        }
    }

    fn name(&mut self, first: &str) -> Kind {
        match first {
            "True" => return Kind::Value(Value::Bool(true)),
            "False" => return Kind::Value(Value::Bool(false)),
            "None" => return Kind::None,
            "lambda" => {
                self.skip_line();
                return Kind::Other;
            }
            _ => {}
        }
        let mut name = first.to_owned();
        while self.is_at(".") {
            let Some(token::Kind::Name(part)) = self.tokens.get(self.at + 1).map(|token| &token.kind) else {
                break;
            };
            name.push('.');
            name.push_str(part);
            self.at += 2;
        }
        Kind::Name(name)
    }

    /// Returns whether the brackets from token `start` to here contain a `for`.
    fn is_comprehension(&self, start: usize) -> bool {
        let inside = &self.tokens[start..self.at.min(self.tokens.len())];
        inside
            .iter()
            .any(|token| matches!(&token.kind, token::Kind::Name(name) if name == "for"))
    }

    /// Expressions up to and including a closing bracket, and whether there was a comma.
    fn items(&mut self, end: &str) -> (Vec<Expression>, bool) {
        let (mut items, mut has_comma) = (Vec::new(), false);
        while self.at < self.tokens.len() && !self.take(end) {
            if self.take(",") {
                has_comma = true;
                continue;
            }
            let before = self.at;
            items.push(self.element());
            // An unmatched bracket.
            self.at += usize::from(self.at == before);
        }
        (items, has_comma)
    }

    /// One element of a list, up to the next comma or bracket. More than one expression is [`Kind::Other`].
    fn element(&mut self) -> Expression {
        let mut element = self.sum();
        if !self.is_at_end() {
            element.kind = Kind::Other;
            self.skip();
        }
        element
    }

    fn is_at_end(&self) -> bool {
        matches!(self.peek(), None | Some(token::Kind::Symbol("," | ")" | "]" | "}")))
    }

    fn mapping(&mut self) -> Kind {
        let mut entries = Vec::new();
        while self.at < self.tokens.len() && !self.take("}") {
            if self.take(",") {
                continue;
            }
            // `**other`
            if self.take("**") {
                self.skip();
                continue;
            }
            let key = self.sum();
            if self.take(":") {
                entries.push((key, self.element()));
            } else {
                self.skip();
                self.at += usize::from(self.is_at(")") || self.is_at("]"));
            }
        }
        Kind::Mapping(entries)
    }

    fn call(&mut self, name: String) -> Kind {
        let (mut arguments, mut keywords) = (Vec::new(), Vec::new());
        while self.at < self.tokens.len() && !self.take(")") {
            if self.take(",") {
                continue;
            }
            let keyword = match (self.peek(), self.tokens.get(self.at + 1).map(|token| &token.kind)) {
                (Some(token::Kind::Name(name)), Some(token::Kind::Symbol("="))) => Some(name.clone()),
                _ => None,
            };
            let before = self.at;
            match keyword {
                Some(keyword) => {
                    self.at += 2;
                    keywords.push((keyword, self.element()));
                }
                None => arguments.push(self.element()),
            }
            // An unmatched bracket.
            self.at += usize::from(self.at == before || self.is_at("]") || self.is_at("}"));
        }
        Kind::Call(Call {
            name,
            arguments,
            keywords,
        })
    }

    /// Skips past the closing bracket.
    fn close(&mut self, end: &str) {
        while self.at < self.tokens.len() && !self.take(end) {
            let before = self.at;
            self.skip();
            self.at += usize::from(self.at == before && !self.is_at(end));
        }
    }

    /// Skips to the next comma or closing bracket at this level.
    fn skip(&mut self) {
        self.skip_while(|_| true);
    }

    /// As [`Self::skip`], but within the line, unless a bracket is open.
    fn skip_line(&mut self) {
        let line = self.line();
        self.skip_while(|next| next == line);
    }

    /// Skips tokens at this level while `is_allowed` accepts their lines.
    fn skip_while(&mut self, is_allowed: impl Fn(usize) -> bool) {
        let mut depth = 0_usize;
        while let Some(kind) = self.peek() {
            if depth == 0 && !is_allowed(self.line()) {
                return;
            }
            match kind {
                token::Kind::Symbol("(" | "[" | "{") => depth += 1,
                token::Kind::Symbol("," | ")" | "]" | "}") if depth == 0 => return,
                token::Kind::Symbol(")" | "]" | "}") => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// The result of an arithmetic operation, an integer where Python's is one.
fn computed(left: &Expression, operator: &str, right: &Expression) -> Kind {
    let (Some(first), Some(second)) = (left.value(), right.value()) else {
        return Kind::Other;
    };
    if let (Value::Int(first), Value::Int(second)) = (first, second) {
        let whole = match operator {
            "+" => first.checked_add(*second),
            "-" => first.checked_sub(*second),
            "*" => first.checked_mul(*second),
            "//" => floor_division(*first, *second),
            "%" => floor_division(*first, *second)
                .and_then(|quotient| quotient.checked_mul(*second))
                .and_then(|multiple| first.checked_sub(multiple)),
            "**" => u32::try_from(*second).ok().and_then(|second| first.checked_pow(second)),
            _ => None,
        };
        if let Some(whole) = whole {
            return Kind::Value(Value::Int(whole));
        }
    }
    let (Some(first), Some(second)) = (first.as_f64(), second.as_f64()) else {
        return Kind::Other;
    };
    let number = match operator {
        "+" => first + second,
        // 0 - 0.0 is 0.0, not -0.0.
        "-" => first - second,
        "*" => first * second,
        "/" => first / second,
        "**" => first.powf(second),
        _ => f64::NAN,
    };
    if number.is_finite() {
        Kind::Value(Value::Float(number))
    } else {
        Kind::Other
    }
}

/// The quotient as Python rounds it: downwards. `None` for a division by 0, and where it has no room.
fn floor_division(first: i64, second: i64) -> Option<i64> {
    let quotient = first.checked_div(second)?;
    let is_rounded_up = first % second != 0 && (first < 0) != (second < 0);
    Some(if is_rounded_up { quotient - 1 } else { quotient })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::scan;
    use super::*;

    fn one(text: &str) -> Expression {
        let mut found = scan(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn literals_and_arithmetic_are_computed() {
        let number = |text: &str| one(text).value().cloned();
        assert_eq!(number("2 ** 10"), Some(Value::Int(1024)));
        assert_eq!(number("10 ** -5"), Some(Value::Float(10_f64.powf(-5.0))));
        assert_eq!(number("-1e-3"), Some(Value::Float(-1e-3)));
        assert_eq!(number("1_000 * 2 + 1"), Some(Value::Int(2001)));
        assert_eq!(number("1 / 4"), Some(Value::Float(0.25)));
        // As Python 3 prints them.
        let divisions = [
            ("7 // -2", -4),
            ("-7 // 2", -4),
            ("-7 // -2", 3),
            ("7 % -2", -1),
            ("-7 % 2", 1),
            ("-7 % -2", -1),
            ("8 % -2", 0),
        ];
        for (text, expected) in divisions {
            assert_eq!(number(text), Some(Value::Int(expected)), "{text}");
        }
        assert_eq!(number("(3)"), Some(Value::Int(3)));
        assert_eq!(number("'a' \"b\""), Some(Value::Text("ab".into())));
        assert_eq!(one("[1, 'x', None, (2, 3)]").literals().unwrap().len(), 4);
        assert_eq!(one("[2 ** i for i in range(3)]x").kind, Kind::Name("x".into()));
    }

    #[test]
    fn calls_keep_their_arguments_and_lines() {
        let found = scan(
            "# a comment\nlr = trial.suggest_float(\n    \"lr\", 1e-5,\n    high=LIMIT, log=True)  # and one more\n",
        );
        let Kind::Assignment(_, value) = &found[0].kind else {
            panic!("{found:?}")
        };
        let Kind::Call(call) = &value.kind else {
            panic!("{found:?}")
        };
        assert_eq!(
            (call.name.as_str(), call.function(), value.line),
            ("trial.suggest_float", "suggest_float", 2)
        );
        assert_eq!(call.argument(0, "name").unwrap().text(), Some("lr"));
        assert_eq!(call.number(2, "high"), None);
        assert!(call.keyword("log").unwrap().is_true());
    }

    #[test]
    fn what_is_not_understood_does_not_hide_what_comes_after() {
        let text = "x = [i for i in y]\nf = lambda a: {'b': a}\ncfg = {'a': lambda s: s.b(1, 2), 'c': tune.choice([1, 2]), **more}\n";
        let mut calls = Vec::new();
        for expression in scan(text) {
            expression.visit(&mut |inside| {
                if let Kind::Call(call) = &inside.kind {
                    calls.push(call.name.clone());
                }
                true
            });
        }
        assert_eq!(calls, ["tune.choice"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[a-z0-9.,:=+*'\"(){}\\[\\]\n -]{0,200}") {
            scan(&text);
        }

        #[test]
        fn no_depth_is_too_much(bracket in "[(\\[{]", count in 0..5_000_usize) {
            scan(&bracket.repeat(count));
            scan(&"-".repeat(count));
            scan(&"f(".repeat(count));
        }
    }
}
