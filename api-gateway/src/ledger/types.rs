//! What the ledger tells its callers: operations, their status, balances.

use super::contracts::address_text;
use crate::db::{Amount, UnixMs};
use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// How far an operation has got. `included` may go back to `sent` when the chain reorganises.
///
/// ```text
/// accepted ──► sent ──► included ──► finalized
///     └─────────┴──────────┴───────► failed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Stored with its signed transaction; it will happen.
    Accepted,
    /// The node has the transaction.
    Sent,
    /// Executed in the best chain.
    Included,
    /// Executed in a finalized block.
    Finalized,
    /// Reverted on chain, or refused by the node. See `error`.
    Failed,
}

crate::named::named!(Status:
    Accepted = "accepted", Sent = "sent", Included = "included", Finalized = "finalized",
    Failed = "failed");

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Registers an app on chain.
    CreateApp,
    /// Registers users of an app on chain.
    AddUsers,
    /// Suspends a user of an app on chain, or lets him act again.
    SetUserStatus,
    /// Issues a token.
    CreateToken,
    /// Issues a collection.
    CreateCollection,
    /// Adds an item to a collection.
    CreateItem,
    /// Creates units of a token or item.
    Mint,
    /// Creates units of an item for many receivers, all or nothing.
    MintBatch,
    /// Destroys units of a token or item.
    Burn,
    /// Moves units to one receiver.
    Transfer,
    /// Moves units to many receivers, all or nothing.
    TransferBatch,
    /// Offers an item for sale.
    OpenSlot,
    /// Buys an item out of a sale slot.
    BuyItem,
    /// Takes back what a sale slot has left.
    CloseSlot,
    /// Deploys a contract.
    Deploy,
    /// Calls a function of a contract.
    Call,
    /// Stops all movements of a token or collection.
    Pause,
    /// Lets a token or collection move again.
    Unpause,
    /// Stops the units of one account.
    Freeze,
    /// Lets the units of one account move again.
    Unfreeze,
    /// Gives a collection to another owner.
    TransferCollection,
    /// Uses up the nonce of a refused operation so that the wallet's later ones can follow. Internal.
    Cancel,
}

crate::named::named!(Kind:
    CreateApp = "createApp", AddUsers = "addUsers", SetUserStatus = "setUserStatus", CreateToken = "createToken",
    CreateCollection = "createCollection", CreateItem = "createItem", Mint = "mint", MintBatch = "mintBatch",
    Burn = "burn", Transfer = "transfer", TransferBatch = "transferBatch", OpenSlot = "openSlot",
    BuyItem = "buyItem", CloseSlot = "closeSlot", Deploy = "deploy", Call = "call",
    Pause = "pause", Unpause = "unpause", Freeze = "freeze", Unfreeze = "unfreeze",
    TransferCollection = "transferCollection", Cancel = "cancel");

impl Kind {
    /// Whether it leaves a log whenever it does something. Those of the first runtime are left out: where a chain knows
    /// apps at all, it knows them.
    pub(crate) const fn always_tells(self) -> bool {
        matches!(
            self,
            Self::CreateCollection
                | Self::CreateItem
                | Self::OpenSlot
                | Self::BuyItem
                | Self::CloseSlot
                | Self::TransferCollection
        )
    }
}

/// A beneficiary of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlotShare {
    /// Its address.
    pub to: String,
    /// Hundredths of a percent of what is paid.
    pub basis_points: u16,
}

impl SlotShare {
    pub(crate) fn new(to: Address, basis_points: u16) -> Self {
        Self { to: address_text(to), basis_points }
    }
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Stable, for programs: `insufficient_balance`, `account_frozen`, `exceeded_cap`, `reverted`, …
    #[schema(example = "insufficient_balance")]
    pub code: String,
    /// For people, with the numbers of this case.
    #[schema(example = "ERC20InsufficientBalance(sender 0x…, balance 5, needed 7)")]
    pub detail: String,
}

/// One `Transfer` log. The zero address as `from` means minted, as `to` burnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// Hash of the Ethereum transaction.
    pub transaction_hash: String,
    /// Position of the log in its block.
    pub log_index: u64,
    /// Position among the movements of its log: only ERC-1155 batches tell of several.
    #[serde(default)]
    pub place: u64,
    /// The block.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: String,
    /// `included` or `finalized`.
    pub status: Status,
    /// `tok_…` or `itm_…`
    pub token: String,
    /// Who paid.
    pub from: String,
    /// Who received.
    pub to: String,
    /// In the token's smallest unit.
    pub amount: Amount,
    /// The token's decimals.
    pub decimals: u8,
    /// The operation that did it, when it was sent by this gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// That operation's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// The block's time.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: UnixMs,
}

/// A write on its way to the ledger, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// `op_…`
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// How far it has got.
    pub status: Status,
    /// Hash of the Ethereum transaction that does it; known from the first answer on.
    pub transaction_hash: String,
    /// The address that signed it.
    pub sender: String,
    /// The sender's nonce that it uses.
    pub nonce: u64,
    /// `tok_…`, `col_…` or `itm_…`, where one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who pays, where units move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who receives, where there is one receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How much in all, in the token's smallest unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// The token's decimals, beside the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// The caller's note; kept off chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// What it creates (`app_…`, `usr_…`, `tok_…`, `col_…`, `itm_…`, `con_…`), or the contract that it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why it `failed`. With `accepted` and `sent`: why the node does not take it now; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The block that executed it, in the chain as the gateway sees it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_number: Option<u64>,
    /// That block's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_hash: Option<String>,
    /// Gas that it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_used: Option<u64>,
    /// When the gateway stored it.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: UnixMs,
    /// When the node took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<UnixMs>,
    /// When the gateway saw it in a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub included_at: Option<UnixMs>,
    /// When the gateway saw that block finalized. Set on `failed` too: then the failure is final; without it, the
    /// operation may still happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finalized_at: Option<UnixMs>,
}

/// What an address has of a token. The three amounts are kept apart on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// `tok_…` or `itm_…`
    pub token: String,
    /// The token's or the collection's symbol.
    pub symbol: String,
    /// The token's decimals.
    pub decimals: u8,
    /// Whose.
    pub address: String,
    /// What the chain says.
    pub confirmed: Confirmed,
    /// What `confirmed.included` becomes when every accepted operation has succeeded.
    pub pending: Amount,
    /// What may be spent now: `confirmed.included` less what accepted operations will take, plus what the holder's
    /// own earlier operations will bring.
    pub available: Amount,
}

/// A balance in the chain, at its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confirmed {
    /// At the best block; a reorganisation may still change it.
    pub included: Amount,
    /// At the last finalized block; it can't be undone.
    pub finalized: Amount,
}

/// The answer to an accepted write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The operation as it was accepted.
    pub operation: Operation,
    /// The balances of the parties right after acceptance; the payer first.
    pub balances: Vec<Balance>,
    /// What the service put into [`Submission::resource`].
    pub resource: serde_json::Value,
    /// Whether this is the first answer again, for the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
}

/// What makes a repeated request the same request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Whose keys these are: the app's id, or the owner's where the request creates an app.
    pub scope: String,
    /// The `Idempotency-Key` header.
    pub key: String,
    /// Hex SHA-256 over method, path and body.
    pub body_hash: String,
}

impl RequestKey {
    /// `route` is the method and the path (`POST /api/v1/tokens/tok_…/mint`), `body` the bytes as received.
    pub fn new(scope: impl Into<String>, key: impl Into<String>, route: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(route.as_bytes());
        // A byte that no route contains, so that route and body can't run into each other.
        hash.update([0]);
        hash.update(body);
        Self { scope: scope.into(), key: key.into(), body_hash: hex::encode(hash.finalize()) }
    }
}

/// What the gateway knows about the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Hash of block 0.
    pub genesis_hash: String,
    /// Whether the node answered the follower's last request.
    pub node_reachable: bool,
    /// Why the node is not followed (another chain id or genesis), when that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The best block as projected into the cache.
    pub best: BlockRef,
    /// The finalized block as projected into the cache.
    pub finalized: BlockRef,
    /// The node's best block number, when it was last heard of.
    pub node_best_number: u64,
    /// Blocks that the cache is behind the node.
    pub lag_blocks: u64,
    /// Up to here the verifier compared cache and chain.
    pub verified_number: u64,
    /// Differences that the verifier has found and repaired since the beginning. 0 is the only good value.
    pub mismatches: u64,
    /// Times that a finalized block vanished from the node (lost data, another chain). 0 is the only good value.
    pub finality_losses: u64,
    /// Operations stored and not yet in a block.
    pub open_operations: u64,
    /// What the node told of itself last; absent while it is away, and before it was first heard of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeStatus>,
    /// When the cache last moved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: UnixMs,
}

/// What a node tells of itself, at most a few seconds old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Nodes that it is connected with.
    pub peers: u64,
    /// Its transaction pool.
    pub pool: PoolStatus,
    /// Who votes on finality at its best block.
    pub validators: Vec<Validator>,
}

/// How many transactions wait in a node's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolStatus {
    /// Those that may be in its next block.
    pub pending: u64,
    /// Those that wait for an earlier nonce.
    pub queued: u64,
}

/// Somebody who votes on finality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validator {
    /// Its public key for votes (Ed25519, GRANDPA), hex.
    #[schema(example = "0x88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee")]
    pub key: String,
    /// The weight of its vote.
    pub weight: u64,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockRef {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}
