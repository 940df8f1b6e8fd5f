//! A network description.

use hanse_primitives::{AccountId20, Balance};
use hanse_runtime::{DEFAULT_SLOT_MS, Fork, genesis::DEFAULT_BLOCK_GAS_LIMIT};
use sc_service::config::MultiaddrWithPeerId;
use serde::Deserialize;
use serde_json::{Value, json};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::ByteArray;
use std::collections::HashSet;

/// Validators that the runtime has room for.
const MAX_VALIDATORS: usize = 128;

/// Gas for which there is time in each millisecond of a slot: executing it takes at most 10 ns a unit, and not more than
/// 60 % of the slot.
const GAS_PER_MS: u64 = 60_000;

/// A rule that a value breaks: the key, and the rule.
pub type Violation = (String, String);

/// Who makes blocks, and who finalizes them with which weight.
type Authorities = (Vec<AuraId>, Vec<(GrandpaId, u64)>);

/// What a consortium agrees on before its first block.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Shown to people.
    pub name: String,
    /// Names the data folder and the network protocol: lower-case letters, digits and underscores.
    pub id: String,
    /// EIP-155. Choose one that no public chain uses.
    pub chain_id: u64,
    /// Length of a slot in milliseconds, 100 to 60,000.
    #[serde(default = "default_slot_ms")]
    pub slot_ms: u64,
    /// Gas that one block may use: at most [`GAS_PER_MS`] for each millisecond of the slot, and what the runtime's blocks hold.
    #[serde(default = "default_block_gas_limit")]
    pub block_gas_limit: u64,
    /// First base fee in wei (EIP-1559). Without it the chain is gasless.
    pub base_fee_per_gas: Option<u64>,
    /// Ethereum's rules from the first block on.
    #[serde(default)]
    pub fork: Fork,
    /// Who may transact.
    pub policy: Policy,
    /// The account that may upgrade the runtime and change the policy.
    pub root: AccountId20,
    /// May always transact, and create apps under the policy `registered`.
    #[serde(default)]
    pub operators: Vec<AccountId20>,
    /// Who may deploy contracts, of those who may transact.
    #[serde(default)]
    pub deploy_policy: DeployPolicy,
    /// May deploy contracts under the deploy policy `listed`, beside root and the operators.
    #[serde(default)]
    pub deployers: Vec<AccountId20>,
    /// Nodes to find the others by: multiaddresses with a peer id.
    #[serde(default)]
    pub boot_nodes: Vec<String>,
    /// Who makes and finalizes blocks.
    pub validators: Vec<Validator>,
    /// Accounts that hold coins from the start.
    #[serde(default)]
    pub accounts: Vec<Endowment>,
}

/// Who may send transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Everyone.
    Open,
    /// Operators, and those whom an app vouches for.
    Registered,
}

/// Who may deploy contracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployPolicy {
    /// Everyone.
    #[default]
    Open,
    /// Root, operators, and the accounts under `deployers`.
    Listed,
}

/// A validator's public keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Shown in errors.
    pub name: String,
    /// Block production: sr25519, SS58.
    pub aura: String,
    /// Finality: ed25519, SS58.
    pub grandpa: String,
}

/// Coins at genesis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endowment {
    /// Who holds them.
    pub address: AccountId20,
    /// In wei, as a decimal string.
    pub balance_wei: String,
}

fn default_slot_ms() -> u64 {
    DEFAULT_SLOT_MS
}

fn default_block_gas_limit() -> u64 {
    DEFAULT_BLOCK_GAS_LIMIT
}

fn violation<T>(key: impl Into<String>, rule: impl Into<String>) -> Result<T, Violation> {
    Err((key.into(), rule.into()))
}

impl Network {
    /// The genesis as a patch of the runtime's default one.
    pub fn genesis(&self) -> Result<Value, Violation> {
        self.check_scalars()?;
        let (aura, grandpa) = self.authorities()?;
        let policy = match self.policy {
            Policy::Open => "Open",
            Policy::Registered => "Registered",
        };
        let deploy_policy = match self.deploy_policy {
            DeployPolicy::Open => "Open",
            DeployPolicy::Listed => "Listed",
        };
        Ok(json!({
            "timing": { "slotMs": self.slot_ms, "onDemand": false },
            "aura": { "authorities": aura },
            "grandpa": { "authorities": grandpa },
            "balances": { "balances": self.balances()? },
            "sudo": { "key": self.root },
            "users": {
                "policy": policy,
                "operators": self.operators,
                "deployPolicy": deploy_policy,
                "deployers": self.deployers,
            },
            "evm": { "chainId": self.chain_id, "blockGasLimit": self.block_gas_limit, "fork": self.fork },
            "ethereum": { "baseFeePerGas": self.base_fee_per_gas },
        }))
    }

    /// The boot nodes, parsed.
    pub fn boot_nodes(&self) -> Result<Vec<MultiaddrWithPeerId>, Violation> {
        let parse = |(index, text): (usize, &String)| {
            text.parse().or_else(|_| {
                violation(format!("boot_nodes[{index}]"), "a multiaddress that ends with /p2p/ and a peer id")
            })
        };
        self.boot_nodes.iter().enumerate().map(parse).collect()
    }

    fn check_scalars(&self) -> Result<(), Violation> {
        if self.name.trim().is_empty() {
            return violation("name", "must not be empty");
        }
        let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.id.is_empty() || !self.id.chars().all(id_char) {
            return violation("id", "lower-case letters, digits and underscores, at least one");
        }
        if self.chain_id == 0 {
            return violation("chain_id", "must not be 0");
        }
        if !(100..=60_000).contains(&self.slot_ms) {
            return violation("slot_ms", "100 to 60000");
        }
        // Above the default the runtime's limit of time ends a block first, and the header would promise too much.
        let most = (GAS_PER_MS * self.slot_ms).min(DEFAULT_BLOCK_GAS_LIMIT);
        if !(1_000_000..=most).contains(&self.block_gas_limit) {
            return violation("block_gas_limit", format!("1000000 to {most} with slots of {} ms", self.slot_ms));
        }
        if self.policy == Policy::Registered && self.operators.is_empty() {
            return violation("operators", "the policy 'registered' needs at least one operator");
        }
        if self.deploy_policy == DeployPolicy::Open && !self.deployers.is_empty() {
            return violation("deployers", "only with deploy_policy = \"listed\": everyone deploys as it is");
        }
        if self.validators.is_empty() || self.validators.len() > MAX_VALIDATORS {
            return violation("validators", format!("1 to {MAX_VALIDATORS}"));
        }
        Ok(())
    }

    fn authorities(&self) -> Result<Authorities, Violation> {
        let mut seen = HashSet::new();
        let mut aura = Vec::new();
        let mut grandpa = Vec::new();
        for validator in &self.validators {
            let key = |field: &str| format!("validators['{}'].{field}", validator.name);
            let author: AuraId =
                parse_key(&validator.aura).or_else(|()| violation(key("aura"), "an sr25519 key in SS58"))?;
            let voter: GrandpaId =
                parse_key(&validator.grandpa).or_else(|()| violation(key("grandpa"), "an ed25519 key in SS58"))?;
            // Their bytes: one key has many texts in SS58.
            for (field, bytes) in [("aura", author.to_raw_vec()), ("grandpa", voter.to_raw_vec())] {
                if !seen.insert(bytes) {
                    return violation(key(field), "each key belongs to one validator");
                }
            }
            aura.push(author);
            grandpa.push((voter, 1));
        }
        Ok((aura, grandpa))
    }

    fn balances(&self) -> Result<Vec<(AccountId20, Balance)>, Violation> {
        let mut seen = HashSet::new();
        let mut balances = Vec::new();
        let mut issued: Balance = 0;
        for (index, account) in self.accounts.iter().enumerate() {
            if !seen.insert(account.address) {
                return violation(format!("accounts[{index}].address"), "each account once");
            }
            let key = || format!("accounts[{index}].balance_wei");
            let Ok(balance) = account.balance_wei.parse::<Balance>() else {
                return violation(key(), "a whole number below 2^128");
            };
            issued = match issued.checked_add(balance) {
                Some(issued) => issued,
                None => return violation(key(), "all balances together must be below 2^128"),
            };
            balances.push((account.address, balance));
        }
        Ok(balances)
    }
}

fn parse_key<K: sp_core::crypto::Ss58Codec>(text: &str) -> Result<K, ()> {
    K::from_ss58check(text).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Network {
        toml::from_str(include_str!("../network.example.toml")).expect("the example is valid TOML")
    }

    #[test]
    fn the_example_is_a_network() {
        let network = example();
        let genesis = network.genesis().expect("the example keeps the rules");
        assert_eq!(genesis["evm"]["chainId"], network.chain_id);
        assert_eq!(genesis["aura"]["authorities"].as_array().map(Vec::len), Some(network.validators.len()));
        assert!(network.boot_nodes().is_ok());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = include_str!("../network.example.toml").replace("slot_ms", "slot_seconds");
        let error = toml::from_str::<Network>(&text).expect_err("no such key").to_string();
        assert!(error.contains("slot_seconds"), "{error}");
    }

    #[test]
    fn the_fork_reaches_the_genesis() {
        let fork = |text: &str| {
            let network: Network = toml::from_str(text).map_err(|error| error.to_string())?;
            Ok::<_, String>(network.genesis().expect("keeps the rules")["evm"]["fork"].clone())
        };
        let example = include_str!("../network.example.toml");
        assert_eq!(fork(example), Ok(json!("osaka")));
        assert_eq!(fork(&example.replace("\"osaka\"", "\"prague\"")), Ok(json!("prague")));
        assert!(fork(&example.replace("\"osaka\"", "\"homestead\"")).is_err_and(|error| error.contains("homestead")));
    }

    #[test]
    fn listed_deployers_reach_the_genesis() {
        let mut network = example();
        let users = network.genesis().expect("keeps the rules")["users"].clone();
        assert_eq!((&users["deployPolicy"], &users["deployers"]), (&json!("Open"), &json!([])));
        network.deploy_policy = DeployPolicy::Listed;
        network.deployers = vec![AccountId20([1; 20])];
        let users = network.genesis().expect("keeps the rules")["users"].clone();
        assert_eq!(users["deployPolicy"], "Listed");
        assert_eq!(users["deployers"], json!([AccountId20([1; 20])]));
    }

    #[test]
    fn broken_rules_name_their_key() {
        type Break = fn(&mut Network);
        let cases: [(&str, Break); 11] = [
            ("chain_id", |n| n.chain_id = 0),
            ("slot_ms", |n| n.slot_ms = 99),
            ("block_gas_limit", |n| n.block_gas_limit = 1),
            ("id", |n| n.id = "Has Space".into()),
            ("operators", |n| {
                n.policy = Policy::Registered;
                n.operators.clear();
            }),
            ("deployers", |n| n.deployers = vec![n.root]),
            ("validators", |n| n.validators.clear()),
            ("accounts[0].balance_wei", |n| n.accounts[0].balance_wei = "-1".into()),
            ("accounts[1].balance_wei", |n| {
                let address = AccountId20([1; 20]);
                n.accounts[0].balance_wei = u128::MAX.to_string();
                n.accounts.push(Endowment { address, balance_wei: "1".into() });
            }),
            // 6,000,000 are for slots of 100 ms.
            ("block_gas_limit", |n| (n.slot_ms, n.block_gas_limit) = (100, 6_000_001)),
            ("validators['globex'].aura", |n| n.validators[1].aura = n.validators[0].aura.clone()),
        ];
        for (key, breaks) in cases {
            let mut network = example();
            breaks(&mut network);
            assert_eq!(network.genesis().expect_err(key).0, key);
        }
    }
}
