//! "Did you mean": the closest of the known names, and short lists of names.

use std::path::Path;

/// Names that a message lists before it only gives the number of the others.
const MOST_LISTED: usize = 12;

/// The candidate that `wanted` is most likely a misspelling of: at most a third of its characters differ.
pub(crate) fn closest<'n>(wanted: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // A hostile name must not cost quadratic time.
    const LONGEST: usize = 100;
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let name = plain(wanted);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST && *candidate != wanted)
        .map(|candidate| (edit_distance(&name, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (name.chars().count().max(candidate.chars().count()) / 3).max(1))
        .filter(|(distance, _)| *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Number of insertions, removals and replacements from one text to another (Wagner and Fischer 1974).
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, character) in from.chars().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for column in 0..to.len() {
            let replaced = diagonal + usize::from(character != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// The entry in `path`'s folder with the name closest to that of `path`.
pub(crate) fn closest_sibling(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let entries = folder.read_dir().ok()?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    closest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

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
    fn a_slip_or_another_case_is_recognised_and_a_stranger_is_not() {
        let names = ["parquet", "csv", "jsonl"];
        assert_eq!(closest("parket", names), Some("parquet"));
        assert_eq!(closest("JSONL", names), Some("jsonl"));
        assert_eq!(closest("excel", names), None);
        assert_eq!(closest(&"x".repeat(1_000_000), names), None);
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", "abc"), 0);
    }

    #[test]
    fn long_lists_are_cut_short() {
        let names: Vec<String> = (0..15).map(|index| format!("c{index}")).collect();
        assert!(listed("column", &names).ends_with("`c11` and 3 more"));
        assert_eq!(listed("column", &names[..1]), "is only the column `c0`");
    }
}
