/// Names that system headers define as macros or that builds pass with -D: a header of the library that
/// uses one as an identifier does not compile after this file.
#pragma once

#define I PRISMATIC_TRIPWIRE          // <complex.h>
#define B0 PRISMATIC_TRIPWIRE         // <termios.h>
#define major(device) PRISMATIC_TRIPWIRE  // <sys/sysmacros.h>
#define minor(device) PRISMATIC_TRIPWIRE
#define small PRISMATIC_TRIPWIRE      // <rpcndr.h>
#define interface PRISMATIC_TRIPWIRE
#define near PRISMATIC_TRIPWIRE       // <windef.h>
#define far PRISMATIC_TRIPWIRE
#define OVERFLOW PRISMATIC_TRIPWIRE   // <math.h>
#define UNDERFLOW PRISMATIC_TRIPWIRE
#define emit PRISMATIC_TRIPWIRE       // Qt
#define slots PRISMATIC_TRIPWIRE
#define None PRISMATIC_TRIPWIRE       // X11
#define Status PRISMATIC_TRIPWIRE
#undef linux
#undef unix
#define linux PRISMATIC_TRIPWIRE      // g++ without -std=c++20
#define unix PRISMATIC_TRIPWIRE
