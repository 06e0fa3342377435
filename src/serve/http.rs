//! Connections: a bound port, and the time and the number that a server allows.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot, watch};

/// Time within which a connection must send the head of its request. Thousands of silent connections must not block
/// others.
const HEADER: Duration = Duration::from_secs(2);

/// Pause before accepting again when the system has no more connections available.
const FULL: Duration = Duration::from_millis(20);

/// Time that requests have to end when the server is asked to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// Asks a server to stop.
pub struct Stopper(oneshot::Sender<()>);

impl Stopper {
    /// Asks the server to stop.
    pub fn stop(self) {
        // It is not an error if it has stopped already.
        let _ = self.0.send(());
    }
}

/// A stopper and the future that ends when it is used. A stopper that is dropped stops nothing.
pub fn stopping() -> (Stopper, impl Future<Output = ()> + use<>) {
    let (sender, receiver) = oneshot::channel();
    let stopped = async move {
        if receiver.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    (Stopper(sender), stopped)
}

/// A port that is bound but not served yet.
pub(super) struct Bound {
    runtime: Runtime,
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Bound {
    /// Binds to a port; 0 selects a free one.
    ///
    /// # Errors
    /// If the port is taken or no port is free, or the address is not one of this machine.
    pub(super) fn bind(host: IpAddr, port: u16) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = runtime.block_on(TcpListener::bind((host, port)))?;
        let address = listener.local_addr()?;
        Ok(Self {
            runtime,
            listener,
            address,
        })
    }

    /// Serves at most so many connections at once until `stop` ends. Then requests that have begun are answered.
    pub(super) fn serve(self, router: Router, most: usize, stop: impl Future<Output = ()>) {
        crate::os::allow_open_files();
        let Self { runtime, listener, .. } = self;
        runtime.block_on(async move {
            let places = Arc::new(Semaphore::new(most));
            let (ending, ended) = watch::channel(());
            tokio::pin!(stop);
            loop {
                let place = Arc::clone(&places).acquire_owned();
                let accepted = async {
                    let place = place.await;
                    (place, listener.accept().await)
                };
                tokio::select! {
                    () = &mut stop => break,
                    accepted = accepted => match accepted {
                        (Ok(place), Ok((stream, _))) => {
                            let answered = answer(stream, router.clone(), ended.clone());
                            tokio::spawn(async move {
                                answered.await;
                                drop(place);
                            });
                        }
                        _ => tokio::time::sleep(FULL).await,
                    },
                }
            }
            drop(listener);
            drop(ending);
            let all = u32::try_from(most).unwrap_or(u32::MAX);
            let _ = tokio::time::timeout(FAREWELL, places.acquire_many(all)).await;
        });
        // A thread that still computes for a request is not waited for.
        runtime.shutdown_background();
    }
}

/// Answers the requests of one connection. Errors are ignored: the client has broken the connection.
async fn answer(stream: TcpStream, router: Router, mut ended: watch::Receiver<()>) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ended.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
