// Convolution, bias, ReLU and 2x2 pooling as one, for few channels, in fp32, forward and backward.
//
// Images are in lanes, f32[groups][channels][lines][columns][16]: lanes.h draws them.

#include "lanes.h"

#include <omp.h>

namespace {

typedef int8_t Marks __attribute__((vector_size(LANES)));

float sum(Vector v) {
  float total = 0;
  for (int lane = 0; lane < LANES; ++lane) total += v[lane];
  return total;
}

// The sizes of one block. P is the border of zeros around the input; rows and columns that no pool reaches are skipped.
struct Shape {
  int groups, C, H, W, O, K, P;
  int pooled_h() const { return (H + 2 * P - K + 1) / 2; }
  int pooled_w() const { return (W + 2 * P - K + 1) / 2; }
  int framed_h() const { return H + 2 * P; }
  int framed_w() const { return W + 2 * P; }
};

// One group's input [C][H][W] with its border [C][H+2P][W+2P]; without a border it is used where it lies.
const Vector* framed(const Vector* x, Vector* room, const Shape& s) {
  if (!s.P) return x;
  for (int c = 0; c < s.C; ++c)
    for (int h = 0; h < s.H; ++h)
      std::memcpy(room + (int64_t(c) * s.framed_h() + h + s.P) * s.framed_w() + s.P, x + (int64_t(c) * s.H + h) * s.W,
                  sizeof(Vector) * s.W);
  return room;
}

// The largest of four values and its number, 0 to 3; 4 where ReLU gives 0. The first of equal values wins, and a value
// that is no number wins over all, as in torch.
Vector pooled(const Vector a[4], Marks* where) {
  Vector best = a[0];
  Ints at = {};
  for (int q = 1; q < 4; ++q) {
    const Ints better = (a[q] > best) | (a[q] != a[q]);
    best = better ? a[q] : best;
    at = better ? Ints{} + q : at;
  }
  const Ints off = best <= 0;
  *where = __builtin_convertvector(off ? Ints{} + 4 : at, Marks);
  return off ? Vector{} : best;
}

// B output channels of one pooled row. Registers hold the four pixels under one pool for each channel: a[B][4].
template <int K, int B>
void forward_row(const Vector* x, const float* w, const float* bias, Vector* y, Marks* where, const Shape& s, int ph) {
  const int plane = s.pooled_h() * s.pooled_w(), FW = s.framed_w(), filter = s.C * K * K;
  for (int pw = 0; pw < s.pooled_w(); ++pw) {
    Vector a[B][4];
    for (int o = 0; o < B; ++o)
      for (int q = 0; q < 4; ++q) a[o][q] = all(bias[o]);
    for (int c = 0; c < s.C; ++c)
      for (int i = 0; i < K; ++i) {
        const Vector* upper = x + (int64_t(c) * s.framed_h() + 2 * ph + i) * FW + 2 * pw;
        const Vector* lower = upper + FW;
        const float* row = w + (c * K + i) * K;
#pragma GCC unroll 8
        for (int j = 0; j < K; ++j)
#pragma GCC unroll 4
          for (int o = 0; o < B; ++o) {
            const Vector weight = all(row[o * filter + j]);
            a[o][0] += upper[j] * weight;
            a[o][1] += upper[j + 1] * weight;
            a[o][2] += lower[j] * weight;
            a[o][3] += lower[j + 1] * weight;
          }
      }
    for (int o = 0; o < B; ++o) {
      const int64_t to = int64_t(o) * plane + ph * s.pooled_w() + pw;
      y[to] = pooled(a[o], where + to);
    }
  }
}

template <int K, int B>
void forward_channels(const Vector* x, const float* w, const float* b, Vector* y, Marks* where, const Shape& s, int o) {
  const int64_t to = int64_t(o) * s.pooled_h() * s.pooled_w();
  for (int ph = 0; ph < s.pooled_h(); ++ph)
    forward_row<K, B>(x, w + o * s.C * K * K, b + o, y + to, where + to, s, ph);
}

template <int K>
void forward(const Vector* x, const float* w, const float* b, Vector* y, Marks* where, const Shape& s, int threads) {
#pragma omp parallel num_threads(threads)
  {
    const Buffer room = zeros(int64_t(s.C) * s.framed_h() * s.framed_w());
#pragma omp for schedule(static)
    for (int g = 0; g < s.groups; ++g) {
      const Vector* in = framed(x + int64_t(g) * s.C * s.H * s.W, room.get(), s);
      const int64_t to = int64_t(g) * s.O * s.pooled_h() * s.pooled_w();
      int o = 0;
      for (; o + 4 <= s.O; o += 4) forward_channels<K, 4>(in, w, b, y + to, where + to, s, o);
      for (; o < s.O; ++o) forward_channels<K, 1>(in, w, b, y + to, where + to, s, o);
    }
  }
}

// The gradient of one group's convolution, spread from the pooled one to the pixel that won, with a border of K - 1
// zeros on all sides: [O][2 PH + 2 (K-1)][2 PW + 2 (K-1)], and at least as far as the input's last pixel reaches.
struct Spread {
  int H, W;
  explicit Spread(const Shape& s) : H(s.framed_h() + s.K - 1), W(s.framed_w() + s.K - 1) {}
  int64_t plane() const { return int64_t(H) * W; }
};

void spread_channel(const Vector* dy, const Marks* where, Vector* to, Vector* bias, const Shape& s, const Spread& d) {
  for (int ph = 0; ph < s.pooled_h(); ++ph)
    for (int pw = 0; pw < s.pooled_w(); ++pw) {
      const int from = ph * s.pooled_w() + pw;
      const Ints at = __builtin_convertvector(where[from], Ints);
      Vector* corner = to + (2 * ph + s.K - 1) * d.W + 2 * pw + s.K - 1;
      for (int q = 0; q < 4; ++q) corner[q / 2 * d.W + q % 2] = at == q ? dy[from] : Vector{};
      *bias += at < 4 ? dy[from] : Vector{};
    }
}

// Filter gradients of B output channels, one input channel and one row of taps: registers a[B][K] run over the map.
template <int K, int B>
void filter_row(const Vector* x, const Vector* d, Vector* dw, const Shape& s, const Spread& spread) {
  const int filter = s.C * K * K;
  Vector a[B][K];
  for (int o = 0; o < B; ++o)
    for (int j = 0; j < K; ++j) a[o][j] = dw[o * filter + j];
  for (int h = 0; h < 2 * s.pooled_h(); ++h) {
    const Vector* in = x + h * s.framed_w();
    const Vector* out = d + (h + K - 1) * spread.W + K - 1;
    for (int q = 0; q < 2 * s.pooled_w(); ++q)
#pragma GCC unroll 8
      for (int j = 0; j < K; ++j)
#pragma GCC unroll 4
        for (int o = 0; o < B; ++o) a[o][j] += in[q + j] * out[o * spread.plane() + q];
  }
  for (int o = 0; o < B; ++o)
    for (int j = 0; j < K; ++j) dw[o * filter + j] = a[o][j];
}

template <int K, int B>
void filter_channels(const Vector* x, const Vector* d, Vector* dw, const Shape& s, const Spread& spread, int o) {
  for (int c = 0; c < s.C; ++c)
    for (int i = 0; i < K; ++i)
      filter_row<K, B>(x + (int64_t(c) * s.framed_h() + i) * s.framed_w(), d + o * spread.plane(),
                       dw + ((o * s.C + c) * K + i) * K, s, spread);
}

// Input gradients of B input channels and N neighbouring pixels: registers a[B][N] run over output channels and taps.
template <int K, int B, int N>
void input_pixels(const Vector* d, const float* w, Vector* dx, const Shape& s, const Spread& spread, int h, int q) {
  Vector a[B][N] = {};
  for (int o = 0; o < s.O; ++o)
    for (int i = 0; i < K; ++i) {
      const Vector* row = d + o * spread.plane() + (h + s.P + K - 1 - i) * spread.W + q + s.P + K - 1;
      const float* taps = w + (o * s.C * K + i) * K;
#pragma GCC unroll 8
      for (int j = 0; j < K; ++j)
#pragma GCC unroll 4
        for (int c = 0; c < B; ++c) {
          const Vector weight = all(taps[c * K * K + j]);
#pragma GCC unroll 4
          for (int n = 0; n < N; ++n) a[c][n] += row[n - j] * weight;
        }
    }
  for (int c = 0; c < B; ++c)
    for (int n = 0; n < N; ++n) dx[(int64_t(c) * s.H + h) * s.W + q + n] = a[c][n];
}

template <int K, int B>
void input_channels(const Vector* d, const float* w, Vector* dx, const Shape& s, const Spread& spread, int c) {
  for (int h = 0; h < s.H; ++h) {
    int q = 0;
    for (; q + 4 <= s.W; q += 4)
      input_pixels<K, B, 4>(d, w + c * K * K, dx + int64_t(c) * s.H * s.W, s, spread, h, q);
    for (; q < s.W; ++q) input_pixels<K, B, 1>(d, w + c * K * K, dx + int64_t(c) * s.H * s.W, s, spread, h, q);
  }
}

// Every thread adds up the filter gradients of its own groups, and the threads' sums are added in order: the same
// number of threads gives the same bits.
template <int K>
void backward(const Vector* x, const float* w, const Vector* dy, const Marks* where, Vector* dx, float* dw, float* db,
              const Shape& s, int threads) {
  const Spread spread(s);
  const int weights = s.O * s.C * K * K, sums = weights + s.O;
  const Buffer partial = zeros(int64_t(threads) * sums);
#pragma omp parallel num_threads(threads)
  {
    Vector* mine = partial.get() + int64_t(omp_get_thread_num()) * sums;
    const Buffer room = zeros(int64_t(s.C) * s.framed_h() * s.framed_w()), gradient = zeros(s.O * spread.plane());
#pragma omp for schedule(static)
    for (int g = 0; g < s.groups; ++g) {
      const Vector* in = framed(x + int64_t(g) * s.C * s.H * s.W, room.get(), s);
      const int pools = s.pooled_h() * s.pooled_w();
      for (int o = 0; o < s.O; ++o) {
        const int64_t from = (int64_t(g) * s.O + o) * pools;
        spread_channel(dy + from, where + from, gradient.get() + o * spread.plane(), mine + weights + o, s, spread);
      }
      int o = 0;
      for (; o + 4 <= s.O; o += 4) filter_channels<K, 4>(in, gradient.get(), mine, s, spread, o);
      for (; o < s.O; ++o) filter_channels<K, 1>(in, gradient.get(), mine, s, spread, o);
      if (!dx) continue;
      Vector* to = dx + int64_t(g) * s.C * s.H * s.W;
      int c = 0;
      for (; c + 4 <= s.C; c += 4) input_channels<K, 4>(gradient.get(), w, to, s, spread, c);
      for (; c < s.C; ++c) input_channels<K, 1>(gradient.get(), w, to, s, spread, c);
    }
  }
  for (int i = 0; i < sums; ++i) {
    Vector total = partial[i];
    for (int t = 1; t < threads; ++t) total += partial[int64_t(t) * sums + i];
    (i < weights ? dw[i] : db[i - weights]) = sum(total);
  }
}

}  // namespace

extern "C" {

void small_from_bytes(const uint8_t* data, const int64_t* rows, const int64_t* top, const int64_t* left,
                      const uint8_t* mirrored, const float* scale, const float* shift, float* y, int N, int C, int H,
                      int W, int threads) {
  lanes_of_bytes(data, {rows, top, left, mirrored}, scale, shift, reinterpret_cast<Vector*>(y), N, C, H, W, threads);
}

void small_to_lanes(const float* x, float* y, int64_t n, int64_t c, int64_t h, int64_t w, int N, int C, int H, int W,
                    int threads) {
  lanes_of_numbers(x, y, n, c, h, w, N, C, H, W, threads);
}

void small_from_lanes(const float* x, float* y, int N, int F, int threads) { numbers_of_lanes(x, y, N, F, threads); }

void small_forward(const float* x, const float* w, const float* b, float* y, int8_t* where, int groups, int C, int H,
                   int W, int O, int K, int P, int threads) {
  const Shape s{groups, C, H, W, O, K, P};
  auto run = K == 5 ? forward<5> : forward<3>;
  run(reinterpret_cast<const Vector*>(x), w, b, reinterpret_cast<Vector*>(y), reinterpret_cast<Marks*>(where), s,
      threads);
}

void small_backward(const float* x, const float* w, const float* dy, const int8_t* where, float* dx, float* dw,
                    float* db, int groups, int C, int H, int W, int O, int K, int P, int threads) {
  const Shape s{groups, C, H, W, O, K, P};
  auto run = K == 5 ? backward<5> : backward<3>;
  run(reinterpret_cast<const Vector*>(x), w, reinterpret_cast<const Vector*>(dy),
      reinterpret_cast<const Marks*>(where), reinterpret_cast<Vector*>(dx), dw, db, s, threads);
}
}
