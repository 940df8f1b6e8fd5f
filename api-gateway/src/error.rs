//! Every error the gateway can answer, and its one translation to HTTP (RFC 9457 problem documents).
//!
//! Services and the ledger return [`Error`]: a [`Code`] that callers may program against, a sentence for people,
//! the fields that broke a rule, and the inside cause. The cause is logged beside the request's id and never
//! leaves the process: no SQL, RPC or key material reaches a response.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use utoipa::ToSchema;

/// What every fallible function of the gateway returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync + 'static>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// The stable error codes. A code never changes its meaning; its status and title stand beside it here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name),* }

        impl Code {
            /// All codes, in the order of their status.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The `code` member of the problem document.
            pub const fn as_str(self) -> &'static str { match self { $(Code::$name => $text),* } }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> StatusCode { match self { $(Code::$name => StatusCode::$status),* } }

            /// A short summary that is the same every time.
            pub const fn title(self) -> &'static str { match self { $(Code::$name => $title),* } }
        }
    };
}

codes! {
    /// The body is not JSON at all.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not valid JSON";
    /// The request can't be read: bad query text, a header that isn't UTF-8, a body cut short.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request can't be read";
    /// A write to the ledger without `Idempotency-Key`.
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST, "An Idempotency-Key is required";
    /// An owner's request that has to name the app it means.
    AppMissing = "app_missing", BAD_REQUEST, "The app is not named";
    /// No `Authorization` header, or not a bearer token.
    TokenMissing = "token_missing", UNAUTHORIZED, "A bearer token is required";
    /// Forged, damaged, revoked or unknown token or server key.
    TokenInvalid = "token_invalid", UNAUTHORIZED, "The token is not valid";
    /// A genuine access token past its life.
    TokenExpired = "token_expired", UNAUTHORIZED, "The token has expired";
    /// Wrong e-mail address or password.
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED, "The credentials are wrong";
    /// The password is right, and the account has a second factor.
    SecondFactorRequired = "second_factor_required", UNAUTHORIZED, "A code of the second factor is required";
    /// A refresh token used twice: the whole session is revoked.
    RefreshTokenReused = "refresh_token_reused", UNAUTHORIZED, "The refresh token was used before";
    /// The principal is known and may not do this.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// The operator lets nobody in before a letter to the address was answered.
    EmailUnverified = "email_unverified", FORBIDDEN, "The e-mail address is not confirmed";
    /// The user may neither log in nor spend.
    UserSuspended = "user_suspended", FORBIDDEN, "The user is suspended";
    /// Unknown, or another tenant's.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// No such path.
    RouteNotFound = "route_not_found", NOT_FOUND, "No such endpoint";
    /// The path exists, not with this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The client sent its body too slowly.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// Something with this unique value exists.
    AlreadyExists = "already_exists", CONFLICT, "It exists already";
    /// The resource's state forbids it now.
    Conflict = "conflict", CONFLICT, "The resource's state forbids this";
    /// Same idempotency key, another request.
    IdempotencyKeyReused = "idempotency_key_reused", CONFLICT, "The Idempotency-Key belongs to another request";
    /// Larger than the limit.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// Not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be application/json";
    /// One or more fields break a rule; see `errors`.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "Some fields are not valid";
    /// The sender's available balance is smaller than the amount.
    InsufficientBalance = "insufficient_balance", UNPROCESSABLE_ENTITY, "The balance is too small";
    /// The chain would refuse it: cap, policy, pause, freeze.
    LedgerRuleViolated = "ledger_rule_violated", UNPROCESSABLE_ENTITY, "A rule of the ledger forbids this";
    /// What a user's wallet may do was set narrower than this.
    WalletPolicyViolated = "wallet_policy_violated", UNPROCESSABLE_ENTITY, "The wallet's policy forbids this";
    /// A WebSocket's address was asked for without the handshake.
    UpgradeRequired = "upgrade_required", UPGRADE_REQUIRED, "A WebSocket handshake is required";
    /// Too many wrong passwords for one account, whether it exists or not.
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many wrong passwords";
    /// More requests than this caller, or his app, may make.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    /// More operations than an app may have in a day.
    QuotaExceeded = "quota_exceeded", TOO_MANY_REQUESTS, "The day's quota is used up";
    /// A bug or a broken disk. The cause stands in the log under the request's id.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
    /// The node is there and can't answer this: pruned state, a method that it does not offer, an answer over its limits.
    NodeRefused = "node_refused", BAD_GATEWAY, "The node can't answer this";
    /// Too many requests at once, or the database or the node is away: nothing was done.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available just now";
    /// The time limit passed before there was an answer. A write may have been accepted.
    Timeout = "timeout", GATEWAY_TIMEOUT, "No answer within the time limit";
}

/// One broken rule of one field.
#[derive(Clone, Debug, Serialize, ToSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// Where: a path into the body (`transfers[3].amount`), `query.limit`, `path.token` or `header.Hanse-App`.
    #[schema(example = "amount")]
    pub field: String,
    /// Which rule, stable: `required`, `unknown`, `duplicate`, `type`, `format`, `range`, `length`,
    /// `checksum`, `not_found`, `unique`.
    #[schema(example = "format")]
    pub rule: Cow<'static, str>,
    /// A sentence for people.
    #[schema(example = "must be a decimal string of the token's smallest unit, without sign or fraction")]
    pub message: String,
}

impl FieldError {
    /// A broken rule at a field.
    pub fn new(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), rule: Cow::Borrowed(rule), message: message.into() }
    }
}

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Error {
    code: Code,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after_s: Option<u64>,
    cause: Option<Cause>,
}

impl Error {
    /// An error with a sentence that may leave the process.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), fields: Vec::new(), retry_after_s: None, cause: None }
    }

    /// One field breaks one rule.
    pub fn field(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, rule, message)])
    }

    /// Several fields break rules; `fields` should not be empty.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let detail = match fields.as_slice() {
            [one] => Cow::Owned(format!("{}: {}", one.field, one.message)),
            many => Cow::Owned(format!("{} fields are not valid", many.len())),
        };
        Self { fields, ..Self::new(Code::ValidationFailed, detail) }
    }

    /// The value of this field has to be unique and exists already.
    pub fn taken(field: &'static str) -> Self {
        let broken = FieldError::new(field, "unique", "exists already");
        Self { fields: vec![broken], ..Self::new(Code::AlreadyExists, format!("{field}: exists already")) }
    }

    /// Unknown, or another tenant's: the two are not told apart.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(Code::NotFound, format!("no such {what}"))
    }

    /// Something only the operator can repair. `cause` is logged, never answered.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(Code::Internal, "the cause stands in the server's log under this request's id").caused_by(cause)
    }

    /// Attaches the inside cause, for the log alone.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Tells the caller how long to wait; a 503 says one second by itself.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The same answer once more, without the cause, which can't be copied.
    #[must_use]
    pub fn same_answer(&self) -> Self {
        Self {
            fields: self.fields.clone(),
            retry_after_s: self.retry_after_s,
            ..Self::new(self.code, self.detail.clone())
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether the same may succeed later, by itself.
    pub fn passes(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::Timeout | Code::Internal)
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The broken rules, when the code is [`Code::ValidationFailed`] or [`Code::AlreadyExists`].
    pub fn field_errors(&self) -> &[FieldError] {
        &self.fields
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)?;
        // The log wants the whole chain of causes; a response never uses this text.
        let mut cause = self.cause.as_ref().map(|cause| cause.as_ref() as &dyn StdError);
        while let Some(inner) = cause {
            write!(f, ": {inner}")?;
            cause = inner.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as &(dyn StdError + 'static))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if crate::db::is_away(&error) || crate::db::is_write_conflict(&error) {
            Self::new(Code::Unavailable, "the database does not answer; nothing was done").caused_by(error)
        } else {
            Self::internal(error)
        }
    }
}

/// The problem document of RFC 9457 (`application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A page about the code, as a relative reference: `/docs/errors#<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/docs/errors#insufficient_balance")]
    pub type_uri: String,
    /// The code in words, always the same.
    #[schema(example = "The balance is too small")]
    pub title: &'static str,
    /// The HTTP status again.
    #[schema(example = 422)]
    pub status: u16,
    /// What programs branch on.
    #[schema(example = "insufficient_balance")]
    pub code: &'static str,
    /// What happened this time.
    #[schema(example = "available 5, needed 7")]
    pub detail: String,
    /// The broken rules, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(nullable = false)]
    pub errors: Vec<FieldError>,
    /// The request's id, as in the `X-Request-Id` header and in the log.
    #[schema(example = "req_01939f0c-7c2a-7f6e-9d0e-2f6a1c3b4d5e")]
    pub request_id: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let request_id = crate::telemetry::current_request_id();
        let status = self.code.status();
        if status.is_server_error() {
            tracing::error!(code = self.code.as_str(), error = %self, "request failed");
        } else {
            tracing::debug!(code = self.code.as_str(), error = %self, "request refused");
        }
        metrics::counter!("hanse_gateway_problems_total", "code" => self.code.as_str()).increment(1);
        let unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
        let retry_after_s = self.retry_after_s.or(unavailable.then_some(1));
        let problem = Problem {
            type_uri: format!("/docs/errors#{}", self.code.as_str()),
            title: self.code.title(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: self.detail.into_owned(),
            errors: self.fields,
            request_id,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_logged_and_never_answered() {
        let error = Error::internal("password=hunter2");
        assert!(error.to_string().contains("hunter2"));
        assert!(!error.detail().contains("hunter2"));
    }

    #[test]
    fn codes_are_unique_and_ordered_by_status() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
        }
        assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
    }
}
