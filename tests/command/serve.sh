# For the scripts that need a server: a folder to work in, and `serve NAME OPTION...`, which sets $url. Sourced, with $mock
# set to the program.
work=$(mktemp -d)
declare -A server_pid
serve() {
  local name=$1
  shift
  mkfifo "$work/$name.in"
  "$mock" "$@" <"$work/$name.in" >"$work/$name.url" &
  server_pid[$name]=$!
  exec {hold}>"$work/$name.in" # the server lives as long as its standard input
  server_in[$name]=$hold
  for _ in $(seq 100); do
    url=$(head -n 1 "$work/$name.url")
    [ -n "$url" ] && return
    sleep 0.05
  done
  echo "FAILED: no server" && exit 1
}
declare -A server_in
stop() { # stop NAME: it prints what it saw into NAME.url
  eval "exec ${server_in[$1]}>&-"
  wait "${server_pid[$1]}"
  unset "server_pid[$1]"
}
trap 'for pid in "${server_pid[@]}"; do kill $pid; done 2>/dev/null; rm -rf "$work"' EXIT
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
unset OPENAI_API_KEY
cd "$work" || exit 1
