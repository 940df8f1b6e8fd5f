//! What a user's wallet may do: limits, an allow-list, signatures.

use super::{Shop, node_or_skip};
use crate::support::{Answer, text};
use alloy::dyn_abi::TypedData;
use alloy::primitives::{Address, Signature};
use reqwest::Method;
use serde_json::{Value, json};

impl Shop {
    async fn set_policy(&self, user: &Value, policy: &Value) -> Answer {
        let path = format!("/users/{}/wallet/policy", text(&user["id"]));
        self.gateway.call(Method::PUT, &path).bearer(&self.tenant.key).json(policy).send().await
    }

    async fn policy(&self, user: &Value) -> Value {
        let path = format!("/users/{}/wallet/policy", text(&user["id"]));
        self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200)
    }

    async fn pay(&self, from: &Value, to: &str, amount: u64) -> Answer {
        let body = json!({ "from": from["id"], "to": to, "amount": amount.to_string() });
        self.gateway.post(&self.path("/transfers")).bearer(&self.tenant.key).once().json(&body).send().await
    }

    async fn sign(&self, user: &Value, body: Value) -> Answer {
        let path = format!("/users/{}/wallet/signatures", text(&user["id"]));
        self.gateway.post(&path).bearer(&self.tenant.key).json(&body).send().await
    }

    /// A user with units that are in a block.
    async fn rich_user(&self, amount: u64) -> Value {
        let user = self.user().await;
        let moved = self.transfer(&json!({ "to": user["id"], "amount": amount.to_string() })).await;
        self.wait(&moved["operation"], "finalized").await;
        user
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_spends_what_its_policy_lets_it() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben, eve) = (shop.rich_user(1_000).await, shop.user().await, shop.user().await);
    let (ben_id, token) = (text(&ben["id"]), text(&shop.token["id"]));
    let limit = |amount: &str, period: &str| json!({ "token": token, "amount": amount, "period": period });
    for (policy, field, rule) in [
        (json!({ "limits": [limit("1", "day"), limit("2", "day")] }), "limits[1]", "duplicate"),
        (json!({ "limits": [{ "token": "tok_1", "amount": "1", "period": "day" }] }), "limits[0].token", "format"),
        (json!({ "allow": [ben_id, "usr_nobody"] }), "allow[1]", "format"),
        (json!({ "allow": [], "signing": "all" }), "signing", "range"),
    ] {
        shop.set_policy(&ana, &policy).await.expect_broken(field, rule);
    }
    let policy = json!({ "allow": [ben_id], "limits": [limit("100", "day"), limit("500", "week")] });
    shop.set_policy(&ana, &policy).await.expect(200);

    shop.pay(&ana, &text(&eve["id"]), 1).await.expect_problem(422, "wallet_policy_violated");
    // Many at once have no more than one after the other.
    let many = (0..20).map(|_| shop.pay(&ana, &ben_id, 10));
    let answers = futures::future::join_all(many).await;
    let accepted = answers.iter().filter(|answer| answer.status.as_u16() == 202).count();
    assert_eq!(accepted, 10, "{answers:?}");
    let refused = answers.into_iter().find(|answer| answer.status.as_u16() != 202).unwrap();
    let refused = refused.expect_problem(422, "wallet_policy_violated");
    assert!(text(&refused["detail"]).contains("100 a day: 100 spent, 10 asked for"), "{refused}");
    let used = shop.policy(&ana).await;
    assert_eq!((&used["limits"][0]["spent"], &used["limits"][1]["spent"]), (&json!("100"), &json!("100")), "{used}");

    // What was spent stays spent; in another token, and of who has no policy, nothing is counted.
    let policy = json!({ "allow": [ben_id, eve["wallet"]["address"]], "limits": [limit("150", "day")] });
    let used = shop.set_policy(&ana, &policy).await.expect(200);
    assert_eq!((used["limits"].as_array().unwrap().len(), &used["limits"][0]["spent"]), (1, &json!("100")), "{used}");
    let bulk = |amount: u64| {
        let entry = |to: &Value| json!({ "to": to["id"], "amount": amount.to_string() });
        json!({ "from": ana["id"], "transfers": [entry(&ben), entry(&eve)] })
    };
    for (amount, expected) in [(26, 422), (25, 202)] {
        let call = shop.gateway.post(&shop.path("/transfers/bulk")).bearer(&shop.tenant.key).once().json(&bulk(amount));
        assert_eq!(call.send().await.status.as_u16(), expected);
    }
    let burn = json!({ "from": ana["id"], "amount": "1" });
    let call = shop.gateway.post(&shop.path("/burn")).bearer(&shop.tenant.key).once().json(&burn);
    call.send().await.expect_problem(422, "wallet_policy_violated");
    shop.set_policy(&ana, &json!({})).await.expect(200);
    shop.pay(&ana, &text(&eve["id"]), 700).await.expect(202);
    shop.settle().await;
    assert_eq!(shop.balance(&text(&ana["id"])).await["confirmed"]["finalized"], "150");
}

const TYPED_DATA: &str = r#"{
    "types": {
        "EIP712Domain": [{ "name": "name", "type": "string" }, { "name": "chainId", "type": "uint256" }],
        "Order": [{ "name": "buyer", "type": "address" }, { "name": "amounts", "type": "uint256[]" }]
    },
    "primaryType": "Order",
    "domain": { "name": "Market", "chainId": 4269 },
    "message": { "buyer": "0x0101010101010101010101010101010101010101", "amounts": ["1", "2"] }
}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_signs_what_its_policy_lets_it() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let address: Address = text(&user["wallet"]["address"]).parse().unwrap();
    let typed: Value = serde_json::from_str(TYPED_DATA).unwrap();
    let message = json!({ "message": "Ahoy, ünïcode!" });
    shop.sign(&user, message.clone()).await.expect_problem(422, "wallet_policy_violated");

    shop.set_policy(&user, &json!({ "signing": "messages" })).await.expect(200);
    let signed = shop.sign(&user, message.clone()).await.expect(200);
    let signature: Signature = text(&signed["signature"]).parse().unwrap();
    assert_eq!(signature.recover_address_from_msg("Ahoy, ünïcode!").unwrap(), address);
    shop.sign(&user, json!({ "typedData": typed })).await.expect_problem(422, "wallet_policy_violated");

    shop.set_policy(&user, &json!({ "signing": "all" })).await.expect(200);
    let signed = shop.sign(&user, json!({ "typedData": typed })).await.expect(200);
    let hash = serde_json::from_value::<TypedData>(typed.clone()).unwrap().eip712_signing_hash().unwrap();
    assert_eq!(signed["hash"], hash.to_string());
    let signature: Signature = text(&signed["signature"]).parse().unwrap();
    assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), address);

    // Strangers write typed data, too.
    let with = |path: &[&str], value: Value| {
        let mut data = typed.clone();
        let mut at = &mut data;
        for key in path {
            at = &mut at[*key];
        }
        *at = value;
        json!({ "typedData": data })
    };
    let member = |kind: &str| json!([{ "name": "buyer", "type": kind }]);
    for body in [
        with(&["types", "Order"], member("Order")),
        with(&["types", "Order"], member("uint8[99999999999][99999999999]")),
        with(&["types", "Order"], member("nothing")),
        with(&["types", "Order"], json!("Order")),
        with(&["primaryType"], json!("Absent")),
        with(&["message"], json!({ "buyer": "0x01" })),
        with(&["message"], json!([1, 2])),
        json!({ "typedData": {} }),
    ] {
        let answer = shop.sign(&user, body.clone()).await;
        assert_eq!(answer.status.as_u16(), 422, "{body}: {}", answer.text);
    }
    shop.sign(&user, json!({})).await.expect_broken("message", "required");
    shop.sign(&user, json!({ "message": "a".repeat(10_001) })).await.expect_broken("message", "length");

    let path = format!("/users/{}/suspend", text(&user["id"]));
    shop.gateway.post(&path).bearer(&shop.tenant.key).once().send().await;
    shop.sign(&user, message).await.expect_problem(403, "user_suspended");
}
