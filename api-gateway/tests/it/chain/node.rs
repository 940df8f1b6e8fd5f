//! A `hanse-node --dev` process with a data folder of its own.

use hanse_tests::free_port;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A node takes a second, and far longer when its runtime is yet to be compiled beside other heavy work.
const START: Duration = Duration::from_secs(240);

/// The node, killed when dropped.
pub struct Node {
    child: Option<Child>,
    arguments: Vec<String>,
    folder: TempDir,
    port: u16,
    client: reqwest::Client,
}

fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("HANSE_NODE_BIN").map(PathBuf::from);
    let built = || std::env::var_os("CARGO_TARGET_DIR").map(|folder| PathBuf::from(folder).join("release/hanse-node"));
    named.or_else(built).filter(|path| path.is_file())
}

impl Node {
    /// Starts a node; `None`, said loudly, when there is no binary.
    pub async fn start(arguments: &[&str]) -> Option<Self> {
        if binary().is_none() {
            eprintln!("SKIPPED: no hanse-node; name it by HANSE_NODE_BIN or build it into $CARGO_TARGET_DIR/release");
            return None;
        }
        let mut node = Self {
            child: None,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            folder: TempDir::new().unwrap(),
            port: free_port().unwrap(),
            client: reqwest::Client::new(),
        };
        node.resume().await;
        Some(node)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the process on the present data and waits for its RPC.
    pub async fn resume(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let child = Command::new(binary().expect("checked at start"))
            .args(["--dev", "--no-prometheus", "--no-telemetry", "--listen-addr", "/ip4/127.0.0.1/tcp/0"])
            .arg("--base-path")
            .arg(self.folder.path().join("data"))
            .arg("--rpc-port")
            .arg(self.port.to_string())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let began = Instant::now();
        while self.try_rpc("eth_chainId", json!([])).await.is_none() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < START, "the node does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Throws its data away.
    pub fn forget(&mut self) {
        assert!(self.child.is_none(), "kill it first");
        let _ = std::fs::remove_dir_all(self.folder.path().join("data"));
    }

    async fn try_rpc(&self, method: &str, parameters: Value) -> Option<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let request =
            self.client.post(self.url()).timeout(Duration::from_secs(20)).header("content-type", "application/json");
        let text = request.body(body.to_string()).send().await.ok()?.text().await.ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A call that must succeed.
    pub async fn rpc(&self, method: &str, parameters: Value) -> Value {
        let answer = self.try_rpc(method, parameters).await.expect("the node answers");
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// One word of a contract's answer at the best block.
    pub async fn word(&self, to: &str, input: &str) -> u128 {
        let call = json!([{ "to": to, "data": input }, "latest"]);
        let word = self.rpc("eth_call", call).await;
        u128::from_str_radix(word.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    pub async fn balance_of(&self, token: &str, holder: &str) -> u128 {
        self.word(token, &format!("0x70a08231{:0>64}", holder.trim_start_matches("0x"))).await
    }

    /// With `--sealing manual`: makes a block on `parent` (a Substrate hash; the best block when absent).
    pub async fn make_block(&self, finalize: bool, parent: Option<&str>) -> String {
        let made = self.rpc("engine_createBlock", json!([true, finalize, parent])).await;
        made["hash"].as_str().unwrap().to_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
