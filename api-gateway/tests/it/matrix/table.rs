//! How to call each endpoint.

use super::world::{NOBODY, World};
use crate::support::{PASSWORD, unique};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How to call an endpoint.
pub(super) struct Line {
    /// A good body; `None` for endpoints without one.
    pub(super) body: Option<fn(&World) -> Value>,
    /// What an authorised caller gets, beside 2xx: a user without units passes every check but the balance.
    pub(super) also: &'static [&'static str],
    /// The endpoint shows or moves one user's things: another user of the same app gets nothing.
    pub(super) personal: bool,
}

const READ: Line = Line { body: None, also: &[], personal: false };
const PERSONAL: Line = Line { body: None, also: &[], personal: true };

/// Needs what no node has told.
const NODELESS: Line = Line { body: None, also: &["unavailable", "not_found"], personal: false };

const fn write(body: fn(&World) -> Value) -> Line {
    Line { body: Some(body), also: &[], personal: false }
}

/// A call that comes to nothing in this world, behind every check of who may.
const fn refused(body: fn(&World) -> Value, also: &'static [&'static str]) -> Line {
    Line { body: Some(body), also, personal: false }
}

fn same_password(_: &World) -> Value {
    json!({ "password": PASSWORD, "currentPassword": PASSWORD })
}

/// An address that nobody has.
const NOBODYS: &str = "0x0101010101010101010101010101010101010101";

fn unsigned(_: &World) -> Value {
    json!({ "nonce": "0123456789abcdef", "signature": "0x" })
}

pub(super) fn table() -> BTreeMap<&'static str, Line> {
    let spend = |body| Line { body: Some(body), also: &["insufficient_balance"], personal: false };
    BTreeMap::from([
        ("createOwner", write(|_| json!({ "email": format!("m{}@example.org", unique()), "password": PASSWORD }))),
        ("getMe", READ),
        ("createVerification", refused(|_| json!({ "email": "a@example.org" }), &["forbidden"])),
        ("confirmVerification", refused(|_| json!({ "token": format!("hm_{}", "a".repeat(43)) }), &["token_invalid"])),
        ("createPasswordReset", refused(|_| json!({ "email": "a@example.org" }), &["forbidden"])),
        (
            "confirmPasswordReset",
            refused(|_| json!({ "token": format!("hm_{}", "a".repeat(43)), "password": PASSWORD }), &["token_invalid"]),
        ),
        ("createTotp", write(|_| json!({ "currentPassword": PASSWORD }))),
        ("confirmTotp", refused(|_| json!({ "code": "000000" }), &["conflict", "credentials_invalid"])),
        ("disableTotp", refused(|_| json!({ "code": "000000" }), &["conflict"])),
        ("getUsage", READ),
        ("getIdentityProvider", Line { body: None, also: &["not_found"], personal: false }),
        (
            "setIdentityProvider",
            write(
                |_| json!({ "issuer": "https://a.example", "audience": "shop", "jwksUrl": "https://a.example/jwks" }),
            ),
        ),
        ("removeIdentityProvider", Line { body: None, also: &["not_found"], personal: false }),
        (
            "createIdentitySession",
            refused(|world| json!({ "app": world.ours.app, "idToken": "e30.e30.AAAA" }), &["credentials_invalid"]),
        ),
        ("listMembers", READ),
        ("addMember", refused(|_| json!({ "email": "nobody@example.org", "role": "viewer" }), &["validation_failed"])),
        ("updateMember", refused(|_| json!({ "role": "admin" }), &["not_found"])),
        ("removeMember", READ),
        ("listMyAudit", READ),
        ("listAppAudit", READ),
        (
            "createSession",
            write(|world| json!({ "email": world.ours.user_email, "password": PASSWORD, "app": world.ours.app })),
        ),
        ("refreshSession", write(|world| json!({ "refreshToken": world.refresh_token() }))),
        ("deleteSession", READ),
        (
            "createLoginChallenge",
            Line {
                body: Some(|world| json!({ "app": world.ours.app, "address": NOBODYS })),
                also: &["conflict"],
                personal: false,
            },
        ),
        ("createWalletSession", Line { body: Some(unsigned), also: &["credentials_invalid"], personal: false }),
        (
            "createLinkChallenge",
            Line { body: Some(|_| json!({ "address": NOBODYS })), also: &["conflict"], personal: true },
        ),
        ("linkWallet", Line { body: Some(unsigned), also: &["credentials_invalid"], personal: true }),
        ("listUserWallets", PERSONAL),
        ("unlinkWallet", Line { body: None, also: &["not_found"], personal: true }),
        ("getWalletPolicy", PERSONAL),
        ("setWalletPolicy", write(|_| json!({ "signing": "messages" }))),
        (
            "createWalletSignature",
            Line { body: Some(|_| json!({ "message": "hello" })), also: &["wallet_policy_violated"], personal: true },
        ),
        ("exportWallet", refused(|_| json!({ "code": "123456", "passphrase": PASSWORD }), &["second_factor_required"])),
        ("createApp", write(|_| json!({ "name": "Another" }))),
        ("listApps", READ),
        ("getApp", READ),
        ("updateApp", write(|_| json!({ "description": "Bread" }))),
        ("getDefaults", READ),
        ("setDefaults", write(|_| json!({ "profile": "private" }))),
        ("getQuotas", READ),
        ("getBranding", READ),
        ("rotateKey", Line { body: Some(|_| json!({})), also: &["conflict"], personal: false }),
        ("createKey", write(|_| json!({ "name": "another" }))),
        ("listKeys", READ),
        ("getKey", READ),
        ("deleteKey", READ),
        ("createUser", write(|_| json!({ "externalId": format!("m{}", unique()) }))),
        ("listUsers", READ),
        ("getUser", PERSONAL),
        ("getMyself", READ),
        ("listProfiles", READ),
        ("getProfile", PERSONAL),
        ("getUserStatistics", PERSONAL),
        ("updateUser", Line { body: Some(|_| json!({ "displayName": "M" })), also: &[], personal: true }),
        ("suspendUser", READ),
        ("activateUser", READ),
        ("eraseUser", READ),
        ("exportUser", PERSONAL),
        // The app's people close the user's sessions by it, before it is his turn.
        ("setUserPassword", Line { body: Some(same_password), also: &["token_invalid"], personal: true }),
        ("setMyPassword", write(same_password)),
        ("listSessions", READ),
        ("closeSession", Line { body: None, also: &["not_found"], personal: true }),
        ("listUserBalances", PERSONAL),
        ("listUserTransactions", PERSONAL),
        ("createToken", write(|_| json!({ "name": "T", "symbol": "T", "decimals": 0 }))),
        ("listTokens", READ),
        ("getToken", READ),
        ("updateToken", write(|_| json!({ "description": "Good for bread" }))),
        ("mintToken", write(|world| json!({ "to": world.ours.user, "amount": "1" }))),
        ("burnToken", spend(|_| json!({ "amount": "1" }))),
        ("createTransfer", spend(|world| json!({ "to": world.second_user, "amount": "1" }))),
        ("createBulkTransfer", spend(|world| json!({ "transfers": [{ "to": world.second_user, "amount": "1" }] }))),
        (
            "createTransfersJob",
            Line {
                body: Some(|world| json!({ "transfers": [{ "to": world.second_user, "amount": "1" }] })),
                also: &["insufficient_balance", "conflict"],
                personal: false,
            },
        ),
        ("createUsersJob", Line { body: Some(|_| json!({ "users": [{}] })), also: &["conflict"], personal: false }),
        ("listJobs", READ),
        ("getJob", READ),
        ("listJobLines", READ),
        ("cancelJob", READ),
        (
            "createSchedule",
            // The token stands in the body: for another app there is none.
            refused(
                |world| json!({ "token": world.token, "to": world.second_user, "amount": "1", "startAt": "2030-01-01T00:00:00Z" }),
                &["validation_failed"],
            ),
        ),
        ("listSchedules", READ),
        ("getSchedule", PERSONAL),
        ("updateSchedule", Line { body: Some(|_| json!({ "amount": "2" })), also: &["conflict"], personal: true }),
        ("cancelSchedule", PERSONAL),
        ("listEvents", READ),
        ("getEvent", PERSONAL),
        ("streamEvents", READ),
        ("openEventSocket", Line { body: None, also: &["upgrade_required"], personal: false }),
        ("createWebhook", write(|_| json!({ "url": NOBODY }))),
        ("listWebhooks", READ),
        ("getWebhook", READ),
        ("updateWebhook", write(|_| json!({ "description": "ours" }))),
        ("deleteWebhook", Line { body: None, also: &["not_found"], personal: false }),
        ("rotateWebhookSecret", write(|_| json!({}))),
        ("testWebhook", READ),
        ("replayWebhook", write(|_| json!({ "since": "2026-01-01T00:00:00Z" }))),
        ("listWebhookDeliveries", READ),
        (
            "createCollection",
            write(
                |_| json!({ "standard": "erc721", "name": "Harbour", "symbol": "HARB", "uri": "https://example.org/c" }),
            ),
        ),
        ("listCollections", READ),
        ("getCollection", READ),
        ("updateCollection", write(|_| json!({ "description": "Of the harbour" }))),
        ("pauseCollection", READ),
        ("unpauseCollection", READ),
        ("transferCollection", write(|world| json!({ "to": world.ours.user }))),
        ("createItem", write(|_| json!({ "name": "Medal", "uri": "ipfs://medal" }))),
        ("listItems", READ),
        ("getItem", READ),
        ("updateItem", write(|_| json!({ "rarity": "rare" }))),
        ("mintItem", write(|world| json!({ "mints": [{ "to": world.ours.user, "amount": "1" }] }))),
        ("transferItem", spend(|world| json!({ "to": world.second_user }))),
        ("burnItem", spend(|_| json!({}))),
        ("listItemHolders", READ),
        ("listItemTransactions", READ),
        ("listUserItems", PERSONAL),
        ("openSlot", spend(|world| json!({ "currency": world.token, "price": "1" }))),
        ("listSlots", READ),
        ("getSlot", READ),
        ("buyItem", refused(|_| json!({}), &["ledger_rule_violated"])),
        ("closeSlot", PERSONAL),
        ("listSales", READ),
        ("registerContract", write(|_| json!({ "name": "C", "address": format!("0x{:040x}", unique()), "abi": [] }))),
        ("deployContract", write(|_| json!({ "name": "C", "abi": [], "bytecode": "0x00" }))),
        ("listContracts", READ),
        ("getContract", READ),
        ("updateContract", write(|_| json!({ "name": "D" }))),
        ("readContract", Line { body: Some(|_| json!({ "function": "f" })), also: &["unavailable"], personal: false }),
        ("writeContract", write(|_| json!({ "function": "g" }))),
        ("listContractEvents", READ),
        ("pauseToken", READ),
        ("unpauseToken", READ),
        ("freezeAccount", write(|world| json!({ "account": world.second_user }))),
        ("unfreezeAccount", write(|world| json!({ "account": world.second_user }))),
        ("listHolders", READ),
        ("getStatement", READ),
        ("listTransactions", READ),
        ("listTokenTransactions", READ),
        ("getBalance", PERSONAL),
        ("listBalances", PERSONAL),
        ("listOperations", READ),
        ("getOperation", PERSONAL),
        ("getOperationProof", Line { body: None, also: &["conflict"], personal: true }),
        ("getChainSummary", READ),
        ("getChainStatistics", READ),
        ("searchChain", READ),
        ("listBlocks", READ),
        ("getBlock", NODELESS),
        ("listChainTransactions", READ),
        ("getChainTransaction", NODELESS),
        ("listInternalCalls", NODELESS),
        ("getAddress", NODELESS),
        ("listChainTokens", READ),
        ("getNetwork", Line { body: None, also: &["unavailable"], personal: false }),
        ("getLive", READ),
        ("getReady", READ),
    ])
}
