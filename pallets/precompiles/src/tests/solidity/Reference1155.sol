// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155Burnable} from "@openzeppelin/contracts/token/ERC1155/extensions/ERC1155Burnable.sol";
import {ERC1155Pausable} from "@openzeppelin/contracts/token/ERC1155/extensions/ERC1155Pausable.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";
import {ICollection1155} from "contracts/ICollection1155.sol";

/// What most of the world calls an ERC-1155, with items that are created before they are minted and have a cap: a
/// collection of Hanse has to behave like it, call by call.
contract Reference1155 is ERC1155Burnable, ERC1155Pausable {
    mapping(uint256 => bool) public exists;
    mapping(uint256 => uint256) public cap;
    mapping(uint256 => uint256) public totalSupply;

    mapping(uint256 => string) private _uris;

    constructor() ERC1155("") {}

    function createItem(uint256 id, uint256 cap_, string calldata uri_) external {
        if (exists[id]) revert ICollection1155.ItemExists(id);
        exists[id] = true;
        cap[id] = cap_;
        _uris[id] = uri_;
        emit ICollection1155.ItemCreated(id, cap_);
        emit URI(uri_, id);
    }

    function mint(address to, uint256 id, uint256 value, bytes calldata data) external {
        if (!exists[id]) revert ICollection1155.ItemNotFound(id);
        _mint(to, id, value, data);
    }

    function mintMany(address[] calldata to, uint256 id, uint256[] calldata values) external {
        if (!exists[id]) revert ICollection1155.ItemNotFound(id);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory one = new uint256[](1);
        ids[0] = id;
        for (uint256 i = 0; i < to.length; i++) {
            if (to[i] == address(0)) revert ERC1155InvalidReceiver(address(0));
            one[0] = values[i];
            _update(address(0), to[i], ids, one);
        }
        for (uint256 i = 0; i < to.length; i++) {
            ERC1155Utils.checkOnERC1155Received(msg.sender, address(0), to[i], id, values[i], "");
        }
    }

    function pause() external {
        _pause();
    }

    function unpause() external {
        _unpause();
    }

    function uri(uint256 id) public view override returns (string memory) {
        return _uris[id];
    }

    function _update(address from, address to, uint256[] memory ids, uint256[] memory values)
        internal
        override(ERC1155, ERC1155Pausable)
    {
        super._update(from, to, ids, values);
        for (uint256 i = 0; i < ids.length; i++) {
            if (from == address(0)) {
                totalSupply[ids[i]] += values[i];
                uint256 supply = totalSupply[ids[i]];
                if (cap[ids[i]] != 0 && supply > cap[ids[i]]) {
                    revert ICollection1155.ExceededCap(ids[i], supply, cap[ids[i]]);
                }
            }
            if (to == address(0)) totalSupply[ids[i]] -= values[i];
        }
    }
}
