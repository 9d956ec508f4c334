// Building blocks of the hand-written kernels: 512-bit vectors, register-tiled products, softmax,
// Adam.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include <cmath>

#define INLINE __attribute__((always_inline)) inline
#define ALIGNED __attribute__((aligned(64)))

// Vector<T>::type is one 64-byte register of T that may be loaded from any address of a T.
template <class T>
struct Vector;
template <>
struct Vector<float> {
  typedef float type __attribute__((vector_size(64), aligned(4)));
  enum { lanes = 16 };
};
template <>
struct Vector<double> {
  typedef double type __attribute__((vector_size(64), aligned(8)));
  enum { lanes = 8 };
};
typedef Vector<float>::type Floats;
typedef Vector<double>::type Doubles;

template <class T>
static INLINE typename Vector<T>::type broadcast(T x);
template <>
INLINE Floats broadcast<float>(float x) {
  return (Floats)_mm512_set1_ps(x);
}
template <>
INLINE Doubles broadcast<double>(double x) {
  return (Doubles)_mm512_set1_pd(x);
}

// A tile of ROWS x VECTORS registers: start + sum over k of A(i, k) * B(k, :), given to `finish(i,
// vector, value)`. `start` may be null; a `start_stride` of 0 starts every row from the same bias.
template <class T, int ROWS, int VECTORS, class Finish>
static INLINE void tile(const T* A, long row_stride, long column_stride, const T* B, int B_stride,
                        int depth, const T* start, int start_stride, Finish finish) {
  typedef typename Vector<T>::type V;
  const int L = Vector<T>::lanes;
  V c[ROWS][VECTORS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      c[i][j] = start ? *(const V*)(start + i * start_stride + j * L) : broadcast<T>(0);
  for (int k = 0; k < depth; k++) {
    V b[VECTORS];
    for (int j = 0; j < VECTORS; j++) b[j] = *(const V*)(B + (long)k * B_stride + j * L);
    for (int i = 0; i < ROWS; i++) {
      V a = broadcast<T>(A[i * row_stride + k * column_stride]);
      for (int j = 0; j < VECTORS; j++) c[i][j] += a * b[j];
    }
  }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) finish(i, j, c[i][j]);
}

// One block of rows of `product`: partial sums go to C, the last block of the depth to `finish`.
template <class T, int R, int VECTORS, int N, class Finish>
static INLINE void rows_of_product(int i, int j, int k, int depth, bool last, const T* A,
                                   long row_stride, long column_stride, const T* B, const T* bias,
                                   T* C, Finish finish) {
  typedef typename Vector<T>::type V;
  const int L = Vector<T>::lanes;
  const T* start = k ? C + (long)i * N + j * L : bias ? bias + j * L : nullptr;
  int stride = k ? N : 0;
  const T *a = A + i * row_stride + k * column_stride, *b = B + (long)k * N + j * L;
  if (last)
    tile<T, R, VECTORS>(a, row_stride, column_stride, b, N, depth, start, stride,
                        [&](int row, int v, V x) { finish(i + row, (j + v) * L, x); });
  else
    tile<T, R, VECTORS>(
        a, row_stride, column_stride, b, N, depth, start, stride,
        [&](int row, int v, V x) { *(V*)(C + (long)(i + row) * N + (j + v) * L) = x; });
}

// A (M x K, any strides) @ B (K x N, N a multiple of the lanes) + bias, in blocks of BLOCK along
// the depth. C holds partial sums between blocks; it is not needed where BLOCK >= K.
template <class T, int M, int N, int K, int BLOCK = 256, class Finish>
static INLINE void product(const T* A, long row_stride, long column_stride, const T* B,
                           const T* bias, T* C, Finish finish) {
  constexpr int NV = N / Vector<T>::lanes;
  constexpr int VECTORS = NV % 4 == 0 ? 4 : NV % 2 == 0 ? 2 : 1;
  constexpr int ROWS = VECTORS == 4 ? 6 : 8;
  for (int k = 0; k < K; k += BLOCK) {
    int depth = K - k < BLOCK ? K - k : BLOCK;
    bool last = k + depth == K;
#define BLOCK_OF(R)                                                                              \
  rows_of_product<T, R, VECTORS, N>(i, j, k, depth, last, A, row_stride, column_stride, B, bias, \
                                    C, finish)
    for (int j = 0; j < NV; j += VECTORS) {
      int i = 0;
      for (; i + ROWS <= M; i += ROWS) BLOCK_OF(ROWS);
      for (; i + 4 <= M; i += 4) BLOCK_OF(4);
      for (; i < M; i++) BLOCK_OF(1);
    }
#undef BLOCK_OF
  }
}

// The plainest `finish` of a product: store to C, whose rows are n long.
#define STORE(C, n) [&](int i, int j, auto x) { *(decltype(x)*)((C) + i * (n) + j) = x; }

template <class T>
static INLINE void transpose(const T* W, T* Wt, int rows, int columns) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++) Wt[j * rows + i] = W[i * columns + j];
}

template <int M, int N>
static INLINE void column_sums(const float* D, float* sums) {
  for (int j = 0; j < N; j++) sums[j] = 0;
  for (int m = 0; m < M; m++)
    for (int j = 0; j < N; j++) sums[j] += D[m * N + j];
}

static INLINE float root(float x) { return sqrtf(x); }
static INLINE double root(double x) { return sqrt(x); }

// The bias corrections of Adam: 1 / (1 - beta^t), one multiplication a step.
struct Bias {
  double power1 = 1, power2 = 1;
  INLINE void advance() { power1 *= .9, power2 *= .999; }
  INLINE double first() const { return 1 / (1 - power1); }
  INLINE double second() const { return 1 / (1 - power2); }
};

// Adam with decoupled weight decay on n numbers; the gradient is multiplied by `scale` first.
template <class T>
static INLINE void adam(T* p, T* m, T* v, const T* gradient, long n, T rate, const Bias& bias,
                        T weight_decay, T scale) {
  T a = rate * (T)bias.first(), c = (T)bias.second(), keep = 1 - rate * weight_decay;
  for (long i = 0; i < n; i++) {
    T g = gradient[i] * scale;
    m[i] = T(.9) * m[i] + T(.1) * g;
    v[i] = T(.999) * v[i] + T(.001) * g * g;
    p[i] = p[i] * keep - a * m[i] / (root(v[i] * c) + T(1e-8));
  }
}

// e^x to about one unit in the last place, for x <= 0.
static INLINE __m512 exponential(__m512 x) {
  const auto c = [](float f) { return _mm512_set1_ps(f); };
  __m512 n = _mm512_roundscale_ps(x * c(1.44269504088896341f), 0);
  __m512 r = _mm512_fnmadd_ps(n, c(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, c(-2.12194440e-4f), r);
  __m512 p = c(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, c(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, c(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, c(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, c(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, c(5.0000001201e-1f));
  p = _mm512_fmadd_ps(p, r * r, r + c(1.f));
  return _mm512_scalef_ps(p, n);
}

// The gradient of the mean softmax cross entropy of M rows of 10 logits, each padded to 16.
template <int M>
static INLINE void softmax_gradient(const float* Z, const int* labels, float* D) {
  const __mmask16 valid = 0x3ff;
  const __m512 mean = _mm512_set1_ps(1.f / M);
  for (int m = 0; m < M; m += 4) {
#pragma GCC unroll 4
    for (int r = 0; r < 4; r++) {
      __m512 z = _mm512_loadu_ps(Z + (m + r) * 16);
      float most = _mm512_mask_reduce_max_ps(valid, z);
      __m512 e = _mm512_maskz_mov_ps(valid, exponential(z - _mm512_set1_ps(most)));
      float sum = _mm512_reduce_add_ps(e);
      e = e * _mm512_set1_ps(1.f / (sum * M));
      _mm512_storeu_ps(D + (m + r) * 16,
                       _mm512_mask_sub_ps(e, (__mmask16)(1 << labels[m + r]), e, mean));
    }
  }
}

// In a function of its own: within a large one, the loop's pointer is spilled at every call.
template <class T>
static __attribute__((noinline)) void tanh_of(T* h, long n) {
  for (long i = 0; i < n; i++) h[i] = std::tanh(h[i]);
}
