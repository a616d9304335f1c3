//! The engines there are keys for. An empty key switches an engine off.

use vara::auth::Keys;
use vara::domain::BoxError;
use vara::engines::{FaceCheck, SerpApi, TinEye, Vision};
use vara::runtime::{Clients, Env};
use vara::services::pictures::proxy::Proxy;
use vara::services::search::engines::Engines;
use vara::services::search::governor::Governor;

pub(crate) fn read(env: &Env, clients: &Clients) -> Result<Engines, BoxError> {
    let engines = Engines {
        tineye: env.engine("TINEYE", TinEye::new)?,
        vision: env.engine("GOOGLE_VISION", Vision::new)?,
        serpapi: env.engine("SERPAPI", SerpApi::new)?,
        facecheck: env.engine("FACECHECK", FaceCheck::new)?,
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
    };
    let governor = &engines.governor;
    governor.require_budget(env, TinEye::NAME, engines.tineye.is_some());
    governor.require_budget(env, Vision::NAME, engines.vision.is_some());
    governor.require_budget(env, SerpApi::NAME, engines.serpapi.is_some());
    governor.require_budget(env, FaceCheck::NAME, engines.facecheck.is_some());
    Ok(engines)
}
