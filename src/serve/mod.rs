//! Servers: the live page of a study, and a trained model behind HTTP (`model`).
//!
//! The page is a `report.html` that updates itself, served to this machine only. It is bound to the loopback device. Its
//! address contains a random token, without which nothing is shown. Requests that another page tricked a browser into
//! sending are refused by their `Host`. Begin reading at [`Server`] and [`ModelServer`].

mod feed;
mod http;
mod model;
mod routes;
mod token;

use std::io;
use std::net::Ipv4Addr;

pub use feed::{Feed, Publisher};
use http::Bound;
pub use http::{Stopper, stopping};
pub use model::{About, ModelServer, Secret};
use token::Token;

/// Viewers at once.
const MOST_VIEWERS: usize = 16_384;

/// A page server that is bound to its port but does not serve yet.
pub struct Server {
    bound: Bound,
    token: Token,
}

impl Server {
    /// Binds to a port of the loopback device; 0 selects a free port.
    ///
    /// # Errors
    /// If the port is taken or no port is free.
    pub fn bind(port: u16) -> io::Result<Self> {
        Ok(Self {
            bound: Bound::bind(Ipv4Addr::LOCALHOST.into(), port)?,
            token: Token::random(),
        })
    }

    /// The address of the page, with its token.
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.bound.address, self.token)
    }

    /// Serves the views of `feed` until the process ends.
    pub fn run(self, feed: Feed) {
        let router = routes::router(feed, self.token, self.bound.address.port());
        self.bound.serve(router, MOST_VIEWERS, std::future::pending());
    }
}
