//! A contract deployed, read, written to and listened to, by its interface.

use super::reorg::{until, until_not_in, while_sealing};
use super::{Shop, node_or_skip};
use crate::support::text;
use serde_json::{Value, json};

fn counter() -> Value {
    serde_json::from_str(include_str!("solidity/Counter.json")).unwrap()
}

impl Shop {
    async fn deploy_counter(&self, limit: u64) -> Value {
        let Value::Object(mut body) = counter() else { unreachable!("it is an object") };
        body.insert("name".into(), json!("Counter"));
        body.insert("arguments".into(), json!([limit]));
        let call = self.gateway.post("/contracts/deployments").bearer(&self.tenant.key).once();
        call.json(&body.into()).send().await.expect(202)
    }

    async fn at_contract(&self, contract: &Value, what: &str, body: Value, status: u16) -> Value {
        let path = format!("/contracts/{}/{what}", text(&contract["id"]));
        self.gateway.post(&path).bearer(&self.tenant.key).once().json(&body).send().await.expect(status)
    }

    async fn told(&self, contract: &Value, query: &str) -> Value {
        let path = format!("/contracts/{}/events{query}", text(&contract["id"]));
        self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_is_deployed_read_and_written_to() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    shop.settle().await;
    let contract = shop.deploy_counter(100).await;
    let deployed = shop.wait(&contract["operation"], "finalized").await;
    assert_eq!((&deployed["kind"], &deployed["resource"]), (&json!("deploy"), &contract["id"]));
    let receipt = node.rpc("eth_getTransactionReceipt", json!([deployed["transactionHash"]])).await;
    assert_eq!(receipt["contractAddress"], contract["address"], "as it was told at once");
    let path = format!("/contracts/{}", text(&contract["id"]));
    let shown = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!((&shown["address"], &shown["abi"]), (&contract["address"], &counter()["abi"]));

    let steps = json!([[30, "a start"], { "by": 1 }]);
    let wrong = shop.at_contract(&contract, "write", json!({ "function": "count", "arguments": [steps] }), 422).await;
    assert_eq!(wrong["errors"][0]["field"], "arguments[0][1]");
    let write = json!({ "function": "count", "arguments": [[[30, "a start"], ["12", "more"]]], "from": user["id"] });
    let operation = shop.at_contract(&contract, "write", write, 202).await;
    shop.wait(&operation, "finalized").await;
    let read = async |function: &str, arguments: Value| {
        let body = json!({ "function": function, "arguments": arguments });
        shop.at_contract(&contract, "read", body, 200).await["outputs"].clone()
    };
    assert_eq!(read("value", json!([])).await[0]["value"], "42");
    let both = read("check", json!([58])).await;
    assert_eq!((&both[0]["name"], &both[0]["value"], &both[1]["value"]), (&json!("sum"), &json!("100"), &json!(true)));
    assert_eq!(read("balances", json!([user["wallet"]["address"]])).await[0]["value"], "-42");
    let words = json!([format!("0x{}", "01".repeat(32)), format!("0x{}", "02".repeat(32))]);
    assert_eq!(read("echo(bytes32[2])", json!([words])).await[0]["value"], words);

    let told = shop.told(&contract, "").await;
    let steps: Vec<_> = told["items"].as_array().unwrap().iter().map(|one| &one["event"]["arguments"]).collect();
    assert_eq!(steps[0][2]["value"], json!(["12", "more"]), "newest first");
    assert_eq!((&steps[1][0]["value"], &steps[1][1]["value"]), (&user["wallet"]["address"], &json!("30")));
    let first = shop.told(&contract, "?limit=1").await;
    let second = shop.told(&contract, &format!("?limit=1&cursor={}", text(&first["nextCursor"]))).await;
    assert_eq!((&first["items"][0], &second["items"][0]), (&told["items"][0], &told["items"][1]));
    let events = "/events?types=contractEvent.*&limit=200";
    let events = shop.gateway.get(events).bearer(&shop.tenant.key).send().await.expect(200);
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| text(&event["type"])).collect();
    let expected = ["contractEvent.finalized", "contractEvent.included"];
    assert_eq!(expected.map(|kind| kinds.iter().filter(|one| *one == kind).count()), [2, 2]);

    // What the contract refuses, in its own words.
    let body = json!({ "function": "check", "arguments": ["1000"] });
    let refused = shop.at_contract(&contract, "read", body, 422).await;
    assert_eq!(
        (&refused["code"], &refused["detail"]),
        (&json!("ledger_rule_violated"), &json!("the contract reverts: TooFar(\"1042\", \"100\")"),)
    );
    let body = json!({ "function": "count", "arguments": [[[200, "too far"]]] });
    let operation = shop.at_contract(&contract, "write", body, 202).await;
    let failed = shop.wait_for(text(&operation["id"]), "failed".into()).await;
    assert_eq!(failed["error"]["code"], "reverted");
    for (body, field, rule) in [
        (json!({ "function": "nothing" }), "function", "not_found"),
        (json!({ "function": "echo", "arguments": [1] }), "function", "format"),
        (json!({ "function": "value" }), "function", "standard"),
        (json!({ "function": "count", "arguments": [] }), "arguments", "length"),
        (json!({ "function": "count", "arguments": [[]], "gasLimit": 20_999 }), "gasLimit", "range"),
    ] {
        let refused = shop.at_contract(&contract, "write", body.clone(), 422).await;
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["rule"]),
            (&json!(field), &json!(rule)),
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_contract_told_in_a_block_that_is_gone_is_taken_back() {
    let node = node_or_skip!("--sealing", "manual");
    let shop = while_sealing(&node, Shop::open(&node, "open")).await;
    let contract = shop.deploy_counter(100).await;
    while_sealing(&node, async {
        shop.wait(&contract["operation"], "finalized").await;
        shop.settle().await
    })
    .await;
    let fork = node.make_block(true, None).await;
    let write = json!({ "function": "count", "arguments": [[[7, "once"]]] });
    let operation = shop.at_contract(&contract, "write", write, 202).await;
    let id = text(&operation["id"]);
    until(&shop, &id, "sent").await;
    node.make_block(false, None).await;
    let included = until(&shop, &id, "included").await;
    let before = shop.told(&contract, "").await["items"][0].clone();
    assert_eq!((&before["status"], &before["blockHash"]), (&json!("included"), &included["blockHash"]));
    // A longer branch from the block before.
    let branch = node.make_block(false, Some(&fork)).await;
    node.make_block(false, Some(&branch)).await;
    until_not_in(&shop, &id, &included["blockHash"]).await;
    while_sealing(&node, async {
        shop.wait(&operation, "finalized").await;
        shop.settle().await
    })
    .await;
    let after = shop.told(&contract, "").await;
    assert_eq!(after["items"].as_array().unwrap().len(), 1);
    assert_eq!((&after["items"][0]["status"], &after["items"][0]["event"]), (&json!("finalized"), &before["event"]));
    assert_ne!(after["items"][0]["blockHash"], before["blockHash"]);
    let events = "/events?types=contractEvent.*&limit=200";
    let events = shop.gateway.get(events).bearer(&shop.tenant.key).send().await.expect(200);
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| text(&event["type"])).collect();
    let story = ["included", "reverted", "included", "finalized"].map(|what| format!("contractEvent.{what}"));
    assert_eq!(kinds, story);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_of_anybodys_is_named_by_its_address() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let contract = shop.deploy_counter(100).await;
    shop.wait(&contract["operation"], "finalized").await;
    let other = shop.gateway.tenant().await;
    let name = async |body: Value, status: u16| {
        shop.gateway.post("/contracts").bearer(&other.key).json(&body).send().await.expect(status)
    };
    let body = json!({ "name": "Theirs", "address": contract["address"], "abi": counter()["abi"] });
    let named = name(body.clone(), 201).await;
    assert_eq!(name(body, 409).await["errors"][0]["field"], "address");
    let own = json!({ "name": "N", "address": shop.token["address"], "abi": [] });
    assert_eq!(name(own, 422).await["errors"][0]["field"], "address");
    let huge = json!([{ "type": "function", "name": "f", "stateMutability": "view", "outputs": [],
                        "inputs": [{ "name": "x", "type": "uint8[999999999]" }] }]);
    let huge = json!({ "name": "N", "address": format!("0x{}", "01".repeat(20)), "abi": huge });
    assert_eq!(name(huge, 422).await["errors"][0]["field"], "abi");
    let path = format!("/contracts/{}", text(&contract["id"]));
    shop.gateway.get(&path).bearer(&other.key).send().await.expect(404);

    let write = json!({ "function": "count", "arguments": [[[1, "heard by both"]]] });
    let operation = shop.at_contract(&contract, "write", write, 202).await;
    shop.wait(&operation, "finalized").await;
    let path = format!("/contracts/{}/events", text(&named["id"]));
    let theirs = shop.gateway.get(&path).bearer(&other.key).send().await.expect(200);
    let ours = shop.told(&contract, "").await;
    assert_eq!(theirs["items"][0]["event"], ours["items"][0]["event"]);
    assert_eq!(theirs["items"].as_array().unwrap().len(), 1);
}
