//! What is in the pool: `txpool_…`, `eth_pendingTransactions`.

use super::{Module, context::Context, error::RpcResult, method, output, slots::Work};
use crate::pool::{Pool, pending};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U64};
use alloy_rpc_types_eth::Transaction;
use hanse_primitives::{Transaction as Pooled, convert};
use jsonrpsee::core::RegisterMethodError;
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

pub(super) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    method(module, "txpool_status", 0, |context, _| async move {
        let status = context.pool.status();
        Ok(Split { pending: U64::from(status.ready), queued: U64::from(status.future) })
    })?;
    method(module, "txpool_content", 0, |context, _| async move {
        by_sender(&context, |from, transaction| output::pending_transaction(transaction.raw(), from)).await
    })?;
    method(module, "txpool_contentFrom", 1, |context, mut args| async move {
        content_from(&context, args.required()?).await
    })?;
    method(module, "txpool_inspect", 0, |context, _| async move {
        by_sender(&context, |_, transaction| Ok(summary(transaction))).await
    })?;
    // The order in which a block would take them.
    method(module, "eth_pendingTransactions", 0, |context, _| async move {
        let pool = context.pool.clone();
        let all = context.blocking(Work::Heavy, move || {
            let all =
                executable(&pool, None).map(|(from, transaction)| output::pending_transaction(transaction.raw(), from));
            all.collect::<RpcResult<Vec<_>>>()
        });
        all.await?
    })
}

/// Executable transactions apart from those behind a gap.
#[derive(Clone, Debug, Default, Serialize)]
struct Split<T> {
    pending: T,
    queued: T,
}

type ByNonce<T> = BTreeMap<u64, T>;
/// By address in its mixed-case form (EIP-55), as in geth.
type BySender<T> = BTreeMap<String, ByNonce<T>>;

async fn by_sender<T: Send + 'static>(
    context: &Context,
    show: impl Fn(Address, &Pooled) -> RpcResult<T> + Send + 'static,
) -> RpcResult<Split<BySender<T>>> {
    let pool = context.pool.clone();
    let all = context.blocking(Work::Heavy, move || {
        Ok(Split { pending: grouped(executable(&pool, None), &show)?, queued: grouped(queued(&pool, None), &show)? })
    });
    all.await?
}

fn grouped<T>(
    transactions: impl Iterator<Item = (Address, Pooled)>,
    show: impl Fn(Address, &Pooled) -> RpcResult<T>,
) -> RpcResult<BySender<T>> {
    let mut all = BySender::new();
    for (from, transaction) in transactions {
        let shown = show(from, &transaction)?;
        all.entry(from.to_checksum(None)).or_default().insert(transaction.envelope().nonce(), shown);
    }
    Ok(all)
}

async fn content_from(context: &Context, address: Address) -> RpcResult<Split<ByNonce<Transaction>>> {
    let pool = context.pool.clone();
    let all = context.blocking(Work::Heavy, move || {
        let shown = |(from, transaction): (Address, Pooled)| {
            Ok((transaction.envelope().nonce(), output::pending_transaction(transaction.raw(), from)?))
        };
        Ok(Split {
            pending: executable(&pool, Some(address)).map(shown).collect::<RpcResult<_>>()?,
            queued: queued(&pool, Some(address)).map(shown).collect::<RpcResult<_>>()?,
        })
    });
    all.await?
}

/// What the next blocks would take, in their order; of one sender, if one is named.
fn executable(pool: &Pool, of: Option<Address>) -> impl Iterator<Item = (Address, Pooled)> + use<> {
    pool.ready().filter_map(move |in_pool| ethereum(&*in_pool, of))
}

/// What waits behind a gap.
fn queued(pool: &Pool, of: Option<Address>) -> impl Iterator<Item = (Address, Pooled)> + use<> {
    pool.futures().into_iter().filter_map(move |in_pool| ethereum(&in_pool, of))
}

/// `None` when it is no Ethereum transaction, or not of the sender that is asked for.
fn ethereum<T>(in_pool: &T, of: Option<Address>) -> Option<(Address, Pooled)>
where
    T: InPoolTransaction<Transaction = Arc<hanse_runtime::opaque::UncheckedExtrinsic>>,
{
    let sender = in_pool.provides().iter().find_map(|tag| pending::sender_of(tag)).map(convert::address)?;
    if of.is_some_and(|wanted| wanted != sender) {
        return None;
    }
    Some((sender, pending::decode(in_pool.data())?))
}

/// geth's one line about a transaction.
fn summary(transaction: &Pooled) -> String {
    let envelope = transaction.envelope();
    let to = envelope.to().map_or_else(|| "contract creation".into(), |to| to.to_checksum(None));
    format!("{to}: {} wei + {} gas × {} wei", envelope.value(), envelope.gas_limit(), envelope.max_fee_per_gas())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_eips::Encodable2718;
    use alloy_primitives::{Signature, TxKind, U256, address};
    use serde_json::json;

    fn pooled(to: TxKind) -> Pooled {
        let transaction = TxEip1559 {
            chain_id: 4269,
            nonce: 300,
            gas_limit: 21_000,
            max_fee_per_gas: 7,
            to,
            value: U256::from(5),
            ..Default::default()
        };
        let signed = transaction.into_signed(Signature::new(U256::from(1), U256::from(2), false));
        Pooled::decode_raw(hanse_primitives::transaction::Envelope::Eip1559(signed).encoded_2718()).expect("decodes")
    }

    #[test]
    fn a_summary_is_geths() {
        let to = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let text = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266: 5 wei + 21000 gas × 7 wei";
        assert_eq!(summary(&pooled(TxKind::Call(to))), text);
        assert_eq!(summary(&pooled(TxKind::Create)), "contract creation: 5 wei + 21000 gas × 7 wei");
    }

    #[test]
    fn transactions_are_grouped_by_sender_and_nonce() {
        let from = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let all = grouped([(from, pooled(TxKind::Create))].into_iter(), |_, _| Ok(1)).expect("is shown");
        let json = serde_json::to_value(&all).expect("is JSON");
        assert_eq!(json, json!({ "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266": { "300": 1 } }));
    }
}
