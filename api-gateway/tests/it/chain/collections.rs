//! Collections and their items: through REST, and as everybody's wallets see them.

use super::{Node, Shop, node_or_skip};
use crate::support::{text, unique};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use hanse_gateway::ledger::contracts::abi::{ICollection, ICollection721, ICollection1155};
use serde_json::{Value, json};

impl Shop {
    pub(super) async fn write(&self, path: &str, body: Value) -> Value {
        self.gateway.post(path).bearer(&self.tenant.key).once().json(&body).send().await.expect(202)
    }

    pub(super) async fn read(&self, path: &str) -> Value {
        self.gateway.get(path).bearer(&self.tenant.key).send().await.expect(200)
    }

    pub(super) async fn collection(&self, standard: &str) -> Value {
        let body = json!({
            "standard": standard, "name": "Harbour", "symbol": "HARB", "uri": "https://example.org/harbour.json",
            "royalty": { "receiver": format!("0x{}", "5a".repeat(20)), "basisPoints": 250 },
        });
        let made = self.write("/collections", body).await;
        self.wait(&made["operation"], "finalized").await;
        made
    }

    pub(super) async fn item(&self, collection: &Value, body: Value) -> Value {
        let made = self.write(&format!("/collections/{}/items", text(&collection["id"])), body).await;
        self.wait(&made["operation"], "finalized").await;
        made
    }

    /// Does it and waits until it is final.
    pub(super) async fn done(&self, path: &str, body: Value) -> Value {
        let moved = self.write(path, body).await;
        self.wait(&moved["operation"], "finalized").await
    }

    /// Does it, which the chain refuses; the code of the reason.
    pub(super) async fn refused(&self, path: &str, body: Value) -> String {
        let moved = self.write(path, body).await;
        let failed = self.wait_for(text(&moved["operation"]["id"]), "failed".into()).await;
        text(&failed["error"]["code"])
    }
}

/// Asks a contract.
pub(super) async fn ask<C: SolCall>(node: &Node, to: &Value, call: &C) -> C::Return {
    let request = json!({ "to": to, "input": alloy::hex::encode_prefixed(call.abi_encode()) });
    let answer = text(&node.rpc("eth_call", json!([request, "latest"])).await);
    C::abi_decode_returns(&alloy::hex::decode(answer).unwrap()).unwrap()
}

pub(super) fn address(of: &Value) -> Address {
    text(of).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_item_has_one_owner_after_the_other() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben) = (shop.user().await, shop.user().await);
    let collection = shop.collection("erc721").await;
    let contract = &collection["address"];
    assert!(
        ask(&node, contract, &ICollection::supportsInterfaceCall { interfaceId: [0x80, 0xac, 0x58, 0xcd].into() })
            .await
    );
    let royalty = ICollection::royaltyInfoCall { tokenId: U256::from(1), salePrice: U256::from(1_000) };
    let royalty = ask(&node, contract, &royalty).await;
    assert_eq!((royalty.receiver, royalty.royaltyAmount), (Address::repeat_byte(0x5a), U256::from(25)));

    let uri = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
    let traits = json!([{ "name": "Weather", "value": "Storm" }]);
    let body = json!({
        "name": "Sunset", "number": "7", "uri": uri, "to": ana["id"], "media": "https://example.org/sunset.webp",
        "rarity": "legendary", "traits": traits,
    });
    let item = shop.item(&collection, body.clone()).await;
    let rare = async |rarity: &str| {
        let list = format!("/collections/{}/items?rarity={rarity}", text(&collection["id"]));
        shop.read(&list).await["items"].clone()
    };
    assert_eq!((&rare("legendary").await[0]["traits"], rare("common").await), (&traits, json!([])));
    assert_eq!((&item["operation"]["kind"], &item["operation"]["resource"]), (&json!("createItem"), &item["id"]));
    let number = U256::from(7);
    assert_eq!(ask(&node, contract, &ICollection721::tokenURICall { tokenId: number }).await, uri);
    let path = format!("/items/{}", text(&item["id"]));
    let shown = shop.read(&path).await;
    assert_eq!((&shown["owner"], &shown["number"]), (&ana["wallet"]["address"], &json!("7")));
    assert_eq!(shown["totalSupply"], json!({ "included": "1", "finalized": "1" }));
    let call = shop.gateway.post(&format!("/collections/{}/items", text(&collection["id"])));
    let taken = call.bearer(&shop.tenant.key).once().json(&body).send().await.expect(409);
    assert_eq!(taken["errors"][0]["field"], "number", "{taken}");

    // What is on its way shows at once; then whose it is.
    let moved = shop.write(&format!("{path}/transfers"), json!({ "from": ana["id"], "to": ben["id"] })).await;
    assert_eq!((&moved["balances"][0]["available"], &moved["balances"][1]["pending"]), (&json!("0"), &json!("1")));
    let call = shop.gateway.post(&format!("{path}/transfers")).bearer(&shop.tenant.key).once();
    let twice = call.json(&json!({ "from": ana["id"], "to": ben["id"] })).send().await.expect(422);
    assert_eq!(twice["code"], "insufficient_balance");
    shop.wait(&moved["operation"], "finalized").await;
    let owner = ask(&node, contract, &ICollection721::ownerOfCall { tokenId: number }).await;
    assert_eq!(owner, address(&ben["wallet"]["address"]));
    let of = async |user: &Value| shop.read(&format!("/users/{}/items", text(&user["id"]))).await["items"].clone();
    assert_eq!(of(&ana).await, json!([]));
    assert_eq!(
        (&of(&ben).await[0]["item"]["id"], &of(&ben).await[0]["balance"]["available"]),
        (&item["id"], &json!("1"))
    );
    let holders = shop.read(&format!("{path}/holders")).await;
    assert_eq!((&holders["items"][0]["user"], holders["items"].as_array().unwrap().len()), (&ben["id"], 1));
    // No money of theirs.
    let balances = shop.read(&format!("/users/{}/balances", text(&ben["id"]))).await;
    assert_eq!(balances["items"], json!([]));

    // A contract that takes no items doesn't get it; one that isn't asked can't refuse, but REST always asks.
    let reason =
        shop.refused(&format!("{path}/transfers"), json!({ "from": ben["id"], "to": shop.token["address"] })).await;
    assert_eq!(reason, "reverted");
    let pause = shop.gateway.post(&format!("/collections/{}/pause", text(&collection["id"])));
    let paused = pause.bearer(&shop.tenant.key).once().send().await.expect(202);
    shop.wait(&paused, "finalized").await;
    assert_eq!(shop.read(&format!("/collections/{}", text(&collection["id"]))).await["paused"], true);
    assert_eq!(shop.refused(&format!("{path}/burn"), json!({ "from": ben["id"] })).await, "token_paused");
    let unpause = shop.gateway.post(&format!("/collections/{}/unpause", text(&collection["id"])));
    let unpaused = unpause.bearer(&shop.tenant.key).once().send().await.expect(202);
    shop.wait(&unpaused, "finalized").await;
    shop.done(&format!("{path}/burn"), json!({ "from": ben["id"] })).await;
    let gone = shop.read(&path).await;
    assert_eq!((&gone["owner"], &gone["totalSupply"]["finalized"]), (&Value::Null, &json!("0")));
    let provenance = shop.read(&format!("{path}/transactions")).await;
    let zero = json!(format!("0x{}", "0".repeat(40)));
    let hands: Vec<_> = provenance["items"].as_array().unwrap().iter().map(|one| (&one["from"], &one["to"])).collect();
    let (ana, ben) = (&ana["wallet"]["address"], &ben["wallet"]["address"]);
    assert_eq!(hands, [(ben, &zero), (ana, ben), (&zero, ana)]);
    let network = shop.settle().await;
    assert_eq!(network["mismatches"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_of_which_there_are_many_are_minted_to_many() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let collection = shop.collection("erc1155").await;
    let contract = &collection["address"];
    let users: Vec<Value> = [shop.user().await, shop.user().await, shop.user().await].into();
    let medal = shop
        .item(&collection, json!({ "name": "Medal", "number": "1", "cap": "100", "uri": "https://example.org/1" }))
        .await;
    let pin = shop.item(&collection, json!({ "name": "Pin" })).await;
    let pin_number: U256 = text(&pin["number"]).parse().unwrap();
    let path = |item: &Value, rest: &str| format!("/items/{}{rest}", text(&item["id"]));

    let mints: Vec<_> = users.iter().map(|user| json!({ "to": user["id"], "amount": "20" })).collect();
    let minted = shop.done(&path(&medal, "/mint"), json!({ "mints": mints })).await;
    assert_eq!((&minted["kind"], &minted["amount"]), (&json!("mintBatch"), &json!("60")));
    shop.done(&path(&pin, "/mint"), json!({ "mints": [{ "to": users[0]["id"], "amount": "5" }] })).await;
    let too_many = json!({ "mints": [{ "to": users[0]["id"], "amount": "41" }] });
    assert_eq!(shop.refused(&path(&medal, "/mint"), too_many).await, "exceeded_cap");
    shop.done(&path(&medal, "/transfers"), json!({ "from": users[0]["id"], "to": users[1]["id"], "amount": "3" }))
        .await;
    shop.done(&path(&medal, "/burn"), json!({ "from": users[2]["id"], "amount": "20" })).await;
    assert_eq!(shop.read(&path(&medal, "")).await["totalSupply"]["finalized"], "40");
    let mut holders: Vec<_> = shop.read(&path(&medal, "/holders")).await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|holder| (text(&holder["user"]), text(&holder["balance"]["finalized"])))
        .collect();
    holders.sort();
    let mut expected = vec![(text(&users[0]["id"]), "17".to_owned()), (text(&users[1]["id"]), "23".to_owned())];
    expected.sort();
    assert_eq!(holders, expected);

    // As many receivers as one call takes.
    let crowd: Vec<_> = (0..500).map(|i| json!({ "to": format!("0x{:040x}", 0x1000 + i), "amount": "1" })).collect();
    let minted = shop.done(&path(&pin, "/mint"), json!({ "mints": crowd })).await;
    assert_eq!((&minted["amount"], &minted["error"]), (&json!("500"), &Value::Null));

    // An outside wallet gets some of both, and gives them on in one call.
    let accounts = node.rpc("eth_accounts", json!([])).await;
    let outside = &accounts[0];
    for (item, amount) in [(&medal, "4"), (&pin, "5")] {
        shop.done(&path(item, "/transfers"), json!({ "from": users[0]["id"], "to": outside, "amount": amount })).await;
    }
    let (from, to) = (address(outside), address(&users[2]["wallet"]["address"]));
    let (ids, values) = (vec![U256::from(1), pin_number], vec![U256::from(3), U256::from(5)]);
    let call = ICollection1155::safeBatchTransferFromCall { from, to, ids, values, data: Bytes::new() };
    let input = alloy::hex::encode_prefixed(call.abi_encode());
    let request = json!({ "from": outside, "to": contract, "input": input, "gas": "0x7a120" });
    let hash = text(&node.rpc("eth_sendTransaction", json!([request])).await);
    let mut receipt = Value::Null;
    while receipt.is_null() {
        receipt = node.rpc("eth_getTransactionReceipt", json!([hash])).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(receipt["status"], "0x1");
    shop.settle().await;
    let items = shop.read(&format!("/users/{}/items", text(&users[2]["id"]))).await;
    let mut has: Vec<_> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| (text(&held["item"]["name"]), text(&held["balance"]["confirmed"]["finalized"])))
        .collect();
    has.sort();
    assert_eq!(has, [("Medal".to_owned(), "3".to_owned()), ("Pin".to_owned(), "5".to_owned())]);
    // Both movements of the one log, each with its item.
    let moves = shop.read(&format!("/users/{}/transactions?limit=2", text(&users[2]["id"]))).await;
    let of: Vec<_> =
        moves["items"].as_array().unwrap().iter().map(|one| (&one["token"], &one["transactionHash"])).collect();
    assert_eq!(of, [(&pin["id"], &json!(hash)), (&medal["id"], &json!(hash))]);
    let next = format!("/users/{}/transactions?limit=1", text(&users[2]["id"]));
    let first = shop.read(&next).await;
    let second = shop.read(&format!("{next}&cursor={}", text(&first["nextCursor"]))).await;
    assert_eq!((&first["items"][0]["token"], &second["items"][0]["token"]), (&pin["id"], &medal["id"]));
    assert_eq!(shop.network().await["mismatches"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_and_items_have_rules() {
    let node = node_or_skip!();
    let shop = Shop::accepted(&node, "open").await;
    let (unique_items, many) = (shop.collection("erc721").await, shop.collection("erc1155").await);
    let fault = async |path: String, body: Value| {
        let call = shop.gateway.post(&path).bearer(&shop.tenant.key).once().json(&body);
        let refused = call.send().await.expect(422);
        format!("{} {}", text(&refused["errors"][0]["field"]), text(&refused["errors"][0]["rule"]))
    };
    let items = |of: &Value| format!("/collections/{}/items", text(&of["id"]));
    for (path, body, expected) in [
        ("/collections".to_owned(), json!({ "standard": "erc721", "name": "", "symbol": "S" }), "name length"),
        (
            "/collections".into(),
            json!({ "standard": "erc721", "name": "N", "symbol": "S", "uri": "nowhere" }),
            "uri format",
        ),
        (
            "/collections".into(),
            json!({ "standard": "erc721", "name": "N", "symbol": "S", "royalty": { "receiver": "0x", "basisPoints": 0 } }),
            "royalty.basisPoints range",
        ),
        (items(&unique_items), json!({ "name": "N", "cap": "2" }), "cap standard"),
        (items(&many), json!({ "name": "N", "to": "0x" }), "to standard"),
        (items(&many), json!({ "name": "N", "cap": "0" }), "cap range"),
        (items(&many), json!({ "name": "N", "media": "nowhere" }), "media format"),
        (items(&many), json!({ "name": "N", "rarity": "r".repeat(33) }), "rarity length"),
        (items(&many), json!({ "name": "N", "traits": [{ "name": "", "value": "v" }] }), "traits[0].name length"),
        (
            items(&many),
            json!({ "name": "N", "traits": vec![json!({ "name": "n", "value": "v" }); 51] }),
            "traits length",
        ),
        (items(&many), json!({ "name": "N", "uri": format!("ipfs://{}", "x".repeat(250)) }), "uri length"),
    ] {
        assert_eq!(fault(path, body.clone()).await, expected, "{body}");
    }
    let item = shop.item(&unique_items, json!({ "name": format!("N{}", unique()) })).await;
    let path = |rest: &str| format!("/items/{}{rest}", text(&item["id"]));
    let to = &shop.token["address"];
    assert_eq!(fault(path("/transfers"), json!({ "to": to, "amount": "2" })).await, "amount range");
    assert_eq!(fault(path("/mint"), json!({ "mints": [{ "to": to, "amount": "1" }] })).await, "path.item standard");
    assert_eq!(fault(path("/mint"), json!({ "mints": [] })).await, "mints length");
    // A token's id isn't an item's, and the other way about.
    let call = shop.gateway.get(&format!("/items/{}", text(&shop.token["id"]))).bearer(&shop.tenant.key);
    call.send().await.expect(422);
    let listed = shop.read("/tokens").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.read("/collections").await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collection_that_is_given_away_is_issued_by_who_has_it() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let ana = shop.user().await;
    let collection = shop.collection("erc1155").await;
    let path = format!("/collections/{}", text(&collection["id"]));
    let treasury = collection["owner"].clone();
    let owner = async || json!(format!("{:#x}", ask(&node, &collection["address"], &ICollection::ownerCall {}).await));
    assert_eq!((shop.read(&path).await["owner"].clone(), owner().await), (treasury.clone(), treasury.clone()));
    let give = async |to: &Value| {
        let operation = shop.write(&format!("{path}/transfer"), json!({ "to": to })).await;
        assert_eq!(operation["kind"], "transferCollection");
        shop.wait(&operation, "finalized").await
    };
    let hers = &ana["wallet"]["address"];
    let given = give(&ana["id"]).await;
    assert_eq!((&given["sender"], &given["to"]), (&treasury, hers));
    assert_eq!((&shop.read(&path).await["owner"], &owner().await), (hers, hers));

    // The app goes on to issue, in her name; what is minted first is the treasury's all the same.
    let item = shop.item(&collection, json!({ "name": "Medal" })).await;
    assert_eq!(&item["operation"]["sender"], hers);
    let mints = json!({ "mints": [{ "to": treasury, "amount": "3" }] });
    let minted = shop.done(&format!("/items/{}/mint", text(&item["id"])), mints).await;
    assert_eq!(&minted["sender"], hers);
    for stop in ["pause", "unpause"] {
        let operation = shop.write(&format!("{path}/{stop}"), json!({})).await;
        assert_eq!(&shop.wait(&operation, "finalized").await["sender"], hers);
    }
    // Given back it is the app's again.
    assert_eq!(&give(&treasury).await["sender"], hers);
    assert_eq!((&shop.read(&path).await["owner"], &owner().await), (&treasury, &treasury));
    let item = shop.item(&collection, json!({ "name": "Cup" })).await;
    assert_eq!(item["operation"]["sender"], treasury);

    let body = json!({ "to": format!("0x{}", "00".repeat(20)) });
    let call = shop.gateway.post(&format!("{path}/transfer")).bearer(&shop.tenant.key).once().json(&body);
    call.send().await.expect_broken("to", "range");
    // Whose key the gateway hasn't issues by himself.
    let outside = json!(format!("0x{}", "77".repeat(20)));
    give(&outside).await;
    assert_eq!(shop.read(&path).await["owner"], outside);
    assert_eq!(shop.refused(&format!("{path}/items"), json!({ "name": "Plate" })).await, "not_collection_admin");
    // The mint is found by its item, and by its collection.
    for token in [text(&minted["token"]), text(&collection["id"])] {
        let found = shop.read(&format!("/transactions?token={token}")).await;
        let found = found["items"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["token"], &found[0]["amount"]), (&minted["token"], &json!("3")));
    }
    let network = shop.settle().await;
    assert_eq!((&network["mismatches"], &network["finalityLosses"]), (&json!(0), &json!(0)));
    shop.gateway.stop().await;
}
