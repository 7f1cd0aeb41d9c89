# What an expression of the documentation comes to: the derivations in the set
# that it is, or that it is part of.
{ example }:
let
  packages = pkgs: super: {
    # Names of nixpkgs that it may use.
    hello = pkgs.callPackage
      ({ stdenv }: stdenv.mkDerivation { name = "hello"; buildCommand = "$CC --version > $out"; })
      { };
    zlib = pkgs.hello;
    pkgsCross.aarch64-multiplatform.stdenv = pkgs.crossStdenv;
  };
  pkgs = import <nixpkgs> { overlays = [ packages ]; };
  cc-wrapper = import ../.. { inherit pkgs; };
  result = builtins.scopedImport { inherit pkgs cc-wrapper; } example;
  # A stdenv, or all of nixpkgs, stands for its compiler.
  derivation = value:
    if value ? callPackage then value.stdenv.cc else if value ? mkDerivation then value.cc else value;
in
map derivation (if result ? callPackage then [ result ] else builtins.attrValues result)
