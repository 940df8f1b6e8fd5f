//! The gateway against a real `hanse-node --dev`.
//!
//! The binary is named by `HANSE_NODE_BIN`, otherwise taken from `$CARGO_TARGET_DIR/release`. Without it these tests
//! say loudly that they are skipped.

mod collections;
mod contracts;
mod controls;
mod crash;
mod events;
mod explorer;
mod jobs;
mod node;
mod outage;
mod people;
mod policies;
mod reorg;
mod schedules;
mod slots;
mod transfers;
mod webhooks;

use crate::support::{Gateway, Tenant, text};
use node::Node;
use serde_json::{Value, json};

/// Starts a node, or returns from the test.
macro_rules! node_or_skip {
    ($($argument:expr),*) => {
        match $crate::chain::node::Node::start(&[$($argument),*]).await {
            Some(node) => node,
            None => return,
        }
    };
}
pub(crate) use node_or_skip;

/// The settings of a gateway that follows this node. Retries are quick, so that outages cost little test time.
fn settings(node: &Node) -> String {
    format!(
        "[chain]\nrpc_url = \"{}\"\n[ledger]\nretry_min_ms = 50\nretry_max_ms = 500\nresend_after_ms = 2000\n",
        node.url()
    )
}

/// What these tests ask of a gateway.
struct Shop {
    gateway: Gateway,
    tenant: Tenant,
    token: Value,
}

impl Shop {
    /// A tenant with a token, all of it finalized.
    async fn open(node: &Node, policy: &str) -> Self {
        let shop = Self::accepted(node, policy).await;
        shop.wait(&shop.token["operation"], "finalized").await;
        shop
    }

    /// A tenant with a token, all of it accepted. The node need not be there.
    async fn accepted(node: &Node, policy: &str) -> Self {
        Self::at(Gateway::start(&settings(node)).await, policy).await
    }

    /// The same on a gateway that runs already.
    async fn at(gateway: Gateway, policy: &str) -> Self {
        let tenant = gateway.tenant().await;
        let body = json!({
            "name": "Euro voucher", "symbol": "EURV", "decimals": 2, "initialSupply": "1000000", "policy": policy,
        });
        let token = gateway.post("/tokens").bearer(&tenant.key).once().json(&body).send().await.expect(202);
        Self { gateway, tenant, token }
    }

    fn path(&self, rest: &str) -> String {
        format!("/tokens/{}{rest}", text(&self.token["id"]))
    }

    async fn user(&self) -> Value {
        let email = format!("user{}@example.com", crate::support::unique());
        self.gateway.user(&self.tenant.key, &email).await
    }

    async fn transfer(&self, body: &Value) -> Value {
        let call = self.gateway.post(&self.path("/transfers")).bearer(&self.tenant.key).once();
        call.json(body).send().await.expect(202)
    }

    async fn operation(&self, id: &str) -> Value {
        self.gateway.get(&format!("/operations/{id}")).bearer(&self.tenant.key).send().await.expect(200)
    }

    /// Waits until the operation has got there; anything else is a failure of the test.
    #[track_caller]
    fn wait(&self, operation: &Value, status: &str) -> impl Future<Output = Value> {
        self.wait_for(text(&operation["id"]), status.to_owned())
    }

    async fn wait_for(&self, id: String, status: String) -> Value {
        let wait = if status == "failed" { "finalized" } else { &status };
        let mut last = Value::Null;
        for _ in 0..20 {
            let path = format!("/operations/{id}?wait={wait}&timeoutMs=2000");
            last = self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200);
            // A `--dev` node finalizes at once, so that `included` may be missed.
            if last["status"] == status.as_str() || (status == "included" && last["status"] == "finalized") {
                return last;
            }
            assert_ne!(last["status"], "failed", "{last}");
        }
        panic!("did not get {status}: {last}");
    }

    async fn balance(&self, holder: &str) -> Value {
        let path = self.path(&format!("/balances/{holder}"));
        self.gateway.get(&path).bearer(&self.tenant.key).send().await.expect(200)
    }

    async fn network(&self) -> Value {
        self.gateway.get("/network").bearer(&self.tenant.key).send().await.expect(200)
    }

    /// Waits until nothing is open and the verifier has agreed with all that is finalized.
    async fn settle(&self) -> Value {
        for _ in 0..600 {
            let network = self.network().await;
            if network["openOperations"] == 0
                && network["lagBlocks"] == 0
                && network["verifiedNumber"] == network["finalized"]["number"]
                && network["best"] == network["finalized"]
            {
                return network;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("does not settle: {}", self.network().await);
    }
}
