# shellcheck shell=bash disable=SC2094,SC2154,SC2164
# The compiler half of a wrapped root, made of $cc and the linker half
# $bintools.

# What a build is told to call, the first of them that there is.
named_cc='' named_cxx='' named_fc=''

# addCompiler NAME ROLE [LINK...]
addCompiler() {
    local link program=$cc/bin/$targetPrefix$1
    # A clang makes programs for any machine and has no prefix.
    if [[ ! -e $program && $1 == clang* ]]; then program=$cc/bin/$1; fi
    if [[ ! -e $program ]]; then return; fi
    addTool "$targetPrefix$1" "$2" "$program"
    for link in "${@:3}"; do
        if [[ ! -e $out/bin/$targetPrefix$link ]]; then
            ln -s "$targetPrefix$1" "$out/bin/$targetPrefix$link"
        fi
    done
    case "$2" in
        cc) named_cc=${named_cc:-$targetPrefix$1} ;;
        c++) named_cxx=${named_cxx:-$targetPrefix$1} ;;
        fortran) named_fc=${named_fc:-$targetPrefix$1} ;;
    esac
}

addCompiler gcc cc cc
addCompiler clang cc cc
addCompiler g++ c++ c++
addCompiler clang++ c++ c++
addCompiler cpp cpp
addCompiler gfortran fortran f77 g77
for name in gnatbind gnatchop gnatclean gnatlink gnatls gnatmake; do addCompiler "$name" gnat; done
for name in gnat gnatkr gnatname gnatprep; do
    if [[ -e $cc/bin/$targetPrefix$name ]]; then ln -s "$cc/bin/$targetPrefix$name" "$out/bin"; fi
done
if [[ ${#tools[@]} == 0 ]]; then fail "there is no ${targetPrefix}gcc or clang in $cc/bin"; fi
named_cxx=${named_cxx:-${targetPrefix}c++}

for program in "$bintools"/bin/*; do
    if [[ ! -e $out/bin/${program##*/} ]]; then ln -s "$program" "$out/bin"; fi
done

# addIncludes FILE OPTION DIRECTORY: of a package whose name a header's
# __FILE__ must not bring into a program.
addIncludes() {
    local hash
    addFlags "$1" "$2 $3"
    if [[ -n $useMacroPrefixMap ]]; then
        printf -v hash 'e%.0s' {1..32}
        addFlags "$1" "-fmacro-prefix-map=$3=$NIX_STORE/$hash-${3#"$NIX_STORE"/*-}"
    fi
}

cd "$out/nix-support"
echo "$cc" >orig-cc
touch cc-cflags cc-ldflags
for name in dynamic-linker dynamic-linker-m32; do
    if [[ -e $bintools/nix-support/$name ]]; then ln -s "$bintools/nix-support/$name" .; fi
done

if [[ -n $libc_lib ]]; then
    echo "$libc_lib" >orig-libc
    echo "$libc_dev" >orig-libc-dev
    # Start files; and headers, behind all others and behind gcc's own, which
    # include them.
    addFlags libc-crt1-cflags "-B$libc_lib/lib/"
    addIncludes libc-cflags -idirafter "$libc_dev/include"
    for directory in "$cc"/lib/gcc/*/*/include-fixed; do
        if [[ -d $directory ]]; then addFlags libc-cflags "-idirafter $directory"; fi
    done
fi

# The compiler's own libraries. For another machine, they are set apart.
apart=
if [[ -n $targetPrefix ]]; then apart=/$config; fi
for directory in "$cc_lib$apart/lib64" "$cc_lib$apart/lib"; do
    if [[ -d $directory && ! -L $directory ]]; then
        addFlags cc-cflags "-B$directory"
        addFlags cc-ldflags "-L$directory"
    fi
done
if [[ -n $gccForLibs ]]; then
    addFlags cc-cflags "--gcc-toolchain=$gccForLibs"
    for directory in "$gccForLibs"/lib/gcc/*/*/; do
        directory=${directory%/}
        if [[ -d $directory ]]; then
            addFlags cc-cflags "-B$directory"
            addFlags cc-ldflags "-L$directory"
        fi
    done
    # libstdc++ and libgcc_s; of what is libstdc++'s, some is beside gcc.
    declare -A laid=()
    for directory in "$gccForLibs_lib$apart/lib" "$gccForLibs$apart/lib" \
        ${gccForLibs_libgcc:+${gccForLibs_libgcc// //lib }/lib}; do
        if [[ -d $directory && ! -v laid[$directory] ]]; then
            addFlags cc-ldflags "-L$directory"
            laid[$directory]=1
        fi
    done
fi
if [[ -n $libcxx ]]; then
    addIncludes libcxx-cxxflags -cxx-isystem "$libcxx/include/c++/v1"
    addFlags libcxx-ldflags "-stdlib=libc++"
elif [[ -n $gccForLibs && -n $isClang ]]; then
    for directory in "$gccForLibs"/include/c++/* "$gccForLibs"/include/c++/*/"$config"; do
        if [[ -d $directory ]]; then addIncludes libcxx-cxxflags -cxx-isystem "$directory"; fi
    done
fi
# Ada's own packages.
for directory in "$cc"/lib/gcc/*/*/adainclude; do
    if [[ -d $directory ]]; then
        directory=${directory%/adainclude}
        addFlags cc-cflags "-B$directory -I$directory/adainclude"
        addFlags gnat-cflags "-I$directory/adainclude -I$directory/adalib"
        touch gnat-ldflags
    fi
done
# Headers of the machine are not the C library's.
if [[ -n $isClang && -n $libc_lib ]]; then addFlags cc-cflags -nostdlibinc; fi

echo "$bintools" >propagated-build-inputs
if [[ -n $extraPackages ]]; then echo "$extraPackages" >propagated-target-target-deps; fi
echo "$cc $libc_bin" >propagated-user-env-packages
addHooks role.bash cc-hook.bash
if [[ -n $named_fc ]]; then addHooks fortran-hook.bash; fi
fill utils.bash >utils.bash
fill cc-flags.bash >add-flags.sh
