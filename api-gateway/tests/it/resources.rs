//! What writes and reads answer, without a node behind the gateway: everything is accepted and waits.

use crate::on_both_engines;
use crate::support::{Gateway, text};
use serde_json::{Value, json};

on_both_engines!(an_app_its_treasury_and_its_operation, |gateway| {
    let login = gateway.owner("ada@example.org").await;
    let token = text(&login["accessToken"]);
    let body = json!({ "name": "Corner shop", "description": "Bread", "url": "https://shop.example.org" });
    let answer = gateway.post("/apps").bearer(&token).once().json(&body).send().await;
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let app = answer.expect(202);
    let operation = &app["operation"];
    assert_eq!(location, format!("/api/v1/operations/{}", text(&operation["id"])));
    assert_eq!((operation["kind"].as_str(), operation["status"].as_str()), (Some("createApp"), Some("accepted")));
    assert_eq!(operation["sender"], app["treasury"]["address"]);
    assert_eq!(operation["resource"], app["id"]);
    assert_eq!(operation["nonce"], 0);
    assert_eq!(text(&operation["transactionHash"]).len(), 66);
    assert_eq!(text(&app["chainAppId"]).len(), 34);

    let mut without = app.clone();
    without.as_object_mut().unwrap().remove("operation");
    let path = format!("/apps/{}", text(&app["id"]));
    assert_eq!(gateway.get(&path).bearer(&token).send().await.expect(200), without);
    let list = gateway.get("/apps").bearer(&token).send().await.expect(200);
    assert_eq!(list, json!({ "items": [without] }));
    let read = gateway.get(&location).bearer(&token).app(&text(&app["id"])).send().await.expect(200);
    assert_eq!(&read, operation);
});

on_both_engines!(a_transfer_answers_at_once_with_both_balances, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": tenant.user, "amount": "250", "memo": "bread" });
    let moved = gateway.post(&path).bearer(&tenant.key).once().json(&body).send().await.expect(202);
    let operation = &moved["operation"];
    assert_eq!((operation["kind"].as_str(), operation["status"].as_str()), (Some("transfer"), Some("accepted")));
    assert_eq!((operation["amount"].as_str(), operation["decimals"].as_u64()), (Some("250"), Some(2)));
    assert_eq!((operation["token"].as_str(), operation["memo"].as_str()), (Some(token.as_str()), Some("bread")));
    // createApp, addUsers and createToken came before it: nonces are the treasury's, one after the other.
    assert_eq!(operation["nonce"], 3);
    let balances = moved["balances"].as_array().unwrap();
    let seen: Vec<_> = balances
        .iter()
        .map(|b| {
            (
                b["confirmed"]["included"].as_str().unwrap(),
                b["pending"].as_str().unwrap(),
                b["available"].as_str().unwrap(),
            )
        })
        .collect();
    // What the treasury's own earlier operation brings, it may spend; what a user is only promised, it may not.
    assert_eq!(seen, [("0", "999750", "999750"), ("0", "250", "0")]);

    let path = format!("/tokens/{token}/balances/{}", tenant.user);
    let balance = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(balance, balances[1]);
    let path = format!("/users/{}/balances", tenant.user);
    let page = gateway.get(&path).bearer(&tenant.user_token).send().await.expect(200);
    assert_eq!(page["items"][0], balances[1]);
    // The same by whatever names him, and the treasury's.
    let of = async |holder: &str, by: &str| {
        gateway.get(&format!("/balances/{holder}")).bearer(by).send().await.expect(200)["items"].clone()
    };
    assert_eq!(of(&tenant.user, &tenant.user_token).await, json!([balances[1]]));
    assert_eq!(of(&text(&balances[0]["address"]), &tenant.key).await, json!([balances[0]]));
    assert_eq!(of(&format!("0x{}", "12".repeat(20)), &tenant.key).await, json!([]));
    let path = format!("/balances/{}", text(&balances[0]["address"]));
    gateway.get(&path).bearer(&tenant.user_token).send().await.expect_problem(403, "forbidden");
    let path = format!("/balances/wal_{}", "0".repeat(32));
    gateway.get(&path).bearer(&tenant.key).send().await.expect_problem(404, "not_found");

    // The user can't spend it before the chain has it.
    let path = format!("/tokens/{token}/transfers");
    let body = json!({ "to": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "amount": "1" });
    let answer = gateway.post(&path).bearer(&tenant.user_token).once().json(&body).send().await;
    answer.expect_problem(422, "insufficient_balance");

    let path = format!("/operations/{}?wait=included&timeoutMs=100", text(&operation["id"]));
    let waited = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(waited["status"], "accepted");
});

on_both_engines!(lists_are_paged_newest_first, |gateway| {
    let tenant = gateway.tenant().await;
    let mut made = vec![tenant.user.clone()];
    for number in 0..6 {
        let body = json!({ "externalId": format!("c{number}") });
        let user = gateway.post("/users").bearer(&tenant.key).once().json(&body).send().await.expect(202);
        made.push(text(&user["id"]));
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut path = "/users?limit=3".to_owned();
    loop {
        let page = gateway.get(&path).bearer(&tenant.key).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|user| text(&user["id"])));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/users?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, made);
});

on_both_engines!(readiness_without_a_node_is_degraded, |gateway| {
    let live = gateway.get("/health/live").send().await.expect(200);
    assert_eq!(live["status"], "live");
    let ready = gateway.get("/health/ready").send().await.expect(200);
    assert_eq!(
        (&ready["status"], &ready["database"], &ready["node"]),
        (&json!("degraded"), &json!(true), &json!(false))
    );
});

#[tokio::test]
async fn metrics_have_their_own_port() {
    let gateway = Gateway::start("[metrics]\nlisten = \"127.0.0.1:0\"").await;
    gateway.get("/owners/me").send().await;
    let address = gateway.server().metrics_address.expect("metrics are on");
    let text = gateway.client.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    for name in
        ["hanse_gateway_http_requests_total", "hanse_gateway_http_request_seconds", "route=\"/api/v1/owners/me\""]
    {
        assert!(text.contains(name), "{name} in:\n{text}");
    }
    gateway.get("/metrics").send().await.expect_problem(404, "route_not_found");
    gateway.stop().await;
}

#[tokio::test]
async fn the_database_closed_means_unavailable() {
    let gateway = Gateway::start("").await;
    gateway.server().state().db.close().await;
    let ready: Value = gateway.get("/health/ready").send().await.expect(503);
    assert_eq!(ready["status"], "unavailable");
    let body = json!({ "email": "ada@example.org", "password": crate::support::PASSWORD });
    gateway.post("/owners").json(&body).send().await.expect_problem(503, "unavailable");
    gateway.stop().await;
}

#[tokio::test]
async fn browsers_of_named_origins_may_call() {
    let gateway = Gateway::start("[server]\ncors_origins = [\"https://dash.example.org\"]").await;
    let preflight = |origin: &str| {
        let call = gateway.call(reqwest::Method::OPTIONS, "/users").header("origin", origin);
        let call = call.header("access-control-request-method", "POST");
        call.header("access-control-request-headers", "authorization,hanse-app,idempotency-key").send()
    };
    let allowed = preflight("https://dash.example.org").await;
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://dash.example.org");
    let headers = allowed.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(["authorization", "hanse-app", "idempotency-key"].iter().all(|name| headers.contains(name)), "{headers}");
    let other = preflight("https://evil.example.org").await;
    assert!(other.headers.get("access-control-allow-origin").is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn answers_are_not_to_be_stored_or_guessed_at() {
    let gateway = Gateway::start("").await;
    let tenant = gateway.tenant().await;
    for answer in [
        gateway.get("/users").bearer(&tenant.key).send().await,
        gateway.get("/users").send().await,
        gateway.get("/api/v1/nothing").send().await,
    ] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    gateway.stop().await;
}

/// The ids of a list, page by page.
async fn ids(gateway: &Gateway, key: &str, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = gateway.get(&format!("{path}{cursor}")).bearer(key).send().await.expect(200);
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["id"])));
        let Some(next) = page["nextCursor"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

on_both_engines!(lists_go_either_way, |gateway| {
    let tenant = gateway.tenant().await;
    for number in 0..3 {
        gateway.token(&tenant.key).await;
        let body = json!({ "name": "C", "address": format!("0x1{number:039x}"), "abi": [] });
        gateway.post("/contracts").bearer(&tenant.key).json(&body).send().await.expect(201);
        let body = json!({ "standard": "erc1155", "name": "Medals", "symbol": "MED" });
        gateway.post("/collections").bearer(&tenant.key).once().json(&body).send().await.expect(202);
    }
    for list in ["/tokens", "/collections", "/contracts", "/users", "/operations"] {
        let newest = ids(&gateway, &tenant.key, &format!("{list}?limit=2")).await;
        let mut oldest = ids(&gateway, &tenant.key, &format!("{list}?limit=2&order=oldest")).await;
        oldest.reverse();
        assert_eq!(newest, oldest, "{list}");
        assert!(newest.is_sorted_by(|a, b| a > b) && !newest.is_empty(), "{list}: {newest:?}");
    }
    let answer = gateway.get("/tokens?order=upwards").bearer(&tenant.key).send().await;
    answer.expect_problem(422, "validation_failed");
});

on_both_engines!(operations_are_narrowed_by_kind_user_and_time, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let list = async |query: &str| ids(&gateway, &tenant.key, &format!("/operations?limit=10{query}")).await;
    let all = list("").await;
    assert_eq!(all.len(), 3, "createApp, addUsers, createToken");
    assert_eq!(list("&kind=createToken").await, all[..1]);
    assert_eq!(list(&format!("&token={token}")).await, all[..1]);
    assert_eq!(list(&format!("&user={}", tenant.user)).await, [""; 0]);
    assert_eq!(list("&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z").await, all);
    assert_eq!(list("&until=2020-01-01T00:00:00Z").await, [""; 0]);
    let second = gateway.get(&format!("/operations/{}", all[1])).bearer(&tenant.key).send().await.expect(200);
    let at = text(&second["createdAt"]);
    assert!(
        list(&format!("&since={at}")).await.contains(&all[1]) && list(&format!("&until={at}")).await.contains(&all[1])
    );
    for query in ["user=nobody", "token=usr_1"] {
        let field = format!("query.{}", query.split('=').next().unwrap());
        gateway.get(&format!("/operations?{query}")).bearer(&tenant.key).send().await.expect_broken(&field, "format");
    }
    // A user sees its own alone, and may not ask about another.
    let other = text(&gateway.user(&tenant.key, "other@example.org").await["id"]);
    let path = format!("/operations?user={other}");
    gateway.get(&path).bearer(&tenant.user_token).send().await.expect_problem(403, "forbidden");
});

on_both_engines!(what_is_kept_off_chain_is_changed_by_merging, |gateway| {
    let tenant = gateway.tenant().await;
    let key = &tenant.key;
    let patch =
        async |path: &str, body: Value| gateway.call(reqwest::Method::PATCH, path).bearer(key).json(&body).send().await;
    let body = json!({
        "name": "Euro voucher", "symbol": "EURV", "decimals": 2,
        "description": "Good for bread", "icon": "https://shop.example.org/voucher.svg",
    });
    let token = gateway.post("/tokens").bearer(key).once().json(&body).send().await.expect(202);
    assert_eq!(token["description"], "Good for bread");
    let path = format!("/tokens/{}", text(&token["id"]));
    let changed = patch(&path, json!({ "description": "Good for cake", "icon": null })).await.expect(200);
    assert_eq!((&changed["description"], changed.get("icon")), (&json!("Good for cake"), None));
    assert_eq!(gateway.get(&path).bearer(key).send().await.expect(200), changed);
    let same = patch(&path, json!({})).await.expect(200);
    assert_eq!(same, changed);
    patch(&path, json!({ "icon": "javascript:alert(1)" })).await.expect_broken("icon", "format");
    patch(&path, json!({ "description": "" })).await.expect_broken("description", "length");
    patch(&path, json!({ "symbol": "EUR" })).await.expect_broken("symbol", "unknown");

    let body = json!({ "standard": "erc721", "name": "Harbour", "symbol": "HARB", "icon": "ipfs://bafy/harbour.webp" });
    let collection = gateway.post("/collections").bearer(key).once().json(&body).send().await.expect(202);
    let path = format!("/collections/{}", text(&collection["id"]));
    let changed = patch(&path, json!({ "description": "One for each day" })).await.expect(200);
    assert_eq!(changed["icon"], "ipfs://bafy/harbour.webp");
    assert_eq!(gateway.get(&path).bearer(key).send().await.expect(200), changed);

    let body = json!({ "name": "Sunset", "rarity": "rare", "traits": [{ "name": "Weather", "value": "Storm" }] });
    let item = gateway.post(&format!("{path}/items")).bearer(key).once().json(&body).send().await.expect(202);
    let path = format!("/items/{}", text(&item["id"]));
    let body = json!({ "name": "Dawn", "rarity": null, "media": "https://example.org/dawn.webp" });
    let changed = patch(&path, body).await.expect(200);
    assert_eq!((&changed["name"], changed.get("rarity")), (&json!("Dawn"), None));
    assert_eq!(changed["traits"], json!([{ "name": "Weather", "value": "Storm" }]));
    assert_eq!(patch(&path, json!({ "traits": [] })).await.expect(200)["traits"], json!([]));
    patch(&path, json!({ "traits": [{ "name": "", "value": "x" }] })).await.expect_broken("traits[0].name", "length");
    patch(&path, json!({ "uri": "ipfs://other" })).await.expect_broken("uri", "unknown");

    let body = json!({ "name": "Market", "address": format!("0x{:040x}", 77), "abi": [] });
    let contract = gateway.post("/contracts").bearer(key).json(&body).send().await.expect(201);
    let path = format!("/contracts/{}", text(&contract["id"]));
    let abi = json!([{ "type": "function", "name": "f", "inputs": [], "outputs": [], "stateMutability": "view" }]);
    let changed = patch(&path, json!({ "abi": abi })).await.expect(200);
    assert_eq!((&changed["name"], &changed["abi"]), (&json!("Market"), &abi));
    patch(&path, json!({ "abi": [{ "type": "nothing" }] })).await.expect_problem(422, "validation_failed");

    let body = json!({ "token": token["id"], "to": tenant.user, "amount": "5", "startAt": "2030-01-01T00:00:00Z" });
    let schedule = gateway.post("/schedules").bearer(key).once().json(&body).send().await.expect(201);
    let path = format!("/schedules/{}", text(&schedule["id"]));
    let changed = patch(&path, json!({ "amount": "7", "memo": "rent" })).await.expect(200);
    assert_eq!((&changed["amount"], &changed["memo"]), (&json!("7"), &json!("rent")));
    assert_eq!(patch(&path, json!({ "memo": null })).await.expect(200).get("memo"), None);
    patch(&path, json!({ "amount": "0" })).await.expect_broken("amount", "range");
    gateway.delete(&path).bearer(key).send().await.expect(200);
    patch(&path, json!({ "amount": "8" })).await.expect_problem(409, "conflict");
});

on_both_engines!(an_app_shows_itself_to_who_is_about_to_log_in, |gateway| {
    let tenant = gateway.tenant().await;
    let path = format!("/apps/{}", tenant.app);
    let body = json!({ "logo": "https://shop.example.org/logo.svg", "color": "#0B5FFF" });
    let call = gateway.call(reqwest::Method::PATCH, &path).bearer(&tenant.owner_token).json(&body);
    let app = call.send().await.expect(200);
    assert_eq!((&app["color"], &app["logo"]), (&json!("#0b5fff"), &body["logo"]));
    let shown = gateway.get(&format!("{path}/branding")).send().await.expect(200);
    assert_eq!(shown, json!({ "id": app["id"], "name": app["name"], "logo": app["logo"], "color": "#0b5fff" }),);
    let body = json!({ "color": "blue" });
    let call = gateway.call(reqwest::Method::PATCH, &path).bearer(&tenant.owner_token).json(&body);
    call.send().await.expect_broken("color", "format");
    let nobody = format!("/apps/app_{}/branding", "0".repeat(32));
    gateway.get(&nobody).send().await.expect_problem(404, "not_found");
});

on_both_engines!(an_apps_defaults_hold_for_what_is_made_from_then_on, |gateway| {
    let tenant = gateway.tenant().await;
    let token = gateway.token(&tenant.key).await;
    let path = format!("/apps/{}/defaults", tenant.app);
    let set = async |body: Value| {
        gateway.call(reqwest::Method::PUT, &path).bearer(&tenant.owner_token).json(&body).send().await
    };
    let before = gateway.get(&path).bearer(&tenant.owner_token).send().await.expect(200);
    assert_eq!(before, json!({ "tokenPolicy": "open", "profile": "private" }));
    let limit = json!({ "token": token, "amount": "100", "period": "day" });
    let body = json!({
        "tokenPolicy": "closed", "profile": "open",
        "walletPolicy": { "allow": [tenant.user], "limits": [limit], "signing": "messages" },
    });
    let after = set(body).await.expect(200);
    assert_eq!(gateway.get(&path).bearer(&tenant.owner_token).send().await.expect(200), after);
    let own = gateway.get(&format!("/users/{}", tenant.user)).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(after["walletPolicy"]["allow"], json!([own["wallet"]["address"]]));
    assert_eq!(own["profile"], "private", "he was there before");

    let made = gateway.user(&tenant.key, "new@example.org").await;
    assert_eq!(made["profile"], "open");
    let policy = format!("/users/{}/wallet/policy", text(&made["id"]));
    let policy = gateway.get(&policy).bearer(&tenant.key).send().await.expect(200);
    assert_eq!(policy["allow"], after["walletPolicy"]["allow"]);
    assert_eq!(policy["limits"], json!([{ "token": token, "amount": "100", "period": "day", "spent": "0" }]));
    assert_eq!(policy["signing"], "messages");
    // It is held against what he sends.
    let guarded = sqlx::query_as("SELECT guarded FROM wallets WHERE id = $1").bind(text(&made["wallet"]["id"]));
    let guarded: (i64,) = guarded.fetch_one(gateway.server().state().db.reader()).await.unwrap();
    assert_eq!(guarded, (1,));

    let body = json!({ "name": "Points", "symbol": "PTS", "decimals": 0 });
    let closed = gateway.post("/tokens").bearer(&tenant.key).once().json(&body).send().await.expect(202);
    assert_eq!(closed["policy"], "closed");
    let body = json!({ "name": "Points", "symbol": "PTS", "decimals": 0, "policy": "open" });
    let open = gateway.post("/tokens").bearer(&tenant.key).once().json(&body).send().await.expect(202);
    assert_eq!(open["policy"], "open");

    let foreign = gateway.tenant().await;
    let wrong = json!({ "walletPolicy": { "allow": [foreign.user] } });
    set(wrong).await.expect_broken("walletPolicy.allow[0]", "not_found");
    let wrong = json!({ "walletPolicy": { "limits": [{ "token": "tok_", "amount": "1", "period": "day" }] } });
    set(wrong).await.expect_broken("walletPolicy.limits[0].token", "format");
    assert_eq!(gateway.get(&path).bearer(&tenant.owner_token).send().await.expect(200), after);
});
