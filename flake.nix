{
  description = "nixpkgs' compiler wrappers as one fast binary";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { nixpkgs, ... }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      eachSystem = f:
        builtins.listToAttrs (map (name: { inherit name; value = f name; }) systems);
      # What default.nix makes of each system's packages.
      ours = eachSystem (system: import ./. { pkgs = nixpkgs.legacyPackages.${system}; });
    in
    {
      packages = eachSystem (system: { default = ours.${system}; cc-wrapper = ours.${system}; });
      devShells = eachSystem (system: { default = ours.${system}.shell; });
      checks = eachSystem (system: ours.${system}.tests);
      overlays.default = import ./nix/overlay.nix;

      # wrapCC, wrapBintools, wrapCCFrom, wrapBintoolsFrom, stdenv
      legacyPackages = eachSystem (system: ours.${system}.passthru);
    };
}
