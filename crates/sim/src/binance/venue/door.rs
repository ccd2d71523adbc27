//! Requests on the WebSocket API: who asks, sessions, and the order of answer and events.

use super::super::api::{Answer, ApiError, Ask, Call, Lock, Params, Route};
use super::super::auth;
use super::super::wsapi::{self, ApiRequest, Session};
use super::{Dialect, Outcome, Venue};
use crate::order::AccountRow;
use crate::server::{ConnId, Outbox};
use base::WallNs;

impl<D: Dialect> Venue<D> {
    /// A request on the WebSocket API.
    pub(super) fn api_text(&mut self, now: WallNs, conn: ConnId, text: &str, out: &mut Outbox) {
        let request = match wsapi::parse(text) {
            Ok(request) => request,
            Err(why) => return out.text(conn, wsapi::envelope("null", &Err(why), None, "")),
        };
        let Some(route) = D::method(&request.method) else {
            let msg = format!("Unknown method '{}'.", request.method);
            let answer = Err(ApiError::bad(-1100, msg));
            return self.api_answer(now, conn, &request, false, &answer, out);
        };
        if let Err((why, retry)) = self.admit(now, route.weight) {
            let retry = now.millis() + 1_000 * retry.unwrap_or(1);
            let extra =
                format!(",\"data\":{{\"serverTime\":{},\"retryAfter\":{retry}}}", now.millis());
            let text = wsapi::envelope(&request.id, &Err(why), None, &extra);
            return out.text(conn, text);
        }
        let account = match self.identify_api(now, conn, route, &request.params) {
            Ok(account) => account,
            Err(why) => return self.api_answer(now, conn, &request, route.order, &Err(why), out),
        };
        if let Some(answer) = self.session(now, conn, route, &request, account) {
            return self.api_answer(now, conn, &request, false, &answer, out);
        }
        let call = Call { now, route, params: request.params.clone(), account };
        let outcome = self.perform(&call);
        if route.order {
            self.events_first = !self.events_first;
            if self.events_first {
                self.pump(now, out);
            }
        }
        match outcome {
            Outcome::Now(answer) => self.api_answer(now, conn, &request, route.order, &answer, out),
            Outcome::Later(at, answer) => {
                let text = wsapi::envelope(&request.id, &answer, None, "");
                out.text_later(at, conn, text);
            }
            Outcome::Silence => {}
        }
    }

    fn api_answer(
        &self,
        now: WallNs,
        conn: ConnId,
        request: &ApiRequest,
        order: bool,
        answer: &Answer,
        out: &mut Outbox,
    ) {
        let api = self.desk.api.get(&conn);
        let account = api.and_then(|api| api.session.as_ref()).map_or(0, |s| s.account);
        let rates =
            api.is_some_and(|api| api.rates).then(|| self.desk.budget.json(now, account, order));
        out.text(conn, wsapi::envelope(&request.id, answer, rates.as_deref(), ""));
    }

    /// After a log-on the key may be left out; a signature that is there is checked.
    fn identify_api(
        &mut self,
        now: WallNs,
        conn: ConnId,
        route: Route,
        params: &Params,
    ) -> Result<AccountRow, ApiError> {
        let session = self.desk.api.get(&conn).and_then(|api| api.session.as_ref());
        if let (Some(session), None, true) =
            (session, params.get("signature"), route.lock != Lock::Open)
        {
            if route.lock == Lock::Signed {
                auth::check_time(now, params)?;
            }
            return Ok(session.account);
        }
        if route.lock == Lock::Open {
            return Ok(0);
        }
        self.identify(now, route, params.get("apiKey"), params, &auth::ws_payload(params))
    }

    /// Log-on, log-out and subscriptions to account events.
    fn session(
        &mut self,
        now: WallNs,
        conn: ConnId,
        route: Route,
        request: &ApiRequest,
        account: AccountRow,
    ) -> Option<Answer> {
        let api = self.desk.api.get_mut(&conn)?;
        Some(match route.ask {
            Ask::Logon => {
                let key = request.params.get("apiKey").unwrap_or_default().to_owned();
                let known = self.desk.exchange.account_by_key(&key);
                if known.is_none_or(|(_, key)| key.ed25519_seed.is_empty()) {
                    Err(ApiError::bad(
                        -2028,
                        "This method is only available with Ed25519 API keys.",
                    ))
                } else {
                    api.session = Some(Session { account, api_key: key, since: now });
                    Ok(api.status_json(now))
                }
            }
            Ask::Logout => {
                api.session = None;
                Ok(api.status_json(now))
            }
            Ask::SessionStatus => Ok(api.status_json(now)),
            Ask::Subscribe | Ask::SubscribeSigned => {
                match (route.ask, &api.session, api.subscription) {
                    (_, _, Some(_)) => {
                        Err(ApiError::bad(-2035, "User Data Stream subscription already active."))
                    }
                    (Ask::Subscribe, None, _) => {
                        Err(ApiError::new(401, -1193, "The session is not authenticated."))
                    }
                    _ => {
                        let number = api.next_subscription;
                        api.next_subscription += 1;
                        api.subscription = Some((account, number));
                        Ok(format!("{{\"subscriptionId\":{number}}}"))
                    }
                }
            }
            Ask::Unsubscribe => {
                api.subscription = None;
                Ok("{}".to_owned())
            }
            _ => return None,
        })
    }
}
