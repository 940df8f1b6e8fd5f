//! Merkle proofs in the tries of a block's transactions and receipts: the key is the RLP of the position.

use alloy_primitives::{B256, Bytes};
use alloy_trie::{HashBuilder, Nibbles, proof};
use std::collections::BTreeMap;

fn key(position: u64) -> Nibbles {
    Nibbles::unpack(alloy_rlp::encode(position))
}

/// The nodes from the root of the trie of all `items` to the one at `position`.
pub fn proof(items: &[Bytes], position: u64) -> Vec<Bytes> {
    let retained = proof::ProofRetainer::new(vec![key(position)]);
    let mut builder = HashBuilder::default().with_proof_retainer(retained);
    // Leaves are added in the order of their keys, which isn't that of the positions.
    let leaves: BTreeMap<_, _> = items.iter().zip(0..).map(|(item, position)| (key(position), item)).collect();
    for (key, item) in leaves {
        builder.add_leaf(key, item);
    }
    builder.root();
    builder.take_proof_nodes().into_nodes_sorted().into_iter().map(|(_, node)| node).collect()
}

/// Whether the nodes lead from the root to the item.
pub fn verify(root: B256, position: u64, item: &[u8], nodes: &[Bytes]) -> bool {
    proof::verify_proof(root, key(position), Some(item.to_vec()), nodes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_trie::root::ordered_trie_root_with_encoder;

    #[test]
    fn each_of_any_number_is_proved_and_no_other() {
        // As long as transactions and receipts are: none is so short that it stands inside another node.
        for count in [1, 2, 3, 127, 128, 129, 300] {
            let items: Vec<Bytes> = (0..count).map(|i: u16| vec![i as u8; 40 + usize::from(i) % 70].into()).collect();
            let root = ordered_trie_root_with_encoder(&items, |item, out| out.extend_from_slice(item));
            for position in [0, 1, 127, 128, 299].into_iter().filter(|position| *position < count) {
                let nodes = proof(&items, position.into());
                let item = &items[usize::from(position)];
                assert!(verify(root, position.into(), item, &nodes), "{position} of {count}");
                assert!(!verify(root, u64::from(position) + 1, item, &nodes));
                assert!(!verify(root, position.into(), b"another", &nodes));
                assert!(!verify(B256::ZERO, position.into(), item, &nodes));
            }
        }
    }
}
