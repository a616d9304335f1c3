//! The emulator: `ministack/emulate.py`, told over its standard input.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{ChildStdin, ChildStdout, Command},
};

use super::group::ProcessGroup;
use crate::{
    error::{Error, Result},
    guard::Guard,
};

/// How long it may take to gather the logs and end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A started emulator.
#[derive(Debug)]
pub(super) struct Emulator {
    group: ProcessGroup,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Emulator {
    /// Starts the script; it installs MiniStack when that is missing.
    pub(super) async fn start(root: &Path, guard: &Arc<Guard>) -> Result<Self> {
        check_python().await?;
        let mut command = Command::new("python3");
        command.arg(root.join("infra/local/ministack/emulate.py"));
        let (group, input, output) = ProcessGroup::talk(command, guard).await?;
        let output = BufReader::new(output);
        Ok(Self {
            group,
            input,
            output,
        })
    }

    /// Deploys as the plan says; where the API then is.
    pub(super) async fn deploy(&mut self, plan: &Value) -> Result<String> {
        let failed = || Error::server("MiniStack", "the deployment failed; it says why above");
        let line = format!("{plan}\n");
        if self.input.write_all(line.as_bytes()).await.is_err() {
            return Err(failed());
        }
        let mut answer = String::new();
        self.output
            .read_line(&mut answer)
            .await
            .map_err(Error::io("reading from MiniStack"))?;
        serde_json::from_str::<Value>(&answer)
            .ok()
            .and_then(|answer| answer["api"].as_str().map(str::to_owned))
            .ok_or_else(failed)
    }

    /// Has it gather the logs and end; an error if a policy refused a function something.
    pub(super) async fn finish(self) -> Result<()> {
        let Self {
            mut group, input, ..
        } = self;
        drop(input);
        let status = tokio::time::timeout(PATIENCE, group.wait()).await;
        group.kill().await;
        match status {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(_)) => Err(Error::server("MiniStack", "it says why above")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::server("MiniStack", "it did not end")),
        }
    }

    /// Ends it at once.
    pub(super) async fn abandon(self) {
        self.group.kill().await;
    }
}

async fn check_python() -> Result<()> {
    let command = if cfg!(target_os = "macos") {
        "brew install python"
    } else {
        "sudo apt-get install python3 python3-venv"
    };
    if crate::builder::runs(Command::new("python3")).await {
        return Ok(());
    }
    Err(Error::Missing {
        program: "python3",
        needed_for: "MiniStack is a Python program",
        command,
    })
}
