# buildRustPackage with the machine's toolchain and the crates that cargo has
# fetched for it.
pkgs:
let
  # What `cargo test` says, as a pure build knows nothing of the machine.
  say = name: default:
    let value = builtins.getEnv "CC_WRAPPER_TEST_${name}"; in if value == "" then default else value;
in
{
  rustPlatform.buildRustPackage =
    { pname, version, src, cargoLock, doCheck ? true, buildInputs ? [ ], env ? { }, ... }@attributes:
    assert cargoLock ? lockFile;
    pkgs.stdenv.mkDerivation (removeAttrs attributes [ "cargoLock" ] // {
      inherit pname version src doCheck buildInputs;
      # nixpkgs sets it too, if only to nothing.
      env = { RUSTFLAGS = ""; } // env;
      # A build that was there before, where the package is not the subject.
      built =
        let built = say "PACKAGE" "";
        in if built == "" then "" else builtins.path { name = pname; path = /. + built; };
      cargoHome = say "CARGO_HOME" "";
      rustBin = say "RUST_BIN" "/usr/bin";
      strictDeps = true;
      buildPhase = attributes.buildPhase or ''
        if [[ -z $built ]]; then
          export PATH=$PATH:$rustBin CARGO_HOME=$NIX_BUILD_TOP/cargo
          mkdir $CARGO_HOME
          ln -s "$cargoHome/registry" $CARGO_HOME
          if [[ -e $cargoHome/config.toml ]]; then ln -s "$cargoHome/config.toml" $CARGO_HOME; fi
          export CARGO_PROFILE_RELEASE_STRIP=false
          cargo build --profile release --target ${pkgs.config} --offline --locked --bin ${pname}
        fi
      '';
      installPhase = attributes.installPhase or ''
        mkdir -p $out/bin
        cp "''${built:-target/${pkgs.config}/release/${pname}}" $out/bin/${pname}
        runHook postInstall
      '';
    });
}
