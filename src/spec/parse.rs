//! Parses YAML text into a tree with source positions.
//!
//! It reads the parser's events instead of its ready-made tree. That tree loses the text of a scalar (`1e-3`, a 64-bit
//! seed) and all but the first of duplicate keys, and its depth is unlimited.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::diagnostics::Diagnostic;
use super::raw::{Content, Entry, Location, Node, Scalar, Source};

/// Maximum depth: far deeper than any spec. It keeps recursion over the tree shallow.
const MAX_DEPTH: usize = 64;

/// Maximum number of items: more than any list of values, yet few enough to compare all pairs quickly.
const MAX_ITEMS: usize = 20_000;

/// Maximum number of values after aliases are expanded.
const MAX_NODES: usize = 200_000;

/// The key whose mappings are merged into the enclosing one (yaml.org/type/merge).
const MERGE: &str = "<<";

/// Parses the text of `source` from byte `start` on. `Ok(None)` is an empty text.
pub(super) fn parse(source: &Arc<Source>, start: usize) -> Result<Option<Node>, Vec<Diagnostic>> {
    let mut builder = Builder::new(source, start);
    let mut parser = Parser::new_from_str(&source.text[start..]);
    while let Some(event) = parser.next_event() {
        let flow = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(builder.explain(&error)),
        };
        if let Err(diagnostic) = flow {
            builder.diagnostics.push(diagnostic);
            return Err(builder.diagnostics);
        }
    }
    if builder.diagnostics.is_empty() {
        Ok(builder.root)
    } else {
        Err(builder.diagnostics)
    }
}

/// A collection that is not closed yet.
enum Open {
    Sequence {
        start: usize,
        anchor: usize,
        items: Vec<Node>,
    },
    Mapping {
        start: usize,
        anchor: usize,
        entries: Vec<Entry>,
        /// Index of each key among the entries.
        keys: HashMap<String, usize>,
        /// Values to be merged into the mapping.
        merged: Vec<Node>,
        key: Option<(String, Location)>,
    },
}

impl Open {
    fn is_full(&self) -> bool {
        match self {
            Self::Sequence { items, .. } => items.len() == MAX_ITEMS,
            Self::Mapping { entries, .. } => entries.len() == MAX_ITEMS,
        }
    }
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    start: usize,
    /// Byte offsets of characters, since the parser counts characters; empty for ASCII, where both are the same.
    bytes: Vec<usize>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    /// Anchored values by the parser's anchor number.
    anchors: HashMap<usize, Node>,
    /// Number of values until now, including those of aliases.
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>, start: usize) -> Self {
        let text = &source.text[start..];
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(byte, _)| byte).collect()
        };
        Self {
            source,
            start,
            bytes,
            open: Vec::new(),
            root: None,
            documents: 0,
            anchors: HashMap::new(),
            nodes: 0,
            diagnostics: Vec::new(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        let length = self.source.text.len() - self.start;
        let byte = if self.bytes.is_empty() {
            character.min(length)
        } else {
            self.bytes.get(character).copied().unwrap_or(length)
        };
        self.start + byte
    }

    fn location(&self, range: Range<usize>) -> Location {
        Location {
            source: Arc::clone(self.source),
            range,
        }
    }

    /// The byte range of a span without trailing whitespace.
    fn range(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        let text = &self.source.text[start..end.max(start)];
        start..start + text.trim_end().len()
    }

    fn explain(&self, error: &ScanError) -> Diagnostic {
        let at = self.byte(error.marker().index());
        let location = self.location(at..at);
        // The parser reads ahead and has its own recursion limit.
        if error.info().contains("recursion limit") {
            return too_deep(&location);
        }
        let diagnostic =
            Diagnostic::error(&location, format!("this is not valid YAML: {}", error.info())).with_label("here");
        if error.info().contains("tab") {
            diagnostic.with_help("indent with spaces, not with tabs")
        } else {
            diagnostic
        }
    }

    /// Handles one event; an error stops the parsing.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let range = self.range(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(
                        Diagnostic::error(&self.location(range), "a second document begins here")
                            .with_help("a spec is one document: remove `---` and what follows"),
                    );
                }
                Ok(())
            }
            Event::Alias(anchor) => {
                let location = self.location(range);
                // A value that is not closed yet cannot contain itself.
                let Some(known) = self.anchors.get(&anchor) else {
                    return Err(
                        Diagnostic::error(&location, "this alias is within the value that it stands for")
                            .with_help("write the value out"),
                    );
                };
                let content = known.content.clone();
                self.nodes += size(&content);
                self.close(Node { location, content }, 0)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text_by_tag = self.check_tag(tag.as_ref(), &range)?;
                let is_quoted = style != ScalarStyle::Plain || is_text_by_tag;
                let content = if !is_quoted && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Content::Null
                } else {
                    Content::Scalar(Scalar {
                        text: text.into_owned(),
                        is_quoted,
                    })
                };
                let location = self.location(range);
                self.close(Node { location, content }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_ref(), &range)?;
                self.descend(Open::Sequence {
                    start: range.start,
                    anchor,
                    items: Vec::new(),
                })
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_ref(), &range)?;
                self.descend(Open::Mapping {
                    start: range.start,
                    anchor,
                    entries: Vec::new(),
                    keys: HashMap::new(),
                    merged: Vec::new(),
                    key: None,
                })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (start, anchor, content) = match self.open.pop() {
                    Some(Open::Sequence { start, anchor, items }) => (start, anchor, Content::Sequence(items)),
                    Some(Open::Mapping {
                        start,
                        anchor,
                        mut entries,
                        mut keys,
                        merged,
                        ..
                    }) => {
                        self.merge(merged, &mut entries, &mut keys);
                        (start, anchor, Content::Mapping(entries))
                    }
                    None => return Ok(()),
                };
                let end = self.byte(span.end.index()).max(start);
                let end = start + self.source.text[start..end].trim_end().len();
                let location = self.location(start..end);
                self.close(Node { location, content }, anchor)
            }
        }
    }

    /// Merges mappings into one: adds entries whose keys it does not have. Earlier mappings take precedence.
    fn merge(&mut self, merged: Vec<Node>, entries: &mut Vec<Entry>, keys: &mut HashMap<String, usize>) {
        for node in merged {
            let mappings = match node.content {
                Content::Sequence(items) => items,
                Content::Mapping(_) | Content::Scalar(_) | Content::Null => vec![node],
            };
            for Node { location, content } in mappings {
                let Content::Mapping(others) = content else {
                    self.diagnostics.push(
                        Diagnostic::error(
                            &location,
                            format!("`{MERGE}` merges mappings, but this is not a mapping"),
                        )
                        .with_help("write an alias of a mapping, or a list of such"),
                    );
                    continue;
                };
                for entry in others {
                    if !keys.contains_key(&entry.key) {
                        keys.insert(entry.key.clone(), entries.len());
                        entries.push(entry);
                    }
                }
            }
        }
    }

    /// Returns `true` if the tag marks a scalar as text.
    fn check_tag(&self, tag: Option<&Cow<'_, Tag>>, range: &Range<usize>) -> Result<bool, Diagnostic> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() => Ok(tag.suffix == "str"),
            Some(_) => Err(
                Diagnostic::error(&self.location(range.clone()), "tags are not supported")
                    .with_help("remove the word that begins with `!`"),
            ),
        }
    }

    fn descend(&mut self, open: Open) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            let (Open::Sequence { start, .. } | Open::Mapping { start, .. }) = open;
            return Err(Diagnostic::error(
                &self.location(start..start),
                format!("nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        self.open.push(open);
        Ok(())
    }

    /// Adds a finished node to the enclosing collection.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Diagnostic::error(
                &node.location,
                format!("more than {MAX_NODES} values; values of aliases count at every use"),
            ));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        if self.open.last().is_some_and(Open::is_full) {
            return Err(Diagnostic::error(
                &node.location,
                format!("a collection of more than {MAX_ITEMS} items"),
            ));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping {
                entries,
                keys,
                merged,
                key,
                ..
            }) => match key.take() {
                None => {
                    let name = match &node.content {
                        Content::Scalar(scalar) => scalar.text.clone(),
                        Content::Null => String::new(),
                        Content::Sequence(_) | Content::Mapping(_) => {
                            self.diagnostics.push(
                                Diagnostic::error(&node.location, format!("a key is a word, this is {}", node.kind()))
                                    .with_help("a value that begins with `{` or `[` needs a key before it"),
                            );
                            String::new()
                        }
                    };
                    *key = Some((name, node.location));
                }
                Some((name, _)) if name == MERGE => merged.push(node),
                Some((name, location)) => {
                    if let Some(first) = keys.get(&name).and_then(|&first| entries.get(first)) {
                        let line = 1 + self.source.text[..first.key_location.range.start].matches('\n').count();
                        self.diagnostics.push(
                            Diagnostic::error(&location, format!("the key `{name}` is given twice"))
                                .with_label(format!("given before in line {line}")),
                        );
                    } else {
                        keys.insert(name.clone(), entries.len());
                        entries.push(Entry {
                            key: name,
                            key_location: location,
                            value: node,
                        });
                    }
                }
            },
        }
        Ok(())
    }
}

/// Number of values in a node's content.
fn size(content: &Content) -> usize {
    match content {
        Content::Null | Content::Scalar(_) => 0,
        Content::Sequence(items) => items.iter().map(|item| 1 + size(&item.content)).sum(),
        Content::Mapping(entries) => entries.iter().map(|entry| 2 + size(&entry.value.content)).sum(),
    }
}

fn too_deep(location: &Location) -> Diagnostic {
    Diagnostic::error(location, format!("nested deeper than {MAX_DEPTH} levels"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::raw::SourceKind;
    use super::*;

    fn tree(text: &str) -> Result<Option<Node>, Vec<Diagnostic>> {
        let source = Source {
            name: "space.yaml".to_owned(),
            text: text.to_owned(),
            kind: SourceKind::File,
        };
        parse(&Arc::new(source), 0)
    }

    /// The texts of all scalars and keys, at their positions in the source.
    fn written(node: &Node) -> Vec<String> {
        let at = |location: &Location| location.source.text[location.range.clone()].to_owned();
        match &node.content {
            Content::Null | Content::Scalar(_) => vec![at(&node.location)],
            Content::Sequence(items) => items.iter().flat_map(written).collect(),
            Content::Mapping(entries) => entries
                .iter()
                .flat_map(|entry| std::iter::once(at(&entry.key_location)).chain(written(&entry.value)))
                .collect(),
        }
    }

    #[test]
    fn every_place_is_exact_beyond_ascii_and_with_windows_line_ends() {
        let text =
            "name: größe\r\nlist: [ ä , 'b c' , \"d\" ]   # ü\r\nmap:\r\n  - x: 1e-3\r\n    y: |\r\n      block\r\n";
        let node = tree(text).unwrap().unwrap();
        assert_eq!(
            written(&node)[..9],
            ["name", "größe", "list", "ä", "'b c'", "\"d\"", "map", "x", "1e-3"]
        );
    }

    #[test]
    fn an_empty_text_is_no_tree() {
        for text in ["", "\n\n", "# only a comment\n"] {
            assert!(tree(text).unwrap().is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_hostile_depth_is_refused() {
        for text in ["[".repeat(60_000), "{a: ".repeat(20_000), "- ".repeat(20_000)] {
            let errors = tree(&text).unwrap_err();
            assert!(
                errors.iter().any(|error| error.message().contains("nested deeper")),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn aliases_stand_for_what_they_name_and_mappings_are_merged() {
        let text = "a: &a {x: 1, y: [2, &b 3]}\nb: *a\nc: {<<: *a, y: 4}\nd: {<<: [{z: 5}, *a]}\ne: *b\n";
        let node = tree(text).unwrap().unwrap();
        let at = |path: &[&str]| {
            let found = path.iter().try_fold(&node, |node, key| node.child(key));
            found.and_then(Node::scalar).map(|value| value.to_string())
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!((at(&["b", "x"]), at(&["e"])), (text("1"), text("3")));
        assert_eq!(
            (at(&["c", "x"]), at(&["c", "y"])),
            (text("1"), text("4")),
            "the mapping's own keys win"
        );
        assert_eq!((at(&["d", "x"]), at(&["d", "z"])), (text("1"), text("5")));
    }

    #[test]
    fn what_aliases_blow_up_or_lead_back_to_is_refused() {
        let levels =
            (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10)));
        let bomb = format!("a0: &a0 [x, x, x, x]\n{}", levels.collect::<String>());
        for (text, message) in [
            (bomb.as_str(), "more than"),
            ("a: &a [*a]", "within the value"),
            ("a: {<<: 3}", "merges mappings"),
        ] {
            let errors = tree(text).unwrap_err();
            assert!(
                errors.iter().any(|error| error.message().contains(message)),
                "{errors:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_tree_or_an_error(text in "[-a-z0-9:{}\\[\\],'\"&*!|># \\n\\tä]{0,60}") {
            match tree(&text) {
                Ok(node) => { node.map(|node| written(&node)); }
                Err(errors) => for error in errors { error.render(false); },
            }
        }
    }
}
