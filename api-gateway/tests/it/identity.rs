//! Logging in by an app's own identity provider.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, Tenant, text};
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A provider that publishes its keys, and counts who asks.
struct Provider {
    url: String,
    asked: Arc<AtomicUsize>,
}

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn jwk(seed: u8, kid: &str) -> Value {
    let x = URL_SAFE_NO_PAD.encode(signing_key(seed).verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA" })
}

impl Provider {
    async fn start() -> Self {
        let keys = json!({ "keys": [{ "kty": "unheard of" }, jwk(1, "first")] });
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let router = Router::new().route(
            "/jwks",
            get(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                let keys = keys.clone();
                async move { axum::Json(keys) }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }
}

fn claims(sub: &str) -> Value {
    let now_s = hanse_gateway::db::now_ms() / 1_000;
    json!({ "iss": "https://login.example.org", "aud": "shop", "sub": sub, "exp": now_s + 600, "iat": now_s })
}

fn token(seed: u8, header: Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = signing_key(seed).sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn good(sub: &str) -> String {
    token(1, json!({ "alg": "EdDSA", "kid": "first" }), &claims(sub))
}

async fn name(gateway: &Gateway, tenant: &Tenant, provider: &Provider, create_users: bool) -> Answer {
    let body = json!({
        "issuer": "https://login.example.org", "audience": "shop", "jwksUrl": provider.url, "createUsers": create_users,
    });
    let path = format!("/apps/{}/identity-provider", tenant.app);
    gateway.call(Method::PUT, &path).bearer(&tenant.owner_token).json(&body).send().await
}

async fn log_in(gateway: &Gateway, tenant: &Tenant, token: &str) -> Answer {
    gateway.post("/sessions/identity").json(&json!({ "app": tenant.app, "idToken": token })).send().await
}

on_both_engines!(whom_the_provider_vouches_for_is_let_in, |gateway| {
    let (tenant, provider) = (gateway.tenant().await, Provider::start().await);
    log_in(&gateway, &tenant, &good("ana")).await.expect_problem(401, "credentials_invalid");
    name(&gateway, &tenant, &provider, false).await.expect(200);
    log_in(&gateway, &tenant, &good("ana")).await.expect_problem(401, "credentials_invalid");
    let path = format!("/users/{}", tenant.user);
    let body = json!({ "externalId": "ana" });
    gateway.call(Method::PATCH, &path).bearer(&tenant.key).json(&body).send().await.expect(200);
    let session = log_in(&gateway, &tenant, &good("ana")).await.expect(201);
    assert_eq!(session["principal"], tenant.user);
    let me = gateway.get("/users/me").bearer(&text(&session["accessToken"])).send().await.expect(200);
    assert_eq!(me["id"], tenant.user);

    let with = |name: &str, value: Value| {
        let mut claims = claims("ana");
        claims[name] = value;
        token(1, json!({ "alg": "EdDSA", "kid": "first" }), &claims)
    };
    let past = hanse_gateway::db::now_ms() / 1_000 - 3_600;
    let header = json!({ "alg": "EdDSA", "kid": "first" });
    let public = signing_key(1).verifying_key();
    let hmac = {
        use hmac::{Hmac, Mac as _};
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "kid": "first" })), part(&claims("ana")));
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(public.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let unsigned = {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({ "alg": "none", "kid": "first" })), part(&claims("ana")))
    };
    for (what, forged) in [
        ("another key", token(2, header.clone(), &claims("ana"))),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("another audience", with("aud", json!("another shop"))),
        ("expired", with("exp", json!(past))),
        ("not yet", with("nbf", json!(past + 7_200))),
        ("no subject", with("sub", Value::Null)),
        ("no expiry", with("exp", Value::Null)),
        ("a public key as a secret", hmac),
        ("none", unsigned),
        ("no token", "ana".to_owned()),
    ] {
        let answer = log_in(&gateway, &tenant, &forged).await;
        assert_eq!(answer.body["code"], "credentials_invalid", "{what}: {}", answer.text);
    }
    // Tokens of unknown keys don't make the gateway ask again and again.
    let asked = provider.asked.load(Ordering::Relaxed);
    for number in 0..20 {
        let header = json!({ "alg": "EdDSA", "kid": format!("made up {number}") });
        log_in(&gateway, &tenant, &token(2, header, &claims("ana"))).await.expect_problem(401, "credentials_invalid");
    }
    assert_eq!(provider.asked.load(Ordering::Relaxed), asked);

    let path = format!("/users/{}/suspend", tenant.user);
    gateway.post(&path).bearer(&tenant.key).once().send().await;
    log_in(&gateway, &tenant, &good("ana")).await.expect_problem(403, "user_suspended");
    let path = format!("/apps/{}/identity-provider", tenant.app);
    gateway.delete(&path).bearer(&tenant.owner_token).send().await.expect(204);
    log_in(&gateway, &tenant, &good("ana")).await.expect_problem(401, "credentials_invalid");
});

on_both_engines!(who_comes_for_the_first_time_is_made_a_user_once, |gateway| {
    let (tenant, provider) = (gateway.tenant().await, Provider::start().await);
    name(&gateway, &tenant, &provider, true).await.expect(200);
    let mut claims = claims("bea");
    claims["email"] = json!("Bea@example.org");
    claims["name"] = json!("Bea");
    let header = json!({ "alg": "EdDSA", "kid": "first" });
    // An address that nobody vouches for is left out.
    let first = token(1, header.clone(), &claims);
    let answers = futures::future::join_all((0..8).map(|_| log_in(&gateway, &tenant, &first))).await;
    let users: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| text(&answer.expect(201)["principal"])).collect();
    assert_eq!(users.len(), 1);
    let user = users.into_iter().next().unwrap();
    let shown = gateway.get(&format!("/users/{user}")).bearer(&tenant.key).send().await.expect(200);
    assert_eq!((&shown["externalId"], &shown["displayName"], shown.get("email")), (&json!("bea"), &json!("Bea"), None));

    claims["sub"] = json!("cid");
    claims["email_verified"] = json!(true);
    let cid = log_in(&gateway, &tenant, &token(1, header.clone(), &claims)).await.expect(201);
    let path = format!("/users/{}", text(&cid["principal"]));
    let shown = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(shown["email"], "bea@example.org");
    // One who has an address that is taken comes in without it.
    claims["sub"] = json!("dan");
    log_in(&gateway, &tenant, &token(1, header, &claims)).await.expect(201);
});
