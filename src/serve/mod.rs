//! The live page: `report.html` that updates itself, served to this machine alone.
//!
//! It is bound to the loopback device; its address holds a random token, without which nothing is shown; requests that a
//! browser was tricked into sending from another page are refused by their `Host`. Begin reading at [`Server`].

mod feed;
mod routes;
mod token;

use std::future::IntoFuture as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

pub use feed::{Feed, Publisher};
use token::Token;

/// A page server that has its port, but serves nothing yet.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

impl Server {
    /// Binds to a port of the loopback device; 0: any that is free.
    ///
    /// # Errors
    /// When the port is taken, or there is none.
    pub fn bind(port: u16) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let address = listener.local_addr()?;
        Ok(Self {
            runtime,
            listener,
            address,
            token: Token::random(),
        })
    }

    /// The address of the page, with its token.
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.token)
    }

    /// Serves what `feed` has, until the process ends.
    ///
    /// # Errors
    /// When the system gives no more connections.
    pub fn run(self, feed: Feed) -> io::Result<()> {
        let router = routes::router(feed, self.token, self.address.port());
        let serving = axum::serve(self.listener, router);
        self.runtime.block_on(serving.into_future())
    }
}
