//! The floors of the program: which folder of `src` may import from which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Packages of their own below all of them: what they may import, their `Cargo.toml`s say.
const PACKAGES: [&str; 7] = [
    "base",
    "catalogue",
    "finetune",
    "hub",
    "metrics",
    "readers",
    "tokenizer",
];

/// The package of the search. Its folders have floors as those of the program.
const SEARCH: &str = "search";

/// Modules of the lowest packages: every folder may import them.
const BASE: [&str; 9] = [
    "awake",
    "catalogue",
    "files",
    "json",
    "metrics",
    "os",
    "rng",
    "suggestion",
    "units",
];

/// Every folder and what it may import, the lowest floor first. Each line imports from lines above it only.
const FLOORS: &[(&str, &[&str])] = &[
    ("finetune", &[]),
    ("hub", &[]),
    ("readers", &[]),
    ("preference", &[]),
    ("space", &[]),
    ("analysis", &["space"]),
    ("trials", &["preference", "space"]),
    ("warm_start", &["space", "trials"]),
    ("searchers", &["preference", "space", "trials"]),
    ("schedulers", &["preference", "trials"]),
    (
        "policies",
        &["preference", "schedulers", "searchers", "space", "trials"],
    ),
    ("spec", &["policies", "preference", "readers", "schedulers", "space"]),
    ("convert", &["space", "spec"]),
    (
        "study",
        &["analysis", "policies", "preference", "space", "spec", "trials"],
    ),
    (
        "objective",
        &[
            "analysis", "finetune", "hub", "readers", "space", "spec", "study", "trials",
        ],
    ),
    ("worker", &["finetune", "objective", "spec", "trials"]),
    ("transports", &["objective", "spec", "trials", "worker"]),
    ("journal", &["study"]),
    (
        "engine",
        &[
            "journal",
            "objective",
            "space",
            "spec",
            "study",
            "transports",
            "trials",
            "worker",
        ],
    ),
    (
        "ask_tell",
        &[
            "engine",
            "journal",
            "policies",
            "preference",
            "searchers",
            "space",
            "spec",
            "study",
            "trials",
        ],
    ),
    (
        "plan",
        &["engine", "objective", "space", "spec", "study", "trials", "worker"],
    ),
    (
        "report",
        &[
            "analysis",
            "engine",
            "finetune",
            "plan",
            "preference",
            "space",
            "spec",
            "study",
            "trials",
            "warm_start",
            "worker",
        ],
    ),
    (
        "tracking",
        &["engine", "journal", "report", "space", "spec", "study", "trials"],
    ),
    (
        "production",
        &[
            "analysis",
            "finetune",
            "hub",
            "objective",
            "readers",
            "report",
            "space",
            "spec",
            "worker",
        ],
    ),
    ("fit", &["finetune", "hub", "objective", "readers", "spec"]),
    ("serve", &["production", "report"]),
    (
        "cli",
        &[
            "analysis",
            "ask_tell",
            "convert",
            "engine",
            "finetune",
            "fit",
            "hub",
            "journal",
            "objective",
            "plan",
            "production",
            "readers",
            "report",
            "searchers",
            "serve",
            "space",
            "spec",
            "study",
            "tracking",
            "transports",
            "trials",
            "warm_start",
            "worker",
        ],
    ),
];

/// Which module of `src` imports which others, and in which file.
fn imports() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let relative = path.strip_prefix(&source).unwrap();
            let relative = relative.strip_prefix(SEARCH).unwrap_or(relative);
            let Some(first) = relative.iter().next() else {
                folders.push(path);
                continue;
            };
            let first = first.to_str().unwrap();
            if PACKAGES.contains(&first) {
                continue;
            }
            let is_test = relative.iter().any(|part| {
                let stem = part.to_str().unwrap().trim_end_matches(".rs");
                matches!(stem, "tests" | "testing" | "screen" | "conformance")
            });
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
                let module = first.trim_end_matches(".rs");
                if matches!(module, "lib" | "main") {
                    continue;
                }
                let known = imports.entry(module.to_owned()).or_default();
                for import in imported(&std::fs::read_to_string(&path).unwrap()) {
                    known
                        .entry(import)
                        .or_insert_with(|| path.strip_prefix(&source).unwrap().to_owned());
                }
            }
        }
    }
    for (module, names) in &mut imports {
        names.remove(module);
        names.retain(|name, _| !BASE.contains(&name.as_str()));
    }
    imports
}

/// The modules that a file names behind `crate::`, outside of comments and of its tests at its end.
fn imported(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text
        .split("#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    let mut names = BTreeSet::new();
    for (_, after) in code
        .match_indices("crate::")
        .map(|(at, found)| code.split_at(at + found.len()))
    {
        match after.strip_prefix('{') {
            // `use crate::{rng, units::Seed};`
            Some(list) => names.extend(top_level_names(list)),
            None => names.extend(leading_name(after)),
        }
    }
    names
}

/// The first word of every item of a list in braces.
fn top_level_names(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut rest = list;
    names.extend(leading_name(rest));
    while let Some(at) = rest.find(['{', '}', ',']) {
        let (found, after) = (&rest[at..=at], &rest[at + 1..]);
        match found {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            _ if depth == 0 => names.extend(leading_name(after)),
            _ => {}
        }
        rest = after;
    }
    names
}

fn leading_name(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

#[test]
fn nothing_imports_from_a_floor_above_it() {
    let imports = imports();
    let mut faults = Vec::new();
    for (module, names) in &imports {
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| name == module) else {
            faults.push(format!("`src/{module}` has no floor: give it a line in FLOORS"));
            continue;
        };
        for (name, file) in names.iter().filter(|(name, _)| !allowed.contains(&name.as_str())) {
            faults.push(format!(
                "src/{}: `{module}` may not import `crate::{name}`",
                file.display()
            ));
        }
        let unused = allowed.iter().filter(|name| !names.contains_key(**name));
        faults.extend(unused.map(|name| format!("FLOORS lets `{module}` import `{name}`, which it does not")));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_table_of_floors_has_no_way_up() {
    for (floor, (module, allowed)) in FLOORS.iter().enumerate() {
        let below: Vec<&str> = FLOORS[..floor].iter().map(|(name, _)| *name).collect();
        for name in *allowed {
            assert!(
                below.contains(name),
                "`{module}` imports `{name}`, which is not below it"
            );
        }
    }
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "use crate::units::Seed;\nuse crate::{\n    rng, space::{Space, Value},\n    spec,\n};\n\
                // crate::comment\nfn f() { crate::journal::read() }\n#[cfg(test)]\nmod tests { use crate::cli; }\n";
    let found: Vec<String> = imported(text).into_iter().collect();
    assert_eq!(found, ["journal", "rng", "space", "spec", "units"]);
}

#[test]
fn differences_between_systems_stand_in_one_folder() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut elsewhere = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "tests" && path != source.join("base/os") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let tests = ["#[cfg(test)]", "#[cfg(all(test,"].map(|start| text.find(start).unwrap_or(text.len()));
                let code = &text[..tests[0].min(tests[1])];
                let differs = |line: &&str| {
                    let condition = line.contains("cfg(") || line.contains("cfg!(");
                    condition
                        && ["unix", "windows", "target_os"]
                            .iter()
                            .any(|system| line.contains(system))
                };
                elsewhere.extend(
                    code.lines()
                        .find(differs)
                        .map(|line| format!("{}: {line}", path.display())),
                );
            }
        }
    }
    assert!(
        elsewhere.is_empty(),
        "move these into base::os:\n{}",
        elsewhere.join("\n")
    );
}
