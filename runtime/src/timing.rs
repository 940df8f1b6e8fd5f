//! How long a slot is, and whether blocks come on demand.
//!
//! A consortium's chain makes one block per slot. A developer's chain may seal a block as soon as a transaction arrives:
//! then several blocks share a slot, and their times need only grow.

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use crate::DEFAULT_SLOT_MS;
    use frame_support::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    /// Of what is stored; raised together with a migration.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Length of a slot in milliseconds, fixed at genesis.
    #[pallet::storage]
    pub type SlotMs<T> = StorageValue<_, u64, ValueQuery, DefaultSlotMs>;

    /// Whether a slot may hold more than one block.
    #[pallet::storage]
    pub type OnDemand<T> = StorageValue<_, bool, ValueQuery>;

    /// [`DEFAULT_SLOT_MS`].
    #[pallet::type_value]
    pub fn DefaultSlotMs() -> u64 {
        DEFAULT_SLOT_MS
    }

    #[pallet::genesis_config]
    pub struct GenesisConfig<T> {
        /// Length of a slot in milliseconds: 100 to 60,000.
        pub slot_ms: u64,
        /// Let a slot hold more than one block; for development.
        pub on_demand: bool,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    impl<T> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self { slot_ms: DEFAULT_SLOT_MS, on_demand: false, _config: core::marker::PhantomData }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!((100..=60_000).contains(&self.slot_ms), "slot_ms must lie between 100 and 60000");
            SlotMs::<T>::put(self.slot_ms);
            OnDemand::<T>::put(self.on_demand);
        }
    }

    /// Slot length in milliseconds.
    pub struct SlotDuration<T>(core::marker::PhantomData<T>);

    impl<T: Config> Get<u64> for SlotDuration<T> {
        fn get() -> u64 {
            SlotMs::<T>::get()
        }
    }

    /// Least time between two blocks, in milliseconds.
    pub struct MinimumPeriod<T>(core::marker::PhantomData<T>);

    impl<T: Config> Get<u64> for MinimumPeriod<T> {
        fn get() -> u64 {
            if OnDemand::<T>::get() { 1 } else { SlotMs::<T>::get() / 2 }
        }
    }

    /// Whether blocks may share a slot.
    pub struct SharedSlots<T>(core::marker::PhantomData<T>);

    impl<T: Config> Get<bool> for SharedSlots<T> {
        fn get() -> bool {
            OnDemand::<T>::get()
        }
    }
}
