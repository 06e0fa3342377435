//! The generated part of `docs/`: the reference of specs and of commands, the tables of metrics, and the table of contents.
//! With `UPDATE_DOCS=1` it is written anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use automl::metrics::{Goal, METRICS, Task};
use automl::spec::reference;

use crate::support::Sandbox;

/// The part written by hand: titles and pages in the order of the book, nested by their indentation.
const BY_HAND: &str = include_str!("../../docs/contents.md");

/// The page of metrics, without their tables.
const METRICS_BY_HAND: &str = include_str!("../../docs/metrics.md");

/// Markers of the generated parts.
const METRIC_TABLES: &str = "<!-- metrics -->";
const SPEC: &str = "<!-- spec -->";
const COMMANDS: &str = "<!-- commands -->";

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

/// Compares a generated page with the one in the book, or writes it.
fn check(path: &str, text: &str, faults: &mut Vec<String>) {
    let file = book().join(path);
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    if known == text {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    } else {
        faults.push(format!("docs/src/{path} is out of date"));
    }
}

fn verbs(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run("--help").expect_code(0).stdout;
    let (_, rest) = help.split_once("Commands:").unwrap();
    let (commands, _) = rest.split_once("\n\n").unwrap();
    let names = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn the_generated_pages_are_what_the_program_says_now() {
    let mut faults = Vec::new();
    let pages = reference();
    for page in &pages {
        check(&format!("spec/{}.md", page.name), &page.markdown, &mut faults);
    }
    let sandbox = Sandbox::new();
    let verbs = verbs(&sandbox);
    for verb in &verbs {
        let help = sandbox.run(&format!("{verb} --help")).expect_code(0).stdout;
        let text = format!("# `automl {verb}`\n\n```text\n{}\n```\n", help.trim_end());
        check(&format!("commands/{verb}.md"), &text, &mut faults);
    }
    let spec: Vec<String> = pages
        .iter()
        .map(|page| format!("- [`{0}`](spec/{0}.md)", page.name))
        .collect();
    let commands: Vec<String> = verbs
        .iter()
        .map(|verb| format!("- [`automl {verb}`](commands/{verb}.md)"))
        .collect();
    let contents = BY_HAND
        .replace(SPEC, &spec.join("\n"))
        .replace(COMMANDS, &commands.join("\n"));
    check("SUMMARY.md", &contents, &mut faults);
    let metrics = METRICS_BY_HAND.replace(METRIC_TABLES, metric_tables().trim_end());
    check("metrics.md", &metrics, &mut faults);
    assert!(
        faults.is_empty(),
        "{}\nrun `UPDATE_DOCS=1 cargo test --test it docs` and look at what changed",
        faults.join("\n")
    );
}

/// A table for each kind of task, from the registry.
fn metric_tables() -> String {
    let kinds = [
        (Task::Classification, "One class a row (texts, pairs, images)"),
        (Task::MultiLabel, "Several labels a row"),
        (Task::Regression, "Numbers"),
        (Task::TokenClassification, "Tagged words"),
        (Task::QuestionAnswering, "Answers to questions"),
    ];
    let mut text = String::new();
    for (kind, title) in kinds {
        let _ = write!(
            text,
            "## {title}\n\n| metric | other names | goal | of one class | definition |\n|---|---|---|---|---|\n"
        );
        for metric in METRICS.iter().filter(|metric| metric.tasks().any(|task| task == kind)) {
            let aliases: Vec<String> = metric.aliases.iter().map(|name| format!("`{name}`")).collect();
            let goal = match metric.goal {
                Goal::Maximize => "maximize",
                Goal::Minimize => "minimize",
            };
            let of_class = if metric.of_class.is_some() { "yes" } else { "" };
            let help = metric.help.replace('|', "\\|");
            let _ = writeln!(
                text,
                "| `{}` | {} | {goal} | {of_class} | {help} |",
                metric.name,
                aliases.join(", ")
            );
        }
        text.push('\n');
    }
    text
}

#[test]
fn every_page_is_in_the_contents_and_every_link_leads_somewhere() {
    let contents = std::fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    let mut listed = BTreeSet::new();
    let mut faults = Vec::new();
    for page in links(&contents) {
        // mdBook refuses a book with the same page twice.
        if !listed.insert(page.clone()) {
            faults.push(format!("SUMMARY.md lists {page} twice"));
        }
    }
    let mut folders = vec![book()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(book()).unwrap().display().to_string();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            if name != "SUMMARY.md" && !listed.contains(&name) {
                faults.push(format!("docs/src/{name} is not in SUMMARY.md"));
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for link in links(&text) {
                let target = link.split('#').next().unwrap();
                if !target.is_empty() && !path.parent().unwrap().join(target).exists() {
                    faults.push(format!("docs/src/{name} links to `{link}`, which is not there"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The targets of links inside the book.
fn links(text: &str) -> Vec<String> {
    let parts = text.split("](").skip(1);
    let targets = parts.filter_map(|part| part.split(')').next());
    targets
        .filter(|target| !target.contains("://"))
        .map(str::to_owned)
        .collect()
}
