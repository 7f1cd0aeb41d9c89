# A library and a program that depends on it, built in the ways that wrapped
# compilers are used. Each build ends with what it is to show.
{ lib
, package
, stdenv
, plainStdenv
, clangStdenv
, gccForLibs
, overrideCC
, wrapCC
, wrapBintools
, wrapCCFrom
, adoptInPlace
}:
let
  sources = ../tests/nix/greet;

  # The wrapped linker sees to it that the program finds this again.
  greetOf = stdenv: stdenv.mkDerivation {
    name = "libgreet-1";
    buildCommand = ''
      mkdir -p $out/include $out/lib
      cp ${sources}/greet.h $out/include
      $CC -I${sources} -shared ${sources}/greet.c -o $out/lib/libgreet.so
    '';
  };

  # `check` sees the program as $out/bin/app.
  appOf = stdenv: { greet ? greetOf stdenv, check ? "", ... }@attributes:
    stdenv.mkDerivation ({
      name = "app-1";
      strictDeps = true;
      buildInputs = [ greet ];
      buildCommand = ''
        mkdir -p $out/bin
        export NIX_ENFORCE_PURITY=1
        $CC ${sources}/main.c -lgreet -o $out/bin/app

        # What it finds, it finds by what is recorded in it.
        [[ $(env -i $out/bin/app) == "hello from libgreet" ]]
        $READELF --dynamic $out/bin/app | tee dynamic
        grep -q 'R.*PATH.*${greet}/lib' dynamic
        $READELF --program-headers $out/bin/app > headers
        grep -qF "$(cat $NIX_CC/nix-support/dynamic-linker)" headers
        ${check}
      '';
    } // removeAttrs attributes [ "greet" "check" ]);

  filesOf = stdenv: appOf stdenv {
    name = "files-1";
    check = ''
      for file in orig-cc orig-libc dynamic-linker cc-ldflags cc-cflags libc-cflags; do
        cat $NIX_CC/nix-support/$file
      done
      for file in orig-bintools orig-libc dynamic-linker libc-ldflags; do
        cat $NIX_BINTOOLS/nix-support/$file
      done
      path_backup=$PATH
      cInclude=1
      source $NIX_CC/nix-support/utils.bash
      echo "'a  b' c" > response
      expandResponseParams -x @response @none
      [[ ''${#params[@]} == 4 && ''${params[*]} == "-x a  b c @none" ]]
      badPathWithDarwinSdk /usr/lib
      source $NIX_BINTOOLS/nix-support/add-flags.sh
      source $NIX_CC/nix-support/add-flags.sh
      [[ $NIX_CFLAGS_COMPILE_${stdenv.cc.suffixSalt} == *"$(cat $NIX_CC/nix-support/libc-cflags)"*"$NIX_CFLAGS_COMPILE"* ]]
      [[ $NIX_LDFLAGS_${stdenv.cc.suffixSalt} == *"$NIX_LDFLAGS"*"$(cat $NIX_BINTOOLS/nix-support/libc-ldflags)"* ]]
    '';
  };

  native = tool: ''
    [[ $(readlink -f $(type -P ${tool})) == ${package}/bin/cc-wrapper ]]
  '';

  theirs = plainStdenv.cc;
  ours = stdenv.cc;
  fromScratch = wrapCCFrom {
    inherit (theirs) cc libc;
    bintools = theirs.bintools.bintools;
  };
  clangFromScratch = wrapCCFrom {
    inherit (clangStdenv.cc) cc;
    inherit (theirs) libc;
    bintools = theirs.bintools.bintools;
    inherit gccForLibs;
  };
  # One half of each.
  ourCompiler = theirs.override (old: {
    extraBuildCommands = old.extraBuildCommands or "" + "\n" + adoptInPlace;
  });
  ourLinker = theirs.override { bintools = wrapBintools theirs.bintools; };
in
{
  app = appOf stdenv { check = native "$CC" + native "$LD"; };
  clang = appOf (overrideCC clangStdenv (wrapCC clangStdenv.cc)) { check = native "$CC"; };
  fromScratch = appOf (overrideCC plainStdenv fromScratch) { check = native "$CC" + native "$LD"; };

  # clang has a C++ library of its own or gcc's.
  clangFromScratch = appOf (overrideCC plainStdenv clangFromScratch) {
    check = native "$CC" + native "$LD" + ''
      [[ $(< $NIX_CC/nix-support/libc-cflags) == *"-fmacro-prefix-map=${lib.getDev theirs.libc}/"* ]]
      [[ $(< $NIX_CC/nix-support/libcxx-cxxflags) == *"-fmacro-prefix-map=${gccForLibs}/"* ]]
      $CXX -std=c++14 ${sources}/throw.cc -o throw
      [[ $(env -i ./throw) == "hello from an exception" ]]
      $READELF --dynamic throw | tee dynamic
      grep -q 'R.*PATH.*${lib.getLib gccForLibs}/lib' dynamic
    '';
  };

  # Packages read a wrapper's files, and source its scripts.
  files = filesOf stdenv;
  filesFromScratch = filesOf (overrideCC plainStdenv fromScratch);

  # Whichever half is ours, the program is the same.
  halves = appOf plainStdenv {
    name = "halves-1";
    check = ''
      for cc in ${theirs} ${ours} ${ourCompiler} ${ourLinker}; do
        $cc/bin/$CC ${sources}/main.c -lgreet -o app
        cmp app $out/bin/app
      done
    '';
  };

  # Wrapped twice is wrapped once, and what is overridden later stays ours.
  overrides =
    let
      # As nixpkgs changes the linker of a stdenv.
      bintools = ours.bintools.override { extraBuildCommands = "touch $out/nix-support/changed\n"; };
      again = ours.override { inherit bintools; };
    in
    assert (wrapCC ours).outPath == ours.outPath;
    assert (wrapCC again).outPath == again.outPath && again.outPath != ours.outPath;
    appOf (overrideCC plainStdenv again) {
      check = native "$CC" + native "$LD" + "[[ -e $NIX_BINTOOLS/nix-support/changed ]]";
    };

  # One that does not say how it is built.
  copied =
    let closed = removeAttrs theirs [ "override" "overrideAttrs" ];
    in appOf (overrideCC plainStdenv (wrapCC closed)) { check = native "$CC" + native "$LD"; };
}
