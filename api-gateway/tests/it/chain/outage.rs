use super::{Shop, node_or_skip};
use crate::support::text;
use hanse_tests::until;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_tells_how_the_node_is_as_long_as_it_answers() {
    let mut node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let status = async |wanted: bool| {
        until("the node's status", Duration::from_secs(30), async || {
            let network = shop.network().await;
            Ok((network["node"].is_object() == wanted).then(|| network["node"].clone()))
        })
        .await
        .unwrap()
    };
    let told = status(true).await;
    assert_eq!((&told["peers"], &told["pool"]["queued"]), (&json!(0), &json!(0)), "{told}");
    let validators = told["validators"].as_array().unwrap();
    assert_eq!(validators.len(), 1, "{told}");
    assert_eq!((text(&validators[0]["key"]).len(), &validators[0]["weight"]), (66, &json!(1)), "{told}");
    node.kill();
    status(false).await;
    node.resume().await;
    status(true).await;
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_are_accepted_without_the_node_and_happen_when_it_is_back() {
    let mut node = node_or_skip!();
    let mut shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let user_id = text(&user["id"]);
    let before = shop.transfer(&json!({ "to": user_id, "amount": "1" })).await;
    node.kill();
    let mut moved = vec![before];
    for _ in 0..30 {
        moved.push(shop.transfer(&json!({ "to": user_id, "amount": "1" })).await);
    }
    // A restart in the middle of it changes nothing.
    shop.gateway.restart().await;
    for _ in 0..10 {
        moved.push(shop.transfer(&json!({ "to": user_id, "amount": "1" })).await);
    }
    let ready = shop.gateway.get("/health/ready").send().await;
    assert_eq!((&ready.body["status"], &ready.body["node"]), (&json!("degraded"), &json!(false)), "{}", ready.text);
    node.resume().await;
    for one in &moved {
        shop.wait(&one["operation"], "finalized").await;
    }
    shop.settle().await;
    assert_eq!(shop.balance(&user_id).await["confirmed"]["finalized"], "41");
    let address = text(&user["wallet"]["address"]);
    assert_eq!(node.balance_of(&text(&shop.token["address"]), &address).await, 41);
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_before_the_node_first_answered_happens_when_it_does() {
    let mut node = node_or_skip!();
    node.kill();
    node.forget();
    let shop = Shop::accepted(&node, "open").await;
    let user_id = text(&shop.user().await["id"]);
    let moved = shop.transfer(&json!({ "to": user_id, "amount": "9" })).await;
    node.resume().await;
    shop.wait(&shop.token["operation"], "finalized").await;
    shop.wait(&moved["operation"], "finalized").await;
    let network = shop.settle().await;
    assert_eq!((&network["mismatches"], &network["finalityLosses"]), (&json!(0), &json!(0)));
    assert_eq!(shop.balance(&user_id).await["available"], "9");
    let treasury = shop.gateway.get(&format!("/apps/{}", shop.tenant.app)).bearer(&shop.tenant.owner_token);
    let treasury = text(&treasury.send().await.expect(200)["treasury"]["id"]);
    assert_eq!(shop.balance(&treasury).await["available"], "999991");
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_lost_all_its_data_gets_everything_again() {
    let mut node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let user_id = text(&user["id"]);
    for amount in ["5", "6", "7"] {
        let moved = shop.transfer(&json!({ "to": user_id, "amount": amount })).await;
        shop.wait(&moved["operation"], "finalized").await;
    }
    node.kill();
    node.forget();
    node.resume().await;
    let last = shop.transfer(&json!({ "to": user_id, "amount": "8" })).await;
    shop.wait(&last["operation"], "finalized").await;
    let network = shop.settle().await;
    assert_eq!((&network["mismatches"], &network["finalityLosses"]), (&json!(0), &json!(1)));
    assert_eq!(shop.balance(&user_id).await["confirmed"]["finalized"], "26");
    let token = text(&shop.token["address"]);
    assert_eq!(node.balance_of(&token, &text(&user["wallet"]["address"])).await, 26);
    assert_eq!(node.word(&token, "0x18160ddd").await, 1_000_000, "totalSupply");
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_chain_is_not_followed() {
    let node = node_or_skip!();
    let settings = super::settings(&node).replacen("[chain]\n", "[chain]\nchain_id = 4270\n", 1);
    let gateway = crate::support::Gateway::start(&settings).await;
    let tenant = gateway.tenant().await;
    let mut network = json!(null);
    for _ in 0..50 {
        network = gateway.get("/network").bearer(&tenant.key).send().await.expect(200);
        if network["problem"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(network["problem"].as_str().unwrap().contains("4269"), "{network}");
    assert_eq!(network["best"]["number"], 0);
    assert!(network["openOperations"].as_u64().unwrap() > 0);
    let ready = gateway.get("/health/ready").send().await.expect(200);
    assert_eq!((&ready["status"], &ready["node"]), (&json!("degraded"), &json!(false)), "{ready}");
    assert_eq!(ready["problem"], network["problem"]);
    gateway.stop().await;
}
