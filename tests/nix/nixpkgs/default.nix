# As much of nixpkgs as a compiler's wrapper has to do with, for machines that
# have Nix and nothing in its store: the compilers, the C library and the tools
# are links to the machine's own. The names are nixpkgs', the text is not.
{ overlays ? [ ], config ? { }, system ? builtins.currentSystem, ... }:
let
  lib = import ./lib.nix;

  packages = pkgs:
    {
      inherit lib pkgs system;
      callPackage = lib.callPackageWith pkgs;
      # Nothing here is built on another machine than it runs on.
      buildPackages = pkgs;
    }
    // import ./host.nix pkgs
    // import ./stdenv.nix pkgs
    // import ./wrappers.nix pkgs
    // import ./rust.nix pkgs;

  overlaid = below: overlay: pkgs:
    let super = below pkgs; in super // overlay pkgs super;
  fix = f: let x = f x; in x;

  # As nixpkgs' last stage.
  replaced = pkgs: super:
    if config ? replaceStdenv then { stdenv = config.replaceStdenv { pkgs = fix packages; }; } else { };
in
fix (builtins.foldl' overlaid packages ([ replaced ] ++ overlays))
