# fish completions of cc-wrapper

function __cc_wrapper_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    command -q $program; or return
    set -l answer ($program completions fish -- $words "$token" 2>/dev/null)
    set -l option (string match -r '^--[^=]*=' -- $token)
    set -l value (string replace -r '^--[^=]*=' '' -- "$token")
    switch "$answer[1]"
        case words
            printf '%s\n' $answer[2..-1]
        case commands
            printf '%s\n' "$option"(complete -C "$value")
        case directories
            printf '%s\n' "$option"(__fish_complete_directories "$value" '')
        case files
            printf '%s\n' "$option"(complete -C "'' $value")
        case '*'
            # A call with arguments of its own starts behind this many words.
            if set -q answer[1]; and set -q words[(math $answer[1] + 1)]
                complete -C (string join ' ' -- (string escape -- $words[(math $answer[1] + 1)..-1]) "$token")
            end
    end
end

complete -c cc-wrapper -k -f -a '(__cc_wrapper_complete)'
