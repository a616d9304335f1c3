//! Kills the functions when the host dies without a chance to do so itself.
//!
//! A small shell process reads what the host writes and outlives it only long
//! enough: when the pipe closes, whatever the reason, it kills the process groups
//! it still knows. It sits in its own group, so Ctrl-C does not reach it first.

use std::process::Stdio;

use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    sync::Mutex,
};

use crate::error::{Error, Result};

/// `+ 12` remembers process group 12, `- 12` forgets it.
const SCRIPT: &str = r#"
known=" "
while read -r sign id; do
  case $sign in
    +) known="$known$id " ;;
    -) known="${known%%" $id "*} ${known#*" $id "}" ;;
  esac
done
for id in $known; do kill -s KILL -- "-$id" 2>/dev/null; done
"#;

/// The guarding process.
#[derive(Debug)]
pub(crate) struct Guard {
    pipe: Mutex<ChildStdin>,
    // Kept so that the guard is reaped when the host ends in peace.
    _process: Child,
}

impl Guard {
    /// Starts the guard.
    pub(crate) fn start() -> Result<Self> {
        let mut process = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::io("starting /bin/sh"))?;
        let pipe = process
            .stdin
            .take()
            .ok_or_else(|| Error::server("guard", "no pipe"))?;
        Ok(Self {
            pipe: Mutex::new(pipe),
            _process: process,
        })
    }

    /// Kills the group of `id` should the host die.
    pub(crate) async fn watch(&self, id: u32) {
        self.tell(format!("+ {id}\n")).await;
    }

    /// The group of `id` has ended.
    pub(crate) async fn forget(&self, id: u32) {
        self.tell(format!("- {id}\n")).await;
    }

    async fn tell(&self, line: String) {
        if let Err(error) = self.pipe.lock().await.write_all(line.as_bytes()).await {
            tracing::warn!(%error, "the guard is gone");
        }
    }
}

#[cfg(test)]
mod tests {

    use std::process::Stdio;

    use tokio::process::{Child, Command};

    use super::Guard;

    fn sleeper() -> Child {
        Command::new("/bin/sleep")
            .arg("20")
            .stdin(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    #[tokio::test]
    async fn kills_what_it_knows_and_only_that() {
        let mut doomed = [sleeper(), sleeper()];
        let mut spared = sleeper();
        let guard = Guard::start().unwrap();
        guard.watch(doomed[0].id().unwrap()).await;
        guard.watch(spared.id().unwrap()).await;
        guard.watch(doomed[1].id().unwrap()).await;
        guard.forget(spared.id().unwrap()).await;
        drop(guard);
        for child in &mut doomed {
            assert!(!child.wait().await.unwrap().success());
        }
        assert!(spared.try_wait().unwrap().is_none());
    }
}
