# Functions that install missing packages, for ./run, ./test and .ci/run. They list each package with its reason and, in
# a terminal, ask first.

# Packages to install (Debian's names), with the reason for each.
missing=()
reasons=()
need() {
  missing+=("$1")
  reasons+=("  $1: $2")
}

# Prints the names of a Debian package in the package manager of this machine.
package_for() {
  case "$manager:$1" in
    apt-get:gcc) echo gcc libc6-dev ;;
    pacman:mesa-vulkan-drivers) echo vulkan-swrast ;;
    dnf:postgresql | zypper:postgresql) echo postgresql-server ;;
    dnf:libxkbcommon-x11-0 | pacman:libxkbcommon-x11-0) echo libxkbcommon-x11 ;;
    *) echo "$1" ;;
  esac
}

install_missing() {
  [ ${#missing[@]} -eq 0 ] && return 0
  manager=
  for candidate in apt-get dnf pacman zypper; do
    command -v "$candidate" >/dev/null 2>&1 && manager=$candidate && break
  done
  echo "Cupola needs packages that are not installed:"
  printf '%s\n' "${reasons[@]}"
  if [ -z "$manager" ]; then
    echo "No supported package manager was found. Install the packages by hand and run the script again." >&2
    return 1
  fi
  local names=()
  for name in "${missing[@]}"; do
    # One Debian package may be several packages in another package manager.
    read -r -a found <<<"$(package_for "$name")"
    names+=("${found[@]}")
  done
  local sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Run this as root, or install sudo." >&2; return 1; }
    sudo=sudo
  fi
  if [ -t 0 ] && [ -z "${CI:-}" ]; then
    read -r -p "Install them with $manager? [Y/n] " answer
    case "$answer" in [nN]*) echo "Nothing was installed."; return 1 ;; esac
  fi
  case "$manager" in
    apt-get)
      $sudo apt-get update -qq
      $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null
      ;;
    dnf) $sudo dnf install -y -q "${names[@]}" ;;
    pacman) $sudo pacman -S --needed --noconfirm "${names[@]}" ;;
    zypper) $sudo zypper --non-interactive install "${names[@]}" ;;
  esac
}

need_rust() {
  command -v cargo >/dev/null 2>&1 && return 0
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null 2>&1 && return 0
  echo "Rust is missing. Install version 1.95 or newer with rustup and run the script again." >&2
  return 1
}

# Other systems than Linux include a graphics driver.
need_graphics() {
  [ "$(uname -s)" = Linux ] || return 0
  if ! command -v cc >/dev/null 2>&1 || [ ! -e /usr/include/stdlib.h ]; then need gcc "the linker that Rust uses"; fi
  if ! compgen -G "/usr/share/vulkan/icd.d/*.json" >/dev/null && ! compgen -G "/etc/vulkan/icd.d/*.json" >/dev/null; then
    need mesa-vulkan-drivers "draws with Vulkan, also without a graphics card"
  fi
}

# Without a folder for sockets, libraries print a warning at every start.
if [ "$(uname -s)" = Linux ] && [ -z "${XDG_RUNTIME_DIR:-}" ]; then
  XDG_RUNTIME_DIR=$(mktemp -d)
  export XDG_RUNTIME_DIR
  trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi
