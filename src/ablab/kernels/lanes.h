// Images in the lanes of vectors: sixteen of them side by side, so that every instruction does one thing to sixteen
// images and no sum ever crosses lanes.
//
//     images  [N][C][H][W]            N images, numbers or bytes
//     lanes   [G][C][H][W][16]        G = ceil(N / 16) groups
//
// The lanes that are left over hold finite numbers, and nobody reads what becomes of them.

#pragma once

#include "vectors.h"

namespace {

typedef uint8_t Bytes __attribute__((vector_size(LANES)));

// Bytes as numbers, by way of whole numbers: compilers know no instruction for both steps, and go lane by lane.
inline Vector numbers(Bytes b) { return __builtin_convertvector(__builtin_convertvector(b, Ints), Vector); }

inline int groups_of(int N) { return up(N, LANES); }

// Where the pixels of an image come from: its place among all images, the corner of its crop, and its side. What lies
// outside the image is black.
struct Places {
  const int64_t *rows, *top, *left;
  const uint8_t* mirrored;
};

// Lines of sixteen images, W bytes each with black on both sides, so that a crop may reach outside:
//
//     [16 images][black: W + 16][line: W][black: W + 16]
struct Lines {
  int W, border, width;
  std::vector<uint8_t> bytes;
  explicit Lines(int W) : W(W), border(W + LANES), width(W + 2 * border), bytes(size_t(LANES) * width) {}

  // Line `line` of an image [H][W]; outside it is black.
  void set(int lane, const uint8_t* image, int64_t line, int H) {
    uint8_t* to = bytes.data() + lane * width + border;
    if (line < 0 || line >= H)
      std::memset(to, 0, W);
    else
      std::memcpy(to, image + line * W, W);
  }

  // Sixteen bytes of a crop that begins at `left`, from its column w on; mirrored, they are read from its other end.
  Bytes get(int lane, int64_t left, bool is_mirrored, int w) const {
    const uint8_t* crop = bytes.data() + lane * width + border + std::clamp<int64_t>(left, -W, W);
    Bytes b;
    std::memcpy(&b, crop + (is_mirrored ? W - LANES - w : w), LANES);
    const Bytes back = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    return is_mirrored ? __builtin_shuffle(b, back) : b;
  }
};

// Sixteen lines of sixteen bytes to sixteen columns. Four rounds of shuffling cards: each puts byte k of line i behind
// byte k of line i + 8 into line 2 i, or into line 2 i + 1 where k is above 7.
inline void transpose(Bytes line[LANES]) {
  const Bytes low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
  const Bytes high = low + 8;
  for (int round = 0; round < 4; ++round) {
    Bytes mixed[LANES];
    for (int i = 0; i < LANES / 2; ++i) {
      mixed[2 * i] = __builtin_shuffle(line[i], line[i + 8], low);
      mixed[2 * i + 1] = __builtin_shuffle(line[i], line[i + 8], high);
    }
    std::memcpy(line, mixed, sizeof(mixed));
  }
}

// Bytes of images to normalized lanes: y = x * scale + shift, by channel.
inline void lanes_of_bytes(const uint8_t* data, const Places& places, const float* scale, const float* shift, Vector* y,
                           int N, int C, int H, int W, int threads) {
#pragma omp parallel num_threads(threads)
  {
    Lines lines(W);
#pragma omp for schedule(static) collapse(2)
    for (int g = 0; g < groups_of(N); ++g)
      for (int c = 0; c < C; ++c)
        for (int h = 0; h < H; ++h) {
          const int first = g * LANES, count = std::min(LANES, N - first);
          for (int lane = 0; lane < count; ++lane)
            lines.set(lane, data + (places.rows[first + lane] * C + c) * H * W, places.top[first + lane] + h, H);
          Vector* to = y + ((int64_t(g) * C + c) * H + h) * W;
          for (int w = 0; w < W; w += LANES) {
            Bytes column[LANES] = {};
            for (int lane = 0; lane < count; ++lane)
              column[lane] = lines.get(lane, places.left[first + lane], places.mirrored[first + lane], w);
            transpose(column);
            for (int k = 0; k < std::min(LANES, W - w); ++k)
              to[w + k] = numbers(column[k]) * all(scale[c]) + all(shift[c]);
          }
        }
  }
}

// Images with strides n, c, h, w (in numbers) to lanes.
inline void lanes_of_numbers(const float* x, float* y, int64_t n, int64_t c, int64_t h, int64_t w, int N, int C, int H,
                             int W, int threads) {
#pragma omp parallel for schedule(static) collapse(2) num_threads(threads)
  for (int g = 0; g < groups_of(N); ++g)
    for (int i = 0; i < C; ++i)
      for (int j = 0; j < H; ++j)
        for (int k = 0; k < W; ++k) {
          float* to = y + (((int64_t(g) * C + i) * H + j) * W + k) * LANES;
          for (int lane = 0; lane < LANES; ++lane) {
            const int image = g * LANES + lane;
            to[lane] = image < N ? x[image * n + i * c + j * h + k * w] : 0.0f;
          }
        }
}

// Lanes to images [N][F], F numbers each.
inline void numbers_of_lanes(const float* x, float* y, int N, int F, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int g = 0; g < groups_of(N); ++g)
    for (int lane = 0; lane < std::min(LANES, N - g * LANES); ++lane)
      for (int f = 0; f < F; ++f) y[(int64_t(g) * LANES + lane) * F + f] = x[(int64_t(g) * F + f) * LANES + lane];
}

}  // namespace
