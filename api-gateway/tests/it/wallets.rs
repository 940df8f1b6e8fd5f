//! Wallets of users' own: linked by a signature, and good for logging in.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, Tenant, text, unique};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use reqwest::Method;
use serde_json::{Value, json};

impl Gateway {
    /// The app's page, which wallets are shown.
    async fn give_url(&self, tenant: &Tenant) {
        let path = format!("/apps/{}", tenant.app);
        let body = json!({ "url": "https://shop.example.org/start" });
        self.call(Method::PATCH, &path).bearer(&tenant.owner_token).json(&body).send().await.expect(200);
    }

    async fn challenge(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let call = self.post(path).json(&body);
        let call = token.into_iter().fold(call, |call, token| call.bearer(token));
        call.send().await.expect(201)
    }

    async fn link(&self, tenant: &Tenant, signed: &Value) -> Answer {
        self.post(&format!("/users/{}/wallets", tenant.user)).bearer(&tenant.user_token).json(signed).send().await
    }

    async fn log_in_by(&self, signed: &Value) -> Answer {
        self.post("/sessions/wallet").json(signed).send().await
    }
}

fn address(wallet: &PrivateKeySigner) -> String {
    wallet.address().to_string().to_lowercase()
}

fn sign(wallet: &PrivateKeySigner, challenge: &Value) -> Value {
    let signature = wallet.sign_message_sync(text(&challenge["message"]).as_bytes()).unwrap();
    json!({ "nonce": challenge["nonce"], "signature": signature.to_string() })
}

on_both_engines!(a_linked_wallet_logs_in, |gateway| {
    let tenant = gateway.tenant().await;
    let wallet = PrivateKeySigner::random();
    let to_link = format!("/users/{}/wallets/challenges", tenant.user);
    let link_body = json!({ "address": address(&wallet) });
    // Without a page of its own the app has no name that a wallet could show.
    let call = gateway.post(&to_link).bearer(&tenant.user_token).json(&link_body);
    call.send().await.expect_problem(409, "conflict");
    gateway.give_url(&tenant).await;

    let challenge = gateway.challenge(&to_link, Some(&tenant.user_token), link_body.clone()).await;
    let message = text(&challenge["message"]);
    assert!(message.starts_with("shop.example.org wants you to sign in with your Ethereum account:\n0x"), "{message}");
    assert!(message.contains("\nChain ID: 4269\n"), "{message}");
    // Somebody else's signature, and no signature at all.
    for wrong in
        [sign(&PrivateKeySigner::random(), &challenge), json!({ "nonce": challenge["nonce"], "signature": "0x" })]
    {
        gateway.link(&tenant, &wrong).await.expect_problem(401, "credentials_invalid");
    }
    // What was signed to link doesn't log in, nor does it link any more: it was used.
    let signed = sign(&wallet, &challenge);
    gateway.log_in_by(&signed).await.expect_problem(401, "credentials_invalid");
    gateway.link(&tenant, &signed).await.expect_problem(401, "credentials_invalid");
    let challenge = gateway.challenge(&to_link, Some(&tenant.user_token), link_body.clone()).await;
    let signed = sign(&wallet, &challenge);
    let linked = gateway.link(&tenant, &signed).await.expect(201);
    assert_eq!((&linked["address"], &linked["custodial"]), (&json!(address(&wallet)), &json!(false)));
    let again = gateway.challenge(&to_link, Some(&tenant.user_token), link_body).await;
    gateway.link(&tenant, &sign(&wallet, &again)).await.expect_problem(409, "already_exists");
    let path = format!("/users/{}/wallets", tenant.user);
    let wallets = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
    let kinds: Vec<_> = wallets["items"].as_array().unwrap().iter().map(|one| &one["custodial"]).collect();
    assert_eq!(kinds, [&json!(true), &json!(false)]);

    let login = json!({ "app": tenant.app, "address": address(&wallet) });
    let challenge = gateway.challenge("/sessions/challenges", None, login.clone()).await;
    let signed = sign(&wallet, &challenge);
    // It links nothing, and is used up by that.
    gateway.link(&tenant, &signed).await.expect_problem(401, "credentials_invalid");
    let challenge = gateway.challenge("/sessions/challenges", None, login.clone()).await;
    let signed = sign(&wallet, &challenge);
    let session = gateway.log_in_by(&signed).await.expect(201);
    assert_eq!(session["principal"], tenant.user);
    let me = gateway.get("/users/me").bearer(&text(&session["accessToken"])).send().await.expect(200);
    assert_eq!(me["id"], tenant.user);
    gateway.log_in_by(&signed).await.expect_problem(401, "credentials_invalid");

    let body = json!({ "app": "app_", "address": address(&wallet) });
    gateway.post("/sessions/challenges").json(&body).send().await.expect_broken("app", "not_found");
    // A wallet that nobody has linked here; and the same wallet, in another app.
    let stranger = PrivateKeySigner::random();
    let body = json!({ "app": tenant.app, "address": address(&stranger) });
    let challenge = gateway.challenge("/sessions/challenges", None, body).await;
    gateway.log_in_by(&sign(&stranger, &challenge)).await.expect_problem(401, "credentials_invalid");
    let other = gateway.tenant().await;
    gateway.give_url(&other).await;
    let body = json!({ "app": other.app, "address": address(&wallet) });
    let challenge = gateway.challenge("/sessions/challenges", None, body).await;
    gateway.log_in_by(&sign(&wallet, &challenge)).await.expect_problem(401, "credentials_invalid");

    // Unlinked, it is as good as unknown.
    let path = format!("/users/{}/wallets/{}", tenant.user, address(&wallet));
    gateway.call(Method::DELETE, &path).bearer(&tenant.user_token).send().await.expect(204);
    gateway.call(Method::DELETE, &path).bearer(&tenant.user_token).send().await.expect_problem(404, "not_found");
    let challenge = gateway.challenge("/sessions/challenges", None, login).await;
    gateway.log_in_by(&sign(&wallet, &challenge)).await.expect_problem(401, "credentials_invalid");
});

on_both_engines!(a_suspended_user_does_not_log_in_by_wallet_and_an_erased_one_is_forgotten, |gateway| {
    let tenant = gateway.tenant().await;
    gateway.give_url(&tenant).await;
    let wallet = PrivateKeySigner::random();
    let to_link = format!("/users/{}/wallets/challenges", tenant.user);
    let challenge = gateway.challenge(&to_link, Some(&tenant.key), json!({ "address": address(&wallet) })).await;
    gateway.link(&tenant, &sign(&wallet, &challenge)).await.expect(201);
    // The gateway's own wallets are nobody else's, whoever has their keys.
    let kept = PrivateKeySigner::random();
    let sql = "INSERT INTO wallets (id, app_id, address, sealed_data_key, sealed_key, created_at_ms) \
               VALUES ($1, $2, $3, '', '', 0)";
    let row = sqlx::query(sql).bind(format!("wal_{:032x}", unique())).bind(&tenant.app).bind(address(&kept));
    row.execute(gateway.server().state().db.writer()).await.unwrap();
    let challenge = gateway.challenge(&to_link, Some(&tenant.key), json!({ "address": address(&kept) })).await;
    gateway.link(&tenant, &sign(&kept, &challenge)).await.expect_problem(409, "conflict");
    let export = gateway.get(&format!("/users/{}/export", tenant.user)).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(export["wallets"][1]["address"], address(&wallet));

    let suspend = format!("/users/{}/suspend", tenant.user);
    gateway.post(&suspend).bearer(&tenant.key).once().send().await.expect(202);
    let login = json!({ "app": tenant.app, "address": address(&wallet) });
    let challenge = gateway.challenge("/sessions/challenges", None, login.clone()).await;
    gateway.log_in_by(&sign(&wallet, &challenge)).await.expect_problem(403, "user_suspended");
    let erase = format!("/users/{}", tenant.user);
    gateway.call(Method::DELETE, &erase).bearer(&tenant.key).send().await.expect(204);
    let challenge = gateway.challenge("/sessions/challenges", None, login).await;
    gateway.log_in_by(&sign(&wallet, &challenge)).await.expect_problem(401, "credentials_invalid");
});
