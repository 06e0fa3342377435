//! A trained model behind HTTP: JSON in, JSON out.
//!
//! It is bound to the loopback device unless another address is asked for, and needs a token unless that is switched
//! off. One thread reads and writes, others read the rows of requests, and one applies the model (`batches`).

mod batches;
mod body;
mod routes;

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::http::Bound;
use super::token::Token;
use crate::production::Predictor;
use batches::Queue;

/// Connections at once. Others wait until one ends.
const MOST_CONNECTIONS: usize = 512;

/// The secret that requests must show.
#[derive(Clone, Debug)]
pub enum Secret {
    /// One that is made now.
    New,
    /// One that is known.
    Known(String),
    /// None: everyone who reaches the port may ask.
    None,
}

/// A server of a model that is bound to its port but does not serve yet.
pub struct ModelServer {
    bound: Bound,
    token: Option<Token>,
}

/// Facts about a model that its server shows.
pub struct About {
    /// Name of the model's folder.
    pub name: String,
    /// The model card, if there is one.
    pub card: Option<String>,
}

impl ModelServer {
    /// Binds to a port; 0 selects a free one.
    ///
    /// # Errors
    /// If the port is taken or no port is free, or the address is not one of this machine.
    pub fn bind(host: IpAddr, port: u16, secret: Secret) -> io::Result<Self> {
        let token = match secret {
            Secret::New => Some(Token::random()),
            Secret::Known(text) => Some(Token::of(text)),
            Secret::None => None,
        };
        Ok(Self {
            bound: Bound::bind(host, port)?,
            token,
        })
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.bound.address
    }

    /// The token that requests must have; `None` if they need none.
    pub fn token(&self) -> Option<String> {
        self.token.as_ref().map(ToString::to_string)
    }

    /// Serves the model until `stop` ends, and answers the requests that have begun.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn run(self, predictor: Predictor, about: About, stop: impl Future<Output = ()>) -> io::Result<()> {
        let predictor = Arc::new(predictor);
        let queue = Queue::start(Arc::clone(&predictor))?;
        let router = routes::router(routes::Shared {
            predictor,
            queue,
            about: Arc::new(about),
            token: self.token,
            address: self.bound.address,
        });
        self.bound.serve(router, MOST_CONNECTIONS, stop);
        Ok(())
    }
}
