//! The page: everything about a study in one file of HTML, without a request to anywhere. As `report.html` it is complete in
//! itself; served live, the same page listens for newer views.
//!
//! What it shows is a [`PageView`], which stands in it as JSON; `script/` draws it.

use super::view::PageView;

const PAGE: &str = include_str!("page.html");
const SCRIPTS: [&str; 0] = [];
const STYLE: &str = include_str!("style.css");

/// The page with a view in it. `live`: where newer views come from, as server-sent events.
pub fn render(view: &PageView, live: Option<&str>) -> String {
    let script = SCRIPTS.concat();
    let title = view.studies.first().map_or("automl", |study| study.name.as_str());
    // One pass, so that nothing in the data is taken for a place to fill.
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + script.len());
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
            "SCRIPT" => page.push_str(&script),
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

/// The view as JSON that no HTML parser reads anything into.
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
