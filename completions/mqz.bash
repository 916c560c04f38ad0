# bash completion for mqz: asks the program itself.
_mqz() {
  local line directive=0 words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      directive=${line#:}
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
  if ((!(directive & 4) && ${#COMPREPLY[@]} == 0)); then
    compopt -o default 2>/dev/null
  fi
  if ((directive & 2)); then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _mqz mqz
