/* Stands in for a real tool: appends how it was called to the file that
   CCV_OUT names, as NUL-ended strings, and exits with CCV_EXIT. A section mark
   comes before the arguments and before the environment; the text of a
   response file follows the argument that names it, behind a mark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void put(FILE *out, const char *text) {
    fwrite(text, 1, strlen(text) + 1, out);
}

int main(int argc, char **argv) {
    const char *path = getenv("CCV_OUT"), *status = getenv("CCV_EXIT");
    FILE *out = path ? fopen(path, "ab") : NULL;
    if (!out)
        return 99;
    put(out, "\x1f");
    for (int i = 0; i < argc; i++) {
        put(out, argv[i]);
        FILE *response = i && argv[i][0] == '@' ? fopen(argv[i] + 1, "rb") : NULL;
        if (response) {
            fputc('\x1d', out);
            for (int c; (c = fgetc(response)) != EOF;)
                fputc(c, out);
            fputc(0, out);
        }
    }
    put(out, "\x1e");
    for (char **variable = environ; *variable; variable++)
        put(out, *variable);
    fclose(out);
    return status ? atoi(status) : 0;
}
