//! Plain English in what people read: `docs/style.md` says how, these tests keep it so.

use std::path::{Path, PathBuf};

use regex::Regex;

/// The longest sentence in words.
const LONGEST_SENTENCE: usize = 40;

/// The longest line of README outside of tables, code and links.
const LONGEST_LINE: usize = 120;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the product's own code, without tests.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && name != "tests" && name != "testing" {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The texts within quotation marks, with their lines.
fn texts(source: &str) -> Vec<(usize, &str)> {
    let quoted = Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap();
    let product = source.split("#[cfg(test)]").next().unwrap();
    let lines = product.lines().enumerate();
    let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(index, line)| {
        let found = quoted
            .captures_iter(line)
            .map(move |found| (index + 1, found.get(1).unwrap().as_str()));
        found.collect::<Vec<_>>()
    })
    .collect()
}

/// The paragraphs of a page, without code, tables, headings and pictures.
fn paragraphs(page: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut is_code = false;
    for line in page.lines() {
        let line = line.trim();
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let is_prose = !is_code && !["```", "|", "#", "!["].iter().any(|mark| line.starts_with(mark));
        if line.is_empty() || !is_prose || line.starts_with("- ") {
            paragraphs.push(String::new());
        }
        if is_prose {
            let last = paragraphs.last_mut().unwrap();
            last.push_str(line);
            last.push(' ');
        }
    }
    paragraphs
}

fn too_long(name: &str, text: &str, faults: &mut Vec<String>) {
    let end = Regex::new(r"[.!?:;]\s+").unwrap();
    for sentence in end.split(text) {
        let words = sentence.split_whitespace().count();
        if words > LONGEST_SENTENCE {
            faults.push(format!("{name}: {words} words: {sentence}"));
        }
    }
}

#[test]
fn no_message_says_that_something_is_no_other_thing() {
    let pattern = Regex::new(r"\b(is|are|was|were) no \w+").unwrap();
    let fine = Regex::new(r"\b[Tt]here (is|are|was|were) no ").unwrap();
    let mut faults = Vec::new();
    for path in sources() {
        let source = std::fs::read_to_string(&path).unwrap();
        for (line, text) in texts(&source) {
            if pattern.is_match(&fine.replace_all(text, "")) {
                faults.push(format!("{}:{line}: {text}", path.display()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "write `not a …`, see docs/style.md:\n{}",
        faults.join("\n")
    );
}

#[test]
fn sentences_are_short() {
    let mut faults = Vec::new();
    for path in sources() {
        let source = std::fs::read_to_string(&path).unwrap();
        for (line, text) in texts(&source) {
            too_long(&format!("{}:{line}", path.display()), text, &mut faults);
        }
    }
    for page in ["README.md", "docs/src/getting-started.md", "docs/style.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for paragraph in paragraphs(&text) {
            too_long(page, &paragraph, &mut faults);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lines_of_the_readme_fit_into_a_terminal() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut is_code = false;
    for line in readme.lines() {
        is_code ^= line.starts_with("```");
        let is_free = is_code || line.starts_with('|') || line.trim_start().starts_with('[');
        assert!(is_free || line.chars().count() <= LONGEST_LINE, "{line}");
    }
}

/// A doc comment names the thing first. Our own idiom began one in six with a relative clause.
#[test]
fn doc_comments_name_the_thing_first() {
    let riddle = Regex::new(r"^\s*//[/!] (Of|What|Who|Whether|So|That) ").unwrap();
    let mut faults = Vec::new();
    for path in sources() {
        let source = std::fs::read_to_string(&path).unwrap();
        let mut was_comment = false;
        for (index, line) in source.lines().enumerate() {
            let text = line.trim_start();
            let is_comment = text.starts_with("///") || text.starts_with("//!");
            // Only the first line of a comment: later ones continue a sentence.
            if is_comment && !was_comment && riddle.is_match(line) {
                faults.push(format!("{}:{}: {text}", path.display(), index + 1));
            }
            was_comment = is_comment;
        }
    }
    assert!(faults.is_empty(), "{} comments:\n{}", faults.len(), faults.join("\n"));
}
