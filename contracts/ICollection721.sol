// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ICollection} from "./ICollection.sol";

/// A collection of unique items: ERC-721 with metadata, and its administration. Errors are ERC-6093's where it has one.
interface ICollection721 is ICollection {
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
    event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    error ERC721InvalidOwner(address owner);
    error ERC721NonexistentToken(uint256 tokenId);
    error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner);
    error ERC721InvalidSender(address sender);
    error ERC721InvalidReceiver(address receiver);
    error ERC721InsufficientApproval(address operator, uint256 tokenId);
    error ERC721InvalidApprover(address approver);
    error ERC721InvalidOperator(address operator);

    function balanceOf(address owner) external view returns (uint256);
    function ownerOf(uint256 tokenId) external view returns (address);
    function getApproved(uint256 tokenId) external view returns (address);
    function isApprovedForAll(address owner, address operator) external view returns (bool);
    function totalSupply() external view returns (uint256);
    function tokenURI(uint256 tokenId) external view returns (string memory);

    function approve(address to, uint256 tokenId) external;
    function setApprovalForAll(address operator, bool approved) external;
    /// Does not ask a receiving contract.
    function transferFrom(address from, address to, uint256 tokenId) external;
    /// Asks a receiving contract by `onERC721Received`.
    function safeTransferFrom(address from, address to, uint256 tokenId) external;
    function safeTransferFrom(address from, address to, uint256 tokenId, bytes calldata data) external;
    /// The item's owner, or whom the owner approved.
    function burn(uint256 tokenId) external;

    /// App's owner or admin. `uri` has at most 256 bytes and stays as it is. Asks a receiving contract.
    function mint(address to, uint256 tokenId, string calldata uri) external;
    /// App's owner or admin. All or nothing; at most 1,000 items. Asks each receiving contract.
    function mintMany(address[] calldata to, uint256[] calldata tokenIds, string[] calldata uris) external;
}
