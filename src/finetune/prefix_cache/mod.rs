//! Cached activations of the frozen layers. They are computed once and kept on disk, for any trial, any worker and any later
//! study.
//!
//! Frozen layers run in evaluation mode, so their output is a fixed function of the example. Training from the cache gives the
//! same numbers as computing the output again, on the CPU to the last bit. All workers write the same bytes, so none waits for
//! another: a worker that needs a missing example computes and writes it. Each example has a checksum, so a crash or a power
//! failure costs only what was being written.
//!
//! Files are read with `pread`, not mapped. A batch of less than a megabyte is copied out of the system's cache, which all
//! workers share, and a file that another process truncates cannot end this one. Begin reading at
//! [`FrozenOutputs`].

mod entry;
mod eviction;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use self::entry::Entry;
use super::{
    backend::Device,
    batching::gather,
    cache_folder::{own_folder, user_cache},
    data::Inputs,
    models::{Batch, Frozen, FrozenSize, Network},
    parameters::Parameters,
    pretrained::Pretrained,
};
use crate::rng::Fingerprint;

/// Changes whenever the same key would mean other bytes.
const FORMAT: u64 = 1;

/// Reading a byte of what is kept takes about as long as so many operations of large matrix products on one core.
pub(crate) const OPERATIONS_PER_BYTE: usize = 15;

/// An output is worth keeping when making it takes at least so many times as long as reading it.
const LEAST_GAIN: usize = 4;

/// A folder for outputs of frozen parts, and how much of the disk they may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixCache {
    folder: PathBuf,
    limit: u64,
}

impl PrefixCache {
    /// Outputs in `folder`, which is made when it is needed, of at most `limit` bytes in all; what was not used for longest
    /// makes way for what is new.
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    /// Where outputs are kept unless somebody says otherwise; `None` where there is no home.
    pub fn default_folder() -> Option<PathBuf> {
        Some(own_folder(&user_cache()?))
    }
}

/// The outputs of a model's frozen parts for some inputs, at every depth.
#[derive(Debug)]
pub struct FrozenOutputs {
    cache: PrefixCache,
    /// The fingerprint of model and inputs.
    key: Fingerprint,
    /// The depths that may be asked for, deepest first.
    depths: Vec<usize>,
    /// By depth; `None` where it is not worth it, or cannot be kept.
    entries: Mutex<BTreeMap<usize, Option<Arc<Entry>>>>,
}

/// Whether it takes longer to make an output than to read it.
pub(crate) fn is_worth_keeping(size: FrozenSize) -> bool {
    size.operations > size.values * size_of::<f32>() * OPERATIONS_PER_BYTE * LEAST_GAIN
}

/// Computes the activations that are missing.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) network: &'a Network,
    pub(crate) parameters: &'a Parameters,
    pub(crate) device: Device,
}

impl Maker<'_> {
    fn make(&self, inputs: &Inputs, places: &[u32], from: Option<Frozen>, stops: &[usize]) -> Option<Vec<Frozen>> {
        self.network
            .frozen(self.parameters, (&gather(inputs, places), from), stops, self.device)
    }
}

impl FrozenOutputs {
    /// Those of `model` for `inputs`, at these depths: who is on the way to one of them keeps what others on the way there
    /// will need.
    pub fn new(cache: PrefixCache, model: &Pretrained, inputs: &Inputs, depths: &[usize]) -> Self {
        let mut key = Fingerprint::new();
        key.number(FORMAT);
        key.number(u64::from(model.checksum()));
        key.bytes(format!("{:?}", model.network).as_bytes());
        key.number(inputs.len() as u64);
        inputs.add_to(&mut key);
        let mut depths = depths.to_vec();
        depths.retain(|&depth| depth > 0);
        depths.sort_unstable_by_key(|&depth| std::cmp::Reverse(depth));
        Self {
            cache,
            key,
            depths,
            entries: Mutex::default(),
        }
    }

    /// The output of the first `depth` parts for the inputs at `places`, from the disk as far as it is there; `None` where
    /// nothing is kept.
    pub(crate) fn of(&self, maker: Maker<'_>, inputs: &Inputs, places: &[u32], depth: usize) -> Option<Frozen> {
        let entry = self.entry(maker, inputs, depth)?;
        let missing: Vec<u32> = places
            .iter()
            .copied()
            .filter(|&place| !entry.has(place as usize))
            .collect();
        if !missing.is_empty() {
            let made = self.climb(maker, inputs, &missing, depth)?;
            if missing.len() == places.len() {
                return Some(made);
            }
        }
        let mut values = Vec::new();
        let is_whole = places.iter().all(|&place| entry.read(place as usize, &mut values));
        if is_whole {
            return Some(Frozen { depth, values });
        }
        // The disk is full, or somebody else's hands were in the file.
        maker.make(inputs, places, None, &[depth])?.pop()
    }

    /// Computes what is missing from the deepest that is there, and keeps it at all depths on the way.
    fn climb(&self, maker: Maker<'_>, inputs: &Inputs, places: &[u32], depth: usize) -> Option<Frozen> {
        let mut stops = vec![(depth, self.entry(maker, inputs, depth)?)];
        let mut from = None;
        for &lower in self.depths.iter().filter(|&&lower| lower < depth) {
            let Some(entry) = self.entry(maker, inputs, lower) else {
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
        let made = maker.make(inputs, places, from, &depths)?;
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

    fn entry(&self, maker: Maker<'_>, inputs: &Inputs, depth: usize) -> Option<Arc<Entry>> {
        if depth == 0 || inputs.is_empty() {
            return None;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(depth).or_insert_with(|| self.open(maker, inputs, depth));
        entry.clone()
    }

    fn open(&self, maker: Maker<'_>, inputs: &Inputs, depth: usize) -> Option<Arc<Entry>> {
        let sizes: Vec<_> = match inputs {
            Inputs::Texts(texts) => texts
                .iter()
                .map(|text| maker.network.frozen_size(depth, text.len()))
                .collect(),
            Inputs::Images { .. } => vec![maker.network.frozen_size(depth, 1); inputs.len()],
        };
        if !sizes.iter().copied().any(is_worth_keeping) {
            return None;
        }
        let lengths: Vec<usize> = sizes.iter().map(|size| size.values).collect();
        // A processor that adds up in another order has files of its own: so nothing depends on who was there before.
        let probe = maker.make(inputs, &[0], None, &[depth])?.pop()?;
        let mut key = self.key;
        key.number(depth as u64);
        probe.values.iter().for_each(|value| key.bytes(&value.to_le_bytes()));
        let name = format!("{:016x}.rows", key.finish());
        Entry::open(&self.cache, &name, &lengths).map(Arc::new)
    }
}

/// The inputs at `places` as a batch, with what `depth` frozen parts make of them: read where it is kept, else on the host
/// computed in the same way, so that which of the two it was shows in no bit. A GPU computes it as it goes.
pub(crate) fn gather_frozen(
    outputs: Option<&FrozenOutputs>,
    maker: Maker<'_>,
    inputs: &Inputs,
    places: &[u32],
    depth: usize,
) -> (Batch, Option<Frozen>) {
    let kept = outputs.and_then(|outputs| outputs.of(maker, inputs, places, depth));
    let frozen = match kept {
        // A device of its own goes on from there without asking the host.
        None if depth > 0 && maker.device.is_host() => maker
            .make(inputs, places, None, &[depth])
            .and_then(|mut made| made.pop()),
        kept => kept,
    };
    let batch = match inputs {
        // Nobody looks at the pixels any more.
        Inputs::Images { .. } if frozen.is_some() => Batch::Images {
            pixels: Vec::new(),
            count: places.len(),
        },
        Inputs::Images { .. } | Inputs::Texts(_) => gather(inputs, places),
    };
    (batch, frozen)
}

#[cfg(test)]
mod tests;
