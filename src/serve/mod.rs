//! The live page: a `report.html` that updates itself, served to this machine only.
//!
//! It is bound to the loopback device. Its address contains a random token, without which nothing is shown. Requests
//! that another page tricked a browser into sending are refused by their `Host`. Begin reading at [`Server`].

mod feed;
mod routes;
mod token;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

pub use feed::{Feed, Publisher};
use token::Token;

/// Time within which a connection must send its request. Thousands of silent connections must not block others.
const HEADER: Duration = Duration::from_secs(2);

/// Pause before accepting again when the system has no more connections available.
const FULL: Duration = Duration::from_millis(20);

/// A page server that is bound to its port but does not serve yet.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: Token,
}

impl Server {
    /// Binds to a port of the loopback device; 0 selects a free port.
    ///
    /// # Errors
    /// If the port is taken or no port is free.
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

    /// Serves the views of `feed` until the process ends.
    pub fn run(self, feed: Feed) {
        crate::os::allow_open_files();
        let router = routes::router(feed, self.token, self.address.port());
        self.runtime.block_on(async move {
            loop {
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        tokio::spawn(answer(stream, router.clone()));
                    }
                    Err(_) => tokio::time::sleep(FULL).await,
                }
            }
        });
    }
}

/// Answers the requests of one connection. Errors are ignored: the client has broken the connection.
async fn answer(stream: TcpStream, router: Router) {
    let service = TowerToHyperService::new(router);
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
