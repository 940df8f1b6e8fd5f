use super::explorer::agrees;
use super::{Shop, node_or_skip};
use crate::support::text;
use serde_json::{Value, json};
use std::time::Duration;

/// Makes blocks while the future runs: what is waited for needs them.
pub(super) async fn while_sealing<T>(node: &super::Node, future: impl Future<Output = T>) -> T {
    let seal = async {
        loop {
            node.make_block(true, None).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        done = future => done,
        () = seal => unreachable!("the loop has no end"),
    }
}

pub(super) async fn until(shop: &Shop, id: &str, status: &str) -> Value {
    let mut last = json!(null);
    for _ in 0..600 {
        last = shop.operation(id).await;
        if last["status"] == status {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("did not get {status}: {last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorganisation_takes_operations_back_and_they_happen_again() {
    let node = node_or_skip!("--sealing", "manual");
    let shop = while_sealing(&node, Shop::open(&node, "open")).await;
    let user = shop.user().await;
    let user_id = text(&user["id"]);
    while_sealing(&node, shop.settle()).await;
    // The last block that was asked for while waiting may come after the wait: let it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let fork = node.make_block(true, None).await;

    let moved = shop.transfer(&json!({ "to": user_id, "amount": "42" })).await;
    let id = text(&moved["operation"]["id"]);
    until(&shop, &id, "sent").await;
    node.make_block(false, None).await;
    let included = until(&shop, &id, "included").await;
    let balance = shop.balance(&user_id).await;
    assert_eq!(balance["confirmed"], json!({ "included": "42", "finalized": "0" }));
    assert_eq!(balance["pending"], "42");

    // A longer branch from the block before, without the transfer.
    let branch = node.make_block(false, Some(&fork)).await;
    let head = node.make_block(false, Some(&branch)).await;
    let again = until_not_in(&shop, &id, &included["blockHash"]).await;
    let balance = shop.balance(&user_id).await;
    assert_eq!(balance["pending"], "42", "nothing is lost meanwhile: {again}");
    // Whatever the node's pool has made of it, the next blocks have it again.
    node.make_block(false, Some(&head)).await;
    while_sealing(&node, async {
        shop.wait(&moved["operation"], "finalized").await;
        shop.settle().await
    })
    .await;
    let done = shop.operation(&id).await;
    assert_ne!(done["blockHash"], included["blockHash"]);
    assert_eq!(done["transactionHash"], included["transactionHash"]);
    assert_eq!(shop.balance(&user_id).await["confirmed"]["finalized"], "42");
    let network = shop.network().await;
    assert_eq!((&network["mismatches"], &network["finalityLosses"]), (&json!(0), &json!(0)));
    // The events tell the whole story.
    let path = "/events?types=transfer.*&limit=200";
    let events = shop.gateway.get(path).bearer(&shop.tenant.key).send().await.expect(200);
    let story: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["data"]["toUser"] == user_id.as_str())
        .map(|event| text(&event["type"]))
        .collect();
    assert_eq!(story, ["transfer.included", "transfer.reverted", "transfer.included", "transfer.finalized"]);
    let page = shop.gateway.get(&format!("/users/{user_id}/transactions")).bearer(&shop.tenant.key);
    assert_eq!(page.send().await.expect(200)["items"].as_array().unwrap().len(), 1);
    agrees(&shop, &node).await;
    shop.gateway.stop().await;
}

/// Waits until the operation has left that block.
pub(super) async fn until_not_in(shop: &Shop, id: &str, block: &Value) -> Value {
    for _ in 0..600 {
        let operation = shop.operation(id).await;
        if operation["blockHash"] != *block {
            return operation;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the operation stays in a block that is gone");
}
