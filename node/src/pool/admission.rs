//! Who gets into the pool.

use super::{
    Error, Pool,
    known::{Counts, Noted, Price},
    pending::decode,
};
use alloy_consensus::Transaction as _;
use hanse_primitives::{Transaction, runtime_api::EthereumApi};
use hanse_runtime::opaque::UncheckedExtrinsic;
use sc_transaction_pool_api::{PoolStatus, TransactionPool, error::Error as PoolError};
use sp_api::ProvideRuntimeApi;
use sp_core::{H160, H256};
use sp_runtime::transaction_validity::UnknownTransaction;
use std::time::Duration;

/// A replacement offers more by this part of the price: geth's default, 10 %.
const PRICE_BUMP: u128 = 10;
/// Half of a full pool. Whoever sends in a row from one account, as a gateway does, is to have space for seconds of work.
const SENDER_LIMIT: usize = 16_384;
/// As many as one batch of JSON-RPC may bring in any order.
const SENDER_QUEUE: usize = 1_024;
/// geth's default.
const QUEUE_SECONDS: u64 = 3 * 60 * 60;

/// What one sender may have in the pool, and the pool as a whole.
#[derive(Clone, Debug, clap::Args)]
pub struct PoolParams {
    /// Most executable transactions that one sender may have in the pool.
    #[arg(long, value_name = "COUNT", default_value_t = SENDER_LIMIT)]
    pub pool_sender_limit: usize,

    /// Most transactions behind a gap in the nonces that one sender may have in the pool.
    #[arg(long, value_name = "COUNT", default_value_t = SENDER_QUEUE)]
    pub pool_sender_queue: usize,

    /// A transaction that has waited behind a gap for longer leaves the pool.
    #[arg(long, value_name = "SECONDS", default_value_t = QUEUE_SECONDS)]
    pub pool_queue_seconds: u64,

    /// Of the whole pool; the SDK's arguments say.
    #[arg(skip)]
    pub total: Total,

    /// So long what was refused is not looked at again; the SDK's arguments say.
    #[arg(skip)]
    pub ban: Duration,
}

impl Default for PoolParams {
    fn default() -> Self {
        Self {
            pool_sender_limit: SENDER_LIMIT,
            pool_sender_queue: SENDER_QUEUE,
            pool_queue_seconds: QUEUE_SECONDS,
            total: Total::default(),
            ban: Duration::ZERO,
        }
    }
}

/// How much the pool holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Most executable transactions.
    pub ready: usize,
    /// Their size.
    pub ready_bytes: usize,
    /// Most transactions behind a gap.
    pub queued: usize,
    /// Their size.
    pub queued_bytes: usize,
}

impl Total {
    /// From `--pool-limit` and `--pool-kbytes`. A tenth of it is for transactions behind a gap, as in the SDK.
    pub fn new(limit: usize, kbytes: usize) -> Self {
        let bytes = kbytes.saturating_mul(1024);
        Self { ready: limit, ready_bytes: bytes, queued: limit / 10, queued_bytes: bytes / 10 }
    }

    fn has_executable_space(&self, status: &PoolStatus, bytes: usize) -> bool {
        status.ready < self.ready && status.ready_bytes.saturating_add(bytes) <= self.ready_bytes
    }

    fn has_queue_space(&self, status: &PoolStatus, bytes: usize) -> bool {
        status.future < self.queued && status.future_bytes.saturating_add(bytes) <= self.queued_bytes
    }
}

/// Why a transaction finds no place, though there may be nothing wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is one of the same nonce, and this one does not offer a tenth more.
    ReplacementUnderpriced,
    /// The sender has as many as it may.
    SenderLimit,
    /// The pool is full.
    Full,
    /// The pool is full, and this one pays no more than the least that is in it.
    Underpriced,
}

impl Refusal {
    const ALL: [Self; 4] = [Self::ReplacementUnderpriced, Self::SenderLimit, Self::Full, Self::Underpriced];

    /// geth's words.
    pub fn text(self) -> &'static str {
        match self {
            Self::ReplacementUnderpriced => "replacement transaction underpriced",
            Self::SenderLimit => "account limit exceeded",
            Self::Full => "txpool is full",
            Self::Underpriced => "transaction underpriced",
        }
    }

    fn into_error(self) -> Error {
        PoolError::UnknownTransaction(UnknownTransaction::Custom(self as u8)).into()
    }

    /// The refusal that has travelled in the SDK's error.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| *refusal as u8 == code)
    }
}

/// A transaction that gets into the pool if the runtime finds it valid.
pub struct Admitted {
    hash: H256,
    noted: Noted,
    /// What leaves the pool for it.
    evicted: Option<H256>,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
struct Case {
    offer: Price,
    /// What the one of the same nonce offers.
    rival: Option<Price>,
    /// Whether there is no gap before it.
    executable: bool,
    /// What the sender has in the pool.
    counts: Counts,
    has_space: bool,
    /// What the author of the next block would get of it for a unit of gas.
    tip: u64,
    /// The least tip in the pool.
    least_tip: u64,
    /// Most transactions behind a gap that a sender has.
    greediest: usize,
}

/// Where a transaction finds its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is free, or the SDK's pool makes it so.
    Free,
    /// That of its rival.
    Rival,
    /// That of the last transaction of the sender who has most behind a gap.
    Greediest,
}

impl Case {
    fn judge(&self, params: &PoolParams) -> Result<Place, Refusal> {
        if let Some(rival) = self.rival {
            let outbids = outbids(self.offer.fee_cap, rival.fee_cap) && outbids(self.offer.tip_cap, rival.tip_cap);
            return if outbids { Ok(Place::Rival) } else { Err(Refusal::ReplacementUnderpriced) };
        }
        let (count, limit) = if self.executable {
            (self.counts.executable, params.pool_sender_limit)
        } else {
            (self.counts.queued, params.pool_sender_queue)
        };
        if count >= limit {
            return Err(Refusal::SenderLimit);
        }
        match (self.has_space, self.executable) {
            (true, _) => Ok(Place::Free),
            (false, true) if self.tip > self.least_tip => Ok(Place::Free),
            (false, true) if self.least_tip == 0 => Err(Refusal::Full),
            (false, true) => Err(Refusal::Underpriced),
            // After the exchange the other one still has as many.
            (false, false) if self.greediest > self.counts.queued + 1 => Ok(Place::Greediest),
            (false, false) => Err(Refusal::Full),
        }
    }
}

/// Whether a price is higher than another one by [`PRICE_BUMP`], and higher at all.
fn outbids(offer: u128, rival: u128) -> bool {
    offer > rival && offer - rival >= rival / PRICE_BUMP
}

impl Pool {
    /// Applies the rules. `None`: it is not for them to judge.
    pub(super) fn admit(&self, at: H256, extrinsic: &UncheckedExtrinsic) -> Result<Option<Admitted>, Error> {
        let Some(transaction) = decode(extrinsic) else { return Ok(None) };
        let hash = self.hash_of(extrinsic);
        if self.pending.known().contains(&hash) {
            return Ok(None);
        }
        let Some(sender) = transaction.sender() else { return Ok(None) };
        let evicted = match self.is_plain(&transaction, &sender) {
            true => None,
            false => self.evicted(at, &transaction, &sender)?,
        };
        Ok(Some(Admitted { hash, noted: Noted::new(extrinsic.clone(), &transaction, sender), evicted }))
    }

    /// Notes what has got into the pool, and takes out what has to leave for it.
    pub(super) async fn settle(&self, admitted: Option<Admitted>) {
        if let Some(Admitted { hash, noted, evicted }) = admitted {
            self.remove(evicted).await;
            self.pending.accepted(self, hash, noted);
        }
        self.changed();
        self.arrived.notify_one();
    }

    /// Whether it can't come near any limit: so it is mostly, and then the runtime need not be asked for the nonce.
    fn is_plain(&self, transaction: &Transaction, sender: &H160) -> bool {
        let (status, bytes, total) = (self.status(), transaction.raw().len(), &self.params.total);
        let known = self.pending.known();
        known.at_nonce(sender, transaction.envelope().nonce()).is_none()
            && known.count(sender) < self.params.pool_sender_limit.min(self.params.pool_sender_queue)
            && total.has_executable_space(&status, bytes)
            && total.has_queue_space(&status, bytes)
    }

    /// Looks closer. Returns what has to leave the pool for this one.
    fn evicted(&self, at: H256, transaction: &Transaction, sender: &H160) -> Result<Option<H256>, Error> {
        let api = self.client.runtime_api();
        let account_nonce = api.account(at, *sender).map_err(sp_blockchain::Error::from)?.nonce;
        let nonce = transaction.envelope().nonce();
        if nonce < account_nonce {
            // The runtime has a better reason to refuse it.
            return Ok(None);
        }
        let (status, bytes, total) = (self.status(), transaction.raw().len(), &self.params.total);
        let counts = self.pending.known().counts(sender, account_nonce);
        let executable = nonce - account_nonce <= counts.executable as u64;
        let has_space = match executable {
            true => total.has_executable_space(&status, bytes),
            false => total.has_queue_space(&status, bytes),
        };
        let tip = match has_space {
            true => 0,
            false => {
                let base_fee = api.base_fee(at).map_err(sp_blockchain::Error::from)?;
                transaction.effective_gas_price(base_fee).saturating_sub(base_fee)
            }
        };
        let mut known = self.pending.known();
        let rival = known.at_nonce(sender, nonce);
        let survey = known.survey();
        let case = Case {
            offer: Price::of(transaction),
            rival: rival.map(|(_, price)| price),
            executable,
            counts,
            has_space,
            tip: u64::try_from(tip).unwrap_or(u64::MAX),
            least_tip: survey.least_tip,
            greediest: survey.greediest.map_or(0, |(_, count)| count),
        };
        Ok(match case.judge(&self.params).map_err(Refusal::into_error)? {
            Place::Free => None,
            Place::Greediest => known.take_from_greediest(),
            // Among the ready ones the SDK's pool makes the exchange; behind a gap it would keep both.
            Place::Rival => rival.map(|(hash, _)| hash).filter(|hash| self.ready_transaction(hash).is_none()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: PoolParams = PoolParams {
        pool_sender_limit: 10,
        pool_sender_queue: 4,
        pool_queue_seconds: 1,
        total: Total { ready: 20, ready_bytes: 2_000, queued: 5, queued_bytes: 500 },
        ban: Duration::ZERO,
    };

    fn price(fee_cap: u128, tip_cap: u128) -> Price {
        Price { fee_cap, tip_cap }
    }

    const CASE: Case = Case {
        offer: Price { fee_cap: 0, tip_cap: 0 },
        rival: None,
        executable: true,
        counts: Counts { executable: 0, queued: 0 },
        has_space: true,
        tip: 0,
        least_tip: 0,
        greediest: 0,
    };

    #[test]
    fn a_replacement_offers_a_tenth_more_of_both() {
        let judged = |offer, rival| Case { offer, rival: Some(rival), ..CASE }.judge(&PARAMS);
        let refused = Err(Refusal::ReplacementUnderpriced);
        assert_eq!(judged(price(0, 0), price(0, 0)), refused, "where gas is free the first one stays");
        assert_eq!(judged(price(1, 1), price(0, 0)), Ok(Place::Rival));
        assert_eq!(judged(price(110, 11), price(100, 10)), Ok(Place::Rival));
        assert_eq!(judged(price(109, 11), price(100, 10)), refused);
        assert_eq!(judged(price(110, 10), price(100, 10)), refused);
        assert_eq!(judged(price(u128::MAX, u128::MAX), price(u128::MAX, u128::MAX)), refused);
        assert_eq!(judged(price(u128::MAX, u128::MAX), price(u128::MAX / 2, 1)), Ok(Place::Rival));
        // A sender that is at its limit can still replace.
        let counts = Counts { executable: 10, queued: 4 };
        let case = Case { offer: price(2, 2), rival: Some(price(1, 1)), counts, has_space: false, ..CASE };
        assert_eq!(case.judge(&PARAMS), Ok(Place::Rival));
    }

    #[test]
    fn outbidding_is_by_a_tenth() {
        for rival in [1u128, 9, 10, 11, 99, 100, 101, 1_000_000_007, u128::MAX / 2] {
            let least = rival + (rival / 10).max(1);
            assert!(outbids(least, rival), "{rival}");
            assert!(!outbids(least - 1, rival), "{rival}");
        }
    }

    #[test]
    fn a_sender_has_its_share() {
        let judged = |executable, counts| Case { executable, counts, ..CASE }.judge(&PARAMS);
        assert_eq!(judged(true, Counts { executable: 9, queued: 4 }), Ok(Place::Free));
        assert_eq!(judged(true, Counts { executable: 10, queued: 0 }), Err(Refusal::SenderLimit));
        assert_eq!(judged(false, Counts { executable: 10, queued: 3 }), Ok(Place::Free));
        assert_eq!(judged(false, Counts { executable: 0, queued: 4 }), Err(Refusal::SenderLimit));
    }

    #[test]
    fn a_full_pool_gives_way_to_who_pays_more() {
        let judged = |tip, least_tip| Case { has_space: false, tip, least_tip, ..CASE }.judge(&PARAMS);
        assert_eq!(judged(0, 0), Err(Refusal::Full));
        assert_eq!(judged(5, 5), Err(Refusal::Underpriced));
        assert_eq!(judged(6, 5), Ok(Place::Free));
    }

    #[test]
    fn a_full_queue_takes_from_the_greediest() {
        let judged = |queued, greediest| {
            let counts = Counts { executable: 0, queued };
            Case { has_space: false, executable: false, counts, greediest, ..CASE }.judge(&PARAMS)
        };
        assert_eq!(judged(0, 2), Ok(Place::Greediest));
        assert_eq!(judged(0, 1), Err(Refusal::Full));
        assert_eq!(judged(2, 3), Err(Refusal::Full));
    }

    #[test]
    fn space_is_counted_in_transactions_and_bytes() {
        let status = |ready, ready_bytes, future, future_bytes| PoolStatus { ready, ready_bytes, future, future_bytes };
        let total = Total::new(20, 2);
        assert_eq!(total, Total { ready: 20, ready_bytes: 2_048, queued: 2, queued_bytes: 204 });
        assert!(total.has_executable_space(&status(19, 1_948, 9, 9_999), 100));
        assert!(!total.has_executable_space(&status(20, 0, 0, 0), 100));
        assert!(!total.has_executable_space(&status(0, 1_949, 0, 0), 100));
        assert!(total.has_queue_space(&status(99, 9_999, 1, 104), 100));
        assert!(!total.has_queue_space(&status(0, 0, 2, 0), 100));
        assert!(!total.has_queue_space(&status(0, 0, 0, 105), 100));
    }

    #[test]
    fn refusals_travel_through_the_sdks_error() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_code(refusal as u8), Some(refusal));
        }
        assert_eq!(Refusal::from_code(99), None);
    }
}
