// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {IToken} from "contracts/IToken.sol";

/// Moves a token that it holds, in frames that end in every possible way. What it moved it counts in its own storage,
/// which the EVM's journal keeps: count, events, token balance and token logs have to agree at the end.
contract Probe {
    event Moved(uint256 value);

    error Asked();

    /// Sum of all moves that lasted.
    uint256 public moved;

    function move(IToken token, address to, uint256 value) public {
        require(token.transfer(to, value));
        moved += value;
        emit Moved(value);
    }

    function moveThenRevert(IToken token, address to, uint256 value) external {
        move(token, to, value);
        revert Asked();
    }

    function moveThenRunOut(IToken token, address to, uint256 value) external {
        move(token, to, value);
        while (true) {}
    }

    /// 1, then 10 in a frame that reverts, then 100.
    function innerReverts(IToken token, address to) external {
        move(token, to, 1);
        try this.moveThenRevert(token, to, 10) {}
        catch (bytes memory reason) {
            require(bytes4(reason) == Asked.selector);
        }
        move(token, to, 100);
    }

    /// 1, then 10 in a frame that runs out of gas, then 100.
    function innerRunsOut(IToken token, address to) external {
        move(token, to, 1);
        try this.moveThenRunOut{gas: 300_000}(token, to, 10) {
            revert();
        } catch (bytes memory reason) {
            require(reason.length == 0);
        }
        move(token, to, 100);
    }

    /// The token itself refuses; the caller goes on.
    function catches(IToken token, address to, uint256 value) external returns (bool ok, bytes memory reason) {
        move(token, to, 1);
        try token.transfer(to, value) {
            ok = true;
            moved += value;
            emit Moved(value);
        } catch (bytes memory data) {
            reason = data;
        }
        move(token, to, 100);
    }

    /// The token runs out of gas; the caller goes on.
    function starves(IToken token, address to, uint256 value, uint256 gasLimit) external returns (bool ok) {
        try token.transfer{gas: gasLimit}(to, value) {
            ok = true;
            moved += value;
            emit Moved(value);
        } catch (bytes memory reason) {
            require(reason.length == 0);
        }
    }

    /// 1, then 10 in another contract's constructor, then 100.
    function inConstructor(IToken token, address to, bool fail) external {
        move(token, to, 1);
        try new Mover(this, token, to, 10, fail) {
            require(!fail);
        } catch {
            require(fail);
        }
        move(token, to, 100);
    }

    /// What frames see of each other: the receiver's balance before all, after a move, after an inner move that
    /// reverted, after one that lasted.
    function observe(IToken token, address to) external returns (uint256[4] memory seen) {
        seen[0] = token.balanceOf(to);
        move(token, to, 1);
        seen[1] = token.balanceOf(to);
        try this.moveThenRevert(token, to, 10) {} catch {}
        seen[2] = token.balanceOf(to);
        this.move(token, to, 100);
        seen[3] = token.balanceOf(to);
    }

    function staticCall(address target, bytes calldata data) external returns (bool ok, bytes memory out) {
        (ok, out) = target.staticcall(data);
    }

    function delegateCall(address target, bytes calldata data) external returns (bool ok, bytes memory out) {
        (ok, out) = target.delegatecall(data);
    }

    /// Borrowed code, run in the caller's name.
    function callCode(address target, bytes calldata data) external returns (bool ok, bytes memory out) {
        bytes memory input = data;
        assembly {
            ok := callcode(gas(), target, 0, add(input, 32), mload(input), 0, 0)
            out := mload(0x40)
            mstore(out, returndatasize())
            returndatacopy(add(out, 32), 0, returndatasize())
            mstore(0x40, add(add(out, 32), returndatasize()))
        }
    }

    /// A call with coins.
    function pay(address target, bytes calldata data) external payable returns (bool ok, bytes memory out) {
        (ok, out) = target.call{value: msg.value}(data);
    }

    /// Any call in the contract's name.
    function act(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory out) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(out, 32), mload(out))
            }
        }
        return out;
    }

    /// Interprets a tree of frames:
    /// 0 v   move v
    /// 1 n … run the next n bytes in an inner frame
    /// 2     revert
    /// 3     invalid opcode
    /// 4 n … run the next n bytes from a constructor
    /// 5 g v move v with 256 g gas for the token
    function run(IToken token, address to, bytes calldata program) external {
        uint256 i = 0;
        while (i + 1 < program.length) {
            uint8 op = uint8(program[i]);
            uint256 argument = uint8(program[i + 1]);
            i += 2;
            if (op == 0) {
                move(token, to, argument);
            } else if (op == 1 || op == 4) {
                uint256 end = i + argument > program.length ? program.length : i + argument;
                bytes calldata inner = program[i:end];
                if (op == 1) {
                    try this.run{gas: gasleft() / 2}(token, to, inner) {} catch {}
                } else {
                    try new Runner(this, token, to, inner) {} catch {}
                }
                i = end;
            } else if (op == 2) {
                revert Asked();
            } else if (op == 3) {
                assembly {
                    invalid()
                }
            } else if (op == 5) {
                uint256 value = i < program.length ? uint8(program[i]) : 0;
                i += 1;
                try token.transfer{gas: argument * 256}(to, value) {
                    moved += value;
                    emit Moved(value);
                } catch {}
            }
        }
    }
}

/// Has its creator move while it is being constructed.
contract Mover {
    constructor(Probe probe, IToken token, address to, uint256 value, bool fail) {
        probe.move(token, to, value);
        require(!fail);
    }
}

/// Has its creator run a program while it is being constructed, with half of the gas.
contract Runner {
    constructor(Probe probe, IToken token, address to, bytes memory program) {
        probe.run{gas: gasleft() / 2}(token, to, program);
    }
}

/// Moves in its own constructor, as the transaction's outermost frame.
contract Constructed {
    constructor(IToken token, address from, address to, uint256 value, bool fail) {
        require(token.transferFrom(from, to, value));
        require(!fail);
    }
}
