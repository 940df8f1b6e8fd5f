//! Why a transaction failed, in words: custom errors of `contracts/*.sol`, `Error(string)`, `Panic(uint256)`.

use super::chain::{Call, Chain, ChainError};
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
    if let Some(failure) = of_collection(data) {
        return failure;
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

/// Of collections and their issuer. What they have in common with tokens has been told already.
fn of_collection(data: &[u8]) -> Option<Failure> {
    use abi::ICollection::ICollectionErrors as C;
    use abi::ICollection721::ICollection721Errors as U;
    use abi::ICollection1155::ICollection1155Errors as E;
    use abi::ICollections::ICollectionsErrors as I;
    use abi::ISaleSlots::ISaleSlotsErrors as S;
    let address = |address| address_text(address);
    if let Ok(error) = C::abi_decode(data) {
        return Some(match error {
            C::CollectionNotFound(e) => {
                failure("collection_not_found", format!("no collection at {}", address(e.collection)))
            }
            C::NotCollectionAdmin(e) => failure("not_collection_admin", address(e.account)),
            C::OwnableUnauthorizedAccount(e) => failure("not_collection_owner", address(e.account)),
            C::OwnableInvalidOwner(e) => failure("invalid_account", address(e.owner)),
            C::HolderNotAllowed(e) => {
                failure("holder_not_allowed", format!("{} may not hold items of it", address(e.account)))
            }
            C::EnforcedPause(_) => failure("token_paused", "the collection is paused"),
            C::ExpectedPause(_) => failure("token_not_paused", "the collection is not paused"),
            C::InvalidUri(_) => failure("invalid_uri", "at most 256 bytes"),
            C::LengthMismatch(e) => failure("length_mismatch", format!("{} and {}", e.left, e.right)),
            C::TooManyItems(e) => failure("too_many_items", format!("{} given, at most {}", e.given, e.max)),
        });
    }
    if let Ok(error) = S::abi_decode(data) {
        return Some(match error {
            S::InvalidAmount(e) => failure("invalid_amount", format!("{} asked for, at most {}", e.amount, e.max)),
            S::InvalidShares(_) => failure("invalid_shares", "with the royalty they are at most the whole"),
            S::NotSlotSeller(e) => failure("not_slot_seller", address(e.account)),
            S::SlotExists(e) => failure("slot_exists", e.slot.to_string()),
            S::SlotNotFound(_) => failure("slot_not_found", "the slot is sold out or closed"),
        });
    }
    if let Ok(error) = U::abi_decode(data) {
        return Some(match error {
            U::ERC721NonexistentToken(e) => failure("item_not_found", format!("no item {}", e.tokenId)),
            U::ERC721IncorrectOwner(e) => {
                failure("not_item_owner", format!("item {} is {}'s", e.tokenId, address(e.owner)))
            }
            U::ERC721InsufficientApproval(e) => {
                failure("not_item_owner", format!("{} may not move item {}", address(e.operator), e.tokenId))
            }
            // OpenZeppelin's error for an item that is minted twice.
            U::ERC721InvalidSender(e) if e.sender.is_zero() => failure("item_exists", "the collection has this item"),
            U::ERC721InvalidSender(e) => failure("invalid_sender", address(e.sender)),
            U::ERC721InvalidReceiver(e) => failure("invalid_receiver", address(e.receiver)),
            U::ERC721InvalidOwner(e) => failure("invalid_sender", address(e.owner)),
            U::ERC721InvalidApprover(e) => failure("invalid_approver", address(e.approver)),
            U::ERC721InvalidOperator(e) => failure("invalid_operator", address(e.operator)),
        });
    }
    if let Ok(error) = E::abi_decode(data) {
        return Some(match error {
            E::ERC1155InsufficientBalance(e) => failure(
                "insufficient_balance",
                format!("{} has {} of item {}, needed {}", address(e.sender), e.balance, e.tokenId, e.needed),
            ),
            E::ERC1155InvalidSender(e) => failure("invalid_sender", address(e.sender)),
            E::ERC1155InvalidReceiver(e) => failure("invalid_receiver", address(e.receiver)),
            E::ERC1155MissingApprovalForAll(e) => failure(
                "insufficient_allowance",
                format!("{} may not move items of {}", address(e.operator), address(e.owner)),
            ),
            E::ERC1155InvalidOperator(e) => failure("invalid_operator", address(e.operator)),
            E::ERC1155InvalidArrayLength(e) => {
                failure("length_mismatch", format!("{} items, {} values", e.idsLength, e.valuesLength))
            }
            E::ItemExists(e) => failure("item_exists", format!("the collection has an item {}", e.id)),
            E::ItemNotFound(e) => failure("item_not_found", format!("no item {}", e.id)),
            E::ExceededCap(e) => failure(
                "exceeded_cap",
                format!("there would be {} of item {}, the cap is {}", e.increasedSupply, e.id, e.cap),
            ),
        });
    }
    Some(match I::abi_decode(data).ok()? {
        I::CollectionExists(e) => {
            failure("collection_exists", format!("there is a collection at {}", address(e.collection)))
        }
        I::InvalidName(_) => failure("invalid_name", "1 to 64 bytes of UTF-8"),
        I::InvalidSymbol(_) => failure("invalid_symbol", "1 to 16 bytes of UTF-8"),
        I::InvalidUri(_) => failure("invalid_uri", "at most 256 bytes"),
        I::InvalidRoyalty(e) => failure("invalid_royalty", format!("{} hundredths of a percent", e.basisPoints)),
    })
}

fn failure(code: &str, detail: impl Into<String>) -> Failure {
    Failure { code: code.to_owned(), detail: detail.into() }
}

/// A contract chooses the text of its revert; keep it short.
fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// A transaction that failed.
pub(crate) struct Failed {
    pub raw: String,
    pub gas_used: u64,
}

/// Calls asked for at once: their inputs may be of 64 KiB each.
const CALLS: usize = 50;

/// Finds out why transactions failed in `block`, by running the calls again where they ran: at the end of the block
/// before, and, for those that succeed there, at the end of the block itself (something earlier in the block was the
/// cause). Returns for each the failure and the revert bytes.
///
/// # Errors
/// When the node is away; it is asked again later.
pub(crate) async fn reasons(
    chain: &Chain,
    failed: &[Failed],
    block: u64,
) -> Result<Vec<(Failure, Option<Bytes>)>, ChainError> {
    let unknown = || (failure("reverted", "the transaction reverted"), None);
    let mut reasons: Vec<_> = failed.iter().map(|_| unknown()).collect();
    let mut open = Vec::new();
    for (index, one) in failed.iter().enumerate() {
        let tx = hex::decode(&one.raw).ok().and_then(|bytes| TxEnvelope::decode_2718(&mut bytes.as_slice()).ok());
        let Some(tx) = tx else { continue };
        if one.gas_used >= tx.gas_limit() {
            let detail = format!("all of its {} gas is used up", tx.gas_limit());
            reasons[index] = (failure("out_of_gas", detail), None);
        } else if let (Ok(from), Some(to)) = (tx.recover_signer(), tx.to()) {
            open.push((index, Call { from, to, input: tx.input().clone(), gas: tx.gas_limit() }));
        }
    }
    for at in [block.saturating_sub(1), block] {
        let mut succeeded = Vec::new();
        for chunk in open.chunks(CALLS) {
            let calls: Vec<Call> = chunk.iter().map(|(_, call)| call.clone()).collect();
            for ((index, call), answer) in chunk.iter().zip(chain.calls(&calls, at).await?) {
                match answer {
                    Ok(_) => succeeded.push((*index, call.clone())),
                    Err(ChainError::Answer { data: Some(data), .. }) => {
                        reasons[*index] = (decode(&data), Some(data));
                    }
                    Err(ChainError::Answer { message, .. }) => {
                        reasons[*index] = (failure("reverted", clip(&message)), None);
                    }
                    Err(away) => return Err(away),
                }
            }
        }
        open = succeeded;
    }
    Ok(reasons)
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
