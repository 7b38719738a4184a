# lakectl completion for fish. Load it with: lakectl completion fish | source
function __lakectl_candidates
    set -l typed (commandline -opc)
    command $typed --generate-bash-completion 2>/dev/null
end
complete -c lakectl -a '(__lakectl_candidates)'
