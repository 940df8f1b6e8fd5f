// A dApp in front of a wallet: EIP-1193, typed data and messages checked on chain, by viem and ethers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrowserProvider, Contract, Signature } from 'ethers';
import {
  createPublicClient, createWalletClient, custom, hashMessage, http, parseEther, parseSignature, stringToHex, toHex,
} from 'viem';
import { compile, devAccount, viemChain, withChain } from '../lib/chain.mjs';
import { Wallet } from '../lib/wallet.mjs';

const supply = parseEther('1000');
const [owner, spender] = [devAccount(0), devAccount(1)];
const [silver, clerk] = [compile('Silver'), compile('Clerk')];
let node, chain, wallet, client, dapp;

withChain(async (started) => {
  node = started;
  chain = viemChain(node);
  wallet = new Wallet(node.rpcUrl, [owner]);
  client = createPublicClient({ chain, transport: custom(wallet), pollingInterval: 50, cacheTime: 0 });
  dapp = createWalletClient({ chain, transport: custom(wallet), account: owner.address });
});

const mined = async (hash) => client.waitForTransactionReceipt({ hash: await hash });

async function deploy({ abi, bytecode }, ...args) {
  return (await mined(dapp.deployContract({ abi, bytecode, args }))).contractAddress;
}

/** The fields of ERC-2612's permit, for a token named Silver. */
const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' }, { name: 'spender', type: 'address' }, { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' },
  ],
};
const deadline = 4_102_444_800n; // the year 2100

test('connects, and agrees with the node on the chain', async () => {
  assert.deepEqual(await dapp.requestAddresses(), [owner.address]);
  assert.equal(await wallet.request({ method: 'eth_chainId' }), toHex(node.chainId));
  assert.equal(await wallet.request({ method: 'net_version' }), String(node.chainId));
  await dapp.switchChain({ id: node.chainId });
  await assert.rejects(dapp.switchChain({ id: 1 }), { code: 4902 });
});

test('sends with fees suggested by eth_feeHistory', async () => {
  const fees = await wallet.suggestFees();
  const receipt = await mined(dapp.sendTransaction({ to: spender.address, value: 1n }));
  assert.equal(receipt.status, 'success');
  assert.ok(receipt.effectiveGasPrice <= fees.maxFeePerGas);
});

test('a permit (ERC-2612) signed by viem lets another spend', async () => {
  const token = await deploy(silver, supply);
  const signature = await dapp.signTypedData({
    domain: { name: 'Silver', version: '1', chainId: node.chainId, verifyingContract: token },
    types: permitTypes,
    primaryType: 'Permit',
    message: { owner: owner.address, spender: spender.address, value: 5n, nonce: 0n, deadline },
  });
  const { r, s, v } = parseSignature(signature);
  const other = createWalletClient({ chain, transport: http(), account: spender });
  const call = { abi: silver.abi, address: token };
  const permit = { ...call, functionName: 'permit', args: [owner.address, spender.address, 5n, deadline, Number(v), r, s] };
  await mined(other.writeContract(permit));
  await mined(other.writeContract({ ...call, functionName: 'transferFrom', args: [owner.address, spender.address, 5n] }));
  assert.equal(await client.readContract({ ...call, functionName: 'balanceOf', args: [spender.address] }), 5n);
  assert.equal(await client.readContract({ ...call, functionName: 'nonces', args: [owner.address] }), 1n);
  await assert.rejects(other.writeContract(permit), /ERC2612InvalidSigner/, 'a permit is good once');
});

test('a permit signed by ethers through the same wallet is the same', async () => {
  const address = await deploy(silver, supply);
  const provider = new BrowserProvider(wallet, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  try {
    const signer = await provider.getSigner();
    const token = new Contract(address, silver.abi, signer);
    const domain = { name: 'Silver', version: '1', chainId: node.chainId, verifyingContract: address };
    const message = { owner: owner.address, spender: spender.address, value: 6n, nonce: 0n, deadline };
    const { v, r, s } = Signature.from(await signer.signTypedData(domain, permitTypes, message));
    await (await token.permit(owner.address, spender.address, 6n, deadline, v, r, s)).wait();
    assert.equal(await token.allowance(owner.address, spender.address), 6n);
  } finally {
    provider.destroy();
  }
});

test('a contract recovers the signers of typed data and of messages', async () => {
  const address = await deploy(clerk, owner.address);
  const call = { abi: clerk.abi, address };
  const message = { buyer: owner.address, amount: 12n, item: 'barrels of herring' };
  const order = await dapp.signTypedData({
    domain: { name: 'Clerk', version: '1', chainId: node.chainId, verifyingContract: address },
    types: { Order: [{ name: 'buyer', type: 'address' }, { name: 'amount', type: 'uint256' }, { name: 'item', type: 'string' }] },
    primaryType: 'Order',
    message,
  });
  const buyer = (amount) => client.readContract({ ...call, functionName: 'buyerOf', args: [message.buyer, amount, message.item, order] });
  assert.equal(await buyer(12n), owner.address);
  assert.notEqual(await buyer(13n), owner.address);

  const text = 'Ahoy, Lübeck';
  const letter = await dapp.signMessage({ message: text });
  assert.equal(await client.readContract({ ...call, functionName: 'writerOf', args: [stringToHex(text), letter] }), owner.address);

  // EIP-1271: the contract answers for its owner.
  const valid = (signature) => client.readContract({ ...call, functionName: 'isValidSignature', args: [hashMessage(text), signature] });
  assert.equal(await valid(letter), '0x1626ba7e');
  assert.equal(await valid(await spender.signMessage({ message: text })), '0xffffffff');
  assert.ok(await client.verifyMessage({ address, message: text, signature: letter }), 'viem asks the contract');
});
