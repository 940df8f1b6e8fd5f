// A browser wallet in small: an EIP-1193 provider that holds keys, suggests fees by eth_feeHistory, signs, and hands
// every other request on to the node.

import { EventEmitter } from 'node:events';
import { hexToBigInt, hexToNumber, numberToHex } from 'viem';
import { rpc } from './chain.mjs';

/** Refusals by EIP-1193 and EIP-3085. */
const refusal = (code, message) => Object.assign(new Error(message), { code });

export class Wallet extends EventEmitter {
  #accounts;
  #rpcUrl;

  /** @param {string} rpcUrl of the node; @param {object[]} accounts viem's local accounts, the selected one first */
  constructor(rpcUrl, accounts) {
    super();
    this.#rpcUrl = rpcUrl;
    this.#accounts = accounts;
  }

  /** EIP-1193. */
  async request({ method, params = [] }) {
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return this.#accounts.map((account) => account.address);
      case 'eth_sendTransaction':
        return this.#send(params[0]);
      case 'personal_sign':
        return this.#account(params[1]).signMessage({ message: { raw: params[0] } });
      case 'eth_signTypedData_v4':
        return this.#account(params[0]).signTypedData(JSON.parse(params[1]));
      case 'wallet_switchEthereumChain':
        if (params[0].chainId === await this.#node('eth_chainId')) return null;
        throw refusal(4902, `unrecognized chain ${params[0].chainId}`);
      default:
        return this.#node(method, params);
    }
  }

  #node(method, params) {
    return rpc(this.#rpcUrl, method, params);
  }

  #account(address) {
    const found = this.#accounts.find((account) => account.address.toLowerCase() === address.toLowerCase());
    if (!found) throw refusal(4100, `no key for ${address}`);
    return found;
  }

  async #send(request) {
    const account = this.#account(request.from);
    const [chainId, nonce, fees] = await Promise.all([
      this.#node('eth_chainId'),
      request.nonce ?? this.#node('eth_getTransactionCount', [account.address, 'pending']),
      this.suggestFees(),
    ]);
    const gas = request.gas ?? await this.#node('eth_estimateGas', [{ ...request, gas: undefined }]);
    const signed = await account.signTransaction({
      type: 'eip1559',
      chainId: hexToNumber(chainId),
      nonce: hexToNumber(nonce),
      gas: hexToBigInt(gas),
      to: request.to,
      value: hexToBigInt(request.value ?? '0x0'),
      data: request.data,
      ...fees,
    });
    return this.#node('eth_sendRawTransaction', [signed]);
  }

  /**
   * The median tip of recent blocks over twice the coming base fee, as wallets do.
   * @returns {Promise<{maxFeePerGas: bigint, maxPriorityFeePerGas: bigint}>} in wei
   */
  async suggestFees() {
    const history = await this.#node('eth_feeHistory', [numberToHex(10), 'latest', [50]]);
    const baseFee = hexToBigInt(history.baseFeePerGas.at(-1));
    const tips = (history.reward ?? []).map(([tip]) => hexToBigInt(tip)).sort((a, b) => (a < b ? -1 : 1));
    const maxPriorityFeePerGas = tips[Math.floor(tips.length / 2)] ?? 0n;
    return { maxFeePerGas: 2n * baseFee + maxPriorityFeePerGas, maxPriorityFeePerGas };
  }
}
