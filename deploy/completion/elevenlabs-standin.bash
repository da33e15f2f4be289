# shellcheck shell=bash
# bash completion for elevenlabs-standin(1). Flags, and whether they take a value, are those of the program at hand.
# shellcheck disable=SC2034,SC2207,SC2016 # variables of _init_completion; words are split, and expanded by compgen, as bash-completion does

_elevenlabs_standin() {
    local cur prev words cword split
    _init_completion -s || return
    if [[ $prev == -* ]] && "$1" --help 2>/dev/null | grep -qE -- "^ +(.*,)?$prev(=| [A-Z])"; then return; fi # nobody can guess it
    COMPREPLY=($(compgen -W '$(_parse_help "$1")' -- "$cur"))
} && complete -F _elevenlabs_standin elevenlabs-standin
