{ lib, stdenv, rustPlatform, runCommandLocal, buildPackages }:
let
  manifest = builtins.fromTOML (builtins.readFile ../Cargo.toml);

  inherit (stdenv) buildPlatform hostPlatform;
  startsEarly = hostPlatform.isLinux
    && builtins.elem hostPlatform.system [ "x86_64-linux" "aarch64-linux" ];

  # One that runs here writes the man pages and what shells read, which are the
  # same for all platforms.
  native =
    if buildPlatform.canExecute hostPlatform then placeholder "out"
    else buildPackages.callPackage ./package.nix { };

  # What the build reads, or a note in the docs would be another compiler. Each
  # by itself: a filter would have to know the directory's name, and if that is
  # a symlink, Nix tells it another.
  entries = [ ".cargo" "Cargo.lock" "Cargo.toml" "benches" "build.rs" "src" ];
  copyOf = entry: builtins.path {
    name = "cc-wrapper-source";
    path = ../. + "/${entry}";
  };
in
rustPlatform.buildRustPackage {
  pname = manifest.package.name;
  inherit (manifest.package) version;
  src = runCommandLocal "cc-wrapper-source" { } ''
    mkdir $out
    ${lib.concatMapStringsSep "\n" (entry: "cp -r ${copyOf entry} $out/${entry}") entries}
  '';
  cargoLock.lockFile = ../Cargo.lock;

  # The static libc, where it is an output of its own.
  buildInputs = lib.optional (startsEarly && stdenv.cc.libc ? static) stdenv.cc.libc.static;

  # The tests want compilers that are not wrapped. Those of a Nix build are
  # in passthru.tests.
  doCheck = false;

  postInstall = ''
    tell=${native}/bin/cc-wrapper
    $tell man --out $out/share/man/man1
    mkdir -p $out/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
    $tell completions bash > $out/share/bash-completion/completions/cc-wrapper
    $tell completions zsh > $out/share/zsh/site-functions/_cc-wrapper
    $tell completions fish > $out/share/fish/vendor_completions.d/cc-wrapper.fish
  '';

  # There is no rpath in it to shrink.
  dontPatchELF = true;

  doInstallCheck = buildPlatform.canExecute hostPlatform;
  installCheckPhase = ''
    $out/bin/cc-wrapper --version
  '';

  meta = {
    inherit (manifest.package) description;
    license = lib.licenses.mit;
    platforms = lib.platforms.unix;
    mainProgram = "cc-wrapper";
  };
}
