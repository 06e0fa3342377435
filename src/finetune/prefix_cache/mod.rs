//! Cached activations of the frozen layers. They are computed once and kept on disk for all trials, workers and later
//! studies.
//!
//! Frozen layers run in evaluation mode, so their output is a fixed function of the example. Training from the cache
//! gives the same numbers as computing the output again; on the CPU they are equal to the last bit. All workers write
//! the same bytes, so no worker waits for another: a worker that needs a missing example computes and writes it. Each
//! example has a checksum, so a crash or a power failure loses only the examples that were being written.
//!
//! Files are read with `pread` and not mapped. A batch of less than a megabyte is copied from the system's page cache,
//! which all workers share. If another process truncates the file, this process does not crash. Begin reading at
//! [`FrozenOutputs`].

mod entry;
mod eviction;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use self::entry::Entry;
use super::{
    augment::Augmenter,
    batching::gather,
    cache_folder::{own_folder, user_cache},
    data::Inputs,
    networks::{Batch, Frozen, FrozenSize, Model},
    pretrained::Pretrained,
};
use crate::rng::Fingerprint;

/// Version of the format; it must change when the same key stands for other bytes.
const FORMAT: u64 = 2;

/// Operations of large matrix products on one core that take about as long as reading one cached byte.
pub(crate) const OPERATIONS_PER_BYTE: usize = 15;

/// Activations are cached only if computing them takes at least this many times as long as reading them.
const LEAST_GAIN: usize = 4;

/// A folder for cached activations of frozen layers, with a limit on its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixCache {
    folder: PathBuf,
    limit: u64,
}

impl PrefixCache {
    /// A cache in `folder`, which is created when needed. All files together have at most `limit` bytes; the least
    /// recently used files are removed first.
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    /// The default folder of the cache; `None` if there is no home folder.
    pub fn default_folder() -> Option<PathBuf> {
        Some(own_folder(&user_cache()?, "frozen"))
    }
}

/// A freeze depth, and the fingerprint of a view.
type Kept = (usize, Option<u64>);

/// The cached activations of a model's frozen layers for some inputs, at several freeze depths.
#[derive(Debug)]
pub struct FrozenOutputs {
    shared: Arc<Shared>,
    /// The inputs among those that are cached; `None`: they are all of them.
    part: Option<Part>,
}

/// Some of the inputs whose activations are cached.
#[derive(Debug)]
struct Part {
    /// All inputs.
    whole: Arc<Inputs>,
    /// The indices of this part, in its order.
    rows: Vec<u32>,
}

/// The cached activations for all inputs.
#[derive(Debug)]
struct Shared {
    cache: PrefixCache,
    /// The fingerprint of model and inputs.
    key: Fingerprint,
    /// The freeze depths that may be needed, deepest first.
    depths: Vec<usize>,
    /// The file of each depth and view; `None` if caching is not worth it or not possible.
    entries: Mutex<BTreeMap<Kept, Option<Arc<Entry>>>>,
}

/// The largest number of views with open files. A search over the settings of augmentation has views without end.
const MOST_VIEWS: usize = 64;

/// A view of examples: each is changed by augmentation, always in the same way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) augmenter: &'a Augmenter,
    /// The number of the view.
    pub(crate) number: u64,
}

impl View<'_> {
    fn fingerprint(self) -> u64 {
        self.augmenter.fingerprint(self.number)
    }
}

/// Returns whether reading activations from the cache is enough faster than computing them.
pub(crate) fn is_worth_keeping(size: FrozenSize) -> bool {
    size.operations > size.values * size_of::<f32>() * OPERATIONS_PER_BYTE * LEAST_GAIN
}

/// Inputs as the frozen layers see them.
#[derive(Clone, Copy)]
struct Seen<'a> {
    inputs: &'a Inputs,
    view: Option<View<'a>>,
}

impl Seen<'_> {
    fn gather(self, places: &[u32]) -> Batch {
        let mut batch = gather(self.inputs, places);
        if let (Some(view), Batch::Images { pixels, .. }, Inputs::Images { size, .. }) =
            (self.view, &mut batch, self.inputs)
        {
            let images = pixels.chunks_exact_mut(size.values().max(1));
            for (image, &place) in images.zip(places) {
                view.augmenter.image(image, *size, (place, view.number));
            }
        }
        batch
    }
}

/// Computes the activations that are missing.
fn make(
    model: Model<'_>,
    seen: Seen<'_>,
    places: &[u32],
    from: Option<Frozen>,
    stops: &[usize],
) -> Option<Vec<Frozen>> {
    model.frozen(&seen.gather(places), from, stops)
}

impl FrozenOutputs {
    /// The activations of `model` for `inputs` at these freeze depths. Computing a depth also caches the lower depths
    /// of this list that it passes.
    pub fn new(cache: PrefixCache, model: &Pretrained, inputs: &Inputs, depths: &[usize]) -> Self {
        let mut key = model.fingerprint();
        key.number(FORMAT);
        key.number(inputs.len() as u64);
        inputs.add_to(&mut key);
        let mut depths = depths.to_vec();
        depths.retain(|&depth| depth > 0);
        depths.sort_unstable_by_key(|&depth| std::cmp::Reverse(depth));
        Self {
            shared: Arc::new(Shared {
                cache,
                key,
                depths,
                entries: Mutex::default(),
            }),
            part: None,
        }
    }

    /// The same activations for the inputs at the indices `rows` of `whole`, for which these were made. So the folds of a
    /// cross-validation share one cache.
    #[must_use]
    pub fn of_part(&self, whole: &Arc<Inputs>, rows: Vec<u32>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            part: Some(Part {
                whole: Arc::clone(whole),
                rows,
            }),
        }
    }

    /// The activations of the first `depth` layers for the inputs at the indices `places`, read from the disk where
    /// present and computed otherwise; `None` if nothing is cached at this depth.
    #[cfg(test)]
    pub(crate) fn of(&self, model: Model<'_>, inputs: &Inputs, places: &[u32], depth: usize) -> Option<Frozen> {
        self.seen(model, Seen { inputs, view: None }, places, depth)
    }

    /// As above, of a view of the inputs if there is one.
    fn seen(&self, model: Model<'_>, seen: Seen<'_>, places: &[u32], depth: usize) -> Option<Frozen> {
        match &self.part {
            None => self.shared.seen(model, seen, places, depth),
            Some(Part { whole, rows }) => {
                let indices: Vec<u32> = places.iter().map(|&place| rows[place as usize]).collect();
                let whole = Seen { inputs: whole, ..seen };
                self.shared.seen(model, whole, &indices, depth)
            }
        }
    }
}

impl Shared {
    fn seen(&self, model: Model<'_>, seen: Seen<'_>, places: &[u32], depth: usize) -> Option<Frozen> {
        let entry = self.entry(model, seen, depth)?;
        let missing: Vec<u32> = places
            .iter()
            .copied()
            .filter(|&place| !entry.has(place as usize))
            .collect();
        if !missing.is_empty() {
            let made = self.climb(model, seen, &missing, depth)?;
            if missing.len() == places.len() {
                return Some(made);
            }
        }
        let mut values = Vec::new();
        let is_whole = places.iter().all(|&place| entry.read(place as usize, &mut values));
        if is_whole {
            return Some(Frozen { depth, values });
        }
        // The disk is full, or the file was changed from outside.
        make(model, seen, places, None, &[depth])?.pop()
    }

    /// Computes missing activations, starting from the deepest cached ones, and caches all depths that it passes.
    fn climb(&self, model: Model<'_>, seen: Seen<'_>, places: &[u32], depth: usize) -> Option<Frozen> {
        let mut stops = vec![(depth, self.entry(model, seen, depth)?)];
        let mut from = None;
        for &lower in self.depths.iter().filter(|&&lower| lower < depth) {
            let Some(entry) = self.entry(model, seen, lower) else {
                continue;
            };
            let mut values = Vec::new();
            if places
                .iter()
                .all(|&place| entry.has(place as usize) && entry.read(place as usize, &mut values))
            {
                from = Some(Frozen { depth: lower, values });
                break;
            }
            stops.push((lower, entry));
        }
        stops.reverse();
        let depths: Vec<usize> = stops.iter().map(|(depth, _)| *depth).collect();
        let made = make(model, seen, places, from, &depths)?;
        for (Frozen { values, .. }, (_, entry)) in made.iter().zip(&stops) {
            let mut rest = values.as_slice();
            for &place in places {
                let (values, others) = rest.split_at(entry.length(place as usize));
                entry.write(place as usize, values);
                rest = others;
            }
        }
        made.into_iter().next_back()
    }

    fn entry(&self, model: Model<'_>, seen: Seen<'_>, depth: usize) -> Option<Arc<Entry>> {
        if depth == 0 || seen.inputs.is_empty() {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (depth, seen.view.map(View::fingerprint));
        if key.1.is_some() && !entries.contains_key(&key) && entries.len() > MOST_VIEWS {
            entries.retain(|(_, view), _| view.is_none());
        }
        let entry = entries.entry(key).or_insert_with(|| self.open(model, seen, depth));
        entry.clone()
    }

    fn open(&self, model: Model<'_>, seen: Seen<'_>, depth: usize) -> Option<Arc<Entry>> {
        let inputs = seen.inputs;
        let sizes: Vec<_> = match inputs {
            Inputs::Texts(texts) => texts
                .iter()
                .map(|text| model.network.frozen_size_of(depth, text))
                .collect(),
            Inputs::Images { .. } => vec![model.network.frozen_size(depth, 1); inputs.len()],
        };
        if !sizes.iter().copied().any(is_worth_keeping) {
            return None;
        }
        let lengths: Vec<usize> = sizes.iter().map(|size| size.values).collect();
        // Processors that add in another order get different files, so results do not depend on which machine filled
        // the cache.
        let probe = make(model, seen, &[0], None, &[depth])?.pop()?;
        let mut key = self.key;
        key.number(depth as u64);
        if let Some(view) = seen.view {
            key.bytes(b"view");
            key.number(view.fingerprint());
        }
        probe.values.iter().for_each(|value| key.bytes(&value.to_le_bytes()));
        let name = format!("{:016x}.rows", key.finish());
        Entry::open(&self.cache, &name, &lengths).map(Arc::new)
    }
}

/// The inputs at the indices `places` as a batch, with the activations of the first `depth` layers. Activations are
/// read from the cache if present. Otherwise the CPU computes them here, with equal bits; a GPU computes them later, as
/// part of its pass.
pub(crate) fn gather_frozen(
    outputs: Option<&FrozenOutputs>,
    model: Model<'_>,
    (inputs, view): (&Inputs, Option<View<'_>>),
    places: &[u32],
    depth: usize,
) -> (Batch, Option<Frozen>) {
    let seen = Seen { inputs, view };
    let kept = outputs.and_then(|outputs| outputs.seen(model, seen, places, depth));
    let frozen = match kept {
        // A GPU continues from its own activations without the host.
        None if depth > 0 && model.device.is_host() => {
            make(model, seen, places, None, &[depth]).and_then(|mut made| made.pop())
        }
        kept => kept,
    };
    let batch = match inputs {
        // The pixels are no longer needed.
        Inputs::Images { .. } if frozen.is_some() => Batch::Images {
            pixels: Vec::new(),
            count: places.len(),
        },
        Inputs::Images { .. } | Inputs::Texts(_) => seen.gather(places),
    };
    (batch, frozen)
}

#[cfg(test)]
mod tests;
