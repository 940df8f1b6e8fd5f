//! Two tenants with something of everything.

use crate::support::{Gateway, Tenant, text, unique};
use serde_json::json;

/// Two tenants, and the things of the first.
pub(super) struct World {
    pub(super) ours: Tenant,
    pub(super) theirs: Tenant,
    pub(super) second_user: String,
    pub(super) second_email: String,
    pub(super) owner_email: String,
    pub(super) foreign_owner_email: String,
    pub(super) token: String,
    pub(super) collection: String,
    pub(super) item: String,
    /// Opened by the first user.
    pub(super) slot: String,
    pub(super) contract: String,
    pub(super) operation: String,
    /// Of the first user.
    pub(super) session: String,
    pub(super) doomed_user: String,
    pub(super) suspended_user: String,
    /// Of the first user.
    pub(super) wallet: String,
    pub(super) event: String,
    pub(super) webhook: String,
    pub(super) doomed_webhook: String,
    pub(super) job: String,
    pub(super) spare_key: String,
    /// A viewer of the first app.
    pub(super) member: String,
    /// Of the first user.
    pub(super) schedule: String,
    pub(super) refresh_tokens: std::sync::Mutex<Vec<String>>,
}

impl World {
    pub(super) async fn make(gateway: &Gateway) -> Self {
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

    pub(super) fn refresh_token(&self) -> String {
        self.refresh_tokens.lock().unwrap().pop().expect("enough refresh tokens")
    }

    /// The path with the first tenant's ids.
    pub(super) fn path(&self, pattern: &str) -> String {
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
pub(super) const NOBODY: &str = "http://127.0.0.1:9/";

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
