# fish completion for mqz: asks the program itself.
function __mqz_candidates
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c mqz -a '(__mqz_candidates)'
