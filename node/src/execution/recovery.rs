//! Recovery of public keys for the Wasm, answered from memory where the node has recovered the key before.
//!
//! When a block's author executes a transaction, the pool has validated it natively and knows its sender's key. The
//! answer is the same as the SDK's, which gives it wherever nothing is remembered.

use codec::Encode;
use hanse_primitives::keys;
use sp_io::EcdsaVerifyError;
use sp_wasm_interface::{
    Function, FunctionContext, HostFunctionRegistry, HostFunctions, Pointer, Result, Signature, Value, ValueType,
    anyhow, wasmtime::Caller,
};

/// The SDK's function that this stands before, by the name under which the Wasm knows it.
const NAME: &str = "ext_crypto_secp256k1_ecdsa_recover_version_2";

/// The host function, to be laid over the SDK's.
pub struct Recovery;

impl Function for Recovery {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> Signature {
        Signature::new(&[ValueType::I32, ValueType::I32][..], Some(ValueType::I64))
    }

    fn execute(
        &self,
        context: &mut dyn FunctionContext,
        args: &mut dyn Iterator<Item = Value>,
    ) -> Result<Option<Value>> {
        let (Some(Value::I32(signature)), Some(Value::I32(hash))) = (args.next(), args.next()) else {
            return Err(format!("{NAME}: two pointers are expected"));
        };
        let answer = recover(context, signature.cast_unsigned(), hash.cast_unsigned())?;
        Ok(Some(Value::I64(answer.cast_signed())))
    }
}

impl HostFunctions for Recovery {
    fn host_functions() -> Vec<&'static dyn Function> {
        vec![&Self]
    }

    fn register_static<T: HostFunctionRegistry>(registry: &mut T) -> std::result::Result<(), T::Error> {
        let function = |caller: Caller<'_, T::State>, signature: u32, hash: u32| {
            T::with_function_context(caller, |context| recover(context, signature, hash)).map_err(anyhow::Error::msg)
        };
        registry.register_static(NAME, function)
    }
}

/// Reads a signature and a hash from the Wasm's memory, and writes the result there: a pointer in the lower half of what is
/// answered, its length in the upper.
fn recover(context: &mut dyn FunctionContext, signature: u32, hash: u32) -> Result<u64> {
    let (mut signed, mut over) = ([0; 65], [0; 32]);
    context.read_memory_into(Pointer::new(signature), &mut signed)?;
    context.read_memory_into(Pointer::new(hash), &mut over)?;
    let key: std::result::Result<[u8; 64], EcdsaVerifyError> = match keys::recall(&signed, &over) {
        Some(key) => Ok(key),
        None => sp_io::crypto::secp256k1_ecdsa_recover(&signed, &over),
    };
    let encoded = key.encode();
    let length = u32::try_from(encoded.len()).map_err(|error| error.to_string())?;
    let place = context.allocate_memory(length)?;
    context.write_memory(place, &encoded)?;
    Ok(u64::from(length) << 32 | u64::from(u32::from(place)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Decode;
    use sp_core::{Pair, ecdsa};

    /// A Wasm instance's memory, of which nothing is given back.
    #[derive(Default)]
    struct Memory(Vec<u8>);

    impl Memory {
        fn hold(&mut self, data: &[u8]) -> u32 {
            let place = self.0.len() as u32;
            self.0.extend(data);
            place
        }
    }

    impl FunctionContext for Memory {
        fn read_memory_into(&mut self, address: Pointer<u8>, dest: &mut [u8]) -> Result<()> {
            let start = u32::from(address) as usize;
            dest.copy_from_slice(self.0.get(start..start + dest.len()).ok_or("out of bounds")?);
            Ok(())
        }

        fn write_memory(&mut self, address: Pointer<u8>, data: &[u8]) -> Result<()> {
            let start = u32::from(address) as usize;
            self.0.get_mut(start..start + data.len()).ok_or("out of bounds")?.copy_from_slice(data);
            Ok(())
        }

        fn allocate_memory(&mut self, size: u32) -> Result<Pointer<u8>> {
            Ok(Pointer::new(self.hold(&vec![0; size as usize])))
        }

        fn deallocate_memory(&mut self, _: Pointer<u8>) -> Result<()> {
            Ok(())
        }

        fn register_panic_error_message(&mut self, message: &str) {
            panic!("{message}");
        }
    }

    type Answer = std::result::Result<[u8; 64], EcdsaVerifyError>;

    fn ask(signature: &[u8; 65], hash: &[u8; 32]) -> Answer {
        let mut memory = Memory::default();
        let args = [memory.hold(signature), memory.hold(hash)].map(|place| Value::I32(place.cast_signed()));
        let Ok(Some(Value::I64(packed))) = Recovery.execute(&mut memory, &mut args.into_iter()) else {
            panic!("no answer")
        };
        let (place, length) = (packed as u32 as usize, (packed >> 32) as usize);
        Answer::decode(&mut &memory.0[place..place + length]).expect("decodes")
    }

    #[test]
    fn answers_what_the_sdk_answers() {
        let hash = [3; 32];
        let good = ecdsa::Pair::from_seed(&[9; 32]).sign_prehashed(&hash).0;
        let mut wallets = good;
        wallets[64] += 27;
        let mut no_recovery_id = good;
        no_recovery_id[64] = 9;
        for signature in [good, wallets, no_recovery_id, [0; 65], [0xff; 65]] {
            let expected = sp_io::crypto::secp256k1_ecdsa_recover(&signature, &hash);
            assert_eq!(ask(&signature, &hash).encode(), expected.encode());
            let _ = keys::recover(&signature, &hash);
            assert_eq!(ask(&signature, &hash).encode(), expected.encode());
        }
        assert!(ask(&good, &hash).is_ok());
    }

    #[test]
    fn stands_before_a_function_that_the_sdk_has() {
        let known = sp_io::SubstrateHostFunctions::host_functions();
        let base = known.into_iter().find(|function| function.name() == NAME).expect("the SDK has it");
        assert_eq!(base.signature(), Recovery.signature());
    }
}
