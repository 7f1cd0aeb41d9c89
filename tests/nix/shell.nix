# A shell with a library to link.
{ pkgs ? import <nixpkgs> { } }:
let
  inherit (import ../.. { inherit pkgs; }) stdenv tests;
in
pkgs.mkShell.override { inherit stdenv; } {
  buildInputs = tests.app.buildInputs;
  shellHook = "echo the hook ran";
}
