//! The explorer says what the node says, whoever sent the transactions and whenever the gateway began to look.

use super::{Node, Shop, node_or_skip};
use crate::support::{text, unique};
use serde_json::{Value, json};
use std::time::Duration;

/// Reverts whatever it is asked: `PUSH1 0 PUSH1 0 REVERT`, and what deploys it.
const REVERTS: &str = "0x6460006000fd6000526005601bf3";

/// As a decimal number.
fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

impl Shop {
    async fn explore(&self, path: &str) -> Value {
        self.gateway.get(&format!("/explorer{path}")).bearer(&self.tenant.key).send().await.expect(200)
    }

    /// All pages of a list.
    async fn explore_all(&self, path: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = self.explore(&format!("{path}{separator}limit=7{cursor}")).await;
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}

/// Waits for the whole history and compares every block and transaction with the node's.
pub(super) async fn agrees(shop: &Shop, node: &Node) {
    let mut summary = Value::Null;
    for _ in 0..600 {
        summary = shop.explore("/summary").await;
        if summary["completeFrom"] == 0
            && summary["bestNumber"] == number(&node.rpc("eth_blockNumber", json!([])).await)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(summary["completeFrom"], 0, "the whole chain is there: {summary}");
    let blocks = shop.explore_all("/blocks").await;
    let transactions = shop.explore_all("/transactions").await;
    assert_eq!(summary["blocks"], blocks.len(), "{summary}");
    assert_eq!(summary["transactions"], transactions.len(), "{summary}");
    let mut seen = 0;
    for (distance, block) in blocks.iter().rev().enumerate() {
        let theirs = node.rpc("eth_getBlockByNumber", json!([format!("{distance:#x}"), true])).await;
        for (ours, name) in
            [("number", "number"), ("gasUsed", "gasUsed"), ("gasLimit", "gasLimit"), ("sizeBytes", "size")]
        {
            assert_eq!(block[ours], number(&theirs[name]), "{ours} of {block}");
        }
        for (ours, name) in [("hash", "hash"), ("parentHash", "parentHash"), ("author", "miner")] {
            assert_eq!(block[ours], theirs[name], "{ours} of {block}");
        }
        let bodies = theirs["transactions"].as_array().unwrap();
        assert_eq!(block["transactionCount"], bodies.len());
        for body in bodies {
            let receipt = node.rpc("eth_getTransactionReceipt", json!([body["hash"]])).await;
            let ours = &transactions.iter().find(|one| one["hash"] == body["hash"]).expect("every transaction");
            let to = if body["to"].is_null() { &receipt["contractAddress"] } else { &body["to"] };
            assert_eq!((&ours["from"], &ours["to"]), (&body["from"], to));
            assert_eq!(
                (&ours["blockHash"], &ours["index"]),
                (&theirs["hash"], &json!(number(&body["transactionIndex"])))
            );
            assert_eq!(ours["succeeded"], receipt["status"] == "0x1");
            assert_eq!(ours["gasUsed"], number(&receipt["gasUsed"]));
            assert_eq!(ours["logCount"], receipt["logs"].as_array().unwrap().len());
            assert_eq!(ours["type"], number(&body["type"]));
            assert_eq!(ours["nonce"], number(&body["nonce"]));
            seen += 1;
        }
    }
    assert_eq!(seen, transactions.len(), "and no other");
}

/// Sends a transaction of a developer's account and gives its hash.
async fn send(node: &Node, mut transaction: Value) -> String {
    let accounts = node.rpc("eth_accounts", json!([])).await;
    transaction["from"] = accounts[0].clone();
    transaction["gas"] = json!("0x30d40");
    text(&node.rpc("eth_sendTransaction", json!([transaction])).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_the_chain_is_shown() {
    let node = node_or_skip!();
    // Before the gateway has ever looked.
    let stranger = format!("0x{}", "5a".repeat(20));
    for _ in 0..3 {
        send(&node, json!({ "to": stranger, "value": "0x5" })).await;
    }
    let creation = send(&node, json!({ "input": REVERTS })).await;
    let mut contract = Value::Null;
    while contract.is_null() {
        contract = node.rpc("eth_getTransactionReceipt", json!([creation])).await["contractAddress"].clone();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let contract = text(&contract);
    // Creates nothing: `PUSH1 0 PUSH1 0 REVERT` as init code.
    let barren = send(&node, json!({ "input": "0x60006000fd" })).await;
    let failed = send(&node, json!({ "to": contract, "input": "0x01020304" })).await;
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let moved = shop.transfer(&json!({ "to": user["id"], "amount": "42" })).await;
    let moved = text(&shop.wait(&moved["operation"], "finalized").await["transactionHash"]);
    shop.settle().await;
    agrees(&shop, &node).await;

    let hashes = |list: Vec<Value>| list.iter().map(|one| text(&one["hash"])).collect::<Vec<_>>();
    let to_stranger = shop.explore_all(&format!("/transactions?address={stranger}")).await;
    assert_eq!(to_stranger.len(), 3);
    assert!(
        to_stranger.iter().all(|one| one["kind"] == "transfer" && one["value"] == "5" && one["status"] == "finalized")
    );
    assert_eq!(hashes(shop.explore_all("/transactions?kind=create").await), [barren.clone(), creation.clone()]);
    assert_eq!(hashes(shop.explore_all("/transactions?succeeded=false").await), [failed.clone(), barren.clone()]);
    let created = hashes(shop.explore_all("/transactions?kind=create&succeeded=true").await);
    assert_eq!(created, vec![creation.as_str()]);
    let both = hashes(shop.explore_all(&format!("/transactions?address={contract}")).await);
    assert_eq!(both, [failed.clone(), creation.clone()]);
    let block = shop.explore(&format!("/transactions/{failed}")).await["blockNumber"].clone();
    // The block may hold the one before too.
    let in_block = shop.explore_all(&format!("/transactions?block={block}")).await;
    assert!(in_block.iter().all(|one| one["blockNumber"] == block), "{in_block:?}");
    assert_eq!(hashes(in_block).first(), Some(&failed));
    assert!(shop.explore_all("/transactions?until=2001-01-01T00:00:00Z").await.is_empty());
    assert!(shop.explore_all("/blocks?since=2999-01-01T00:00:00Z").await.is_empty());
    assert!(shop.explore_all("/transactions?status=included").await.is_empty(), "all is final");

    let detail = shop.explore(&format!("/transactions/{moved}")).await;
    let address = text(&user["wallet"]["address"]);
    assert_eq!(detail["methodName"], "transfer");
    assert_eq!(detail["call"]["arguments"][0], json!({ "name": "to", "type": "address", "value": address }));
    assert_eq!(detail["call"]["arguments"][1]["value"], "42");
    assert_eq!(detail["logs"][0]["event"]["signature"], "Transfer(address,address,uint256)");
    assert_eq!(detail["logs"][0]["address"], shop.token["address"]);
    let calls = shop.explore(&format!("/transactions/{failed}/calls")).await;
    assert_eq!((&calls["items"][0]["depth"], &calls["items"][0]["type"]), (&json!(0), &json!("call")));
    assert!(calls["items"][0]["error"].is_string(), "{calls}");

    let token = shop.explore("/tokens").await["items"][0].clone();
    assert_eq!((&token["address"], &token["name"]), (&shop.token["address"], &json!("Euro voucher")));
    let seen = shop.explore(&format!("/addresses/{contract}")).await;
    assert_eq!((&seen["codeSizeBytes"], &seen["creation"]["hash"]), (&json!(5), &json!(creation)));
    assert_eq!(shop.explore(&format!("/addresses/{stranger}")).await["balance"], "15");
    assert_eq!(shop.explore(&format!("/addresses/{}", text(&token["address"]))).await["token"], token);

    for (query, kind) in [
        (moved.as_str(), "transaction"),
        (&text(&shop.explore("/blocks/latest").await["hash"]), "block"),
        ("1", "block"),
        (&stranger, "address"),
        (&text(&token["address"]), "token"),
        ("eurv", "token"),
        ("VOUCH", "token"),
    ] {
        let found = shop.explore(&format!("/search?q={query}")).await;
        assert_eq!(found["items"][0]["type"], kind, "{query}: {found}");
    }
    assert_eq!(shop.explore("/search?q=100%25").await["items"], json!([]), "no wildcard");
    let slots = shop.explore("/statistics?interval=day").await["items"].clone();
    let slots = slots.as_array().unwrap();
    assert_eq!(slots.len(), 30);
    let sum: u64 = slots.iter().map(|slot| slot["transactions"].as_u64().unwrap()).sum();
    assert_eq!(sum, shop.explore("/summary").await["transactions"].as_u64().unwrap());

    let unknown = format!("0x{}", "0".repeat(64));
    for (path, status) in [
        (format!("/transactions/{unknown}"), 404),
        (format!("/transactions/{unknown}/calls"), 404),
        ("/transactions/0x12".to_owned(), 422),
        ("/blocks/12345678".to_owned(), 404),
        ("/blocks/99999999999999999999".to_owned(), 422),
        ("/blocks/earliest".to_owned(), 422),
        ("/addresses/0x12".to_owned(), 422),
        ("/search?q=%20".to_owned(), 422),
        ("/transactions?address=usr_1".to_owned(), 422),
        ("/transactions?cursor=MS4y4".to_owned(), 422),
        ("/statistics?since=2020-01-01T00:00:00Z".to_owned(), 422),
        ("/statistics?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z".to_owned(), 422),
    ] {
        let answer = shop.gateway.get(&format!("/explorer{path}")).bearer(&shop.tenant.key).send().await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
    }
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_block_is_pending() {
    let node = node_or_skip!("--sealing", "manual");
    let shop = Shop::accepted(&node, "open").await;
    let stranger = format!("0x{}", "5b".repeat(20));
    let hash = send(&node, json!({ "to": stranger, "value": "0x5" })).await;
    let pending = shop.explore(&format!("/transactions?status=pending&address={stranger}")).await;
    assert_eq!(pending["items"][0]["hash"], hash.as_str());
    let detail = shop.explore(&format!("/transactions/{hash}")).await;
    assert_eq!((&detail["status"], detail.get("succeeded")), (&json!("pending"), None));
    let found = shop.explore(&format!("/search?q={hash}")).await;
    assert_eq!(found["items"][0]["transaction"]["status"], "pending");
    node.make_block(false, None).await;
    let mut status = Value::Null;
    for _ in 0..600 {
        let list = shop.explore(&format!("/transactions?status=included&address={stranger}")).await;
        status = list["items"][0]["status"].clone();
        if status == "included" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status, "included");
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_somebody_deploys_is_listed_by_the_name_that_it_gives_itself() {
    let node = node_or_skip!();
    let shop = Shop::accepted(&node, "open").await;
    let accounts = node.rpc("eth_accounts", json!([])).await;
    let symbol = format!("C{}", unique() % 1_000_000);
    let code = hanse_tests::erc20::creation("Coin\u{7}", &symbol, alloy::primitives::U256::from(1_000)).unwrap();
    let transaction = json!({ "from": accounts[0], "input": alloy::hex::encode_prefixed(code), "gas": "0x2dc6c0" });
    let hash = text(&node.rpc("eth_sendTransaction", json!([transaction])).await);
    // It tells of its supply as it is made: known from then on, and named a moment later.
    let mut found = Value::Null;
    while found["name"] != "Coin" {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let tokens = shop.explore_all("/tokens").await;
        found = tokens.into_iter().find(|token| token["transactionHash"] == hash.as_str()).unwrap_or_default();
    }
    assert_eq!(
        (&found["symbol"], &found["decimals"], &found["standard"]),
        (&json!(symbol), &json!(18), &json!("erc20"))
    );
    assert_eq!((&found["creator"], &found["chainAppId"]), (&accounts[0], &Value::Null));
    let hits = shop.explore(&format!("/search?q={symbol}")).await;
    assert!(hits.to_string().contains(&text(&found["address"])), "{hits}");
}
