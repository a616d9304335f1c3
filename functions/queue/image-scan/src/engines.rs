//! The engines there are keys for. An empty key switches an engine off.

use vara::auth::Keys;
use vara::domain::BoxError;
use vara::engines::{FaceCheck, SerpApi, TinEye, Vision};
use vara::runtime::{Clients, Env};
use vara::services::governor::Governor;
use vara::services::proxy::Proxy;
use vara::services::searching::Engines;

pub(crate) fn read(env: &Env, clients: &Clients) -> Result<Engines, BoxError> {
    Ok(Engines {
        tineye: engine(env, "TINEYE", TinEye::new)?,
        vision: engine(env, "GOOGLE_VISION", Vision::new)?,
        serpapi: engine(env, "SERPAPI", SerpApi::new)?,
        facecheck: engine(env, "FACECHECK", FaceCheck::new)?,
        proxy: Proxy {
            store: clients.store(env),
            objects: clients.objects(env),
            keys: Keys::of_proxy(env),
            public_url: env.text("PUBLIC_URL"),
        },
        governor: Governor::new(
            clients.store(env),
            env.optional("ENGINE_ALLOWANCES").as_deref(),
        )?,
    })
}

/// `<NAME>_API_KEY`, and `<NAME>_URL` where it is not where it really is.
fn engine<T>(
    env: &Env,
    name: &str,
    new: impl FnOnce(String, Option<&str>) -> Result<T, BoxError>,
) -> Result<Option<T>, BoxError> {
    let base = env.optional(&format!("{name}_URL"));
    env.optional(&format!("{name}_API_KEY"))
        .map(|key| new(key, base.as_deref()))
        .transpose()
}
