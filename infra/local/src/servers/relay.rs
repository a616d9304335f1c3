//! A way in front of a server that can be held: what is sent, and what is answered, then waits.
//!
//! So that it can be tried what becomes of work when a service stops answering for a while. The
//! servers themselves know nothing of it.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    error::Result,
    ports::{self, Bound},
    shutdown::Shutdown,
};

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// Takes the place of `front`: what comes there goes on to the listener that is returned, unless held.
/// Its address stays that of the front.
pub(crate) async fn before(
    front: Bound,
    held: watch::Receiver<bool>,
    shutdown: Shutdown,
) -> Result<Bound> {
    let Bound { listener, port } = front;
    let behind = ports::take(0, "a server that can be held").await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, behind.port));
    tokio::spawn(serve(listener, address, held, shutdown));
    Ok(Bound { port, ..behind })
}

async fn serve(
    listener: TcpListener,
    behind: SocketAddr,
    held: watch::Receiver<bool>,
    shutdown: Shutdown,
) {
    while let Some(accepted) = shutdown.or(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: breathe, then go on.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (held, shutdown) = (held.clone(), shutdown.clone());
        tokio::spawn(async move {
            // A connection that breaks is the business of its two ends.
            let _ = shutdown.or(pass(stream, behind, held)).await;
        });
    }
}

async fn pass(
    client: TcpStream,
    behind: SocketAddr,
    held: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(behind).await?;
    // Small answers must not wait for an acknowledgement.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(
        copy(from_client, to_server, held.clone()),
        copy(from_server, to_client, held),
    )?;
    Ok(())
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut held: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = from.read(&mut chunk).await?;
        // An error means that nobody can hold any longer.
        let _ = held.wait_for(|held| !held).await;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..count]).await?;
    }
}

#[cfg(test)]
mod tests {

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::watch,
    };

    use super::before;
    use crate::{ports, shutdown};

    #[tokio::test]
    async fn what_is_held_arrives_once_it_is_let_go() {
        let (_switch, shutdown) = shutdown::switch();
        let (hold, held) = watch::channel(true);
        let front = ports::take(0, "a server").await.unwrap();
        let port = front.port;
        let behind = before(front, held, shutdown).await.unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(b"there").await.unwrap();
        let (mut server, _) = behind.listener.accept().await.unwrap();
        let mut said = [0; 5];
        // Nothing is there to be read, however long it is waited for.
        tokio::task::yield_now().await;
        assert!(server.try_read(&mut said).is_err());
        hold.send_replace(false);
        server.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"there");
        server.write_all(b"again").await.unwrap();
        client.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"again");
        drop(client);
        assert_eq!(server.read(&mut said).await.unwrap(), 0);
    }
}
