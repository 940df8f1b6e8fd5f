//! Webhooks against receivers that are down, slow, broken, and well again.

use super::{Shop, node_or_skip};
use crate::support::text;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Retries in milliseconds instead of hours.
const SETTINGS: &str = "[webhooks]\ntimeout_ms = 300\nretry_min_ms = 40\nretry_max_ms = 400\n";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Well,
    Broken,
    Slow,
    Gone,
}

/// A message as it came.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    headers: HeaderMap,
    taken: bool,
}

/// An app's own server.
#[derive(Clone)]
struct Receiver {
    mood: Arc<Mutex<Mood>>,
    messages: Arc<Mutex<Vec<Message>>>,
    url: String,
}

impl Receiver {
    /// Listens on the port, or on any.
    async fn start(port: u16) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = Self { mood: Arc::new(Mutex::new(Mood::Well)), messages: Arc::default(), url };
        let router = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    async fn until(&self, what: &str, done: impl Fn(&[Message]) -> bool) {
        for _ in 0..600 {
            if done(&self.messages()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {:?}", self.messages());
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mood = *receiver.mood.lock().unwrap();
    receiver.messages.lock().unwrap().push(Message {
        id: headers["webhook-id"].to_str().unwrap().to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
        headers,
        taken: mood == Mood::Well,
    });
    match mood {
        Mood::Well => StatusCode::NO_CONTENT,
        Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        Mood::Gone => StatusCode::GONE,
        Mood::Slow => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            StatusCode::NO_CONTENT
        }
    }
}

/// Whether one of the signatures is by this secret.
fn is_signed(message: &Message, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let timestamp = message.headers["webhook-timestamp"].to_str().unwrap();
    mac.update(format!("{}.{timestamp}.{}", message.id, message.body).as_bytes());
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    message.headers["webhook-signature"].to_str().unwrap().split(' ').any(|signature| signature == wanted)
}

async fn shop(node: &super::Node) -> Shop {
    let mut shop = Shop::open(node, "open").await;
    shop.gateway.configure(SETTINGS);
    shop.gateway.restart().await;
    shop
}

async fn webhook(shop: &Shop, body: &Value) -> Value {
    shop.gateway.post("/webhooks").bearer(&shop.tenant.key).json(body).send().await.expect(201)
}

async fn events(shop: &Shop, types: &str) -> Vec<Value> {
    let path = format!("/events?types={types}&limit=200");
    let page = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_each_account_is_told_in_order() {
    let node = node_or_skip!();
    let shop = shop(&node).await;
    let users = [shop.user().await, shop.user().await, shop.user().await];
    // Nobody listens there yet.
    let port = hanse_tests::free_port().unwrap();
    let body = json!({ "url": format!("http://127.0.0.1:{port}/hook"), "types": ["transfer.*"] });
    let made = webhook(&shop, &body).await;
    let before = events(&shop, "transfer.*").await.len();
    let send = async |count: usize| {
        for index in 0..count {
            let user = &users[index % users.len()];
            shop.transfer(&json!({ "to": user["id"], "amount": (index + 1).to_string() })).await;
        }
        shop.settle().await;
    };
    send(4).await;
    let receiver = Receiver::start(port).await;
    receiver.until("it is back", |messages| messages.len() >= 8).await;
    for mood in [Mood::Broken, Mood::Slow, Mood::Well] {
        receiver.is(mood);
        let seen = receiver.messages().len();
        send(4).await;
        receiver.until("it is asked", |messages| messages.len() > seen).await;
    }
    let expected = &events(&shop, "transfer.*").await[before..];
    assert_eq!(expected.len(), 32, "16 transfers, each included and finalized");
    let all = |messages: &[Message]| {
        let taken: Vec<_> = messages.iter().filter(|message| message.taken).map(|message| &message.id).collect();
        expected.iter().all(|event| taken.iter().any(|id| **id == event["id"]))
    };
    receiver.until("all of them", all).await;

    let messages = receiver.messages();
    let mut bodies: HashMap<&str, &str> = HashMap::new();
    let mut order: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for message in &messages {
        assert!(is_signed(message, &text(&made["secret"])));
        assert_eq!(*bodies.entry(&message.id).or_insert(&message.body), message.body, "a repeat is the same");
        let event: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(event["id"], message.id.as_str());
        for account in ["from", "to"].map(|side| text(&event["data"][side])) {
            let told = order.entry(account).or_default();
            if message.taken && !told.contains(&message.id.as_str()) {
                told.push(&message.id);
            }
        }
    }
    for (account, told) in order {
        let right: Vec<_> = expected
            .iter()
            .filter(|event| [&event["data"]["from"], &event["data"]["to"]].contains(&&json!(account)))
            .map(|event| event["id"].as_str().unwrap())
            .collect();
        assert_eq!(told, right, "{account}");
    }
    // The log says the same.
    let path = format!("/webhooks/{}/deliveries?limit=200", text(&made["id"]));
    for _ in 0..100 {
        let log = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
        let items = log["items"].as_array().unwrap();
        if items.iter().all(|item| item["status"] == "delivered") {
            assert_eq!(items.len(), 32);
            assert!(items.iter().any(|item| item["attempts"].as_u64().unwrap() > 1), "{log}");
            shop.gateway.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("some deliveries stay open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_wants_no_more_is_left_alone_until_it_is_enabled() {
    let node = node_or_skip!();
    let shop = shop(&node).await;
    let user = shop.user().await;
    let (receiver, witness) = (Receiver::start(0).await, Receiver::start(0).await);
    let made = webhook(&shop, &json!({ "url": receiver.url, "types": ["transfer.finalized"] })).await;
    webhook(&shop, &json!({ "url": witness.url, "types": ["webhook.disabled"] })).await;
    let path = format!("/webhooks/{}", text(&made["id"]));
    receiver.is(Mood::Gone);
    shop.transfer(&json!({ "to": user["id"], "amount": "1" })).await;
    witness.until("the notice", |messages| !messages.is_empty()).await;
    let notice: Value = serde_json::from_str(&witness.messages()[0].body).unwrap();
    assert_eq!((&notice["type"], &notice["data"]["id"]), (&json!("webhook.disabled"), &made["id"]));
    let shown = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!(shown["status"], "disabled");
    assert!(text(&shown["disabledReason"]).contains("410"));

    let silent = receiver.messages().len();
    let moved = shop.transfer(&json!({ "to": user["id"], "amount": "2" })).await;
    shop.wait(&moved["operation"], "finalized").await;
    assert_eq!(receiver.messages().len(), silent);
    receiver.is(Mood::Well);
    let change = shop.gateway.call(reqwest::Method::PATCH, &path).bearer(&shop.tenant.key);
    let shown = change.json(&json!({ "enabled": true })).send().await.expect(200);
    assert_eq!((&shown["status"], shown.get("disabledReason")), (&json!("enabled"), None));
    let taken = |messages: &[Message]| messages.iter().filter(|message| message.taken).count();
    receiver.until("what was missed", |messages| taken(messages) == 2).await;

    // A new secret signs beside the old one, and a range of the past comes again under the same ids.
    let call = shop.gateway.post(&format!("{path}/rotate-secret")).bearer(&shop.tenant.key);
    let rotated = call.json(&json!({})).send().await.expect(200);
    let before: Vec<_> = receiver.messages().into_iter().filter(|message| message.taken).collect();
    let since = text(&made["createdAt"]);
    let call = shop.gateway.post(&format!("{path}/replay")).bearer(&shop.tenant.key);
    let replayed = call.json(&json!({ "since": since })).send().await.expect(202);
    assert_eq!(replayed["events"], 2);
    receiver.until("the past", |messages| taken(messages) == 4).await;
    let again: Vec<_> = receiver.messages().into_iter().filter(|message| message.taken).skip(2).collect();
    for (message, first) in again.iter().zip(&before) {
        assert_eq!((&message.id, &message.body), (&first.id, &first.body));
        assert!(is_signed(message, &text(&rotated["secret"])) && is_signed(message, &text(&made["secret"])));
        assert!(!is_signed(first, &text(&rotated["secret"])));
    }
    // A test says at once how it went.
    let test = shop.gateway.post(&format!("{path}/test")).bearer(&shop.tenant.key).send().await.expect(200);
    assert_eq!((&test["succeeded"], &test["responseStatus"]), (&json!(true), &json!(204)));
    shop.gateway.delete(&path).bearer(&shop.tenant.key).send().await;
    shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect_problem(404, "not_found");
    shop.gateway.stop().await;
}
