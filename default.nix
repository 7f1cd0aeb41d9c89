# For Nix: the package, and the compilers and environments made with it.
# docs/nix.md says how to use them. nixpkgs 24.05 and later have all that is
# asked for here.
{ pkgs ? import <nixpkgs> { } }:
let
  package = pkgs.callPackage ./nix/package.nix { };

  # A compiler runs on the machine that builds. Where that is another than the
  # one that packages are for, this is not the package above.
  tool = pkgs.buildPackages.callPackage ./nix/package.nix { };
  wrap = pkgs.buildPackages.callPackage ./nix/wrap.nix { cc-wrapper = tool; };
  from = pkgs.buildPackages.callPackage ./nix/from.nix {
    cc-wrapper = tool;
    nixpkgsBintools = pkgs.stdenv.cc.bintools or { };
  };

  stdenv = pkgs.overrideCC pkgs.stdenv (wrap.wrapCC pkgs.stdenv.cc);
in
package.overrideAttrs (old: {
  passthru = old.passthru or { } // {
    inherit (wrap) wrapCC wrapBintools;
    inherit (from) wrapCCFrom wrapBintoolsFrom;
    inherit stdenv;

    # `nix-shell -A shell`
    shell = pkgs.mkShell.override { inherit stdenv; } { packages = [ tool ]; };

    overlay = import ./nix/overlay.nix;

    tests = import ./nix/tests.nix {
      inherit (pkgs) lib overrideCC clangStdenv;
      gccForLibs = pkgs.gccForLibs or pkgs.gcc.cc;
      inherit package stdenv;
      inherit (wrap) wrapCC wrapBintools adoptInPlace;
      inherit (from) wrapCCFrom;
      plainStdenv = pkgs.stdenv;
    };
  };
})
