# shellcheck shell=bash disable=SC2094,SC2154,SC2164
# The linker half of a wrapped root, made of $bintools_bin.

for program in "$bintools_bin/bin/$targetPrefix"*; do
    name=${program##*/}
    case "${name#"$targetPrefix"}" in
        ld | ld.*) addTool "$name" ld "$program" ;;
        strip) addTool "$name" strip "$program" ;;
        addr2line | ar | as | c++filt | dlltool | dwp | elfedit | gprof | nm | objcopy | objdump | \
            ranlib | readelf | size | strings | windmc | windres)
            ln -s "$program" "$out/bin/$name"
            ;;
    esac
done
if [[ ${#tools[@]} == 0 ]]; then fail "there is no ${targetPrefix}ld in $bintools_bin/bin"; fi

cd "$out/nix-support"
echo "$bintools_bin" >orig-bintools
if [[ -n $libc_lib ]]; then
    echo "$libc_lib" >orig-libc
    echo "$libc_dev" >orig-libc-dev
    addFlags libc-ldflags "-L$libc_lib/lib"
    loaders=("$libc_lib"/lib/ld-linux*.so.* "$libc_lib"/lib/ld-musl-*.so.* "$libc_lib"/lib/ld64.so.*)
    if [[ -n $isGuessedLinker && ! -e $dynamicLinker ]]; then
        dynamicLinker=
        for loader in "${loaders[@]}"; do
            if [[ -z $dynamicLinker && -e $loader ]]; then dynamicLinker=$loader; fi
        done
    fi
    if [[ -z $dynamicLinker ]]; then echo "cc-wrapper: no dynamic linker in $libc_lib/lib" >&2; fi
fi
if [[ -n $dynamicLinker ]]; then
    echo "$dynamicLinker" >dynamic-linker
    touch ld-set-dynamic-linker
fi
if [[ -n $libc_lib && -e $libc_lib/lib/32/ld-linux.so.2 ]]; then
    echo "$libc_lib/lib/32/ld-linux.so.2" >dynamic-linker-m32
fi

echo "$bintools_bin $libc_bin" >propagated-user-env-packages
addHooks role.bash bintools-hook.bash
fill utils.bash >utils.bash
fill bintools-flags.bash >add-flags.sh
