//! GRANDPA's justification of a block: precommits of more than two thirds of the validators.

use crate::{Fault, Header, authorities_key, mismatch};
use alloy_primitives::Bytes;
use codec::DecodeAll;
use sp_consensus_grandpa::{AuthorityList, GrandpaJustification, Message, SetId, check_message_signature};
use sp_core::H256;
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::read_proof_check;
use sp_trie::StorageProof;
use std::collections::{HashMap, HashSet};

/// The validators of the genesis are the first set.
const SET: SetId = 0;

/// Who signed, by weight.
pub struct Support {
    /// Those that did.
    pub signed: u64,
    /// All.
    pub all: u64,
}

/// The authorities in the state of this header.
pub fn authorities(header: &Header, nodes: &[Bytes]) -> Result<AuthorityList, Fault> {
    const PART: &str = "authoritiesProof";
    let key = authorities_key();
    let proof = StorageProof::new(nodes.iter().map(|node| node.to_vec()));
    let values = read_proof_check::<BlakeTwo256, _>(header.state_root, proof, [&key])
        .map_err(|_| mismatch(PART, "it isn't a proof under the genesis' state root"))?;
    let value = values.get(&key).and_then(Option::as_ref).ok_or(mismatch(PART, "there are no authorities"))?;
    let list = AuthorityList::decode_all(&mut &value[..]).map_err(|_| Fault::Undecodable(PART))?;
    if list.is_empty() { Err(mismatch(PART, "there are no authorities")) } else { Ok(list) }
}

/// Checks that the authorities have signed the block, or blocks on it.
pub fn verify(justification: &[u8], block: &Header, authorities: &AuthorityList) -> Result<Support, Fault> {
    const PART: &str = "justification";
    let justification =
        GrandpaJustification::<Header>::decode_all(&mut &justification[..]).map_err(|_| Fault::Undecodable(PART))?;
    let commit = &justification.commit;
    if (commit.target_hash, commit.target_number) != (block.hash(), block.number) {
        return Err(mismatch(PART, "it is of another block"));
    }
    let weights: HashMap<_, _> = authorities.iter().map(|(id, weight)| (id, *weight)).collect();
    let parents: HashMap<_, _> =
        justification.votes_ancestries.iter().map(|header| (header.hash(), header.parent_hash)).collect();
    let mut voted = HashSet::new();
    let mut signed = 0u64;
    for precommit in &commit.precommits {
        let weight = weights.get(&precommit.id).ok_or(mismatch(PART, "signed by who is no validator"))?;
        let message = Message::<Header>::Precommit(precommit.precommit.clone());
        let signature =
            check_message_signature(&message, &precommit.id, &precommit.signature, justification.round, SET);
        if !signature.is_valid() {
            return Err(mismatch(PART, "a signature is wrong, or the validators have changed since the genesis"));
        }
        if !descends(precommit.precommit.target_hash, commit.target_hash, &parents) {
            return Err(mismatch(PART, "a vote is for a block that isn't on the signed one"));
        }
        // Who votes twice counts once.
        if voted.insert(&precommit.id) {
            signed = signed.saturating_add(*weight);
        }
    }
    let all = authorities.iter().fold(0u64, |sum, (_, weight)| sum.saturating_add(*weight));
    // More than two thirds: all but the most that may be faulty.
    let needed = all - all.saturating_sub(1) / 3;
    if signed < needed {
        return Err(Fault::TooFew { signed, all, needed });
    }
    Ok(Support { signed, all })
}

/// Whether the way from `from` to its ancestor is known. It ends: each hash has one parent, and none is its own ancestor.
fn descends(from: H256, ancestor: H256, parents: &HashMap<H256, H256>) -> bool {
    let mut at = from;
    for _ in 0..=parents.len() {
        if at == ancestor {
            return true;
        }
        let Some(parent) = parents.get(&at) else { return false };
        at = *parent;
    }
    false
}
