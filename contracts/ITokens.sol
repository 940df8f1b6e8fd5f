// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Issues tokens. Precompile at 0x48414E5345000000000000000000000000000002.
///
/// A token's address is the six bytes 0x48414E534520 followed by the first 14 bytes of
/// `keccak256(abi.encode(app, salt))`: known before the transaction is included.
interface ITokens {
    struct TokenParams {
        /// 1 to 64 bytes of UTF-8.
        string name;
        /// 1 to 16 bytes of UTF-8.
        string symbol;
        /// 0 to 36.
        uint8 decimals;
        /// Highest total supply in the smallest unit; 0 for none.
        uint256 cap;
        /// Minted to `holder` at once, in the smallest unit.
        uint256 initialSupply;
        address holder;
        /// Only active users, admins and the owner of the app may hold it.
        bool closed;
    }

    event TokenCreated(
        address indexed token, bytes16 indexed app, address indexed creator, string name, string symbol, uint8 decimals
    );

    error TokenExists(address token);
    error InvalidName();
    error InvalidSymbol();
    error InvalidDecimals(uint8 decimals);

    /// Owner or admin of the app.
    function createToken(bytes16 app, bytes32 salt, TokenParams calldata params) external returns (address token);
    function tokenAddress(bytes16 app, bytes32 salt) external view returns (address token);
    function exists(address token) external view returns (bool);
}
