//! What can be asked of the ledger, and the transaction that does it. No chain round trip: the call, its gas limit
//! and its pending effect on the cached balances all follow from the request.

use super::contracts::{COLLECTIONS, ChainAppId, TOKENS, USERS, abi};
use super::effects::{Effects, Move};
use super::types::{Kind, RequestKey};
use crate::db::{Standard, Statement};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolValue};

pub use crate::db::KnownToken as TokenRef;

/// What is to happen on the ledger. The sender is the wallet named in the [`Submission`].
#[derive(Clone, Debug)]
pub enum Intent {
    /// `IUsers.createApp`: the sender (the app's treasury wallet) becomes the app's owner on chain.
    CreateApp {
        /// See [`super::contracts::chain_app_id`].
        salt: B256,
    },
    /// `IUsers.addUsers`, by the treasury. At most [`super::contracts::MAX_BATCH`] accounts.
    AddUsers {
        /// The app on chain.
        app: ChainAppId,
        /// The users' addresses.
        accounts: Vec<Address>,
    },
    /// `IUsers.setUserStatus`, by the treasury.
    SetUserStatus {
        /// The app on chain.
        app: ChainAppId,
        /// The user's address.
        account: Address,
        /// Or suspended.
        active: bool,
    },
    /// `ITokens.createToken`, by the treasury; the initial supply goes to the sender.
    CreateToken {
        /// The app on chain.
        app: ChainAppId,
        /// See [`super::contracts::issued_address`].
        salt: B256,
        /// The token that comes into being.
        token: TokenRef,
        /// Its name.
        name: String,
        /// 0: none.
        cap: U256,
        /// In the smallest unit.
        initial_supply: U256,
        /// Whether only the app's users may hold it.
        closed: bool,
    },
    /// `ICollections.createCollection`, by the treasury.
    CreateCollection {
        /// The app on chain.
        app: ChainAppId,
        /// See [`super::contracts::issued_address`].
        salt: B256,
        /// The collection that comes into being.
        collection: TokenRef,
        /// Its name.
        name: String,
        /// Where its metadata is; may be empty.
        uri: String,
        /// Whether only the app's users may hold its items.
        closed: bool,
        /// Who has a share in sales, and how many hundredths of a percent.
        royalty: Option<(Address, u16)>,
    },
    /// An item of a collection, by the treasury: `ICollection721.mint`, or `ICollection1155.createItem`.
    CreateItem {
        /// The item that comes into being.
        item: TokenRef,
        /// Where its metadata is; may be empty.
        uri: String,
        /// ERC-1155: the most that there may be; 0: no limit.
        cap: U256,
        /// ERC-721: its first owner.
        to: Address,
    },
    /// `ICollection1155.mintMany`, by the treasury: all or nothing, at most [`super::contracts::MAX_MINTS`] receivers.
    MintBatch {
        /// The item.
        item: TokenRef,
        /// Receivers and amounts.
        mints: Vec<(Address, U256)>,
    },
    /// Units for one receiver, by the treasury.
    Mint {
        /// The token or item.
        token: TokenRef,
        /// Who receives.
        to: Address,
        /// In the smallest unit.
        amount: U256,
    },
    /// Out of the sender's own balance.
    Burn {
        /// The token or item.
        token: TokenRef,
        /// In the smallest unit.
        amount: U256,
    },
    /// Out of the sender's own balance.
    Transfer {
        /// The token or item.
        token: TokenRef,
        /// Who receives.
        to: Address,
        /// In the smallest unit.
        amount: U256,
    },
    /// `ISaleSlots.openSlot`: so many of the sender's wait with the collection to be bought.
    OpenSlot {
        /// The item.
        item: TokenRef,
        /// What is on sale.
        offer: SlotOffer,
        /// How many.
        amount: U256,
    },
    /// `ISaleSlots.buy`, for the sender.
    BuyItem {
        /// The item.
        item: TokenRef,
        /// The slot's name on chain.
        slot: B256,
        /// How many.
        amount: U256,
        /// The token that is paid with.
        currency: TokenRef,
        /// Who gets how much of it.
        payments: Vec<(Address, U256)>,
    },
    /// `ISaleSlots.closeSlot`: what is left is the seller's again.
    CloseSlot {
        /// The item.
        item: TokenRef,
        /// The slot's name on chain.
        slot: B256,
    },
    /// A contract that comes into being, by the treasury.
    Deploy {
        /// Creation code with the constructor's arguments.
        init: Bytes,
        /// Most gas that it may use.
        gas_limit: u64,
    },
    /// A function of a contract that an app has named.
    Call {
        /// The contract.
        contract: Address,
        /// Call data.
        input: Bytes,
        /// Most gas that it may use.
        gas_limit: u64,
    },
    /// What is done to a token or collection as a whole, by who issues it.
    Control {
        /// The token or collection.
        token: TokenRef,
        /// What is to happen.
        control: Control,
    },
    /// `IToken.transferBatch`: all or nothing, at most [`super::contracts::MAX_BATCH`] receivers.
    TransferBatch {
        /// The token.
        token: TokenRef,
        /// Receivers and amounts in the smallest unit.
        transfers: Vec<(Address, U256)>,
    },
}

/// The terms of a sale slot, but for its seller and its item (`ISaleSlots.Terms`).
#[derive(Clone, Debug)]
pub struct SlotOffer {
    /// The token that is paid with.
    pub currency: Address,
    /// Of one, in the currency's smallest unit.
    pub price: U256,
    /// Beneficiaries, and their hundredths of a percent.
    pub shares: Vec<(Address, u16)>,
    /// For several slots on the same terms.
    pub salt: B256,
}

impl SlotOffer {
    fn shares(&self) -> Vec<abi::ISaleSlots::Share> {
        let share = |&(beneficiary, points): &_| abi::ISaleSlots::Share { beneficiary, basisPoints: points };
        self.shares.iter().map(share).collect()
    }

    /// The slot's name on chain.
    pub fn name(&self, seller: Address, item: U256) -> B256 {
        let Self { currency, price, salt, .. } = *self;
        let terms = abi::ISaleSlots::Terms { seller, id: item, currency, price, shares: self.shares(), salt };
        alloy::primitives::keccak256(terms.abi_encode())
    }

    fn open_call(&self, item: U256, amount: U256) -> Vec<u8> {
        let Self { currency, price, salt, .. } = *self;
        abi::ISaleSlots::openSlotCall { id: item, amount, currency, price, shares: self.shares(), salt }.abi_encode()
    }
}

/// What is done to a token or collection as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// `IToken.pause`
    Pause,
    /// `IToken.unpause`
    Unpause,
    /// `IToken.freeze`
    Freeze(Address),
    /// `IToken.unfreeze`
    Unfreeze(Address),
    /// `ICollection.transferOwnership`
    Transfer(Address),
}

impl Control {
    fn account(self) -> Option<Address> {
        match self {
            Self::Pause | Self::Unpause => None,
            Self::Freeze(account) | Self::Unfreeze(account) | Self::Transfer(account) => Some(account),
        }
    }

    fn call(self) -> (Kind, Vec<u8>) {
        match self {
            Self::Pause => (Kind::Pause, abi::IToken::pauseCall {}.abi_encode()),
            Self::Unpause => (Kind::Unpause, abi::IToken::unpauseCall {}.abi_encode()),
            Self::Freeze(account) => (Kind::Freeze, abi::IToken::freezeCall { account }.abi_encode()),
            Self::Unfreeze(account) => (Kind::Unfreeze, abi::IToken::unfreezeCall { account }.abi_encode()),
            Self::Transfer(owner) => {
                let call = abi::ICollection::transferOwnershipCall { newOwner: owner };
                (Kind::TransferCollection, call.abi_encode())
            }
        }
    }
}

/// An intent with everything that is stored beside it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The tenant.
    pub app_id: String,
    /// `wal_…` that signs. It may be one that `rows` insert.
    pub sender_wallet_id: String,
    /// What is to happen.
    pub intent: Intent,
    /// Which request this is.
    pub request: RequestKey,
    /// The service's own rows (the app, the user, the token), written in the same transaction and before the
    /// operation. A unique violation here answers `already_exists` and leaves nothing behind. A statement may name
    /// the operation that is being made: bind [`Submission::operation_id`].
    pub rows: Vec<Statement>,
    /// Chosen by the service beforehand (`db::new_id(Id::Operation)`).
    pub operation_id: String,
    /// What comes into being (`app_…`, `usr_…`, `tok_…`), for [`super::Operation::resource`].
    pub resource_id: Option<String>,
    /// The user who asked, where it was one.
    pub user_id: Option<String>,
    /// The caller's note.
    pub memo: Option<String>,
    /// The service's part of the first answer, stored with the idempotency key and given again on a repeat.
    pub resource: serde_json::Value,
}

/// The transaction that does an intent.
pub(crate) struct Call {
    pub kind: Kind,
    /// Of a deployment, which calls nobody, the contract that it makes: known once it has its nonce.
    pub target: Address,
    pub input: Bytes,
    pub gas_limit: u64,
    pub effects: Effects,
    pub token: Option<TokenRef>,
    /// What is paid with, where something is bought.
    pub currency: Option<TokenRef>,
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub amount: Option<U256>,
}

impl Intent {
    /// The token that it moves or makes.
    pub fn token(&self) -> Option<&TokenRef> {
        match self {
            Self::CreateApp { .. }
            | Self::AddUsers { .. }
            | Self::SetUserStatus { .. }
            | Self::Deploy { .. }
            | Self::Call { .. } => None,
            Self::CreateToken { token, .. }
            | Self::CreateCollection { collection: token, .. }
            | Self::CreateItem { item: token, .. }
            | Self::MintBatch { item: token, .. }
            | Self::Mint { token, .. }
            | Self::Burn { token, .. }
            | Self::Transfer { token, .. }
            | Self::OpenSlot { item: token, .. }
            | Self::BuyItem { item: token, .. }
            | Self::CloseSlot { item: token, .. }
            | Self::Control { token, .. }
            | Self::TransferBatch { token, .. } => Some(token),
        }
    }

    /// What it takes out of the sender's balance; `None` when the sum is more than 2^256 - 1.
    pub fn debit(&self) -> Option<U256> {
        match self {
            Self::CreateApp { .. }
            | Self::AddUsers { .. }
            | Self::SetUserStatus { .. }
            | Self::CreateToken { .. }
            | Self::CreateCollection { .. }
            | Self::CreateItem { .. }
            | Self::MintBatch { .. }
            | Self::Mint { .. }
            | Self::BuyItem { .. }
            | Self::CloseSlot { .. }
            | Self::Deploy { .. }
            | Self::Call { .. }
            | Self::Control { .. } => Some(U256::ZERO),
            Self::Burn { amount, .. } | Self::Transfer { amount, .. } | Self::OpenSlot { amount, .. } => Some(*amount),
            Self::TransferBatch { transfers, .. } => sum(transfers),
        }
    }

    /// The call that does it when `sender` signs.
    pub(crate) fn call(&self, sender: Address) -> Call {
        let (kind, target, input, entries) = match self {
            Self::CreateApp { salt } => {
                (Kind::CreateApp, USERS, abi::IUsers::createAppCall { salt: *salt }.abi_encode(), 1)
            }
            Self::AddUsers { app, accounts } => (
                Kind::AddUsers,
                USERS,
                abi::IUsers::addUsersCall { app: *app, accounts: accounts.clone() }.abi_encode(),
                accounts.len(),
            ),
            Self::SetUserStatus { app, account, active } => {
                let status = if *active { abi::IUsers::Status::Active } else { abi::IUsers::Status::Suspended };
                let call = abi::IUsers::setUserStatusCall { app: *app, account: *account, status };
                (Kind::SetUserStatus, USERS, call.abi_encode(), 1)
            }
            Self::CreateToken { app, salt, token, name, cap, initial_supply, closed } => (
                Kind::CreateToken,
                TOKENS,
                abi::ITokens::createTokenCall {
                    app: *app,
                    salt: *salt,
                    params: abi::ITokens::TokenParams {
                        name: name.clone(),
                        symbol: token.symbol.clone(),
                        decimals: token.decimals,
                        cap: *cap,
                        initialSupply: *initial_supply,
                        holder: sender,
                        closed: *closed,
                    },
                }
                .abi_encode(),
                1,
            ),
            Self::CreateCollection { app, salt, collection, name, uri, closed, royalty } => {
                let (receiver, basis_points) = royalty.unwrap_or_default();
                let params = abi::ICollections::CollectionParams {
                    standard: match collection.asset.standard {
                        Standard::Erc1155 => abi::ICollections::Standard::ERC1155,
                        _ => abi::ICollections::Standard::ERC721,
                    },
                    name: name.clone(),
                    symbol: collection.symbol.clone(),
                    uri: uri.clone(),
                    closed: *closed,
                    royaltyReceiver: receiver,
                    royaltyBasisPoints: basis_points,
                };
                let call = abi::ICollections::createCollectionCall { app: *app, salt: *salt, params };
                (Kind::CreateCollection, COLLECTIONS, call.abi_encode(), 1)
            }
            Self::CreateItem { item, uri, cap, to } => {
                (Kind::CreateItem, item.asset.contract, item.asset.create_call(uri, *cap, *to), 1)
            }
            Self::MintBatch { item, mints } => {
                let (to, values) = mints.iter().copied().unzip();
                let id = item.asset.item.unwrap_or_default();
                let call = abi::ICollection1155::mintManyCall { to, id, values };
                (Kind::MintBatch, item.asset.contract, call.abi_encode(), mints.len())
            }
            Self::Mint { token, to, amount } => {
                (Kind::Mint, token.asset.contract, token.asset.mint_call(*to, *amount), 1)
            }
            Self::Burn { token, amount } => {
                (Kind::Burn, token.asset.contract, token.asset.burn_call(sender, *amount), 1)
            }
            Self::Transfer { token, to, amount } => {
                (Kind::Transfer, token.asset.contract, token.asset.transfer_call(sender, *to, *amount), 1)
            }
            Self::OpenSlot { item, offer, amount } => {
                let number = item.asset.item.unwrap_or_default();
                (Kind::OpenSlot, item.asset.contract, offer.open_call(number, *amount), 1)
            }
            Self::BuyItem { item, slot, amount, payments, .. } => {
                let call = abi::ISaleSlots::buyCall { slot: *slot, amount: *amount };
                (Kind::BuyItem, item.asset.contract, call.abi_encode(), payments.len())
            }
            Self::CloseSlot { item, slot } => {
                let call = abi::ISaleSlots::closeSlotCall { slot: *slot };
                (Kind::CloseSlot, item.asset.contract, call.abi_encode(), 1)
            }
            Self::Deploy { init, .. } => (Kind::Deploy, Address::ZERO, init.to_vec(), 1),
            Self::Call { contract, input, .. } => (Kind::Call, *contract, input.to_vec(), 1),
            Self::Control { token, control } => {
                let (kind, input) = control.call();
                (kind, token.asset.contract, input, 1)
            }
            Self::TransferBatch { token, transfers } => {
                let (to, values) = transfers.iter().copied().unzip();
                (
                    Kind::TransferBatch,
                    token.asset.contract,
                    abi::IToken::transferBatchCall { to, values }.abi_encode(),
                    transfers.len(),
                )
            }
        };
        let moves = self.moves(sender);
        let (from, to) = match self {
            Self::CreateApp { .. } | Self::AddUsers { .. } | Self::CreateCollection { .. } | Self::MintBatch { .. } => {
                (None, None)
            }
            Self::Deploy { .. } | Self::CloseSlot { .. } => (None, None),
            Self::Call { contract, .. } => (Some(sender), Some(*contract)),
            Self::OpenSlot { item, .. } => (Some(sender), Some(item.asset.contract)),
            Self::BuyItem { item, .. } => (Some(item.asset.contract), Some(sender)),
            Self::CreateItem { item, to, .. } => (None, item.asset.is_unique().then_some(*to)),
            Self::SetUserStatus { account, .. } => (None, Some(*account)),
            Self::Control { control, .. } => (None, control.account()),
            Self::CreateToken { .. } => (None, Some(sender)),
            Self::Mint { to, .. } => (None, Some(*to)),
            Self::Burn { .. } | Self::TransferBatch { .. } => (Some(sender), None),
            Self::Transfer { to, .. } => (Some(sender), Some(*to)),
        };
        let amount = match self {
            Self::CreateApp { .. }
            | Self::AddUsers { .. }
            | Self::SetUserStatus { .. }
            | Self::CreateCollection { .. }
            | Self::CloseSlot { .. }
            | Self::Deploy { .. }
            | Self::Call { .. }
            | Self::Control { .. } => None,
            Self::BuyItem { amount, .. } => Some(*amount),
            Self::CreateItem { item, .. } => item.asset.is_unique().then_some(U256::from(1)),
            Self::MintBatch { mints, .. } => sum(mints),
            Self::CreateToken { initial_supply, .. } => Some(*initial_supply),
            Self::Mint { amount, .. } => Some(*amount),
            Self::Burn { .. } | Self::Transfer { .. } | Self::TransferBatch { .. } | Self::OpenSlot { .. } => {
                self.debit()
            }
        };
        Call {
            gas_limit: match self {
                Self::Deploy { gas_limit, .. } | Self::Call { gas_limit, .. } => *gas_limit,
                _ => {
                    let of_item = self.token().is_some_and(|token| token.asset.item.is_some());
                    gas_limit(&input, kind, of_item, entries)
                }
            },
            kind,
            target,
            input: input.into(),
            effects: Effects {
                token: self.token().map(|token| token.id.clone()),
                moves,
                payment: self.payment(sender).map(Box::new),
            },
            token: self.token().cloned(),
            currency: match self {
                Self::BuyItem { currency, .. } => Some(currency.clone()),
                _ => None,
            },
            from,
            to,
            amount,
        }
    }

    fn payment(&self, sender: Address) -> Option<Effects> {
        let Self::BuyItem { currency, payments, .. } = self else { return None };
        let moves = payments.iter().map(|(to, amount)| Move { from: sender, to: *to, amount: *amount }).collect();
        Some(Effects { token: Some(currency.id.clone()), moves, payment: None })
    }

    fn moves(&self, sender: Address) -> Vec<Move> {
        match self {
            Self::CreateApp { .. }
            | Self::AddUsers { .. }
            | Self::SetUserStatus { .. }
            | Self::CreateCollection { .. }
            // How many come back is known once they have.
            | Self::CloseSlot { .. }
            | Self::Deploy { .. }
            | Self::Call { .. }
            | Self::Control { .. } => Vec::new(),
            Self::OpenSlot { item, amount, .. } => {
                vec![Move { from: sender, to: item.asset.contract, amount: *amount }]
            }
            Self::BuyItem { item, amount, .. } => {
                vec![Move { from: item.asset.contract, to: sender, amount: *amount }]
            }
            Self::CreateItem { item, to, .. } if item.asset.is_unique() => vec![Move::mint(*to, U256::from(1))],
            Self::CreateItem { .. } => Vec::new(),
            Self::MintBatch { mints, .. } => mints.iter().map(|(to, amount)| Move::mint(*to, *amount)).collect(),
            Self::CreateToken { initial_supply, .. } if initial_supply.is_zero() => Vec::new(),
            Self::CreateToken { initial_supply, .. } => vec![Move::mint(sender, *initial_supply)],
            Self::Mint { to, amount, .. } => vec![Move::mint(*to, *amount)],
            Self::Burn { amount, .. } => vec![Move::burn(sender, *amount)],
            Self::Transfer { to, amount, .. } => vec![Move { from: sender, to: *to, amount: *amount }],
            Self::TransferBatch { transfers, .. } => {
                transfers.iter().map(|(to, amount)| Move { from: sender, to: *to, amount: *amount }).collect()
            }
        }
    }
}

/// All amounts together; `None` when that is more than 2^256 - 1.
fn sum(amounts: &[(Address, U256)]) -> Option<U256> {
    amounts.iter().try_fold(U256::ZERO, |sum, (_, amount)| sum.checked_add(*amount))
}

/// The most that one transaction may ask for (EIP-7825).
pub(crate) const GAS_LIMIT_MAX: u64 = 16_777_216;

/// A gas limit that is always enough: the price of the transaction and its calldata (EIP-2028), a generous sum for the
/// call, and one for each entry's storage and log. What isn't used is not charged, but a block keeps room for the
/// whole limit until the transaction has run; and a batch of 1,000 has to stay below [`GAS_LIMIT_MAX`].
fn gas_limit(input: &[u8], kind: Kind, of_item: bool, entries: usize) -> u64 {
    let (base, per_entry) = match kind {
        Kind::CreateToken | Kind::CreateCollection => (500_000, 0),
        // A contract that receives an item is asked; what it does with the rest of the gas is its own.
        Kind::CreateItem => (400_000, 0),
        Kind::MintBatch => (150_000, 30_000),
        Kind::OpenSlot | Kind::CloseSlot => (500_000, 0),
        Kind::BuyItem => (500_000, 40_000),
        // These name their own.
        Kind::Deploy | Kind::Call => (1_000_000, 0),
        Kind::CreateApp
        | Kind::SetUserStatus
        | Kind::Pause
        | Kind::Unpause
        | Kind::Freeze
        | Kind::Unfreeze
        | Kind::TransferCollection
        | Kind::Cancel => (150_000, 0),
        Kind::Mint | Kind::Burn | Kind::Transfer if of_item => (400_000, 0),
        Kind::Mint | Kind::Burn | Kind::Transfer => (150_000, 0),
        Kind::AddUsers => (150_000, 15_000),
        Kind::TransferBatch => (150_000, 14_500),
    };
    let calldata: u64 = input.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
    (21_000 + calldata + base + per_entry * entries as u64).min(GAS_LIMIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Asset;
    use crate::ledger::contracts::{MAX_BATCH, MAX_MINTS};

    fn token() -> TokenRef {
        TokenRef { id: "tok_".into(), asset: Asset::token(TOKENS), symbol: "T".into(), decimals: 0 }
    }

    #[test]
    fn the_largest_batches_stay_below_the_limit_of_a_transaction() {
        let transfers = vec![(Address::repeat_byte(0xff), U256::MAX / U256::from(MAX_BATCH)); MAX_BATCH];
        let batch = Intent::TransferBatch { token: token(), transfers }.call(Address::repeat_byte(1));
        let mints = vec![(Address::repeat_byte(0xff), U256::MAX / U256::from(MAX_MINTS)); MAX_MINTS];
        let mints = Intent::MintBatch { item: token(), mints }.call(Address::repeat_byte(1));
        let accounts = vec![Address::repeat_byte(0xff); MAX_BATCH];
        let users = Intent::AddUsers { app: ChainAppId::ZERO, accounts }.call(Address::repeat_byte(1));
        for call in [batch, users, mints] {
            assert!(call.gas_limit < GAS_LIMIT_MAX, "{:?} asks for {}", call.kind, call.gas_limit);
            assert!(call.gas_limit > 14_000_000);
        }
    }

    #[test]
    fn the_sum_of_a_batch_must_fit() {
        let transfers = vec![(Address::repeat_byte(2), U256::MAX), (Address::repeat_byte(3), U256::from(1))];
        assert!(Intent::TransferBatch { token: token(), transfers }.debit().is_none());
    }
}
