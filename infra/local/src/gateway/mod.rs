//! The HTTP API: a request becomes an event, a function's answer a response. It
//! keeps the real limits; what it refuses itself is in [`errors`]. What the
//! distribution in front of it sends elsewhere is in [`uploads`]; the WebSocket API
//! is in [`sockets`].

pub(crate) mod errors;
pub(crate) mod event;
pub(crate) mod home;
pub(crate) mod routes;
pub(crate) mod sockets;
mod uploads;

use std::{collections::BTreeMap, convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, request::Parts};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::net::TcpListener;
use uuid::Uuid;

use self::{
    errors::GatewayRefusal, event::EventContext, home::Home, routes::Routes, sockets::Sockets,
    uploads::UploadRoute,
};
use crate::{
    lambda::{InvocationOutcome, Invoke},
    servers::s3::StoreObject,
    shutdown::Shutdown,
    template::Api,
};

/// What an HTTP API takes, and a REST API too.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// A refused body is read on to here, so that its sender gets to read the refusal. Hence no limit of
/// tower-http, which stops reading.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// The gateway.
pub(crate) struct Gateway {
    routes: Routes,
    api: Api,
    /// By ARN.
    functions: BTreeMap<String, Invoke>,
    uploads: Option<UploadRoute>,
    port: u16,
    /// Pages of the local stack about itself.
    home: Option<Home>,
    sockets: Option<Arc<Sockets>>,
}

impl Gateway {
    /// Connects the API's routes with functions, by ARN, and large uploads with the bucket.
    pub(crate) fn new(
        api: Api,
        functions: BTreeMap<String, Invoke>,
        store: StoreObject,
        port: u16,
    ) -> Self {
        let uploads = api.large_uploads.clone().and_then(|uploads| {
            let authorizer = functions.get(&uploads.authorizer_arn)?;
            Some(UploadRoute {
                authorizer: Arc::clone(authorizer),
                uploads,
                store,
            })
        });
        Self {
            routes: Routes::new(&api.routes),
            api,
            functions,
            uploads,
            port,
            home: None,
            sockets: None,
        }
    }

    /// The same, with pages about the stack where no route of the API leads.
    pub(crate) fn with_home(self, home: Home) -> Self {
        Self {
            home: Some(home),
            ..self
        }
    }

    /// The same, with a WebSocket API.
    pub(crate) fn with_sockets(self, sockets: Option<Sockets>) -> Self {
        Self {
            sockets: sockets.map(Arc::new),
            ..self
        }
    }

    /// Answers one request, or makes a WebSocket of it.
    async fn serve(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Bytes> {
        match &self.sockets {
            Some(sockets) if sockets.takes(request.uri().path()) => {
                sockets.answer(request, peer).await
            }
            _ => self.answer(request, peer).await,
        }
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(&self, request: Request<B>, peer: SocketAddr) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (parts, body) = request.into_parts();
        let request_id = Uuid::new_v4().to_string();
        let context = EventContext {
            request_id: &request_id,
            peer,
            port: self.port,
        };
        let body = collect(body).await;
        let large = self.uploads.as_ref().filter(|it| it.takes(&parts));
        let mut response = match (large, body) {
            (Some(large), body) => large.answer(&parts, body, &context).await,
            (None, Ok(body)) => {
                let answered = self.invoke(&parts, &body, &context).await;
                answered.unwrap_or_else(|refusal| self.refuse(refusal, &parts, &request_id))
            }
            (None, Err(refusal)) => self.refuse(refusal, &parts, &request_id),
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }

    fn refuse(&self, refusal: GatewayRefusal, parts: &Parts, request_id: &str) -> Response<Bytes> {
        tracing::debug!(?refusal, request_id, "the gateway answered itself");
        refusal.response(self.api.cors.as_ref(), &parts.headers)
    }

    async fn invoke(
        &self,
        parts: &Parts,
        body: &Bytes,
        context: &EventContext<'_>,
    ) -> Result<Response<Bytes>, GatewayRefusal> {
        let path = event::decode(parts.uri.path(), false);
        // Before the routes: the one of every other path, which answers 404, would take these too.
        if let Some(home) = &self.home
            && let Some(page) = home.page(&parts.method, &path).await
        {
            return Ok(page);
        }
        let route = self.routes.find(parts.method.as_str(), &path);
        let route = route.ok_or(GatewayRefusal::NotFound)?;
        let invoke = self
            .functions
            .get(&route.target.function_arn)
            .ok_or(GatewayRefusal::Failed)?;
        let event = event::event(parts, body, &route, context);
        let invocation = invoke(Bytes::from(event.to_string()));
        let outcome = tokio::time::timeout(route.target.timeout, invocation)
            .await
            .map_err(|_| GatewayRefusal::TimedOut)?;
        match outcome {
            InvocationOutcome::Answer(answer) => event::response(&answer).map_err(|bad| {
                tracing::warn!(
                    route = route.key,
                    reason = bad.0,
                    "a function's answer is no response"
                );
                GatewayRefusal::Failed
            }),
            InvocationOutcome::TooLarge => Err(GatewayRefusal::TooLarge),
            failed => {
                let reason = failed.failure();
                tracing::warn!(route = route.key, reason, "a function failed");
                Err(GatewayRefusal::Failed)
            }
        }
    }
}

async fn collect<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, GatewayRefusal> {
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| GatewayRefusal::Unreadable)?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= BODY_LIMIT {
            whole.extend_from_slice(&data);
        } else if length > DRAIN_LIMIT {
            break;
        }
    }
    if length > BODY_LIMIT {
        return Err(GatewayRefusal::TooLarge);
    }
    Ok(Bytes::from(whole))
}

/// Serves until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<Gateway>, shutdown: Shutdown) {
    let service = |peer| {
        let gateway = Arc::clone(&gateway);
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let gateway = Arc::clone(&gateway);
            async move {
                let response = gateway.serve(request, peer).await;
                Ok::<_, Infallible>(response.map(Full::new))
            }
        })
    };
    crate::servers::serve(listener, service, shutdown).await;
}

#[cfg(test)]
mod tests;
