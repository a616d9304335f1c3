//! The ports of a stack: the two that people know, and those of the servers
//! behind, which are remembered so that they stay the same from run to run.

use std::{collections::BTreeMap, fs, io::ErrorKind, net::Ipv4Addr, path::Path};

use tokio::net::TcpListener;

use crate::error::{Error, Result};

/// A listener and where it listens.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) port: u16,
}

impl Bound {
    /// The address as a URL without a trailing slash.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Takes `port`, or any for 0.
pub(crate) async fn take(port: u16, what: &'static str) -> Result<Bound> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => Error::PortInUse { port, what },
            _ => Error::Io {
                doing: format!("listening on port {port} for {what}"),
                source,
            },
        })?;
    let port = listener
        .local_addr()
        .map_err(Error::io("asking for the port taken"))?
        .port();
    Ok(Bound { listener, port })
}

/// Takes a port for each server: the one of the last run if it is free.
pub(crate) async fn take_remembered<const N: usize>(
    memory: &Path,
    servers: [&'static str; N],
) -> Result<[Bound; N]> {
    let known: BTreeMap<String, u16> = fs::read(memory)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let mut taken = Vec::with_capacity(N);
    for server in servers {
        let before = known.get(server).copied().unwrap_or(0);
        let bound = match take(before, server).await {
            Ok(bound) => bound,
            Err(_) => take(0, server).await?,
        };
        taken.push(bound);
    }
    let now: BTreeMap<&str, u16> = servers
        .into_iter()
        .zip(taken.iter().map(|bound| bound.port))
        .collect();
    fs::write(memory, serde_json::json!(now).to_string())
        .map_err(Error::io(format!("writing {}", memory.display())))?;
    taken
        .try_into()
        .map_err(|_| Error::server("ports", "one was lost"))
}

#[cfg(test)]
mod tests {

    use super::{Error, take, take_remembered};
    use crate::state::State;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let first = take(0, "the gateway").await.unwrap();
        let error = take(first.port, "the gateway").await.unwrap_err();
        assert!(matches!(error, Error::PortInUse { port, .. } if port == first.port));
        assert!(error.to_string().contains("the gateway"), "{error}");
    }

    #[tokio::test]
    async fn ports_are_remembered_but_not_fought_for() {
        let state = State::open(None).unwrap();
        let memory = state.path("ports.json");
        let [first] = take_remembered(&memory, ["S3"]).await.unwrap();
        let [second] = take_remembered(&memory, ["S3"]).await.unwrap();
        assert_ne!(first.port, second.port);
        let port = second.port;
        drop(second);
        let [third] = take_remembered(&memory, ["S3"]).await.unwrap();
        assert_eq!(third.port, port);
    }
}
