//! Who may do what, for every endpoint of the OpenAPI document, every kind of principal, and the own and a foreign
//! tenant. The document says who may call; this table says how to call. An endpoint without a line here fails the
//! test, and so does a line without an endpoint.

use crate::on_both_engines;
use crate::support::{Answer, Gateway, PASSWORD, Tenant, text, unique};
use hanse_gateway::api;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How to call an endpoint.
struct Line {
    /// A good body; `None` for endpoints without one.
    body: Option<fn(&World) -> Value>,
    /// What an authorised caller gets, beside 2xx: a user without units passes every check but the balance.
    also: &'static [&'static str],
    /// The endpoint shows or moves one user's things: another user of the same app gets nothing.
    personal: bool,
}

const READ: Line = Line { body: None, also: &[], personal: false };
const PERSONAL: Line = Line { body: None, also: &[], personal: true };

/// Needs what no node has told.
const NODELESS: Line = Line { body: None, also: &["unavailable", "not_found"], personal: false };

const fn write(body: fn(&World) -> Value) -> Line {
    Line { body: Some(body), also: &[], personal: false }
}

/// A call that comes to nothing in this world, behind every check of who may.
const fn refused(body: fn(&World) -> Value, also: &'static [&'static str]) -> Line {
    Line { body: Some(body), also, personal: false }
}

fn same_password(_: &World) -> Value {
    json!({ "password": PASSWORD, "currentPassword": PASSWORD })
}

/// An address that nobody has.
const NOBODYS: &str = "0x0101010101010101010101010101010101010101";

fn unsigned(_: &World) -> Value {
    json!({ "nonce": "0123456789abcdef", "signature": "0x" })
}

fn table() -> BTreeMap<&'static str, Line> {
    let spend = |body| Line { body: Some(body), also: &["insufficient_balance"], personal: false };
    BTreeMap::from([
        ("createOwner", write(|_| json!({ "email": format!("m{}@example.org", unique()), "password": PASSWORD }))),
        ("getMe", READ),
        ("createVerification", refused(|_| json!({ "email": "a@example.org" }), &["forbidden"])),
        ("confirmVerification", refused(|_| json!({ "token": format!("hm_{}", "a".repeat(43)) }), &["token_invalid"])),
        ("createPasswordReset", refused(|_| json!({ "email": "a@example.org" }), &["forbidden"])),
        (
            "confirmPasswordReset",
            refused(|_| json!({ "token": format!("hm_{}", "a".repeat(43)), "password": PASSWORD }), &["token_invalid"]),
        ),
        ("createTotp", write(|_| json!({ "currentPassword": PASSWORD }))),
        ("confirmTotp", refused(|_| json!({ "code": "000000" }), &["conflict", "credentials_invalid"])),
        ("disableTotp", refused(|_| json!({ "code": "000000" }), &["conflict"])),
        ("getUsage", READ),
        ("getIdentityProvider", Line { body: None, also: &["not_found"], personal: false }),
        (
            "setIdentityProvider",
            write(
                |_| json!({ "issuer": "https://a.example", "audience": "shop", "jwksUrl": "https://a.example/jwks" }),
            ),
        ),
        ("removeIdentityProvider", Line { body: None, also: &["not_found"], personal: false }),
        (
            "createIdentitySession",
            refused(|world| json!({ "app": world.ours.app, "idToken": "e30.e30.AAAA" }), &["credentials_invalid"]),
        ),
        ("listMembers", READ),
        ("addMember", refused(|_| json!({ "email": "nobody@example.org", "role": "viewer" }), &["validation_failed"])),
        ("updateMember", refused(|_| json!({ "role": "admin" }), &["not_found"])),
        ("removeMember", READ),
        ("listMyAudit", READ),
        ("listAppAudit", READ),
        (
            "createSession",
            write(|world| json!({ "email": world.ours.user_email, "password": PASSWORD, "app": world.ours.app })),
        ),
        ("refreshSession", write(|world| json!({ "refreshToken": world.refresh_token() }))),
        ("deleteSession", READ),
        (
            "createLoginChallenge",
            Line {
                body: Some(|world| json!({ "app": world.ours.app, "address": NOBODYS })),
                also: &["conflict"],
                personal: false,
            },
        ),
        ("createWalletSession", Line { body: Some(unsigned), also: &["credentials_invalid"], personal: false }),
        (
            "createLinkChallenge",
            Line { body: Some(|_| json!({ "address": NOBODYS })), also: &["conflict"], personal: true },
        ),
        ("linkWallet", Line { body: Some(unsigned), also: &["credentials_invalid"], personal: true }),
        ("listUserWallets", PERSONAL),
        ("unlinkWallet", Line { body: None, also: &["not_found"], personal: true }),
        ("getWalletPolicy", PERSONAL),
        ("setWalletPolicy", write(|_| json!({ "signing": "messages" }))),
        (
            "createWalletSignature",
            Line { body: Some(|_| json!({ "message": "hello" })), also: &["wallet_policy_violated"], personal: true },
        ),
        ("exportWallet", refused(|_| json!({ "code": "123456", "passphrase": PASSWORD }), &["second_factor_required"])),
        ("createApp", write(|_| json!({ "name": "Another" }))),
        ("listApps", READ),
        ("getApp", READ),
        ("updateApp", write(|_| json!({ "description": "Bread" }))),
        ("rotateKey", Line { body: Some(|_| json!({})), also: &["conflict"], personal: false }),
        ("createKey", write(|_| json!({ "name": "another" }))),
        ("listKeys", READ),
        ("getKey", READ),
        ("deleteKey", READ),
        ("createUser", write(|_| json!({ "externalId": format!("m{}", unique()) }))),
        ("listUsers", READ),
        ("getUser", PERSONAL),
        ("getMyself", READ),
        ("getUserStatistics", PERSONAL),
        ("updateUser", Line { body: Some(|_| json!({ "displayName": "M" })), also: &[], personal: true }),
        ("suspendUser", READ),
        ("activateUser", READ),
        ("eraseUser", READ),
        ("exportUser", PERSONAL),
        // The app's people close the user's sessions by it, before it is his turn.
        ("setUserPassword", Line { body: Some(same_password), also: &["token_invalid"], personal: true }),
        ("setMyPassword", write(same_password)),
        ("listSessions", READ),
        ("closeSession", Line { body: None, also: &["not_found"], personal: true }),
        ("listUserBalances", PERSONAL),
        ("listUserTransactions", PERSONAL),
        ("createToken", write(|_| json!({ "name": "T", "symbol": "T", "decimals": 0 }))),
        ("listTokens", READ),
        ("getToken", READ),
        ("mintToken", write(|world| json!({ "to": world.ours.user, "amount": "1" }))),
        ("burnToken", spend(|_| json!({ "amount": "1" }))),
        ("createTransfer", spend(|world| json!({ "to": world.second_user, "amount": "1" }))),
        ("createBulkTransfer", spend(|world| json!({ "transfers": [{ "to": world.second_user, "amount": "1" }] }))),
        (
            "createTransfersJob",
            Line {
                body: Some(|world| json!({ "transfers": [{ "to": world.second_user, "amount": "1" }] })),
                also: &["insufficient_balance", "conflict"],
                personal: false,
            },
        ),
        ("createUsersJob", Line { body: Some(|_| json!({ "users": [{}] })), also: &["conflict"], personal: false }),
        ("listJobs", READ),
        ("getJob", READ),
        ("listJobLines", READ),
        ("cancelJob", READ),
        (
            "createSchedule",
            // The token stands in the body: for another app there is none.
            refused(
                |world| json!({ "token": world.token, "to": world.second_user, "amount": "1", "startAt": "2030-01-01T00:00:00Z" }),
                &["validation_failed"],
            ),
        ),
        ("listSchedules", READ),
        ("getSchedule", PERSONAL),
        ("cancelSchedule", PERSONAL),
        ("listEvents", READ),
        ("getEvent", PERSONAL),
        ("streamEvents", READ),
        ("openEventSocket", Line { body: None, also: &["upgrade_required"], personal: false }),
        ("createWebhook", write(|_| json!({ "url": NOBODY }))),
        ("listWebhooks", READ),
        ("getWebhook", READ),
        ("updateWebhook", write(|_| json!({ "description": "ours" }))),
        ("deleteWebhook", Line { body: None, also: &["not_found"], personal: false }),
        ("rotateWebhookSecret", write(|_| json!({}))),
        ("testWebhook", READ),
        ("replayWebhook", write(|_| json!({ "since": "2026-01-01T00:00:00Z" }))),
        ("listWebhookDeliveries", READ),
        (
            "createCollection",
            write(
                |_| json!({ "standard": "erc721", "name": "Harbour", "symbol": "HARB", "uri": "https://example.org/c" }),
            ),
        ),
        ("listCollections", READ),
        ("getCollection", READ),
        ("pauseCollection", READ),
        ("unpauseCollection", READ),
        ("createItem", write(|_| json!({ "name": "Medal", "uri": "ipfs://medal" }))),
        ("listItems", READ),
        ("getItem", READ),
        ("mintItem", write(|world| json!({ "mints": [{ "to": world.ours.user, "amount": "1" }] }))),
        ("transferItem", spend(|world| json!({ "to": world.second_user }))),
        ("burnItem", spend(|_| json!({}))),
        ("listItemHolders", READ),
        ("listItemTransactions", READ),
        ("listUserItems", PERSONAL),
        ("openSlot", spend(|world| json!({ "currency": world.token, "price": "1" }))),
        ("listSlots", READ),
        ("getSlot", READ),
        ("buyItem", refused(|_| json!({}), &["ledger_rule_violated"])),
        ("closeSlot", PERSONAL),
        ("listSales", READ),
        ("registerContract", write(|_| json!({ "name": "C", "address": format!("0x{:040x}", unique()), "abi": [] }))),
        ("deployContract", write(|_| json!({ "name": "C", "abi": [], "bytecode": "0x00" }))),
        ("listContracts", READ),
        ("getContract", READ),
        ("readContract", Line { body: Some(|_| json!({ "function": "f" })), also: &["unavailable"], personal: false }),
        ("writeContract", write(|_| json!({ "function": "g" }))),
        ("listContractEvents", READ),
        ("pauseToken", READ),
        ("unpauseToken", READ),
        ("freezeAccount", write(|world| json!({ "account": world.second_user }))),
        ("unfreezeAccount", write(|world| json!({ "account": world.second_user }))),
        ("listHolders", READ),
        ("getStatement", READ),
        ("listTokenTransactions", READ),
        ("getBalance", PERSONAL),
        ("listOperations", READ),
        ("getOperation", PERSONAL),
        ("getOperationProof", Line { body: None, also: &["conflict"], personal: true }),
        ("getChainSummary", READ),
        ("getChainStatistics", READ),
        ("searchChain", READ),
        ("listBlocks", READ),
        ("getBlock", NODELESS),
        ("listChainTransactions", READ),
        ("getChainTransaction", NODELESS),
        ("listInternalCalls", NODELESS),
        ("getAddress", NODELESS),
        ("listChainTokens", READ),
        ("getNetwork", Line { body: None, also: &["unavailable"], personal: false }),
        ("getLive", READ),
        ("getReady", READ),
    ])
}

/// Two tenants, and the things of the first.
struct World {
    ours: Tenant,
    theirs: Tenant,
    second_user: String,
    second_email: String,
    owner_email: String,
    foreign_owner_email: String,
    token: String,
    collection: String,
    item: String,
    /// Opened by the first user.
    slot: String,
    contract: String,
    operation: String,
    /// Of the first user.
    session: String,
    doomed_user: String,
    suspended_user: String,
    /// Of the first user.
    wallet: String,
    event: String,
    webhook: String,
    doomed_webhook: String,
    job: String,
    spare_key: String,
    /// A viewer of the first app.
    member: String,
    /// Of the first user.
    schedule: String,
    refresh_tokens: std::sync::Mutex<Vec<String>>,
}

impl World {
    async fn make(gateway: &Gateway) -> Self {
        let (ours, theirs) = (gateway.tenant().await, gateway.tenant().await);
        let email = format!("second{}@example.org", unique());
        let second_user = text(&gateway.user(&ours.key, &email).await["id"]);
        let token = gateway.token(&ours.key).await;
        let body = json!({ "standard": "erc1155", "name": "Medals", "symbol": "MDL" });
        let made = gateway.post("/collections").bearer(&ours.key).once().json(&body).send().await.expect(202);
        let collection = text(&made["id"]);
        let call = gateway.post(&format!("/collections/{collection}/items")).bearer(&ours.key).once();
        let item = text(&call.json(&json!({ "name": "Medal" })).send().await.expect(202)["id"]);
        let slot = slot_of(gateway, &ours, &item).await;
        let function = |name: &str, kind: &str| json!({ "type": "function", "name": name, "stateMutability": kind, "inputs": [], "outputs": [] });
        let abi = json!([function("f", "view"), function("g", "nonpayable")]);
        let body = json!({ "name": "Contract", "address": format!("0x{:040x}", unique()), "abi": abi });
        let made = gateway.post("/contracts").bearer(&ours.key).json(&body).send().await.expect(201);
        let contract = text(&made["id"]);
        // An operation that the first user asked for: minted to itself, then sent.
        let path = format!("/tokens/{token}/transfers");
        let body = json!({ "to": ours.user, "amount": "10" });
        let moved = gateway.post(&path).bearer(&ours.key).once().json(&body).send().await.expect(202);
        let made = gateway.post(&format!("/apps/{}/keys", ours.app)).bearer(&ours.owner_token);
        let spare_key = text(&made.json(&json!({ "name": "spare" })).send().await.expect(201)["id"]);
        let body = json!({ "token": token, "to": second_user, "amount": "1", "startAt": "2030-01-01T00:00:00Z" });
        let call = gateway.post("/schedules").bearer(&ours.user_token).once().json(&body);
        let schedule = text(&call.send().await.expect(201)["id"]);
        let member_email = format!("member{}@example.org", unique());
        let member = text(&gateway.owner(&member_email).await["principal"]);
        let call = gateway.post(&format!("/apps/{}/members", ours.app)).bearer(&ours.owner_token);
        call.json(&json!({ "email": member_email, "role": "viewer" })).send().await.expect(201);
        let call = gateway.post("/users/jobs").bearer(&ours.key).once().json(&json!({ "users": [{}] }));
        let job = text(&call.send().await.expect(202)["id"]);
        let (mut webhook, mut doomed_webhook) = (String::new(), String::new());
        for id in [&mut webhook, &mut doomed_webhook] {
            let call = gateway.post("/webhooks").bearer(&ours.key).json(&json!({ "url": NOBODY }));
            *id = text(&call.send().await.expect(201)["id"]);
        }
        let event = event_about(gateway, &ours).await;
        let (mut doomed_user, mut suspended_user) = (String::new(), String::new());
        for id in [&mut doomed_user, &mut suspended_user] {
            *id = text(&gateway.user(&ours.key, &format!("doomed{}@example.org", unique())).await["id"]);
        }
        let sessions = gateway.get("/sessions").bearer(&ours.user_token).send().await.expect(200);
        let session = text(&sessions["items"][0]["id"]);
        let user = gateway.get(&format!("/users/{}", ours.user)).bearer(&ours.key).send().await.expect(200);
        let mut refresh_tokens = Vec::new();
        for _ in 0..16 {
            refresh_tokens.push(text(&gateway.login(&ours.user_email, Some(&ours.app)).await["refreshToken"]));
        }
        let me = async |token: &str| gateway.get("/owners/me").bearer(token).send().await.expect(200);
        Self {
            owner_email: text(&me(&ours.owner_token).await["email"]),
            foreign_owner_email: text(&me(&theirs.owner_token).await["email"]),
            second_user,
            second_email: email,
            token,
            collection,
            item,
            slot,
            contract,
            operation: text(&moved["operation"]["id"]),
            session,
            doomed_user,
            suspended_user,
            wallet: text(&user["wallet"]["id"]),
            event,
            webhook,
            job,
            doomed_webhook,
            spare_key,
            member,
            schedule,
            refresh_tokens: std::sync::Mutex::new(refresh_tokens),
            ours,
            theirs,
        }
    }

    fn refresh_token(&self) -> String {
        self.refresh_tokens.lock().unwrap().pop().expect("enough refresh tokens")
    }

    /// The path with the first tenant's ids.
    fn path(&self, pattern: &str) -> String {
        let mut path = pattern.to_owned();
        for (name, id) in [
            ("{app}", &self.ours.app),
            ("{key}", &self.spare_key),
            ("{member}", &self.member),
            ("{schedule}", &self.schedule),
            ("{user}", &self.ours.user),
            ("{wallet}", &self.wallet),
            ("{holder}", &self.ours.user),
            ("{token}", &self.token),
            ("{collection}", &self.collection),
            ("{item}", &self.item),
            ("{slot}", &self.slot),
            ("{contract}", &self.contract),
            ("{operation}", &self.operation),
            ("{session}", &self.session),
            ("{event}", &self.event),
            ("{webhook}", &self.webhook),
            ("{job}", &self.job),
            ("{block}", &"0".to_owned()),
            ("{hash}", &format!("0x{}", "01".repeat(32))),
            ("{address}", &format!("0x{}", "01".repeat(20))),
        ] {
            path = path.replace(name, id);
        }
        assert!(!path.contains('{'), "{pattern}: a parameter that this test doesn't know");
        path
    }
}

/// Port 9 (discard): nobody answers.
const NOBODY: &str = "http://127.0.0.1:9/";

/// An event about the tenant's user, as the ledger writes one; there is no chain behind this gateway.
async fn event_about(gateway: &Gateway, tenant: &Tenant) -> String {
    let id = format!("evt_{:032x}", unique());
    let sql = "INSERT INTO events (sequence, id, app_id, type, user_id, data, created_at_ms) \
               VALUES ($1, $2, $3, 'operation.included', $4, $5, $6)";
    sqlx::query(sql)
        .bind(i64::try_from(unique()).unwrap())
        .bind(&id)
        .bind(&tenant.app)
        .bind(&tenant.user)
        .bind(json!({ "id": "op_1", "user": tenant.user }).to_string())
        .bind(1_795_344_840_123_i64)
        .execute(gateway.server().state().db.writer())
        .await
        .unwrap();
    id
}

/// A slot of the tenant's user, as the ledger writes one that was opened without the gateway.
async fn slot_of(gateway: &Gateway, tenant: &Tenant, item: &str) -> String {
    let id = format!("slt_{:032x}", unique());
    let sql = "INSERT INTO slots (id, app_id, item_id, contract, name, seller, currency, price, shares, amount, \
               operation_id, created_at_ms) SELECT $1, u.app_id, c.id, c.address, $2, w.address, t.address, '1', '[]', '1', \
               '', 0 FROM users u JOIN wallets w ON w.id = u.wallet_id JOIN tokens c ON c.id = $3 \
               JOIN tokens t ON t.app_id = u.app_id AND t.standard = 'erc20' WHERE u.id = $4";
    let inserted = sqlx::query(sql)
        .bind(&id)
        .bind(format!("0x{:064x}", unique()))
        .bind(item)
        .bind(&tenant.user)
        .execute(gateway.server().state().db.writer())
        .await
        .unwrap();
    assert_eq!(inserted.rows_affected(), 1);
    id
}

/// One endpoint of the document.
struct Endpoint {
    id: String,
    method: Method,
    pattern: String,
    /// `owner`, `serverKey`, `user`; empty for everybody.
    principals: Vec<String>,
    names_app: bool,
}

impl Endpoint {
    fn all() -> Vec<Self> {
        let document: Value = serde_json::from_str(&api::document_json().unwrap()).unwrap();
        let mut all = Vec::new();
        for (pattern, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schemes = operation["security"].as_array().into_iter().flatten();
                let named = |p: &Value| p["name"] == "Hanse-App";
                all.push(Self {
                    id: text(&operation["operationId"]),
                    method: method.to_uppercase().parse().unwrap(),
                    pattern: pattern.clone(),
                    principals: schemes.flat_map(|scheme| scheme.as_object().unwrap().keys().cloned()).collect(),
                    names_app: operation["parameters"].as_array().is_some_and(|all| all.iter().any(named)),
                });
            }
        }
        all
    }

    fn admits(&self, kind: &str) -> bool {
        self.principals.is_empty() || self.principals.iter().any(|principal| principal == kind)
    }

    /// Whether it is about one thing of a tenant. What is on the chain is everybody's.
    fn names_a_thing(&self) -> bool {
        self.pattern.contains('{') && !self.pattern.starts_with("/api/v1/explorer/")
    }

    async fn call(
        &self,
        gateway: &Gateway,
        world: &World,
        line: &Line,
        token: Option<&str>,
        app: Option<&str>,
    ) -> Answer {
        let pattern = match self.id.as_str() {
            "suspendUser" | "activateUser" => self.pattern.replace("{user}", &world.suspended_user),
            "eraseUser" => self.pattern.replace("{user}", &world.doomed_user),
            "deleteWebhook" => self.pattern.replace("{webhook}", &world.doomed_webhook),
            "searchChain" => format!("{}?q=eur", self.pattern),
            _ => self.pattern.clone(),
        };
        let mut call = gateway.call(self.method.clone(), &world.path(&pattern)).once();
        if let Some(token) = token {
            call = call.bearer(token);
        }
        if let Some(app) = app {
            call = call.app(app);
        }
        if let Some(body) = line.body {
            call = call.json(&body(world));
        }
        call.send().await
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Served,
    Status(u16),
    /// 403 or 404: nothing is served.
    Hidden,
}

#[test]
fn the_table_covers_the_document() {
    let table = table();
    let endpoints = Endpoint::all();
    let unknown: Vec<_> = endpoints.iter().map(|e| e.id.as_str()).filter(|id| !table.contains_key(id)).collect();
    assert!(unknown.is_empty(), "endpoints without a line in this test: {unknown:?}");
    let gone: Vec<_> = table.keys().filter(|id| !endpoints.iter().any(|e| e.id == **id)).collect();
    assert!(gone.is_empty(), "lines without an endpoint: {gone:?}");
}

on_both_engines!(every_endpoint_for_every_principal_of_both_tenants, |gateway| {
    let world = World::make(&gateway).await;
    let table = table();
    let mut failures = Vec::new();
    let mut cells = 0;
    for endpoint in Endpoint::all() {
        let line = &table[endpoint.id.as_str()];
        for (who, kind, tenant, token) in callers(&gateway, &world).await {
            // An owner names the app it means; both the own app and the first tenant's are tried.
            let apps: Vec<Option<&str>> = match (kind, endpoint.names_app) {
                ("owner", true) => vec![Some(&world.ours.app)],
                ("none", _) | (_, false) => vec![None],
                _ => vec![None, Some(&world.ours.app)],
            };
            for app in apps {
                cells += 1;
                let expected = expected(&endpoint, line, who, kind, tenant, app.is_some());
                let answer = endpoint.call(&gateway, &world, line, token.as_deref(), app).await;
                // What is open to all says who logs in, whoever asks.
                let tenant = if endpoint.principals.is_empty() { "none" } else { tenant };
                // Of himself he reads whatever he has tried, with whosever ids.
                let tenant = if endpoint.id == "listMyAudit" { "ours" } else { tenant };
                if let Some(fault) = judge(expected, line, tenant, &world, &answer) {
                    failures.push(format!("{} as {who} (Hanse-App {}): {fault}", endpoint.id, app.is_some()));
                }
            }
        }
    }
    assert!(cells > 200, "only {cells} cells");
    assert!(failures.is_empty(), "{} of {cells} cells are wrong:\n{}", failures.len(), failures.join("\n"));
});

/// Fresh tokens each time: some endpoints end a session.
async fn callers(gateway: &Gateway, world: &World) -> Vec<(&'static str, &'static str, &'static str, Option<String>)> {
    let login = |email: String, app: Option<String>| async move {
        Some(text(&gateway.login(&email, app.as_deref()).await["accessToken"]))
    };
    vec![
        ("nobody", "none", "none", None),
        ("a forger", "none", "none", Some("eyJhbGciOiJFZERTQSJ9.e30.AAAA".to_owned())),
        ("the owner", "owner", "ours", login(world.owner_email.clone(), None).await),
        ("the server", "serverKey", "ours", Some(world.ours.key.clone())),
        ("the user", "user", "ours", login(world.ours.user_email.clone(), Some(world.ours.app.clone())).await),
        ("another user", "user", "ours", login(world.second_email.clone(), Some(world.ours.app.clone())).await),
        ("a foreign owner", "owner", "theirs", login(world.foreign_owner_email.clone(), None).await),
        ("a foreign server", "serverKey", "theirs", Some(world.theirs.key.clone())),
        (
            "a foreign user",
            "user",
            "theirs",
            login(world.theirs.user_email.clone(), Some(world.theirs.app.clone())).await,
        ),
    ]
}

fn expected(endpoint: &Endpoint, line: &Line, who: &str, kind: &str, tenant: &str, app_named: bool) -> Expected {
    if endpoint.principals.is_empty() {
        return Expected::Served;
    }
    if kind == "none" {
        return Expected::Status(401);
    }
    if tenant == "theirs" && app_named {
        return Expected::Status(404);
    }
    if !endpoint.admits(kind) {
        return Expected::Status(403);
    }
    if tenant == "theirs" && endpoint.names_a_thing() {
        // A foreign user is refused by whose it is or by where it is; a foreign app only by where it is.
        return if kind == "user" { Expected::Hidden } else { Expected::Status(404) };
    }
    // The shared token is everybody's in the app, the operation is the server's.
    let someone_elses = match endpoint.id.as_str() {
        "getOperation" | "getOperationProof" => kind == "user",
        _ => line.personal && who == "another user",
    };
    if someone_elses { Expected::Hidden } else { Expected::Served }
}

fn judge(expected: Expected, line: &Line, tenant: &str, world: &World, answer: &Answer) -> Option<String> {
    let status = answer.status.as_u16();
    let code = answer.body["code"].as_str().unwrap_or_default();
    let right = match expected {
        Expected::Served => answer.status.is_success() || line.also.contains(&code),
        Expected::Status(wanted) => status == wanted,
        Expected::Hidden => matches!(status, 403 | 404),
    };
    if !right {
        return Some(format!("expected {expected:?}, got {status} {}", answer.text));
    }
    let ours = [
        &world.ours.app,
        &world.ours.user,
        &world.token,
        &world.operation,
        &world.spare_key,
        &world.webhook,
        &world.event,
        &world.job,
        &world.schedule,
    ];
    if tenant == "theirs" && ours.iter().any(|id| answer.text.contains(id.as_str())) {
        return Some(format!("shows a foreign tenant's id: {}", answer.text));
    }
    None
}
