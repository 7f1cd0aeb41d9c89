# Store paths full of links to what the machine has.
pkgs:
let
  inherit (pkgs) lib system;
  config = builtins.replaceStrings [ "-linux" ] [ "-unknown-linux-gnu" ] system;

  # A derivation without a stdenv. Its builder must not end in a program: Nix
  # kills what is left when the log closes.
  links = name: attributes: script:
    derivation
      ({
        inherit name system;
        builder = "/bin/bash";
        args = [ "-euc" "PATH=/usr/bin:/bin\nmkdir -p $out/bin\n${script}\n:" ];
      } // removeAttrs attributes [ "hardeningUnsupportedFlagsByTargetPlatform" ])
    // { inherit name; } // attributes;

  # Links to those of the machine's programs that it has.
  programs = names: ''
    for name in ${toString names}; do
      if program=$(type -P "$name"); then ln -s "$program" "$out/bin/''${name##*/}"; fi
    done
  '';
in
{
  inherit config;
  hostPlatform = {
    inherit system config;
    isLinux = true;
    isDarwin = false;
    canExecute = platform: platform.system == system;
  };

  # With bash alone: a shell puts this first on its PATH.
  bash = links "bash-5" { shellPath = "/bin/bash"; } (programs [ "bash" ]);
  bashInteractive = pkgs.bash;
  runtimeShell = "${pkgs.bash}/bin/bash";

  coreutils = links "coreutils-9" { } (programs [
    "awk" "basename" "cat" "chmod" "cmp" "cp" "cut" "date" "diff" "dirname" "du" "env" "expr" "find"
    "grep" "gzip" "head" "install" "ln" "ls" "make" "mkdir" "mktemp" "mv" "nproc" "readlink"
    "realpath" "rm" "rmdir" "sed" "seq" "sh" "sleep" "sort" "tail" "tar" "tee" "touch" "tr"
    "true" "uname" "uniq" "wc" "xargs"
  ]);

  gcc-unwrapped = links "gcc-12" { pname = "gcc"; version = "12"; isGNU = true; langFortran = true; }
    (programs [ "gcc" "g++" "cpp" "gfortran" ]);
  # In several outputs, as nixpkgs has it: where clang finds start files, the
  # C++ library and libgcc.
  gccForLibs =
    links "gcc-12"
      {
        pname = "gcc";
        version = "12";
        isGNU = true;
        outputs = [ "out" "lib" "libgcc" ];
      } ''
      mine=$(dirname "$(gcc -print-libgcc-file-name)")
      version=''${mine##*/}
      internal=$out/lib/gcc/${config}/$version
      headers=$out/include/c++/$version
      mkdir -p "$internal" "$headers/${config}" $lib/lib $libgcc/lib
      ln -s "$mine"/*.o "$mine"/libgcc.a "$mine"/libgcc_eh.a "$internal"
      ln -s "/usr/include/c++/$version"/* "$headers"
      ln -s "/usr/include/$(gcc -print-multiarch)/c++/$version"/* "$headers/${config}"
      ln -s "$(gcc -print-file-name=libstdc++.so)" "$(gcc -print-file-name=libstdc++.so.6)" $lib/lib
      ln -s "$(gcc -print-file-name=libgcc_s.so.1)" $libgcc/lib
      ln -s libgcc_s.so.1 $libgcc/lib/libgcc_s.so
    '';
  gnat-unwrapped =
    links "gnat-12" { pname = "gnat"; version = "12"; isGNU = true; langAda = true; } ''
      ${programs [ "gcc" "gnatbind" "gnatchop" "gnatclean" "gnatlink" "gnatls" "gnatmake" ]}
      mkdir -p $out/lib/gcc/${config}
      ln -s "$(dirname "$(gcc -print-libgcc-file-name)")" $out/lib/gcc/${config}
    '';
  clang-unwrapped =
    links "clang-14"
      {
        pname = "clang";
        version = "14";
        isClang = true;
        hardeningUnsupportedFlags = [ "fortify3" "stackclashprotection" "zerocallusedregs" ];
      }
      (programs [ "clang" "clang++" ]);
  binutils-unwrapped = links "binutils-2" { pname = "binutils"; version = "2"; isGNU = true; }
    (programs [
      "addr2line" "ar" "as" "c++filt" "ld" "ld.bfd" "ld.gold" "nm" "objcopy" "objdump"
      "ranlib" "readelf" "size" "strings" "strip"
    ]);

  # A compiler for another machine calls the linker by that machine's name;
  # here it makes programs for this one all the same.
  crossConfig = "cross-unknown-linux-gnu";
  cross-gcc-unwrapped =
    links "cross-gcc-12"
      {
        pname = "gcc";
        version = "12";
        isGNU = true;
        outputs = [ "out" "lib" ];
        hardeningUnsupportedFlagsByTargetPlatform = platform: [ "for-${platform.system}" ];
      } ''
      mkdir -p $lib/lib $lib/${pkgs.crossConfig}/lib
      mkdir $out/libexec
      printf '#!/bin/bash\nexec ${pkgs.crossConfig}-ld "$@"\n' > $out/libexec/ld
      for name in gcc g++; do
        printf '#!/bin/bash\nexec /usr/bin/%s -B %s "$@"\n' "$name" "$out/libexec" \
          > $out/bin/${pkgs.crossConfig}-$name
      done
      chmod +x $out/libexec/ld $out/bin/*
    '';
  cross-binutils-unwrapped =
    links "cross-binutils-2" { pname = "binutils"; version = "2"; isGNU = true; } ''
      for tool in ${pkgs.binutils-unwrapped}/bin/*; do
        ln -s "$tool" "$out/bin/${pkgs.crossConfig}-''${tool##*/}"
      done
    '';

  # Start files, the loader, and what the linker is asked for by name.
  glibc = links "glibc-2" { pname = "glibc"; version = "2"; } ''
    rmdir $out/bin
    mkdir $out/lib
    for name in crt1.o crti.o crtn.o Scrt1.o gcrt1.o rcrt1.o libc.so libc.so.6 libc.a libm.so \
        libm.so.6 libm.a libpthread.a libdl.a librt.a libutil.a; do
      file=$(gcc -print-file-name="$name")
      if [ -e "$file" ]; then ln -s "$file" $out/lib; fi
    done
    for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
      if [ -e "$loader" ]; then ln -s "$loader" $out/lib; fi
    done
    mkdir $out/include
    machine=$(gcc -print-multiarch)
    for directory in "/usr/include/$machine" /usr/include; do
      for file in "$directory"/*; do
        if [ "''${file##*/}" != c++ ] && [ ! -e "$out/include/''${file##*/}" ]; then
          ln -s "$file" $out/include
        fi
      done
    done
  '';
}
