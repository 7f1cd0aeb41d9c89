# shellcheck shell=bash disable=SC2016,SC2034,SC2094,SC2154
# default.nix sets the variables that this script uses.

sources=$(printf 'f%d.c ' $(seq "$files"))
for name in $sources; do
    printf '#include <stdio.h>\nint %s(void) { return puts("%s"); }\n' "${name%.c}" "$name" >"$name"
done
echo 'int main(void) { return 0; }' >main.c
{
    echo "app: main.o ${sources//.c/.o}"
    printf '\t@$(CC) $(LINK_BEFORE) $^ -o $@ $(LINK_AFTER)\n'
    printf '%%.o: %%.c\n\t@$(CC) $(BEFORE) -c $< -o $@ $(AFTER)\n'
} >Makefile

# words before|after ARGUMENT...: prints the flags that a wrapped call adds there.
words() {
    NIX_DEBUG=1 "$CC" "${@:2}" 2>&1 | awk -v side="extra flags $1 to" '
        index($0, side) && !seen++ { inside = 1; next }
        !/^  / { inside = 0 }
        inside { printf "%s ", $0 }'
}
"$CC" -c main.c
before=$(words before -c main.c)
after=$(words after -c main.c)
link_before=$(words before main.o)
link_after=$(words after main.o)

# Without these, a compiler of the store does not find libc.
libc=$(cat "$NIX_CC/nix-support/libc-cflags")
start_files=$(cat "$NIX_CC/nix-support/libc-crt1-cflags")

# The unwrapped compiler with the unwrapped linker.
bare() { PATH=$linkers/bin:$PATH make CC="$unwrapped/bin/$CC" "$@"; }
plain() { bare AFTER="$libc" LINK_AFTER="$start_files"; }
flags() {
    bare BEFORE="$before" AFTER="$after" LINK_BEFORE="$link_before" LINK_AFTER="$link_after"
}
ours() { make CC="$NIX_CC/bin/$CC"; }
theirs() { make CC="$theirs/bin/$CC"; }

ways='plain flags ours theirs'
TIMEFORMAT='%R %U %S'
# The first round is not counted, because it fills the caches.
for ((round = 0; round <= rounds; round++)); do
    for way in $ways; do
        rm -f app ./*.o
        { time "$way"; } 2>took
        if ((round)); then cat took >>"$way.times"; fi
    done
done

# Prints in milliseconds: median and quartiles of the elapsed time, median of
# the CPU time.
for way in $ways; do
    wall=$(awk '{ print $1 * 1000 }' "$way.times" | sort -n |
        sed -n "$((rounds / 4 + 1))p;$(((rounds + 1) / 2))p;$((rounds - rounds / 4))p" | tr '\n' ' ')
    busy=$(awk '{ print ($2 + $3) * 1000 }' "$way.times" | sort -n | sed -n "$(((rounds + 1) / 2))p")
    echo "$way $wall $busy"
done | awk -v calls=$((files + 2)) -v rounds="$rounds" '
    BEGIN { printf "%d calls of the compiler, %d rounds, ms\n", calls, rounds }
    { wall = $3; busy = $5 }
    { printf "%-7s median %5d (half of all %d to %d), processor %5d", $1, wall, $2, $4, busy }
    NR == 1 { base = wall; base_busy = busy }
    NR > 1 {
        printf "; a call against %s %+.2f, processor %+.2f", NR == 2 ? "plain" : "flags",
            (wall - base) / calls, (busy - base_busy) / calls
    }
    NR == 2 { base = wall; base_busy = busy }
    { print "" }' | tee "$out"
