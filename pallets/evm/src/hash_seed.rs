//! Seeds that nobody can foresee for the hash tables of the EVM's journal.
//!
//! Who knows the seeds makes keys that collide, and each access of `TSTORE` or `SLOAD` then goes through all of them: far
//! more time than gas pays for. Natively foldhash takes its seeds from the time and from addresses that the system
//! randomizes. In the Wasm there is neither; all that it takes is how deep the stack is where the first table of an
//! instance is made. So that is what is drawn here: the first table is made at one of 2^14 depths, by the host's
//! randomness.
//!
//! Validators don't share these seeds. That is right as long as nothing depends on the order of a hash table, which
//! holds natively too, where no two processes have the same seeds.

use sp_runtime_interface::runtime_interface;

/// Randomness for what must not be foreseen and changes no result.
#[runtime_interface]
pub trait HashSeed {
    /// A random number. Never a part of what a block comes to: each node draws its own.
    fn draw() -> u32 {
        use core::hash::{BuildHasher, Hasher};
        // The standard library's tables are seeded by the system's randomness.
        std::hash::RandomState::new().build_hasher().finish() as u32
    }
}

#[cfg(feature = "std")]
pub use hash_seed::HostFunctions;

/// Draws the seeds of this Wasm instance. To be called once, before its first hash table is made.
///
/// Does nothing natively, nor where weights are measured: the machine that measures knows no host functions of ours.
pub(crate) fn install() {
    #[cfg(all(not(feature = "std"), not(feature = "runtime-benchmarks")))]
    depth::make_table(hash_seed::draw() % (1 << depth::BITS));
}

#[cfg(all(not(feature = "std"), not(feature = "runtime-benchmarks")))]
mod depth {
    use alloy_primitives::map::B256Set;
    use core::{hint::black_box, mem::MaybeUninit};

    /// A Wasm instance has 1 MiB of stack; the deepest table is made at a quarter of it, which is given back at once.
    pub const BITS: u32 = FRAMES.len() as u32;

    /// One for each bit of a depth.
    const FRAMES: [fn(u32); 14] = [
        below::<16>,
        below::<32>,
        below::<64>,
        below::<128>,
        below::<256>,
        below::<512>,
        below::<1_024>,
        below::<2_048>,
        below::<4_096>,
        below::<8_192>,
        below::<16_384>,
        below::<32_768>,
        below::<65_536>,
        below::<131_072>,
    ];

    /// Makes a table, `depth` times 16 bytes of the stack from here.
    pub fn make_table(depth: u32) {
        match depth.checked_ilog2() {
            Some(bit) => FRAMES[bit as usize](depth & !(1 << bit)),
            None => drop(black_box(B256Set::default())),
        }
    }

    #[inline(never)]
    fn below<const BYTES: usize>(depth: u32) {
        let frame = MaybeUninit::<[u8; BYTES]>::uninit();
        black_box(&frame);
        make_table(depth);
        black_box(&frame);
    }
}
