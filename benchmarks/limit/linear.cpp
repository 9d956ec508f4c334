// W1 and W2: linear models whose parameters stay in registers for the whole run.
#include "vectors.hpp"

static INLINE void prefetch(const void* p) { _mm_prefetch((const char*)p, _MM_HINT_T0); }

// The cache lines of the row of 21 doubles at p.
static INLINE void prefetch_21(const double* p) {
  const char* c = (const char*)p;
  prefetch(c), prefetch(c + 64), prefetch(c + 128), prefetch(c + 167);
}

static INLINE void prefetch_31(const double* p) {
  const char* c = (const char*)p;
  prefetch(c), prefetch(c + 64), prefetch(c + 128), prefetch(c + 192);
}

extern "C" {

// Least squares by Adam, 21 columns, an even batch: two rows at a time, coming rows prefetched.
void w1(const double* X, const double* y, const int* order, long steps, long batch, double* b,
        double rate) {
  const __mmask8 tail = 0x1f;
  const long ahead = 24, all = steps * batch;
  const __m512d zero = _mm512_setzero_pd();
  __m512d B0 = zero, B1 = zero, B2 = zero, M[3] = {zero, zero, zero}, V[3] = {zero, zero, zero};
  Bias bias;
  for (long s = 0; s < steps; s++) {
    __m512d G0 = zero, G1 = zero, G2 = zero, H0 = zero, H1 = zero, H2 = zero;
    const int* rows = order + s * batch;
    for (long j = 0; j + 2 <= batch; j += 2) {
      const double *x = X + 21L * rows[j], *w = X + 21L * rows[j + 1];
      if (s * batch + j + ahead < all) {
        prefetch_21(X + 21L * rows[j + ahead]);
        if (s * batch + j + ahead + 1 < all) {
          prefetch_21(X + 21L * rows[j + ahead + 1]);
          prefetch(y + rows[j + ahead + 1]);
        }
        prefetch(y + rows[j + ahead]);
      }
      __m512d a0 = _mm512_loadu_pd(x), a1 = _mm512_loadu_pd(x + 8),
              a2 = _mm512_maskz_loadu_pd(tail, x + 16);
      __m512d c0 = _mm512_loadu_pd(w), c1 = _mm512_loadu_pd(w + 8),
              c2 = _mm512_maskz_loadu_pd(tail, w + 16);
      __m512d dot_a = _mm512_fmadd_pd(a0, B0, _mm512_fmadd_pd(a1, B1, _mm512_mul_pd(a2, B2)));
      __m512d dot_c = _mm512_fmadd_pd(c0, B0, _mm512_fmadd_pd(c1, B1, _mm512_mul_pd(c2, B2)));
      __m512d E = _mm512_set1_pd(_mm512_reduce_add_pd(dot_a) - y[rows[j]]);
      __m512d F = _mm512_set1_pd(_mm512_reduce_add_pd(dot_c) - y[rows[j + 1]]);
      G0 = _mm512_fmadd_pd(E, a0, G0), G1 = _mm512_fmadd_pd(E, a1, G1),
      G2 = _mm512_fmadd_pd(E, a2, G2);
      H0 = _mm512_fmadd_pd(F, c0, H0), H1 = _mm512_fmadd_pd(F, c1, H1),
      H2 = _mm512_fmadd_pd(F, c2, H2);
    }
    const __m512d two = _mm512_set1_pd(2), epsilon = _mm512_set1_pd(1e-8);
    __m512d G[3] = {(G0 + H0) * two, (G1 + H1) * two, (G2 + H2) * two}, *B[3] = {&B0, &B1, &B2};
    bias.advance();
    __m512d a = _mm512_set1_pd(rate * bias.first()), c = _mm512_set1_pd(bias.second());
    for (int q = 0; q < 3; q++) {
      M[q] = M[q] * .9 + G[q] * .1;
      V[q] = V[q] * .999 + G[q] * G[q] * .001;
      *B[q] -= a * M[q] / (_mm512_sqrt_pd(V[q] * c) + epsilon);
    }
  }
  _mm512_storeu_pd(b, B0), _mm512_storeu_pd(b + 8, B1), _mm512_mask_storeu_pd(b + 16, tail, B2);
}

// Logistic regression by Nesterov's momentum, 31 columns, a batch of at most 256.
void w2(const double* X, const double* y, const int* order, long steps, long batch, double* b,
        double rate, double momentum) {
  const __mmask8 tail = 0x7f;
  const __m512d zero = _mm512_setzero_pd();
  __m512d B[4] = {zero, zero, zero, zero}, S[4] = {zero, zero, zero, zero};
  double z[256], p[256];
  for (long s = 0; s < steps; s++) {
    const int* rows = order + s * batch;
    for (long j = 0; j < batch; j++) {
      const double* x = X + 31L * rows[j];
      __m512d dot = _mm512_loadu_pd(x) * B[0] + _mm512_loadu_pd(x + 8) * B[1] +
                    _mm512_loadu_pd(x + 16) * B[2] + _mm512_maskz_loadu_pd(tail, x + 24) * B[3];
      z[j] = _mm512_reduce_add_pd(dot);
    }
    for (long j = 0; j < batch; j++) p[j] = 1 / (1 + exp(-z[j]));
    __m512d G[4] = {zero, zero, zero, zero};
    for (long j = 0; j < batch; j++) {
      const double* x = X + 31L * rows[j];
      __m512d E = _mm512_set1_pd(p[j] - y[rows[j]]);
      G[0] += E * _mm512_loadu_pd(x), G[1] += E * _mm512_loadu_pd(x + 8);
      G[2] += E * _mm512_loadu_pd(x + 16), G[3] += E * _mm512_maskz_loadu_pd(tail, x + 24);
      if (s + 1 < steps) prefetch_31(X + 31L * rows[j + batch]);
    }
    for (int q = 0; q < 4; q++) {
      __m512d g = G[q] * (1. / batch);
      S[q] = S[q] * momentum + g;
      B[q] -= rate * (g + S[q] * momentum);
    }
  }
  _mm512_storeu_pd(b, B[0]), _mm512_storeu_pd(b + 8, B[1]), _mm512_storeu_pd(b + 16, B[2]);
  _mm512_mask_storeu_pd(b + 24, tail, B[3]);
}
}
