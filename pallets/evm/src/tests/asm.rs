//! A few lines of assembler.

use crate::revm::bytecode::opcode as op;
use sp_core::{H160, U256};

/// Bytecode in the making.
#[derive(Clone, Default)]
pub struct Asm(Vec<u8>);

impl Asm {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One opcode.
    pub fn op(mut self, opcode: u8) -> Self {
        self.0.push(opcode);
        self
    }

    /// Pushes a number, in as few bytes as it takes.
    pub fn push(mut self, value: impl Into<U256>) -> Self {
        let bytes = value.into().to_big_endian();
        let digits = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(32)..];
        self.0.push(op::PUSH0 + digits.len() as u8);
        self.0.extend_from_slice(digits);
        self
    }

    /// Pushes an address.
    pub fn address(self, address: H160) -> Self {
        self.push(U256::from_big_endian(&address.0))
    }

    /// `storage[slot] = value`.
    pub fn sstore(self, slot: u64, value: impl Into<U256>) -> Self {
        self.push(value).push(slot).op(op::SSTORE)
    }

    /// `storage[slot] = ` what is on top of the stack.
    pub fn store_top(self, slot: u64) -> Self {
        self.push(slot).op(op::SSTORE)
    }

    /// Calls with one byte of input and leaves on the stack whether it succeeded. One word of what was returned is in
    /// memory at 32. `scheme` is the opcode.
    pub fn call(self, scheme: u8, to: H160, input: u8) -> Self {
        let code = self.push(input).push(0).op(op::MSTORE8).push(32).push(32).push(1).push(0);
        let code = if matches!(scheme, op::CALL | op::CALLCODE) { code.push(0) } else { code };
        code.address(to).op(op::GAS).op(scheme)
    }

    /// The same with a gas limit.
    pub fn call_with_gas(self, scheme: u8, to: H160, input: u8, gas: u64) -> Self {
        let mut code = self.call(scheme, to, input);
        let scheme = code.0.pop().expect("ends in the call");
        code.0.pop().expect("before it GAS");
        code.push(gas).op(scheme)
    }

    /// Creates a contract with this init code and leaves its address on the stack.
    pub fn create(mut self, init_code: Vec<u8>) -> Self {
        for (i, byte) in init_code.iter().enumerate() {
            self = self.push(*byte).push(i as u64).op(op::MSTORE8);
        }
        self.push(init_code.len() as u64).push(0).push(0).op(op::CREATE)
    }

    /// Returns the word on top of the stack.
    pub fn return_top(self) -> Self {
        self.push(0).op(op::MSTORE).push(32).push(0).op(op::RETURN)
    }

    /// Reverts with no reason.
    pub fn revert(self) -> Self {
        self.push(0).push(0).op(op::REVERT)
    }

    /// Reverts with one word as its reason.
    pub fn revert_with(self, word: u64) -> Self {
        self.push(word).push(0).op(op::MSTORE).push(32).push(0).op(op::REVERT)
    }

    /// The bytecode.
    pub fn build(self) -> Vec<u8> {
        self.0
    }

    /// Init code that runs this and then deploys `runtime`.
    pub fn deploying(self, runtime: &[u8]) -> Vec<u8> {
        let length = runtime.len() as u64;
        // Where the runtime starts depends on the length of what pushes it: 3 bytes suffice here.
        let tail = |offset: u64| Asm(vec![op::PUSH3, (offset >> 16) as u8, (offset >> 8) as u8, offset as u8]);
        let head = |offset: u64| {
            let mut code = self.clone().push(length);
            code.0.extend(tail(offset).0);
            code.push(0).op(op::CODECOPY).push(length).push(0).op(op::RETURN)
        };
        let offset = head(0).0.len() as u64;
        let mut code = head(offset).0;
        code.extend_from_slice(runtime);
        code
    }
}
