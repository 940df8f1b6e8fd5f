// Hardhat's network helpers, one by one.

const { expect } = require('chai');
const { ethers } = require('hardhat');
const {
  impersonateAccount, mine, mineUpTo, setBalance, setCode, setNonce, setStorageAt, stopImpersonatingAccount, takeSnapshot,
  time,
} = require('@nomicfoundation/hardhat-network-helpers');

const { provider } = ethers;
const fresh = () => ethers.Wallet.createRandom().address;

describe('network helpers', () => {
  it('mine blocks', async () => {
    const before = await provider.getBlockNumber();
    await mine();
    await mine(5);
    expect(await provider.getBlockNumber()).to.equal(before + 6);
    await mineUpTo(before + 10);
    expect(await provider.getBlockNumber()).to.equal(before + 10);
  });

  it('move the time', async () => {
    const before = await time.latest();
    await time.increase(3600);
    expect(await time.latest()).to.be.at.least(before + 3600);
    await time.increaseTo(before + 10_000);
    expect(await time.latest()).to.equal(before + 10_000);
    await time.setNextBlockTimestamp(before + 20_000);
    await mine();
    expect(await time.latest()).to.equal(before + 20_000);
  });

  it('set balance, nonce, code and storage', async () => {
    const address = fresh();
    await setBalance(address, 5n);
    expect(await provider.getBalance(address)).to.equal(5n);
    await setNonce(address, 9);
    expect(await provider.getTransactionCount(address)).to.equal(9);
    await setCode(address, '0x5f545f5260205ff3'); // returns its first slot
    await setStorageAt(address, 0, 77);
    expect(BigInt(await provider.call({ to: address }))).to.equal(77n);
  });

  it('impersonate an account', async () => {
    const address = fresh();
    await setBalance(address, ethers.parseEther('1'));
    await impersonateAccount(address);
    const signer = new ethers.JsonRpcSigner(new ethers.JsonRpcProvider(process.env.HANSE_RPC_URL), address);
    const receipt = await (await signer.sendTransaction({ to: fresh(), value: 1n })).wait();
    expect(receipt.from).to.equal(address);
    await stopImpersonatingAccount(address);
    signer.provider.destroy();
  });

  it('take a snapshot and go back to it', async () => {
    const [alice] = await ethers.getSigners();
    const snapshot = await takeSnapshot();
    const [number, address] = [await provider.getBlockNumber(), fresh()];
    for (let round = 0; round < 2; round++) {
      await (await alice.sendTransaction({ to: address, value: 3n })).wait();
      expect(await provider.getBalance(address)).to.equal(3n);
      await snapshot.restore();
      expect(await provider.getBalance(address)).to.equal(0n);
      expect(await provider.getBlockNumber()).to.equal(number);
    }
  });
});
