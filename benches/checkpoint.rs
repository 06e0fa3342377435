//! The cost of a pause: a checkpoint and a resumption of a half-frozen `MiniLM`, compared with an epoch over 1,000
//! texts on one thread. `cargo bench --bench checkpoint -- FOLDER` reads all-MiniLM-L6-v2 from FOLDER.

#![expect(clippy::print_stdout, reason = "the seconds are for people")]

use std::{ops::ControlFlow, path::Path, time::Instant};

use automl::{
    finetune::{
        Device, Pretrained, Training, TrainingConfig,
        data::{Examples, Inputs, Targets},
    },
    units::{Samples, Seed},
};

const TEXTS: u32 = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(folder) = arguments.next() else {
        println!("skipped: no folder of all-MiniLM-L6-v2 was given");
        return Ok(());
    };
    let labels = ["negative".to_owned(), "positive".to_owned()];
    let base = Pretrained::load_directory(Path::new(&folder), &labels, Device::Cpu)?;
    let config = TrainingConfig {
        total: Samples(u64::from(TEXTS)),
        seed: Seed(1),
        freeze_depth: base.freeze_depths() / 2,
        ..TrainingConfig::default()
    };
    // 13 to 39 tokens, 26 on average: the length of sentences in film reviews.
    let text = |number: u32| {
        (0..13 + number % 27)
            .map(|position| 1000 + (number * 977 + position * 131) % 28_000)
            .collect()
    };
    let examples = Examples {
        inputs: Inputs::of_ids((0..TEXTS).map(text)),
        targets: Targets::Classes((0..TEXTS).map(|number| number % 2).collect()),
    };
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let mut training = Training::start(&base, config.clone())?;
    let begun = Instant::now();
    training.train(&examples, Samples(u64::from(TEXTS)), go_on)?;
    let epoch = begun.elapsed().as_secs_f64();
    let temporary = std::env::temp_dir().join(format!("automl-checkpoint-{}.safetensors", std::process::id()));
    let begun = Instant::now();
    training.save_checkpoint(&temporary)?;
    let saved = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&temporary)?.len();
    let begun = Instant::now();
    let resumed = Training::resume(&base, config, &temporary)?;
    let read = begun.elapsed().as_secs_f64();
    std::fs::remove_file(&temporary)?;
    assert_eq!(resumed.seen(), training.seen());
    println!(
        "epoch {epoch:.2} s, checkpoint {saved:.3} s ({:.0} MB), resumption {read:.3} s: together {:.1} % of the epoch",
        bytes as f64 / 1e6,
        100.0 * (saved + read) / epoch
    );
    Ok(())
}
