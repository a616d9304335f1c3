//! Builds the functions with cargo and says where their binaries are.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::error::{Error, Result};

/// What to build and how.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    pub(crate) workspace: &'a Path,
    pub(crate) packages: &'a [&'a str],
    /// `dev`, `release`, or a profile of the workspace's own.
    pub(crate) profile: &'a str,
    pub(crate) quiet: bool,
    /// Whether a package that does not build spares the others.
    pub(crate) keep_going: bool,
}

/// The binaries, by package.
pub(crate) type Binaries = BTreeMap<String, PathBuf>;

impl Build<'_> {
    /// Runs cargo, which shows its own progress on standard error.
    pub(crate) async fn run(&self) -> Result<Binaries> {
        check_tools().await?;
        let mut child = self
            .command()
            .spawn()
            .map_err(Error::io("starting cargo"))?;
        let output = child
            .stdout
            .take()
            .ok_or_else(|| Error::server("cargo", "no output"))?;
        let mut lines = BufReader::new(output).lines();
        let mut binaries = Binaries::new();
        while let Some(line) = lines
            .next_line()
            .await
            .map_err(Error::io("reading from cargo"))?
        {
            if let Some((package, binary)) = artifact(&line)
                && self.packages.contains(&package.as_str())
            {
                binaries.insert(package, binary);
            }
        }
        let status = child.wait().await.map_err(Error::io("waiting for cargo"))?;
        if status.success() || self.keep_going {
            Ok(binaries)
        } else {
            let packages = self.packages.join(" -p ");
            Err(Error::Build(format!("cargo build -p {packages}")))
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(cargo());
        command
            .current_dir(self.workspace)
            .args(["build", "--message-format", "json-render-diagnostics"])
            .args(["--profile", self.profile])
            .args(self.packages.iter().flat_map(|package| ["-p", package]))
            // Ourselves as well, for the features: cargo would build shared libraries anew without them.
            .args(["-p", env!("CARGO_PKG_NAME"), "--bins"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if self.quiet {
            command.arg("--quiet");
        }
        if self.keep_going {
            command.arg("--keep-going");
        }
        command
    }

    /// Where the binaries of an earlier build are.
    pub(crate) fn already_built(&self) -> Binaries {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.workspace.join("target"), PathBuf::from);
        let directory = match self.profile {
            "dev" => "debug",
            other => other,
        };
        self.packages
            .iter()
            .map(|package| {
                let name = format!("{package}{}", std::env::consts::EXE_SUFFIX);
                ((*package).to_owned(), target.join(directory).join(name))
            })
            .filter(|(_, binary)| binary.is_file())
            .collect()
    }
}

/// The cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Names what is missing before cargo fails half-way in its own words.
async fn check_tools() -> Result<()> {
    const TOOLCHAIN: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
    const COMPILER: &str = if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else {
        "sudo apt-get install build-essential"
    };
    if !runs(Command::new(cargo())).await {
        return Err(Error::Missing {
            program: "cargo",
            needed_for: "the functions are Rust programs",
            command: TOOLCHAIN,
        });
    }
    if !runs(Command::new("cc")).await {
        return Err(Error::Missing {
            program: "cc",
            needed_for: "SQLite and the cryptography are C",
            command: COMPILER,
        });
    }
    Ok(())
}

/// Whether there is such a program.
pub(crate) async fn runs(mut command: Command) -> bool {
    let status = command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    !matches!(status, Err(error) if error.kind() == ErrorKind::NotFound)
}

/// The binary a line of cargo's messages tells of.
fn artifact(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let name = message["target"]["name"].as_str()?;
    let binary = message["executable"].as_str()?;
    Some((name.to_owned(), PathBuf::from(binary)))
}

#[cfg(test)]
mod tests {

    use std::path::PathBuf;

    use super::artifact;

    #[test]
    fn binaries_are_read_from_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"api-auth"},"executable":"/t/api-auth"}"#;
        let (package, binary) = artifact(line).unwrap();
        assert_eq!(
            (package.as_str(), binary),
            ("api-auth", PathBuf::from("/t/api-auth"))
        );
        for other in [
            r#"{"reason":"compiler-artifact","target":{"name":"vara"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not json",
        ] {
            assert!(artifact(other).is_none(), "{other}");
        }
    }
}
