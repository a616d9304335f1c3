//! One signal that ends every task of a stack.

use tokio::sync::watch;

/// The side that ends; dropping it ends too.
#[derive(Debug)]
pub(crate) struct ShutdownSwitch(watch::Sender<bool>);

/// The side that is told.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

/// A switch and what listens to it.
pub(crate) fn switch() -> (ShutdownSwitch, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (ShutdownSwitch(sender), Shutdown(receiver))
}

impl ShutdownSwitch {
    /// Ends everything that listens.
    pub(crate) fn off(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Returns when the switch is off, or gone.
    pub(crate) async fn wait(mut self) {
        // An error means the switch was dropped, which ends as well.
        let _ = self.0.wait_for(|off| *off).await;
    }

    /// Runs `work` until it is done or the switch is off; `None` when it was cut short.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            () = self.clone().wait() => None,
            done = work => Some(done),
        }
    }
}
