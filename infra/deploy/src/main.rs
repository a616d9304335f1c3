//! Deploys a stage: reads `infra/stages/<stage>.yaml`, refuses what is missing or wrong, and runs
//! the one `sam deploy` command with every parameter of the template.

mod package;
mod parameter_file;
mod quota;
mod sam;
mod stage;
mod template;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

use stage::{DeployValues, Stage};

const USAGE: &str = "\
Deploys a stage to AWS.

Usage: cargo run -p vara-deploy -- STAGE [--print]

  STAGE      the name of a file in infra/stages, without .yaml
  --print    write the file of parameters and print the command instead of running it

Secrets come from the environment, TineyeApiKey from TINEYE_API_KEY and so on. Build first:
cargo lambda build --release --arm64 (or --x86-64, as the stage's Architecture says).";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [name] => deploy(name, false),
        [name, "--print"] => deploy(name, true),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(status) => status,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn deploy(name: &str, print: bool) -> Result<ExitCode, String> {
    let root = root()?;
    let text = read(&root.join("template.yaml"))?;
    let path = root.join("infra/stages").join(format!("{name}.yaml"));
    let stage = Stage::read(&read(&path)?).map_err(|err| format!("{}: {err}", path.display()))?;
    let secret = |name: &str| std::env::var(name).ok();
    let parameters = template::parameters(&text)?;
    let refused =
        |problems: Vec<String>| format!("{}:\n  {}", path.display(), problems.join("\n  "));
    let mut values = stage.values(&parameters, secret).map_err(refused)?;
    values.passed.insert("Release".into(), release(&root));
    if !print {
        check_packages(&root, &text, &values)?;
        match quota::allowed(&stage) {
            Ok(allowed) => {
                let wanted = quota::wanted(&parameters, &values.passed);
                quota::fault(wanted, allowed).map_or(Ok(()), Err)?;
            }
            // Whoever deploys may be refused that question.
            Err(why) => eprintln!("The account's limit is not checked: {why}"),
        }
    }
    let directory = root.join("target/deploy");
    fs::create_dir_all(&directory).map_err(|err| failed("making", &directory, &err))?;
    let file = directory.join(format!("{name}.yaml"));
    write_private(&file, &parameter_file::text(&values.passed)?)?;
    tell(&values);
    let arguments = sam::arguments(&stage, &file);
    if print {
        println!("sam {}", arguments.join(" "));
        return Ok(ExitCode::SUCCESS);
    }
    let status = Command::new("sam")
        .args(arguments)
        .current_dir(&root)
        .status();
    // The file holds secrets.
    fs::remove_file(&file).map_err(|err| failed("removing", &file, &err))?;
    let status =
        status.map_err(|err| format!("sam cannot be run (pip install aws-sam-cli): {err}"))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The top of the repository.
fn root() -> Result<PathBuf, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2);
    root.map(Path::to_owned)
        .ok_or_else(|| "the repository is not found".to_owned())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|err| failed("reading", path, &err))
}

fn failed(what: &str, path: &Path, err: &std::io::Error) -> String {
    format!("{what} {}: {err}", path.display())
}

/// A name that no deployment had before: when, and of which commit.
fn release(root: &Path) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map(|it| it.as_secs()).unwrap_or_default();
    let git = ["rev-parse", "--short=12", "HEAD"];
    let commit = Command::new("git").args(git).current_dir(root).output();
    let commit = commit.ok().filter(|it| it.status.success());
    match commit.and_then(|it| String::from_utf8(it.stdout).ok()) {
        Some(commit) => format!("{seconds}-{}", commit.trim()),
        None => seconds.to_string(),
    }
}

fn check_packages(root: &Path, template: &str, values: &DeployValues) -> Result<(), String> {
    let architecture = values.passed.get("Architecture");
    let architecture = architecture.map(String::as_str).unwrap_or_default();
    let faults: Vec<String> = template::packages(template)
        .into_iter()
        .filter_map(|it| package::fault(&root.join(it), architecture))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let flag = if architecture == "arm64" {
        "--arm64"
    } else {
        "--x86-64"
    };
    Err(format!(
        "{}\nBuild first: cargo lambda build --release {flag}",
        faults.join("\n")
    ))
}

/// Readable by its owner only.
fn write_private(path: &Path, text: &str) -> Result<(), String> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut it| it.write_all(text.as_bytes()));
    written.map_err(|err| failed("writing", path, &err))
}

/// Says which secrets are passed and which stay; never a value of one.
fn tell(values: &DeployValues) {
    for name in &values.kept {
        let variable = stage::variable(name);
        eprintln!("{name} keeps its deployed value ({variable} is not set)");
    }
    eprintln!("{} parameters are passed", values.passed.len());
}
