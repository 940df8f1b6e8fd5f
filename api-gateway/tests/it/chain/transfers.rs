use super::{Shop, node_or_skip};
use crate::support::{text, unique};
use alloy::consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718 as _;
use alloy::primitives::{Address, TxKind, U256};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall as _;
use hanse_gateway::ledger::contracts::abi::IToken;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_issued_moved_and_seen_as_an_ordinary_erc20() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let token = text(&shop.token["address"]);
    assert_eq!(node.word(&token, "0x313ce567").await, 2, "decimals");
    assert_eq!(node.word(&token, "0x18160ddd").await, 1_000_000, "totalSupply");

    let (alice, bob) = (shop.user().await, shop.user().await);
    let (alice_id, bob_id) = (text(&alice["id"]), text(&bob["id"]));
    let first = shop.transfer(&json!({ "to": alice_id, "amount": "1500", "memo": "welcome" })).await;
    assert_eq!(first["operation"]["status"], "accepted");
    assert_eq!(first["balances"][0]["pending"], "998500");
    assert_eq!(first["balances"][1]["pending"], "1500");
    shop.wait(&first["operation"], "included").await;
    let second = shop.transfer(&json!({ "from": alice_id, "to": bob_id, "amount": "500" })).await;
    let done = shop.wait(&second["operation"], "finalized").await;
    assert!(done["blockNumber"].as_u64().unwrap() > 0);

    // The chain says the same: the transaction by its hash, its Transfer log, the balances.
    let receipt = node.rpc("eth_getTransactionReceipt", json!([done["transactionHash"]])).await;
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["logs"][0]["address"], token);
    assert_eq!(receipt["blockHash"], done["blockHash"]);
    assert_eq!(node.balance_of(&token, &text(&bob["wallet"]["address"])).await, 500);
    let balance = shop.balance(&alice_id).await;
    assert_eq!(balance["confirmed"], json!({ "included": "1000", "finalized": "1000" }));
    assert_eq!((&balance["pending"], &balance["available"]), (&json!("1000"), &json!("1000")));

    // Bulk, burn and mint.
    let entries: Vec<_> = (1..=50u8)
        .map(|n| json!({ "to": format!("0x{}", hex::encode([n; 20])), "amount": "10" }))
        .chain([json!({ "to": bob_id, "amount": "1" })])
        .collect();
    let call = shop.gateway.post(&shop.path("/transfers/bulk")).bearer(&shop.tenant.key).once();
    let bulk = call.json(&json!({ "transfers": entries })).send().await.expect(202);
    shop.wait(&bulk["operation"], "finalized").await;
    assert_eq!(node.balance_of(&token, &hex::encode([7u8; 20])).await, 10);
    for (path, body) in
        [("/burn", json!({ "amount": "1", "from": bob_id })), ("/mint", json!({ "amount": "5", "to": alice_id }))]
    {
        let call = shop.gateway.post(&shop.path(path)).bearer(&shop.tenant.key).once();
        let moved = call.json(&body).send().await.expect(202);
        shop.wait(&moved["operation"], "finalized").await;
    }
    let now = shop.gateway.get(&shop.path("")).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(now["totalSupply"], json!({ "included": "1000004", "finalized": "1000004" }));
    let mine = format!("/users/{bob_id}/transactions");
    let mine = shop.gateway.get(&mine).bearer(&shop.tenant.key).send().await.expect(200);
    let amounts: Vec<_> = mine["items"].as_array().unwrap().iter().map(|item| text(&item["amount"])).collect();
    assert_eq!(amounts, ["1", "1", "500"]);
    let network = shop.settle().await;
    assert_eq!((&network["mismatches"], &network["finalityLosses"]), (&json!(0), &json!(0)));

    let list = async |token: &str, query: &str| {
        let (mut amounts, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/transactions?limit=20{query}{cursor}");
            let page = shop.gateway.get(&path).bearer(token).send().await.expect(200);
            amounts.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["amount"])));
            let Some(next) = page["nextCursor"].as_str() else { return amounts };
            cursor = format!("&cursor={next}");
        }
    };
    let key = &shop.tenant.key;
    let all = list(key, "").await;
    assert_eq!(all.len(), 56, "the supply, two transfers, 51 at once, a burn and a mint");
    let mut oldest = list(key, "&order=oldest").await;
    oldest.reverse();
    assert_eq!(oldest, all);
    let token_id = text(&shop.token["id"]);
    assert_eq!(list(key, &format!("&token={token_id}")).await, all);
    assert_eq!(list(key, &format!("&token=tok_{}", "0".repeat(32))).await, [""; 0]);
    assert_eq!(list(key, "&type=mint").await, ["5", "1000000"]);
    assert_eq!(list(key, "&type=burn").await, ["1"]);
    assert_eq!(list(key, "&type=transfer").await.len(), 53);
    assert_eq!(list(key, &format!("&party={bob_id}")).await, amounts);
    assert_eq!(list(key, &format!("&party={bob_id}&type=burn")).await, ["1"]);
    assert_eq!(list(key, "&status=finalized").await, all);
    assert_eq!(list(key, "&status=included").await, [""; 0]);
    assert_eq!(list(key, "&status=pending").await, [""; 0]);
    assert_eq!(list(key, "&since=2100-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(list(key, "&since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z").await, all);
    for (query, field, rule) in [("token=itm_1", "query.token", "format"), ("party=0x12", "query.party", "format")] {
        let answer = shop.gateway.get(&format!("/transactions?{query}")).bearer(key).send().await;
        answer.expect_broken(field, rule);
    }
    // A user sees its own, and may not ask about another.
    let login = shop.gateway.login(&text(&alice["email"]), Some(&shop.tenant.app)).await;
    let hers = text(&login["accessToken"]);
    assert_eq!(list(&hers, "").await, ["5", "500", "1500"]);
    assert_eq!(list(&hers, &format!("&party={}", text(&alice["wallet"]["address"]))).await, ["5", "500", "1500"]);
    for party in [bob_id, format!("usr_{}", "0".repeat(32))] {
        let path = format!("/transactions?party={party}");
        shop.gateway.get(&path).bearer(&hers).send().await.expect_problem(403, "forbidden");
    }
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_outside_wallet_moves_is_seen() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let user_id = text(&user["id"]);
    let signer = PrivateKeySigner::random();
    let outside = format!("{:#x}", signer.address());
    let given = shop.transfer(&json!({ "to": outside, "amount": "900" })).await;
    shop.wait(&given["operation"], "finalized").await;

    let to: Address = text(&user["wallet"]["address"]).parse().unwrap();
    let tx = TxEip1559 {
        chain_id: 4269,
        nonce: 0,
        gas_limit: 200_000,
        max_fee_per_gas: 0,
        max_priority_fee_per_gas: 0,
        to: TxKind::Call(text(&shop.token["address"]).parse().unwrap()),
        value: U256::ZERO,
        access_list: Default::default(),
        input: IToken::transferCall { to, value: U256::from(300) }.abi_encode().into(),
    };
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let raw = TxEnvelope::from(tx.into_signed(signature)).encoded_2718();
    let hash = node.rpc("eth_sendRawTransaction", json!([format!("0x{}", hex::encode(raw))])).await;

    let mut seen = json!(null);
    for _ in 0..100 {
        let path = format!("/users/{user_id}/transactions");
        let page = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
        seen = page["items"][0].clone();
        if seen["status"] == "finalized" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((&seen["transactionHash"], &seen["amount"], &seen["from"]), (&hash, &json!("300"), &json!(outside)));
    assert!(seen.get("operation").is_none());
    assert_eq!(shop.balance(&user_id).await["confirmed"]["included"], "300");
    assert_eq!(shop.balance(&outside).await["available"], "600");
    shop.settle().await;
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_chain_refuses_fails_with_its_reason_and_gives_everything_back() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "closed").await;
    let stranger = format!("0x{}", hex::encode([0x42u8; 20]));
    let refused = shop.transfer(&json!({ "to": stranger, "amount": "10" })).await;
    // The next one of the same wallet is not held up.
    let user = shop.user().await;
    let fine = shop.transfer(&json!({ "to": user["id"], "amount": "20" })).await;
    shop.wait(&fine["operation"], "finalized").await;
    let failed = shop.operation(&text(&refused["operation"]["id"])).await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("holder_not_allowed")));
    assert!(failed["blockNumber"].is_u64());
    assert_eq!(shop.balance(&stranger).await["pending"], "0");
    shop.settle().await;
    let treasury = shop.gateway.get(&format!("/apps/{}", shop.tenant.app)).bearer(&shop.tenant.owner_token);
    let treasury = text(&treasury.send().await.expect(200)["treasury"]["id"]);
    assert_eq!(shop.balance(&treasury).await["available"], "999980");
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_a_hundred_times_moves_once_also_after_a_restart() {
    let node = node_or_skip!();
    let mut shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let (key, body) = (format!("hundred-{}", unique()), json!({ "to": user["id"], "amount": "77" }));
    let send = || shop.gateway.post(&shop.path("/transfers")).bearer(&shop.tenant.key).key(&key).json(&body).send();
    let answers = futures::future::join_all((0..100).map(|_| send())).await;
    let mut ids: Vec<_> = answers.into_iter().map(|answer| text(&answer.expect(202)["operation"]["id"])).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1);
    shop.wait_for(ids[0].clone(), "finalized".into()).await;
    shop.gateway.restart().await;
    let again = shop.gateway.post(&shop.path("/transfers")).bearer(&shop.tenant.key).key(&key);
    assert_eq!(text(&again.json(&body).send().await.expect(202)["operation"]["id"]), ids[0]);
    let other = shop.gateway.post(&shop.path("/transfers")).bearer(&shop.tenant.key).key(&key);
    let other = other.json(&json!({ "to": user["id"], "amount": "78" })).send().await;
    other.expect_problem(409, "idempotency_key_reused");
    shop.settle().await;
    let address = text(&user["wallet"]["address"]);
    assert_eq!(node.balance_of(&text(&shop.token["address"]), &address).await, 77);
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_somebody_touched_is_found_and_repaired() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let user = shop.user().await;
    let (user_id, address) = (text(&user["id"]), text(&user["wallet"]["address"]));
    let first = shop.transfer(&json!({ "to": user_id, "amount": "100" })).await;
    shop.wait(&first["operation"], "finalized").await;
    shop.settle().await;
    let db = &shop.gateway.server().state().db;
    sqlx::query("UPDATE balances SET included = '5', finalized = '7' WHERE address = $1")
        .bind(&address)
        .execute(db.writer())
        .await
        .unwrap();
    let second = shop.transfer(&json!({ "to": user_id, "amount": "1" })).await;
    shop.wait(&second["operation"], "finalized").await;
    let network = shop.settle().await;
    // The difference is taken at the finalized end and added to both ends.
    assert_eq!(network["mismatches"], 1, "{network}");
    let balance = shop.balance(&user_id).await;
    assert_eq!(balance["confirmed"]["finalized"], "101");
    shop.gateway.stop().await;
}
