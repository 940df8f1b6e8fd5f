//! Gives the chain's database back the blocks that it lost when the process was killed.

use crate::index::journal::{Entry, Journal};
use crate::service::FullClient;
use codec::Decode;
use hanse_primitives::convert;
use hanse_runtime::{Header, opaque::Block};
use log::{info, warn};
use sc_client_api::HeaderBackend;
use sc_consensus::{BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy, ImportResult};
use sp_consensus::BlockOrigin;
use sp_core::H256;
use sp_runtime::{
    DigestItem,
    traits::{Block as _, Header as _},
};
use std::path::Path;

/// Imports the journal's blocks that the chain doesn't have. `finality` says whether the node's own word makes a block
/// final; on a network GRANDPA's votes do.
///
/// A block whose parent is missing is left out: it belongs to a fork that the chain has given up. Any other block that
/// can't be imported ends the replay; the node then starts from the block below, which is what would have happened
/// without a journal.
pub async fn replay(client: &FullClient, import: &BoxBlockImport<Block>, folder: &Path, finality: bool) {
    let mut journal = match Journal::open(folder).await {
        Ok(Some(journal)) => journal,
        Ok(None) => return,
        Err(error) => {
            warn!(target: "index", "the journal can't be read, going on without it: {error}");
            return;
        }
    };
    if let Err(reason) = restore_all(client, import, &mut journal, finality).await {
        warn!(target: "index", "replay stopped: {reason}");
    }
    journal.close().await;
}

async fn restore_all(
    client: &FullClient,
    import: &BoxBlockImport<Block>,
    journal: &mut Journal,
    finality: bool,
) -> Result<(), String> {
    let genesis = convert::b256(client.info().genesis_hash);
    let (mut restored, mut orphans) = (0, 0);
    let mut result = Ok(());
    for entry in journal.entries(genesis).await.map_err(|error| error.to_string())? {
        match restore(client, import, journal, &entry, finality).await {
            Ok(Outcome::Known) => {}
            Ok(Outcome::Restored) => restored += 1,
            Ok(Outcome::Orphan) => orphans += 1,
            Err(reason) => {
                result = Err(format!("block {} of the journal wasn't restored: {reason}", entry.number));
                break;
            }
        }
    }
    if restored > 0 {
        info!(target: "index", "restored {restored} blocks that the database had lost");
    }
    if orphans > 0 {
        info!(target: "index", "left out {orphans} blocks of the journal whose parents are missing");
    }
    result
}

/// What became of one block.
enum Outcome {
    /// The chain had it.
    Known,
    /// The chain has it again.
    Restored,
    /// Its parent is missing.
    Orphan,
}

async fn restore(
    client: &FullClient,
    import: &BoxBlockImport<Block>,
    journal: &mut Journal,
    entry: &Entry,
    finality: bool,
) -> Result<Outcome, String> {
    let hash = convert::h256(entry.hash);
    if has(client, hash)? {
        return Ok(Outcome::Known);
    }
    let encoded = journal.block(entry.hash).await.map_err(|error| error.to_string())?;
    let block = Block::decode(&mut encoded.as_slice()).map_err(|error| error.to_string())?;
    let (mut header, body): (Header, _) = block.deconstruct();
    if !has(client, *header.parent_hash())? {
        return Ok(Outcome::Orphan);
    }
    // The author's seal isn't part of what the runtime executes.
    let seal = matches!(header.digest().logs().last(), Some(DigestItem::Seal(..))).then(|| header.digest_mut().pop());
    let mut params = BlockImportParams::new(BlockOrigin::File, header);
    params.post_digests.extend(seal.flatten());
    params.body = Some(body);
    params.finalized = finality && entry.finalized;
    params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
    params.post_hash = Some(hash);
    match import.import_block(params).await.map_err(|error| error.to_string())? {
        ImportResult::Imported(_) | ImportResult::AlreadyInChain => Ok(Outcome::Restored),
        other => Err(format!("{other:?}")),
    }
}

fn has(client: &FullClient, hash: H256) -> Result<bool, String> {
    Ok(client.header(hash).map_err(|error| error.to_string())?.is_some())
}
