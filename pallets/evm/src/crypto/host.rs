//! Host functions for Ethereum's precompiles that are too slow inside the Wasm.
//!
//! Each is a pure function of its arguments. What it answers is part of what a valid block is: a node whose libraries
//! decide otherwise about one input leaves the chain. They are revm's own, and the official tests go through them.
//! Gas is no business of theirs: the caller has taken it before.
//!
//! A function never changes. What must change becomes a new version beside it (`#[version(2)]`), and the old one stays
//! as long as a block of the chain was made with it.

use alloc::vec::Vec;
#[cfg(feature = "std")]
use revm::precompile::{Crypto, DefaultCrypto};
use sp_runtime_interface::{
    pass_by::{AllocateAndReturnByCodec, PassFatPointerAndDecode, PassPointerAndRead},
    runtime_interface,
};

/// x and y, 32 bytes each, big-endian; zeros are the point at infinity. As in EIP-196.
pub type Bn254G1 = [u8; 64];
/// x and y, each of two parts of 32 bytes, the imaginary one first. As in EIP-197.
pub type Bn254G2 = [u8; 128];
/// A field element of BLS12-381, big-endian, without the padding that EIP-2537 has.
pub type BlsFp = [u8; 48];
/// x and y.
pub type BlsG1 = (BlsFp, BlsFp);
/// The two parts of x and of y, the real one first.
pub type BlsG2 = (BlsFp, BlsFp, BlsFp, BlsFp);

/// Cryptography of Ethereum's precompiles. `None` where the input is not what the function is defined for: a number
/// beyond the field, a point that is not on the curve or, where that matters, not in the subgroup.
#[runtime_interface]
pub trait EthereumPrecompiles {
    /// EIP-196: the sum of two points.
    fn bn254_g1_add(
        a: PassPointerAndRead<&Bn254G1, 64>,
        b: PassPointerAndRead<&Bn254G1, 64>,
    ) -> AllocateAndReturnByCodec<Option<Bn254G1>> {
        DefaultCrypto.bn254_g1_add(a, b).ok()
    }

    /// EIP-196: a point times a number of 256 bits, big-endian.
    fn bn254_g1_mul(
        point: PassPointerAndRead<&Bn254G1, 64>,
        scalar: PassPointerAndRead<&[u8; 32], 32>,
    ) -> AllocateAndReturnByCodec<Option<Bn254G1>> {
        DefaultCrypto.bn254_g1_mul(point, scalar).ok()
    }

    /// EIP-197: whether the product of the pairings is one.
    fn bn254_pairing_check(
        pairs: PassFatPointerAndDecode<Vec<(Bn254G1, Bn254G2)>>,
    ) -> AllocateAndReturnByCodec<Option<bool>> {
        let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(g1, g2)| (g1.as_slice(), g2.as_slice())).collect();
        DefaultCrypto.bn254_pairing_check(&pairs).ok()
    }

    /// EIP-152: the compression function of BLAKE2b on the state `h`, the message block `m` and the offset `t`.
    fn blake2_compress(
        rounds: u32,
        input: PassFatPointerAndDecode<([u64; 8], [u64; 16], [u64; 2])>,
        last: bool,
    ) -> AllocateAndReturnByCodec<[u64; 8]> {
        let (mut h, m, t) = input;
        DefaultCrypto.blake2_compress(rounds, &mut h, &m, &t, last);
        h
    }

    /// EIP-7951: whether `signature` (r, s) of the key (x, y) holds for the hash.
    fn secp256r1_verify(
        hash: PassPointerAndRead<&[u8; 32], 32>,
        signature: PassPointerAndRead<&[u8; 64], 64>,
        key: PassPointerAndRead<&[u8; 64], 64>,
    ) -> bool {
        DefaultCrypto.secp256r1_verify_signature(hash, signature, key)
    }

    /// EIP-4844: whether the polynomial of `commitment` has the value `y` at `z`.
    fn verify_kzg_proof(
        z: PassPointerAndRead<&[u8; 32], 32>,
        y: PassPointerAndRead<&[u8; 32], 32>,
        commitment: PassPointerAndRead<&[u8; 48], 48>,
        proof: PassPointerAndRead<&[u8; 48], 48>,
    ) -> bool {
        DefaultCrypto.verify_kzg_proof(z, y, commitment, proof).is_ok()
    }

    /// EIP-2537: the sum of two points of the curve.
    fn bls12_381_g1_add(points: PassFatPointerAndDecode<(BlsG1, BlsG1)>) -> AllocateAndReturnByCodec<Option<[u8; 96]>> {
        DefaultCrypto.bls12_381_g1_add(points.0, points.1).ok()
    }

    /// EIP-2537: the sum of points of the subgroup, each times its number.
    fn bls12_381_g1_msm(
        pairs: PassFatPointerAndDecode<Vec<(BlsG1, [u8; 32])>>,
    ) -> AllocateAndReturnByCodec<Option<[u8; 96]>> {
        DefaultCrypto.bls12_381_g1_msm(&mut pairs.into_iter().map(Ok)).ok()
    }

    /// EIP-2537: the sum of two points of the twist.
    fn bls12_381_g2_add(
        points: PassFatPointerAndDecode<(BlsG2, BlsG2)>,
    ) -> AllocateAndReturnByCodec<Option<[u8; 192]>> {
        DefaultCrypto.bls12_381_g2_add(points.0, points.1).ok()
    }

    /// EIP-2537: the sum of points of the subgroup, each times its number.
    fn bls12_381_g2_msm(
        pairs: PassFatPointerAndDecode<Vec<(BlsG2, [u8; 32])>>,
    ) -> AllocateAndReturnByCodec<Option<[u8; 192]>> {
        DefaultCrypto.bls12_381_g2_msm(&mut pairs.into_iter().map(Ok)).ok()
    }

    /// EIP-2537: whether the product of the pairings is one.
    fn bls12_381_pairing_check(
        pairs: PassFatPointerAndDecode<Vec<(BlsG1, BlsG2)>>,
    ) -> AllocateAndReturnByCodec<Option<bool>> {
        DefaultCrypto.bls12_381_pairing_check(&pairs).ok()
    }

    /// EIP-2537: the point that a field element is mapped to.
    fn bls12_381_fp_to_g1(element: PassPointerAndRead<&BlsFp, 48>) -> AllocateAndReturnByCodec<Option<[u8; 96]>> {
        DefaultCrypto.bls12_381_fp_to_g1(element).ok()
    }

    /// EIP-2537: the point that an element of the extension field is mapped to.
    fn bls12_381_fp2_to_g2(
        element: PassFatPointerAndDecode<(BlsFp, BlsFp)>,
    ) -> AllocateAndReturnByCodec<Option<[u8; 192]>> {
        DefaultCrypto.bls12_381_fp2_to_g2(element).ok()
    }
}
