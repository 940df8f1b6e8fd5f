// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// ERC-721: a deed to one thing. Who has the role of the registrar mints.
contract Deed is ERC721URIStorage, AccessControl {
    bytes32 public constant REGISTRAR = keccak256("REGISTRAR");

    constructor() ERC721("Deed", "DEED") {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    function mint(address to, uint256 id, string calldata uri) external onlyRole(REGISTRAR) {
        _safeMint(to, id);
        _setTokenURI(id, uri);
    }

    function supportsInterface(bytes4 id) public view override(ERC721URIStorage, AccessControl) returns (bool) {
        return super.supportsInterface(id);
    }
}

/// ERC-1155: goods by kind.
contract Goods is ERC1155 {
    constructor(uint256[] memory kinds, uint256[] memory amounts) ERC1155("ipfs://goods/{id}.json") {
        _mintBatch(msg.sender, kinds, amounts, "");
    }
}

/// Takes tokens of both kinds.
contract Warehouse is ERC721Holder, ERC1155Holder {}
