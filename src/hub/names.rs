//! Checks of names before they become part of a path: file names, commits and `ETag`s come from a server.

use crate::HubError;

/// The longest file name that common file systems allow, in bytes.
const LONGEST_NAME: usize = 255;

/// Device names that Windows reserves, with any extension ("Naming Files, Paths, and Namespaces").
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Checks that a file's path in a repository stays below the snapshot's folder on every operating system. On failure
/// returns the rule that it breaks.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    path.split('/').try_for_each(check_part)
}

fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("it is absolute or has an empty part");
    }
    if part.ends_with(['.', ' ']) {
        return Err("a part is `..` or ends in a dot or space");
    }
    if part.len() > LONGEST_NAME {
        return Err("a part is longer than 255 bytes");
    }
    if part.chars().any(char::is_control) {
        return Err("it has control characters");
    }
    if part.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) {
        return Err("it has one of the characters \\ : < > \" | ? *");
    }
    if is_device(part) {
        return Err("Windows reserves the name for a device");
    }
    Ok(())
}

fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_ascii_lowercase();
    let is_port = || {
        let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        number.is_some_and(|number| {
            let mut characters = number.chars();
            let is_digit = characters
                .next()
                .is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit));
            is_digit && characters.next().is_none()
        })
    };
    DEVICES.contains(&stem.as_str()) || is_port()
}

/// True for a full commit: 40 hexadecimal digits in lower case.
pub(crate) fn is_commit(text: &str) -> bool {
    is_hex(text, 40)
}

/// True if `text` consists of `length` hexadecimal digits in lower case.
pub(crate) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The name of a blob from an `ETag` header: without the quotes and the mark of a weak `ETag`. `None` if it cannot be a
/// file name.
pub(crate) fn blob_name(etag: &str) -> Option<String> {
    let name = etag.trim_start_matches(['W', '/']).trim_matches('"');
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let is_name = !name.is_empty() && name.len() <= 128 && name.chars().all(is_plain) && check_part(name).is_ok();
    is_name.then(|| name.to_owned())
}

/// Checks a branch, tag or commit; it becomes part of a path below `refs/`.
pub(crate) fn check_revision(text: &str) -> Result<(), HubError> {
    let fault = |reason| HubError::InvalidRevision {
        text: text.to_owned(),
        reason,
    };
    check_path(text).map_err(fault)?;
    // The rules of `git check-ref-format`.
    if text.contains([' ', '~', '^', '[']) {
        return Err(fault("git forbids the characters space ~ ^ ["));
    }
    let is_hidden = |part: &str| {
        part.starts_with('.')
            || std::path::Path::new(part)
                .extension()
                .is_some_and(|extension| extension == "lock")
    };
    if text.split('/').any(is_hidden) {
        return Err(fault("a part begins with a dot or ends in `.lock`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_out_or_cannot_exist_everywhere_are_refused() {
        let hostile = [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../b",
            "a/..",
            "./a",
            "a//b",
            "a/",
            "a\\..\\b",
            "C:/x",
            "C:x",
            "a\0b",
            "a\nb",
            "nul",
            "NUL.txt",
            "dir/con",
            "COM1",
            "lpt9.bin",
            "com¹",
            "aux .x",
            "a.",
            "a ",
            "a*b",
            "x:stream",
            "CONIN$",
            &"x".repeat(256),
        ];
        for name in hostile {
            assert!(check_path(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn ordinary_names_are_accepted() {
        for name in [
            "config.json",
            ".gitattributes",
            "1_Pooling/config.json",
            "data/train-00000-of-00001.parquet",
            "console.txt",
            "COM10",
            "com",
            "a b",
            "été.txt",
            "..a",
            "...b/c",
        ] {
            assert_eq!(check_path(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn blobs_are_named_as_huggingface_hub_names_them() {
        assert_eq!(blob_name("\"abc\"").as_deref(), Some("abc"));
        assert_eq!(blob_name("W/\"abc-1\"").as_deref(), Some("abc-1"));
        for etag in ["", "\"\"", "\"../x\"", "\"a/b\"", "\"..\"", "\"a b\"", "\"nul\""] {
            assert_eq!(blob_name(etag), None, "{etag}");
        }
    }

    #[test]
    fn revisions_are_branches_tags_and_commits() {
        for revision in [
            "main",
            "refs/pr/1",
            "refs/convert/parquet",
            "v1.0",
            "feature/a+b",
            "0123abc",
        ] {
            assert!(check_revision(revision).is_ok(), "{revision}");
        }
        for revision in ["", "../main", "a b", "a..lock/b.lock", ".hidden", "a^", "x/", "/x"] {
            assert!(check_revision(revision).is_err(), "{revision}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_path_stays_inside(path in "[a-z./\\\\: ~]{0,12}") {
            if check_path(&path).is_ok() {
                let is_normal = |part: Component<'_>| matches!(part, Component::Normal(_));
                prop_assert!(Path::new(&path).components().all(is_normal));
            }
        }
    }
}
