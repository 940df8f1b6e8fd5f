// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Sale slots of a collection, at its own address: items that wait with the collection for whoever pays their price.
interface ISaleSlots {
    /// Of what a buyer pays, so much goes to a beneficiary.
    struct Share {
        address beneficiary;
        /// Hundredths of a percent.
        uint16 basisPoints;
    }

    /// What never changes of a slot. Its id is the Keccak-256 of their ABI encoding, so whoever buys from a slot has named
    /// its terms.
    struct Terms {
        address seller;
        /// The item.
        uint256 id;
        /// The token that is paid with.
        address currency;
        /// Of one, in the currency's smallest unit.
        uint256 price;
        /// Beside the collection's royalty, which every sale pays; what is left is the seller's.
        Share[] shares;
        /// The seller's choice, for several slots on the same terms.
        bytes32 salt;
    }

    event SlotOpened(bytes32 indexed slot, address indexed seller, uint256 indexed id, uint256 amount, Terms terms);
    /// With `left` zero the slot is gone.
    event SlotSold(bytes32 indexed slot, address indexed buyer, uint256 amount, uint256 payment, uint256 left);
    /// The seller has `amount` back, and the slot is gone.
    event SlotClosed(bytes32 indexed slot, uint256 amount);

    error InvalidAmount(uint256 amount, uint256 max);
    error InvalidShares();
    error NotSlotSeller(address account);
    error SlotExists(bytes32 slot);
    error SlotNotFound(bytes32 slot);

    /// Hands `amount` of an item of the caller's to the collection, to be sold; of an ERC-721 item, one.
    function openSlot(
        uint256 id,
        uint256 amount,
        address currency,
        uint256 price,
        Share[] calldata shares,
        bytes32 salt
    ) external returns (bytes32 slot);
    /// Pays the price of so many, and receives them.
    function buy(bytes32 slot, uint256 amount) external;
    /// Seller, or who issues (`ICollection.owner`). Gives the seller back what isn't sold.
    function closeSlot(bytes32 slot) external;

    /// Terms, and how many are left.
    function slotInfo(bytes32 slot) external view returns (Terms memory terms, uint256 left);
}
