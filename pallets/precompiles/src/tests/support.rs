//! What the tests share.

use crate::mock::*;
use alloy_sol_types::{SolCall, SolConstructor, SolError, SolEvent};
use hanse_primitives::{
    Log, addresses,
    convert::{self, address},
};
use pallet_evm::{
    Environment, Execution,
    revm::{context::TxEnv, primitives::TxKind},
    runner::{self, Status},
};
use pallet_tokens::{TokenParams, abi::IToken, collections::CollectionParams};
use sp_core::{H160, H256, U256};

alloy_sol_types::sol! {
    #![sol(all_derives)]

    /// The functions of `solidity/Probe.sol`.
    interface Probe {
        event Moved(uint256 value);

        error Asked();

        function moved() external view returns (uint256);
        function move(address token, address to, uint256 value) external;
        function moveThenRevert(address token, address to, uint256 value) external;
        function moveThenRunOut(address token, address to, uint256 value) external;
        function innerReverts(address token, address to) external;
        function innerRunsOut(address token, address to) external;
        function catches(address token, address to, uint256 value) external returns (bool ok, bytes memory reason);
        function starves(address token, address to, uint256 value, uint256 gasLimit) external returns (bool ok);
        function inConstructor(address token, address to, bool fail) external;
        function observe(address token, address to) external returns (uint256[4] memory seen);
        function staticCall(address target, bytes calldata data) external returns (bool ok, bytes memory out);
        function delegateCall(address target, bytes calldata data) external returns (bool ok, bytes memory out);
        function callCode(address target, bytes calldata data) external returns (bool ok, bytes memory out);
        function pay(address target, bytes calldata data) external payable returns (bool ok, bytes memory out);
        function act(address target, bytes calldata data) external returns (bytes memory);
        function run(address token, address to, bytes calldata program) external;
    }

    /// The functions of `solidity/Receiver.sol`.
    interface Receiver {
        event Received(address operator, address from, uint256[] ids, uint256[] values, bytes data);

        error Refused(bytes data);

        function set(uint8 mode, address next) external;
        function act(address target, bytes calldata data) external;
    }

    /// The constructor of `Constructed` in `solidity/Probe.sol`.
    contract Constructed {
        constructor(address token, address from, address to, uint256 value, bool fail);
    }
}

/// Gas for anything that a test does.
pub const GAS: u64 = 10_000_000;
/// What the probe holds at first.
pub const HELD: u64 = 1_000_000;

/// The app of every test.
pub fn app() -> addresses::AppId {
    addresses::app_id(&OWNER, &[0; 32])
}

/// The token of every test.
pub fn token() -> H160 {
    addresses::token_address(&app(), &[0; 32])
}

/// Runs a test on a chain with the probe, and a token of which it holds [`HELD`] and Alice as much.
pub fn with_probe<R>(test: impl FnOnce(H160) -> R) -> R {
    new_test_ext().execute_with(|| {
        System::set_block_number(1);
        let probe = execute(create(ALICE, code(include_str!("solidity/Probe.hex"))));
        let probe = probe.contract_address.expect("was deployed");
        let logs = &mut Vec::new();
        Users::do_create_app(OWNER, H256::zero(), logs).expect("is new");
        let params = TokenParams {
            name: "Crowns".into(),
            symbol: "CRW".into(),
            decimals: 2,
            cap: U256::zero(),
            initial_supply: HELD.into(),
            holder: probe,
            closed: false,
        };
        Tokens::do_create_token(OWNER, app(), H256::zero(), params, logs).expect("is allowed");
        Tokens::do_mint(OWNER, token(), ALICE, HELD.into(), logs).expect("is allowed");
        test(probe)
    })
}

/// How a receiver answers: `Mode` of `solidity/Receiver.sol`.
pub const ACCEPT: u8 = 0;
pub const REFUSE: u8 = 1;
pub const FAIL: u8 = 2;
pub const WRONG_ANSWER: u8 = 3;
pub const PASS_ON: u8 = 4;
pub const SHORT_ANSWER: u8 = 5;
pub const RUN_OUT: u8 = 6;

/// A contract that is asked whether it takes items.
pub fn receiver() -> H160 {
    execute(create(ALICE, code(include_str!("solidity/Receiver.hex")))).contract_address.expect("was deployed")
}

/// Tells a receiver how to answer, and to whom to pass on what it gets.
pub fn answers(receiver: H160, mode: u8, next: H160) {
    succeed(ALICE, receiver, &Receiver::setCall { mode, next: address(next) });
}

/// An open collection of the app of every test, without items.
pub fn collection(kind: u8) -> H160 {
    let params = CollectionParams {
        kind,
        name: "Paintings".into(),
        symbol: "PNT".into(),
        uri: "ipfs://collection".into(),
        closed: false,
        royalty_receiver: OWNER,
        royalty_basis_points: 250,
    };
    Tokens::do_create_collection(OWNER, app(), H256::repeat_byte(2), params, &mut Vec::new()).expect("is allowed")
}

/// Creation code from its file.
pub fn code(hex: &str) -> Vec<u8> {
    sp_core::bytes::from_hex(&format!("0x{}", hex.trim())).expect("is hexadecimal")
}

/// Creation code of `Constructed`, with its arguments.
pub fn constructed(arguments: Constructed::constructorCall) -> Vec<u8> {
    let mut init = code(include_str!("solidity/Constructed.hex"));
    init.extend(arguments.abi_encode());
    init
}

/// A transaction at gas price 0 with the sender's next nonce.
pub fn transaction(from: H160, to: H160, data: Vec<u8>) -> TxEnv {
    TxEnv {
        caller: address(from),
        kind: TxKind::Call(address(to)),
        gas_limit: GAS,
        gas_price: 0,
        nonce: Evm::account(from).nonce,
        chain_id: Some(4269),
        data: data.into(),
        ..TxEnv::default()
    }
}

/// A creation at gas price 0.
pub fn create(from: H160, init: Vec<u8>) -> TxEnv {
    TxEnv { kind: TxKind::Create, ..transaction(from, H160::zero(), init) }
}

/// Executes in the current block.
pub fn execute(tx: TxEnv) -> Execution {
    runner::execute::<Test>(Environment::current::<Test>(), tx).expect("is valid")
}

/// Calls a contract by transaction.
pub fn send<C: SolCall>(from: H160, to: H160, call: &C) -> Execution {
    execute(transaction(from, to, call.abi_encode()))
}

/// Calls a contract by transaction; it has to succeed.
pub fn succeed<C: SolCall>(from: H160, to: H160, call: &C) -> C::Return {
    returned::<C>(&send(from, to, call))
}

/// What a successful call returned.
pub fn returned<C: SolCall>(execution: &Execution) -> C::Return {
    match &execution.status {
        Status::Success(output) => C::abi_decode_returns(output).expect("is the function's return"),
        other => panic!("{} did not succeed: {other:?}", C::SIGNATURE),
    }
}

/// Calls a contract by transaction; it has to revert with this custom error, and to leave no log.
pub fn reverts<C: SolCall, E: SolError>(from: H160, to: H160, call: &C) -> E {
    let execution = send(from, to, call);
    assert_eq!(execution.logs, []);
    match &execution.status {
        Status::Revert(reason) => E::abi_decode(reason).expect("is this error"),
        other => panic!("{} did not revert: {other:?}", C::SIGNATURE),
    }
}

/// The text of `Error(string)`.
pub fn text(reason: &[u8]) -> String {
    alloy_sol_types::Revert::abi_decode(reason).expect("is Error(string)").reason
}

/// A token balance, asked natively.
pub fn balance(who: H160) -> u64 {
    Tokens::balance_of(token(), who).expect("exists").as_u64()
}

/// Asserts that the receiver got exactly this from the probe, and that the probe's storage and the logs agree.
pub fn assert_moved(probe: H160, to: H160, value: u64, logs: &[Log]) {
    assert_eq!((balance(probe), balance(to)), (HELD - value, value), "token state");
    assert_eq!(succeed(ALICE, probe, &Probe::movedCall {}).to::<u64>(), value, "EVM storage");
    let told = |address: H160, sum: &dyn Fn(&Log) -> u64| -> u64 {
        logs.iter().filter(|log| log.address == address).map(sum).sum()
    };
    let transfers = told(token(), &|log| event::<IToken::Transfer>(log).value.to());
    let moves = told(probe, &|log| event::<Probe::Moved>(log).value.to());
    assert_eq!((transfers, moves), (value, value), "logs");
}

/// The event that a log tells.
pub fn event<E: SolEvent>(log: &Log) -> E {
    E::decode_log_data(&convert::alloy_log(log).data).expect("is this event")
}
