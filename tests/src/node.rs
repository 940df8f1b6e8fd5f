//! Nodes: a one-node development chain, validators of a network, and anvil beside them for comparison.

use crate::process::START_LIMIT;
use crate::{Process, Rpc, binary, free_port, quantity, repository_root, until};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// `hanse-node` with data that outlive the process, so that it can be killed and started again.
#[derive(Debug)]
pub struct Node {
    process: Option<Process>,
    folder: TempDir,
    rpc_port: u16,
    p2p_port: u16,
    flags: Vec<String>,
}

impl Node {
    /// Starts a chain that seals a block as soon as a transaction waits.
    pub async fn start() -> Result<Self> {
        Self::start_with(&["--dev"]).await
    }

    /// Starts a node with these command-line flags.
    pub async fn start_with(flags: &[&str]) -> Result<Self> {
        let mut node = Self::prepare(flags)?;
        node.spawn()?;
        node.ready().await?;
        Ok(node)
    }

    /// A node with these command-line flags, not started.
    pub fn prepare(flags: &[&str]) -> Result<Self> {
        Ok(Self {
            process: None,
            folder: tempfile::Builder::new().prefix("hanse-node-").tempdir()?,
            rpc_port: free_port()?,
            p2p_port: free_port()?,
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        })
    }

    /// Starts the process without waiting for it.
    pub fn spawn(&mut self) -> Result<()> {
        let mut command = Command::new(binary("hanse-node")?);
        command
            .args(&self.flags)
            .args(["--rpc-port", &self.rpc_port.to_string()])
            .args(["--port", &self.p2p_port.to_string()])
            .arg("--no-prometheus")
            .arg("--base-path")
            .arg(self.data());
        self.process = Some(Process::start("hanse-node", command, self.folder.path())?);
        Ok(())
    }

    /// Waits until JSON-RPC answers.
    pub async fn ready(&mut self) -> Result<()> {
        let rpc = self.rpc();
        let process = self.process.as_mut().context("the node is not started")?;
        let began = std::time::Instant::now();
        loop {
            process.expect_running()?;
            match rpc.call("eth_chainId", json!([])).await {
                Ok(_) => return Ok(()),
                Err(error) if began.elapsed() > START_LIMIT => {
                    return Err(error.context(format!("hanse-node does not answer\n{}", process.log_tail(30))));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// An orderly stop.
    pub fn terminate(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.terminate())
    }

    /// The running process.
    pub fn process(&self) -> Result<&Process> {
        self.process.as_ref().context("the node is not started")
    }

    /// Ethereum JSON-RPC over HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rpc_port)
    }

    /// A client of it.
    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.url())
    }

    /// Where other nodes reach it.
    pub fn p2p_port(&self) -> u16 {
        self.p2p_port
    }

    /// The number of the block that a tag (`latest`, `finalized`) names.
    pub async fn block_number(&self, tag: &str) -> Result<u64> {
        let block = self.rpc().call("eth_getBlockByNumber", json!([tag, false])).await?;
        quantity(&block["number"])
    }

    /// The `--base-path`.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder that goes with the node.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Runs a subcommand of `hanse-node` on the data in `base_path` to its end, and gives what it printed.
pub fn node_command(arguments: &[&str], base_path: &Path) -> Result<String> {
    let base_path = base_path.to_str().context("a path in UTF-8")?;
    node_output(&[arguments, &["--base-path", base_path]].concat())
}

/// Runs `hanse-node` with these arguments to its end, and gives what it printed.
pub fn node_output(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(binary("hanse-node")?);
    command.args(arguments);
    let output = command.output().context("hanse-node")?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The validators of the chain `local`: Aura and GRANDPA over loopback.
#[derive(Debug)]
pub struct Network {
    /// Alice, Bob and Charlie.
    pub nodes: Vec<Node>,
}

impl Network {
    /// Starts three validators and waits until the first block is final.
    pub async fn start() -> Result<Self> {
        let mut nodes = Vec::new();
        // Each knows all that started before it: two that met only through the third would lose each other with it, and
        // a validator without peers makes no blocks.
        let mut known = Vec::<String>::new();
        for name in ["--alice", "--bob", "--charlie"] {
            let mut flags = vec!["--chain", "local", "--validator", name, "--unsafe-force-node-key-generation"];
            // Another test's network has the same genesis and the same validators: found by mDNS, it would vote here.
            flags.push("--no-mdns");
            if !known.is_empty() {
                flags.push("--bootnodes");
                flags.extend(known.iter().map(String::as_str));
            }
            let node = Node::start_with(&flags).await?;
            let peer = node.rpc().call("system_localPeerId", json!([])).await?;
            let peer = peer.as_str().context("a peer id")?;
            known.push(format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", node.p2p_port()));
            nodes.push(node);
        }
        let network = Self { nodes };
        for node in &network.nodes {
            until("a block is final", Duration::from_secs(60), async || {
                Ok((node.block_number("finalized").await? > 0).then_some(()))
            })
            .await?;
        }
        Ok(network)
    }
}

/// Foundry's development chain, by the npm package of `tests/js`: the yardstick of the benchmarks.
#[derive(Debug)]
pub struct Anvil {
    process: Process,
    port: u16,
    _folder: TempDir,
}

impl Anvil {
    /// Starts it gasless, with Hanse's chain id and ten blocks a second without a limit that a flood would reach.
    ///
    /// With one block a second it waits most of the time for a flood whose window is full. Mining on arrival, its default,
    /// stops: of 4,000 transfers by 200 senders about 1,600 were mined and the others stayed in its pool (anvil 1.7.1).
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("hanse-anvil-").tempdir()?;
        let port = free_port()?;
        let program = repository_root().join("tests/js/node_modules/.bin/anvil");
        ensure!(program.exists(), "{} is missing: scripts/setup installs it", program.display());
        let mut command = Command::new(&program);
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--chain-id", &crate::CHAIN_ID.to_string(), "--gas-price", "0", "--base-fee", "0"])
            .args(["--block-time", "0.1", "--gas-limit", "100000000000", "--silent"]);
        let process = Process::start("anvil", command, folder.path())?;
        let anvil = Self { process, port, _folder: folder };
        until("anvil is ready", Duration::from_secs(20), async || {
            anvil.rpc().call("eth_chainId", json!([])).await.map(Some)
        })
        .await?;
        Ok(anvil)
    }

    /// A client of it.
    pub fn rpc(&self) -> Rpc {
        Rpc::new(format!("http://127.0.0.1:{}", self.port))
    }

    /// The running process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}
