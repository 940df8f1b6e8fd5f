//! The cryptography of Ethereum's precompiles on the node's native code, through host functions: the SDK's where it has
//! them, ours ([`host`]) where Wasm would take longer than gas pays for. What is quick enough stays revm's own.

mod host;

#[cfg(feature = "std")]
pub(crate) use host::ethereum_precompiles::HostFunctions;

use alloc::vec::Vec;
use host::ethereum_precompiles;
use revm::precompile::{
    Crypto, PrecompileHalt,
    bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar},
};

/// revm's precompiles call this.
#[derive(Debug)]
struct HostCrypto;

/// Why a host function gave nothing. It ends the frame and takes its gas whichever reason it is.
const REFUSED: PrecompileHalt = PrecompileHalt::other_static("an element or a point of the input is invalid");

impl Crypto for HostCrypto {
    fn sha256(&self, input: &[u8]) -> [u8; 32] {
        sp_io::hashing::sha2_256(input)
    }

    fn secp256k1_ecrecover(&self, sig: &[u8; 64], recid: u8, msg: &[u8; 32]) -> Result<[u8; 32], PrecompileHalt> {
        let mut signature = [0u8; 65];
        signature[..64].copy_from_slice(sig);
        signature[64] = recid;
        let key = sp_io::crypto::secp256k1_ecdsa_recover(&signature, msg)
            .map_err(|_| PrecompileHalt::Secp256k1RecoverFailed)?;
        let mut word = sp_io::hashing::keccak_256(&key);
        word[..12].fill(0);
        Ok(word)
    }

    fn bn254_g1_add(&self, p1: &[u8], p2: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        ethereum_precompiles::bn254_g1_add(sized(p1)?, sized(p2)?).ok_or(REFUSED)
    }

    fn bn254_g1_mul(&self, point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        ethereum_precompiles::bn254_g1_mul(sized(point)?, sized(scalar)?).ok_or(REFUSED)
    }

    fn bn254_pairing_check(&self, pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt> {
        let pairs = pairs.iter().map(|(g1, g2)| Ok((*sized(g1)?, *sized(g2)?))).collect::<Result<Vec<_>, _>>()?;
        ethereum_precompiles::bn254_pairing_check(pairs).ok_or(REFUSED)
    }

    fn blake2_compress(&self, rounds: u32, h: &mut [u64; 8], m: &[u64; 16], t: &[u64; 2], f: bool) {
        *h = ethereum_precompiles::blake2_compress(rounds, (*h, *m, *t), f);
    }

    fn secp256r1_verify_signature(&self, msg: &[u8; 32], sig: &[u8; 64], pk: &[u8; 64]) -> bool {
        ethereum_precompiles::secp256r1_verify(msg, sig, pk)
    }

    fn verify_kzg_proof(
        &self,
        z: &[u8; 32],
        y: &[u8; 32],
        commitment: &[u8; 48],
        proof: &[u8; 48],
    ) -> Result<(), PrecompileHalt> {
        let proven = ethereum_precompiles::verify_kzg_proof(z, y, commitment, proof);
        proven.then_some(()).ok_or(PrecompileHalt::BlobVerifyKzgProofFailed)
    }

    fn bls12_381_g1_add(&self, a: G1Point, b: G1Point) -> Result<[u8; 96], PrecompileHalt> {
        ethereum_precompiles::bls12_381_g1_add((a, b)).ok_or(REFUSED)
    }

    fn bls12_381_g1_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 96], PrecompileHalt> {
        ethereum_precompiles::bls12_381_g1_msm(pairs.collect::<Result<_, _>>()?).ok_or(REFUSED)
    }

    fn bls12_381_g2_add(&self, a: G2Point, b: G2Point) -> Result<[u8; 192], PrecompileHalt> {
        ethereum_precompiles::bls12_381_g2_add((a, b)).ok_or(REFUSED)
    }

    fn bls12_381_g2_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 192], PrecompileHalt> {
        ethereum_precompiles::bls12_381_g2_msm(pairs.collect::<Result<_, _>>()?).ok_or(REFUSED)
    }

    fn bls12_381_pairing_check(&self, pairs: &[(G1Point, G2Point)]) -> Result<bool, PrecompileHalt> {
        ethereum_precompiles::bls12_381_pairing_check(pairs.to_vec()).ok_or(REFUSED)
    }

    fn bls12_381_fp_to_g1(&self, fp: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt> {
        ethereum_precompiles::bls12_381_fp_to_g1(fp).ok_or(REFUSED)
    }

    fn bls12_381_fp2_to_g2(&self, fp2: ([u8; 48], [u8; 48])) -> Result<[u8; 192], PrecompileHalt> {
        ethereum_precompiles::bls12_381_fp2_to_g2(fp2).ok_or(REFUSED)
    }
}

/// revm cuts its input to these sizes before.
fn sized<const N: usize>(bytes: &[u8]) -> Result<&[u8; N], PrecompileHalt> {
    bytes.try_into().map_err(|_| REFUSED)
}

/// Makes revm use [`HostCrypto`]. Only the first call of a process, or of a Wasm instance, does anything, and returns true.
pub(crate) fn install() -> bool {
    revm::precompile::install_crypto(HostCrypto)
}
