// Convolutions of bf16 images, forward and both gradients, with products and sums in fp32.
//
// Images and gradients lie in memory as bf16[N][H][W][C] (channels last). A thread takes a few images at a time and
// widens them into frames, which stay in its cache:
//
//     frame   f32[C/16][images][top + H + bottom][left + W + right][16]     zeros around every image, 16 channels a pixel
//
// In a frame every tap of a filter is one number: its distance from the pixel under the filter's first tap. A pass is
// therefore one matrix product a tap, over a list of pixels that holds only those that are wanted:
//
//     forward          y[m]    = sum over taps t of  x[pixel[m] + tap[t]] * w[t]
//     input gradient   the same with the gradient as x and w transposed; with a stride, once for every remainder
//     filter gradient  dw[t]   = sum over pixels m of  x[pixel[m] + tap[t]]^T * dy[m]
//
// Why fp32: on an Emerald Rapids without its matrix units one core does 43 billion products a second with vdpbf16ps and
// 87 billion with fp32's fused multiply-adds. bf16 still halves the memory that layers pass to each other.

#include "vectors.h"

#include <omp.h>
#include <vector>

namespace {

constexpr int PIXELS = 6;   // pixels in registers: 6 pixels by 4 vectors are 24 of AVX-512's 32 registers
constexpr int VECTORS = 4;  // vectors of outputs in registers
constexpr int64_t ROOM = 640 << 10;  // bytes of the frames that a thread works on, of a cache of 1 or 2 MB

// A batch of images of C channels and the zeros around each of them.
struct Frame {
  int C, H, W, top, bottom, left, right;
  int width() const { return left + W + right; }
  int pixels() const { return (top + H + bottom) * width(); }
  int blocks() const { return up(C, LANES); }
};

// Images [count][H][W][C] to the frame's pixels; its zeros are there already. `stride` is the pixels of all images.
void fill(const bf16* x, Vector* to, const Frame& f, int count, int64_t stride) {
  for (int n = 0; n < count; ++n)
    for (int h = 0; h < f.H; ++h)
      for (int w = 0; w < f.W; ++w) {
        const bf16* from = x + ((int64_t(n) * f.H + h) * f.W + w) * f.C;
        Vector* pixel = to + int64_t(n) * f.pixels() + (f.top + h) * f.width() + f.left + w;
        for (int b = 0; b < f.blocks(); ++b) pixel[b * stride] = widened(from + b * LANES, f.C - b * LANES);
      }
}

struct Tap {
  int offset, number;  // pixels from the first tap; the tap's place among the filter's weights
};

// Filters as f32[O/64][C/16][taps][16][64], so that a product reads them from front to back.
struct Filters {
  int C, O, taps;
  Buffer packed;
  int panels() const { return up(O, LANES * VECTORS); }
  int64_t panel() const { return int64_t(up(C, LANES)) * taps * LANES * VECTORS; }

  // From w, where the weight of output o, input c and tap t is w[o * so + c * sc + taps[t].number * st].
  Filters(const float* w, int C, int O, const std::vector<Tap>& at, int64_t so, int64_t sc, int64_t st, int threads)
      : C(C), O(O), taps(int(at.size())), packed(zeros(panels() * panel())) {
    float* to = reinterpret_cast<float*>(packed.get());
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
    for (int p = 0; p < panels(); ++p)
      for (int b = 0; b < up(C, LANES); ++b)
        for (int t = 0; t < taps; ++t)
          for (int o = 0; o < std::min(O - p * LANES * VECTORS, LANES * VECTORS); ++o) {
            const float* from = w + (p * LANES * VECTORS + o) * so + b * LANES * sc + at[t].number * st;
            float* place = to + (p * panel() + (int64_t(b) * taps + t) * LANES * VECTORS) * LANES + o;
            for (int c = 0; c < std::min(C - b * LANES, LANES); ++c) place[c * LANES * VECTORS] = from[c * sc];
          }
  }
};

// PIXELS pixels by V vectors of outputs, over all taps and channels.
template <int V>
void product(const Vector* x, int64_t stride, const int* pixel, const Tap* tap, int taps, int C, const Vector* w,
             Vector out[PIXELS][VECTORS]) {
  Vector a[PIXELS][V] = {};
  for (int b = 0; b < up(C, LANES); ++b)
    for (int t = 0; t < taps; ++t) {
      const float* from = reinterpret_cast<const float*>(x + b * stride + tap[t].offset);
      const Vector* filter = w + (int64_t(b) * taps + t) * LANES * VECTORS;
      const float* at[PIXELS];
      for (int m = 0; m < PIXELS; ++m) at[m] = from + int64_t(pixel[m]) * LANES;
      const int channels = std::min(C - b * LANES, LANES);
      for (int c = 0; c < channels; ++c)
#pragma GCC unroll 8
        for (int m = 0; m < PIXELS; ++m)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) a[m][v] += at[m][c] * filter[c * VECTORS + v];
    }
  for (int m = 0; m < PIXELS; ++m)
    for (int v = 0; v < V; ++v) out[m][v] = a[m][v];
}

// The pixels of a pass: where each reads in the frame, and which pixel of the outputs it is.
struct Pixels {
  std::vector<int> from, to;
  void add(int f, int t) { from.push_back(f), to.push_back(t); }
};

// Outputs bf16[...][O] of `count` images from their frames.
void products(const Vector* x, const Frame& f, int count, int64_t stride, const Pixels& one, int out_pixels,
              const std::vector<Tap>& taps, const Filters& w, const float* bias, bf16* y) {
  std::vector<int> from, to;
  for (int n = 0; n < count; ++n)
    for (size_t m = 0; m < one.from.size(); ++m)
      from.push_back(n * f.pixels() + one.from[m]), to.push_back(n * out_pixels + one.to[m]);
  const int wanted = int(from.size());
  if (!wanted) return;
  from.resize(up(wanted, PIXELS) * PIXELS, from[0]);  // a place that all taps may be added to
  for (int p = 0; p < w.panels(); ++p) {
    const int first = p * LANES * VECTORS, vectors = std::min(VECTORS, up(w.O - first, LANES));
    auto run = vectors == 4 ? product<4> : vectors == 3 ? product<3> : vectors == 2 ? product<2> : product<1>;
    Vector more[VECTORS] = {};
    if (bias) std::memcpy(more, bias + first, sizeof(float) * std::min(w.O - first, LANES * VECTORS));
    for (int m = 0; m < wanted; m += PIXELS) {
      Vector out[PIXELS][VECTORS];
      run(x, stride, &from[m], taps.data(), int(taps.size()), f.C, w.packed.get() + p * w.panel(), out);
      for (int i = 0; i < std::min(PIXELS, wanted - m); ++i)
        for (int v = 0; v < vectors; ++v) {
          const int o = first + v * LANES;
          narrow(out[i][v] + more[v], y + int64_t(to[m + i]) * w.O + o, w.O - o);
        }
    }
  }
}

// How many images a thread takes at a time.
int group(const Frame& f, int N, int threads) {
  const int64_t image = int64_t(f.pixels()) * f.blocks() * int64_t(sizeof(Vector));
  return int(std::clamp<int64_t>(ROOM / image, 1, std::max(1, up(N, threads))));
}

struct Part {
  std::vector<Tap> taps;
  Pixels pixels;
};

// Every part over all images: f32 products of the frames of x [N][H][W][C], to y [N][out_pixels][O].
void convolve(const bf16* x, const Frame& f, const std::vector<Part>& parts, const std::vector<Filters>& filters,
              const float* bias, bf16* y, int N, int out_pixels, int O, int threads) {
  const int at_once = group(f, N, threads);
  const int64_t stride = int64_t(at_once) * f.pixels();
#pragma omp parallel num_threads(threads)
  {
    const Buffer frame = zeros(stride * f.blocks());
#pragma omp for schedule(static)
    for (int g = 0; g < up(N, at_once); ++g) {
      const int n = g * at_once, count = std::min(at_once, N - n);
      fill(x + int64_t(n) * f.H * f.W * f.C, frame.get(), f, count, stride);
      for (size_t p = 0; p < parts.size(); ++p)
        products(frame.get(), f, count, stride, parts[p].pixels, out_pixels, parts[p].taps, filters[p],
                 bias, y + int64_t(n) * out_pixels * O);
    }
  }
}

// What a convolution does: K x K taps, a stride and P zeros around the input.
struct Sizes {
  int N, C, H, W, O, K, stride, P;
  int out_h() const { return (H + 2 * P - K) / stride + 1; }
  int out_w() const { return (W + 2 * P - K) / stride + 1; }
  Frame frame() const { return {C, H, W, P, P, P, P}; }
  Part forward() const {
    const int width = frame().width();
    Part part;
    for (int t = 0; t < K * K; ++t) part.taps.push_back({t / K * width + t % K, t});
    for (int h = 0; h < out_h(); ++h)
      for (int w = 0; w < out_w(); ++w) part.pixels.add(h * stride * width + w * stride, h * out_w() + w);
    return part;
  }

  // The gradient's frame: as many zeros in front as the last tap looks back, behind as far as the first tap looks.
  Frame gradient() const {
    const int before = up(std::max(0, K - 1 - P), stride);
    auto behind = [&](int side, int out) { return std::max(0, (side - 1 + P) / stride - (out - 1)); };
    return {O, out_h(), out_w(), before, behind(H, out_h()), before, behind(W, out_w())};
  }

  // Pixel (h, w) of the input meets tap (i, j) in output ((h + P - i) / stride, (w + P - j) / stride), if there is one.
  Part backward(int rest_h, int rest_w) const {
    const Frame f = gradient();
    Part part;
    for (int i = rest_h; i < K; i += stride)
      for (int j = rest_w; j < K; j += stride)
        part.taps.push_back({-((i - rest_h) / stride * f.width() + (j - rest_w) / stride), i * K + j});
    for (int h = 0; h < H; ++h)
      for (int w = 0; w < W; ++w)
        if ((h + P) % stride == rest_h && (w + P) % stride == rest_w)
          part.pixels.add((f.top + (h + P) / stride) * f.width() + f.left + (w + P) / stride, h * W + w);
    return part;
  }
};

// Sums of 4 input channels by V vectors of outputs over `count` pixels, added to dw[4][V].
template <int V>
void gather(const float* x, const int* pixel, const Vector* dy, int64_t block, int count, Vector* dw, int64_t row) {
  Vector a[4][V];
  for (int c = 0; c < 4; ++c)
    for (int v = 0; v < V; ++v) a[c][v] = dw[c * row + v];
  for (int m = 0; m < count; ++m) {
    const float* from = x + int64_t(pixel[m]) * LANES;
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) a[c][v] += from[c] * dy[v * block + m];
  }
  for (int c = 0; c < 4; ++c)
    for (int v = 0; v < V; ++v) dw[c * row + v] = a[c][v];
}

// Filter gradients of a few images, added to sums f32[taps][C, rounded up to 16][O / 16][16].
void gather_group(const Vector* x, int64_t stride, const Vector* dy, int64_t block, const std::vector<int>& pixel,
                  const std::vector<Tap>& taps, int C, int O, Vector* sums) {
  constexpr int CHUNK = 128;  // pixels, whose gradients of 64 outputs take 32 KB of the first cache
  const int row = up(O, LANES), total = int(pixel.size());
  for (int m = 0; m < total; m += CHUNK)
    for (int o = 0; o < row; o += VECTORS) {
      const int vectors = std::min(VECTORS, row - o);
      auto run = vectors == 4 ? gather<4> : vectors == 3 ? gather<3> : vectors == 2 ? gather<2> : gather<1>;
      for (int c = 0; c < C; c += 4)
        for (const Tap& t : taps) {
          const float* from = reinterpret_cast<const float*>(x + c / LANES * stride + t.offset) + c % LANES;
          run(from, &pixel[m], dy + o * block + m, block, std::min(CHUNK, total - m),
              sums + (int64_t(t.number) * up(C, LANES) * LANES + c) * row + o, row);
        }
    }
}

}  // namespace

extern "C" {

// 1 where fp32's multiply-adds do more products a second than AVX-512's dot products of bf16: on Intel's CPUs without
// matrix units. CPUs of others that have them were not measured.
int flat_beats_bf16() {
#if defined(__AVX512BF16__) && !defined(__AMX_BF16__)
  return __builtin_cpu_is("intel") != 0;
#else
  return 0;
#endif
}

// w f32[O][K][K][C]; a bias may be missing
void flat_forward(const bf16* x, const float* w, const float* bias, bf16* y, int N, int C, int H, int W, int O, int K,
                  int stride, int P, int threads) {
  const Sizes s{N, C, H, W, O, K, stride, P};
  std::vector<Part> parts = {s.forward()};
  std::vector<Filters> filters;
  filters.emplace_back(w, C, O, parts[0].taps, int64_t(K) * K * C, 1, C, threads);
  convolve(x, s.frame(), parts, filters, bias, y, N, s.out_h() * s.out_w(), O, threads);
}

void flat_input_gradient(const bf16* dy, const float* w, bf16* dx, int N, int C, int H, int W, int O, int K, int stride,
                         int P, int threads) {
  const Sizes s{N, C, H, W, O, K, stride, P};
  std::vector<Part> parts;
  std::vector<Filters> filters;
  for (int rest = 0; rest < stride * stride; ++rest) {
    parts.push_back(s.backward(rest / stride, rest % stride));
    filters.emplace_back(w, O, C, parts.back().taps, 1, int64_t(K) * K * C, C, threads);
  }
  convolve(dy, s.gradient(), parts, filters, nullptr, dx, N, H * W, C, threads);
}

// dw f32[O][K][K][C]. Every thread adds up its own images, and the threads' sums are added in order: the same number of
// threads gives the same bits.
void flat_filter_gradient(const bf16* x, const bf16* dy, float* dw, int N, int C, int H, int W, int O, int K,
                          int stride, int P, int threads) {
  const Sizes s{N, C, H, W, O, K, stride, P};
  const Frame f = s.frame(), g{O, s.out_h(), s.out_w(), 0, 0, 0, 0};
  const Part part = s.forward();
  const int at_once = group(f, N, threads), rows = up(C, LANES) * LANES, row = up(O, LANES);
  const int64_t stride_x = int64_t(at_once) * f.pixels(), stride_y = int64_t(at_once) * g.pixels();
  const int64_t size = int64_t(K) * K * rows * row;
  std::vector<Buffer> sums(threads);
#pragma omp parallel num_threads(threads)
  {
    Buffer& mine = sums[omp_get_thread_num()];
    mine = zeros(size);
    const Buffer frame = zeros(stride_x * f.blocks()), gradient = zeros(stride_y * g.blocks());
#pragma omp for schedule(static)
    for (int i = 0; i < up(N, at_once); ++i) {
      const int n = i * at_once, count = std::min(at_once, N - n);
      fill(x + int64_t(n) * H * W * C, frame.get(), f, count, stride_x);
      fill(dy + int64_t(n) * g.pixels() * O, gradient.get(), g, count, stride_y);
      std::vector<int> pixel;
      for (int k = 0; k < count; ++k)
        for (int at : part.pixels.from) pixel.push_back(k * f.pixels() + at);
      gather_group(frame.get(), stride_x, gradient.get(), stride_y, pixel, part.taps, C, O, mine.get());
    }
#pragma omp for schedule(static)
    for (int t = 0; t < K * K; ++t)
      for (int c = 0; c < C; ++c)
        for (int o = 0; o < O; ++o) {
          float total = 0;
          for (const Buffer& one : sums)
            if (one) total += reinterpret_cast<const float*>(one.get() + (int64_t(t) * rows + c) * row)[o];
          dw[(int64_t(o) * K * K + t) * C + c] = total;
        }
  }
}
}
