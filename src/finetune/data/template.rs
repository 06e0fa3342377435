//! Texts joined from several columns: `{title}. {body}`.

use super::error::DataError;

/// A text with the names of columns in braces; `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Column(String),
}

impl Template {
    /// # Errors
    /// If a brace has no partner, or if no column is named.
    pub(super) fn parse(template: &str) -> Result<Self, DataError> {
        let refused = |problem| DataError::Template {
            template: template.to_owned(),
            problem,
        };
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(refused("has a `}` without a `{`"));
            }
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| refused("has a `{` without a `}`"))?;
            if name.trim().is_empty() || name.contains('{') {
                return Err(refused("has braces without the name of a column"));
            }
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            parts.push(Part::Column(name.trim().to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        if parts.iter().all(|part| matches!(part, Part::Plain(_))) {
            return Err(refused("names no column"));
        }
        Ok(Self { parts })
    }

    /// The columns in the order of the template.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Plain(_) => None,
            Part::Column(name) => Some(name.as_str()),
        })
    }

    /// The text, with the values of its columns; `None` if no column has one.
    ///
    /// # Errors
    /// Those of `value`.
    pub(super) fn fill<E>(
        &self,
        mut value: impl FnMut(&str) -> Result<Option<String>, E>,
    ) -> Result<Option<String>, E> {
        let (mut text, mut has_any) = (String::new(), false);
        for part in &self.parts {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Column(name) => {
                    if let Some(value) = value(name)? {
                        has_any |= !value.trim().is_empty();
                        text.push_str(&value);
                    }
                }
            }
        }
        Ok(has_any.then_some(text))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn columns_are_put_into_the_text() {
        let template = Template::parse("{title}. { body } {{{title}}}").unwrap();
        assert_eq!(template.columns().collect::<Vec<_>>(), ["title", "body", "title"]);
        let filled = template.fill(|name| Ok::<_, Infallible>(Some(name.to_uppercase())));
        assert_eq!(filled.unwrap().as_deref(), Some("TITLE. BODY {TITLE}"));
        let one_empty = template.fill(|name| Ok::<_, Infallible>((name == "body").then(|| "b".to_owned())));
        assert_eq!(one_empty.unwrap().as_deref(), Some(". b {}"));
        assert_eq!(template.fill(|_| Ok::<_, Infallible>(Some(" ".to_owned()))), Ok(None));
    }

    #[test]
    fn a_malformed_template_is_explained() {
        let faults = ["{title", "title}", "{}", "{{title}}"].map(|template| {
            let error = Template::parse(template).unwrap_err().to_string();
            error.split(';').next().unwrap().to_owned()
        });
        insta::assert_snapshot!(faults.join("\n"), @r"
        the template `{title` has a `{` without a `}`
        the template `title}` has a `}` without a `{`
        the template `{}` has braces without the name of a column
        the template `{{title}}` names no column
        ");
    }
}
