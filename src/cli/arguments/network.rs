//! Flags about downloads from the Hugging Face hub.

use clap::Args;

/// The flag of commands that download a model when they need it.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(in crate::cli) struct Network {
    /// Download nothing: a model of the hub must be in the cache. `HF_HUB_OFFLINE=1` does the same
    #[arg(long)]
    pub(in crate::cli) offline: bool,
}

/// The flags of commands that download a model only on request.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(in crate::cli) struct OnRequest {
    /// Download the model if it is on the hub and not in the cache
    #[arg(long, conflicts_with = "offline")]
    pub(in crate::cli) download: bool,
    #[command(flatten)]
    pub(in crate::cli) network: Network,
}
