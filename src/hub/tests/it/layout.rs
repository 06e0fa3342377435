//! The cache is laid out as `huggingface_hub` does. `tests/python/layout.txt` was written by it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use automl_hub::{Pattern, Silent, Wanted};

use crate::support::{Client, repository, tree};
use automl_hub::testing::{TestHub, sha256};

/// The files of `tests/python/fake_hub.py`.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("config.json", b"{\"model_type\": \"bert\"}".to_vec()),
        ("tokenizer.json", b"{}".to_vec()),
        ("1_Pooling/config.json", b"{\"pooling\": true}".to_vec()),
        ("model.safetensors", (0..=255).cycle().take(256_000).collect()),
    ]
}

/// The lines of `layout.txt` for a cache of ours.
fn layout(cache: &Path) -> BTreeSet<String> {
    let line = |(name, what): (String, String)| {
        if what.starts_with("->") {
            return format!("{name} {what}");
        }
        let content = fs::read(cache.join(&name)).unwrap();
        let is_short = name.split('/').nth(1) == Some("refs");
        format!(
            "{name} {}",
            if is_short {
                String::from_utf8(content).unwrap()
            } else {
                sha256(&content)
            }
        )
    };
    let is_listed = |name: &String| !name.contains("/trees/");
    tree(cache)
        .into_iter()
        .filter(|(name, _)| is_listed(name))
        .map(line)
        .collect()
}

#[cfg(unix)]
#[test]
fn the_cache_is_laid_out_as_by_huggingface_hub() {
    let server = TestHub::start(files());
    let client = Client::new(&server);
    let patterns = [Pattern::new("*"), Pattern::new("generation_config.json")];
    client
        .hub()
        .snapshot(&repository(), Wanted::Matching(&patterns), &Silent)
        .unwrap();
    // Versions before 2 warn of the tag for backup programs that version 2 writes, so we leave it out.
    let expected = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/layout.txt")).unwrap();
    let expected = expected.lines().filter(|line| !line.starts_with("CACHEDIR.TAG"));
    assert_eq!(layout(&client.settings.cache), expected.map(str::to_owned).collect());
}
