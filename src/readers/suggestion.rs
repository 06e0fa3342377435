//! Suggestions and short lists of names in messages.

/// Names that a message lists before it only gives the number of the others.
const MOST_LISTED: usize = 12;

/// `; did you mean …`, or nothing.
pub(crate) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion
        .map(|name| format!("; did you mean `{name}`"))
        .unwrap_or_default()
}

/// `is only the column …` or `are the columns …`, shortened when there are many.
pub(crate) fn listed(noun: &str, names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len() {
        0 => format!("are no {noun}s"),
        1 => format!("is only the {noun} {shown}"),
        count if count <= MOST_LISTED => format!("are the {noun}s {shown}"),
        count => format!("are the {noun}s {shown} and {} more", count - MOST_LISTED),
    }
}

/// The introduction and the names, or nothing if there are none.
pub(crate) fn quoted(introduction: &str, names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => String::new(),
        count if count <= MOST_LISTED => format!("{introduction} {}", shown.join(", ")),
        count => format!("{introduction} {} and {} more", shown.join(", "), count - MOST_LISTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_short() {
        let names: Vec<String> = (0..15).map(|index| format!("c{index}")).collect();
        assert!(listed("column", &names).ends_with("`c11` and 3 more"));
        assert_eq!(listed("column", &names[..1]), "is only the column `c0`");
    }
}
