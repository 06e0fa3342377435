//! Parses tokens into a tree by recursive descent: one function per level of precedence.

use std::ops::Range;

use super::super::Value;
use super::ExpressionError;
use super::token::{Kind, Token, tokens};
use super::tree::{Arithmetic, Comparison, Logic, Node, Tree};

/// Longer than any handwritten condition; bounds the recursion over long sums.
const MAX_LENGTH: usize = 4_096;

/// Deeper than any handwritten condition; bounds the recursion over brackets.
const MAX_DEPTH: usize = 64;

/// Parses `text` as one expression, without resolving its names.
pub(super) fn parse(text: &str) -> Result<Tree, ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(ExpressionError::new(
            0..0,
            format!("the expression is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    if *parser.peek() == Kind::End {
        return Err(ExpressionError::new(0..text.len(), "the expression is empty"));
    }
    let tree = parser.disjunction()?;
    if *parser.peek() == Kind::End {
        Ok(tree)
    } else {
        Err(parser.unexpected("an operator or the end"))
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Tree, ExpressionError>;

impl Parser {
    fn peek(&self) -> &Kind {
        &self.tokens[self.at].kind
    }

    fn range(&self) -> Range<usize> {
        self.tokens[self.at].range.clone()
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Kind::Symbol(next) if *next == symbol);
        if is_next {
            self.advance();
        }
        is_next
    }

    fn one_of<T: Copy>(&mut self, symbols: &[(&str, T)]) -> Option<T> {
        let Kind::Symbol(next) = self.peek() else { return None };
        let found = symbols
            .iter()
            .find(|(symbol, _)| symbol == next)
            .map(|(_, meaning)| *meaning);
        if found.is_some() {
            self.advance();
        }
        found
    }

    fn unexpected(&self, expected: &str) -> ExpressionError {
        let message = match self.peek() {
            Kind::End => format!("the expression ends where {expected} should follow"),
            Kind::Symbol(symbol) => format!("expected {expected}, found `{symbol}`"),
            Kind::Name(name) => format!("expected {expected}, found `{name}`"),
            Kind::Text(_) => format!("expected {expected}, found a text"),
            Kind::Number(_) => format!("expected {expected}, found a number"),
        };
        ExpressionError::new(self.range(), message)
    }

    /// Runs `inside` one nesting level deeper.
    fn nested(&mut self, inside: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpressionError::new(
                self.range(),
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        let tree = inside(self);
        self.depth -= 1;
        tree
    }

    fn disjunction(&mut self) -> Parsed {
        let mut left = self.conjunction()?;
        while self.takes("or") {
            left = binary(left, self.conjunction()?, |left, right| {
                Node::Logic(Logic::Or, left, right)
            });
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.takes("and") {
            left = binary(left, self.negation()?, |left, right| {
                Node::Logic(Logic::And, left, right)
            });
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        let start = self.range().start;
        if self.takes("not") {
            let inner = self.nested(Self::negation)?;
            return Ok(Tree {
                range: start..inner.range.end,
                node: Node::Not(Box::new(inner)),
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed {
        const COMPARISONS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let left = self.sum()?;
        if self.takes("in") {
            return self.membership(left);
        }
        if self.takes("not") {
            if !self.takes("in") {
                return Err(self.unexpected("`in`"));
            }
            let member = self.membership(left)?;
            return Ok(Tree {
                range: member.range.clone(),
                node: Node::Not(Box::new(member)),
            });
        }
        let Some(comparison) = self.one_of(&COMPARISONS) else {
            return Ok(left);
        };
        let tree = binary(left, self.sum()?, |left, right| Node::Compare(comparison, left, right));
        let next = self.range();
        if self.one_of(&COMPARISONS).is_some() {
            return Err(ExpressionError::new(next, "comparisons cannot be chained").suggest("write `a < b and b < c`"));
        }
        Ok(tree)
    }

    fn membership(&mut self, item: Tree) -> Parsed {
        let start = self.range().start;
        if !self.takes("[") {
            return Err(self.unexpected("a list such as `[1, 2]`"));
        }
        let mut list = Vec::new();
        while !self.takes("]") {
            list.push(self.nested(Self::sum)?);
            if !self.takes(",") && *self.peek() != Kind::Symbol("]") {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        let end = self.tokens[self.at - 1].range.end;
        if list.is_empty() {
            return Err(ExpressionError::new(start..end, "the list is empty"));
        }
        Ok(Tree {
            range: item.range.start..end,
            node: Node::Member(Box::new(item), list),
        })
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(operator) = self.one_of(&[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)]) {
            left = binary(left, self.product()?, |left, right| {
                Node::Arithmetic(operator, left, right)
            });
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        const OPERATORS: [(&str, Arithmetic); 3] = [
            ("*", Arithmetic::Multiply),
            ("/", Arithmetic::Divide),
            ("%", Arithmetic::Remainder),
        ];
        let mut left = self.sign()?;
        while let Some(operator) = self.one_of(&OPERATORS) {
            left = binary(left, self.sign()?, |left, right| {
                Node::Arithmetic(operator, left, right)
            });
        }
        Ok(left)
    }

    fn sign(&mut self) -> Parsed {
        let start = self.range().start;
        if self.takes("-") {
            let inner = self.nested(Self::sign)?;
            return Ok(Tree {
                range: start..inner.range.end,
                node: Node::Negate(Box::new(inner)),
            });
        }
        self.power()
    }

    /// `-2 ** 2` is -4 and `2 ** -1` is 0.5: the sign binds looser on the left of `**` and tighter on the right.
    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        if !self.takes("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::sign)?;
        Ok(binary(base, exponent, |left, right| {
            Node::Arithmetic(Arithmetic::Power, left, right)
        }))
    }

    fn atom(&mut self) -> Parsed {
        let start = self.range().start;
        let node = match self.peek().clone() {
            Kind::Number(number) => Node::Literal(Value::Float(number)),
            Kind::Text(text) => Node::Literal(Value::Text(text)),
            Kind::Name(name) => Node::Reference(name),
            Kind::Symbol("true") => Node::Literal(Value::Bool(true)),
            Kind::Symbol("false") => Node::Literal(Value::Bool(false)),
            Kind::Symbol("(") => {
                self.advance();
                let inner = self.nested(Self::disjunction)?;
                if !self.takes(")") {
                    return Err(self.unexpected("`)`"));
                }
                return Ok(Tree {
                    range: start..self.tokens[self.at - 1].range.end,
                    node: inner.node,
                });
            }
            Kind::Symbol(_) | Kind::End => return Err(self.unexpected("a parameter, a number or a text")),
        };
        Ok(Tree {
            range: self.advance().range,
            node,
        })
    }
}

fn binary(left: Tree, right: Tree, node: impl FnOnce(Box<Tree>, Box<Tree>) -> Node) -> Tree {
    Tree {
        range: left.range.start..right.range.end,
        node: node(Box::new(left), Box::new(right)),
    }
}
