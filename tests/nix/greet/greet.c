#include <greet.h>

#ifndef FOR
#define FOR "libgreet"
#endif

const char *greeting(void) { return "hello from " FOR; }
