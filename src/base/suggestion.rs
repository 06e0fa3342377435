//! "Did you mean": the name that a user most likely intended.

use std::path::Path;

/// The candidate that `name` is most likely a misspelling of, if there is one.
///
/// A candidate is close enough if its edit distance (a swap of neighbours counts once) is at most a third of the
/// longer name. This is cargo's rule for misspelt commands. A difference only in case, or of `-` against `_`, is always
/// close enough. If no candidate is, the result is the candidate that begins with `name`, if there is exactly one.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    // A hostile name must not cost quadratic time.
    const LONGEST: usize = 100;
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = plain(name);
    let near = candidates
        .clone()
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len() <= LONGEST)
        .map(|candidate| (strsim::osa_distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (wanted.chars().count().max(candidate.chars().count()) / 3).max(1)
                && *distance < wanted.len().max(1)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    // One or two letters are the beginning of too many words to identify one.
    let mut longer = candidates.into_iter().filter(|candidate| {
        name.len() > 2
            && candidate.starts_with(name)
            && plain(candidate).chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    near.or_else(|| longer.next().filter(|_| longer.next().is_none()))
}

/// The entry in `path`'s folder with the name closest to that of `path`.
pub fn closest_sibling(path: &Path) -> Option<String> {
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
    did_you_mean(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let names = ["learning_rate", "batch_size", "dropout"];
        assert_eq!(did_you_mean("learnign_rate", names), Some("learning_rate"));
        assert_eq!(did_you_mean("Batch-Size", names), Some("batch_size"));
        assert_eq!(did_you_mean("batch", names), Some("batch_size"));
        assert_eq!(did_you_mean("momentum", names), None);
        assert_eq!(did_you_mean("", names), None);
        assert_eq!(did_you_mean(&"x".repeat(10_000), names), None);
    }
}
