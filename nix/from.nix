# Wrapped compilers and binutils made from unwrapped ones, a C library and
# our templates.
{ lib, stdenvNoCC, cc-wrapper }:
let
  templates = ../wrapper-templates;
  inherit (stdenvNoCC) hostPlatform targetPlatform;

  # As nixpkgs has it, for the variables to be the same.
  saltOf = builtins.replaceStrings [ "-" "." ] [ "_" "_" ];

  describe = value: value.name or "a ${builtins.typeOf value}";
  isPackage = value: builtins.isAttrs value && value ? outPath;
  isWrapper = value: isPackage value && value ? bintools;

  # What both halves have: `files` are texts for nix-support.
  root = { name, version, script, toolchain, files, attributes, passthru, wrapped }:
    stdenvNoCC.mkDerivation ({
      name = "${name}-wrapper-${version}";
      inherit (passthru) suffixSalt targetPrefix;
      binary = "${cc-wrapper}/bin/cc-wrapper";
      inherit templates;
      toolchain = builtins.toJSON ({ version = 1; inherit (passthru) suffixSalt; } // toolchain);
      # The wrapped programs run without any.
      coreutils_bin = "";
      default_hardening_flags_str = toString passthru.defaultHardeningFlags;
      buildCommand = ''
        source $templates/root.bash
        source $templates/${script}
        ${lib.concatMapStringsSep "\n"
          (file: "echo ${toString files.${file}} >> $out/nix-support/${file}")
          (builtins.attrNames files)}
        finishRoot
      '';
      passthru = passthru // {
        inherit version;
        nativeWrapper = cc-wrapper;
        nativeTools = false;
        nativeLibc = false;
        nativePrefix = "";
      };
      meta = { mainProgram = "cc"; } // wrapped.meta or { } // {
        description = "${wrapped.meta.description or name} (wrapped by cc-wrapper)";
      };
    } // attributes);

  wrapBintoolsFrom = lib.makeOverridable (
    { bintools
      # null: the linker is told nothing of one
    , libc ? null
      # the machine that programs are linked for
    , config ? targetPlatform.config
    , targetPrefix ? lib.optionalString (targetPlatform.config != hostPlatform.config) "${config}-"
      # a path; null: the one in libc
    , dynamicLinker ? null
      # for builds that say nothing about hardening
    , defaultHardeningFlags ? [
        "bindnow" "format" "fortify" "fortify3" "pic" "relro" "stackprotector" "strictoverflow"
        "zerocallusedregs"
      ]
    , hardeningUnsupportedFlags ? [ ]
    , nixSupport ? { }
    }:
    if !isPackage bintools || isWrapper bintools then
      throw "cc-wrapper: wrapBintoolsFrom takes binutils that are not wrapped, and ${describe bintools} is none (its `bintools`, perhaps)"
    else
      root {
        name = "${targetPrefix}${lib.getName bintools}";
        version = lib.getVersion bintools;
        wrapped = bintools;
        script = "lay-bintools.bash";
        toolchain = { hardeningUnsupported = hardeningUnsupportedFlags; };
        files = nixSupport;
        attributes = {
          wrapperName = "BINTOOLS_WRAPPER";
          bintools_bin = lib.getBin bintools;
          libc_bin = lib.optionalString (libc != null) (lib.getBin libc);
          libc_lib = lib.optionalString (libc != null) (lib.getLib libc);
          libc_dev = lib.optionalString (libc != null) (lib.getDev libc);
          dynamicLinker = lib.optionalString (dynamicLinker != null) dynamicLinker;
        };
        passthru = {
          inherit bintools libc targetPrefix defaultHardeningFlags;
          suffixSalt = saltOf config;
          libc_bin = lib.optionalString (libc != null) (lib.getBin libc);
          libc_lib = lib.optionalString (libc != null) (lib.getLib libc);
          libc_dev = lib.optionalString (libc != null) (lib.getDev libc);
          isGNU = bintools.isGNU or false;
          isLLVM = bintools.isLLVM or false;
          isCCTools = false;
        };
      }
  );

  wrapCCFrom = lib.makeOverridable (
    { cc
      # wrapped, by whomever, or not
    , bintools
    , libc ? bintools.libc or null
    , config ? targetPlatform.config
    , targetPrefix ? bintools.targetPrefix or (lib.optionalString (targetPlatform.config != hostPlatform.config) "${config}-")
    , isClang ? cc.isClang or false
    , isGNU ? cc.isGNU or (!isClang)
      # clang's start files and libgcc
    , gccForLibs ? null
    , libcxx ? null
    , hardeningUnsupportedFlags ? cc.hardeningUnsupportedFlags or [ ]
    , machineFlags ? [ ]
    , extraPackages ? [ ]
      # more for the files of nix-support, as nixpkgs has it
    , nixSupport ? { }
    }:
    let
      half =
        if isWrapper bintools then bintools
        else wrapBintoolsFrom { inherit bintools libc config targetPrefix; };
      salt = saltOf config;
    in
    if !isPackage cc || isWrapper cc then
      throw "cc-wrapper: wrapCCFrom takes a compiler that is not wrapped, and ${describe cc} is none (its `cc`, perhaps; for a wrapped one there is wrapCC)"
    else if half.suffixSalt or salt != salt then
      throw "cc-wrapper: wrapCCFrom: ${describe cc} is for ${salt}, and ${describe half} for ${half.suffixSalt}"
    else
      root {
        name = "${targetPrefix}${lib.getName cc}";
        version = lib.getVersion cc;
        wrapped = cc;
        script = "lay-cc.bash";
        toolchain = {
          compiler = if isClang then "clang" else "gcc";
          bintools = "${half}";
          hardeningUnsupported = hardeningUnsupportedFlags;
          inherit machineFlags;
        } // lib.optionalAttrs isClang { defaultTarget = config; };
        files = nixSupport;
        attributes = {
          wrapperName = "CC_WRAPPER";
          inherit cc isGNU isClang;
          bintools = half;
          gccForLibs = lib.optionalString (gccForLibs != null) gccForLibs;
          libcxx = lib.optionalString (libcxx != null) (lib.getDev libcxx);
          cc_lib = lib.getLib cc;
          libc_bin = lib.optionalString (libc != null) (lib.getBin libc);
          libc_lib = lib.optionalString (libc != null) (lib.getLib libc);
          libc_dev = lib.optionalString (libc != null) (lib.getDev libc);
          extraPackages = toString (lib.optional (libcxx != null) libcxx ++ extraPackages);
          # gcc has an answer of its own to __FILE__ in nixpkgs.
          useMacroPrefixMap = lib.optionalString (!isGNU) "1";
        };
        passthru = {
          inherit cc libc libcxx targetPrefix isGNU isClang nixSupport;
          bintools = half;
          suffixSalt = salt;
          inherit (half) libc_bin libc_lib libc_dev;
          defaultHardeningFlags = half.defaultHardeningFlags or [ ];
        };
      }
  );
in
{
  inherit wrapCCFrom wrapBintoolsFrom;
}
