#include <png.h>
#include <stdio.h>
#include <zlib.h>

const char *own_zlib(void);

int main(void)
{
    printf("zlib: compiled with %s, runs with %s\n", ZLIB_VERSION, own_zlib());
    printf("libpng: %s\n", png_get_libpng_ver(NULL));
    return 0;
}
