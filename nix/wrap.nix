# nixpkgs' wrapped compilers and binutils, with our binary in the place of
# their scripts. All else of a wrapper stays as it is: its files, its setup
# hook, its attributes.
{ lib, stdenvNoCC, cc-wrapper }:
let
  adopt = "${cc-wrapper}/bin/cc-wrapper adopt --link-to ${cc-wrapper}/bin/cc-wrapper";

  # Ends a wrapper's own build, where it is known and whole.
  adoptInPlace = ''
    ${adopt} --in-place "$out"
  '';

  isPackage = value: builtins.isAttrs value && value ? outPath;
  isNative = wrapper: wrapper ? nativeWrapper;

  # `wrapper` is what became of `original`. Whoever overrides the one, as
  # nixpkgs does for another linker, gets what becomes of the other.
  native = again: original: wrapper:
    let
      overriding = name:
        let
          f = original.${name};
          ours = change: again (f change);
        in
        # A functor also tells which arguments there are.
        if builtins.isAttrs f then f // { __functor = _: ours; } else ours;
      overrides = lib.filterAttrs (name: _: original ? ${name}) {
        override = overriding "override";
        overrideAttrs = overriding "overrideAttrs";
      };
    in
    wrapper // overrides // { nativeWrapper = cc-wrapper; };

  # For a wrapper that cannot be built anew. A compiler's linker half comes
  # along.
  copied = wrapper:
    let
      copy = stdenvNoCC.mkDerivation {
        inherit (wrapper) name;
        buildCommand = ''
          ${adopt} ${wrapper} --out "$out"
        '';
        meta = wrapper.meta or { };
      };
      moved = original: outPath:
        removeAttrs original [ "all" "drvAttrs" "out" "override" "overrideAttrs" "overrideDerivation" ]
        // { inherit (copy) drvPath; inherit outPath; };
    in
    moved wrapper copy.outPath // lib.optionalAttrs (wrapper ? cc) {
      bintools = native wrapBintools { } (moved wrapper.bintools "${copy}/bintools");
    };

  describe = value:
    if builtins.isAttrs value then value.name or "a set without a name"
    else if builtins.isString value || builtins.isPath value then toString value
    else "a ${builtins.typeOf value}";
  fail = function: wanted: value:
    throw "cc-wrapper: ${function} takes ${wanted}, and ${describe value} is none";

  wrapCC = cc:
    if !(isPackage cc && cc ? cc && isPackage cc.bintools or null) then
      fail "wrapCC" "a wrapped compiler, such as stdenv.cc (for one that is not wrapped there is wrapCCFrom)" cc
    else if isNative cc then cc
    else
      native wrapCC cc (
        if cc ? override then
          cc.override
            (old: {
              bintools = wrapBintools (old.bintools or cc.bintools);
              extraBuildCommands = old.extraBuildCommands or "" + "\n" + adoptInPlace;
            })
        else copied cc
      );

  wrapBintools = bintools:
    if !(isPackage bintools && bintools ? bintools && !(bintools ? cc)) then
      fail "wrapBintools" "wrapped binutils, such as stdenv.cc.bintools" bintools
    else if isNative bintools then bintools
    else
      native wrapBintools bintools (
        if bintools ? override then
          bintools.override
            (old: { extraBuildCommands = old.extraBuildCommands or "" + "\n" + adoptInPlace; })
        else copied bintools
      );
in
{
  inherit wrapCC wrapBintools adoptInPlace;
}
