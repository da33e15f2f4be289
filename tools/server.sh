# shellcheck shell=bash
# Starts a mouthpiece server, waits until it answers, stops it. Needs nothing but bash. Sourced by ./dev and tools/run_examples.

server_pid=""
server_status=0

listening() { (exec 9<>"/dev/tcp/$1/$2") 2>/dev/null; } # HOST PORT

# True when GET PATH there answers 200.
answers() { # HOST PORT PATH
    (
        exec 9<>"/dev/tcp/$1/$2" || exit 1
        printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$3" "$1" >&9
        IFS= read -r -t 3 line <&9 && [[ $line == "HTTP/1.1 200"* ]]
    ) 2>/dev/null
}

# False, with the log on standard error, when the server ends or does not answer within ten seconds.
start_server() { # PROGRAM LOG HOST PORT
    # In a session of its own the server sees no Ctrl-C of the terminal, only the SIGTERM that stop_server sends.
    PORT="$4" setsid "$1" serve >"$2" 2>&1 </dev/null &
    server_pid=$!
    local attempt
    for attempt in {1..100}; do
        if answers "$3" "$4" /api/v1/elevenlabs-twilio/test; then return 0; fi
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    stop_server
    cat "$2" >&2
    echo "The server did not answer on $3:$4 (attempt $attempt, exit status $server_status); its log is above." >&2
    return 1
}

# Asks the server to finish its calls and waits for its end. Called again meanwhile (a second Ctrl-C), it asks again, which the
# server takes as "now".
stop_server() {
    [[ -n $server_pid ]] || return 0
    kill -TERM "$server_pid" 2>/dev/null || true
    await_server
}

await_server() {
    while kill -0 "$server_pid" 2>/dev/null; do wait "$server_pid" && true; done
    server_status=0
    wait "$server_pid" || server_status=$?
}
