//! What may be done to users, and what they may do themselves.

use crate::on_both_engines;
use crate::support::{Gateway, PASSWORD, Tenant, text};
use reqwest::Method;
use serde_json::{Value, json};

async fn patch(gateway: &Gateway, token: &str, user: &str, body: Value) -> crate::support::Answer {
    gateway.call(Method::PATCH, &format!("/users/{user}")).bearer(token).json(&body).send().await
}

async fn found(gateway: &Gateway, tenant: &Tenant, query: &str) -> Vec<String> {
    let page = gateway.get(&format!("/users{query}")).bearer(&tenant.key).send().await.expect(200);
    page["items"].as_array().unwrap().iter().map(|user| text(&user["id"])).collect()
}

on_both_engines!(a_user_is_changed_by_merging, |gateway| {
    let tenant = gateway.tenant().await;
    let (key, user) = (&tenant.key, &tenant.user);
    let body = json!({
        "displayName": "Ana", "externalId": "ana", "tags": ["gold", "early", "gold"],
        "metadata": { "shirt": "M", "city": "Bremen" },
    });
    let changed = patch(&gateway, key, user, body).await.expect(200);
    assert_eq!(changed["tags"], json!(["early", "gold"]));
    assert_eq!(changed["email"], tenant.user_email);
    let body = json!({ "displayName": null, "metadata": { "shirt": null, "size": "44" } });
    let changed = patch(&gateway, key, user, body).await.expect(200);
    assert_eq!((changed.get("displayName"), &changed["externalId"]), (None, &json!("ana")));
    assert_eq!(changed["metadata"], json!({ "city": "Bremen", "size": "44" }));
    assert_eq!(gateway.get(&format!("/users/{user}")).bearer(key).send().await.expect(200), changed);

    let other = gateway.user(key, "other@example.org").await;
    let other = text(&other["id"]);
    patch(&gateway, key, &other, json!({ "externalId": "ana" })).await.expect_problem(409, "already_exists");
    for (body, field, rule) in [
        (json!({ "tags": vec!["a"; 21] }), "tags", "length"),
        (json!({ "tags": [""] }), "tags[0]", "length"),
        (json!({ "metadata": { "": "x" } }), "metadata", "format"),
        (json!({ "metadata": { "x": "y".repeat(501) } }), "metadata.x", "length"),
        (json!({ "email": "nowhere" }), "email", "format"),
        (json!({ "email": null }), "email", "required"),
        (json!({ "status": "active" }), "status", "unknown"),
        (json!({ "wallet": {} }), "wallet", "unknown"),
    ] {
        patch(&gateway, key, user, body).await.expect_broken(field, rule);
    }
    let many: serde_json::Map<_, _> = (0..51).map(|index| (format!("k{index}"), json!("v"))).collect();
    patch(&gateway, key, user, json!({ "metadata": many })).await.expect_broken("metadata", "length");

    assert_eq!(found(&gateway, &tenant, "?tag=gold").await, [user.as_str()]);
    assert_eq!(found(&gateway, &tenant, "?tag=silver").await, [""; 0]);
    assert_eq!(found(&gateway, &tenant, "?email=OTHER@example.org").await, [other.as_str()]);
    assert_eq!(found(&gateway, &tenant, "?status=active&limit=10").await, [other, user.clone()]);

    // A user changes what he is called, and nothing else.
    let own = patch(&gateway, &tenant.user_token, user, json!({ "displayName": "Ann" })).await.expect(200);
    assert_eq!(own["displayName"], "Ann");
    patch(&gateway, &tenant.user_token, user, json!({ "tags": ["vip"] })).await.expect_problem(403, "forbidden");
    let me = gateway.get("/users/me").bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(me, own);
});

on_both_engines!(a_suspended_user_can_do_nothing, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/users/{}", tenant.user);
    let operation = gateway.post(&format!("{path}/suspend")).bearer(&tenant.key).once().send().await.expect(202);
    assert_eq!((&operation["kind"], &operation["resource"]), (&json!("setUserStatus"), &json!(tenant.user)));
    gateway.get("/users/me").bearer(&tenant.user_token).send().await.expect_problem(401, "token_invalid");
    let login = json!({ "email": tenant.user_email, "password": PASSWORD, "app": tenant.app });
    gateway.post("/sessions").json(&login).send().await.expect_problem(403, "user_suspended");
    // Whether he is suspended is told to who knows the password alone.
    let guess = json!({ "email": tenant.user_email, "password": "wrong password", "app": tenant.app });
    gateway.post("/sessions").json(&guess).send().await.expect_problem(401, "credentials_invalid");
    let burn = json!({ "from": tenant.user, "amount": "1" });
    let call = gateway.post(&format!("/tokens/{token}/burn")).bearer(&tenant.key).once().json(&burn);
    call.send().await.expect_problem(403, "user_suspended");
    assert_eq!(found(&gateway, &tenant, "?status=suspended").await, [tenant.user.as_str()]);

    gateway.post(&format!("{path}/activate")).bearer(&tenant.key).once().send().await.expect(202);
    gateway.post("/sessions").json(&login).send().await.expect(201);
    let call = gateway.post(&format!("/tokens/{token}/burn")).bearer(&tenant.key).once().json(&burn);
    call.send().await.expect_problem(422, "insufficient_balance");
});

on_both_engines!(an_erased_user_leaves_no_personal_data, |gateway| {
    let tenant = gateway.tenant().await;
    let path = format!("/users/{}", tenant.user);
    let body = json!({
        "displayName": "Erika Mustermann", "externalId": "erika-1", "tags": ["mustermann"],
        "avatar": "https://example.org/mustermann.webp", "profile": "open",
    });
    patch(&gateway, &tenant.key, &tenant.user, body).await.expect(200);
    let export = gateway.get(&format!("{path}/export")).bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(export["user"]["displayName"], "Erika Mustermann");
    assert_eq!((&export["walletPolicy"]["signing"], &export["schedules"]), (&json!("none"), &json!([])));
    let gone = gateway.delete(&path).bearer(&tenant.key).send().await;
    assert_eq!(gone.status, 204);
    let shown = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(shown["status"], "erased");
    assert!(shown.get("email").is_none() && shown.get("externalId").is_none() && shown.get("displayName").is_none());
    gateway.get("/users/me").bearer(&tenant.user_token).send().await.expect_problem(401, "token_invalid");
    let login = json!({ "email": tenant.user_email, "password": PASSWORD, "app": tenant.app });
    gateway.post("/sessions").json(&login).send().await.expect_problem(401, "credentials_invalid");
    patch(&gateway, &tenant.key, &tenant.user, json!({ "tags": [] })).await.expect_problem(409, "conflict");
    // No column of any table has them any more.
    let db = &gateway.server().state().db;
    for (table, columns) in [
        (
            "users",
            "id || COALESCE(email, '') || COALESCE(external_id, '') || COALESCE(display_name, '') || COALESCE(avatar, '') || COALESCE(name_key, '') \
             || profile || metadata",
        ),
        ("user_tags", "tag"),
        ("idempotency_keys", "answer"),
        ("operations", "COALESCE(memo, '') || effects"),
        ("events", "data"),
    ] {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} WHERE LOWER({columns}) LIKE $1 OR LOWER({columns}) LIKE $2 OR {columns} LIKE $3",
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind("%mustermann%")
            .bind(format!("%{}%", tenant.user_email))
            // As searches keep it.
            .bind(format!("%{}%", hex::encode("mustermann")));
        let (count,): (i64,) = query.fetch_one(db.reader()).await.unwrap();
        assert_eq!(count, 0, "{table}");
    }
    // Once more is the same.
    assert_eq!(gateway.delete(&path).bearer(&tenant.key).send().await.status, 204);
});

on_both_engines!(sessions_are_shown_and_closed, |gateway| {
    let tenant = gateway.tenant().await;
    let list = async |token: &str| gateway.get("/sessions").bearer(token).send().await;
    let second = text(&gateway.login(&tenant.user_email, Some(&tenant.app)).await["accessToken"]);
    let shown = list(&second).await.expect(200);
    let items = shown["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(true), &json!(false)));
    let path = format!("/sessions/{}", text(&items[1]["id"]));
    // Somebody else's session doesn't exist.
    gateway.delete(&path).bearer(&tenant.owner_token).send().await.expect_problem(404, "not_found");
    assert_eq!(gateway.delete(&path).bearer(&second).send().await.status, 204);
    list(&tenant.user_token).await.expect_problem(401, "token_invalid");
    assert_eq!(list(&second).await.expect(200)["items"].as_array().unwrap().len(), 1);
    list(&tenant.key).await.expect_problem(403, "forbidden");
});

on_both_engines!(a_password_is_changed_by_who_knows_it, |gateway| {
    let tenant = gateway.tenant().await;
    let path = format!("/users/{}/password", tenant.user);
    let put = async |token: &str, path: &str, body: Value| {
        gateway.call(Method::PUT, path).bearer(token).json(&body).send().await
    };
    let other = text(&gateway.login(&tenant.user_email, Some(&tenant.app)).await["accessToken"]);
    let new = "a better battery staple";
    put(&tenant.user_token, &path, json!({ "password": new })).await.expect_broken("currentPassword", "required");
    let wrong = json!({ "password": new, "currentPassword": "wrong password" });
    put(&tenant.user_token, &path, wrong.clone()).await.expect_problem(401, "credentials_invalid");
    put(&tenant.user_token, &path, json!({ "password": "short", "currentPassword": PASSWORD }))
        .await
        .expect_broken("password", "length");
    let answer = put(&tenant.user_token, &path, json!({ "password": new, "currentPassword": PASSWORD })).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    gateway.get("/users/me").bearer(&tenant.user_token).send().await.expect(200);
    gateway.get("/users/me").bearer(&other).send().await.expect_problem(401, "token_invalid");
    let login = async |password: &str| {
        let body = json!({ "email": tenant.user_email, "password": password, "app": tenant.app });
        gateway.post("/sessions").json(&body).send().await
    };
    login(PASSWORD).await.expect_problem(401, "credentials_invalid");
    login(new).await.expect(201);
    // The app sets it without knowing it.
    assert_eq!(put(&tenant.key, &path, json!({ "password": PASSWORD })).await.status, 204);
    login(PASSWORD).await.expect(201);
    // Guessing is slowed down here as it is at the login.
    let fresh = text(&login(PASSWORD).await.expect(201)["accessToken"]);
    // One was wrong above.
    for _ in 0..4 {
        put(&fresh, &path, wrong.clone()).await.expect_problem(401, "credentials_invalid");
    }
    put(&fresh, &path, wrong).await.expect_problem(429, "too_many_attempts");
    let mine = json!({ "password": new, "currentPassword": PASSWORD });
    assert_eq!(put(&tenant.owner_token, "/owners/me/password", mine).await.status, 204);
    gateway.get("/owners/me").bearer(&tenant.owner_token).send().await.expect(200);
});

on_both_engines!(an_app_is_changed_by_its_owner, |gateway| {
    let tenant = gateway.tenant().await;
    let path = format!("/apps/{}", tenant.app);
    let change =
        async |body: Value| gateway.call(Method::PATCH, &path).bearer(&tenant.owner_token).json(&body).send().await;
    let body = json!({ "name": "Corner shop", "description": "Bread", "url": "https://shop.example.org" });
    let changed = change(body).await.expect(200);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Corner shop"), &json!("Bread")));
    let changed = change(json!({ "description": null })).await.expect(200);
    assert_eq!((changed.get("description"), &changed["url"]), (None, &json!("https://shop.example.org")));
    for (body, field, rule) in [
        (json!({ "name": "" }), "name", "length"),
        (json!({ "url": "javascript:alert(1)" }), "url", "format"),
        (json!({ "ownerId": "own_1" }), "ownerId", "unknown"),
    ] {
        change(body).await.expect_broken(field, rule);
    }
});

on_both_engines!(a_server_key_changes_over_without_a_gap_and_ends_in_time, |gateway| {
    let tenant = gateway.tenant().await;
    let path = format!("/apps/{}/keys/{}/rotate", tenant.app, tenant.key_id);
    let rotate = async |seconds: i64| {
        let body = json!({ "overlapSeconds": seconds });
        gateway.post(&path).bearer(&tenant.owner_token).json(&body).send().await
    };
    let works = async |secret: &str| gateway.get("/tokens").bearer(secret).send().await.status.is_success();
    let second = text(&rotate(3_600).await.expect(200)["secret"]);
    assert!(works(&tenant.key).await && works(&second).await, "both, for an hour");
    let third = text(&rotate(0).await.expect(200)["secret"]);
    assert!(!works(&tenant.key).await && !works(&second).await && works(&third).await);
    rotate(-1).await.expect_broken("overlapSeconds", "range");

    let keys = format!("/apps/{}/keys", tenant.app);
    let make = async |at: &str| {
        let body = json!({ "name": "short", "expiresAt": at });
        gateway.post(&keys).bearer(&tenant.owner_token).json(&body).send().await
    };
    make("2020-01-01T00:00:00Z").await.expect_broken("expiresAt", "range");
    let made = make("2999-01-01T00:00:00Z").await.expect(201);
    assert_eq!(made["expiresAt"], "2999-01-01T00:00:00Z");
    assert!(works(&text(&made["secret"])).await);
    // Its end has come.
    sqlx::query("UPDATE server_keys SET expires_at_ms = 1 WHERE id = $1")
        .bind(text(&made["id"]))
        .execute(gateway.server().state().db.writer())
        .await
        .unwrap();
    gateway.server().state().auth.forget_key(&text(&made["id"]));
    assert!(!works(&text(&made["secret"])).await);
});

on_both_engines!(users_find_each_other_by_open_profiles, |gateway| {
    let tenant = gateway.tenant().await;
    let mut made = Vec::new();
    for (name, profile) in [("Anna", "open"), ("ann", "open"), ("Ännchen", "open"), ("Andrea", "private")] {
        let body = json!({ "displayName": name, "profile": profile, "avatar": "https://example.org/a.webp" });
        let user = gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await.expect(202);
        made.push(text(&user["id"]));
    }
    let names = async |query: &str| -> Vec<String> {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/users/profiles?limit=1{query}{cursor}");
            let page = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
            names.extend(page["items"].as_array().unwrap().iter().map(|one| text(&one["displayName"])));
            let Some(next) = page["nextCursor"].as_str() else { return names };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(names("").await, ["ann", "Anna", "Ännchen"]);
    assert_eq!(names("&search=AN").await, ["ann", "Anna"]);
    assert_eq!(names("&search=%C3%84n").await, ["Ännchen"]);
    assert_eq!(names("&search=andrea").await, [""; 0]);
    // The app finds everybody.
    assert_eq!(found(&gateway, &tenant, "?search=and").await, [made[3].as_str()]);
    assert_eq!(found(&gateway, &tenant, "?search=an&order=oldest").await, [made[0].as_str(), &made[1], &made[3]]);

    let profile = async |id: &str, token: &str| gateway.get(&format!("/users/{id}/profile")).bearer(token).send().await;
    let shown = profile(&made[0], &tenant.user_token).await.expect(200);
    let whole = gateway.get(&format!("/users/{}", made[0])).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(
        shown,
        json!({
            "id": made[0], "displayName": "Anna", "avatar": "https://example.org/a.webp",
            "address": whole["wallet"]["address"],
        }),
    );
    profile(&made[3], &tenant.user_token).await.expect_problem(404, "not_found");
    profile(&made[3], &tenant.key).await.expect(200);
    profile(&tenant.user, &tenant.user_token).await.expect(200);
    let foreign = gateway.tenant().await;
    profile(&made[0], &foreign.user_token).await.expect_problem(404, "not_found");

    // He opens his own, and is found; who is suspended isn't.
    let body = json!({ "displayName": "Anke", "profile": "open", "avatar": null });
    patch(&gateway, &tenant.user_token, &tenant.user, body).await.expect(200);
    assert_eq!(names("&search=anke").await, ["Anke"]);
    gateway.post(&format!("/users/{}/suspend", made[0])).bearer(&tenant.key).once().send().await.expect(202);
    assert_eq!(names("&search=ann").await, ["ann"]);
    profile(&made[0], &tenant.user_token).await.expect_problem(404, "not_found");
    for query in ["search=", &format!("search={}", "a".repeat(101))] {
        let answer = gateway.get(&format!("/users/profiles?{query}")).bearer(&tenant.user_token).send().await;
        answer.expect_broken("query.search", "length");
    }

    let answer = gateway.get("/users/profiles?cursor=YWJj").bearer(&tenant.user_token).send().await;
    answer.expect_broken("query.cursor", "format");
    // Who was there before names were kept for searches is found after the next start.
    let db = gateway.server().state().db.clone();
    sqlx::query("UPDATE users SET name_key = NULL").execute(db.writer()).await.unwrap();
    assert_eq!(found(&gateway, &tenant, "?search=and").await, [""; 0]);
    gateway.restart().await;
    assert_eq!(found(&gateway, &tenant, "?search=and").await, [made[3].as_str()]);
});
