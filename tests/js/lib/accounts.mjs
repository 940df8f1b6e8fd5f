// The development network's accounts: the well-known mnemonic of Hardhat and anvil. Never use them elsewhere.

import { mnemonicToAccount } from 'viem/accounts';

export const mnemonic = 'test test test test test test test test test test test junk';

/** @param {number} index 0 to 9 hold coins on a `--dev` chain */
export const devAccount = (index) => mnemonicToAccount(mnemonic, { addressIndex: index });

/** @returns {`0x${string}`} the private key of a development account */
export function devKey(index) {
  const key = devAccount(index).getHdKey().privateKey;
  return `0x${Buffer.from(key).toString('hex')}`;
}
