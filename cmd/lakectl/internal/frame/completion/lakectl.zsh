#compdef lakectl
# lakectl completion for zsh. Load it with: source <(lakectl completion zsh)
_lakectl() {
	local -a candidates
	candidates=("${(@f)$("${words[1]}" "${(@)words[2,CURRENT-1]}" --generate-bash-completion 2>/dev/null)}")
	if [[ -n "${candidates[1]}" ]]; then
		compadd -- "${candidates[@]}"
	else
		_files
	fi
}
compdef _lakectl lakectl
