# Sourced by the other scripts: where things are, and how they speak. Not run by itself.
#
#   CARGO_TARGET_DIR   build output; outside the clone, so that a second clone finds the SDK compiled
#   HANSE_BIN_DIR      the built binaries; the tests start these
#   HANSE_TEST_MOTO    a server that answers as AWS KMS does
# shellcheck shell=bash

HANSE_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export HANSE_ROOT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/hanse/target}"
export HANSE_BIN_DIR="${HANSE_BIN_DIR:-$CARGO_TARGET_DIR/release}"
# Where scripts/setup puts the server that answers as AWS KMS does.
export HANSE_TEST_MOTO="${HANSE_TEST_MOTO:-$(dirname "$CARGO_TARGET_DIR")/tools/moto/bin/moto_server}"
# rustup's installer writes here and not every shell has read its profile since.
[ -d "$HOME/.cargo/bin" ] && PATH="$HOME/.cargo/bin:$PATH"

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf '\033[33m    warning: %s\033[0m\n' "$*" >&2; }
die() { printf '\033[31merror: %s\033[0m\n' "$*" >&2; exit 1; }

# Seconds as "1 min 23 s".
duration() {
  if [ "$1" -ge 60 ]; then printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); else printf '%d s' "$1"; fi
}

# Whether somebody listens on this loopback port.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The SDK is the work; the words tell a newcomer that silence is not a hang.
build() {
  if [ -x "$HANSE_BIN_DIR/hanse-node" ]; then
    say "Building (what has changed: seconds to a few minutes)"
  else
    say "Building for the first time (the whole Polkadot SDK: 20 to 40 minutes on 2 cores, later seconds)"
  fi
  note "into $CARGO_TARGET_DIR"
  # Always the whole workspace: naming single packages flips cargo features and compiles the SDK again.
  (cd "$HANSE_ROOT" && cargo build --release --locked --workspace)
}
