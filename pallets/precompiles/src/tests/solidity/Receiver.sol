// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// Is asked whether it takes an item, and answers in every possible way.
contract Receiver {
    enum Mode {
        Accept,
        Refuse,
        Fail,
        WrongAnswer,
        PassOn,
        ShortAnswer,
        RunOut
    }

    event Received(address operator, address from, uint256[] ids, uint256[] values, bytes data);

    error Refused(bytes data);

    Mode public mode;
    address public next;

    function set(Mode mode_, address next_) external {
        mode = mode_;
        next = next_;
    }

    function act(address target, bytes calldata data) external {
        (bool ok, bytes memory reason) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }

    function onERC721Received(address operator, address from, uint256 tokenId, bytes calldata data)
        external
        returns (bytes4)
    {
        if (mode == Mode.PassOn) IERC721(msg.sender).safeTransferFrom(address(this), next, tokenId, data);
        uint256[] memory ids = new uint256[](1);
        ids[0] = tokenId;
        return _answer(operator, from, ids, ids, data, this.onERC721Received.selector);
    }

    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes calldata data)
        external
        returns (bytes4)
    {
        if (mode == Mode.PassOn) IERC1155(msg.sender).safeTransferFrom(address(this), next, id, value, data);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory values = new uint256[](1);
        (ids[0], values[0]) = (id, value);
        return _answer(operator, from, ids, values, data, this.onERC1155Received.selector);
    }

    function onERC1155BatchReceived(
        address operator,
        address from,
        uint256[] calldata ids,
        uint256[] calldata values,
        bytes calldata data
    ) external returns (bytes4) {
        if (mode == Mode.PassOn) IERC1155(msg.sender).safeBatchTransferFrom(address(this), next, ids, values, data);
        return _answer(operator, from, ids, values, data, this.onERC1155BatchReceived.selector);
    }

    function _answer(
        address operator,
        address from,
        uint256[] memory ids,
        uint256[] memory values,
        bytes memory data,
        bytes4 right
    ) private returns (bytes4) {
        emit Received(operator, from, ids, values, data);
        if (mode == Mode.Refuse) revert Refused(data);
        if (mode == Mode.Fail) {
            assembly {
                revert(0, 0)
            }
        }
        if (mode == Mode.WrongAnswer) return 0x12345678;
        if (mode == Mode.ShortAnswer) {
            assembly {
                mstore(0, right)
                return(0, 31)
            }
        }
        if (mode == Mode.RunOut) {
            assembly {
                invalid()
            }
        }
        return right;
    }
}
