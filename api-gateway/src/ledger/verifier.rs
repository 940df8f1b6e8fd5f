//! Compares the cache with the chain, at finalized blocks, and repairs it from the chain's evidence.
//!
//! ```text
//!  blocks (verified, finalized] ─► holders and tokens that moved ─► balanceOf, totalSupply at the finalized block
//!       same: verified_number moves on
//!       different: a row in `mismatches`, the cache corrected by the difference, metrics and /network say so
//! ```
//!
//! Under load several blocks are taken together: a holder that moved in each of them is asked for once, at the last.
//! When nothing moves, a slow sweep goes through all holders, to find what no transfer has touched.
//!
//! The correction adds the difference to `finalized` and to `included`, because `included` is `finalized` plus the
//! transfers of later blocks. A mismatch means a bug or a touched database; it is never normal.

use super::Inner;
use super::balances::{Table, u256};
use super::chain::ChainError;
use super::contracts::{abi, address_text, hash_text};
use super::fault::Fault;
use super::state::{ChainState, big};
use crate::db::{Asset, now_ms};
use crate::error::{Error, Result};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolError as _;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls in one JSON-RPC batch.
const BATCH: usize = 200;

/// Holders of one step of the sweep, and the time between two steps.
const SWEEP: i64 = 50;
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// One number of the cache and where the chain has it.
struct Claim {
    token: String,
    app_id: String,
    asset: Asset,
    /// `None`: the total supply.
    holder: Option<Address>,
    cached: U256,
}

impl Claim {
    fn call(&self) -> (Address, Bytes) {
        (self.asset.contract, self.asset.count_call(self.holder).into())
    }
}

/// Runs until it is dropped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut swept = String::new();
    let mut last_sweep = Instant::now();
    loop {
        let _ = tokio::time::timeout(SWEEP_EVERY, inner.to_verify.notified()).await;
        if !inner.lease.is_held() || inner.node.refusal().is_some() {
            continue;
        }
        let began = Instant::now();
        let mut result = verify_new(&inner).await;
        if result.is_ok() && last_sweep.elapsed() >= SWEEP_EVERY {
            last_sweep = Instant::now();
            result = sweep(&inner, &mut swept).await;
        }
        match result {
            Ok(()) => {}
            Err(Fault::Chain(error)) => tracing::debug!(%error, "the verifier waits for the node"),
            Err(Fault::Other(error)) => tracing::error!(%error, "the verifier failed; trying again"),
        }
        // At most half of the time, so that verification never crowds out the work it verifies.
        tokio::time::sleep(began.elapsed().min(Duration::from_secs(2))).await;
    }
}

/// Everything that moved since the last time.
async fn verify_new(inner: &Inner) -> Result<(), Fault> {
    // State and cache as of one moment: the cache's `finalized` is exact for `finalized_number`.
    let mut snapshot = inner.db.snapshot().await?;
    let Some(state) = ChainState::read(&mut snapshot, "").await? else { return Ok(()) };
    if state.finalized_number <= state.verified_number {
        return Ok(());
    }
    let claims = touched(&mut snapshot, state.verified_number, state.finalized_number).await?;
    snapshot.commit().await?;
    let compared = compare(inner, &claims, state.finalized_number).await?;
    settle(inner, &state, compared.wrong, compared.failure.is_none()).await?;
    if let Some(error) = compared.failure {
        return Err(error.into());
    }
    metrics::counter!("hanse_gateway_verified_claims_total").increment(claims.len() as u64);
    Ok(())
}

/// The next few holders, whether they moved or not.
async fn sweep(inner: &Inner, after: &mut String) -> Result<(), Fault> {
    let mut snapshot = inner.db.snapshot().await?;
    let Some(state) = ChainState::read(&mut snapshot, "").await? else { return Ok(()) };
    if state.finalized_number != state.verified_number {
        return Ok(());
    }
    let (token, address) = after.split_once(' ').unwrap_or(("", ""));
    let rows = sqlx::query(
        "SELECT b.token_id, b.address, b.finalized, t.address AS locator, t.standard, t.app_id, t.finalized_supply FROM balances b \
         JOIN tokens t ON t.id = b.token_id \
         WHERE (b.token_id, b.address) > ($1, $2) ORDER BY b.token_id, b.address LIMIT $3",
    )
    .bind(token)
    .bind(address)
    .bind(SWEEP)
    .fetch_all(&mut *snapshot)
    .await?;
    snapshot.commit().await?;
    let mut claims = Vec::with_capacity(rows.len());
    let mut supplies: BTreeMap<String, Claim> = BTreeMap::new();
    let mut last = String::new();
    for row in &rows {
        let (token, holder): (String, String) = (row.try_get("token_id")?, row.try_get("address")?);
        last = format!("{token} {holder}");
        let app_id: String = row.try_get("app_id")?;
        let asset = asset(row)?;
        supplies.entry(token.clone()).or_insert(Claim {
            token: token.clone(),
            app_id: app_id.clone(),
            asset,
            holder: None,
            cached: u256(row, "finalized_supply")?,
        });
        let (holder, cached) = (Some(holder.parse().map_err(Error::internal)?), u256(row, "finalized")?);
        claims.push(Claim { token, app_id, asset, holder, cached });
    }
    claims.extend(supplies.into_values());
    let compared = compare(inner, &claims, state.finalized_number).await?;
    let none_compared = compared.failures == claims.len();
    settle(inner, &state, compared.wrong, false).await?;
    match compared.failure {
        // The same page again.
        Some(error) if none_compared => return Err(error.into()),
        // One broken contract must not keep the others from being looked at.
        Some(error) => tracing::warn!(%error, failures = compared.failures, "some balances can't be compared"),
        None => {}
    }
    *after = last;
    Ok(())
}

/// The cache's claims about all that moved in the blocks `above < number <= until`.
async fn touched(snapshot: &mut AnyConnection, above: u64, until: u64) -> Result<Vec<Claim>, Fault> {
    let rows = sqlx::query(
        "SELECT DISTINCT m.token_id, m.address, t.address AS locator, t.standard, t.app_id, t.finalized_supply, b.finalized \
         FROM (SELECT token_id, from_address AS address FROM transfers WHERE block_number > $1 AND block_number <= $2 \
               UNION SELECT token_id, to_address AS address FROM transfers \
               WHERE block_number > $3 AND block_number <= $4) AS m \
         JOIN tokens t ON t.id = m.token_id \
         LEFT JOIN balances b ON b.token_id = m.token_id AND b.address = m.address",
    )
    .bind(big(above))
    .bind(big(until))
    .bind(big(above))
    .bind(big(until))
    .fetch_all(snapshot)
    .await?;
    let mut claims = Vec::with_capacity(rows.len());
    let mut supplies: BTreeMap<String, Claim> = BTreeMap::new();
    for row in &rows {
        let (token, holder): (String, String) = (row.try_get("token_id")?, row.try_get("address")?);
        let asset = asset(row)?;
        let holder: Address = holder.parse().map_err(Error::internal)?;
        let app_id: String = row.try_get("app_id")?;
        supplies.entry(token.clone()).or_insert(Claim {
            token: token.clone(),
            app_id: app_id.clone(),
            asset,
            holder: None,
            cached: u256(row, "finalized_supply")?,
        });
        if !holder.is_zero() {
            let cached: Option<String> = row.try_get("finalized")?;
            let cached = U256::from_str_radix(cached.as_deref().unwrap_or("0"), 10).map_err(Error::internal)?;
            claims.push(Claim { token, app_id, asset, holder: Some(holder), cached });
        }
    }
    claims.extend(supplies.into_values());
    Ok(claims)
}

/// What the chain says to claims.
#[derive(Default)]
struct Compared<'a> {
    /// Those that it contradicts, with what it says.
    wrong: Vec<(&'a Claim, U256)>,
    /// Those to which the node gave no number, and why not the last of them.
    failures: usize,
    failure: Option<ChainError>,
}

async fn compare<'a>(inner: &Inner, claims: &'a [Claim], block: u64) -> Result<Compared<'a>, Fault> {
    let mut compared = Compared::default();
    for chunk in claims.chunks(BATCH) {
        let reads: Vec<_> = chunk.iter().map(Claim::call).collect();
        for (claim, word) in chunk.iter().zip(inner.chain.read_words(&reads, block).await?) {
            match word {
                Ok(word) if claim.asset.counted(word, claim.holder) == claim.cached => {}
                Ok(word) => compared.wrong.push((claim, claim.asset.counted(word, claim.holder))),
                // Nobody has anything of what does not exist.
                Err(ChainError::Answer { data: Some(data), .. }) if is_not_found(&data) => {
                    if !claim.cached.is_zero() {
                        compared.wrong.push((claim, U256::ZERO));
                    }
                }
                Err(error) => {
                    compared.failures += 1;
                    compared.failure = Some(error);
                }
            }
        }
    }
    Ok(compared)
}

fn is_not_found(data: &[u8]) -> bool {
    abi::IToken::TokenNotFound::abi_decode(data).is_ok()
        || abi::ICollection::CollectionNotFound::abi_decode(data).is_ok()
        || abi::ICollection721::ERC721NonexistentToken::abi_decode(data).is_ok()
}

fn asset(row: &AnyRow) -> Result<Asset> {
    let (standard, locator): (String, String) = (row.try_get("standard")?, row.try_get("locator")?);
    Asset::parse(&standard, &locator).ok_or_else(|| Error::internal("a token's row has an unknown place"))
}

/// Repairs what is wrong and moves `verified_number` on.
async fn settle(inner: &Inner, seen: &ChainState, wrong: Vec<(&Claim, U256)>, advance: bool) -> Result<(), Fault> {
    if wrong.is_empty() && !advance {
        return Ok(());
    }
    if !wrong.is_empty() {
        // The calls named the block by its number. Had the node lost it and made another, nothing was compared.
        let block = inner.chain.blocks(std::iter::once(seen.finalized_number)).await?.pop().flatten();
        if block.is_none_or(|block| hash_text(block.hash) != seen.finalized_hash) {
            return Ok(());
        }
    }
    let mut tx = inner.db.write_relaxed().await?;
    let Some(mut state) = ChainState::read(&mut tx, inner.db.for_update()).await? else { return Ok(()) };
    let same = state.finality_losses == seen.finality_losses
        && state.mismatches == seen.mismatches
        && state.verified_number == seen.verified_number;
    if state.finalized_number < seen.finalized_number || !same {
        // The block that was compared is gone, or another verifier has repaired the same. The next round compares anew.
        return Ok(());
    }
    repair(inner, &mut tx, seen.finalized_number, &wrong).await?;
    state.mismatches += wrong.len() as u64;
    if advance {
        state.verified_number = state.verified_number.max(seen.finalized_number);
    }
    state.store(&mut tx).await?;
    tx.commit().await?;
    for (claim, on_chain) in &wrong {
        tracing::error!(
            token = claim.token,
            holder = claim.holder.map(address_text),
            cached = %claim.cached,
            %on_chain,
            block = seen.finalized_number,
            "the cache differed from the chain; repaired"
        );
    }
    metrics::gauge!("hanse_gateway_verified_block").set(state.verified_number as f64);
    metrics::counter!("hanse_gateway_cache_mismatches_total").increment(wrong.len() as u64);
    Ok(())
}

async fn repair(inner: &Inner, tx: &mut AnyConnection, block: u64, wrong: &[(&Claim, U256)]) -> Result<(), Fault> {
    let keys: BTreeSet<_> = wrong
        .iter()
        .filter_map(|(claim, _)| claim.holder.map(|holder| (claim.token.clone(), address_text(holder))))
        .collect();
    let app_ids: HashMap<_, _> = wrong.iter().map(|(claim, _)| (claim.token.clone(), claim.app_id.clone())).collect();
    let mut table = Table::load(&inner.db, tx, keys, app_ids).await?;
    for (claim, on_chain) in wrong {
        let difference = on_chain.wrapping_sub(claim.cached);
        match claim.holder {
            Some(holder) => table.change(&claim.token, &address_text(holder), |entry| {
                entry.finalized = entry.finalized.wrapping_add(difference);
                entry.included = entry.included.wrapping_add(difference);
            }),
            None => {
                let row = sqlx::query("SELECT included_supply, finalized_supply FROM tokens WHERE id = $1")
                    .bind(&claim.token)
                    .fetch_one(&mut *tx)
                    .await?;
                sqlx::query("UPDATE tokens SET included_supply = $1, finalized_supply = $2 WHERE id = $3")
                    .bind(u256(&row, "included_supply")?.wrapping_add(difference).to_string())
                    .bind(u256(&row, "finalized_supply")?.wrapping_add(difference).to_string())
                    .bind(&claim.token)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        sqlx::query(
            "INSERT INTO mismatches (block_number, token_id, address, cached, on_chain, found_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(big(block))
        .bind(&claim.token)
        .bind(claim.holder.map(address_text).unwrap_or_default())
        .bind(claim.cached.to_string())
        .bind(on_chain.to_string())
        .bind(now_ms())
        .execute(&mut *tx)
        .await?;
    }
    table.store(tx).await?;
    Ok(())
}
