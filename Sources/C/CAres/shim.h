#pragma once
// Types of the system that both have (timeval, stat …) are Glibc's, so that nobody needs this module to use them.
#pragma clang module import SwiftGlibc
#include <ares.h>
