// Vectors of sixteen numbers, which are fp32 in registers and bf16 in memory.
//
// The vectors are those of GCC's extensions: the compiler makes one AVX-512 instruction, two of AVX2 or four of NEON of
// each operation, whatever the machine has.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

constexpr int LANES = 16;

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t Words __attribute__((vector_size(4 * LANES)));
typedef uint16_t Halves __attribute__((vector_size(2 * LANES)));
typedef uint16_t bf16;

struct Free {
  void operator()(Vector* p) const { std::free(p); }
};
using Buffer = std::unique_ptr<Vector[], Free>;

inline Buffer zeros(int64_t count) {
  const size_t bytes = sizeof(Vector) * static_cast<size_t>(count);
  Vector* p = static_cast<Vector*>(std::aligned_alloc(sizeof(Vector), bytes));
  if (!p) std::abort();
  std::memset(static_cast<void*>(p), 0, bytes);
  return Buffer(p);
}

// The number in every lane. x - 0 is x whatever x is, so nothing is left of the difference; 0 + x would be computed,
// because it is 0 where x is -0.
inline Vector all(float x) { return x - Vector{}; }

inline int up(int a, int b) { return (a + b - 1) / b; }

// `count` of 16 numbers, widened; zeros behind them. Of a whole vector the compiler knows the size: one instruction.
inline Vector widened(const bf16* p, int count) {
  Halves h = {};
  if (count >= LANES)
    std::memcpy(&h, p, sizeof(h));
  else
    std::memcpy(&h, p, sizeof(bf16) * count);
  return reinterpret_cast<Vector>(__builtin_convertvector(h, Words) << 16);
}

// The nearest bf16, the even one of two that are as near; a value that is no number stays one.
inline void narrow(Vector v, bf16* p, int count) {
  const Words w = reinterpret_cast<Words>(v);
  const Words rounded = (w + 0x7fff + (w >> 16 & 1)) >> 16;
  const Words kept = v != v ? (w >> 16) | 0x40 : rounded;
  const Halves h = __builtin_convertvector(kept, Halves);
  if (count >= LANES)
    std::memcpy(p, &h, sizeof(h));
  else
    std::memcpy(p, &h, sizeof(bf16) * count);
}

}  // namespace
