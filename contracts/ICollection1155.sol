// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ICollection} from "./ICollection.sol";

/// A collection of items of which there are many alike: ERC-1155 with metadata and supply, and its administration.
/// Errors are ERC-6093's where it has one. Every receiving contract is asked, as ERC-1155 demands.
interface ICollection1155 is ICollection {
    event TransferSingle(
        address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value
    );
    event TransferBatch(
        address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values
    );
    event ApprovalForAll(address indexed account, address indexed operator, bool approved);
    event URI(string value, uint256 indexed id);
    event ItemCreated(uint256 indexed id, uint256 cap);

    error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed, uint256 tokenId);
    error ERC1155InvalidSender(address sender);
    error ERC1155InvalidReceiver(address receiver);
    error ERC1155MissingApprovalForAll(address operator, address owner);
    error ERC1155InvalidOperator(address operator);
    error ERC1155InvalidArrayLength(uint256 idsLength, uint256 valuesLength);
    error ItemExists(uint256 id);
    error ItemNotFound(uint256 id);
    error ExceededCap(uint256 id, uint256 increasedSupply, uint256 cap);

    function balanceOf(address account, uint256 id) external view returns (uint256);
    function balanceOfBatch(address[] calldata accounts, uint256[] calldata ids)
        external
        view
        returns (uint256[] memory);
    function isApprovedForAll(address account, address operator) external view returns (bool);
    function uri(uint256 id) external view returns (string memory);
    function totalSupply(uint256 id) external view returns (uint256);
    /// Most of an item that may exist at once; 0 when there is no cap.
    function cap(uint256 id) external view returns (uint256);
    /// Whether the item was created, however many of it there are.
    function exists(uint256 id) external view returns (bool);

    function setApprovalForAll(address operator, bool approved) external;
    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes calldata data) external;
    /// At most 1,000 items.
    function safeBatchTransferFrom(
        address from, address to, uint256[] calldata ids, uint256[] calldata values, bytes calldata data
    ) external;
    /// The holder, or whom the holder approved.
    function burn(address account, uint256 id, uint256 value) external;

    /// App's owner or admin. `uri_` has at most 256 bytes and stays as it is, and so does the cap; 0 for none.
    function createItem(uint256 id, uint256 cap_, string calldata uri_) external;
    /// App's owner or admin.
    function mint(address to, uint256 id, uint256 value, bytes calldata data) external;
    /// App's owner or admin. All or nothing; at most 1,000 receivers.
    function mintMany(address[] calldata to, uint256 id, uint256[] calldata values) external;
}
