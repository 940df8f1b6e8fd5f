// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// What collections of both kinds have in common: who issued them, whether they move, metadata and royalties.
/// A collection is `ICollection721` or `ICollection1155`, at its own address.
interface ICollection {
    event Paused(address account);
    event Unpaused(address account);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error CollectionNotFound(address collection);
    error NotCollectionAdmin(address account);
    error HolderNotAllowed(address account);
    error EnforcedPause();
    error ExpectedPause();
    error InvalidUri();
    error OwnableInvalidOwner(address owner);
    error OwnableUnauthorizedAccount(address account);
    error LengthMismatch(uint256 left, uint256 right);
    error TooManyItems(uint256 given, uint256 max);

    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    /// Metadata of the collection (ERC-7572); empty if it has none.
    function contractURI() external view returns (string memory);
    function app() external view returns (bytes16);
    /// Only active users, admins and the owner of the app may hold its items.
    function closed() external view returns (bool);
    function paused() external view returns (bool);
    /// ERC-2981; the same share for every item of the collection.
    function royaltyInfo(uint256 tokenId, uint256 salePrice)
        external
        view
        returns (address receiver, uint256 royaltyAmount);
    /// ERC-165.
    function supportsInterface(bytes4 interfaceId) external view returns (bool);

    /// ERC-173. Who issues and pauses: the app's owner, with its admins beside him; once it was transferred, the new owner
    /// alone.
    function owner() external view returns (address);
    /// Owner. Back to the app's owner, it is the app's again, admins and all. Not to the zero address: somebody has to answer
    /// for it.
    function transferOwnership(address newOwner) external;

    /// Who issues, see `owner`. Stops every transfer, mint and burn.
    function pause() external;
    function unpause() external;
}
