//! Proofs of finality for who trusts no node: `hanse_getTransactionProof`.

use super::{
    Module,
    context::Context,
    error::{RpcResult, internal, server_error, unknown_block},
    input::BlockRef,
    method, raw,
    slots::Work,
};
use crate::{index::types::BlockRecord, service::FullClient};
use alloy_primitives::{B256, Bytes};
use codec::Encode;
use hanse_proof::{MAX_HEADERS, Proof, VERSION, authorities_key, merkle_proof};
use jsonrpsee::{core::RegisterMethodError, types::ErrorObjectOwned};
use sc_client_api::{BlockBackend, HeaderBackend, ProofProvider};
use sp_consensus_grandpa::GRANDPA_ENGINE_ID;
use sp_core::H256;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "hanse_getTransactionProof", 1, |context, mut args| async move {
        proof(&context, args.required()?).await
    })
}

/// `None` when no block has the transaction.
async fn proof(context: &Context, hash: B256) -> RpcResult<Option<Proof>> {
    let Some(located) = context.index.transaction(hash).await.map_err(internal)? else { return Ok(None) };
    let finalized = context.index.finalized();
    if located.header.number > finalized {
        return Err(server_error("the transaction's block is not final yet"));
    }
    if context.dev.is_some() {
        return Err(server_error("nobody votes on the blocks of a developer's chain: there is nothing to prove with"));
    }
    let block = BlockRef::Hash { hash: located.block_hash, require_canonical: true };
    let block = context.find(block).await?.ok_or_else(unknown_block)?;
    let client = context.client.clone();
    let work = move || {
        let (headers, justification) = finality(&client, block.number(), finalized)?;
        let genesis = client.info().genesis_hash;
        Ok(Proof {
            version: VERSION,
            genesis_header: header(&client, genesis)?,
            authorities_proof: authorities(&client, genesis)?,
            headers,
            justification,
            ..of_block(&block, located.position)
        })
    };
    context.blocking(Work::Light, work).await?.map(Some)
}

/// What the Ethereum block proves by itself.
fn of_block(block: &BlockRecord, position: u64) -> Proof {
    let transactions: Vec<Bytes> = block.transactions.iter().map(|transaction| transaction.raw.clone()).collect();
    let receipts: Vec<Bytes> = block.transactions.iter().map(raw::receipt).collect();
    let at = |items: &[Bytes]| usize::try_from(position).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default();
    Proof {
        version: VERSION,
        transaction: at(&transactions),
        transaction_index: position,
        transaction_proof: merkle_proof(&transactions, position),
        receipt: at(&receipts),
        receipt_proof: merkle_proof(&receipts, position),
        ethereum_header: block.header_rlp.clone().into(),
        genesis_header: Bytes::new(),
        authorities_proof: Vec::new(),
        headers: Vec::new(),
        justification: Bytes::new(),
    }
}

/// The headers from this height up to the first that has a justification, and that.
fn finality(client: &FullClient, number: u64, finalized: u64) -> RpcResult<(Vec<Bytes>, Bytes)> {
    let mut headers = Vec::new();
    for number in (number..=finalized).take(MAX_HEADERS) {
        let number = u32::try_from(number).map_err(internal)?;
        let hash = client.hash(number).map_err(internal)?.ok_or_else(unknown_block)?;
        headers.push(header(client, hash)?);
        let justifications = client.justifications(hash).map_err(internal)?;
        if let Some(justification) = justifications.and_then(|all| all.into_justification(GRANDPA_ENGINE_ID)) {
            return Ok((headers, justification.into()));
        }
    }
    Err(server_error("this node has no justification of the block yet, nor of one on it"))
}

fn header(client: &FullClient, hash: H256) -> RpcResult<Bytes> {
    let header = client.header(hash).map_err(internal)?.ok_or_else(unknown_block)?;
    Ok(header.encode().into())
}

fn authorities(client: &FullClient, genesis: H256) -> RpcResult<Vec<Bytes>> {
    let key = authorities_key();
    let pruned = |_| -> ErrorObjectOwned { server_error("this node has pruned the state of the genesis; ask another") };
    let proof = client.read_proof(genesis, &mut std::iter::once(key.as_slice())).map_err(pruned)?;
    Ok(proof.into_iter_nodes().map(Bytes::from).collect())
}
