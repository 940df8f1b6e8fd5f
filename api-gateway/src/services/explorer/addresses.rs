//! Addresses.

use super::tokens::{self, ChainToken};
use super::transactions::{self, ChainTransaction};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::contracts::address_text;
use crate::services::address::parse_address;
use alloy::primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An address as of the best block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressDetail {
    /// The address.
    pub address: String,
    /// Coins of the chain that it has, in wei.
    pub balance: String,
    /// Transactions that it has sent.
    pub nonce: u64,
    /// Size of its code in bytes: 0 for one that only a key controls.
    pub code_size_bytes: u64,
    /// The contract whose code it runs as its own (EIP-7702).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
    /// The token that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<ChainToken>,
    /// The transaction that created it, where that was its only purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation: Option<ChainTransaction>,
}

/// One address. Every address exists.
///
/// # Errors
/// A field error for what is none; `unavailable` while the node is away.
pub async fn get(ledger: &Ledger, text: &str) -> Result<AddressDetail> {
    let address = parse_address("path.address", text).map_err(|broken| Error::fields(vec![broken]))?;
    let account = ledger.account(address).await?;
    let text = address_text(address);
    let delegate = delegate(&account.code);
    Ok(AddressDetail {
        balance: account.balance.to_string(),
        nonce: account.nonce,
        code_size_bytes: u64::try_from(account.code.len()).unwrap_or(u64::MAX),
        delegate: delegate.map(address_text),
        token: tokens::at(ledger.db(), &text).await?,
        creation: if account.code.is_empty() { None } else { transactions::creation(ledger.db(), &text).await? },
        address: text,
    })
}

/// EIP-7702: `0xef0100` and an address instead of code.
fn delegate(code: &Bytes) -> Option<Address> {
    let address = code.strip_prefix(&[0xef, 0x01, 0x00])?;
    (address.len() == 20).then(|| Address::from_slice(address))
}
