//! Events as they are listened to: none missed, none twice, nobody else's.

use super::{Shop, node_or_skip, settings};
use crate::support::{Gateway, Postgres, text};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// A stream of Server-Sent Events.
struct Stream {
    response: reqwest::Response,
    buffer: String,
}

impl Stream {
    async fn open(gateway: &Gateway, token: &str, query: &str, last: Option<&str>) -> Self {
        let url = format!("{}/api/v1/events/stream{query}", gateway.base);
        let mut request = gateway.client.get(url).bearer_auth(token);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, buffer: String::new() }
    }

    /// The next message: cursor and event.
    async fn next(&mut self) -> (String, Value) {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let message = self.buffer.drain(..end + 2).collect::<String>();
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                    return (id, serde_json::from_str(&data).unwrap());
                }
            }
            let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Messages until the operation's transfer is final, that one too.
    async fn until_final(&mut self, operation: &Value) -> Vec<(String, Value)> {
        let mut told = Vec::new();
        loop {
            let (cursor, event) = self.next().await;
            let is_last = event["type"] == "transfer.finalized" && event["data"]["operation"] == *operation;
            told.push((cursor, event));
            if is_last {
                return told;
            }
        }
    }
}

fn ids(told: &[(String, Value)]) -> Vec<String> {
    told.iter().map(|(_, event)| text(&event["id"])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_all_in_order_and_can_be_resumed() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben) = (shop.user().await, shop.user().await);
    let beginning = shop.gateway.get("/events?limit=1").bearer(&shop.tenant.key).send().await.expect(200);
    let first = text(&beginning["nextCursor"]);
    let mut stream = Stream::open(&shop.gateway, &shop.tenant.key, &format!("?cursor={first}"), None).await;
    let mut last = Value::Null;
    for amount in ["100", "200", "300"] {
        let moved = shop.transfer(&json!({ "to": ana["id"], "amount": amount })).await;
        last = moved["operation"]["id"].clone();
    }
    let told = stream.until_final(&last).await;

    // The pages say the same, in the same order.
    let mut paged = Vec::new();
    let mut cursor = first.clone();
    while paged.len() < told.len() {
        let path = format!("/events?limit=7&cursor={cursor}");
        let page = shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200);
        paged.extend(page["items"].as_array().unwrap().iter().map(|event| text(&event["id"])));
        cursor = text(&page["nextCursor"]);
    }
    assert_eq!(ids(&told), paged[..told.len()]);

    // Each transfer is told when it is included and when it is final, with whose it is.
    for kind in ["transfer.included", "transfer.finalized"] {
        let amounts: Vec<_> = told
            .iter()
            .filter(|(_, event)| event["type"] == kind && event["data"]["toUser"] == ana["id"])
            .map(|(_, event)| text(&event["data"]["amount"]))
            .collect();
        assert_eq!(amounts, ["100", "200", "300"], "{kind}");
    }

    // Who was away in the middle goes on there.
    let middle = told.len() / 2;
    let mut resumed = Stream::open(&shop.gateway, &shop.tenant.key, "", Some(&told[middle].0)).await;
    let rest = resumed.until_final(&last).await;
    assert_eq!(ids(&rest), ids(&told)[middle + 1..]);

    // One event, for those whom it concerns.
    let event = told.iter().find(|(_, event)| event["data"]["toUser"] == ana["id"]).unwrap();
    let path = format!("/events/{}", text(&event.1["id"]));
    assert_eq!(shop.gateway.get(&path).bearer(&shop.tenant.key).send().await.expect(200), event.1);
    for user in [&ana, &ben] {
        let login = shop.gateway.login(&text(&user["email"]), Some(&shop.tenant.app)).await;
        let answer = shop.gateway.get(&path).bearer(&text(&login["accessToken"])).send().await;
        if user == &ana {
            assert_eq!(answer.expect(200), event.1);
        } else {
            answer.expect_problem(404, "not_found");
        }
    }
    shop.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_hears_of_his_own_by_websocket() {
    let node = node_or_skip!();
    let shop = Shop::open(&node, "open").await;
    let (ana, ben) = (shop.user().await, shop.user().await);
    let login = shop.gateway.login(&text(&ana["email"]), Some(&shop.tenant.app)).await;
    let address = shop.gateway.base.replace("http://", "ws://");
    let open = async |protocols: &str, query: &str| {
        let mut request = format!("{address}/api/v1/events/socket{query}").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };
    let protocols = format!("hanse.events.v1, bearer.{}", text(&login["accessToken"]));
    let (mut socket, answer) = open(&protocols, "?types=transfer.finalized").await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "hanse.events.v1");
    assert!(open("hanse.events.v1, bearer.nonsense", "").await.is_err(), "a bad token");

    let other = shop.transfer(&json!({ "to": ben["id"], "amount": "7" })).await;
    shop.wait(&other["operation"], "finalized").await;
    let own = shop.transfer(&json!({ "to": ana["id"], "amount": "9" })).await;
    let paid = async |socket: &mut tokio_tungstenite::WebSocketStream<_>| loop {
        if let Message::Text(message) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str::<Value>(&message).unwrap();
        }
    };
    let message = paid(&mut socket).await;
    assert_eq!(message["event"]["type"], "transfer.finalized");
    assert_eq!(message["event"]["data"]["operation"], own["operation"]["id"]);
    let cursor = text(&message["cursor"]);
    socket.send(Message::Close(None)).await.unwrap();

    // What happened while nobody listened is told at the next connection.
    let missed = shop.transfer(&json!({ "from": ana["id"], "to": ben["id"], "amount": "4" })).await;
    shop.wait(&missed["operation"], "finalized").await;
    let (mut socket, _) = open(&protocols, &format!("?types=transfer.finalized&cursor={cursor}")).await.unwrap();
    let message = paid(&mut socket).await;
    assert_eq!(message["event"]["data"]["operation"], missed["operation"]["id"]);

    // A stop closes it, so that nobody waits for a connection that is over.
    shop.gateway.stop().await;
    while let Some(Ok(message)) = socket.next().await {
        assert!(!matches!(message, Message::Text(_)), "{message}");
    }
}

/// Two gateways on one database: what one of them writes, both tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_replica_tells_all_events() {
    let node = node_or_skip!();
    let Some(database) = Postgres::make().await else { return };
    // One root key for both, as replicas have.
    let root = format!("[custody]\nroot_key = \"{}\"\n", "7".repeat(64));
    let config = settings(&node) + &database.config() + &root;
    let (first, second) = (Gateway::start(&config).await, Gateway::start(&config).await);
    let shop = Shop::at(first, "open").await;
    shop.wait(&shop.token["operation"], "finalized").await;
    let user = shop.user().await;
    let mut streams = Vec::new();
    for gateway in [&shop.gateway, &second] {
        streams.push(Stream::open(gateway, &shop.tenant.key, "?types=transfer.*", None).await);
    }
    let moved = shop.transfer(&json!({ "to": user["id"], "amount": "3" })).await;
    let mut told = Vec::new();
    for stream in &mut streams {
        told.push(ids(&stream.until_final(&moved["operation"]["id"]).await));
    }
    assert_eq!((told[0].len(), &told[0]), (2, &told[1]), "included and finalized, by both");
    drop(streams);
    second.stop().await;
    shop.gateway.stop().await;
    database.remove().await;
}
