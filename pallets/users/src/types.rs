//! What the registry stores.

use crate::abi::IUsers;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H160;

/// Status of an app or of a user in an app. Absence is `None` in Solidity's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Status {
    /// In force.
    Active,
    /// Known, but without rights.
    Suspended,
}

impl From<Status> for IUsers::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => IUsers::Status::Active,
            Status::Suspended => IUsers::Status::Suspended,
        }
    }
}

/// What the network thinks of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Standing {
    /// Created while everyone could, by no operator: it works, but vouches for no one.
    Unadmitted,
    /// Created by an operator, or let in by the network.
    Admitted,
    /// Shut out; the owner can't undo it.
    Blocked,
}

/// An app: a tenant of the network.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct App {
    /// Who may do everything in this app; never the zero address.
    pub owner: H160,
    /// As the owner set it.
    pub status: Status,
    /// As the network set it.
    pub standing: Standing,
}

impl App {
    /// Whether the app's admins and users have their rights.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active && self.standing != Standing::Blocked
    }

    /// Whether it lets an account that has a role in it transact, where only registered ones may. The owner of a
    /// suspended app may come back to activate it.
    pub fn vouches_for(&self, member: H160) -> bool {
        self.standing == Standing::Admitted && (self.status == Status::Active || self.owner == member)
    }

    /// What the outside sees: a blocked app is suspended.
    pub fn visible_status(&self) -> Status {
        if self.is_active() { Status::Active } else { Status::Suspended }
    }
}

/// Who may deploy contracts on this network, of those who may transact.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Deployment {
    /// Everyone.
    #[default]
    Open,
    /// Root, the network's operators, and listed accounts.
    Listed,
}

/// Who may send transactions on this network.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Policy {
    /// Everyone.
    #[default]
    Open,
    /// Root, the network's operators, and the owners, admins and active users of admitted apps.
    Registered,
}
