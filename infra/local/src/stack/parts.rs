//! The pieces a stack is put together from, each made in one step.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        watch,
    },
    task::JoinSet,
};

use crate::{
    builder::{Binaries, Build},
    error::{Error, Result},
    gateway::Gateway,
    guard::Guard,
    lambda::{environment::Launcher, pool::Pool},
    options::Options,
    parameters::PARAMETERS,
    ports::Bound,
    servers::{
        self, relay,
        s3::{NewObject, StoreObject},
        s3_events::Notifier,
        sqs::Sqs,
    },
    shutdown::Shutdown,
    state::State,
    template::{self, MailRule, Place, System, names},
};

/// Where everything is, as URLs without a trailing slash.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub(super) gateway: String,
    pub(super) engines: String,
    pub(super) dynamodb: String,
    pub(super) s3: String,
    pub(super) sqs: String,
    pub(super) secrets: String,
}

/// The listeners, before anything is served on them.
pub(super) struct Listeners {
    pub(super) gateway: Bound,
    pub(super) engines: Bound,
    pub(super) dynamodb: Bound,
    pub(super) s3: Bound,
    pub(super) sqs: Bound,
    pub(super) secrets: Bound,
}

impl Listeners {
    pub(super) fn addresses(&self) -> Addresses {
        Addresses {
            // The name browsers and the web app's settings use.
            gateway: format!("http://localhost:{}", self.gateway.port),
            engines: self.engines.url(),
            dynamodb: self.dynamodb.url(),
            s3: self.s3.url(),
            sqs: self.sqs.url(),
            secrets: self.secrets.url(),
        }
    }
}

pub(super) fn keep_going(options: &Options, error: Error) -> Result<()> {
    if options.keep_going {
        tracing::warn!(%error, "going on without");
        return Ok(());
    }
    Err(error)
}

pub(super) fn read_template(
    root: &Path,
    listeners: &Listeners,
    options: &Options,
) -> Result<System> {
    let path = root.join("template.yaml");
    let text =
        std::fs::read_to_string(&path).map_err(Error::io(format!("reading {}", path.display())))?;
    let addresses = listeners.addresses();
    let own = [
        ("Stage", "local"),
        ("PublicUrl", addresses.gateway.as_str()),
        ("MailFrom", "vara@localhost"),
    ];
    let place = Place {
        parameters: PARAMETERS
            .into_iter()
            .chain(own)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(options.parameters.iter().cloned())
            .collect(),
        sqs_url: addresses.sqs,
        gateway_url: addresses.gateway,
    };
    let failed = |source| Error::Template {
        path: path.clone(),
        source,
    };
    let mut system = template::load(&text, &place).map_err(failed)?;
    if let Some(seconds) = options.hidden {
        for queue in &mut system.queues {
            let name = "VisibilityTimeout".to_owned();
            queue.attributes.insert(name, seconds.to_string());
        }
    }
    Ok(system)
}

pub(super) async fn binaries(root: &Path, system: &System, options: &Options) -> Result<Binaries> {
    let packages: Vec<&str> = system
        .functions
        .iter()
        .map(|function| function.package.as_str())
        .collect();
    let build = Build {
        workspace: root,
        packages: &packages,
        profile: &options.profile,
        quiet: options.quiet,
        keep_going: options.keep_going,
    };
    if options.build {
        build.run().await
    } else {
        Ok(build.already_built())
    }
}

/// The listeners of the AWS services; what comes there can be held from now on.
pub(super) async fn can_be_held(
    listeners: Listeners,
    held: &watch::Receiver<bool>,
    shutdown: &Shutdown,
) -> Result<Listeners> {
    let before = |bound| relay::before(bound, held.clone(), shutdown.clone());
    Ok(Listeners {
        dynamodb: before(listeners.dynamodb).await?,
        s3: before(listeners.s3).await?,
        sqs: before(listeners.sqs).await?,
        ..listeners
    })
}

pub(super) async fn open_servers(
    tasks: &mut JoinSet<()>,
    (dynamodb, s3, sqs): (Bound, Bound, Bound),
    (engines, gateway): (Bound, String),
    system: &System,
    state: &State,
    shutdown: &Shutdown,
) -> Result<(Arc<Sqs>, StoreObject)> {
    let stored = |name: &str| (!state.is_ephemeral()).then(|| state.path(name));
    let database = servers::dynamodb::open(stored("dynamodb.sqlite"), &system.tables)?;
    tasks.spawn(servers::dynamodb::serve(
        dynamodb.listener,
        database,
        shutdown.clone(),
    ));
    let journal = stored("queues.jsonl");
    let queues = Sqs::open(sqs.port, &system.queues, journal.as_deref()).await?;
    tasks.spawn(servers::sqs_handler::serve(
        sqs.listener,
        Arc::clone(&queues),
        shutdown.clone(),
    ));
    let buckets = system.buckets.clone();
    let notifier = Notifier::new(Arc::clone(&queues), &buckets);
    let (storage, store) = servers::s3::open(state.path("s3"), &buckets, notifier).await?;
    tasks.spawn(servers::s3::serve(
        s3.listener,
        storage,
        buckets,
        shutdown.clone(),
    ));
    let mails = system.mails.clone().map(|rule| {
        let (sender, mails) = unbounded_channel();
        tasks.spawn(store_mails(rule, mails, Arc::clone(&store)));
        sender
    });
    let stop = shutdown.clone().wait();
    tasks.spawn(async move {
        let beside = vara_engines::Beside {
            gateway: Some(&gateway),
            mails,
        };
        if let Err(error) = vara_engines::serve_beside(engines.listener, beside, stop).await {
            tracing::error!(%error, "the stand-ins stopped");
        }
    });
    Ok((queues, store))
}

/// Stores mails that come in where the rule of the template has them stored.
async fn store_mails(
    rule: MailRule,
    mut mails: UnboundedReceiver<vara_engines::StoredMail>,
    store: StoreObject,
) {
    while let Some(mail) = mails.recv().await {
        let object = NewObject {
            bucket: rule.bucket.clone(),
            key: format!("{}{}", rule.prefix, mail.name),
            content_type: "application/octet-stream".to_owned(),
            body: mail.bytes.into(),
        };
        if let Err(error) = store(object).await {
            tracing::error!(error, "a mail could not be stored");
        }
    }
}

pub(super) fn pools(
    system: &System,
    addresses: &Addresses,
    state: &State,
    binaries: &Binaries,
    options: &Options,
) -> Result<Vec<Arc<Pool>>> {
    let guard = Arc::new(Guard::start()?);
    let mut extra = local_environment(addresses);
    if options.traces {
        let collector = format!("{}/otlp", addresses.engines);
        extra.push(("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector));
    }
    let mut pools = Vec::new();
    for function in &system.functions {
        let Some(binary) = binaries.get(&function.package) else {
            let error = Error::NotBuilt(function.package.clone());
            keep_going(options, error)?;
            continue;
        };
        pools.push(Pool::new(Launcher {
            function: function.clone(),
            binary: binary.clone(),
            log: state.log(&function.package)?,
            extra: extra.clone(),
            guard: Arc::clone(&guard),
        }));
    }
    Ok(pools)
}

/// What the template never sets: where everything is on this machine.
pub(super) fn local_environment(addresses: &Addresses) -> Vec<(String, String)> {
    let engines = addresses.engines.trim_start_matches("http://");
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", addresses.dynamodb.clone()),
        ("AWS_ENDPOINT_URL_S3", addresses.s3.clone()),
        ("AWS_ENDPOINT_URL_SQS", addresses.sqs.clone()),
        (
            "AWS_ENDPOINT_URL_SESV2",
            format!("{}/ses", addresses.engines),
        ),
        ("AWS_ENDPOINT_URL_KMS", format!("{}/kms", addresses.engines)),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            addresses.secrets.clone(),
        ),
        ("AWS_ACCESS_KEY_ID", servers::ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", servers::SECRET_KEY.to_owned()),
        ("AWS_REGION", names::REGION.to_owned()),
        ("AWS_DEFAULT_REGION", names::REGION.to_owned()),
        ("TINEYE_URL", format!("{}/tineye/rest/", addresses.engines)),
        (
            "GOOGLE_VISION_URL",
            format!("{}/vision/", addresses.engines),
        ),
        ("SERPAPI_URL", format!("{}/serpapi/", addresses.engines)),
        ("FACECHECK_URL", format!("{}/facecheck/", addresses.engines)),
        ("FETCH_ALLOW", engines.to_owned()),
        ("HIBP_URL", format!("{}/hibp/api/v3/", addresses.engines)),
        ("SOCIAL_URL", format!("{}/social/", addresses.engines)),
        (
            "OAUTH_PROVIDERS",
            vara_engines::oauth_providers(&addresses.engines),
        ),
        (
            "TIME_STAMP_AUTHORITIES",
            vara_engines::time_stamp_authorities(&addresses.engines),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Asks the gateway what a person's first request would.
pub(super) async fn check_health(gateway: &Gateway) -> Result<()> {
    let request = Request::get("/health")
        .header("host", "localhost")
        .body(Full::new(Bytes::new()))
        .map_err(|error| Error::server("gateway", error))?;
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let response = gateway.answer(request, peer).await;
    if response.status().is_success() {
        return Ok(());
    }
    Err(Error::Unhealthy {
        status: response.status().as_u16(),
        body: String::from_utf8_lossy(response.body()).into_owned(),
    })
}
