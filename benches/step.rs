//! Prints the seconds of `MiniLM` training steps, for `compare_pytorch.sh` and `gpu.sh`: 16 texts of 64 tokens,
//! `AdamW`, dropout 0.1, one thread. `cargo bench --bench step -- FOLDER STEPS [FREEZE_DEPTH [texts]]` reads
//! all-MiniLM-L6-v2 from FOLDER. With the feature `cuda` it runs on the first GPU.

#![expect(clippy::print_stdout, reason = "the script reads the seconds there")]

use std::{ops::ControlFlow, path::Path, time::Instant};

use automl::{
    finetune::{
        Device, Pretrained, Training, TrainingConfig,
        data::{Examples, Inputs, Targets},
    },
    units::{Samples, Seed},
};

const TOKENS: u32 = 64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let Some(folder) = arguments.first() else {
        println!("skipped: no folder of all-MiniLM-L6-v2 was given");
        return Ok(());
    };
    let steps: u64 = arguments.get(1).map_or(Ok(5), |steps| steps.parse())?;
    let freeze_depth: usize = arguments.get(2).map_or(Ok(0), |depth| depth.parse())?;
    let texts: u64 = arguments.get(3).map_or(Ok(16), |texts| texts.parse())?;
    #[cfg(feature = "cuda")]
    let device = Device::Cuda(0);
    #[cfg(not(feature = "cuda"))]
    let device = Device::Cpu;
    let labels = ["negative".to_owned(), "positive".to_owned()];
    let base = Pretrained::load_directory(Path::new(folder), &labels, device)?;
    let config = TrainingConfig {
        batch_size: texts as usize,
        total: Samples(1000 * texts),
        seed: Seed(1),
        freeze_depth,
        ..TrainingConfig::default()
    };
    let mut training = Training::start(&base, config)?;
    let text = |number: u32| {
        (0..TOKENS)
            .map(|position| 1000 + (number * 977 + position * 131) % 28_000)
            .collect()
    };
    let examples = Examples {
        inputs: Inputs::of_ids((0..texts as u32).map(text)),
        targets: Targets::Classes((0..texts as u32).map(|number| number % 2).collect()),
    };
    for step in 1..=steps + 1 {
        let start = Instant::now();
        training.train(&examples, Samples(step * texts), &mut |_| ControlFlow::Continue(()))?;
        device.synchronize();
        // The first step allocates the optimizer's moments.
        if step > 1 {
            println!("{:.4}", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
