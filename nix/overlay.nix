# Adds the package, with what it carries, and a stdenv by its side. The set's
# own stdenv stays: all packages would have to be built again.
final: _: {
  cc-wrapper = import ../default.nix { pkgs = final; };
  ccWrapperStdenv = final.cc-wrapper.stdenv;
}
