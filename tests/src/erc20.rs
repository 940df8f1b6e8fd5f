//! An ERC-20 as any client sees it, and OpenZeppelin's implementation to deploy.

use crate::{Rpc, Wallet, until};
use alloy::primitives::{Address, Bytes, TxKind, U256};
use alloy::sol_types::{SolCall, SolEvent, SolValue};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

alloy::sol! {
    #![sol(all_derives)]
    /// EIP-20 with metadata.
    interface IERC20 {
        event Transfer(address indexed from, address indexed to, uint256 value);
        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function approve(address spender, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }
}

/// Creation code of `tests/js/contracts/Coin.sol`; `node tests/js/lib/write-bytecode.mjs` writes the file, and a test
/// compares it with what the compiler gives.
const COIN: &str = include_str!("../coin.hex");

/// What deploys OpenZeppelin's ERC-20; the deployer gets the whole `supply`.
pub fn creation(name: &str, symbol: &str, supply: U256) -> Result<Vec<u8>> {
    let mut code = alloy::hex::decode(COIN.trim())?;
    code.extend((name.to_owned(), symbol.to_owned(), supply).abi_encode_params());
    Ok(code)
}

/// Reads of one token through `eth_call`.
#[derive(Clone, Debug)]
pub struct Erc20 {
    rpc: Rpc,
    address: Address,
}

impl Erc20 {
    /// The token at `address`.
    pub fn at(rpc: Rpc, address: Address) -> Self {
        Self { rpc, address }
    }

    /// Deploys OpenZeppelin's ERC-20; `deployer` gets the whole `supply` and spends `nonce`.
    pub async fn deploy(rpc: &Rpc, deployer: &Wallet, nonce: u64, supply: U256) -> Result<Self> {
        let code = creation("Coin", "COIN", supply)?;
        let hash = rpc.send(&deployer.sign(nonce, TxKind::Create, code, 3_000_000)?).await?;
        let receipt = receipt(rpc, &hash).await?;
        ensure!(receipt["status"] == "0x1", "the deployment failed: {receipt}");
        let address = serde_json::from_value(receipt["contractAddress"].clone())?;
        Ok(Self { rpc: rpc.clone(), address })
    }

    /// Where it is.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Any view function at the latest block.
    pub async fn read<C: SolCall>(&self, call: C) -> Result<C::Return> {
        self.read_at(call, "latest").await
    }

    /// Any view function at a block.
    pub async fn read_at<C: SolCall>(&self, call: C, block: &str) -> Result<C::Return> {
        let data = self.rpc.eth_call(self.address, call.abi_encode(), block).await?;
        C::abi_decode_returns(&data).with_context(|| format!("{} gave {data}", C::SIGNATURE))
    }

    /// What an account holds.
    pub async fn balance_of(&self, account: Address) -> Result<U256> {
        self.read(IERC20::balanceOfCall { account }).await
    }

    /// All `Transfer` logs of the token, oldest first.
    pub async fn transfers(&self) -> Result<Vec<Transfer>> {
        let head = self.rpc.number("eth_blockNumber", json!([])).await?;
        let mut found = Vec::new();
        // In windows: nodes limit the range and the number of results of one question.
        for first in (0..=head).step_by(WINDOW_BLOCKS) {
            let last = head.min(first + WINDOW_BLOCKS as u64 - 1);
            let filter = json!({
                "address": self.address, "fromBlock": format!("{first:#x}"), "toBlock": format!("{last:#x}"),
                "topics": [IERC20::Transfer::SIGNATURE_HASH],
            });
            let logs = self.rpc.call("eth_getLogs", json!([filter])).await?;
            for log in logs.as_array().context("logs")? {
                found.push(Transfer::parse(log)?);
            }
        }
        Ok(found)
    }
}

/// Blocks in one `eth_getLogs`.
const WINDOW_BLOCKS: usize = 500;

/// One `Transfer` log.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Sender; zero for a mint.
    pub from: Address,
    /// Receiver; zero for a burn.
    pub to: Address,
    /// In the smallest unit.
    pub value: U256,
    /// Of the transaction that it belongs to.
    pub transaction_hash: String,
}

impl Transfer {
    fn parse(log: &Value) -> Result<Self> {
        let address = |index: usize| -> Result<Address> {
            let topic: alloy::primitives::B256 = serde_json::from_value(log["topics"][index].clone())?;
            Ok(Address::from_word(topic))
        };
        let data: Bytes = serde_json::from_value(log["data"].clone())?;
        Ok(Self {
            from: address(1)?,
            to: address(2)?,
            value: U256::abi_decode(&data)?,
            transaction_hash: log["transactionHash"].as_str().context("a hash")?.to_owned(),
        })
    }
}

/// Calldata of `transfer`.
pub fn transfer(to: Address, value: u64) -> Vec<u8> {
    IERC20::transferCall { to, value: U256::from(value) }.abi_encode()
}

/// Waits for a transaction's receipt.
pub async fn receipt(rpc: &Rpc, hash: &str) -> Result<Value> {
    until(&format!("receipt of {hash}"), Duration::from_secs(20), async || {
        let receipt = rpc.call("eth_getTransactionReceipt", json!([hash])).await?;
        Ok((!receipt.is_null()).then_some(receipt))
    })
    .await
}
