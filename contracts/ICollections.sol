// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Issues collections. Precompile at 0x48414E5345000000000000000000000000000003.
///
/// A collection's address is the five bytes 0x48414E5345, the last two digits of its standard (0x21 or 0x55), and the
/// first 14 bytes of `keccak256(abi.encode(app, salt))`: known before the transaction is included.
interface ICollections {
    enum Standard {
        ERC721,
        ERC1155
    }

    struct CollectionParams {
        Standard standard;
        /// 1 to 64 bytes of UTF-8.
        string name;
        /// 1 to 16 bytes of UTF-8.
        string symbol;
        /// Metadata of the collection (ERC-7572), at most 256 bytes; may be empty.
        string uri;
        /// Only active users, admins and the owner of the app may hold its items.
        bool closed;
        /// ERC-2981. Zero if and only if `royaltyBasisPoints` is.
        address royaltyReceiver;
        /// Hundredths of a percent of a sale's price: 0 to 10,000.
        uint16 royaltyBasisPoints;
    }

    event CollectionCreated(
        address indexed collection,
        bytes16 indexed app,
        address indexed creator,
        Standard standard,
        string name,
        string symbol
    );

    error CollectionExists(address collection);
    error InvalidName();
    error InvalidSymbol();
    error InvalidUri();
    error InvalidRoyalty(address receiver, uint16 basisPoints);

    /// Owner or admin of the app.
    function createCollection(bytes16 app, bytes32 salt, CollectionParams calldata params)
        external
        returns (address collection);
    function collectionAddress(bytes16 app, bytes32 salt, Standard standard)
        external
        view
        returns (address collection);
    function exists(address collection) external view returns (bool);
}
