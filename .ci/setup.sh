# For the two run.sh scripts: `install_missing` installs the Debian packages that are missing, and says
# which they are where it cannot. Sourced, never run.

packages="g++ cmake ninja-build libeigen3-dev libxtensor-dev catch2 libopenblas-openmp-dev liblapacke-dev
  nlohmann-json3-dev libcli11-dev libsqlite3-dev zlib1g-dev libxxhash-dev libbenchmark-dev libutf8proc-dev
  libpcre2-dev libthrust-dev libcub-dev libcurl4-openssl-dev libcpp-httplib-dev libcld2-dev
  pkgconf"

install_missing() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "No apt here. prismatic needs what Debian calls:" $packages >&2
    return 0
  fi
  local missing="" package
  for package in $packages; do
    # "install ok installed", or something else, or nothing
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      *" installed") ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0

  echo "Installing:$missing"
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Not root, and no sudo: please install$missing" >&2
      return 0
    fi
    as_root="sudo"
  fi
  { $as_root apt-get update -q &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } ||
    echo "apt-get failed; going on without:$missing" >&2
}

cores() { nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

# configure <folder> <option>...: CMake with Ninja where it is there; ccache is used where it is there.
configure() {
  local folder="$1"
  shift
  if [ ! -f "$folder/CMakeCache.txt" ]; then  # the generator of an existing folder stays
    if command -v ninja >/dev/null; then set -- -G Ninja "$@"; fi
    if command -v ccache >/dev/null; then set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"; fi
  fi
  cmake -S . -B "$folder" "$@"
}
