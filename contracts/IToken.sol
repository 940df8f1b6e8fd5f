// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A token issued by an app, at its own address: ERC-20 (EIP-20) with metadata, and its administration.
/// Errors are ERC-6093's where it has one.
interface IToken {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Paused(address account);
    event Unpaused(address account);
    event Frozen(address indexed account);
    event Unfrozen(address indexed account);

    error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
    error ERC20InvalidSender(address sender);
    error ERC20InvalidReceiver(address receiver);
    error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
    error ERC20InvalidApprover(address approver);
    error ERC20InvalidSpender(address spender);
    error ERC20ExceededCap(uint256 increasedSupply, uint256 cap);
    error EnforcedPause();
    error ExpectedPause();
    error AccountFrozen(address account);
    error HolderNotAllowed(address account);
    error NotTokenAdmin(address account);
    error TokenNotFound(address token);
    error LengthMismatch(uint256 receivers, uint256 values);
    error TooManyReceivers(uint256 given, uint256 max);

    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function decimals() external view returns (uint8);
    function totalSupply() external view returns (uint256);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
    /// An allowance of 2^256 - 1 is not used up.
    function transferFrom(address from, address to, uint256 value) external returns (bool);

    /// All or nothing; at most 1,000 receivers.
    function transferBatch(address[] calldata to, uint256[] calldata values) external returns (bool);
    /// Burns from the caller.
    function burn(uint256 value) external;
    /// Burns from `account`, out of the caller's allowance.
    function burnFrom(address account, uint256 value) external;

    /// App's owner or admin.
    function mint(address to, uint256 value) external;
    /// App's owner or admin. Stops every transfer, mint and burn.
    function pause() external;
    function unpause() external;
    /// App's owner or admin. A frozen account neither sends nor receives.
    function freeze(address account) external;
    function unfreeze(address account) external;

    function app() external view returns (bytes16);
    /// 0 when there is no cap.
    function cap() external view returns (uint256);
    function closed() external view returns (bool);
    function paused() external view returns (bool);
    function isFrozen(address account) external view returns (bool);
}
