//! What can be asked of the ledger, and the transaction that does it. No chain round trip: the call, its gas limit
//! and its pending effect on the cached balances all follow from the request.

use super::contracts::{ChainAppId, TOKENS, USERS, abi};
use super::effects::{Effects, Move};
use super::types::{Kind, RequestKey};
use crate::db::Statement;
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;

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
        /// See [`super::contracts::token_address`].
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
    /// `IToken.mint`, by the treasury.
    Mint {
        /// The token.
        token: TokenRef,
        /// Who receives.
        to: Address,
        /// In the smallest unit.
        amount: U256,
    },
    /// `IToken.burn`: out of the sender's own balance.
    Burn {
        /// The token.
        token: TokenRef,
        /// In the smallest unit.
        amount: U256,
    },
    /// `IToken.transfer`: out of the sender's own balance.
    Transfer {
        /// The token.
        token: TokenRef,
        /// Who receives.
        to: Address,
        /// In the smallest unit.
        amount: U256,
    },
    /// What stops units and lets them move again, by the treasury.
    Control {
        /// The token.
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

/// Stopping a token's units, and letting them move again.
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
}

impl Control {
    fn account(self) -> Option<Address> {
        match self {
            Self::Pause | Self::Unpause => None,
            Self::Freeze(account) | Self::Unfreeze(account) => Some(account),
        }
    }

    fn call(self) -> (Kind, Vec<u8>) {
        match self {
            Self::Pause => (Kind::Pause, abi::IToken::pauseCall {}.abi_encode()),
            Self::Unpause => (Kind::Unpause, abi::IToken::unpauseCall {}.abi_encode()),
            Self::Freeze(account) => (Kind::Freeze, abi::IToken::freezeCall { account }.abi_encode()),
            Self::Unfreeze(account) => (Kind::Unfreeze, abi::IToken::unfreezeCall { account }.abi_encode()),
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
    pub target: Address,
    pub input: Bytes,
    pub gas_limit: u64,
    pub effects: Effects,
    pub token: Option<TokenRef>,
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub amount: Option<U256>,
}

impl Intent {
    /// The token that it moves or makes.
    pub fn token(&self) -> Option<&TokenRef> {
        match self {
            Self::CreateApp { .. } | Self::AddUsers { .. } | Self::SetUserStatus { .. } => None,
            Self::CreateToken { token, .. }
            | Self::Mint { token, .. }
            | Self::Burn { token, .. }
            | Self::Transfer { token, .. }
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
            | Self::Mint { .. }
            | Self::Control { .. } => Some(U256::ZERO),
            Self::Burn { amount, .. } | Self::Transfer { amount, .. } => Some(*amount),
            Self::TransferBatch { transfers, .. } => {
                transfers.iter().try_fold(U256::ZERO, |sum, (_, amount)| sum.checked_add(*amount))
            }
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
            Self::Mint { token, to, amount } => {
                (Kind::Mint, token.address, abi::IToken::mintCall { to: *to, value: *amount }.abi_encode(), 1)
            }
            Self::Burn { token, amount } => {
                (Kind::Burn, token.address, abi::IToken::burnCall { value: *amount }.abi_encode(), 1)
            }
            Self::Transfer { token, to, amount } => {
                (Kind::Transfer, token.address, abi::IToken::transferCall { to: *to, value: *amount }.abi_encode(), 1)
            }
            Self::Control { token, control } => {
                let (kind, input) = control.call();
                (kind, token.address, input, 1)
            }
            Self::TransferBatch { token, transfers } => {
                let (to, values) = transfers.iter().copied().unzip();
                (
                    Kind::TransferBatch,
                    token.address,
                    abi::IToken::transferBatchCall { to, values }.abi_encode(),
                    transfers.len(),
                )
            }
        };
        let moves = self.moves(sender);
        let (from, to) = match self {
            Self::CreateApp { .. } | Self::AddUsers { .. } => (None, None),
            Self::SetUserStatus { account, .. } => (None, Some(*account)),
            Self::Control { control, .. } => (None, control.account()),
            Self::CreateToken { .. } => (None, Some(sender)),
            Self::Mint { to, .. } => (None, Some(*to)),
            Self::Burn { .. } | Self::TransferBatch { .. } => (Some(sender), None),
            Self::Transfer { to, .. } => (Some(sender), Some(*to)),
        };
        let amount = match self {
            Self::CreateApp { .. } | Self::AddUsers { .. } | Self::SetUserStatus { .. } | Self::Control { .. } => None,
            Self::CreateToken { initial_supply, .. } => Some(*initial_supply),
            Self::Mint { amount, .. } => Some(*amount),
            Self::Burn { .. } | Self::Transfer { .. } | Self::TransferBatch { .. } => self.debit(),
        };
        Call {
            gas_limit: gas_limit(&input, kind, entries),
            kind,
            target,
            input: input.into(),
            effects: Effects { token: self.token().map(|token| token.id.clone()), moves },
            token: self.token().cloned(),
            from,
            to,
            amount,
        }
    }

    fn moves(&self, sender: Address) -> Vec<Move> {
        match self {
            Self::CreateApp { .. } | Self::AddUsers { .. } | Self::SetUserStatus { .. } | Self::Control { .. } => {
                Vec::new()
            }
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

/// The most that one transaction may ask for (EIP-7825).
const GAS_LIMIT_MAX: u64 = 16_777_216;

/// A gas limit that is always enough: the price of the transaction and its calldata (EIP-2028), a generous sum for the
/// call, and one for each entry's storage and log. What isn't used is not charged, but a block keeps room for the
/// whole limit until the transaction has run; and a batch of 1,000 has to stay below [`GAS_LIMIT_MAX`].
fn gas_limit(input: &[u8], kind: Kind, entries: usize) -> u64 {
    let (base, per_entry) = match kind {
        Kind::CreateToken => (500_000, 0),
        Kind::CreateApp
        | Kind::Mint
        | Kind::Burn
        | Kind::Transfer
        | Kind::SetUserStatus
        | Kind::Pause
        | Kind::Unpause
        | Kind::Freeze
        | Kind::Unfreeze
        | Kind::Cancel => (150_000, 0),
        Kind::AddUsers => (150_000, 15_000),
        Kind::TransferBatch => (150_000, 14_500),
    };
    let calldata: u64 = input.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
    (21_000 + calldata + base + per_entry * entries as u64).min(GAS_LIMIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::contracts::MAX_BATCH;

    #[test]
    fn the_largest_batches_stay_below_the_limit_of_a_transaction() {
        let token = TokenRef { id: "tok_".into(), address: TOKENS, symbol: "T".into(), decimals: 0 };
        let transfers = vec![(Address::repeat_byte(0xff), U256::MAX / U256::from(MAX_BATCH)); MAX_BATCH];
        let batch = Intent::TransferBatch { token, transfers }.call(Address::repeat_byte(1));
        let accounts = vec![Address::repeat_byte(0xff); MAX_BATCH];
        let users = Intent::AddUsers { app: ChainAppId::ZERO, accounts }.call(Address::repeat_byte(1));
        for call in [batch, users] {
            assert!(call.gas_limit < GAS_LIMIT_MAX, "{:?} asks for {}", call.kind, call.gas_limit);
            assert!(call.gas_limit > 14_000_000);
        }
    }

    #[test]
    fn the_sum_of_a_batch_must_fit() {
        let token = TokenRef { id: "tok_".into(), address: TOKENS, symbol: "T".into(), decimals: 0 };
        let transfers = vec![(Address::repeat_byte(2), U256::MAX), (Address::repeat_byte(3), U256::from(1))];
        assert!(Intent::TransferBatch { token, transfers }.debit().is_none());
    }
}
