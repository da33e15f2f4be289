# shellcheck shell=bash
# bash completion for mouthpiece(1). Flags, and whether they take a value, are those of the program at hand, read from its --help.
# shellcheck disable=SC2034,SC2207,SC2016 # variables of _init_completion; words are split, and expanded by compgen, as bash-completion does

_mouthpiece_takes_value() { # PROGRAM, ARGUMENTS FOR HELP, FLAG
    # shellcheck disable=SC2086 # several arguments
    "$1" $2 2>/dev/null | grep -qE -- "^ +(.*,)?$3(=| [A-Z])"
}

_mouthpiece_value() { # FLAG
    case "$1" in
        --softphone) COMPREPLY=($(compgen -W 'on off local' -- "$cur")) ;;
        --after-speech) COMPREPLY=($(compgen -W 'stay hangup' -- "$cur")) ;;
        --elevenlabs-transport) COMPREPLY=($(compgen -W 'http websocket' -- "$cur")) ;;
        --log-format) COMPREPLY=($(compgen -W 'text json' -- "$cur")) ;;
        --log-level) COMPREPLY=($(compgen -W 'debug info warn error' -- "$cur")) ;;
        --method) COMPREPLY=($(compgen -W 'POST GET' -- "$cur")) ;;
        --signature) COMPREPLY=($(compgen -W 'good slash wrong absent' -- "$cur")) ;;
        --speaker-boost | --record) COMPREPLY=($(compgen -W 'true false' -- "$cur")) ;;
        *-dir) _filedir -d ;;
        *-file | --speak | --warm | --wav) _filedir ;;
    esac # else nobody can guess it
}

_mouthpiece() {
    local cur prev words cword split help=--help
    _init_completion -s || return
    local command="${words[1]}"
    if ((cword == 1)); then
        COMPREPLY=($(compgen -W 'serve doctor check-config warm ready settings call --help --version' -- "$cur"))
    elif [[ $command == @(warm|check-config) ]] && ((cword == 2)) && [[ $cur != -* ]]; then
        _filedir
    elif [[ $command == @(serve|doctor|check-config|warm|ready|call) ]]; then
        [[ $command != call ]] || help="call --help"
        if [[ $prev == -* ]] && _mouthpiece_takes_value "$1" "$help" "$prev"; then
            _mouthpiece_value "$prev"
        else
            COMPREPLY=($(compgen -W '$(_parse_help "$1" "$help")' -- "$cur"))
            [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
        fi
    fi
} && complete -F _mouthpiece mouthpiece
