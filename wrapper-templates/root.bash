# shellcheck shell=bash disable=SC2154
# Functions for a build that lays a wrapped root into $out: lay-cc.bash and
# lay-bintools.bash name the tools and write the files, finishRoot ends it.
# Paths in a store need no quotes in JSON or in flag files.

mkdir -p "$out/bin" "$out/nix-support"

fail() {
    echo "cc-wrapper: $*" >&2
    exit 1
}

tools=()
# addTool NAME ROLE PROGRAM
addTool() {
    tools+=("\"$1\": {\"role\": \"$2\", \"program\": \"$3\"}")
    ln -s "$binary" "$out/bin/$1"
}

# The front ends of linkers that the root does not know.
addFrontEnds() {
    local name
    mkdir "$out/linkers"
    for name in ld ld.bfd ld.gold ld.lld ld.mold real-ld; do
        ln -s "$binary" "$out/linkers/$name"
    done
}

# addFlags FILE WORD...
addFlags() { echo "${*:2}" >>"$out/nix-support/$1"; }

# A template's text, each @name@ replaced by the variable of that name.
fill() {
    local text name
    text=$(<"$templates/$1")
    while [[ $text =~ @([A-Za-z_]+)@ ]]; do
        name=${BASH_REMATCH[1]}
        [[ -v $name ]] || fail "$1: there is no $name"
        text=${text//"@$name@"/"${!name}"}
    done
    printf '%s\n' "$text"
}

# addHooks TEMPLATE...: to the setup hook.
addHooks() {
    local template
    for template; do fill "$template" >>"$out/nix-support/setup-hook"; done
}

finishRoot() {
    local file separator=
    # Some who read a flag file take its first line only.
    for file in "$out"/nix-support/*flags*; do
        if [[ -f $file && $file != *.sh ]]; then
            local words
            read -r -d '' -a words <"$file" || :
            echo "${words[*]}" >"$file"
        fi
    done
    # The text is an object to which the tools are added.
    {
        printf '%s, "tools": {' "${toolchain%?}"
        for file in "${tools[@]}"; do
            printf '%s\n  %s' "$separator" "$file"
            separator=,
        done
        printf '\n}}\n'
    } >"$out/nix-support/toolchain.json"
}
