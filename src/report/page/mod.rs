//! The web page: everything about a study in one HTML file that loads nothing from elsewhere. `report.html` is complete
//! in itself. When it is served live, the same page listens for newer views.
//!
//! The page contains a [`PageView`] as JSON, and its script draws it: the modules in `script/`, bundled in `script.js`.
//! Begin reading at `script/index.js`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::view::PageView;

/// Generated from the modules in `script/` by `npm run build` there, and kept in the repository, so that building the
/// program needs no Node.
const SCRIPT: &str = include_str!("script.js");
const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// Renders the page with a view in it. `live` is the address of newer views, as server-sent events.
pub fn render(view: &PageView, live: Option<&str>) -> String {
    let title = view.studies.first().map_or("automl", |study| study.name.as_str());
    // A single pass, so that no placeholder is expanded in the data.
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len());
    let mut rest = PAGE;
    while let Some(at) = rest.find("/*") {
        let (before, from) = rest.split_at(at);
        page.push_str(before);
        let Some((name, after)) = from[2..].split_once("*/") else {
            rest = from;
            break;
        };
        match name {
            "TITLE" => page.push_str(&escaped(title)),
            "LIVE" => page.push_str(&escaped(live.unwrap_or_default())),
            "STYLE" => page.push_str(STYLE),
            "SCRIPT" => page.push_str(SCRIPT),
            "SCRIPT_HASH" => page.push_str(&source_hash(SCRIPT)),
            "DATA" => page.push_str(&json(view)),
            other => {
                page.push_str("/*");
                page.push_str(other);
                page.push_str("*/");
            }
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// The hash source that allows only this script in the page.
///
/// See W3C, "Content Security Policy Level 3", §2.3.1.
fn source_hash(script: &str) -> String {
    let hash = Sha256::digest(script.as_bytes());
    format!("sha256-{}", BASE64_STANDARD.encode(hash))
}

/// The view as JSON that is safe inside HTML.
pub fn json(view: &PageView) -> String {
    let json = serde_json::to_string(view).unwrap_or_default();
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        letter => letter.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn view(name: &str) -> PageView {
        let mut view = PageView::new(Vec::new()).unwrap();
        view.version = name.to_owned();
        view
    }

    /// The bundler writes each module's name above its text. The modules' tests and their tools are not for the page.
    #[test]
    fn every_module_is_in_the_script() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/page/script");
        let mut found = vec!["index.js".to_owned()];
        let mut folders: Vec<PathBuf> = entries(&root).into_iter().filter(|path| path.is_dir()).collect();
        folders.retain(|folder| !folder.ends_with("tests") && !folder.ends_with("node_modules"));
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        let comments = SCRIPT.lines().filter_map(|line| line.strip_prefix("  // "));
        let mut bundled: Vec<&str> = comments
            .filter(|comment| matches!(comment.rsplit_once('.'), Some((_, "js"))))
            .collect();
        bundled.sort_unstable();
        assert_eq!(bundled, found, "run `npm run build` in {}", root.display());
    }

    fn entries(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn the_script_ends_where_the_page_ends_it() {
        assert!(SCRIPT.starts_with("'use strict'; // Generated"));
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--"));
    }

    #[test]
    fn only_its_own_script_runs() {
        // The hash of an empty text, as in the documentation of W3C and browsers.
        assert_eq!(source_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let page = render(&view("any"), None);
        let (_, script) = page.split_once("<script>").unwrap();
        let (script, _) = script.split_once("</script>").unwrap();
        assert_eq!(script, SCRIPT);
        assert!(page.contains(&format!("script-src '{}';", source_hash(script))));
    }

    #[test]
    fn nothing_in_the_data_is_markup_or_a_place_to_fill() {
        let hostile = "</script><script>alert(1)</script>/*STYLE*/\u{2028}";
        let page = render(&view(hostile), None);
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("/*STYLE*/").count(), 1, "that of the data");
        assert!(page.contains("\\u003c/script>"));
        for place in ["/*TITLE*/", "/*DATA*/", "/*SCRIPT*/", "/*LIVE*/"] {
            assert!(!page.contains(place), "{place}");
        }
    }

    #[test]
    fn a_live_page_says_where_newer_views_come_from() {
        assert!(render(&view(""), Some("events")).contains("data-live=\"events\""));
        assert!(render(&view(""), None).contains("data-live=\"\""));
    }
}
