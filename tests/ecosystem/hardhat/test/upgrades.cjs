// OpenZeppelin's upgradeable proxies, by their Hardhat plugin.

const { expect } = require('chai');
const { ethers, upgrades } = require('hardhat');

const factory = (name) => ethers.getContractFactory(name);
let alice, bob;

before(async () => {
  [alice, bob] = await ethers.getSigners();
});

for (const [kind, first, second] of [['transparent', 'Box', 'BoxV2'], ['uups', 'SelfBox', 'SelfBoxV2']]) {
  it(`a ${kind} proxy keeps its state through an upgrade`, async () => {
    const box = await upgrades.deployProxy(await factory(first), [alice.address, 42n], { kind });
    await box.waitForDeployment();
    const before = await upgrades.erc1967.getImplementationAddress(box.target);
    await expect(box.initialize(bob, 1n)).to.be.revertedWithCustomError(box, 'InvalidInitialization');

    const upgraded = await upgrades.upgradeProxy(box, await factory(second), { kind });
    await upgraded.deployTransaction.wait();
    expect(await upgrades.erc1967.getImplementationAddress(box.target)).not.to.equal(before);
    expect(upgraded.target).to.equal(box.target);
    expect(await upgraded.value()).to.equal(42n);
    await expect(upgraded.connect(bob).relabel('not mine')).to.be.revertedWithCustomError(upgraded, 'OwnableUnauthorizedAccount');
    await (await upgraded.relabel('salt')).wait();
    expect(await upgraded.label()).to.equal('salt');
  });
}

it('only the owner upgrades a UUPS proxy', async () => {
  const box = await upgrades.deployProxy(await factory('SelfBox'), [bob.address, 1n], { kind: 'uups' });
  await box.waitForDeployment();
  const next = await ethers.deployContract('SelfBoxV2');
  await next.waitForDeployment();
  await expect(box.connect(alice).upgradeToAndCall(next, '0x')).to.be.revertedWithCustomError(box, 'OwnableUnauthorizedAccount');
  await expect(box.connect(bob).upgradeToAndCall(next, '0x')).to.emit(box, 'Upgraded').withArgs(next.target);
});

it('a beacon upgrades all its proxies at once', async () => {
  const beacon = await upgrades.deployBeacon(await factory('Box'));
  await beacon.waitForDeployment();
  const boxes = [];
  for (const value of [1n, 2n]) {
    const box = await upgrades.deployBeaconProxy(beacon, await factory('Box'), [alice.address, value]);
    boxes.push(await box.waitForDeployment());
  }
  await (await upgrades.upgradeBeacon(beacon, await factory('BoxV2'))).waitForDeployment();
  for (const [index, box] of boxes.entries()) {
    const upgraded = (await factory('BoxV2')).attach(box.target);
    await (await upgraded.relabel(`box ${index}`)).wait();
    expect(await upgraded.label()).to.equal(`box ${index}`);
    expect(await upgraded.value()).to.equal(BigInt(index + 1));
  }
});
