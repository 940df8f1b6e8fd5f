// OpenZeppelin's tokens behave as their standards say.

const { expect } = require('chai');
const { ethers } = require('hardhat');

const deploy = async (name, ...args) => (await ethers.deployContract(name, args)).waitForDeployment();
const done = async (transaction) => (await transaction).wait();
let alice, bob, carol;

before(async () => {
  [alice, bob, carol] = await ethers.getSigners();
});

describe('ERC-20', () => {
  let gold;
  beforeEach(async () => {
    gold = await deploy('Gold', 1000n);
  });

  it('has a name, a symbol, decimals and a supply', async () => {
    expect(await gold.name()).to.equal('Gold');
    expect(await gold.symbol()).to.equal('AU');
    expect(await gold.decimals()).to.equal(18n);
    expect(await gold.totalSupply()).to.equal(1000n);
  });

  it('moves, and logs it', async () => {
    await expect(gold.transfer(bob, 10n)).to.emit(gold, 'Transfer').withArgs(alice.address, bob.address, 10n);
    await expect(gold.transfer(bob, 5n)).to.changeTokenBalances(gold, [alice, bob], [-5n, 5n]);
  });

  it('lets the approved spend, no more', async () => {
    await expect(gold.approve(bob, 10n)).to.emit(gold, 'Approval').withArgs(alice.address, bob.address, 10n);
    await done(gold.connect(bob).transferFrom(alice, carol, 4n));
    expect(await gold.allowance(alice, bob)).to.equal(6n);
    await expect(gold.connect(bob).transferFrom(alice, carol, 7n))
      .to.be.revertedWithCustomError(gold, 'ERC20InsufficientAllowance').withArgs(bob.address, 6n, 7n);
  });

  it('refuses what is not there, and the zero address', async () => {
    await expect(gold.connect(bob).transfer(alice, 1n))
      .to.be.revertedWithCustomError(gold, 'ERC20InsufficientBalance').withArgs(bob.address, 0n, 1n);
    await expect(gold.transfer(ethers.ZeroAddress, 1n))
      .to.be.revertedWithCustomError(gold, 'ERC20InvalidReceiver').withArgs(ethers.ZeroAddress);
  });
});

describe('ERC-721', () => {
  let deed;
  beforeEach(async () => {
    deed = await deploy('Deed');
    await done(deed.grantRole(await deed.REGISTRAR(), alice));
  });

  it('mints, with a URI, each id once', async () => {
    await expect(deed.mint(bob, 7n, 'ipfs://seven')).to.emit(deed, 'Transfer').withArgs(ethers.ZeroAddress, bob.address, 7n);
    expect(await deed.ownerOf(7n)).to.equal(bob.address);
    expect(await deed.tokenURI(7n)).to.equal('ipfs://seven');
    await expect(deed.mint(bob, 7n, '')).to.be.revertedWithCustomError(deed, 'ERC721InvalidSender');
  });

  it('moves by its owner or who is approved', async () => {
    await done(deed.mint(bob, 1n, ''));
    await expect(deed.connect(carol).transferFrom(bob, carol, 1n))
      .to.be.revertedWithCustomError(deed, 'ERC721InsufficientApproval').withArgs(carol.address, 1n);
    await done(deed.connect(bob).approve(carol, 1n));
    await done(deed.connect(carol).transferFrom(bob, carol, 1n));
    expect(await deed.ownerOf(1n)).to.equal(carol.address);
    expect(await deed.getApproved(1n)).to.equal(ethers.ZeroAddress);
    await done(deed.connect(carol).setApprovalForAll(bob, true));
    await done(deed.connect(bob).transferFrom(carol, alice, 1n));
    expect(await deed.balanceOf(alice)).to.equal(1n);
  });

  it('goes only to contracts that take it, when sent safely', async () => {
    await done(deed.mint(alice, 1n, ''));
    const [warehouse, gold] = [await deploy('Warehouse'), await deploy('Gold', 1n)];
    const send = (to) => deed['safeTransferFrom(address,address,uint256)'](alice, to, 1n);
    await expect(send(gold)).to.be.revertedWithCustomError(deed, 'ERC721InvalidReceiver').withArgs(gold.target);
    await done(send(warehouse));
    expect(await deed.ownerOf(1n)).to.equal(warehouse.target);
  });

  it('says which interfaces it has (ERC-165)', async () => {
    expect(await deed.supportsInterface('0x80ac58cd')).to.equal(true);
    expect(await deed.supportsInterface('0xffffffff')).to.equal(false);
  });
});

describe('ERC-1155', () => {
  let goods;
  beforeEach(async () => {
    goods = await deploy('Goods', [1n, 2n], [100n, 50n]);
  });

  it('keeps a balance for each kind', async () => {
    expect(await goods.balanceOfBatch([alice, alice, bob], [1n, 2n, 1n])).to.deep.equal([100n, 50n, 0n]);
    expect(await goods.uri(1n)).to.equal('ipfs://goods/{id}.json');
  });

  it('moves one kind, or several at once', async () => {
    await expect(goods.safeTransferFrom(alice, bob, 1n, 5n, '0x'))
      .to.emit(goods, 'TransferSingle').withArgs(alice.address, alice.address, bob.address, 1n, 5n);
    await expect(goods.safeBatchTransferFrom(alice, bob, [1n, 2n], [1n, 2n], '0x'))
      .to.emit(goods, 'TransferBatch').withArgs(alice.address, alice.address, bob.address, [1n, 2n], [1n, 2n]);
    expect(await goods.balanceOfBatch([bob, bob], [1n, 2n])).to.deep.equal([6n, 2n]);
  });

  it('asks for an approval, and for a receiver that takes it', async () => {
    await expect(goods.connect(bob).safeTransferFrom(alice, bob, 1n, 1n, '0x'))
      .to.be.revertedWithCustomError(goods, 'ERC1155MissingApprovalForAll').withArgs(bob.address, alice.address);
    await expect(goods.safeTransferFrom(alice, goods, 1n, 1n, '0x'))
      .to.be.revertedWithCustomError(goods, 'ERC1155InvalidReceiver').withArgs(goods.target);
    await done(goods.safeTransferFrom(alice, await deploy('Warehouse'), 1n, 1n, '0x'));
  });
});

describe('AccessControl', () => {
  it('lets a role do what it may, and its admin grant and revoke it', async () => {
    const deed = await deploy('Deed');
    const role = await deed.REGISTRAR();
    await expect(deed.mint(bob, 1n, ''))
      .to.be.revertedWithCustomError(deed, 'AccessControlUnauthorizedAccount').withArgs(alice.address, role);
    await expect(deed.connect(bob).grantRole(role, bob)).to.be.revertedWithCustomError(deed, 'AccessControlUnauthorizedAccount');
    await expect(deed.grantRole(role, bob)).to.emit(deed, 'RoleGranted').withArgs(role, bob.address, alice.address);
    await done(deed.connect(bob).mint(bob, 1n, ''));
    await expect(deed.revokeRole(role, bob)).to.emit(deed, 'RoleRevoked').withArgs(role, bob.address, alice.address);
    await expect(deed.connect(bob).mint(bob, 2n, '')).to.be.revertedWithCustomError(deed, 'AccessControlUnauthorizedAccount');
    await done(deed.renounceRole(ethers.ZeroHash, alice));
    expect(await deed.hasRole(ethers.ZeroHash, alice)).to.equal(false);
  });
});
