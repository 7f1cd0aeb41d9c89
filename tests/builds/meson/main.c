#include <stdio.h>
#include <zlib.h>

const char *report_expat(void);

int main(void)
{
    printf("zlib %s, %s\n", zlibVersion(), report_expat());
    return 0;
}
