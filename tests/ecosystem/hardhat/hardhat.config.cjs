// An ordinary Hardhat 2 project whose network is given by URL:  HANSE_RPC_URL=http://127.0.0.1:8545 npx hardhat test

require('@nomicfoundation/hardhat-chai-matchers');
require('@nomicfoundation/hardhat-ethers');
require('@openzeppelin/hardhat-upgrades');
const { subtask } = require('hardhat/config');
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require('hardhat/builtin-tasks/task-names');
const solc = require('solc/package.json');

// Hardhat would download its compiler; the one of the lock file is the same on every machine.
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async () => ({
  compilerPath: require.resolve('solc/soljson.js'),
  isSolcJs: true,
  version: solc.version,
  longVersion: solc.version,
}));

module.exports = {
  solidity: {
    version: solc.version,
    settings: { evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 } },
  },
  defaultNetwork: 'hanse',
  networks: {
    hanse: {
      url: process.env.HANSE_RPC_URL ?? 'http://127.0.0.1:8545',
      accounts: { mnemonic: 'test test test test test test test test test test test junk', count: 10 },
    },
  },
  mocha: {
    timeout: 120_000,
    reporter: process.env.HANSE_RESULTS ? 'json' : 'spec',
    reporterOptions: { output: process.env.HANSE_RESULTS },
  },
};
