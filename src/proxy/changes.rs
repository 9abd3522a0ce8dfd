//! [`Changes`]: the bell that rings when what all workers read has changed.

use tokio::sync::watch;

/// Tells all workers that something is another than before.
#[derive(Clone, Debug)]
pub struct Changes {
    sender: watch::Sender<()>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { sender: watch::Sender::new(()) }
    }
}

impl Changes {
    /// Tells them; call it once the new snapshot is stored.
    pub fn tell(&self) {
        self.sender.send_replace(());
    }

    /// A worker's ear.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.sender.subscribe()
    }
}
