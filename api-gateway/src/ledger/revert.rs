//! Why a transaction failed, in words: custom errors of `contracts/*.sol`, `Error(string)`, `Panic(uint256)`.

use super::chain::{Chain, ChainError};
use super::contracts::{abi, address_text};
use super::types::Failure;
use alloy::consensus::{Transaction as _, TxEnvelope, transaction::SignerRecoverable as _};
use alloy::eips::eip2718::Decodable2718 as _;
use alloy::primitives::{Bytes, hex};
use alloy::sol_types::{Panic, Revert, SolError, SolInterface as _};

/// Revert bytes as a stable code and a sentence.
pub(crate) fn decode(data: &[u8]) -> Failure {
    use abi::IToken::ITokenErrors as T;
    use abi::ITokens::ITokensErrors as I;
    use abi::IUsers::IUsersErrors as U;
    if let Ok(error) = T::abi_decode(data) {
        return match error {
            T::ERC20InsufficientBalance(e) => failure(
                "insufficient_balance",
                format!("{} has {}, needed {}", address_text(e.sender), e.balance, e.needed),
            ),
            T::ERC20InsufficientAllowance(e) => failure(
                "insufficient_allowance",
                format!("{} may spend {}, needed {}", address_text(e.spender), e.allowance, e.needed),
            ),
            T::ERC20ExceededCap(e) => {
                failure("exceeded_cap", format!("the supply would be {}, the cap is {}", e.increasedSupply, e.cap))
            }
            T::ERC20InvalidSender(e) => failure("invalid_sender", address_text(e.sender)),
            T::ERC20InvalidReceiver(e) => failure("invalid_receiver", address_text(e.receiver)),
            T::ERC20InvalidApprover(e) => failure("invalid_approver", address_text(e.approver)),
            T::ERC20InvalidSpender(e) => failure("invalid_spender", address_text(e.spender)),
            T::EnforcedPause(_) => failure("token_paused", "the token is paused"),
            T::ExpectedPause(_) => failure("token_not_paused", "the token is not paused"),
            T::AccountFrozen(e) => failure("account_frozen", format!("{} is frozen", address_text(e.account))),
            T::HolderNotAllowed(e) => {
                failure("holder_not_allowed", format!("{} may not hold this closed token", address_text(e.account)))
            }
            T::NotTokenAdmin(e) => failure("not_token_admin", address_text(e.account)),
            T::TokenNotFound(e) => failure("token_not_found", format!("no token at {}", address_text(e.token))),
            T::LengthMismatch(e) => {
                failure("length_mismatch", format!("{} receivers, {} values", e.receivers, e.values))
            }
            T::TooManyReceivers(e) => failure("too_many_receivers", format!("{} given, at most {}", e.given, e.max)),
        };
    }
    if let Ok(error) = I::abi_decode(data) {
        return match error {
            I::TokenExists(e) => failure("token_exists", format!("there is a token at {}", address_text(e.token))),
            I::InvalidName(_) => failure("invalid_name", "1 to 64 bytes of UTF-8"),
            I::InvalidSymbol(_) => failure("invalid_symbol", "1 to 16 bytes of UTF-8"),
            I::InvalidDecimals(e) => failure("invalid_decimals", format!("{}; 0 to 36", e.decimals)),
        };
    }
    if let Ok(error) = U::abi_decode(data) {
        return match error {
            U::AppExists(e) => failure("app_exists", e.app.to_string()),
            U::AppNotFound(e) => failure("app_not_found", e.app.to_string()),
            U::AppSuspended(e) => failure("app_suspended", e.app.to_string()),
            U::NotAppOwner(e) => failure("not_app_owner", address_text(e.account)),
            U::NotAppAdmin(e) => failure("not_app_admin", address_text(e.account)),
            U::UserNotFound(e) => failure("user_not_found", address_text(e.account)),
            U::InvalidStatus(e) => failure("invalid_status", e.status.to_string()),
            U::TooManyAccounts(e) => failure("too_many_accounts", format!("{} given, at most {}", e.given, e.max)),
            U::NotOperator(e) => failure("not_operator", address_text(e.account)),
            U::InvalidAccount(e) => failure("invalid_account", address_text(e.account)),
        };
    }
    if let Ok(error) = Revert::abi_decode(data) {
        return failure("reverted", clip(&error.reason));
    }
    if let Ok(error) = Panic::abi_decode(data) {
        return failure("panicked", format!("Panic({})", error.code));
    }
    failure("reverted", if data.is_empty() { "without a reason".to_owned() } else { clip(&hex::encode_prefixed(data)) })
}

fn failure(code: &str, detail: impl Into<String>) -> Failure {
    Failure { code: code.to_owned(), detail: detail.into() }
}

/// A contract chooses the text of its revert; keep it short.
fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Finds out why the transaction `raw` failed in `block`, by running the call again where it ran: at the end of the
/// block before, and, when that succeeds, at the end of the block itself (something earlier in the block was the
/// cause). Returns the failure and the revert bytes.
///
/// # Errors
/// When the node is away; it is asked again later.
pub(crate) async fn reason(
    chain: &Chain,
    raw: &str,
    block: u64,
    gas_used: u64,
) -> Result<(Failure, Option<Bytes>), ChainError> {
    let unknown = || (failure("reverted", "the transaction reverted"), None);
    let Some(tx) = hex::decode(raw).ok().and_then(|bytes| TxEnvelope::decode_2718(&mut bytes.as_slice()).ok()) else {
        return Ok(unknown());
    };
    if gas_used >= tx.gas_limit() {
        return Ok((failure("out_of_gas", format!("all of its {} gas is used up", tx.gas_limit())), None));
    }
    let (Ok(from), Some(to)) = (tx.recover_signer(), tx.to()) else { return Ok(unknown()) };
    for at in [block.saturating_sub(1), block] {
        match chain.call(from, to, tx.input().clone(), tx.gas_limit(), at).await {
            Ok(_) => {}
            Err(ChainError::Answer { data: Some(data), .. }) => return Ok((decode(&data), Some(data))),
            Err(ChainError::Answer { message, .. }) => return Ok((failure("reverted", clip(&message)), None)),
            Err(away) => return Err(away),
        }
    }
    Ok(unknown())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::{Address, U256};

    #[test]
    fn reverts_are_told_in_words() {
        let data = abi::IToken::ERC20InsufficientBalance {
            sender: Address::repeat_byte(1),
            balance: U256::from(5),
            needed: U256::from(7),
        }
        .abi_encode();
        let failure = decode(&data);
        assert_eq!(failure.code, "insufficient_balance");
        assert!(failure.detail.ends_with("has 5, needed 7"), "{}", failure.detail);
        let data = Revert::from("no\nway").abi_encode();
        assert_eq!(decode(&data), self::failure("reverted", "noway"));
        assert_eq!(decode(&[]).code, "reverted");
        assert_eq!(decode(&[1, 2, 3, 4]).detail, "0x01020304");
    }
}
