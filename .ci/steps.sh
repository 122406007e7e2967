# What the three tiers of checks share: timed steps and the tools that tests use. Sourced by them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Runs a command and prints its seconds.
step() {
  local begin=$SECONDS
  printf '\n== %s\n' "$*"
  "$@"
  printf -- '-- %s: %d s\n' "$*" $((SECONDS - begin))
}

# Installs Debian packages that are missing, as root on a CI machine; elsewhere the tests say what they skip.
# Arguments: pairs of a program and the packages that bring it, as `promtool=prometheus`.
install_missing() {
  [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  local packages=() pair
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=(${pair#*=})
  done
  [ ${#packages[@]} -eq 0 ] && return 0
  apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}" >/dev/null
}

# Installs a program from crates.io below `target/tools`, once.
install_cargo_tool() {
  local tool=$1 version=$2
  export PATH="$PWD/target/tools/bin:$PATH"
  [ -x "target/tools/bin/$tool" ] || cargo install --quiet --locked --root target/tools "$tool@$version"
}
