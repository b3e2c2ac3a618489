// unroll.h - "write this loop out": both compilers can, each in its own words.
//
// UNROLL stands above a loop with constant bounds. Without it gcc and clang
// keep arrays of vectors in memory instead of in registers.

// UNROLL_4, above a loop of any length, writes out four rounds of it.

#ifndef DL_UNROLL_H
#define DL_UNROLL_H

#if defined(__clang__)
#define UNROLL   _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL   _Pragma("GCC unroll 16")
#define UNROLL_4 _Pragma("GCC unroll 4")
#endif

#endif
