// A governor with a timelock, with Hardhat's helpers for time and snapshots.

const { expect } = require('chai');
const { ethers } = require('hardhat');
const { loadFixture, mine, time } = require('@nomicfoundation/hardhat-network-helpers');

const day = 24 * 60 * 60;
const deploy = async (name, ...args) => (await ethers.deployContract(name, args)).waitForDeployment();
const done = async (transaction) => (await transaction).wait();

async function council() {
  const [alice, bob, carol] = await ethers.getSigners();
  const gold = await deploy('Gold', 1000n);
  const timelock = await deploy('TimelockController', 2 * day, [], [ethers.ZeroAddress], alice.address);
  const governor = await deploy('Council', gold.target, timelock.target);
  await done(timelock.grantRole(await timelock.PROPOSER_ROLE(), governor));
  await done(gold.transfer(timelock, 500n));
  await done(gold.transfer(bob, 150n));
  for (const voter of [alice, bob]) await done(gold.connect(voter).delegate(voter));
  return { gold, timelock, governor, alice, bob, carol };
}

/** Proposes to pay `to` ten gold; returns the arguments that queue and execute it, and its id. */
async function propose({ gold, governor }, to) {
  const call = [[gold.target], [0n], [gold.interface.encodeFunctionData('transfer', [to.address, 10n])]];
  await done(governor.propose(...call, 'pay'));
  const args = [...call, ethers.id('pay')];
  return { args, id: await governor.hashProposal(...args) };
}

describe('Governor with timelock', () => {
  it('pays nothing when more are against', async () => {
    const all = await loadFixture(council);
    const { governor, alice, bob, carol } = all;
    const { args, id } = await propose(all, carol);
    await expect(governor.castVote(id, 1)).to.be.revertedWithCustomError(governor, 'GovernorUnexpectedProposalState');

    await mine(6);
    await expect(governor.connect(bob).castVote(id, 1)).to.emit(governor, 'VoteCast').withArgs(bob.address, id, 1, 150n, '');
    await done(governor.connect(alice).castVote(id, 0));
    expect(await governor.proposalVotes(id)).to.deep.equal([350n, 150n, 0n]);
    await mine(51);
    expect(await governor.state(id)).to.equal(3n); // defeated: more against than for
    await expect(governor.queue(...args)).to.be.revertedWithCustomError(governor, 'GovernorUnexpectedProposalState');
  });

  it('queues, waits and executes', async () => {
    const all = await loadFixture(council);
    const { gold, governor, bob, carol } = all;
    const { args, id } = await propose(all, carol);
    await mine(6);
    await done(governor.castVote(id, 1));
    await done(governor.connect(bob).castVote(id, 2));
    await mine(51);
    expect(await governor.state(id)).to.equal(4n); // succeeded

    await done(governor.queue(...args));
    await expect(governor.execute(...args)).to.be.reverted;
    await time.increaseTo(await governor.proposalEta(id));
    await done(governor.execute(...args));
    expect(await governor.state(id)).to.equal(7n); // executed
    expect(await gold.balanceOf(carol)).to.equal(10n);
  });

  it('a fixture is as it was, however often it is loaded', async () => {
    const { gold, carol } = await loadFixture(council);
    expect(await gold.balanceOf(carol)).to.equal(0n);
  });
});
