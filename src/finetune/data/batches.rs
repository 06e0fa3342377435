//! The order in which a trainer sees the examples.

use std::cmp::Reverse;

use crate::rng::{Rng, stream};
use crate::units::Seed;

use super::examples::{Examples, Inputs};
use super::shuffle::{below, shuffle};
use super::text::Text;

/// Number of batches whose texts are sorted by length together. With more batches there is less padding; with fewer,
/// the composition of batches is more random. Hugging Face's `LengthGroupedSampler` takes 50.
const BATCHES_SORTED_TOGETHER: usize = 50;

/// The batches of one epoch, as indices into `examples`.
///
/// Each example occurs exactly once. All batches have `batch_size` examples except the last. The result is a pure
/// function of the arguments. Images are in random order. Texts are in batches of similar length, and these batches are
/// in random order. A batch size of 0 counts as 1.
pub fn epoch_batches(examples: &Examples, batch_size: usize, seed: Seed, epoch: u64) -> Vec<Vec<u32>> {
    let batch_size = batch_size.max(1);
    let mut random = stream(seed, "batches", &[epoch]);
    let mut order: Vec<u32> = (0..examples.len() as u32).collect();
    shuffle(&mut order, &mut random);
    match &examples.inputs {
        Inputs::Images { .. } => order.chunks(batch_size).map(<[u32]>::to_vec).collect(),
        Inputs::Texts(texts) => grouped_by_length(order, texts, batch_size, &mut random),
    }
}

/// The batches for an evaluation, in a fixed order; each example occurs exactly once. Texts are sorted by length, the
/// longest first, so that the first batch needs the most memory. A batch size of 0 counts as 1.
pub fn evaluation_batches(examples: &Examples, batch_size: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..examples.len() as u32).collect();
    match &examples.inputs {
        Inputs::Images { .. } => {}
        Inputs::Texts(texts) => order.sort_by_key(|&example| Reverse(texts[example as usize].len())),
    }
    order.chunks(batch_size.max(1)).map(<[u32]>::to_vec).collect()
}

/// Sorts shuffled examples by length within mega-chunks of equal size, cuts these into batches and shuffles the
/// batches.
fn grouped_by_length(mut order: Vec<u32>, texts: &[Text], batch_size: usize, random: &mut Rng) -> Vec<Vec<u32>> {
    let batches_in_all = order.len().div_ceil(batch_size).max(1);
    let mega_chunks = batches_in_all.div_ceil(BATCHES_SORTED_TOGETHER);
    let mega_chunk = batches_in_all.div_ceil(mega_chunks) * batch_size;
    let mut batches = Vec::with_capacity(batches_in_all);
    let mut short = None;
    for chunk in order.chunks_mut(mega_chunk) {
        chunk.sort_by_key(|&example| texts[example as usize].len());
        let left_over = chunk.len() % batch_size;
        if left_over == 0 {
            batches.extend(chunk.chunks(batch_size).map(<[u32]>::to_vec));
        } else {
            // Cut the short batch at a random length. If it always had the longest texts, training would be biased.
            let before = batch_size * below(chunk.len() / batch_size + 1, random);
            let (shorter, rest) = chunk.split_at(before);
            let (cut, longer) = rest.split_at(left_over);
            batches.extend(
                shorter
                    .chunks(batch_size)
                    .chain(longer.chunks(batch_size))
                    .map(<[u32]>::to_vec),
            );
            short = Some(cut.to_vec());
        }
    }
    shuffle(&mut batches, random);
    batches.extend(short);
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encoder::TextEncoder;
    use super::super::examples::IMAGE_PIXELS;
    use super::super::image_size::ImageSize;
    use super::super::labels::LabelKind;
    use super::super::split::{Held, SplitOptions};
    use super::super::table::{TableOptions, load_table};
    use super::super::targets::Targets;
    use super::super::testing::{ENCODER, shared};
    use super::super::text::TextColumns;
    use super::*;

    fn texts(lengths: &[usize]) -> Examples {
        Examples {
            inputs: Inputs::of_ids(lengths.iter().map(|&length| vec![0; length])),
            targets: Targets::Classes(vec![0; lengths.len()]),
        }
    }

    fn images(count: usize) -> Examples {
        Examples {
            inputs: Inputs::Images {
                size: ImageSize::SMALL,
                pixels: vec![0.0; count * IMAGE_PIXELS].into(),
            },
            targets: Targets::Classes(vec![0; count]),
        }
    }

    /// The share of padding tokens if each batch is padded to its longest text.
    fn padding(examples: &Examples, batches: &[Vec<u32>]) -> f64 {
        let Inputs::Texts(texts) = &examples.inputs else {
            return 0.0;
        };
        let length = |example: &u32| texts[*example as usize].len();
        let padded: usize = batches
            .iter()
            .map(|batch| batch.len() * batch.iter().map(length).max().unwrap_or(0))
            .sum();
        let real: usize = texts.iter().map(Text::len).sum();
        1.0 - real as f64 / padded as f64
    }

    #[test]
    fn each_epoch_and_seed_has_its_own_order() {
        for examples in [texts(&[3; 40]), images(40)] {
            let batches = |seed, epoch| epoch_batches(&examples, 8, Seed(seed), epoch);
            assert_eq!(batches(1, 0), batches(1, 0));
            assert_ne!(batches(1, 0), batches(1, 1));
            assert_ne!(batches(1, 0), batches(2, 0));
        }
    }

    #[test]
    fn evaluation_starts_with_the_longest_texts_and_keeps_images_in_order() {
        assert_eq!(
            evaluation_batches(&texts(&[2, 9, 4, 9, 1]), 2),
            [vec![1, 3], vec![2, 0], vec![4]]
        );
        assert_eq!(evaluation_batches(&images(3), 2), [vec![0, 1], vec![2]]);
        assert!(evaluation_batches(&texts(&[]), 2).is_empty());
    }

    #[test]
    fn texts_of_all_lengths_come_in_any_part_of_an_epoch() {
        let lengths: Vec<usize> = (1..=1000).collect();
        let firsts: Vec<u32> = (0..20)
            .map(|epoch| epoch_batches(&texts(&lengths), 10, Seed(1), epoch)[0][0])
            .collect();
        assert!(
            firsts.iter().any(|&first| first < 300) && firsts.iter().any(|&first| first > 700),
            "{firsts:?}"
        );
    }

    #[test]
    fn real_texts_need_less_than_five_percent_padding() {
        let (Some(model), Some(folder)) = (shared("bert-tiny"), shared("text")) else {
            return;
        };
        let encoder = TextEncoder::from_folder(&model, ENCODER).unwrap();
        for name in ["movie_sentiment.tsv", "sms_spam.tsv"] {
            let split = SplitOptions {
                validation: Held::Share(0.2),
                test: Held::NONE,
                stratify: true,
                seed: Seed(1),
            };
            let options = TableOptions {
                labels: LabelKind::Class,
                train: vec![folder.join(name).as_path().into()],
                validation: Vec::new(),
                test: Vec::new(),
                read: automl_readers::ReadOptions::default(),
                on_missing: None,
                train_limit: None,
                together: None,
                folds: None,
                text: TextColumns::one("text"),
                label: vec!["label".into()],
                split,
            };
            let data = load_table(&options).unwrap().tokenize(&encoder).unwrap();
            for batch_size in [8, 16, 32, 64] {
                let share = padding(&data.train, &epoch_batches(&data.train, batch_size, Seed(1), 0));
                let unsorted: Vec<Vec<u32>> = (0..data.train.len() as u32)
                    .collect::<Vec<_>>()
                    .chunks(batch_size)
                    .map(<[u32]>::to_vec)
                    .collect();
                let unsorted = padding(&data.train, &unsorted);
                println!("{name}, batches of {batch_size}: {share:.3} padding, {unsorted:.3} in the table's order");
                assert!(
                    share < 0.05 && share < unsorted / 4.0,
                    "{name}, batches of {batch_size}: {share}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn every_example_is_seen_exactly_once_in_batches_of_one_size(
            lengths in prop::collection::vec(0_usize..40, 0..700),
            batch_size in 1_usize..20,
            seed: u64,
        ) {
            for examples in [texts(&lengths), images(lengths.len() % 50)] {
                for batches in [epoch_batches(&examples, batch_size, Seed(seed), 3), evaluation_batches(&examples, batch_size)] {
                    let mut seen = batches.concat();
                    seen.sort_unstable();
                    prop_assert_eq!(seen, (0..examples.len() as u32).collect::<Vec<_>>());
                    if let Some((last, others)) = batches.split_last() {
                        prop_assert!(others.iter().all(|batch| batch.len() == batch_size));
                        prop_assert!((1..=batch_size).contains(&last.len()));
                    }
                }
            }
        }
    }
}
