rec {
  optional = condition: value: optionals condition [ value ];
  optionals = condition: list: if condition then list else [ ];
  optionalString = condition: text: if condition then text else "";
  optionalAttrs = condition: set: if condition then set else { };
  filterAttrs = keep: set:
    removeAttrs set (builtins.filter (name: !keep name set.${name}) (builtins.attrNames set));
  genAttrs = names: value:
    builtins.listToAttrs (map (name: { inherit name; value = value name; }) names);
  concatMapStringsSep = separator: f: list: builtins.concatStringsSep separator (map f list);
  versionAtLeast = a: b: builtins.compareVersions a b >= 0;

  getOutput = output: package: package.${output} or package;
  getLib = getOutput "lib";
  getDev = getOutput "dev";
  getBin = getOutput "bin";
  getName = package: package.pname or (builtins.parseDrvName package.name).name;
  getVersion = package: package.version or (builtins.parseDrvName package.name).version;

  # What `f` gives, with an `override` that calls it again.
  makeOverridable = f: args:
    let
      result = f args;
      changed = change:
        args // (if builtins.isFunction change then change args else change);
      again = {
        override = change: makeOverridable f (changed change);
        overrideAttrs = change: makeOverridable (args: (f args).overrideAttrs change) args;
      };
    in
    if builtins.isAttrs result then result // again
    else if builtins.isFunction result then { inherit (again) override; __functor = _: result; }
    else result;

  callPackageWith = scope: function: args:
    let
      f = if builtins.isFunction function then function else import function;
      found = builtins.intersectAttrs (builtins.functionArgs f) scope;
    in
    makeOverridable f (found // args);

  licenses.mit = { spdxId = "MIT"; };
  platforms = {
    linux = [ "x86_64-linux" "aarch64-linux" ];
    unix = platforms.linux;
  };
}
