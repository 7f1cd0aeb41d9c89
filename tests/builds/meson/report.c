#include <expat.h>

const char *report_expat(void) { return XML_ExpatVersion(); }
