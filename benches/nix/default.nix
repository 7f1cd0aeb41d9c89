# How long a package with many small C files takes to build: with the compiler
# as it is, with the same and the flags that a wrapped call adds, with our
# wrapper, and with the one that nixpkgs has.
#
#   cat $(nix-build --no-out-link benches/nix)
{ pkgs ? import <nixpkgs> { }
, files ? 40
, rounds ? let given = builtins.getEnv "CC_WRAPPER_BENCH_ROUNDS"; in if given == "" then 21 else given
  # Another number measures anew.
, run ? 0
}:
let
  inherit (import ../.. { inherit pkgs; }) stdenv;
  theirs = pkgs.stdenv.cc;
in
stdenv.mkDerivation {
  name = "many-small-files-${toString run}";
  inherit files rounds theirs;
  unwrapped = theirs.cc;
  linkers = theirs.bintools.bintools;
  buildCommand = "source ${./measure.bash}";
}
