//! A program with everything it starts, which ends together.

use std::{
    process::{ExitStatus, Stdio},
    sync::Arc,
};

use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{
    error::{Error, Result},
    guard::Guard,
};

/// A process that leads a process group of its own; the group is killed when this is
/// dropped, or by the guard when we are killed. A Ctrl-C in the terminal does not reach it.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Child,
    id: u32,
    guard: Arc<Guard>,
}

impl ProcessGroup {
    /// Starts `command`, with nothing on standard input unless the caller says otherwise.
    pub(super) async fn start(mut command: Command, guard: &Arc<Guard>) -> Result<Self> {
        command.stdin(Stdio::null());
        Self::spawn(command, guard).await
    }

    /// Starts `command` with pipes to standard input and from standard output.
    pub(super) async fn talk(
        mut command: Command,
        guard: &Arc<Guard>,
    ) -> Result<(Self, ChildStdin, ChildStdout)> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut group = Self::spawn(command, guard).await?;
        match (group.leader.stdin.take(), group.leader.stdout.take()) {
            (Some(input), Some(output)) => Ok((group, input, output)),
            _ => Err(Error::server("process", "no pipes")),
        }
    }

    async fn spawn(mut command: Command, guard: &Arc<Guard>) -> Result<Self> {
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        command.process_group(0).kill_on_drop(true);
        let leader = command
            .spawn()
            .map_err(Error::io(format!("starting {name}")))?;
        let id = leader
            .id()
            .ok_or_else(|| Error::server("process", "it ended at once"))?;
        guard.watch(id).await;
        let guard = Arc::clone(guard);
        Ok(Self { leader, id, guard })
    }

    /// Waits for the leader.
    pub(super) async fn wait(&mut self) -> Result<ExitStatus> {
        self.leader
            .wait()
            .await
            .map_err(Error::io("waiting for a process"))
    }

    /// Kills what is left of the group and waits for the leader.
    pub(super) async fn kill(mut self) {
        self.signal();
        if let Err(error) = self.wait().await {
            tracing::warn!(%error, "could not reap a process");
        }
        self.guard.forget(self.id).await;
    }

    fn signal(&self) {
        if let Some(group) = rustix::process::Pid::from_raw(self.id.cast_signed()) {
            // An error means that nobody is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal();
    }
}

#[cfg(test)]
mod tests {

    use std::sync::Arc;

    use tokio::{
        io::{AsyncBufReadExt, BufReader},
        process::Command,
    };

    use super::ProcessGroup;
    use crate::guard::Guard;

    #[tokio::test]
    async fn what_the_leader_started_ends_with_it() {
        let guard = Arc::new(Guard::start().unwrap());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "sleep 60 & echo $!; wait"]);
        let (group, _input, output) = ProcessGroup::talk(command, &guard).await.unwrap();
        let mut lines = BufReader::new(output).lines();
        let sleeper: i32 = lines.next_line().await.unwrap().unwrap().parse().unwrap();
        let sleeper = rustix::process::Pid::from_raw(sleeper).unwrap();
        rustix::process::test_kill_process(sleeper).unwrap();
        group.kill().await;
        // It held our pipe open; the pipe ends when it does.
        assert_eq!(lines.next_line().await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_leaders_status_is_told() {
        let guard = Arc::new(Guard::start().unwrap());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "cat; exit 7"]);
        let mut group = ProcessGroup::start(command, &guard).await.unwrap();
        assert_eq!(group.wait().await.unwrap().code(), Some(7));
    }
}
