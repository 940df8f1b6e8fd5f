//! Errors of JSON-RPC, with the codes and texts that geth has: clients match on both.

use hanse_primitives::TransactionError;
pub use hanse_rpc_params::{RpcResult, invalid_params};
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};
use log::error;

/// There is no such method, or subscription.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// Refused, and the text says why.
pub const SERVER_ERROR: i32 = -32000;
/// More than a limit of this node allows (EIP-1474).
pub const LIMIT_EXCEEDED: i32 = -32005;
/// The node's fault.
pub const INTERNAL: i32 = -32603;
/// Execution reverted; the data is what the contract said.
pub const REVERTED: i32 = 3;

/// No method, or subscription, of this name.
pub fn method_not_found(text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(METHOD_NOT_FOUND, text, None::<()>)
}

/// A refusal.
pub fn server_error(text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(SERVER_ERROR, text, None::<()>)
}

/// A limit was exceeded.
pub fn limit_exceeded(text: impl Into<String>) -> ErrorObjectOwned {
    ErrorObject::owned(LIMIT_EXCEEDED, text, None::<()>)
}

/// Too many requests at a time.
pub fn busy() -> ErrorObjectOwned {
    limit_exceeded("the node is busy, try again")
}

/// The block isn't there.
pub fn unknown_block() -> ErrorObjectOwned {
    server_error("header not found")
}

/// A failure of the node. The cause goes to the log, not to the client.
pub fn internal(cause: impl std::fmt::Display) -> ErrorObjectOwned {
    error!(target: "rpc", "a request failed: {cause}");
    ErrorObject::owned(INTERNAL, "internal error", None::<()>)
}

/// The transaction, or a call like it, was refused.
pub fn transaction_error(error: TransactionError) -> ErrorObjectOwned {
    server_error(error.to_string())
}

/// Execution reverted with this output.
pub fn reverted(output: &[u8]) -> ErrorObjectOwned {
    let text = match super::revert::reason(output) {
        Some(reason) => format!("execution reverted: {reason}"),
        None => "execution reverted".into(),
    };
    ErrorObject::owned(REVERTED, text, Some(format!("0x{}", hex::encode(output))))
}
