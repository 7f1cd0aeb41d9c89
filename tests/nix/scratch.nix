# What wrapCCFrom makes of compilers that come in several outputs, of those for
# other machines and of Ada's.
{ pkgs ? import <nixpkgs> { } }:
let
  cc-wrapper = import ../.. { inherit pkgs; };
  inherit (pkgs) lib crossConfig;

  cross = cc-wrapper.wrapCCFrom {
    cc = pkgs.cross-gcc-unwrapped;
    bintools = pkgs.cross-binutils-unwrapped;
    libc = pkgs.glibc;
    config = crossConfig;
    targetPrefix = "${crossConfig}-";
  };
  gnat = cc-wrapper.wrapCCFrom {
    cc = pkgs.gnat-unwrapped;
    bintools = pkgs.binutils-unwrapped;
    libc = pkgs.glibc;
  };

  linkerFor = config: (cc-wrapper.wrapBintoolsFrom {
    bintools = pkgs.binutils-unwrapped;
    libc = pkgs.glibc;
    inherit config;
  }).dynamicLinker;
  linkers = {
    x86_64-unknown-linux-gnu = "ld-linux-x86-64.so.2";
    i686-unknown-linux-gnu = "ld-linux.so.2";
    aarch64-unknown-linux-gnu = "ld-linux-aarch64.so.1";
    armv6l-unknown-linux-gnueabihf = "ld-linux-armhf.so.3";
    riscv64-unknown-linux-gnu = "ld-linux-riscv64-lp64d.so.1";
    powerpc64-unknown-linux-gnuabielfv2 = "ld64.so.2";
    powerpc64le-unknown-linux-gnu = "ld64.so.2";
    i686-unknown-linux-musl = "ld-musl-i386.so.1";
    armv7l-unknown-linux-musleabihf = "ld-musl-armhf.so.1";
    riscv64-unknown-linux-musl = "ld-musl-riscv64.so.1";
  };

  described = cc-wrapper.wrapCCFrom {
    cc = pkgs.gcc-unwrapped // {
      meta = {
        description = "GCC";
        license = "GPL";
        outputsToInstall = [ "out" "man" ];
        priority = 3;
        name = "gcc-12";
        available = true;
      };
    };
    bintools = pkgs.binutils-unwrapped;
    libc = pkgs.glibc;
  };
in
assert lib.genAttrs (builtins.attrNames linkers) linkerFor
  == builtins.mapAttrs (_: file: "${pkgs.glibc}/lib/${file}") linkers;
assert linkerFor "avr" == "";
assert described.meta == {
  description = "GCC (wrapped by cc-wrapper)";
  license = "GPL";
  mainProgram = "gcc";
  priority = 10;
};
assert described.bintools.meta.mainProgram == "ld";
{
  # Its libraries are set apart, and its loader is not where one would think.
  cross = pkgs.runCommand "cross" { } ''
    cd ${cross}/nix-support
    [[ $(< cc-ldflags) == "-L${pkgs.cross-gcc-unwrapped.lib}/${crossConfig}/lib" ]]
    [[ $(< cc-cflags) == "-B${pkgs.cross-gcc-unwrapped.lib}/${crossConfig}/lib" ]]
    [[ $(< dynamic-linker) == ${pkgs.glibc}/lib/ld-* ]]
    [[ $(< toolchain.json) == *'"for-${pkgs.system}"'* ]]
    touch $out
  '';

  gnat = (pkgs.overrideCC pkgs.stdenv gnat).mkDerivation {
    name = "gnat";
    buildCommand = ''
      [[ $(< ${gnat}/nix-support/gnat-cflags) == -I*/adainclude\ -I*/adalib ]]
      [[ $(< ${gnat}/nix-support/toolchain.json) == *'["format","stackprotector","strictoverflow"]'* ]]
      cat > greet.adb << 'END'
      with Ada.Text_IO;
      procedure Greet is
      begin
         Ada.Text_IO.Put_Line ("hello from Ada");
      end Greet;
      END
      # Debian's gnatmake would call its gcc by another name.
      gnatmake --GCC=gcc greet.adb
      [[ $(env -i ./greet) == "hello from Ada" ]]
      cp greet $out
    '';
  };
}
