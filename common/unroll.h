// unroll.h - "write this loop out": both compilers can, each in its own words.
//
// UNROLL stands above a loop with constant bounds. Without it gcc and clang
// keep arrays of vectors in memory instead of in registers.

#ifndef DL_UNROLL_H
#define DL_UNROLL_H

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
