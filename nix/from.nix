# Wrapped compilers and binutils made from unwrapped ones, a C library and
# our templates.
{ lib
, stdenvNoCC
, cc-wrapper
  # whose hardening flags are the default: it differs from year to year
, nixpkgsBintools
}:
let
  templates = ../wrapper-templates;
  inherit (stdenvNoCC) hostPlatform targetPlatform;

  # As nixpkgs has it, for the variables to be the same.
  saltOf = builtins.replaceStrings [ "-" "." ] [ "_" "_" ];

  darwinMinVersion = lib.optionalString (targetPlatform.isDarwin or false) targetPlatform.darwinMinVersion;

  describe = value: value.name or "a ${builtins.typeOf value}";
  isPackage = value: builtins.isAttrs value && value ? outPath;
  isWrapper = value: isPackage value && value ? bintools;

  # Where a C library has its loader, mostly. A float ABI or an endianness that
  # is not the usual one has another name.
  usualLinker = libc: config:
    let
      cpu = builtins.head (builtins.split "-" config);
      is = pattern: builtins.match pattern config != null;
      isHardFloat = is ".*hf";
      glibc =
        if is "x86_64-.*x32" then "ld-linux-x32.so.2"
        else if is "i.86-.*" then "ld-linux.so.2"
        else if is "arm(v[^-]*)?-.*" then "ld-linux${lib.optionalString isHardFloat "-armhf"}.so.3"
        else {
          x86_64 = "ld-linux-x86-64.so.2";
          aarch64 = "ld-linux-aarch64.so.1";
          riscv64 = "ld-linux-riscv64-lp64d.so.1";
          riscv32 = "ld-linux-riscv32-ilp32d.so.1";
          loongarch64 = "ld-linux-loongarch-lp64d.so.1";
          powerpc = "ld.so.1";
          powerpc64 = if is ".*elfv2" then "ld64.so.2" else "ld64.so.1";
          powerpc64le = "ld64.so.2";
          s390x = "ld64.so.1";
        }.${cpu} or null;
      musl =
        if is "i.86-.*" then "i386"
        else if is "arm(v[^-]*)?-.*" then "arm${lib.optionalString isHardFloat "hf"}"
        else cpu;
      file = if is ".*-musl.*" then "ld-musl-${musl}.so.1" else if is ".*-linux-gnu.*" then glibc else null;
    in
    lib.optionalString (libc != null && file != null) "${lib.getLib libc}/lib/${file}";

  # What nixpkgs takes off for a platform, for a compiler and for a linker.
  unsupportedOn = platform: names:
    builtins.concatMap (name: lib.optionals (platform.${name} or false) names.${name})
      (builtins.attrNames names);
  ccUnsupported = cc:
    (
      if cc ? hardeningUnsupportedFlagsByTargetPlatform
      then cc.hardeningUnsupportedFlagsByTargetPlatform targetPlatform
      else cc.hardeningUnsupportedFlags or [ ]
    )
    ++ unsupportedOn targetPlatform {
      isWindows = [ "pic" ];
      isMinGW = [ "stackprotector" "fortify" ];
      isAvr = [ "stackprotector" "pic" ];
      isNetBSD = [ "stackprotector" "fortify" ];
      isWasm = [ "stackprotector" "fortify" "pie" "pic" ];
      isMicroBlaze = [ "stackprotector" ];
    }
    ++ lib.optionals (builtins.elem targetPlatform.libc or null [ "newlib" "newlib-nano" ])
      [ "stackprotector" "fortify" "pie" "pic" ]
    ++ lib.optional (targetPlatform.libc or null == "musl" && targetPlatform.isx86_32 or false)
      "stackprotector"
    ++ lib.optionals (cc.langAda or false) [ "format" "stackprotector" "strictoverflow" ]
    ++ lib.optional (cc.langFortran or false || cc.langGo or false) "format";
  bintoolsUnsupported = unsupportedOn targetPlatform {
    isAvr = [ "relro" "bindnow" ];
    isWindows = [ "relro" "bindnow" ];
  } ++ lib.optional (hostPlatform.isCygwin or false) "pic";

  # What both halves have: `files` are texts for nix-support.
  root = { name, version, script, toolchain, files, attributes, passthru, wrapped, mainProgram }:
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
      # The rest is of another package: its outputs, its name, its programs.
      meta = builtins.intersectAttrs
        { homepage = { }; license = { }; maintainers = { }; teams = { }; platforms = { }; badPlatforms = { }; }
        wrapped.meta or { }
      // {
        inherit mainProgram;
        priority = 10;
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
    , defaultHardeningFlags ? nixpkgsBintools.defaultHardeningFlags or [
        "bindnow" "format" "fortify" "fortify3" "pic" "relro" "stackprotector" "strictoverflow"
        "zerocallusedregs"
      ]
    , hardeningUnsupportedFlags ? bintoolsUnsupported
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
        mainProgram = "${targetPrefix}ld";
        toolchain = { hardeningUnsupported = hardeningUnsupportedFlags; };
        files = nixSupport;
        attributes = {
          wrapperName = "BINTOOLS_WRAPPER";
          bintools_bin = lib.getBin bintools;
          libc_bin = lib.optionalString (libc != null) (lib.getBin libc);
          libc_lib = lib.optionalString (libc != null) (lib.getLib libc);
          libc_dev = lib.optionalString (libc != null) (lib.getDev libc);
          # Packages read it. Where it is guessed and not there, the build of
          # the linker half looks for another.
          dynamicLinker = if dynamicLinker != null then dynamicLinker else usualLinker libc config;
          isGuessedLinker = lib.optionalString (dynamicLinker == null) "1";
          inherit darwinMinVersion;
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
      # instead of those that nixpkgs knows of
    , hardeningUnsupportedFlags ? ccUnsupported cc
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
        mainProgram = "${targetPrefix}${if isClang then "clang" else "gcc"}";
        toolchain = {
          compiler = if isClang then "clang" else "gcc";
          bintools = "${half}";
          hardeningUnsupported = hardeningUnsupportedFlags;
          inherit machineFlags;
        } // lib.optionalAttrs isClang { defaultTarget = config; };
        files = nixSupport;
        attributes = {
          wrapperName = "CC_WRAPPER";
          inherit cc isGNU isClang config darwinMinVersion;
          bintools = half;
          gccForLibs = lib.optionalString (gccForLibs != null) gccForLibs;
          gccForLibs_lib = lib.optionalString (gccForLibs != null) (lib.getLib gccForLibs);
          # one, several, or none
          gccForLibs_libgcc = toString (gccForLibs.libgcc or [ ]);
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
