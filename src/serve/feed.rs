//! Passes the newest view from the thread that reads the study to all viewers of the page.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use crate::report::page;
use crate::report::view::PageView;

/// The sender of new views.
pub struct Publisher(watch::Sender<Arc<Published>>);

/// The receiver of the newest view.
#[derive(Clone)]
pub struct Feed(pub(super) watch::Receiver<Arc<Published>>);

/// A view, and its JSON for viewers that have already loaded the page.
pub(super) struct Published {
    view: PageView,
    pub(super) json: String,
    html: OnceLock<String>,
}

impl Published {
    fn new(view: PageView) -> Arc<Self> {
        let json = page::json(&view);
        let html = OnceLock::new();
        Arc::new(Self { view, json, html })
    }

    /// The page of this view, rendered once for all viewers.
    pub(super) fn html(&self) -> &str {
        self.html.get_or_init(|| page::render(&self.view, Some("events")))
    }
}

impl Publisher {
    /// Creates a publisher and its feed, starting with `view`.
    pub fn start(view: PageView) -> (Self, Feed) {
        let (sender, receiver) = watch::channel(Published::new(view));
        (Self(sender), Feed(receiver))
    }

    /// Publishes a newer view to all viewers. Slow viewers miss some views, but never the newest.
    pub fn publish(&self, view: PageView) {
        // It is not an error if there are no viewers.
        let _ = self.0.send(Published::new(view));
    }
}
