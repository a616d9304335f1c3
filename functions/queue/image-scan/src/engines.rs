//! The engines there are keys for. An empty key switches an engine off.

use vara::auth::Keys;
use vara::boot::Context;
use vara::domain::BoxError;
use vara::engines::{FaceCheck, SerpApi, TinEye, Vision};
use vara::services::pictures::proxy::Proxy;
use vara::services::record::access_log::AccessLog;
use vara::services::record::event_log::EventLog;
use vara::services::search::engines::Engines;
use vara::services::search::governor::Governor;

pub(crate) fn read(context: &Context) -> Result<Engines, BoxError> {
    let (env, store) = (&context.env, &context.store);
    let engines = Engines {
        tineye: env.engine("TINEYE", TinEye::new)?,
        vision: env.engine("GOOGLE_VISION", Vision::new)?,
        serpapi: env.engine("SERPAPI", SerpApi::new)?,
        facecheck: env.engine("FACECHECK", FaceCheck::new)?,
        proxy: Proxy {
            store: store.clone(),
            objects: context.clients.objects(env),
            keys: Keys::of_proxy(env),
            public_url: env.text("PUBLIC_URL"),
        },
        governor: Governor::new(store.clone(), env.optional("ENGINE_ALLOWANCES").as_deref())?,
        access: AccessLog::new(EventLog::new(
            store.clone(),
            context.clients.record_vault(env),
        )),
    };
    let governor = &engines.governor;
    governor.require_budget(env, TinEye::NAME, engines.tineye.is_some());
    governor.require_budget(env, Vision::NAME, engines.vision.is_some());
    governor.require_budget(env, SerpApi::NAME, engines.serpapi.is_some());
    governor.require_budget(env, FaceCheck::NAME, engines.facecheck.is_some());
    Ok(engines)
}
