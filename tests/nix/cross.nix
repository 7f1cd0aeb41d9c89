# One derivation with compilers for all roles: what it runs itself is made by
# one, what it installs by another, which also serves what that makes in turn.
{ pkgs ? import <nixpkgs> { } }:
let
  cc-wrapper = import ../.. { inherit pkgs; };
  build = cc-wrapper.stdenv;
  host = pkgs.overrideCC pkgs.crossStdenv (cc-wrapper.wrapCC pkgs.crossStdenv.cc);

  greetFor = role: build.mkDerivation {
    name = "libgreet-for-${role}";
    buildCommand = ''
      mkdir -p $out/include $out/lib
      cp ${./greet}/greet.h $out/include
      $CC -DFOR='"${role}"' -I${./greet} -shared ${./greet}/greet.c -o $out/lib/libgreet.so
    '';
  };
in
host.mkDerivation {
  name = "cross-1";
  strictDeps = true;
  depsBuildBuild = [ build.cc ];
  nativeBuildInputs = [ (greetFor "build") ];
  depsBuildTarget = [ host.cc ];
  buildInputs = [ (greetFor "host") ];
  depsTargetTarget = [ (greetFor "target") ];
  buildCommand = ''
    [[ $CC_FOR_BUILD == gcc && $CC == ${pkgs.crossConfig}-gcc ]]
    [[ $LD_FOR_BUILD == ld && $LD == ${pkgs.crossConfig}-ld ]]
    [[ $(readlink -f $(type -P $CC)) == $(readlink -f $(type -P $CC_FOR_BUILD)) ]]

    mkdir -p $out/bin
    $CC_FOR_BUILD ${./greet}/main.c -lgreet -o made-for-build
    $CC ${./greet}/main.c -lgreet -o $out/bin/app
    [[ $(env -i ./made-for-build) == "hello from build" ]]
    [[ $(env -i $out/bin/app) == "hello from host" ]]

    [[ $NIX_CFLAGS_COMPILE_FOR_BUILD$NIX_LDFLAGS_FOR_BUILD != *-for-@(host|target)/* ]]
    [[ $NIX_CFLAGS_COMPILE$NIX_LDFLAGS != *-for-@(build|target)/* ]]
    [[ $NIX_CFLAGS_COMPILE_FOR_TARGET$NIX_LDFLAGS_FOR_TARGET != *-for-@(build|host)/* ]]

    # One that serves two roles gets the flags of both.
    [[ $CC_FOR_TARGET == $CC && $NIX_CC_FOR_TARGET == $NIX_CC ]]
    NIX_DEBUG=1 $CC -c ${./greet}/main.c -o main.o 2> said
    grep -q -- -for-host/include said
    grep -q -- -for-target/include said
    if grep -- -for-build/ said; then exit 1; fi
  '';
}
