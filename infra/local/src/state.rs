//! The directory in which a stack keeps everything that outlives it, held by one
//! stack at a time.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    template::{Secret, SecretValue},
};

/// A state directory in use.
#[derive(Debug)]
pub(crate) struct State {
    directory: PathBuf,
    ephemeral: bool,
    // The system drops the lock with the process, however that ends.
    _lock: File,
}

impl State {
    /// Opens `directory`, or a fresh temporary one that vanishes at the end.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self> {
        let ephemeral = directory.is_none();
        let directory = directory.map_or_else(
            || std::env::temp_dir().join(format!("vara-{}", Uuid::new_v4().simple())),
            Path::to_path_buf,
        );
        for part in ["logs", "s3"] {
            let path = directory.join(part);
            fs::create_dir_all(&path).map_err(Error::io(format!("creating {}", path.display())))?;
        }
        let path = directory.join("lock");
        let lock =
            File::create(&path).map_err(Error::io(format!("creating {}", path.display())))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::StateInUse(directory)),
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io {
                    doing: format!("locking {}", path.display()),
                    source,
                });
            }
        }
        Ok(Self {
            directory,
            ephemeral,
            _lock: lock,
        })
    }

    /// Whether nothing is kept.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    /// A path inside the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// An empty log for a function, for its processes to append to.
    pub(crate) fn log(&self, package: &str) -> Result<PathBuf> {
        let path = self.directory.join("logs").join(format!("{package}.log"));
        File::create(&path).map_err(Error::io(format!("creating {}", path.display())))?;
        Ok(path)
    }

    /// The values of secrets, by ARN; those that are generated and not there yet are made and kept.
    pub(crate) fn secrets(&self, wanted: &[Secret]) -> Result<BTreeMap<String, String>> {
        let path = self.path("secrets.json");
        let mut kept: BTreeMap<String, String> = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let mut values = BTreeMap::new();
        for secret in wanted {
            let value = match &secret.value {
                SecretValue::Written(text) => text.clone(),
                SecretValue::Generated(length) => kept
                    .entry(secret.logical.clone())
                    .or_insert_with(|| random(*length))
                    .clone(),
            };
            values.insert(secret.arn.clone(), value);
        }
        write_private(&path, &serde_json::json!(kept).to_string())
            .map_err(Error::io(format!("writing {}", path.display())))?;
        Ok(values)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.ephemeral
            && let Err(error) = fs::remove_dir_all(&self.directory)
        {
            tracing::warn!(%error, "could not remove the temporary state");
        }
    }
}

/// Hexadecimal from the system's random source: 122 bits in every 32 characters.
fn random(length: usize) -> String {
    let mut text = String::with_capacity(length + 32);
    while text.len() < length {
        text.push_str(&Uuid::new_v4().simple().to_string());
    }
    text.truncate(length);
    text
}

/// Written beside and renamed, so that a kill leaves the old file or the new one.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&beside)?.write_all(text.as_bytes())?;
    fs::rename(beside, path)
}

#[cfg(test)]
mod tests {

    use super::{Error, Secret, SecretValue, State};

    fn secret(length: usize) -> Secret {
        Secret {
            arn: "arn".to_owned(),
            logical: "Secret".to_owned(),
            value: SecretValue::Generated(length),
        }
    }

    #[test]
    fn a_secret_is_made_once() {
        let outer = State::open(None).unwrap();
        let directory = outer.path("state");
        let first = State::open(Some(&directory))
            .unwrap()
            .secrets(&[secret(64)])
            .unwrap();
        let second = State::open(Some(&directory))
            .unwrap()
            .secrets(&[secret(64)])
            .unwrap();
        assert_eq!(first["arn"].len(), 64);
        assert_eq!(first, second);
    }

    #[test]
    fn two_stacks_cannot_share_a_directory() {
        let outer = State::open(None).unwrap();
        let directory = outer.path("state");
        let _first = State::open(Some(&directory)).unwrap();
        let second = State::open(Some(&directory)).unwrap_err();
        assert!(matches!(second, Error::StateInUse(_)), "{second}");
    }

    #[test]
    fn an_ephemeral_directory_vanishes() {
        let state = State::open(None).unwrap();
        let path = state.path("logs");
        assert!(path.is_dir());
        drop(state);
        assert!(!path.exists());
    }
}
