# For Nix: the package. nixpkgs 24.05 and later have all that is asked for
# here.
{ pkgs ? import <nixpkgs> { } }:
pkgs.callPackage ./nix/package.nix { }
