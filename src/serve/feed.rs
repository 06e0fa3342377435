//! The newest view, on its way from the thread that reads the study to everybody who looks at the page.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use crate::report::page;
use crate::report::view::PageView;

/// Where newer views are put.
pub struct Publisher(watch::Sender<Arc<Published>>);

/// Where the newest view is taken from.
#[derive(Clone)]
pub struct Feed(pub(super) watch::Receiver<Arc<Published>>);

/// A view, and the same as JSON for those who have the page already.
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

    /// The page of this view, which is made once, however many look at it.
    pub(super) fn html(&self) -> &str {
        self.html.get_or_init(|| page::render(&self.view, Some("events")))
    }
}

impl Publisher {
    /// A publisher and what it publishes, beginning with `view`.
    pub fn start(view: PageView) -> (Self, Feed) {
        let (sender, receiver) = watch::channel(Published::new(view));
        (Self(sender), Feed(receiver))
    }

    /// Shows a newer view to everybody. Those who are slow miss some, never the newest.
    pub fn publish(&self, view: PageView) {
        // Nobody looking is no error.
        let _ = self.0.send(Published::new(view));
    }
}
