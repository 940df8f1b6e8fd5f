//! Native code says what the Wasm says.

use super::native::{self, Overlay, run};
use crate::service::Executor;
use codec::{Decode, Encode};
use hanse_primitives::{CallOutcome, CallRequest, CallStatus, Overrides, TransactionError, addresses};
use hanse_runtime::{Runtime, VERSION, genesis};
use pallet_evm::{BlockGasLimit, flush::put_code, revm::bytecode::opcode as op};
use sp_core::{H160, U256, traits::CallContext};
use sp_externalities::Extensions;
use sp_runtime::{BuildStorage, StateVersion, traits::BlakeTwo256};
use sp_state_machine::{
    InMemoryBackend, StateMachine,
    backend::{BackendRuntimeCode, TryPendingCode},
};
use std::time::{Duration, Instant};

/// Enough to go 1,024 frames deep, of which each leaves 1/64 to its caller (EIP-150).
const PLENTY: u64 = 1 << 40;
/// Enough for all else, and soon spent.
const SOME: u64 = 10_000_000;

type Outcome = Result<CallOutcome, TransactionError>;

/// The genesis of the development chain with some contracts on top.
struct Chain {
    state: InMemoryBackend<BlakeTwo256>,
    overlay: Overlay,
    executor: Executor,
}

impl Chain {
    fn new(contracts: &[(H160, Vec<u8>)]) -> Self {
        let storage = hanse_chain_spec::load("dev").expect("is known").build_storage().expect("builds");
        let state = InMemoryBackend::from((storage, StateVersion::V1));
        let mut overlay = Overlay::default();
        run(&state, &mut overlay, &mut Extensions::default(), || {
            // More than any call below takes.
            BlockGasLimit::<Runtime>::put(PLENTY);
            for (address, code) in contracts {
                put_code::<Runtime>(*address, code);
            }
        })
        .expect("nothing panics");
        Self { state, overlay, executor: Executor::builder().build() }
    }

    fn native(&self, function: &str, request: &CallRequest) -> Vec<u8> {
        let call = || native::call(function, &(request, Overrides::default())).expect("is a function of the runtime");
        run(&self.state, &mut self.overlay.clone(), &mut Extensions::default(), call).expect("doesn't panic")
    }

    fn wasm(&self, function: &str, request: &CallRequest) -> Vec<u8> {
        let code = BackendRuntimeCode::new(&self.state, TryPendingCode::No);
        StateMachine::new(
            &self.state,
            &mut self.overlay.clone(),
            &self.executor,
            function,
            &(request, Overrides::default()).encode(),
            &mut Extensions::default(),
            &code.runtime_code().expect("the genesis has code"),
            CallContext::Offchain,
        )
        .execute()
        .expect("doesn't trap")
    }
}

fn at(index: u64) -> H160 {
    H160::from_low_u64_be(0x10_000 + index)
}

fn push(value: impl Into<U256>) -> Vec<u8> {
    let bytes = value.into().to_big_endian();
    [&[op::PUSH32][..], &bytes].concat()
}

/// The arguments, last one first, and then the opcode.
fn instruction(opcode: u8, arguments: &[U256]) -> Vec<u8> {
    let mut code: Vec<u8> = arguments.iter().rev().flat_map(|argument| push(*argument)).collect();
    code.push(opcode);
    code
}

/// Passes its call data on, and returns what comes back.
fn forwarder(to: H160) -> Vec<u8> {
    let size = vec![op::CALLDATASIZE, op::PUSH0, op::PUSH0, op::CALLDATACOPY];
    let call = [
        vec![op::PUSH0, op::PUSH0, op::CALLDATASIZE, op::PUSH0, op::PUSH0],
        push(U256::from_big_endian(&to.0)),
        vec![op::GAS, op::CALL, op::PUSH0, op::SSTORE],
    ];
    let back =
        [op::RETURNDATASIZE, op::PUSH0, op::PUSH0, op::RETURNDATACOPY, op::RETURNDATASIZE, op::PUSH0, op::RETURN];
    [size, call.concat(), back.to_vec()].concat()
}

/// Counts in slot 0 how deep it has called itself.
fn tower(own: H160) -> Vec<u8> {
    let count = vec![op::PUSH0, op::SLOAD, op::PUSH1, 1, op::ADD, op::PUSH0, op::SSTORE];
    let call = [
        vec![op::PUSH0; 5],
        push(U256::from_big_endian(&own.0)),
        vec![
            op::GAS,
            op::CALL,
            op::POP,
            op::PUSH0,
            op::SLOAD,
            op::PUSH0,
            op::MSTORE,
            op::PUSH1,
            32,
            op::PUSH0,
            op::RETURN,
        ],
    ];
    [count, call.concat()].concat()
}

/// Contracts by what they do.
fn contracts() -> Vec<(&'static str, Vec<u8>)> {
    let big = |bits: usize| U256::one() << bits;
    let word = |n: u64| U256::from(n);
    let returning = [op::PUSH0, op::MSTORE, op::PUSH1, 32, op::PUSH0, op::RETURN];
    let init = [push(big(255)), vec![op::PUSH0, op::MSTORE, op::PUSH1, 3, op::PUSH0, op::RETURN]].concat();
    let create = [
        init.chunks(32)
            .enumerate()
            .flat_map(|(i, chunk)| {
                let mut padded = [0; 32];
                padded[..chunk.len()].copy_from_slice(chunk);
                instruction(op::MSTORE, &[word(32 * i as u64), U256::from_big_endian(&padded)])
            })
            .collect::<Vec<u8>>(),
        instruction(op::CREATE, &[word(0), word(0), word(init.len() as u64)]),
        returning.to_vec(),
    ]
    .concat();
    let environment = [
        op::ADDRESS,
        op::ORIGIN,
        op::CALLER,
        op::TIMESTAMP,
        op::NUMBER,
        op::DIFFICULTY,
        op::GASLIMIT,
        op::CHAINID,
        op::BASEFEE,
        op::BLOBBASEFEE,
        op::COINBASE,
        op::GASPRICE,
        op::SELFBALANCE,
        op::CODESIZE,
        op::MSIZE,
        op::GAS,
        op::PC,
    ];
    let environment = environment
        .iter()
        .enumerate()
        .flat_map(|(i, opcode)| [vec![*opcode], push(word(32 * i as u64)), vec![op::MSTORE]].concat());
    let environment = [environment.collect::<Vec<u8>>(), instruction(op::RETURN, &[word(0), word(32 * 17)])].concat();
    vec![
        ("stops", vec![op::STOP]),
        ("reverts with a word", [push(7), vec![op::PUSH0, op::MSTORE, op::PUSH1, 32, op::PUSH0, op::REVERT]].concat()),
        ("is invalid", vec![op::INVALID]),
        ("underflows", vec![op::ADD]),
        ("jumps nowhere", instruction(op::JUMP, &[word(3)])),
        ("jumps far", instruction(op::JUMP, &[big(40)])),
        ("loops", vec![op::JUMPDEST, op::PUSH0, op::JUMP]),
        (
            "stores and logs",
            [instruction(op::SSTORE, &[word(1), word(2)]), instruction(op::LOG1, &[word(0), word(64), word(9)])]
                .concat(),
        ),
        ("hashes", [instruction(op::KECCAK256, &[word(5), word(100_000)]), returning.to_vec()].concat()),
        ("hashes nothing far away", [instruction(op::KECCAK256, &[big(255), word(0)]), returning.to_vec()].concat()),
        ("hashes at 2^33", instruction(op::KECCAK256, &[big(33), word(1)])),
        ("hashes 2^33 bytes", instruction(op::KECCAK256, &[word(0), big(33)])),
        ("hashes 2^70 bytes", instruction(op::KECCAK256, &[word(0), big(70)])),
        ("writes at 2^31", instruction(op::MSTORE, &[big(31), word(1)])),
        ("writes at 2^32", instruction(op::MSTORE, &[big(32), word(1)])),
        ("writes at 2^33", instruction(op::MSTORE, &[big(33), word(1)])),
        ("writes at 2^64", instruction(op::MSTORE, &[big(64), word(1)])),
        ("writes beyond 15 MiB", instruction(op::MSTORE8, &[word(15 << 20), word(1)])),
        ("reads call data at 2^33", [instruction(op::CALLDATALOAD, &[big(33)]), returning.to_vec()].concat()),
        (
            "copies call data from 2^33",
            [
                instruction(op::CALLDATACOPY, &[word(0), big(33), word(32)]),
                instruction(op::RETURN, &[word(0), word(32)]),
            ]
            .concat(),
        ),
        ("copies 2^33 bytes", instruction(op::CALLDATACOPY, &[word(0), word(0), big(33)])),
        (
            "copies code from 2^33",
            [instruction(op::CODECOPY, &[word(0), big(33), word(32)]), instruction(op::RETURN, &[word(0), word(32)])]
                .concat(),
        ),
        ("copies return data from 2^33", instruction(op::RETURNDATACOPY, &[word(0), big(33), word(0)])),
        ("logs 2^33 bytes", instruction(op::LOG0, &[word(0), big(33)])),
        ("returns 2^33 bytes", instruction(op::RETURN, &[word(0), big(33)])),
        ("creates from 2^33", instruction(op::CREATE, &[word(0), big(33), word(1)])),
        (
            "calls with 2^33 bytes",
            instruction(op::CALL, &[big(32), word(4), word(0), word(0), big(33), word(0), word(0)]),
        ),
        ("moves 2^33 bytes", instruction(op::MCOPY, &[word(0), word(0), big(33)])),
        ("asks for block hashes", [instruction(op::BLOCKHASH, &[word(0)]), returning.to_vec()].concat()),
        ("asks for a far block's hash", [instruction(op::BLOCKHASH, &[big(40)]), returning.to_vec()].concat()),
        ("tells its environment", environment),
        ("creates", create),
        ("destroys itself", instruction(op::SELFDESTRUCT, &[word(9)])),
        (
            "uses transient storage",
            [instruction(op::TSTORE, &[word(1), word(2)]), instruction(op::TLOAD, &[word(1)]), returning.to_vec()]
                .concat(),
        ),
    ]
}

/// What it is, and the call.
type NamedCall = (String, CallRequest);

/// Calls by what is called.
fn corpus() -> (Vec<(H160, Vec<u8>)>, Vec<NamedCall>) {
    let from = H160::from(genesis::DEVELOPMENT_ACCOUNTS[0]);
    let mut installed = Vec::new();
    let mut calls = Vec::new();
    let call =
        |to: H160, data: Vec<u8>| CallRequest { from, to: Some(to), data, gas_limit: Some(SOME), ..Default::default() };
    for (i, (name, code)) in contracts().into_iter().enumerate() {
        let (own, through) = (at(2 * i as u64), at(2 * i as u64 + 1));
        installed.extend([(own, code), (through, forwarder(own))]);
        calls.push((name.to_owned(), call(own, vec![1; 40])));
        calls.push((format!("{name}, one frame below"), call(through, vec![1; 40])));
    }
    let deep = at(0x1000);
    installed.push((deep, tower(deep)));
    calls.push(("1,024 frames".into(), CallRequest { gas_limit: Some(PLENTY), ..call(deep, Vec::new()) }));
    let precompiles = (1..=0x12).map(H160::from_low_u64_be).chain([H160::from_low_u64_be(0x100)]);
    for (i, precompile) in precompiles.enumerate() {
        let through = at(0x2000 + i as u64);
        installed.push((through, forwarder(precompile)));
        for length in [0, 32, 96, 128, 160, 192, 213, 256, 288, 384, 512] {
            let data: Vec<u8> = (0..length).map(|byte| if byte % 32 == 31 { 1 } else { 0 }).collect();
            calls.push((format!("{precompile:?} with {length} bytes"), call(through, data)));
        }
    }
    for (i, contract) in [addresses::TOKENS, addresses::USERS, addresses::NATIVE_CALLS].into_iter().enumerate() {
        let through = at(0x3000 + i as u64);
        installed.push((through, forwarder(contract)));
        for data in [vec![], vec![1, 2, 3, 4], vec![0xff; 100], selector("totalSupply()"), selector("apps(bytes16)")] {
            calls.push((format!("{contract:?}"), call(contract, data.clone())));
            calls.push((format!("{contract:?} through a contract"), call(through, data)));
        }
    }
    let poor = H160::repeat_byte(0x99);
    calls.extend([
        ("a transfer".into(), CallRequest { value: 5.into(), ..call(poor, Vec::new()) }),
        (
            "a transfer of what isn't there".into(),
            CallRequest { from: poor, value: 5.into(), ..call(from, Vec::new()) },
        ),
        ("too little gas".into(), CallRequest { gas_limit: Some(20_000), ..call(poor, Vec::new()) }),
        ("a creation".into(), CallRequest { to: None, data: push(1), from, ..Default::default() }),
        (
            "a creation of 0xef".into(),
            CallRequest {
                to: None,
                data: [push(U256::from(0xef) << 248), vec![op::PUSH0, op::MSTORE, op::PUSH1, 1, op::PUSH0, op::RETURN]]
                    .concat(),
                from,
                ..Default::default()
            },
        ),
        ("too long a creation".into(), CallRequest { to: None, data: vec![0; 50_000], from, ..Default::default() }),
        (
            "a tip above the cap".into(),
            CallRequest { max_fee_per_gas: Some(1), max_priority_fee_per_gas: Some(2), ..call(poor, Vec::new()) },
        ),
    ]);
    (installed, calls)
}

fn selector(signature: &str) -> Vec<u8> {
    sp_io::hashing::keccak_256(signature.as_bytes())[..4].to_vec()
}

#[test]
fn every_call_comes_to_the_same() {
    let (installed, calls) = corpus();
    let chain = Chain::new(&installed);
    let mut succeeded = 0;
    for (name, request) in &calls {
        for function in ["EthereumApi_call", "EthereumApi_estimate_gas"] {
            let (native, wasm) = (chain.native(function, request), chain.wasm(function, request));
            let decode = |bytes: &[u8]| Outcome::decode(&mut &bytes[..]).expect("is an outcome");
            assert_eq!(decode(&native), decode(&wasm), "{function}: {name}");
            assert_eq!(native, wasm, "{function}: {name}");
            succeeded += usize::from(decode(&native).is_ok_and(|outcome| outcome.status == CallStatus::Success));
        }
    }
    assert!(succeeded > calls.len() / 2, "only {succeeded} calls of {} did anything", calls.len());
}

#[test]
fn native_frames_go_as_deep_as_ethereums() {
    // On a thread as small as those that answer requests.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let own = at(0);
        let chain = Chain::new(&[(own, tower(own))]);
        let from = H160::from(genesis::DEVELOPMENT_ACCOUNTS[0]);
        let request = CallRequest { from, to: Some(own), gas_limit: Some(PLENTY), ..Default::default() };
        Outcome::decode(&mut chain.native("EthereumApi_call", &request).as_slice()).expect("is an outcome")
    });
    let outcome = thread.expect("starts").join().expect("the stack suffices").expect("is executed");
    assert_eq!(U256::from_big_endian(&outcome.output), 1025.into());
}

#[test]
fn a_panic_is_an_error_and_leaves_the_overlay_usable() {
    let chain = Chain::new(&[]);
    let mut overlay = chain.overlay.clone();
    let panicked = run(&chain.state, &mut overlay, &mut Extensions::default(), || {
        sp_io::storage::start_transaction();
        put_code::<Runtime>(at(1), &[1]);
        panic!("on purpose");
    });
    assert_eq!(panicked.expect_err("panics").to_string(), "the runtime panicked: on purpose");
    let code =
        run(&chain.state, &mut overlay, &mut Extensions::default(), || pallet_evm::Pallet::<Runtime>::code(at(1)));
    assert_eq!(code.expect("doesn't panic"), Vec::<u8>::new());
}

#[test]
fn another_version_is_not_the_same() {
    assert!(native::is_same(&VERSION));
    let other = sp_version::RuntimeVersion { spec_version: VERSION.spec_version + 1, ..VERSION };
    assert!(!native::is_same(&other));
    let other = sp_version::RuntimeVersion { transaction_version: VERSION.transaction_version + 1, ..VERSION };
    assert!(!native::is_same(&other));
    let other = sp_version::RuntimeVersion { spec_name: "other".into(), ..VERSION };
    assert!(!native::is_same(&other));
}

/// `cargo test --release -p hanse-node native_or_wasm -- --ignored --nocapture` prints microseconds per call.
#[test]
#[ignore = "measures"]
fn native_or_wasm() {
    let (installed, calls) = corpus();
    let chain = Chain::new(&installed);
    for name in ["stops", "stores and logs", "hashes", "loops", "1,024 frames", "a transfer"] {
        let (_, request) = calls.iter().find(|(known, _)| known == name).expect("is in the corpus");
        let time = |call: &dyn Fn() -> Vec<u8>| {
            let (started, mut count) = (Instant::now(), 0);
            while count < 3 || started.elapsed() < Duration::from_millis(500) {
                call();
                count += 1;
            }
            started.elapsed().as_micros() / count
        };
        let native = time(&|| chain.native("EthereumApi_call", request));
        let wasm = time(&|| chain.wasm("EthereumApi_call", request));
        println!("{name:<20} native {native:>8} µs   wasm {wasm:>8} µs");
    }
}
