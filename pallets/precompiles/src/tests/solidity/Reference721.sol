// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Burnable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Burnable.sol";
import {ERC721Pausable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Pausable.sol";
import {ERC721Utils} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Utils.sol";

/// What most of the world calls an ERC-721: a collection of Hanse has to behave like it, call by call.
contract Reference721 is ERC721Burnable, ERC721Pausable {
    uint256 public totalSupply;

    mapping(uint256 => string) private _uris;

    constructor() ERC721("Paintings", "PNT") {}

    function mint(address to, uint256 tokenId, string calldata uri) external {
        _uris[tokenId] = uri;
        _safeMint(to, tokenId);
    }

    function mintMany(address[] calldata to, uint256[] calldata tokenIds, string[] calldata uris) external {
        for (uint256 i = 0; i < to.length; i++) {
            _uris[tokenIds[i]] = uris[i];
            _mint(to[i], tokenIds[i]);
        }
        for (uint256 i = 0; i < to.length; i++) {
            ERC721Utils.checkOnERC721Received(msg.sender, address(0), to[i], tokenIds[i], "");
        }
    }

    function pause() external {
        _pause();
    }

    function unpause() external {
        _unpause();
    }

    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return _uris[tokenId];
    }

    function _update(address to, uint256 tokenId, address auth)
        internal
        override(ERC721, ERC721Pausable)
        returns (address from)
    {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) totalSupply++;
        if (to == address(0)) totalSupply--;
    }
}
