# Wrappers in bash, with the interface of nixpkgs' own.
pkgs:
let
  inherit (pkgs) lib;
  inherit (pkgs.stdenvNoCC) mkDerivation;
  templates = ../../../wrapper-templates;
  salt = builtins.replaceStrings [ "-" "." ] [ "_" "_" ];

  # Which machine a wrapper's tools make programs for.
  target = targetConfig: {
    suffixSalt = salt (if targetConfig == null then pkgs.config else targetConfig);
    targetPrefix = lib.optionalString (targetConfig != null) "${targetConfig}-";
  };

  # A shell function for the install phase: a script that runs PROGRAM.
  wrap = ''
    wrap() {
      local dst="$1" wrapper="$2"
      export prog="$3"
      substituteAll "$wrapper" "$out/bin/$dst"
      chmod +x "$out/bin/$dst"
    }
  '';
  scripts = flags: ''
    substituteAll ${flags} $out/nix-support/add-flags.sh
    substituteAll ${templates}/utils.bash $out/nix-support/utils.bash
  '';

  bintoolsWrapper =
    { bintools, libc ? pkgs.glibc, targetConfig ? null, extraBuildCommands ? ""
    , defaultHardeningFlags ? [ "fortify" "stackprotector" "pic" "strictoverflow" "format" "relro" "bindnow" ]
    }:
    let inherit (target targetConfig) suffixSalt targetPrefix; in
    mkDerivation {
      name = "${targetPrefix}${lib.getName bintools}-wrapper-${lib.getVersion bintools}";
      phases = "installPhase fixupPhase";
      installPhase = ''
        mkdir -p $out/bin $out/nix-support
        ${wrap}
        export use_response_file_by_default=0
        ldPath=${bintools}/bin
        for name in addr2line ar as c++filt nm objcopy objdump ranlib readelf size strings; do
          if [[ -e $ldPath/$targetPrefix$name ]]; then ln -s $ldPath/$targetPrefix$name $out/bin; fi
        done
        for program in $ldPath/''${targetPrefix}ld $ldPath/''${targetPrefix}ld.*; do
          wrap "''${program##*/}" ${./ld.bash.in} "$program"
        done
        wrap ''${targetPrefix}strip ${./strip.bash.in} $ldPath/''${targetPrefix}strip
      '';
      setupHooks = [ "${templates}/role.bash" "${templates}/bintools-hook.bash" ];
      postFixup = ''
        cd $out/nix-support
        echo ${bintools} > orig-bintools
        echo ${libc} | tee orig-libc > orig-libc-dev
        echo "-L${libc}/lib" > libc-ldflags
        loader=(${libc}/lib/ld-linux*)
        echo "$loader" > dynamic-linker
        touch ld-set-dynamic-linker
        export hardening_unsupported_flags=""
        ${scripts "${templates}/bintools-flags.bash"}
        substituteAll ${./ld-hardening.bash.in} $out/nix-support/add-hardening.sh
        ${extraBuildCommands}
      '';
      inherit suffixSalt targetPrefix;
      shell = pkgs.runtimeShell;
      wrapperName = "BINTOOLS_WRAPPER";
      coreutils_bin = pkgs.coreutils;
      bintools_bin = bintools;
      libc_bin = libc;
      expandResponseParams = "";
      darwinMinVersion = "";
      default_hardening_flags_str = toString defaultHardeningFlags;
      passthru = {
        inherit bintools libc suffixSalt targetPrefix defaultHardeningFlags;
        libc_bin = libc;
        libc_dev = libc;
        libc_lib = libc;
        nativeTools = false;
        nativeLibc = false;
        nativePrefix = "";
        isGNU = true;
        isLLVM = false;
      };
    };

  ccWrapper =
    { cc, bintools, libc ? bintools.libc, targetConfig ? null, extraBuildCommands ? ""
    , isGNU ? cc.isGNU or false, isClang ? cc.isClang or false
    }:
    assert libc == bintools.libc_lib;
    let inherit (target targetConfig) suffixSalt targetPrefix; in
    mkDerivation {
      name = "${targetPrefix}${lib.getName cc}-wrapper-${lib.getVersion cc}";
      phases = "installPhase fixupPhase";
      installPhase = ''
        mkdir -p $out/bin $out/nix-support
        ${wrap}
        export use_response_file_by_default=${if isClang then "1" else "0"}
        echo $cc > $out/nix-support/orig-cc
        ccPath=$cc/bin
        ln -s $bintools/bin/* $out/bin
        for pair in gcc:cc g++:c++ clang:cc clang++:c++ cpp: gfortran:f77; do
          name=$targetPrefix''${pair%:*} link=''${pair#*:}
          if [[ ! -e $ccPath/$name ]]; then continue; fi
          wrap "$name" ${./cc.bash.in} "$ccPath/$name"
          if [[ -n $link ]]; then ln -s "$name" "$out/bin/$targetPrefix$link"; fi
        done
        export named_cc=${targetPrefix}${if isClang then "clang" else "gcc"}
        export named_cxx=${targetPrefix}${if isClang then "clang++" else "g++"}
        export named_fc=${targetPrefix}gfortran
      '';
      propagatedBuildInputs = [ bintools ];
      setupHooks = [ "${templates}/role.bash" "${templates}/cc-hook.bash" ]
        ++ lib.optional (cc.langFortran or false) "${templates}/fortran-hook.bash";
      postFixup = ''
        cd $out/nix-support
        echo ${libc} | tee orig-libc > orig-libc-dev
        touch cc-cflags cc-ldflags
        echo "-fno-omit-frame-pointer" > cc-cflags-before
        echo "-B${libc}/lib/" > libc-crt1-cflags
        echo "-idirafter ${libc}/include" > libc-cflags
        ln -s $bintools/nix-support/dynamic-linker .
        export hardening_unsupported_flags="${toString (cc.hardeningUnsupportedFlags or [ ])}"
        ${scripts "${templates}/cc-flags.bash"}
        substituteAll ${./cc-hardening.bash.in} $out/nix-support/add-hardening.sh
        ${lib.optionalString isClang ''
          export defaultTarget=${pkgs.config} machineFlags="" explicitAbiValue=""
          substituteAll ${./clang.bash.in} $out/nix-support/add-local-cc-cflags-before.sh
        ''}
        ${extraBuildCommands}
      '';
      inherit suffixSalt targetPrefix cc bintools isClang;
      shell = pkgs.runtimeShell;
      wrapperName = "CC_WRAPPER";
      coreutils_bin = pkgs.coreutils;
      gnugrep_bin = "";
      libc_bin = libc;
      useMacroPrefixMap = "";
      expandResponseParams = "";
      darwinMinVersion = "";
      default_hardening_flags_str = toString bintools.defaultHardeningFlags;
      passthru = {
        inherit cc bintools libc suffixSalt targetPrefix isGNU isClang;
        inherit (bintools) defaultHardeningFlags nativeTools nativeLibc nativePrefix;
        libcxx = null;
      };
    };
in
rec {
  wrapBintoolsWith = lib.makeOverridable bintoolsWrapper;
  wrapCCWith = lib.makeOverridable (args: ccWrapper ({ inherit (pkgs) bintools; } // args));
  wrapCC = cc: wrapCCWith { inherit cc; };

  bintools = wrapBintoolsWith { bintools = pkgs.binutils-unwrapped; };
  gcc = wrapCC pkgs.gcc-unwrapped;
  clang = wrapCC pkgs.clang-unwrapped;
  crossGcc = wrapCCWith {
    cc = pkgs.cross-gcc-unwrapped;
    targetConfig = pkgs.crossConfig;
    bintools = wrapBintoolsWith {
      bintools = pkgs.cross-binutils-unwrapped;
      targetConfig = pkgs.crossConfig;
    };
  };
}
