//! Downloads of models and data sets, and their progress on the terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::CliError;
use super::arguments::{Network, OnRequest};
use crate::hub::{HubError, Progress, Silent};
use crate::objective::{self, HubDataSet, HubModel, Missing};
use crate::spec::Spec;

/// The data set and the model of a spec, as far as they are from the hub.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) data: Option<HubDataSet>,
    pub(super) model: Option<HubModel>,
}

/// Data sets and models that are not in the cache.
#[derive(Debug, Default)]
pub(super) struct NotCached {
    pub(super) data: Option<Missing>,
    pub(super) model: Option<Missing>,
}

/// Brings the data set and the model of a spec into the cache, if they are from the hub, and names their commits in the
/// spec.
pub(super) fn bring(spec: &mut Spec, network: Network, is_quiet: bool) -> Result<Brought, CliError> {
    bring_until(spec, network, is_quiet, None)
}

/// As [`bring`]; a download ends with [`HubError::Stopped`] when the time is over.
pub(super) fn bring_until(
    spec: &mut Spec,
    network: Network,
    is_quiet: bool,
    end: Option<Instant>,
) -> Result<Brought, CliError> {
    let data = bring_data(spec, network, &Told::until(is_quiet, end))?;
    if let Some(data) = &data {
        data.pin(spec);
    }
    let model = bring_model(spec, network, &Told::until(is_quiet, end))?;
    if let Some(model) = &model {
        model.pin(spec);
    }
    Ok(Brought { data, model })
}

/// Brings the data set and the model of a spec into the cache, if they are from the hub, and leaves the spec as it is.
pub(super) fn ensure(spec: &Spec, network: Network, is_quiet: bool) -> Result<(), CliError> {
    bring_data(spec, network, &Told::new(is_quiet))?;
    bring_model(spec, network, &Told::new(is_quiet))?;
    Ok(())
}

fn bring_data(spec: &Spec, network: Network, told: &Told) -> Result<Option<HubDataSet>, CliError> {
    let data = objective::bring_data(spec, network.offline, told)?;
    if let Some(data) = &data {
        told.end("data set", &data.id, data.licence.as_deref());
        if data.is_partial {
            told.say(&format!(
                "warning: the hub has converted only the first rows of the data set `{}`, and these are used",
                data.id
            ));
        }
    }
    Ok(data)
}

fn bring_model(spec: &Spec, network: Network, told: &Told) -> Result<Option<HubModel>, CliError> {
    let model = objective::bring_model(spec, network.offline, told)?;
    if let Some(model) = &model {
        told.end("model", &model.id, model.licence.as_deref());
    }
    Ok(model)
}

/// The data set and the model of a spec that would have to be downloaded. With `--download` they are brought instead.
pub(super) fn missing(spec: &mut Spec, flags: OnRequest, is_quiet: bool) -> Result<NotCached, CliError> {
    if flags.download {
        bring(spec, flags.network, is_quiet)?;
        return Ok(NotCached::default());
    }
    let is_offline = flags.network.offline;
    let data = objective::missing_data(spec, is_offline, &Silent)?;
    if data.is_none()
        && let Some(data) = bring_data(spec, flags.network, &Told::new(is_quiet))?
    {
        data.pin(spec);
    }
    let model = objective::missing_model(spec, is_offline, &Silent)?;
    if data.is_none()
        && model.is_none()
        && let Some(model) = bring_model(spec, flags.network, &Told::new(is_quiet))?
    {
        model.pin(spec);
    }
    Ok(NotCached { data, model })
}

impl NotCached {
    /// All of them, the data set first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Missing> {
        self.data.iter().chain(&self.model)
    }
}

/// A sentence about a model or data set that is not in the cache.
pub(super) fn describe(missing: &Missing) -> String {
    let Missing {
        kind, id, files, bytes, ..
    } = missing;
    let licence = missing.licence.as_ref();
    let licence = licence.map_or_else(String::new, |licence| format!(", licence `{licence}`"));
    let size = size(*bytes);
    let plural = if *files == 1 { "" } else { "s" };
    format!("the {kind} `{id}` is not in the cache: {size} in {files} file{plural}{licence}")
}

fn size(bytes: u64) -> String {
    let (unit, name) = [(1e9, "GB"), (1e6, "MB")]
        .into_iter()
        .find(|(unit, _)| bytes as f64 >= *unit)
        .unwrap_or((1e3, "kB"));
    format!("{:.1} {name}", bytes as f64 / unit)
}

/// The progress of a download: a bar on a terminal, else one line per file.
pub(super) struct Told {
    is_quiet: bool,
    bar: Option<ProgressBar>,
    has_begun: AtomicBool,
    /// The time at which downloads stop.
    end: Option<Instant>,
}

impl Told {
    pub(super) fn new(is_quiet: bool) -> Self {
        let is_drawn = !is_quiet && std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}  {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self {
            is_quiet,
            bar: is_drawn.then(|| ProgressBar::new(0).with_style(style)),
            has_begun: AtomicBool::new(false),
            end: None,
        }
    }

    /// As [`Self::new`], for downloads that stop at a time.
    fn until(is_quiet: bool, end: Option<Instant>) -> Self {
        let mut told = Self::new(is_quiet);
        told.end = end;
        told
    }

    /// Removes the bar, and says what was downloaded.
    pub(super) fn end(&self, kind: &str, id: &str, licence: Option<&str>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.has_begun.load(Ordering::Relaxed) {
            let licence = licence.map_or_else(String::new, |licence| format!(" (licence `{licence}`)"));
            self.say(&format!("downloaded the {kind} `{id}`{licence}"));
        }
    }

    fn say(&self, text: &str) {
        let write = || {
            let _ = writeln!(std::io::stderr(), "{text}");
        };
        match &self.bar {
            _ if self.is_quiet => {}
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Told {
    fn file_started(&self, path: &str, bytes: Option<u64>, present: u64) {
        self.has_begun.store(true, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc_length(bytes.unwrap_or_default());
            bar.inc(present);
            bar.set_message(path.to_owned());
            return;
        }
        let whole = bytes.map_or_else(String::new, |bytes| format!(" ({})", size(bytes)));
        let begun = if present > 0 {
            format!(", {} of it are here already", size(present))
        } else {
            String::new()
        };
        self.say(&format!("downloading `{path}`{whole}{begun}"));
    }

    fn file_advanced(&self, _path: &str, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    fn file_restarted(&self, path: &str) {
        self.say(&format!(
            "warning: `{path}` arrived damaged or has changed: it is downloaded again"
        ));
    }

    fn file_awaited(&self, path: &str) {
        self.say(&format!("another process downloads `{path}`: waiting for it"));
    }

    fn retrying(&self, error: &HubError, pause: Duration) {
        let seconds = pause.as_secs_f64();
        self.say(&format!("warning: {error}; next attempt in {seconds:.0} s"));
    }

    fn should_stop(&self) -> bool {
        self.end.is_some_and(|end| end <= Instant::now())
    }
}
