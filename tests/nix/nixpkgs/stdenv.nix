# mkDerivation and what is made of it.
pkgs:
let
  inherit (pkgs) lib;

  # Attributes that say something of the package and nothing to its build.
  aside = [ "passthru" "meta" "env" ];

  mkStdenv = { cc, extraNativeBuildInputs ? [ ], ... }:
    let
      self = derivation {
        inherit (pkgs) system;
        name = "stdenv";
        builder = pkgs.runtimeShell;
        setupText = builtins.readFile ./setup.bash;
        passAsFile = [ "setupText" ];
        args = [ "-euc" ''
          PATH=${pkgs.coreutils}/bin
          mkdir $out
          {
            echo 'initialPath="${pkgs.coreutils} ${pkgs.bash}"'
            echo 'SHELL=${pkgs.runtimeShell}'
            echo 'defaultNativeBuildInputs="${toString (lib.optional (cc != null) cc ++ extraNativeBuildInputs)}"'
            cat $setupTextPath
          } > $out/setup
          :
        '' ];
      };

      mkDerivation = attributes:
        let
          named = attributes.name or "${attributes.pname}-${attributes.version or "0"}";
          drv = derivation (
            removeAttrs attributes aside // attributes.env or { } // {
              inherit (pkgs) system;
              name = named;
              stdenv = self;
              builder = attributes.builder or pkgs.runtimeShell;
              args = attributes.args or [ "-euc" "source $stdenv/setup; genericBuild; :" ];
            }
          );
        in
        drv // attributes // {
          # For whoever asks for the strings: the derivation's own win.
          inherit (drv) outPath drvPath out type;
          name = named;
          stdenv = result;
          meta = attributes.meta or { };
          overrideAttrs = change:
            let f = if builtins.isFunction change then change else _: change;
            in mkDerivation (attributes // f attributes);
        } // attributes.passthru or { };

      result = self // {
        inherit cc mkDerivation;
        inherit (pkgs) hostPlatform;
        buildPlatform = pkgs.hostPlatform;
        targetPlatform = pkgs.hostPlatform;
        hasCC = cc != null;
        shell = pkgs.runtimeShell;
      };
    in
    result;
  overridable = lib.makeOverridable mkStdenv;
in
{
  stdenvNoCC = overridable { cc = null; };
  stdenv = overridable { cc = pkgs.gcc; };
  clangStdenv = pkgs.overrideCC pkgs.stdenv pkgs.clang;
  crossStdenv = pkgs.overrideCC pkgs.stdenv pkgs.crossGcc;
  overrideCC = stdenv: cc: stdenv.override { inherit cc; allowedRequisites = null; };

  runCommand = name: attributes: command:
    pkgs.stdenv.mkDerivation ({
      inherit name;
      buildCommand = command;
    } // attributes);
  runCommandLocal = pkgs.runCommand;

  mkShell = pkgs.callPackage
    ({ stdenv }: { packages ? [ ], nativeBuildInputs ? [ ], ... }@attributes:
      stdenv.mkDerivation ({
        name = "nix-shell";
        buildCommand = "export > $out";
      } // removeAttrs attributes [ "packages" ] // {
        nativeBuildInputs = packages ++ nativeBuildInputs;
      }))
    { };
}
