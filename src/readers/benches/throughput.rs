//! Reads a JSONL and a CSV file of some 200 MB and prints MB per second and the peak of memory.
//!
//! `cargo bench --bench throughput`, or with the paths of files to read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use automl_readers::{ReadError, ReadOptions, Source, open};

/// Size of the files that are made.
const BYTES: usize = 200 << 20;

/// Words of the texts, some of which need escapes or quotes.
const WORDS: [&str; 12] = [
    "the",
    "film",
    "was",
    "surprisingly",
    "good",
    "and",
    "naïve",
    "but",
    "never",
    "dull",
    "\"great\"",
    "so, yes",
];

fn text(seed: &mut u64) -> String {
    let mut words = Vec::new();
    for _ in 0..25 {
        // Knuth's linear congruential generator (MMIX).
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        words.push(WORDS[(*seed >> 33) as usize % WORDS.len()]);
    }
    words.join(" ")
}

fn make(path: &Path, row: fn(usize, &str) -> String, header: &str) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let (mut written, mut seed, mut index) = (0, 1, 0);
    out.write_all(header.as_bytes())?;
    while written < BYTES {
        let row = row(index, &text(&mut seed));
        out.write_all(row.as_bytes())?;
        written += row.len();
        index += 1;
    }
    out.flush()
}

fn jsonl(index: usize, text: &str) -> String {
    let text = text.replace('"', "\\\"");
    format!(
        "{{\"id\": {index}, \"text\": \"{text}\", \"label\": \"{}\"}}\n",
        ["pos", "neg"][index % 2]
    )
}

fn csv(index: usize, text: &str) -> String {
    let text = text.replace('"', "\"\"");
    format!("{index},\"{text}\",{}\n", ["pos", "neg"][index % 2])
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn measure(path: &Path) -> Result<(), ReadError> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let begin = Instant::now();
    let mut records = 0;
    for record in open(&[Source::parse(&path.to_string_lossy())], &ReadOptions::default())? {
        record?;
        records += 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("peak of memory unknown");
    let rate = bytes as f64 / 1e6 / seconds;
    println!("{}: {records} records, {rate:.0} MB/s, {peak}", path.display());
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<PathBuf> = std::env::args_os()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .map(PathBuf::from)
        .collect();
    for path in &given {
        measure(path)?;
    }
    if given.is_empty() {
        let folder = tempfile::tempdir()?;
        let (lines, table) = (folder.path().join("bench.jsonl"), folder.path().join("bench.csv"));
        make(&lines, jsonl, "")?;
        make(&table, csv, "id,text,label\n")?;
        measure(&lines)?;
        measure(&table)?;
    }
    Ok(())
}
