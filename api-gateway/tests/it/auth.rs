//! Logins, tokens, refresh families, server keys.

use crate::on_both_engines;
use crate::support::{Gateway, PASSWORD, text};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

on_both_engines!(an_owner_signs_up_logs_in_and_out, |gateway| {
    let login = gateway.owner("Ada@Example.org").await;
    assert_eq!((login["tokenType"].as_str(), login["expiresIn"].as_u64()), (Some("Bearer"), Some(900)));
    let token = text(&login["accessToken"]);
    let me = gateway.get("/owners/me").bearer(&token).send().await.expect(200);
    assert_eq!(me["email"], "ada@example.org");
    assert_eq!(me["id"], login["principal"]);
    assert!(me.get("password").is_none() && me.get("passwordHash").is_none());

    gateway.delete("/sessions/current").bearer(&token).send().await.expect(204);
    gateway.get("/owners/me").bearer(&token).send().await.expect_problem(401, "token_invalid");
    let body = json!({ "refreshToken": login["refreshToken"] });
    gateway.post("/sessions/refresh").json(&body).send().await.expect_problem(401, "token_invalid");
});

on_both_engines!(an_address_signs_up_once_in_any_case, |gateway| {
    gateway.owner("ada@example.org").await;
    let body = json!({ "email": "ADA@example.org", "password": PASSWORD });
    let problem = gateway.post("/owners").json(&body).send().await.expect_problem(409, "already_exists");
    assert_eq!(problem["errors"][0]["field"], "email");
    assert_eq!(problem["errors"][0]["rule"], "unique");
});

on_both_engines!(wrong_credentials_all_answer_alike, |gateway| {
    let tenant = gateway.tenant().await;
    gateway.owner("ada@example.org").await;
    let mut details = std::collections::HashSet::new();
    for body in [
        json!({ "email": "ada@example.org", "password": "wrong password" }),
        json!({ "email": "nobody@example.org", "password": PASSWORD }),
        // A user is no owner, an owner no user, and another app's user nobody.
        json!({ "email": tenant.user_email, "password": PASSWORD }),
        json!({ "email": "ada@example.org", "password": PASSWORD, "app": tenant.app }),
        json!({ "email": tenant.user_email, "password": PASSWORD, "app": "app_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e" }),
    ] {
        let problem = gateway.post("/sessions").json(&body).send().await.expect_problem(401, "credentials_invalid");
        details.insert(text(&problem["detail"]));
    }
    assert_eq!(details.len(), 1, "{details:?}");
});

on_both_engines!(five_wrong_passwords_and_the_account_has_to_wait, |gateway| {
    gateway.owner("ada@example.org").await;
    gateway.owner("bob@example.org").await;
    let login = |email: &str, password: &str| {
        gateway.post("/sessions").json(&json!({ "email": email, "password": password })).send()
    };
    let mut details = std::collections::HashSet::new();
    // Whether the account exists makes no difference.
    for email in ["ada@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            login(email, "wrong password").await.expect_problem(401, "credentials_invalid");
        }
        let answer = login(email, PASSWORD).await;
        let wait_s: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&wait_s), "{wait_s}");
        details.insert(text(&answer.expect_problem(429, "too_many_attempts")["detail"]));
        login(&email.to_uppercase(), PASSWORD).await.expect_problem(429, "too_many_attempts");
    }
    assert_eq!(details.len(), 1, "{details:?}");
    login("bob@example.org", PASSWORD).await.expect(201);
});

on_both_engines!(a_refresh_token_is_good_once_and_reuse_closes_the_session, |gateway| {
    let first = gateway.owner("ada@example.org").await;
    let refresh = |token: Value| {
        let body = json!({ "refreshToken": token });
        gateway.post("/sessions/refresh").json(&body).send()
    };
    let second = refresh(first["refreshToken"].clone()).await.expect(200);
    assert_ne!(first["refreshToken"], second["refreshToken"]);
    let access = text(&second["accessToken"]);
    gateway.get("/owners/me").bearer(&access).send().await.expect(200);

    refresh(first["refreshToken"].clone()).await.expect_problem(401, "refresh_token_reused");
    // The whole family is gone: the newest refresh token and the access tokens too.
    refresh(second["refreshToken"].clone()).await.expect_problem(401, "token_invalid");
    gateway.get("/owners/me").bearer(&access).send().await.expect_problem(401, "token_invalid");
    // Another login of the same owner is another family.
    let other = gateway.login("ada@example.org", None).await;
    refresh(other["refreshToken"].clone()).await.expect(200);
});

on_both_engines!(one_of_many_racing_refreshes_wins, |gateway| {
    let login = gateway.owner("ada@example.org").await;
    let body = json!({ "refreshToken": login["refreshToken"] });
    let answers =
        futures::future::join_all((0..10).map(|_| gateway.post("/sessions/refresh").json(&body).send())).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 401));
});

on_both_engines!(tokens_survive_a_restart, |gateway| {
    let tenant = gateway.tenant().await;
    let login = gateway.owner("ada@example.org").await;
    gateway.restart().await;
    gateway.get("/owners/me").bearer(&text(&login["accessToken"])).send().await.expect(200);
    gateway.get("/users").bearer(&tenant.key).send().await.expect(200);
    let body = json!({ "refreshToken": login["refreshToken"] });
    gateway.post("/sessions/refresh").json(&body).send().await.expect(200);
});

#[tokio::test]
async fn an_expired_token_says_so() {
    let gateway = Gateway::start("[auth]\naccess_token_ttl_s = 1").await;
    let login = gateway.owner("ada@example.org").await;
    // Verification forgives five seconds of clock difference.
    tokio::time::sleep(std::time::Duration::from_millis(7_200)).await;
    let token = text(&login["accessToken"]);
    gateway.get("/owners/me").bearer(&token).send().await.expect_problem(401, "token_expired");
    gateway.stop().await;
}

#[tokio::test]
async fn sign_up_can_be_closed() {
    let gateway = Gateway::start("[auth]\nowner_sign_up = false").await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    gateway.post("/owners").json(&body).send().await.expect_problem(403, "forbidden");
    gateway.stop().await;
}

on_both_engines!(forged_and_damaged_tokens_are_refused, |gateway| {
    let tenant = gateway.tenant().await;
    let token = tenant.owner_token.clone();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts") };
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decode = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };

    let mut promoted = decode(claims);
    promoted["sub"] = json!("own_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e");
    let mut immortal = decode(claims);
    immortal["exp"] = json!(u32::MAX);
    let mut none = decode(header);
    none["alg"] = json!("none");
    let mut hmac = decode(header);
    hmac["alg"] = json!("HS256");
    let mut stranger = decode(header);
    stranger["kid"] = json!("0000000000000000");
    for forged in [
        format!("{header}.{}.{signature}", encode(&promoted)),
        format!("{header}.{}.{signature}", encode(&immortal)),
        format!("{}.{claims}.", encode(&none)),
        format!("{}.{claims}.{signature}", encode(&hmac)),
        format!("{}.{claims}.{signature}", encode(&stranger)),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}AAAA"),
        "not-a-token".to_owned(),
        "a.b.c".to_owned(),
        format!("{}x", tenant.key),
        "hk_".to_owned(),
        format!("hk_{}", "A".repeat(43)),
    ] {
        let answer = gateway.get("/owners/me").bearer(&forged).send().await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        answer.expect_problem(401, "token_invalid");
    }
    for header in ["Basic YTpi", "Bearer", "Bearer ", "", "hk_1"] {
        gateway.get("/owners/me").header("authorization", header).send().await.expect_problem(401, "token_missing");
    }
    gateway.get("/owners/me").send().await.expect_problem(401, "token_missing");
    // The scheme's name has no case.
    let odd = format!("bEaReR {}", tenant.owner_token);
    gateway.get("/owners/me").header("authorization", &odd).send().await.expect(200);
});

on_both_engines!(a_server_key_is_shown_once_and_can_be_revoked, |gateway| {
    let tenant = gateway.tenant().await;
    let keys = format!("/apps/{}/keys", tenant.app);
    let list = gateway.get(&keys).bearer(&tenant.owner_token).send().await;
    assert!(!list.text.contains(&tenant.key) && list.text.contains(&tenant.key[..9]), "{}", list.text);
    let key = format!("{keys}/{}", tenant.key_id);
    let shown = gateway.get(&key).bearer(&tenant.owner_token).send().await;
    assert!(!shown.text.contains(&tenant.key) && shown.body.get("secret").is_none());

    gateway.get("/users").bearer(&tenant.key).send().await.expect(200);
    gateway.delete(&key).bearer(&tenant.owner_token).send().await.expect(204);
    gateway.get("/users").bearer(&tenant.key).send().await.expect_problem(401, "token_invalid");
    gateway.delete(&key).bearer(&tenant.owner_token).send().await.expect(204);
    let shown = gateway.get(&key).bearer(&tenant.owner_token).send().await.expect(200);
    assert!(shown["revokedAt"].is_string());
});

on_both_engines!(live_keys_are_limited, |gateway| {
    let tenant = gateway.tenant().await;
    let keys = format!("/apps/{}/keys", tenant.app);
    for _ in 1..20 {
        gateway.post(&keys).bearer(&tenant.owner_token).json(&json!({ "name": "k" })).send().await.expect(201);
    }
    let one_more = gateway.post(&keys).bearer(&tenant.owner_token).json(&json!({ "name": "k" })).send().await;
    one_more.expect_problem(409, "conflict");
});

on_both_engines!(secrets_are_not_in_the_database, |gateway| {
    let tenant = gateway.tenant().await;
    let db = &gateway.server().state().db;
    for (sql, secret) in [
        ("SELECT secret_hash || secret_prefix FROM server_keys", &tenant.key),
        ("SELECT password_hash FROM owners", &PASSWORD.to_owned()),
        ("SELECT password_hash FROM users", &PASSWORD.to_owned()),
        ("SELECT answer || body_hash FROM idempotency_keys", &PASSWORD.to_owned()),
    ] {
        let rows: Vec<(String,)> = sqlx::query_as(sql).fetch_all(db.reader()).await.unwrap();
        assert!(!rows.is_empty(), "{sql}");
        assert!(rows.iter().all(|(text,)| !text.contains(secret.as_str())), "{sql}");
    }
});

on_both_engines!(a_new_token_key_logs_nobody_out, |gateway| {
    let login = gateway.owner("ada@example.org").await;
    let old = text(&login["accessToken"]);
    let kid = hanse_gateway::server::rotate_token_key(&gateway.server().state().config).await.unwrap();
    gateway.server().state().auth.reload_keys().await.unwrap();
    let new = text(&gateway.login("ada@example.org", None).await["accessToken"]);
    let header = |token: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    assert_eq!(header(&new)["kid"], kid.as_str());
    assert_ne!(header(&old)["kid"], kid.as_str());
    for token in [old, new] {
        gateway.get("/owners/me").bearer(&token).send().await.expect(200);
    }
});

on_both_engines!(the_root_key_can_be_exchanged_while_running, |gateway| {
    let tenant = gateway.tenant().await;
    let login = gateway.owner("ada@example.org").await;
    let old = std::fs::read_to_string(gateway.data_dir().join("root.key")).unwrap();
    let new = "ab".repeat(32);
    let (old_id,): (String,) =
        sqlx::query_as("SELECT root_key_id FROM apps").fetch_one(gateway.server().state().db.reader()).await.unwrap();
    gateway.configure(&format!("[custody]\nroot_key = \"{new}\"\n"));
    let error = gateway.restart_fails().await;
    assert!(error.contains("root key"), "{error}");
    gateway.configure(&format!("[custody]\nroot_key = \"{new}\"\nprevious_root_key = \"{}\"\n", old.trim()));
    gateway.restart().await;
    gateway.get("/owners/me").bearer(&text(&login["accessToken"])).send().await.expect(200);
    gateway.token(&tenant.key).await;
    // Once everything is sealed anew, the old key can go.
    let current = || async {
        let state = gateway.server().state();
        let (on_old,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM apps WHERE root_key_id = $1")
            .bind(&old_id)
            .fetch_one(state.db.reader())
            .await
            .unwrap();
        let keys: Vec<(String,)> =
            sqlx::query_as("SELECT sealed_key FROM jwt_keys").fetch_all(state.db.reader()).await.unwrap();
        on_old == 0 && keys.iter().all(|(sealed,)| state.custody.is_current(sealed))
    };
    while !current().await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    gateway.configure(&format!("[custody]\nroot_key = \"{new}\"\n"));
    gateway.restart().await;
    gateway.get("/owners/me").bearer(&text(&login["accessToken"])).send().await.expect(200);
    gateway.token(&tenant.key).await;
});
