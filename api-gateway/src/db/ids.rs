//! Prefixed ids: `tok_01939f0c7c2a7f6e9d0e2f6a1c3b4d5e`.

use uuid::Uuid;

/// The kinds of things that have an id; the prefix tells them apart in logs, paths and support mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// `own_`: a person who runs apps.
    Owner,
    /// `app_`: a tenant.
    App,
    /// `key_`: a server key (its id, not its secret).
    ServerKey,
    /// `ses_`: a login.
    Session,
    /// `usr_`: an app's user.
    User,
    /// `wal_`: a custodial wallet.
    Wallet,
    /// `tok_`: a token.
    Token,
    /// `col_`: a collection.
    Collection,
    /// `itm_`: an item of a collection.
    Item,
    /// `slt_`: a sale slot.
    Slot,
    /// `con_`: a contract that an app has named.
    Contract,
    /// `op_`: an operation on the ledger.
    Operation,
    /// `evt_`: an event.
    Event,
    /// `whk_`: a webhook.
    Webhook,
    /// `job_`: much work behind one request.
    Job,
    /// `sch_`: a transfer at a time to come.
    Schedule,
}

impl Id {
    /// The prefix with its underscore.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Owner => "own_",
            Self::App => "app_",
            Self::ServerKey => "key_",
            Self::Session => "ses_",
            Self::User => "usr_",
            Self::Wallet => "wal_",
            Self::Token => "tok_",
            Self::Collection => "col_",
            Self::Item => "itm_",
            Self::Slot => "slt_",
            Self::Contract => "con_",
            Self::Operation => "op_",
            Self::Event => "evt_",
            Self::Webhook => "whk_",
            Self::Job => "job_",
            Self::Schedule => "sch_",
        }
    }

    /// Whether `text` has the form of such an id: the prefix and 32 lowercase hex digits.
    pub fn matches(self, text: &str) -> bool {
        text.strip_prefix(self.prefix()).is_some_and(|rest| {
            rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    }
}

impl Id {
    /// What the ids of this kind that were made at this time (unix milliseconds) or later are not below.
    pub fn since(self, ms: i64) -> String {
        // UUIDv7 begins with 48 bits of time.
        format!("{}{:012x}", self.prefix(), ms.clamp(0, (1 << 48) - 1))
    }
}

/// A fresh id. UUIDv7 (RFC 9562) in one process only grows, so the text order of ids is the order of creation.
pub fn new_id(kind: Id) -> String {
    format!("{}{}", kind.prefix(), Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_only_grow() {
        let ids: Vec<_> = (0..10_000).map(|_| new_id(Id::Operation)).collect();
        assert!(ids.iter().all(|id| Id::Operation.matches(id)));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let now = crate::db::now_ms();
        assert!(Id::Operation.since(now - 60_000) < ids[0] && ids[9_999] < Id::Operation.since(now + 60_000));
        assert!(Id::Operation.since(-1) < ids[0] && ids[0] < Id::Operation.since(i64::MAX));
        assert!(!Id::Token.matches(&ids[0]));
        assert!(!Id::Operation.matches("op_"));
        assert!(!Id::Operation.matches(&ids[0].to_uppercase()));
    }
}
