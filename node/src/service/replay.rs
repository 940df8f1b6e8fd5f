//! Gives the chain's database back the blocks that it lost when the process was killed.

use crate::index::journal::{self, Entry};
use crate::service::FullClient;
use codec::Decode;
use hanse_primitives::convert;
use hanse_runtime::{Header, opaque::Block};
use log::{info, warn};
use sc_client_api::HeaderBackend;
use sc_consensus::{BlockImport, BlockImportParams, BoxBlockImport, ForkChoiceStrategy, ImportResult};
use sp_consensus::BlockOrigin;
use sp_runtime::{
    DigestItem,
    traits::{Block as _, Header as _},
};
use std::path::Path;

/// Imports the journal's blocks that the chain doesn't have. `finality` says whether the node's own word makes a block
/// final; on a network GRANDPA's votes do.
///
/// A block that can't be imported ends the replay; the node then starts from the block below, which is what would have
/// happened without a journal.
pub async fn replay(client: &FullClient, import: &BoxBlockImport<Block>, folder: &Path, finality: bool) {
    let genesis = client.info().genesis_hash;
    let entries = match journal::read(folder, convert::b256(genesis)).await {
        Ok(entries) => entries,
        Err(error) => {
            warn!(target: "index", "the journal can't be read, going on without it: {error}");
            return;
        }
    };
    let mut restored = 0;
    for entry in entries {
        match client.header(convert::h256(entry.hash)) {
            Ok(Some(_)) => continue,
            Ok(None) => {}
            Err(error) => {
                warn!(target: "index", "replay stopped: {error}");
                break;
            }
        }
        match restore(client, import, &entry, finality).await {
            Ok(()) => restored += 1,
            Err(reason) => {
                warn!(target: "index", "block {} of the journal wasn't restored: {reason}", entry.number);
                break;
            }
        }
    }
    if restored > 0 {
        info!(target: "index", "restored {restored} blocks that the database had lost");
    }
}

async fn restore(
    client: &FullClient,
    import: &BoxBlockImport<Block>,
    entry: &Entry,
    finality: bool,
) -> Result<(), String> {
    let block = Block::decode(&mut entry.block.as_slice()).map_err(|error| error.to_string())?;
    let (mut header, body): (Header, _) = block.deconstruct();
    if client.header(*header.parent_hash()).map_err(|error| error.to_string())?.is_none() {
        return Err("its parent is missing".into());
    }
    // The author's seal isn't part of what the runtime executes.
    let seal = matches!(header.digest().logs().last(), Some(DigestItem::Seal(..))).then(|| header.digest_mut().pop());
    let mut params = BlockImportParams::new(BlockOrigin::File, header);
    params.post_digests.extend(seal.flatten());
    params.body = Some(body);
    params.finalized = finality && entry.finalized;
    params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
    params.post_hash = Some(convert::h256(entry.hash));
    match import.import_block(params).await.map_err(|error| error.to_string())? {
        ImportResult::Imported(_) | ImportResult::AlreadyInChain => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
