# Sourced by `test` and `bench`: a PostgreSQL server of its own for them, in a temporary folder, on loopback, on a free port.
# shellcheck shell=bash

postgres_folder='' postgres_bin='' postgres_as=()

# Starts it and exports HANSE_TEST_POSTGRES_URL. Fails when there is no PostgreSQL here.
postgres_start() {
  local initdb port password
  initdb="$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)"
  [ -n "$initdb" ] || return 1
  postgres_bin="$(dirname "$initdb")"
  postgres_folder="$(mktemp -d "${TMPDIR:-/tmp}/hanse-postgres.XXXXXX")"
  # PostgreSQL refuses to run as root: an unprivileged account owns the folder and the server then.
  if [ "$(id -u)" -eq 0 ]; then
    local account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
    chown "$account" "$postgres_folder"
    postgres_as=(setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups env "HOME=$postgres_folder")
  fi
  password="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  printf '%s' "$password" >"$postgres_folder/password"
  chmod 644 "$postgres_folder/password"
  (
    cd "$postgres_folder"
    "${postgres_as[@]}" "$postgres_bin/initdb" -D "$postgres_folder/data" -U hanse --pwfile="$postgres_folder/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >/dev/null
  ) || return 1
  rm -f "$postgres_folder/password"
  local try
  for try in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    port_taken "$port" && continue
    if (cd "$postgres_folder" && "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_folder/data" -w -s -t 30 \
      -l "$postgres_folder/data/server.log" \
      -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=200" start); then
      export HANSE_TEST_POSTGRES_URL="postgres://hanse:$password@127.0.0.1:$port/postgres"
      return 0
    fi
    warn "PostgreSQL did not start on port $port (try $try)"
  done
  return 1
}

postgres_stop() {
  [ -n "$postgres_folder" ] || return 0
  (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" -D "$postgres_folder/data" -m immediate -s stop) 2>/dev/null || true
  rm -rf "$postgres_folder"
  postgres_folder=''
}
