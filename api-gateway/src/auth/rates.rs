//! How much one caller may ask, and one app with all its callers: so many requests a second, and a burst on top.
//!
//! In memory (GCRA): each replica counts for itself. Whoever has no token that holds is counted by his network address;
//! [`super::attempts`] and the few places that open endpoints have hold him back as well.

use super::Principal;
use crate::config::{Limits, Rate};
use crate::error::{Code, Error};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The limits and what was used of them.
pub struct Rates {
    owners: Policy,
    keys: Policy,
    users: Policy,
    apps: Policy,
    addresses: Policy,
}

struct Policy {
    name: &'static str,
    rate: Rate,
    /// `None`: there is no limit.
    limiter: Option<Limiter>,
}

/// Where a caller stands with the limit that is nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which limit: `owner`, `key`, `user` or `app`.
    pub policy: &'static str,
    /// Requests a second.
    pub rate: Rate,
    /// Requests that may come at once now.
    pub remaining: u32,
    /// Seconds until the whole burst may come again.
    pub reset_s: u64,
}

impl Policy {
    fn new(name: &'static str, rate: Rate) -> Self {
        // The settings have a burst wherever they have a rate.
        let numbers = NonZeroU32::new(rate.per_second).zip(NonZeroU32::new(rate.burst));
        let quota = numbers.map(|(per_second, burst)| Quota::per_second(per_second).allow_burst(burst));
        let limiter = quota.map(|quota| RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>());
        Self { name, rate, limiter }
    }

    /// Counts a request. An error says how many seconds to wait.
    fn count(&self, key: &str) -> Option<Result<Standing, u64>> {
        let limiter = self.limiter.as_ref()?;
        Some(match limiter.check_key(&key.to_owned()) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = u64::from(self.rate.burst.saturating_sub(remaining));
                let reset_s = used.div_ceil(u64::from(self.rate.per_second));
                Ok(Standing { policy: self.name, rate: self.rate, remaining, reset_s })
            }
            Err(early) => Err(early.wait_time_from(limiter.clock().now()).as_secs_f64().ceil().max(1.0) as u64),
        })
    }

    /// Forgets callers that have all of their burst again.
    fn tidy(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl Rates {
    /// By the settings.
    pub fn new(limits: &Limits) -> Self {
        Self {
            owners: Policy::new("owner", limits.owner),
            keys: Policy::new("key", limits.key),
            users: Policy::new("user", limits.user),
            apps: Policy::new("app", limits.app),
            addresses: Policy::new("address", limits.address),
        }
    }

    /// Counts a request of this caller, and of his app. Returns where he stands, if there is any limit.
    ///
    /// # Errors
    /// `rate_limited`, with the time to wait.
    pub fn count(&self, principal: &Principal) -> Result<Option<Standing>, Error> {
        let (own, id, app) = match principal {
            Principal::Owner { id, .. } => (&self.owners, id, None),
            Principal::ServerKey { id, app, .. } => (&self.keys, id, Some(app)),
            Principal::User { id, app, .. } => (&self.users, id, Some(app)),
        };
        let mut nearest: Option<Standing> = None;
        // What the first refuses is not counted by the second.
        for (policy, key) in [(own, Some(id)), (&self.apps, app)] {
            let Some(counted) = key.and_then(|key| policy.count(key)) else { continue };
            let standing = counted.map_err(refusal)?;
            if nearest.is_none_or(|nearest| standing.remaining < nearest.remaining) {
                nearest = Some(standing);
            }
        }
        Ok(nearest)
    }

    /// Counts a request without a token that holds.
    ///
    /// # Errors
    /// `rate_limited`, with the time to wait.
    pub fn count_stranger(&self, address: IpAddr) -> Result<(), Error> {
        match self.addresses.count(&network(address)) {
            Some(Err(wait_s)) => Err(refusal(wait_s)),
            _ => Ok(()),
        }
    }

    /// To be called now and then, or the memory of callers grows for ever.
    pub fn tidy(&self) {
        [&self.owners, &self.keys, &self.users, &self.apps, &self.addresses].into_iter().for_each(Policy::tidy);
    }
}

fn refusal(wait_s: u64) -> Error {
    Error::new(Code::RateLimited, "too many requests; wait before the next").retry_after(wait_s)
}

/// Of IPv6 one customer has a whole /64.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_counted_by_their_network() {
        let none = Rate { per_second: 0, burst: 0 };
        let address = Rate { per_second: 1, burst: 2 };
        let rates = Rates::new(&Limits { owner: none, key: none, user: none, app: none, address });
        let count = |address: &str| rates.count_stranger(address.parse().unwrap()).is_ok();
        assert!(count("192.0.2.1") && count("::ffff:192.0.2.1") && !count("192.0.2.1"));
        assert!(count("192.0.2.2"));
        assert!(count("2001:db8::1") && count("2001:db8::2") && !count("2001:db8:0:0:9::3"));
        assert!(count("2001:db8:0:1::1"));
    }

    fn user(id: &str, app: &str) -> Principal {
        Principal::User { id: id.into(), app: app.into(), session: "ses_1".into() }
    }

    #[test]
    fn a_caller_has_his_burst_and_an_app_its_own() {
        let none = Rate { per_second: 0, burst: 0 };
        let limits = Limits {
            owner: none,
            key: none,
            user: Rate { per_second: 1, burst: 3 },
            app: Rate { per_second: 1, burst: 4 },
            address: none,
        };
        let rates = Rates::new(&limits);
        for remaining in [2, 1, 0] {
            let standing = rates.count(&user("usr_1", "app_1")).unwrap().unwrap();
            assert_eq!((standing.policy, standing.remaining), ("user", remaining));
        }
        let refused = rates.count(&user("usr_1", "app_1")).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        // The refused request is none of the app's: one is left for others.
        assert_eq!(rates.count(&user("usr_2", "app_1")).unwrap().map(|standing| standing.remaining), Some(0));
        assert!(rates.count(&user("usr_3", "app_1")).is_err());
        assert!(rates.count(&user("usr_3", "app_2")).is_ok(), "another app");
        let owner = Principal::Owner { id: "own_1".into(), session: "ses_1".into() };
        assert_eq!(rates.count(&owner).unwrap(), None);
        rates.tidy();
    }
}
