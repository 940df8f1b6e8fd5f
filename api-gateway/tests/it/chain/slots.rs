//! Items for sale: opened, bought, taken back, through REST and past it.

use super::collections::{address, ask};
use super::{Shop, node_or_skip};
use crate::support::text;
use alloy::primitives::{B256, U256};
use alloy::sol_types::SolCall;
use hanse_gateway::ledger::contracts::abi::{ICollection721, ISaleSlots};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_pays_everybody_and_moves_the_item() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben, charity) = (shop.user().await, shop.user().await, shop.user().await);
    let collection = shop.collection("erc1155").await;
    let item = shop.item(&collection, json!({ "name": "Print" })).await;
    let of_item = |rest: &str| format!("/items/{}{rest}", text(&item["id"]));
    shop.done(&of_item("/mint"), json!({ "mints": [{ "to": ana["id"], "amount": "5" }] })).await;
    let funding = json!({ "to": ben["id"], "amount": "1000" });
    shop.done(&format!("/tokens/{}/transfers", text(&shop.token["id"])), funding).await;

    let offer = json!({
        "from": ana["id"], "amount": "3", "currency": shop.token["id"], "price": "99",
        "shares": [{ "to": charity["id"], "basisPoints": 1000 }],
    });
    let opened = shop.write(&of_item("/slots"), offer).await;
    assert_eq!(
        (&opened["status"], &opened["left"], &opened["operation"]["kind"]),
        (&json!("pending"), &json!("0"), &json!("openSlot"))
    );
    shop.wait(&opened["operation"], "finalized").await;
    let path = format!("/slots/{}", text(&opened["id"]));
    let slot = shop.read(&path).await;
    assert_eq!(
        (&slot["status"], &slot["left"], &slot["seller"]),
        (&json!("open"), &json!("3"), &ana["wallet"]["address"])
    );
    // The chain knows it by the same name.
    let name: B256 = text(&slot["name"]).parse().unwrap();
    let known = ask(&node, &collection["address"], &ISaleSlots::slotInfoCall { slot: name }).await;
    assert_eq!((known.left, known.terms.price), (U256::from(3), U256::from(99)));

    let bought = shop.write(&format!("{path}/buy"), json!({ "from": ben["id"], "amount": "2" })).await;
    assert_eq!(bought["operation"]["kind"], "buyItem");
    let balance = async |user: &Value| {
        let balances = shop.read(&format!("/users/{}/balances", text(&user["id"]))).await;
        text(&balances["items"][0]["available"])
    };
    // Before any block: what is paid is gone.
    assert_eq!(balance(&ben).await, "802");
    shop.wait(&bought["operation"], "finalized").await;
    // 198: of it 2.5 % royalty, 10 % for charity, and the rest.
    assert_eq!(
        (balance(&ben).await, balance(&charity).await, balance(&ana).await),
        ("802".into(), "19".into(), "175".into())
    );
    let sales = shop.read(&format!("{path}/sales")).await;
    assert_eq!(
        (&sales["items"][0]["buyer"], &sales["items"][0]["payment"]),
        (&ben["wallet"]["address"], &json!("198"))
    );

    // More than is left; then the last one, for whom there is money.
    let call = shop.gateway.post(&format!("{path}/buy")).bearer(&shop.tenant.key).once();
    let refused = call.json(&json!({ "from": ben["id"], "amount": "2" })).send().await.expect(422);
    assert_eq!(refused["code"], "ledger_rule_violated", "{refused}");
    let call = shop.gateway.post(&format!("{path}/buy")).bearer(&shop.tenant.key).once();
    let refused = call.json(&json!({ "from": charity["id"] })).send().await.expect(422);
    assert_eq!(refused["code"], "insufficient_balance", "{refused}");
    let key = "the-last-one";
    let buy = || {
        let call = shop.gateway.post(&format!("{path}/buy")).bearer(&shop.tenant.key).key(key);
        call.json(&json!({ "from": ben["id"] })).send()
    };
    let last = buy().await.expect(202);
    shop.wait(&last["operation"], "finalized").await;
    assert_eq!(shop.read(&path).await["status"], "sold");
    // A repeat is answered as the first, sold out or not.
    assert_eq!(buy().await.expect(202)["operation"]["id"], last["operation"]["id"]);
    let closing = shop.gateway.post(&format!("{path}/close")).bearer(&shop.tenant.key).once().send().await.expect(202);
    let failed = shop.wait_for(text(&closing["id"]), "failed".into()).await;
    assert_eq!(failed["error"]["code"], "slot_not_found");

    let numbers = shop.read(&format!("/users/{}/statistics", text(&ben["id"]))).await;
    assert_eq!(
        (&numbers["kinds"], &numbers["items"], &numbers["tokens"]),
        (&json!({ "buyItem": 2 }), &json!(1), &json!(1))
    );
    // Twice royalty, charity and seller; the last price's royalty is two units, its share nine.
    assert_eq!((&numbers["outgoing"], &numbers["incoming"], &numbers["operations"]), (&json!(6), &json!(3), &json!(2)));

    let again = json!({ "from": ana["id"], "currency": shop.token["id"], "price": "1" });
    let opened = shop.write(&of_item("/slots"), again).await;
    shop.wait(&opened["operation"], "finalized").await;
    let listed = async |status: &str| {
        let page = shop.read(&format!("/slots?item={}&status={status}", text(&item["id"]))).await;
        page["items"].as_array().unwrap().iter().map(|slot| text(&slot["id"])).collect::<Vec<_>>()
    };
    assert_eq!((listed("open").await, listed("sold").await), (vec![text(&opened["id"])], vec![text(&slot["id"])]));
    let closing = shop.gateway.post(&format!("/slots/{}/close", text(&opened["id"]))).bearer(&shop.tenant.key).once();
    let closed = closing.send().await.expect(202);
    shop.wait(&closed, "finalized").await;
    assert_eq!(listed("closed").await, [text(&opened["id"])]);
    let held = shop.read(&format!("/users/{}/items", text(&ana["id"]))).await;
    assert_eq!(held["items"][0]["balance"]["available"], "2");
    shop.settle().await;
    assert_eq!(shop.network().await["mismatches"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_was_opened_past_the_gateway_is_for_sale_too() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let collection = shop.collection("erc721").await;
    let accounts = node.rpc("eth_accounts", json!([])).await;
    let outside = &accounts[0];
    let item = shop.item(&collection, json!({ "name": "Map", "number": "3", "to": outside })).await;
    let call = ISaleSlots::openSlotCall {
        id: U256::from(3),
        amount: U256::from(1),
        currency: address(&shop.token["address"]),
        price: U256::from(40),
        shares: Vec::new(),
        salt: B256::ZERO,
    };
    let input = alloy::hex::encode_prefixed(call.abi_encode());
    let request = json!({ "from": outside, "to": collection["address"], "input": input, "gas": "0x7a120" });
    node.rpc("eth_sendTransaction", json!([request])).await;
    let mut slots = json!([]);
    while slots == json!([]) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        slots = shop.read(&format!("/slots?item={}", text(&item["id"]))).await["items"].clone();
    }
    let slot = &slots[0];
    assert_eq!(
        (&slot["status"], &slot["currency"], &slot["operationId"]),
        (&json!("open"), &shop.token["id"], &Value::Null)
    );
    let buyer = shop.user().await;
    let funding = json!({ "to": buyer["id"], "amount": "40" });
    shop.done(&format!("/tokens/{}/transfers", text(&shop.token["id"])), funding).await;
    let moved = shop.done(&format!("/slots/{}/buy", text(&slot["id"])), json!({ "from": buyer["id"] })).await;
    assert_eq!(moved["error"], Value::Null);
    let owner = ask(&node, &collection["address"], &ICollection721::ownerOfCall { tokenId: U256::from(3) }).await;
    assert_eq!(owner, address(&buyer["wallet"]["address"]));
    shop.settle().await;
    assert_eq!(shop.network().await["mismatches"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_have_rules() {
    let node = node_or_skip!();
    let shop = Shop::accepted(&node, "open").await;
    let collection = shop.collection("erc721").await;
    let user = shop.user().await;
    let item = shop.item(&collection, json!({ "name": "Map", "to": user["id"] })).await;
    let offer = |change: &dyn Fn(&mut Value)| {
        let mut offer = json!({ "from": user["id"], "currency": shop.token["id"], "price": "5", "shares": [] });
        change(&mut offer);
        offer
    };
    let path = format!("/items/{}/slots", text(&item["id"]));
    let share = |points: u32| json!({ "to": user["id"], "basisPoints": points });
    for (body, expected) in [
        (offer(&|offer| offer["amount"] = "2".into()), "amount range"),
        (offer(&|offer| offer["currency"] = collection["id"].clone()), "currency not_found"),
        (offer(&|offer| offer["shares"] = json!([share(0)])), "shares[0].basisPoints range"),
        // With the royalty of 250 it is more than the whole.
        (offer(&|offer| offer["shares"] = json!([share(9_751)])), "shares range"),
        (offer(&|offer| offer["shares"] = json!(vec![share(1); 11])), "shares length"),
    ] {
        let call = shop.gateway.post(&path).bearer(&shop.tenant.key).once().json(&body);
        let refused = call.send().await.expect(422);
        let fault = &refused["errors"][0];
        assert_eq!(format!("{} {}", text(&fault["field"]), text(&fault["rule"])), expected, "{body}");
    }
    // Nobody sells what he hasn't.
    let call = shop.gateway.post(&path).bearer(&shop.tenant.key).once();
    let refused = call.json(&offer(&|offer| drop(offer.as_object_mut().unwrap().remove("from")))).send().await;
    assert_eq!(refused.expect(422)["code"], "insufficient_balance");
}
