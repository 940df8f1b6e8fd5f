// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Apps, their users, and who may transact and deploy. Precompile at 0x48414E5345000000000000000000000000000001.
///
/// An app is a tenant. Its id is `bytes16(keccak256(abi.encode(owner, salt)))`, known before the transaction is
/// included, and no one else can take it.
interface IUsers {
    enum Status {
        None,
        Active,
        Suspended
    }

    event AppCreated(bytes16 indexed app, address indexed owner);
    event AppOwnershipTransferred(bytes16 indexed app, address indexed previousOwner, address indexed newOwner);
    event AppStatusChanged(bytes16 indexed app, Status status);
    event AdminAdded(bytes16 indexed app, address indexed admin);
    event AdminRemoved(bytes16 indexed app, address indexed admin);
    event UserAdded(bytes16 indexed app, address indexed account);
    event UserStatusChanged(bytes16 indexed app, address indexed account, Status status);

    error AppExists(bytes16 app);
    error AppNotFound(bytes16 app);
    error AppSuspended(bytes16 app);
    error NotAppOwner(bytes16 app, address account);
    error NotAppAdmin(bytes16 app, address account);
    error UserNotFound(bytes16 app, address account);
    error InvalidStatus(uint8 status);
    error TooManyAccounts(uint256 given, uint256 max);
    /// The zero address; or an account that 16 apps let transact already, for a role in one more that would.
    error InvalidAccount(address account);
    error NotOperator(address account);

    /// The caller becomes the owner. Reverts with `AppExists` when the salt was used before by this caller. Where only
    /// registered accounts may transact, only operators create apps: an app's admins can admit anyone. An app that no
    /// operator created, while the network was open, lets no one transact once it is closed, unless root admits it.
    function createApp(bytes32 salt) external returns (bytes16 app);
    /// Owner only.
    function transferAppOwnership(bytes16 app, address newOwner) external;
    /// Owner only. `Active` or `Suspended`.
    function setAppStatus(bytes16 app, Status status) external;
    /// Owner only. Adding an admin twice changes nothing.
    function addAdmin(bytes16 app, address admin) external;
    /// Owner only.
    function removeAdmin(bytes16 app, address admin) external;
    /// Owner or admin. At most 1,000 accounts; an account that is a user already is left as it is.
    function addUsers(bytes16 app, address[] calldata accounts) external;
    /// Owner or admin. `Active` or `Suspended`.
    function setUserStatus(bytes16 app, address account, Status status) external;

    /// The app's id for an owner and a salt, whether it exists or not.
    function appId(address owner, bytes32 salt) external view returns (bytes16 app);
    /// `owner` is zero and `status` is `None` for an unknown app.
    function appInfo(bytes16 app) external view returns (address owner, Status status);
    /// True for the owner and for admins.
    function isAdmin(bytes16 app, address account) external view returns (bool);
    function userStatus(bytes16 app, address account) external view returns (Status);
    /// True for an active user of an active app.
    function isUser(bytes16 app, address account) external view returns (bool);
    /// Whether the network lets this account send transactions.
    function canTransact(address account) external view returns (bool);
    /// Whether transactions of this account may create contracts, whosever contract does it. That it may transact is
    /// asked apart.
    function canDeploy(address account) external view returns (bool);
}
