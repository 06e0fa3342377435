//! "Did you mean": the closest of the known names.

use crate::suggestion;

/// Names that a message lists before it only gives the number of the others.
const MOST_LISTED: usize = 12;

/// The candidate that `wanted` is most likely a misspelling of.
pub(crate) fn closest<Name: AsRef<str>>(wanted: &str, candidates: impl IntoIterator<Item = Name>) -> Option<String> {
    let candidates: Vec<Name> = candidates.into_iter().collect();
    suggestion::did_you_mean(wanted, candidates.iter().map(AsRef::as_ref)).map(str::to_owned)
}

/// `; did you mean …`, or nothing.
pub(crate) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion
        .map(|name| format!("; did you mean `{name}`"))
        .unwrap_or_default()
}

/// The names in quotes, shortened when there are many.
pub(crate) fn quoted(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(MOST_LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `is the column …` or `are the columns …`, shortened when there are many.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_another_case_is_recognised_and_a_stranger_is_not() {
        assert_eq!(closest("lable", ["text", "label"]).as_deref(), Some("label"));
        assert_eq!(closest("TEXT", ["text", "label"]).as_deref(), Some("text"));
        assert_eq!(closest("sentiment", ["text", "label"]), None);
    }

    #[test]
    fn long_lists_are_cut_short() {
        let names: Vec<String> = (0..15).map(|index| format!("c{index}")).collect();
        assert!(listed("column", &names).ends_with("`c11` and 3 more"));
        assert_eq!(listed("column", &names[..1]), "is only the column `c0`");
        assert_eq!(listed("column", &[]), "are no columns");
    }
}
