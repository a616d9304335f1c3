//! What a stack can be asked for.

use std::path::PathBuf;

/// How to raise a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the gateway listens; the stand-ins listen ten above. `None` or 0 takes
    /// any two free ports.
    pub port: Option<u16>,
    /// Where everything is kept; `None` is `.vara/state` in the workspace.
    pub state: Option<PathBuf>,
    /// Keep nothing: a temporary directory, gone at the end. Wins over `state`.
    pub ephemeral: bool,
    /// Values of the template's parameters, in place of those the stack gives them.
    pub parameters: Vec<(String, String)>,
    /// DynamoDB, S3 and SQS can be held for a while, by [`Stack::hold`](crate::Stack::hold).
    pub can_be_held: bool,
    /// How long a message that was given out stays hidden, in seconds, in place of what the template
    /// says: nobody waits half an hour to see what becomes of the message of a worker that was killed.
    pub hidden: Option<u32>,
    /// The functions send their traces to the stand-ins, which show them at `/_traces`.
    pub traces: bool,
    /// The cargo profile of the functions.
    pub profile: String,
    /// Say nothing on standard error while building and starting.
    pub quiet: bool,
    /// Build the functions first; otherwise they must have been built.
    pub build: bool,
    /// Start even if a function does not build or start.
    pub keep_going: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: Some(4000),
            state: None,
            ephemeral: false,
            parameters: vec![],
            can_be_held: false,
            hidden: None,
            traces: false,
            profile: "dev".to_owned(),
            quiet: false,
            build: true,
            keep_going: false,
        }
    }
}

impl Options {
    /// For tests: any free ports, nothing kept, nothing said, and the functions built as the tests are.
    #[must_use]
    pub fn for_tests() -> Self {
        let profile = if cfg!(debug_assertions) {
            "dev"
        } else {
            "release"
        };
        Self {
            port: None,
            ephemeral: true,
            quiet: true,
            profile: profile.to_owned(),
            ..Self::default()
        }
    }
}
