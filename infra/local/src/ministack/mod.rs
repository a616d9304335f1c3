//! The proof of the template: deploys it to MiniStack, an AWS emulator that enforces
//! IAM, and runs the end-to-end suite against that.
//!
//! What belongs here is starting and ending the pieces. What the template needs changed
//! for the emulator is in `ministack/template.py`; which cases the emulator cannot pass
//! is in `tests/system/main.rs`. Nothing here may make the embedded stack more lenient.

mod emulator;
mod front;
mod group;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use tokio::{process::Command, task::JoinSet};

use self::{emulator::Emulator, group::ProcessGroup};
use crate::{
    builder::{self, Binaries, Build},
    error::{Error, Result},
    guard::Guard,
    options::Options,
    parameters::PARAMETERS,
    ports::{self, Bound},
    shutdown::{self, Shutdown},
    state::State,
    template::{self, Place},
    workspace,
};

/// The status of a run that was told to stop, as a shell gives it.
const STOPPED: u8 = 130;

/// Deploys to MiniStack, runs the suite, ends everything; the suite's exit status.
///
/// Of the options, the profile and whether to build count. Ports are always any free
/// ones, and nothing is kept but the logs in `target/ministack`.
///
/// # Errors
///
/// When the build or the deployment fails, or a policy refused a function something.
pub async fn prove(options: &Options, stop: impl Future<Output = ()>) -> Result<u8> {
    let root = workspace::find()?;
    let state = State::open(None)?;
    let guard = Arc::new(Guard::start()?);
    let (switch, shutdown) = shutdown::switch();
    let mut tasks = JoinSet::new();
    let mut emulator = None;
    let work = MiniStackRun {
        root: &root,
        options,
        state: &state,
        guard: &guard,
        shutdown,
    };
    let outcome = tokio::select! {
        outcome = work.run(&mut tasks, &mut emulator) => outcome,
        () = stop => Ok(STOPPED),
    };
    let ended = match emulator {
        Some(emulator) if matches!(outcome, Ok(status) if status != STOPPED) => {
            emulator.finish().await
        }
        Some(emulator) => {
            emulator.abandon().await;
            Ok(())
        }
        None => Ok(()),
    };
    switch.off();
    while tasks.join_next().await.is_some() {}
    // A failing suite is the better news of the two.
    match outcome? {
        0 => ended.map(|()| 0),
        status => {
            if let Err(error) = ended {
                tracing::error!(%error, "the emulator did not end well");
            }
            Ok(status)
        }
    }
}

/// What a run needs.
struct MiniStackRun<'a> {
    root: &'a Path,
    options: &'a Options,
    state: &'a State,
    guard: &'a Arc<Guard>,
    shutdown: Shutdown,
}

impl MiniStackRun<'_> {
    /// Everything up to the suite's exit status. The emulator stays for the caller to end.
    async fn run(&self, tasks: &mut JoinSet<()>, emulator: &mut Option<Emulator>) -> Result<u8> {
        let gateway = ports::take(0, "the gateway").await?;
        let engines = ports::take(0, "the stand-ins").await?;
        let gateway_url = format!("http://localhost:{}", gateway.port);
        let engines_url = engines.url();
        let binaries = self.binaries(&gateway_url).await?;
        self.serve_engines(tasks, engines, gateway_url.clone());
        eprintln!("Deploying template.yaml to MiniStack");
        let plan = self.plan(&binaries, &gateway_url, &engines_url);
        let emulator = emulator.insert(Emulator::start(self.root, self.guard).await?);
        let api = emulator.deploy(&plan).await?;
        let front = front::serve(gateway.listener, api, self.shutdown.clone());
        tasks.spawn(front);
        eprintln!("Running the suite against {gateway_url}");
        self.suite(&gateway_url, &engines_url).await
    }

    async fn binaries(&self, gateway_url: &str) -> Result<Binaries> {
        let packages = self.packages(gateway_url)?;
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        let build = Build {
            workspace: self.root,
            packages: &packages,
            profile: &self.options.profile,
            quiet: self.options.quiet,
            keep_going: false,
        };
        if self.options.build {
            eprintln!("Building {} functions", packages.len());
            return build.run().await;
        }
        let binaries = build.already_built();
        match packages.iter().find(|it| !binaries.contains_key(**it)) {
            Some(missing) => Err(Error::NotBuilt((*missing).to_owned())),
            None => Ok(binaries),
        }
    }

    /// The packages of the template's functions.
    fn packages(&self, gateway_url: &str) -> Result<Vec<String>> {
        let path = self.root.join("template.yaml");
        let text =
            fs::read_to_string(&path).map_err(Error::io(format!("reading {}", path.display())))?;
        let place = Place {
            parameters: parameters(gateway_url),
            sqs_url: String::new(),
            gateway_url: gateway_url.to_owned(),
        };
        let system =
            template::load(&text, &place).map_err(|source| Error::Template { path, source })?;
        Ok(system.functions.into_iter().map(|it| it.package).collect())
    }

    fn serve_engines(&self, tasks: &mut JoinSet<()>, engines: Bound, gateway: String) {
        let stop = self.shutdown.clone().wait();
        tasks.spawn(async move {
            let beside = vara_engines::Beside {
                gateway: Some(&gateway),
                mails: None,
            };
            if let Err(error) = vara_engines::serve_beside(engines.listener, beside, stop).await {
                tracing::error!(%error, "the stand-ins stopped");
            }
        });
    }

    /// What `ministack/emulate.py` reads.
    fn plan(&self, binaries: &Binaries, gateway_url: &str, engines_url: &str) -> Value {
        json!({
            "directory": self.state.path("ministack"),
            "logs": self.root.join("target").join("ministack"),
            "template": self.root.join("template.yaml"),
            "binaries": binaries,
            "parameters": parameters(gateway_url),
            // What the template never sets. Mail goes to the stand-in, where it can be read.
            "environment": {
                "AWS_ENDPOINT_URL_SESV2": format!("{engines_url}/ses"),
                "TINEYE_URL": format!("{engines_url}/tineye/rest/"),
                "GOOGLE_VISION_URL": format!("{engines_url}/vision/"),
                "SERPAPI_URL": format!("{engines_url}/serpapi/"),
                "FACECHECK_URL": format!("{engines_url}/facecheck/"),
                "HIBP_URL": format!("{engines_url}/hibp/api/v3/"),
                "SOCIAL_URL": format!("{engines_url}/social/"),
                "OAUTH_PROVIDERS": vara_engines::oauth_providers(engines_url),
                "TIME_STAMP_AUTHORITIES": vara_engines::time_stamp_authorities(engines_url),
                "FETCH_ALLOW": engines_url.trim_start_matches("http://"),
            },
        })
    }

    async fn suite(&self, gateway_url: &str, engines_url: &str) -> Result<u8> {
        let mut command = Command::new(builder::cargo());
        command
            .current_dir(self.root)
            .args(["test", "-p", "vara-tests", "--test", "system"])
            .env("VARA_GATEWAY", gateway_url)
            .env("VARA_ENGINES", engines_url)
            .env("VARA_ON", "ministack");
        let mut suite = ProcessGroup::start(command, self.guard).await?;
        let status = suite.wait().await?;
        suite.kill().await;
        // Killed by a signal: no status of its own.
        Ok(status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1))
    }
}

fn parameters(gateway_url: &str) -> BTreeMap<String, String> {
    PARAMETERS
        .into_iter()
        .chain([
            ("Stage", "dev"),
            ("MailFrom", "vara@example.org"),
            ("PublicUrl", gateway_url),
        ])
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
