//! The packages that tests/builds.rs builds, and how.

/// How a package is built. `$P` is its prefix, and DESTDIR is set for a staged
/// installation.
pub struct Package {
    pub name: &'static str,
    /// Debian's name of the sources, or a directory in tests/builds.
    pub source: &'static str,
    pub tools: &'static [&'static str],
    pub needs: &'static [&'static str],
    pub build: &'static str,
    pub install: &'static str,
}

const MAKE: &[&str] = &["gcc", "make"];
const CMAKE: &[&str] = &["gcc", "g++", "make", "cmake"];
const MAKE_INSTALL: &str = "make install DESTDIR=\"$DESTDIR\"";
const CMAKE_INSTALL: &str = "cmake --install b";

pub const PACKAGES: [Package; 15] = [
    Package {
        name: "zlib",
        source: "zlib",
        tools: MAKE,
        needs: &[],
        build: "./configure --prefix=$P && make -j2",
        install: MAKE_INSTALL,
    },
    // Its Makefile installs no shared library.
    Package {
        name: "bzip2",
        source: "bzip2",
        tools: MAKE,
        needs: &[],
        build: "make -j2 -f Makefile-libbz2_so CC=\"${CC:-gcc}\" && make -j2 bzip2 bzip2recover CC=\"${CC:-gcc}\"",
        install: "make install PREFIX=$DESTDIR$P
            cp -P libbz2.so* $DESTDIR$P/lib && ln -s libbz2.so.1.0 $DESTDIR$P/lib/libbz2.so
            rm $DESTDIR$P/bin/bzip2 && cp bzip2-shared $DESTDIR$P/bin/bzip2",
    },
    Package {
        name: "expat",
        source: "expat",
        tools: CMAKE,
        needs: &[],
        build: "cmake -S expat -B b -DCMAKE_INSTALL_PREFIX=$P -DEXPAT_BUILD_DOCS=OFF \
            -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_EXAMPLES=OFF && cmake --build b -j2",
        install: CMAKE_INSTALL,
    },
    Package {
        name: "libpng",
        source: "libpng",
        tools: MAKE,
        needs: &["zlib"],
        build: "./configure --prefix=$P --disable-static && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "pcre2",
        source: "pcre2",
        tools: CMAKE,
        needs: &["bzip2", "zlib"],
        build: "cmake -S . -B b -DCMAKE_INSTALL_PREFIX=$P -DBUILD_SHARED_LIBS=ON \
            -DBUILD_STATIC_LIBS=OFF -DPCRE2_BUILD_TESTS=OFF && cmake --build b -j2",
        install: CMAKE_INSTALL,
    },
    Package {
        name: "jsoncpp",
        source: "libjsoncpp",
        tools: CMAKE,
        needs: &[],
        build: "cmake -S . -B b -DCMAKE_INSTALL_PREFIX=$P -DJSONCPP_WITH_TESTS=OFF \
            -DBUILD_STATIC_LIBS=OFF -DBUILD_OBJECT_LIBS=OFF && cmake --build b -j2",
        install: CMAKE_INSTALL,
    },
    Package {
        name: "meson",
        source: "meson",
        tools: &["gcc", "meson", "ninja", "pkg-config"],
        needs: &["expat", "zlib"],
        build: "meson setup b --prefix=$P --libdir=lib && ninja -C b",
        install: "meson install -C b",
    },
    Package {
        name: "ncurses",
        source: "ncurses",
        tools: MAKE,
        needs: &[],
        build: "./configure --prefix=$P --with-shared --with-termlib --disable-widec \
            --without-normal --without-debug --without-ada --without-cxx-binding \
            --without-manpages --without-tests --disable-db-install --enable-pc-files \
            --with-pkg-config-libdir=$P/lib/pkgconfig && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "readline",
        source: "readline",
        tools: MAKE,
        needs: &["ncurses"],
        build: "./configure --prefix=$P --disable-static --with-shared-termcap-library \
            bash_cv_termcap_lib=libtinfo \
            --disable-install-examples && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "lua",
        source: "lua5.4",
        tools: MAKE,
        needs: &["readline", "ncurses"],
        build: "make -j2 linux-readline MYCFLAGS=\"$CPPFLAGS\" MYLDFLAGS=\"$LDFLAGS\"",
        install: "make install INSTALL_TOP=$DESTDIR$P",
    },
    Package {
        name: "xz",
        source: "xz-utils",
        tools: MAKE,
        needs: &[],
        build: "./configure --prefix=$P --disable-static --disable-nls --disable-doc \
            --disable-scripts && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "libevent",
        source: "libevent",
        tools: MAKE,
        needs: &[],
        build: "./configure --prefix=$P --disable-static --disable-openssl \
            --disable-samples --disable-libevent-regress && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "tmux",
        source: "tmux",
        tools: &["gcc", "make", "pkg-config"],
        needs: &["libevent", "ncurses"],
        build: "./configure --prefix=$P && make -j2",
        install: MAKE_INSTALL,
    },
    Package {
        name: "mbedtls",
        source: "mbedtls",
        tools: CMAKE,
        needs: &[],
        build: "cmake -S . -B b -DCMAKE_INSTALL_PREFIX=$P -DUSE_SHARED_MBEDTLS_LIBRARY=ON \
            -DUSE_STATIC_MBEDTLS_LIBRARY=OFF -DENABLE_PROGRAMS=OFF -DENABLE_TESTING=OFF \
            && cmake --build b -j2",
        install: CMAKE_INSTALL,
    },
    Package {
        name: "curl",
        source: "curl",
        tools: MAKE,
        needs: &["mbedtls", "zlib"],
        build: "./configure --prefix=$P --with-mbedtls --disable-static --disable-manual \
            --disable-ldap --without-libpsl --without-brotli --without-zstd \
            --without-libidn2 --without-nghttp2 --without-librtmp --without-libssh2 \
            && make -j2",
        install: MAKE_INSTALL,
    },
];
