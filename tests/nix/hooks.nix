# What the setup hooks make of dependencies.
{ pkgs ? import <nixpkgs> { } }:
let
  templates = ../../wrapper-templates;
  cc-wrapper = import ../.. { inherit pkgs; };
  fromScratch = cc-wrapper.wrapCCFrom {
    cc = pkgs.gcc-unwrapped;
    isGNU = false;
    bintools = pkgs.binutils-unwrapped;
    libc = pkgs.glibc;
  };

  full = pkgs.runCommand "full" { } ''
    mkdir -p $out/{include,Library/Frameworks,lib64,lib/pkgconfig,share/pkgconfig}
    touch $out/lib/libx.a
    # as the first of the libraries
    ln -s /nowhere $out/lib/liba.so
  '';
  # Nothing for a compiler or a linker.
  bare = pkgs.runCommand "bare" { } ''
    mkdir -p $out/lib/python
    ln -s lib $out/lib64
  '';

  pkg-config = pkgs.stdenvNoCC.mkDerivation {
    name = "pkg-config-wrapper";
    phases = "installPhase fixupPhase";
    installPhase = "mkdir $out";
    setupHooks = [ "${templates}/role.bash" "${templates}/pkg-config-hook.bash" ];
    wrapperName = "PKG_CONFIG_WRAPPER";
    suffixSalt = "salt";
    targetPrefix = "";
    baseBinName = "pkg-config";
  };

  checked = cc: attributes: check:
    (pkgs.overrideCC pkgs.stdenv cc).mkDerivation ({
      name = "checked";
      strictDeps = true;
      nativeBuildInputs = [ pkg-config ];
      buildInputs = [ full bare ];
      buildCommand = ''
        is() {
          if [[ $2 != "$3" ]]; then printf '%s is:\n  %s\nnot:\n  %s\n' "$@"; exit 1; fi
        }
        ${check}
        touch $out
      '';
    } // attributes);
in
{
  all = checked cc-wrapper.stdenv.cc { } ''
    is NIX_CFLAGS_COMPILE "$NIX_CFLAGS_COMPILE" \
      " -isystem ${full}/include -iframework ${full}/Library/Frameworks"
    is NIX_LDFLAGS "$NIX_LDFLAGS" "-rpath $out/lib  -L${full}/lib64 -L${full}/lib"
    is PKG_CONFIG_PATH "$PKG_CONFIG_PATH" "${full}/lib/pkgconfig:${full}/share/pkgconfig"
    is names "$CC $CXX $FC $AR $LD $STRIP $PKG_CONFIG" "gcc g++ gfortran ar ld strip pkg-config"
    is NIX_HARDENING_ENABLE "$NIX_HARDENING_ENABLE" "${toString pkgs.bintools.defaultHardeningFlags}"
    is roles "$(env | sed -n 's/^\(NIX_.*_TARGET_[^=]*\)=1$/\1/p' | sort | tr '\n' ' ')" \
      "NIX_BINTOOLS_WRAPPER_TARGET_HOST_${pkgs.gcc.suffixSalt} NIX_CC_WRAPPER_TARGET_HOST_${pkgs.gcc.suffixSalt} NIX_PKG_CONFIG_WRAPPER_TARGET_HOST_salt "
  '';

  # One that is not nixpkgs' gcc: no name of a package in __FILE__.
  cc = checked fromScratch { NIX_HARDENING_ENABLE = ""; } ''
    name=${full}
    name=''${name##*/}
    scrubbed=$NIX_STORE/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-''${name#*-}
    words=" -isystem ${full}/include -iframework ${full}/Library/Frameworks"
    is NIX_CFLAGS_COMPILE "$NIX_CFLAGS_COMPILE" "$words -fmacro-prefix-map=${full}=$scrubbed"
    is NIX_HARDENING_ENABLE "$NIX_HARDENING_ENABLE" ""
    is names "$CC $CXX $AR" "gcc g++ ar"
    is NIX_CC "$NIX_CC" "${fromScratch}"
  '';

  # A compiler that is a library of the build is none for it.
  strict = checked cc-wrapper.stdenv.cc { buildInputs = [ fromScratch ]; } ''
    is CC "$CC" gcc
    is NIX_CC "$NIX_CC" "${cc-wrapper.stdenv.cc}"
  '';
}
