# Shared by the scripts beside it: directories, processes, downloads. Sourced, never run.
# shellcheck shell=bash
#
# A script sets its defaults, defines `up` (which calls `publish`) and `stop_all`, and ends with `main "$@"`.
# stdout carries KEY=VALUE lines only; everything else goes to stderr or to $RUN/*.log.
set -euo pipefail

NAME=$(basename "$0" .sh)
ENGINES_HOME=${ENGINES_HOME:-$HOME/.cache/lakehouse-engines}
DL=${ENGINES_DOWNLOADS:-$ENGINES_HOME/dl} # downloads, shared by all components and by every ENGINES_HOME; kept by wipe
RUN=$ENGINES_HOME/run/$NAME               # state, logs and pid files of this component; removed by wipe
LAKE_WAREHOUSE=${LAKE_WAREHOUSE:-file://$ENGINES_HOME/run/postgres/warehouse} # lives and dies with the catalog

log() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() { log "$*"; exit 1; }

# The uniform interface:

# main VERB [ARGS]: up, down, wipe and env are the same everywhere; a script adds a verb by defining verb_NAME.
main() {
  local verb=${1:-}
  [ $# -eq 0 ] || shift
  mkdir -p "$DL" "$RUN"
  case $verb in
    up)   lock; up "$@"; cat "$RUN/env" ;;
    down) lock; stop_all ;;
    wipe) lock; stop_all; rm -rf "$RUN" ;;
    env)  running || die "not up; run: $0 up"; cat "$RUN/env" ;;
    *)    declare -F "verb_$verb" >/dev/null || die "usage: $0 $USAGE"; "verb_$verb" "$@" ;;
  esac
}
USAGE='up|down|wipe|env'
stop_all() { stop "$NAME"; }
running() { alive "$NAME"; }
lock() { exec 9>"$ENGINES_HOME/.$NAME.lock"; flock 9; } # two `up` at once start one process

publish() { printf '%s\n' "$@" >"$RUN/env"; }

# Processes:

# A pid file holds the pid and its start time, so a recycled pid is never taken for ours.
born() { sed -n 's/.*) \([^Z]\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

alive() {
  local pid since
  read -r pid since <"$RUN/$1.pid" && [ -n "$since" ] && [ "$(born "$pid")" = "$since" ]
} 2>/dev/null

# start TAG COMMAND...: runs it in the background with its output in $RUN/TAG.log.
start() {
  local tag=$1
  shift
  setsid "$@" >"$RUN/$tag.log" 2>&1 </dev/null 9>&- &
  echo "$! $(born $!)" >"$RUN/$tag.pid"
}

# stop TAG [SIGNAL]: ends that process and no other; KILL after 30 s.
stop() {
  local pid _
  if alive "$1"; then
    read -r pid _ <"$RUN/$1.pid"
    kill "-${2:-TERM}" "$pid"
    for _ in $(seq 300); do alive "$1" || break; sleep .1; done
    ! alive "$1" || kill -KILL "$pid"
  fi
  rm -f "$RUN/$1.pid"
}

# await TAG SECONDS COMMAND...: returns when COMMAND succeeds; fails when the process ends or the time is up.
await() {
  local tag=$1 limit=$2 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$tag" || { tail -n 20 "$RUN/$tag.log" >&2; die "$tag ended while starting; log: $RUN/$tag.log"; }
    [ "$SECONDS" -lt "$deadline" ] || { tail -n 20 "$RUN/$tag.log" >&2; stop "$tag"; die "$tag not ready after $limit s; log: $RUN/$tag.log"; }
    sleep .2
  done
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# claim VARIABLE PORT...: refuses a port that somebody else serves, who would otherwise pass our health check.
claim() {
  local variable=$1 port
  shift
  for port; do ! listening "$port" || die "port $port is taken; set $variable to another one"; done
}

# Downloads:

# command_or COMMAND PACKAGE...: installs Debian packages where a command is missing.
command_or() {
  local command=$1
  shift
  command -v "$command" >/dev/null || debian "$@"
}

debian() {
  log "installing Debian packages: $*"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$RUN/apt.log" 2>&1 9>&- ||
    { tail -n 20 "$RUN/apt.log" >&2; die "apt-get failed; log: $RUN/apt.log"; }
}

# java_home MAJOR...: prints the first JDK of one of these versions; where there is none, installs the first from Debian.
java_home() {
  jdk "$@" || { debian "openjdk-$1-jdk-headless" && jdk "$@"; } || die "no JDK $* under /usr/lib/jvm"
}

jdk() {
  local major dir
  for major; do
    for dir in /usr/lib/jvm/*/; do
      grep -qs "^JAVA_VERSION=\"${major}[.\"]" "$dir/release" && [ -x "$dir/bin/javac" ] && { echo "${dir%/}"; return; }
    done
  done
  return 1
}

# dependency GROUP:ARTIFACT:VERSION[:CLASSIFIER] [XML]
dependency() {
  local group artifact version classifier
  IFS=: read -r group artifact version classifier <<<"$1"
  echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version>${classifier:+<classifier>$classifier</classifier>}${2:-}</dependency>"
}

# jars DIR GROUP:ARTIFACT:VERSION[:CLASSIFIER]...: links the run-time closure of these Maven artifacts into DIR. BOM=GROUP:ARTIFACT:VERSION gives the
# versions that their poms leave out.
jars() {
  local dir=$1 work artifact
  shift
  [ "$(cat "$dir/.complete" 2>/dev/null)" != "$*" ] || return 0
  command_or mvn maven
  log "downloading $*"
  work=$(mktemp -d)
  {
    echo '<project><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>local</groupId><artifactId>closure</artifactId><version>1</version><packaging>pom</packaging>'
    [ -z "${BOM:-}" ] || echo "<dependencyManagement><dependencies>$(dependency "$BOM" '<type>pom</type><scope>import</scope>')</dependencies></dependencyManagement>"
    echo '<dependencies>'
    for artifact; do dependency "$artifact"; done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
  ( flock 8 # a local Maven repository is not made for two writers
    mvn -B -ntp -q -f "$work/pom.xml" "-Dmaven.repo.local=$DL/m2" -DincludeScope=runtime "-Dmdep.outputFile=$work/classpath" \
      org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath ) 8>"$DL/.maven.lock" 9>&- >"$RUN/mvn.log" 2>&1 ||
    { tail -n 20 "$RUN/mvn.log" >&2; die "mvn failed; log: $RUN/mvn.log"; }
  rm -rf "$dir"
  mkdir -p "$dir"
  tr ':' '\0' <"$work/classpath" | xargs -0 ln -t "$dir" # hard links: fails on two jars of one name
  rm -rf "$work"
  echo "$*" >"$dir/.complete"
}

# venv DIR REQUIREMENT...: a Python environment with these packages.
venv() {
  local dir=$1
  shift
  [ "$(cat "$dir/.complete" 2>/dev/null)" != "$*" ] || return 0
  log "installing $*"
  rm -rf "$dir"
  { python3 -m venv "$dir" || { debian python3-venv && python3 -m venv --clear "$dir"; }
    "$dir/bin/pip" install -q "$@"; } >"$RUN/pip.log" 2>&1 9>&- || { tail -n 20 "$RUN/pip.log" >&2; die "pip failed; log: $RUN/pip.log"; }
  echo "$*" >"$dir/.complete"
}
