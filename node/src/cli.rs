//! The command line.

use crate::{pool::PoolParams, rpc::RpcLimits, service::seal::Sealing};
use clap::{CommandFactory, FromArgMatches, Parser};
use sc_cli::{RunCmd, SubstrateCli};
use sc_service::ChainSpec;

/// Ethereum's default port.
const RPC_PORT: &str = "8545";

/// Defaults of the SDK that are wrong for a chain that serves Ethereum JSON-RPC.
const DEFAULTS: &[(&str, &str)] = &[
    ("rpc_port", RPC_PORT),
    // `auto` gives whoever comes over loopback the methods that change keys and peers: behind a proxy that is everybody.
    ("rpc_methods", "safe"),
    ("rpc_max_connections", "1000"),
    ("rpc_max_batch_request_len", "1000"),
    // Clients ask for balances and calls at any height.
    ("state_pruning", "archive"),
    // Instances that are kept ready; a call of the runtime that finds none makes one, and warns.
    ("max_runtime_instances", "32"),
    // The fork-aware pool dropped transactions of a sender who sends many in a row: 170 of 4,800 under load with blocks
    // every few milliseconds, and everything behind the gaps hung. The single-state pool lost none.
    ("pool_type", "single-state"),
    ("pool_limit", "32768"),
    ("pool_kbytes", "131072"),
    // A transaction that was refused may be sent again as soon as its reason is gone, for example once the sender
    // has funds.
    ("tx_ban_seconds", "0"),
];

/// Arguments of the node.
#[derive(Debug, Parser)]
pub struct Cli {
    /// What to do instead of running the node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// The SDK's arguments.
    #[command(flatten)]
    pub run: RunCmd,

    /// Hanse's arguments.
    #[command(flatten)]
    pub node: NodeParams,
}

/// Hanse's own arguments.
#[derive(Clone, Debug, clap::Args)]
pub struct NodeParams {
    /// When a `--dev` node makes blocks: `instant` (as soon as a transaction is ready), a number of milliseconds, or
    /// `manual` (only on the RPC method engine_createBlock).
    #[arg(long, value_name = "WHEN", default_value = "instant")]
    pub sealing: Sealing,

    /// The limits of Ethereum JSON-RPC.
    #[command(flatten)]
    pub limits: RpcLimits,

    /// The limits of the transaction pool, besides the SDK's.
    #[command(flatten)]
    pub pool: PoolParams,
}

/// What the node can do besides running.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Print the chain specification of `--chain` (an id, a specification in JSON, or a network description in TOML)
    BuildSpec(sc_cli::ExportChainSpecCmd),
    /// Check a block by executing it again
    CheckBlock(sc_cli::CheckBlockCmd),
    /// Write blocks to a file
    ExportBlocks(sc_cli::ExportBlocksCmd),
    /// Write the state at a block as a chain specification
    ExportState(sc_cli::ExportStateCmd),
    /// Read blocks from a file
    ImportBlocks(sc_cli::ImportBlocksCmd),
    /// Delete the chain's data
    PurgeChain(sc_cli::PurgeChainCmd),
    /// Go back a number of blocks
    Revert(sc_cli::RevertCmd),
    /// Make and look at keys
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),
}

impl Cli {
    /// Parses the process's arguments; ends the process on `--help` and on errors.
    pub fn from_process() -> Self {
        let command = Self::setup_command(with_defaults(Self::command()));
        let matches = command.get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Sets [`DEFAULTS`] wherever a command has the argument.
fn with_defaults(mut command: clap::Command) -> clap::Command {
    let names: Vec<_> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, with_defaults);
    }
    for (id, value) in DEFAULTS {
        if command.get_arguments().any(|argument| argument.get_id().as_str() == *id) {
            command = command.mut_arg(id, |argument| argument.default_value(*value));
        }
    }
    command
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Hanse".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        "the Hanse authors".into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
        let spec = hanse_chain_spec::load_to_run(id).map_err(|error| error.to_string())?;
        Ok(Box::new(spec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Cli {
        let command = Cli::setup_command(with_defaults(Cli::command()));
        let matches = command.try_get_matches_from(std::iter::once(&"hanse-node").chain(arguments)).expect("parses");
        Cli::from_arg_matches(&matches).expect("parses")
    }

    #[test]
    fn definition_is_sound() {
        with_defaults(Cli::command()).debug_assert();
    }

    #[test]
    fn every_default_has_its_argument() {
        let command = Cli::command();
        for (id, _) in DEFAULTS {
            assert!(command.get_arguments().any(|argument| argument.get_id().as_str() == *id), "{id}");
        }
    }

    #[test]
    fn defaults_are_for_ethereum_and_can_be_changed() {
        let cli = parse(&["--dev"]);
        assert_eq!(cli.run.rpc_params.rpc_port, Some(8545));
        assert_eq!(cli.node.sealing, Sealing::Instant);
        assert_eq!(cli.node.limits.eth_call_max_gas, 50_000_000);
        assert_eq!(cli.run.rpc_params.rpc_methods, sc_cli::RpcMethods::Safe);
        assert!(matches!(
            cli.run.rpc_params.rpc_batch_config(),
            Ok(sc_service::config::RpcBatchRequestConfig::Limit(1000))
        ));
        let cli = parse(&["--dev", "--rpc-port", "1", "--sealing", "manual", "--rpc-disable-batch-requests"]);
        assert_eq!(cli.run.rpc_params.rpc_port, Some(1));
        assert_eq!(cli.node.sealing, Sealing::Manual);
    }
}
