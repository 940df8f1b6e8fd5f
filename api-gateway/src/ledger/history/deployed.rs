//! Tokens of contracts that somebody has deployed: known by their logs, then asked for their names.
//!
//! Anybody can deploy a contract that tells of movements, and answers what it likes: what it says is bounded, and shown as
//! its own words.

use super::super::Inner;
use super::super::chain::{Call, ChainError, ChainResult, Log};
use super::super::contracts::{abi, address_text, hash_text, is_native};
use super::super::fault::Fault;
use super::super::projection::BlockData;
use super::super::state::big;
use crate::db::{QueryBuilder, Standard};
use crate::error::{Error, Result};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent as _};
use sqlx::{AnyConnection, Row as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Tokens that are asked at once.
const ASKED: i64 = 50;

/// Between two looks when nobody is to be asked.
const IDLE: Duration = Duration::from_secs(1);

/// Gas for one answer.
const GAS: u64 = 200_000;

/// Characters of a name or symbol that are kept.
const MAX_CHARS: usize = 100;

/// The standard by which a log tells of a movement.
fn standard(log: &Log) -> Option<Standard> {
    match (*log.topics.first()?, log.topics.len()) {
        (abi::IToken::Transfer::SIGNATURE_HASH, 3) if log.data.len() == 32 => Some(Standard::Erc20),
        (abi::ICollection721::Transfer::SIGNATURE_HASH, 4) if log.data.is_empty() => Some(Standard::Erc721),
        (abi::ICollection1155::TransferSingle::SIGNATURE_HASH, 4) if log.data.len() == 64 => Some(Standard::Erc1155),
        (abi::ICollection1155::TransferBatch::SIGNATURE_HASH, 4) => Some(Standard::Erc1155),
        _ => None,
    }
}

/// Writes the tokens that move in these blocks for the first time.
pub(super) async fn insert(tx: &mut AnyConnection, blocks: &[BlockData]) -> Result<()> {
    let mut first: BTreeMap<Address, (u64, u64, B256, Standard)> = BTreeMap::new();
    for data in blocks {
        for receipt in &data.receipts {
            for log in receipt.logs.iter().filter(|log| !is_native(&log.address)) {
                if let Some(standard) = standard(log) {
                    let place = (data.block.number(), log.log_index.to(), receipt.transaction_hash, standard);
                    first.entry(log.address).or_insert(place);
                }
            }
        }
    }
    let first: Vec<_> = first.into_iter().collect();
    // The history grows downwards, too: an earlier movement is the first one.
    QueryBuilder::insert_all(
        tx,
        "INSERT INTO chain_tokens (address, standard, name, symbol, decimals, chain_app_id, creator, block_number, \
             log_index, tx_hash, search_name, search_symbol, named) ",
        &first,
        " ON CONFLICT (address) DO UPDATE SET block_number = excluded.block_number, log_index = excluded.log_index, \
             tx_hash = excluded.tx_hash WHERE excluded.block_number < chain_tokens.block_number",
        |mut row, (address, (number, index, hash, standard))| {
            row.push_bind(address_text(*address))
                .push_bind(standard.as_str())
                .push_bind("")
                .push_bind("")
                .push_bind(0_i64)
                .push_bind("")
                .push_bind("")
                .push_bind(big(*number))
                .push_bind(big(*index))
                .push_bind(hash_text(*hash))
                .push_bind("")
                .push_bind("")
                .push_bind(0_i64);
        },
    )
    .await?;
    Ok(())
}

/// Asks for names until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    loop {
        let asked = if inner.lease.is_held() && inner.node.is_identified() { step(&inner).await } else { Ok(false) };
        match asked {
            Ok(true) => continue,
            Ok(false) => {}
            Err(Fault::Chain(error)) => tracing::debug!(%error, "tokens' names wait for the node"),
            Err(Fault::Other(error)) => tracing::error!(%error, "tokens' names could not be asked; trying again"),
        }
        tokio::time::sleep(IDLE).await;
    }
}

/// Asks some. False when nobody is to be asked.
async fn step(inner: &Inner) -> Result<bool, Fault> {
    let rows = sqlx::query("SELECT address FROM chain_tokens WHERE named = 0 ORDER BY address LIMIT $1")
        .bind(ASKED)
        .fetch_all(inner.db.reader())
        .await?;
    let mut addresses = Vec::with_capacity(rows.len());
    for row in rows {
        addresses.push(row.try_get::<String, _>(0)?.parse::<Address>().map_err(Error::internal)?);
    }
    if addresses.is_empty() {
        return Ok(false);
    }
    let block = inner.chain.best_number().await?;
    match ask(inner, &addresses, block).await {
        // Together they say too much. Who does so alone has no name, and keeps nobody else from having one.
        Err(Fault::Chain(ChainError::TooLarge(_))) => {
            for address in &addresses {
                match ask(inner, std::slice::from_ref(address), block).await {
                    Err(Fault::Chain(ChainError::TooLarge(_))) => store(inner, *address, &[]).await?,
                    asked => asked?,
                }
            }
        }
        asked => asked?,
    }
    Ok(true)
}

/// Asks these in one batch, and keeps what they answer.
async fn ask(inner: &Inner, addresses: &[Address], block: u64) -> Result<(), Fault> {
    let questions = [
        abi::ICollection::nameCall {}.abi_encode(),
        abi::ICollection::symbolCall {}.abi_encode(),
        abi::IToken::decimalsCall {}.abi_encode(),
    ];
    let calls: Vec<Call> = addresses
        .iter()
        .flat_map(|address| {
            questions.iter().map(|input| Call {
                from: Address::ZERO,
                to: *address,
                input: Bytes::from(input.clone()),
                gas: GAS,
            })
        })
        .collect();
    let answers = inner.chain.calls(&calls, block).await?;
    for (address, answers) in addresses.iter().zip(answers.chunks(questions.len())) {
        store(inner, *address, answers).await?;
    }
    Ok(())
}

/// Keeps what a token says to be its name, symbol and decimals.
async fn store(inner: &Inner, address: Address, answers: &[ChainResult<Bytes>]) -> Result<()> {
    let answer = |index: usize| answers.get(index).and_then(|answer| answer.as_ref().ok());
    let (name, symbol) = (words(answer(0)), words(answer(1)));
    sqlx::query(
        "UPDATE chain_tokens SET name = $1, symbol = $2, decimals = $3, search_name = $4, search_symbol = $5, named = 1 \
         WHERE address = $6 AND named = 0",
    )
    .bind(&name)
    .bind(&symbol)
    .bind(i64::from(answer(2).map_or(0, decimals)))
    .bind(name.to_lowercase())
    .bind(symbol.to_lowercase())
    .bind(address_text(address))
    .execute(inner.db.writer())
    .await?;
    Ok(())
}

/// A `string`, or the `bytes32` of the first tokens, without what can't be shown.
fn words(answer: Option<&Bytes>) -> String {
    let Some(answer) = answer else { return String::new() };
    let text = match abi::ICollection::nameCall::abi_decode_returns(answer) {
        Ok(text) => text,
        Err(_) if answer.len() == 32 => {
            let end = answer.iter().position(|byte| *byte == 0).unwrap_or(answer.len());
            String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned()
        }
        Err(_) => return String::new(),
    };
    text.chars().filter(|character| !character.is_control()).take(MAX_CHARS).collect()
}

/// 0 for what is no number of digits.
fn decimals(answer: &Bytes) -> u8 {
    if answer.len() != 32 {
        return 0;
    }
    u8::try_from(U256::from_be_slice(answer)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::sol_types::SolValue as _;

    #[test]
    fn names_are_taken_as_they_come() {
        let answer = |text: &str| Some(Bytes::from(text.to_owned().abi_encode()));
        assert_eq!(words(answer("Wrapped Ether").as_ref()), "Wrapped Ether");
        assert_eq!(words(answer("a\0b\nc").as_ref()), "abc");
        assert_eq!(words(answer(&"x".repeat(5_000)).as_ref()).len(), MAX_CHARS);
        let mut maker = [0; 32];
        maker[..3].copy_from_slice(b"MKR");
        assert_eq!(words(Some(&Bytes::from(maker.to_vec()))), "MKR");
        for bad in [vec![], vec![0xff; 31], vec![0xff; 64]] {
            assert_eq!(words(Some(&Bytes::from(bad))), "");
        }
        assert_eq!(words(None), "");
    }

    #[test]
    fn decimals_are_a_byte() {
        let word = |value: U256| Bytes::from(value.to_be_bytes_vec());
        assert_eq!(decimals(&word(U256::from(18))), 18);
        assert_eq!(decimals(&word(U256::from(256))), 0);
        assert_eq!(decimals(&Bytes::new()), 0);
    }
}
