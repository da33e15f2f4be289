# shellcheck shell=bash
# Long commands as named steps: one line each, signs of life while they run, the whole output in build/log/, its end on the screen
# when they fail. Sourced by ./dev. Progress goes to descriptor 3, so that a verb can keep standard output for its result.

exec 3>&1

say() { printf '%s\n' "$*" >&3; }
die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

steps_passed=()
steps_failed=()

log_of() { echo "build/log/${1//[^A-Za-z0-9_]/-}.log"; }

# On a terminal the line is rewritten every second, elsewhere one is added every 20 s.
watch_step() {
    local name="$1" log="$2" begun=$SECONDS elapsed last
    while sleep 1 >&2 3>&- && kill -0 $$ 2>/dev/null; do
        elapsed=$((SECONDS - begun))
        [[ -t 3 ]] || ((elapsed % 20 == 0)) || continue
        last="$(tail -n 1 "$log" 2>/dev/null | tr -dc '[:print:]' | cut -c 1-70)"
        if [[ -t 3 ]]; then
            printf '\r\033[K..    %s  %d s  %s' "$name" "$elapsed" "$last" >&3
        else
            printf '..    %s  %d s  %s\n' "$name" "$elapsed" "$last" >&3
        fi
    done
}

# step NAME COMMAND…: false when the command fails; the run may go on, the summary remembers.
step() {
    local name="$1" begun=$SECONDS log status=0 watcher mark list
    shift
    log="$(log_of "$name")"
    mkdir -p build/log
    : >"$log"
    [[ -t 3 ]] || say "..    $name"

    watch_step "$name" "$log" &
    watcher=$!
    # The command itself stays in the foreground: Ctrl-C reaches it and all its children. What runs aside goes first.
    local manners=()
    ((${#asides[@]} == 0)) || manners=(as_a_guest)
    "${manners[@]}" "$@" >>"$log" 2>&1 </dev/null || status=$?
    kill "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null || true

    [[ -t 3 ]] && printf '\r\033[K' >&3
    conclude "$name" "$status" "$((SECONDS - begun))"
}

# conclude NAME STATUS SECONDS: tells how a step ended, and remembers it. Returns its status.
conclude() {
    local mark list log
    log="$(log_of "$1")"
    if (($2 == 0)); then
        mark="ok  " list=steps_passed
    else
        mark="FAIL" list=steps_failed
    fi
    local -n outcome="$list"
    outcome+=("$1")
    say "$mark  $1  $3 s"
    if (($2 != 0)); then
        # What failed first: whoever keeps only a part of this output should have that.
        { grep -nE -A 4 '^FAIL|: Failure$|error:' "$log" || true; } | cut -c 1-400 | head -n 60 | sed 's/^/      ! /' >&3
        tail -n 200 "$log" | sed 's/^/      | /' >&3
        say "      exit status $2; everything it printed: $log"
    fi
    return "$2"
}

declare -A asides=() # the process of each step that runs aside

as_a_guest() (
    renice -n 15 "$BASHPID" >/dev/null
    "$@"
)

# aside NAME COMMAND…: a step that waits more than it computes, beside the following ones, which leave it the processor.
aside() {
    local name="$1" log
    shift
    log="$(log_of "$name")"
    mkdir -p build/log
    say "..    $name, aside"
    (
        begun=$SECONDS status=0
        "$@" >"$log" 2>&1 </dev/null || status=$?
        echo "$((SECONDS - begun))" >"$log.seconds"
        exit "$status"
    ) &
    asides[$name]=$!
}

# Waits for the steps that run aside.
join_asides() {
    local name status
    for name in "${!asides[@]}"; do
        status=0
        wait "${asides[$name]}" || status=$?
        conclude "$name" "$status" "$(cat "$(log_of "$name").seconds")" || true
    done
    asides=()
}

patient="" patient_names=() # the process that runs patient steps, and their names

# patiently NAME FUNCTION [NAME FUNCTION…]: steps one after the other, on processor time that nothing else wants.
patiently() {
    local place
    for ((place = 1; place < $#; place += 2)); do patient_names+=("${!place}"); done
    say "..    ${patient_names[*]}: meanwhile"
    mkdir -p build/log
    (
        chrt --idle --pid 0 "$BASHPID" 2>/dev/null || renice -n 19 "$BASHPID" >/dev/null
        while (($# > 0)); do
            begun=$SECONDS status=0 log="$(log_of "$1")"
            "$2" >"$log" 2>&1 </dev/null || status=$?
            echo "$status $((SECONDS - begun))" >"$log.ended"
            shift 2
        done
    ) &
    patient=$!
}

join_patient() {
    local name status seconds
    say "..    waiting for ${patient_names[*]}"
    wait "$patient" || true
    for name in "${patient_names[@]}"; do
        read -r status seconds <"$(log_of "$name").ended" || status=1 seconds=0
        rm -f "$(log_of "$name").ended"
        conclude "$name" "$status" "$seconds" || true
    done
    patient="" patient_names=()
}

# For a step without which nothing after it makes sense.
must() { step "$@" || exit 1; }

# The last line is read by programs too: "N passed, N failed".
summary() {
    local name
    echo
    for name in "${steps_failed[@]}"; do echo "failed: $name ($(log_of "$name"))"; done
    echo "${#steps_passed[@]} passed, ${#steps_failed[@]} failed"
    ((${#steps_failed[@]} == 0))
}
