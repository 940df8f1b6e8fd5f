//! A chain with its validators' keys in memory, its proofs, and what is done to them.

use super::*;
use alloy_consensus::{
    Receipt, ReceiptWithBloom, SignableTransaction, TxEip1559, TxEnvelope,
    proofs::{calculate_receipt_root, calculate_transaction_root},
};
use alloy_eips::Encodable2718;
use alloy_primitives::Signature;
use codec::Encode;
use proptest::prelude::*;
use sp_consensus_grandpa::{
    AuthorityId, AuthorityList, AuthorityPair, AuthoritySignature, Commit, GrandpaJustification, Message, Precommit,
    localized_payload,
};
use sp_core::{Pair, storage::StateVersion};
use sp_runtime::{Digest, traits::Header as _};
use sp_state_machine::{InMemoryBackend, prove_read};

const ROUND: u64 = 7;

fn authority(seed: u8) -> AuthorityPair {
    AuthorityPair::from_seed(&[seed; 32])
}

fn id(seed: u8) -> AuthorityId {
    authority(seed).public()
}

/// Five transactions in block 9, and its header in block 10 and 11 of the chain of these validators, each of weight 1.
/// `signers` vote for the last.
fn proof(validators: &[u8], signers: &[u8]) -> (Proof, H256) {
    let (genesis, authorities_proof) = genesis(validators);
    let signature = Signature::test_signature();
    let transactions: Vec<TxEnvelope> = (0..5)
        .map(|nonce| TxEip1559 { chain_id: 4269, nonce, ..Default::default() }.into_signed(signature).into())
        .collect();
    let receipts: Vec<ReceiptEnvelope> = (0..5u8)
        .map(|i| {
            let log = Log::new_unchecked(Address::repeat_byte(3), vec![B256::repeat_byte(i)], vec![5; 40].into());
            let receipt = Receipt { status: true.into(), cumulative_gas_used: u64::from(i), logs: vec![log] };
            let logs_bloom = receipt.logs.iter().collect();
            ReceiptEnvelope::Eip1559(ReceiptWithBloom { receipt, logs_bloom })
        })
        .collect();
    let ethereum = EthereumHeader {
        number: 9,
        timestamp: 1_795_344_840,
        transactions_root: calculate_transaction_root(&transactions),
        receipts_root: calculate_receipt_root(&receipts),
        base_fee_per_gas: Some(0),
        ..Default::default()
    };
    let ethereum_header = Bytes::from(alloy_rlp::encode(&ethereum));
    let digest = Digest { logs: vec![DigestItem::Consensus(ENGINE_ID, keccak256(&ethereum_header).to_vec())] };
    let block = Header::new(9, H256::zero(), H256::zero(), H256::repeat_byte(8), digest);
    let next = Header::new(10, H256::zero(), H256::zero(), block.hash(), Digest::default());
    let last = Header::new(11, H256::zero(), H256::zero(), next.hash(), Digest::default());
    let raw: Vec<Bytes> = transactions.iter().map(|transaction| transaction.encoded_2718().into()).collect();
    let raw_receipts: Vec<Bytes> = receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect();
    let proof = Proof {
        version: VERSION,
        genesis_header: genesis.encode().into(),
        authorities_proof,
        transaction: raw[3].clone(),
        transaction_index: 3,
        transaction_proof: merkle_proof(&raw, 3),
        receipt: raw_receipts[3].clone(),
        receipt_proof: merkle_proof(&raw_receipts, 3),
        ethereum_header,
        justification: justification(&last, signers).encode().into(),
        headers: [block, next, last].iter().map(|header| header.encode().into()).collect(),
    };
    (proof, genesis.hash())
}

fn genesis(validators: &[u8]) -> (Header, Vec<Bytes>) {
    let authorities: AuthorityList = validators.iter().map(|seed| (id(*seed), 1)).collect();
    let mut storage = sp_core::storage::Storage::default();
    storage.top.insert(authorities_key(), authorities.encode());
    storage.top.extend((0..50).map(|other| (vec![other; 40], vec![other; 100])));
    let state = InMemoryBackend::<BlakeTwo256>::from((storage, StateVersion::V1));
    let header = Header::new(0, H256::zero(), *state.root(), H256::zero(), Digest::default());
    let nodes = prove_read(state, [authorities_key()]).unwrap();
    (header, nodes.into_iter_nodes().map(Bytes::from).collect())
}

fn vote(
    seed: u8,
    target: &Header,
) -> finality_grandpa::SignedPrecommit<H256, BlockNumber, AuthoritySignature, AuthorityId> {
    let precommit = Precommit::<Header> { target_hash: target.hash(), target_number: target.number };
    let message = Message::<Header>::Precommit(precommit.clone());
    let signature = authority(seed).sign(&localized_payload(ROUND, 0, &message));
    finality_grandpa::SignedPrecommit { precommit, signature, id: id(seed) }
}

fn justification(target: &Header, signers: &[u8]) -> GrandpaJustification<Header> {
    let commit = Commit::<Header> {
        target_hash: target.hash(),
        target_number: target.number,
        precommits: signers.iter().map(|seed| vote(*seed, target)).collect(),
    };
    GrandpaJustification { round: ROUND, commit, votes_ancestries: Vec::new() }
}

#[test]
fn what_is_proved_is_told() {
    let (proof, genesis) = proof(&[1, 2, 3, 4], &[1, 2, 4]);
    let verified = proof.verify(genesis).unwrap();
    assert_eq!((verified.block_number, verified.timestamp, verified.succeeded), (9, 1_795_344_840, true));
    assert_eq!(verified.block_hash, keccak256(&proof.ethereum_header));
    assert_eq!(verified.transaction_hash, keccak256(&proof.transaction));
    assert_eq!((verified.signed_by, verified.validators), (3, 4));
    assert_eq!(verified.logs[0].topics(), [B256::repeat_byte(3)]);
}

#[test]
fn two_thirds_are_not_enough_and_nobody_counts_twice() {
    for (validators, signers, signed) in [
        (&[1, 2, 3][..], &[1, 2][..], 2),
        (&[1, 2, 3, 4], &[1, 2], 2),
        (&[1, 2, 3, 4], &[1, 2, 2, 1], 2),
        (&[1], &[], 0),
    ] {
        let (proof, genesis) = proof(validators, signers);
        let all = validators.len() as u64;
        let needed = all - (all - 1) / 3;
        assert_eq!(proof.verify(genesis), Err(Fault::TooFew { signed, all, needed }));
    }
    let (proof, genesis) = proof(&[1, 2, 3, 4], &[1, 2, 9]);
    assert_eq!(proof.verify(genesis), Err(mismatch("justification", "signed by who is no validator")));
}

#[test]
fn another_chain_and_another_version_are_refused() {
    let (good, genesis) = proof(&[1], &[1]);
    assert_eq!(good.verify(H256::zero()), Err(Fault::OtherChain { found: genesis }));
    let newer = Proof { version: 2, ..good };
    assert_eq!(newer.verify(genesis), Err(Fault::Version(2)));
}

#[test]
fn votes_for_blocks_on_the_signed_one_count() {
    let (mut proof, genesis) = proof(&[1, 2, 3], &[]);
    let last = header("headers", &proof.headers[2]).unwrap();
    let above = Header::new(12, H256::zero(), H256::zero(), last.hash(), Digest::default());
    let fork = Header::new(12, H256::zero(), H256::zero(), H256::repeat_byte(9), Digest::default());
    let mut votes = justification(&last, &[1, 2]);
    votes.commit.precommits.push(vote(3, &above));
    for (known, counted) in [(vec![above], true), (vec![], false), (vec![fork], false)] {
        let votes = GrandpaJustification { votes_ancestries: known, ..votes.clone() };
        proof.justification = votes.encode().into();
        assert_eq!(proof.verify(genesis).is_ok(), counted);
    }
}

/// Changes one byte of one part; says which.
fn damage(proof: &mut Proof, at: usize, by: u8) -> String {
    let mut parts: Vec<(&str, &mut Bytes)> = vec![
        ("genesisHeader", &mut proof.genesis_header),
        ("transaction", &mut proof.transaction),
        ("receipt", &mut proof.receipt),
        ("ethereumHeader", &mut proof.ethereum_header),
        ("justification", &mut proof.justification),
    ];
    parts.extend(proof.authorities_proof.iter_mut().map(|node| ("authoritiesProof", node)));
    parts.extend(proof.transaction_proof.iter_mut().map(|node| ("transactionProof", node)));
    parts.extend(proof.receipt_proof.iter_mut().map(|node| ("receiptProof", node)));
    parts.extend(proof.headers.iter_mut().map(|header| ("headers", header)));
    let mut at = at % parts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    for (name, bytes) in parts {
        if at < bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= by;
            *bytes = changed.into();
            return format!("{name}, byte {at}");
        }
        at -= bytes.len();
    }
    unreachable!("the place is within the whole")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_byte_can_be_changed(at in any::<usize>(), by in 1..=u8::MAX) {
        let (mut proof, genesis) = proof(&[1, 2, 3], &[1, 2, 3]);
        let place = damage(&mut proof, at, by);
        prop_assert!(proof.verify(genesis).is_err(), "{}", place);
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), part in 0..7usize) {
        let (mut proof, genesis) = proof(&[1, 2, 3], &[1, 2, 3]);
        let bytes = Bytes::from(bytes);
        match part {
            0 => proof.genesis_header = bytes,
            1 => proof.transaction = bytes,
            2 => proof.receipt = bytes,
            3 => proof.ethereum_header = bytes,
            4 => proof.justification = bytes,
            5 => proof.headers = vec![bytes],
            _ => proof.transaction_proof = vec![bytes],
        }
        prop_assert!(proof.verify(genesis).is_err());
    }

    #[test]
    fn no_other_place_is_proved(index in any::<u64>()) {
        prop_assume!(index != 3);
        let (mut proof, genesis) = proof(&[1], &[1]);
        proof.transaction_index = index;
        prop_assert!(proof.verify(genesis).is_err());
    }
}
