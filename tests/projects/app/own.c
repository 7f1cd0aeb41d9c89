#include <zlib.h>

const char *own_zlib(void) { return zlibVersion(); }
