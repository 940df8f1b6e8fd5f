//! Transactions that the node signs, or that nobody does.

use super::methods;
use crate::{
    dev::keys,
    rpc::{
        Module,
        context::Context,
        error::{RpcResult, server_error},
        execute::estimate,
        input::CallArgs,
        params::FromJson,
        state::pending_nonce,
        submit,
    },
};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxLegacy};
use alloy_eips::{
    Encodable2718,
    eip2930::{AccessList, AccessListItem},
};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use hanse_primitives::{CallRequest, Overrides, convert, transaction::Envelope};
use jsonrpsee::core::RegisterMethodError;
use serde::Serialize;
use serde_json::Value;

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    methods(module, &["eth_sendTransaction"], 1, |context, mut args| async move {
        let Request { call, legacy } = args.required()?;
        let from = convert::address(call.from);
        let impersonated = context.dev()?.impersonates(&from);
        if !impersonated && !keys::accounts().contains(&from) {
            return Err(unknown_account());
        }
        let transaction = filled(&context, call, legacy).await?;
        match transaction.signed(&from) {
            Some(signed) => submit::send(&context, signed.encoded_2718().into()).await,
            None => submit::send_as(&context, from, transaction.unsigned(&from)).await,
        }
    })?;
    methods(module, &["eth_sendUnsignedTransaction"], 1, |context, mut args| async move {
        let Request { call, legacy } = args.required()?;
        let from = convert::address(call.from);
        let transaction = filled(&context, call, legacy).await?;
        submit::send_as(&context, from, transaction.unsigned(&from)).await
    })?;
    methods(module, &["eth_signTransaction"], 1, |context, mut args| async move {
        let Request { call, legacy } = args.required()?;
        let from = convert::address(call.from);
        let transaction = filled(&context, call, legacy).await?;
        let tx = transaction.signed(&from).ok_or_else(unknown_account)?;
        Ok(Signed { raw: tx.encoded_2718().into(), tx })
    })
}

/// geth's words.
pub(super) fn unknown_account() -> jsonrpsee::types::ErrorObjectOwned {
    server_error("unknown account")
}

/// `eth_signTransaction`'s answer.
#[derive(Clone, Serialize)]
struct Signed {
    raw: Bytes,
    tx: Envelope,
}

/// A transaction as it is asked for.
struct Request {
    call: CallRequest,
    /// Whether it names the price as before EIP-1559.
    legacy: bool,
}

impl FromJson for Request {
    fn from_json(value: &Value) -> Result<Self, String> {
        let CallArgs(call) = CallArgs::from_json(value)?;
        let has = |name| value.get(name).is_some_and(|field| !field.is_null());
        if !has("from") {
            return Err("missing \"from\"".into());
        }
        for name in ["authorizationList", "blobVersionedHashes"] {
            if has(name) {
                return Err(format!("{name}: sign the transaction and use eth_sendRawTransaction"));
            }
        }
        Ok(Self { call, legacy: has("gasPrice") })
    }
}

/// What is to be signed.
#[derive(Clone, Debug)]
enum Unsigned {
    Legacy(TxLegacy),
    Eip2930(TxEip2930),
    Eip1559(TxEip1559),
}

impl Unsigned {
    /// With the signature of an account whose key the node has.
    fn signed(&self, from: &Address) -> Option<Envelope> {
        let hash = match self {
            Self::Legacy(tx) => tx.signature_hash(),
            Self::Eip2930(tx) => tx.signature_hash(),
            Self::Eip1559(tx) => tx.signature_hash(),
        };
        keys::sign(from, &hash).map(|signature| self.with_signature(signature))
    }

    /// In the name of an account whose key nobody has. The signature says nothing, but is another one for each account:
    /// their transactions shall not have the same hash.
    fn unsigned(&self, from: &Address) -> Bytes {
        let signature = Signature::new(U256::from_be_slice(from.as_slice()), U256::ONE, false);
        self.with_signature(signature).encoded_2718().into()
    }

    fn with_signature(&self, signature: Signature) -> Envelope {
        match self.clone() {
            Self::Legacy(tx) => Envelope::Legacy(tx.into_signed(signature)),
            Self::Eip2930(tx) => Envelope::Eip2930(tx.into_signed(signature)),
            Self::Eip1559(tx) => Envelope::Eip1559(tx.into_signed(signature)),
        }
    }
}

/// Fills in what is left open: nonce, gas and price.
async fn filled(context: &Context, call: CallRequest, legacy: bool) -> RpcResult<Unsigned> {
    let nonce = match call.nonce {
        Some(nonce) => nonce,
        None => pending_nonce(context, convert::address(call.from)).await?.to(),
    };
    let gas_limit = match call.gas_limit {
        Some(gas) => gas,
        None => estimate(context, CallArgs(call.clone()), None, Overrides::default()).await?.to(),
    };
    let base_fee = u128::from(context.head()?.header.base_fee_per_gas.unwrap_or_default());
    let tip = call.max_priority_fee_per_gas.unwrap_or_default();
    let price = call.max_fee_per_gas.unwrap_or_else(|| base_fee.saturating_mul(2).saturating_add(tip));
    let to = call.to.map_or(TxKind::Create, |to| TxKind::Call(convert::address(to)));
    if to.is_create() && call.data.is_empty() {
        return Err(server_error("contract creation without any data provided"));
    }
    let (chain_id, value) = (context.chain_id, convert::ru256(call.value));
    let input = Bytes::from(call.data);
    let access_list = AccessList(
        call.access_list
            .into_iter()
            .map(|(address, slots)| AccessListItem {
                address: convert::address(address),
                storage_keys: slots.into_iter().map(convert::b256).collect(),
            })
            .collect(),
    );
    Ok(match (legacy, access_list.is_empty()) {
        (true, true) => {
            let chain_id = Some(chain_id);
            Unsigned::Legacy(TxLegacy { chain_id, nonce, gas_price: price, gas_limit, to, value, input })
        }
        (true, false) => {
            let gas_price = price;
            Unsigned::Eip2930(TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input })
        }
        (false, _) => Unsigned::Eip1559(TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: price,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list,
            input,
        }),
    })
}
