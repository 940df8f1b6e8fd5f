//! Why a call reverted, in words.

/// `Error(string)`.
const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// `Panic(uint256)`.
const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// The reason that Solidity's `require`, `revert` and `assert` put into the output. `None` for custom errors and
/// anything else.
pub fn reason(output: &[u8]) -> Option<String> {
    let (selector, arguments) = output.split_first_chunk::<4>()?;
    match *selector {
        ERROR => {
            let offset = number(arguments.get(..32)?)?;
            let text = arguments.get(offset..)?;
            let length = number(text.get(..32)?)?;
            let bytes = text.get(32..32usize.checked_add(length)?)?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        PANIC => {
            let code = number(arguments.get(..32)?)?;
            Some(panic_text(code).map_or_else(|| format!("unknown panic code: 0x{code:x}"), str::to_owned))
        }
        _ => None,
    }
}

/// Solidity's panic codes, with geth's texts.
fn panic_text(code: usize) -> Option<&'static str> {
    Some(match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return None,
    })
}

/// An ABI word as a number, if it is one that can be a length.
fn number(word: &[u8]) -> Option<usize> {
    let (high, low) = word.split_last_chunk::<8>().map(|(high, low)| (high, u64::from_be_bytes(*low)))?;
    high.iter().all(|byte| *byte == 0).then(|| usize::try_from(low).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: u64) -> Vec<u8> {
        let mut word = vec![0; 24];
        word.extend(value.to_be_bytes());
        word
    }

    #[test]
    fn reads_error_and_panic() {
        let mut text = b"not enough".to_vec();
        text.resize(32, 0);
        let error = [ERROR.to_vec(), word(32), word(10), text].concat();
        assert_eq!(reason(&error).as_deref(), Some("not enough"));
        assert_eq!(reason(&[PANIC.to_vec(), word(0x11)].concat()).as_deref(), Some("arithmetic underflow or overflow"));
        assert_eq!(reason(&[PANIC.to_vec(), word(0x99)].concat()).as_deref(), Some("unknown panic code: 0x99"));
    }

    #[test]
    fn damaged_output_has_no_reason() {
        let huge = [ERROR.to_vec(), word(u64::MAX), word(u64::MAX)].concat();
        let long = [ERROR.to_vec(), word(32), word(u64::MAX)].concat();
        for output in [&[][..], &ERROR, &[1, 2, 3, 4], &huge, &long] {
            assert_eq!(reason(output), None);
        }
    }
}
