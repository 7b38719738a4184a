# lakectl completion for bash. Load it with: source <(lakectl completion bash)
# The words typed so far are passed on as they are; nothing of them is evaluated.
_lakectl() {
	local cur="${COMP_WORDS[COMP_CWORD]}"
	local IFS=$'\n'
	COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${COMP_WORDS[@]:1:COMP_CWORD-1}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o default -F _lakectl lakectl
