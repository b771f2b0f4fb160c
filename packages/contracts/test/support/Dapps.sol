// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRewardHook} from "@w3bstream/contracts/src/interfaces/IRewardHook.sol";
import {IW3bstreamDapp, Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";

/// Remembers what it was told last.
contract RecordingDapp is IW3bstreamDapp {
    uint256 public calls;
    Settlement private _last;
    uint256[] private _outputs;

    function onSettled(Settlement calldata settlement, uint256[] calldata outputs) external {
        ++calls;
        _last = settlement;
        _outputs = outputs;
    }

    function last() external view returns (Settlement memory, uint256[] memory) {
        return (_last, _outputs);
    }
}

/// Does what its mode says: takes the result, or refuses it in one of the ways there are.
contract MoodyDapp is IW3bstreamDapp {
    error Moody(uint256 mood);

    enum Mode {
        Take,
        Text,
        Custom,
        Burn,
        Bomb
    }

    Mode public mode;
    uint256 public calls;
    mapping(address sequencer => mapping(uint64 number => uint256)) public callsOf;

    function set(Mode mode_) external {
        mode = mode_;
    }

    function onSettled(Settlement calldata settlement, uint256[] calldata) external {
        ++calls;
        ++callsOf[settlement.sequencer][settlement.number];
        if (mode == Mode.Text) revert("not today");
        if (mode == Mode.Custom) revert Moody(7);
        if (mode == Mode.Burn) {
            assembly {
                invalid()
            }
        }
        if (mode == Mode.Bomb) {
            assembly {
                revert(0x10000, 200000)
            }
        }
    }
}

/// Refuses tasks of odd numbers: by a revert, or by burning its gas for numbers divisible by 3.
contract PickyDapp is IW3bstreamDapp {
    uint256 public calls;

    function onSettled(Settlement calldata settlement, uint256[] calldata) external {
        ++calls;
        if (settlement.number % 2 == 0) return;
        if (settlement.number % 3 == 0) {
            assembly {
                invalid()
            }
        }
        revert("odd");
    }
}

/// Calls the router back with another settlement.
contract ReentrantDapp is IW3bstreamDapp {
    bytes public attack;

    function arm(bytes calldata attack_) external {
        attack = attack_;
    }

    function onSettled(Settlement calldata, uint256[] calldata) external {
        (bool success, bytes memory reason) = msg.sender.call(attack);
        if (!success) {
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}

/// Credits a point a settlement, after spending some gas; burns all its gas when told to.
contract PointsHook is IRewardHook {
    mapping(address prover => uint256) public points;
    bool public broken;
    uint256 public spend;

    function setSpend(uint256 spend_) external {
        spend = spend_;
    }

    function breakDown() external {
        broken = true;
    }

    function onCredited(Settlement calldata settlement) external {
        if (broken) {
            assembly {
                invalid()
            }
        }
        uint256 start = gasleft();
        while (start - gasleft() < spend) {}
        ++points[settlement.prover];
    }
}
