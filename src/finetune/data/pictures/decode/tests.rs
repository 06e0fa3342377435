use std::path::PathBuf;

use super::*;

fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/pictures/testdata")
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// The largest difference from Pillow in the files with this ending.
fn difference(is_asked: impl Fn(&str) -> bool) -> (i32, String, usize) {
    let text = std::fs::read_to_string(testdata().join("pillow.json")).unwrap();
    let known: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut largest = (0, String::new(), 0);
    for (name, wanted) in known.iter().filter(|(name, _)| is_asked(name)) {
        let found = decode_file(&testdata().join(name)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let sizes = wanted["size"]
            .as_array()
            .unwrap()
            .iter()
            .map(|side| side.as_u64().unwrap() as usize);
        assert_eq!(vec![found.height, found.width], sizes.collect::<Vec<_>>(), "{name}");
        let wanted = bytes_of(wanted["rgb"].as_str().unwrap());
        assert_eq!(found.pixels.len(), wanted.len(), "{name}");
        let pairs = found.pixels.iter().zip(&wanted);
        let worst = pairs
            .map(|(one, other)| (i32::from(*one) - i32::from(*other)).abs())
            .max()
            .unwrap();
        println!("{name}: {worst}");
        largest.2 += 1;
        if worst > largest.0 {
            largest = (worst, name.clone(), largest.2);
        }
    }
    largest
}

fn is_lossy(name: &str) -> bool {
    name.contains(".jpg") || name.starts_with("lossy")
}

#[test]
fn files_without_loss_have_pillows_bytes() {
    let (worst, name, count) = difference(|name| !is_lossy(name));
    assert!(worst == 0, "{name} differs by {worst}");
    assert!(count >= 25, "{count}");
}

#[test]
fn files_with_loss_have_nearly_pillows_bytes() {
    let (worst, name, count) = difference(is_lossy);
    assert!(worst <= 6, "{name} differs by {worst}");
    assert_eq!(count, 6);
}

fn jpeg() -> Vec<u8> {
    std::fs::read(testdata().join("colour.jpg")).unwrap()
}

#[test]
fn a_file_without_its_end_is_not_filled_with_grey() {
    let whole = jpeg();
    assert!(decode(&whole).is_ok());
    // Some cameras write more behind the end.
    assert!(decode(&[whole.as_slice(), &[0; 7]].concat()).is_ok());
    for name in [
        "colour.jpg",
        "turned.jpg",
        "progressive.jpg",
        "colour-alpha.png",
        "lossy.webp",
        "palette.gif",
    ] {
        let whole = std::fs::read(testdata().join(name)).unwrap();
        for part in [4, 10, whole.len() / 3, whole.len() / 2, whole.len() * 9 / 10] {
            let problem = decode(&whole[..part]).unwrap_err();
            assert!(
                matches!(problem, Problem::Truncated | Problem::Damaged(_) | Problem::NotAnImage),
                "{name} {part}: {problem}"
            );
        }
    }
    assert_eq!(decode(&whole[..whole.len() - 2]), Err(Problem::Truncated));
}

/// A PNG file of this size whose rows are not there.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let parts = [
            (data.len() as u32).to_be_bytes().to_vec(),
            body.clone(),
            crc32fast::hash(&body).to_be_bytes().to_vec(),
        ];
        parts.concat()
    };
    let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &[0x78, 0x9c]),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

#[test]
fn other_contents_and_too_large_images_are_refused_before_they_are_decoded() {
    let message = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            message(b""),
            message(b"hello, this is a text"),
            message(b"\x89PNG"),
            message(&png_header(30_000, 30_000)),
            message(&png_header(0, 3)),
            message(&png_header(3, 3)),
            decode_file(&testdata()).unwrap_err().to_string(),
        ]
        .join("\n"),
        @"
    the file is empty
    it is not a JPEG, PNG, WebP, GIF, BMP or TIFF file
    it is not a JPEG, PNG, WebP, GIF, BMP or TIFF file
    30000 × 30000 pixels are over the limit of 178956970 pixels
    it is damaged: it has no pixels
    the end of the file is missing
    it is not a file
    "
    );
    assert_eq!(dimensions(&png_header(30, 20)), Ok((30, 20)));
    assert!(matches!(
        decode_file(&testdata().join("none.png")),
        Err(Problem::Access(_))
    ));
    assert!(matches!(
        dimensions(&png_header(u32::MAX >> 1, 9)),
        Err(Problem::TooLarge { .. } | Problem::Damaged(_))
    ));
}
