// W6, W7 and W8: a network on a few points, a matrix factorization, Rosenbrock's function.
#include "vectors.hpp"

extern "C" {

// 1 -> 16 -> 16 -> 1, tanh, float64, 64 points at once, by Adam.
void w6(const double* x, const double* y, long steps, double* W1, double* b1, double* W2,
        double* b2, double* W3, double* b3, double rate) {
  const int M = 64;
  enum { N = 16 + 16 + 256 + 16 + 16 + 8 };
  static double ALIGNED P[N], m[N], v[N], G[N], h1[M * 16], h2[M * 16], D2[M * 16], D1[M * 16],
      Wt[256];
  memset(P, 0, sizeof P), memset(m, 0, sizeof m), memset(v, 0, sizeof v), memset(G, 0, sizeof G);
  memcpy(P, W1, 128), memcpy(P + 16, b1, 128), memcpy(P + 32, W2, 2048), memcpy(P + 288, b2, 128);
  memcpy(P + 304, W3, 128);
  P[320] = b3[0];
  Bias bias;
  for (long s = 0; s < steps; s++) {
    for (int i = 0; i < M; i++)
      for (int j = 0; j < 16; j++) h1[i * 16 + j] = x[i] * P[j] + P[16 + j];
    tanh_of(h1, M * 16);
    product<double, M, 16, 16>(h1, 16, 1, P + 32, P + 288, h2, STORE(h2, 16));
    tanh_of(h2, M * 16);
    double error_sum = 0;
    __m512d g0 = _mm512_setzero_pd(), g1 = g0, w0 = _mm512_loadu_pd(P + 304),
            w1 = _mm512_loadu_pd(P + 312);
    for (int i = 0; i < M; i++) {
      __m512d a = _mm512_load_pd(h2 + i * 16), b = _mm512_load_pd(h2 + i * 16 + 8);
      double error = (_mm512_reduce_add_pd(a * w0 + b * w1) + P[320] - y[i]) * (2. / M);
      error_sum += error;
      __m512d E = _mm512_set1_pd(error);
      g0 += E * a, g1 += E * b;
      _mm512_store_pd(D2 + i * 16, E * w0 * (1. - a * a));
      _mm512_store_pd(D2 + i * 16 + 8, E * w1 * (1. - b * b));
    }
    _mm512_storeu_pd(G + 304, g0), _mm512_storeu_pd(G + 312, g1);
    G[320] = error_sum;
    product<double, 16, 16, M>(h1, 1, 16, D2, nullptr, G + 32, STORE(G + 32, 16));
    for (int j = 0; j < 16; j++) G[288 + j] = 0;
    for (int i = 0; i < M; i++)
      for (int j = 0; j < 16; j++) G[288 + j] += D2[i * 16 + j];
    transpose(P + 32, Wt, 16, 16);
    product<double, M, 16, 16>(D2, 16, 1, Wt, nullptr, D1, [&](int i, int j, Doubles d) {
      Doubles h = *(Doubles*)(h1 + i * 16 + j);
      *(Doubles*)(D1 + i * 16 + j) = d * (1. - h * h);
    });
    for (int j = 0; j < 32; j++) G[j] = 0;
    for (int i = 0; i < M; i++)
      for (int j = 0; j < 16; j++) {
        G[j] += x[i] * D1[i * 16 + j];
        G[16 + j] += D1[i * 16 + j];
      }
    bias.advance();
    adam<double>(P, m, v, G, N, rate, bias, 0, 1);
  }
  memcpy(W1, P, 128), memcpy(b1, P + 16, 128), memcpy(W2, P + 32, 2048), memcpy(b2, P + 288, 128);
  memcpy(W3, P + 304, 128);
  b3[0] = P[320];
}

// Matrix factorization of rank 16, one register a row, a batch of at most 1024, by gradient
// descent. Two passes a step, so that rows met twice in a batch are read as they were before the
// step.
void w7(const int* I, const int* J, const float* y, const int* order, long steps, long batch,
        float* U, float* V, double rate) {
  static float ALIGNED U_updates[1024 * 16], V_updates[1024 * 16];
  const float scale = 2 * (float)rate / batch;
  for (long s = 0; s < steps; s++) {
    const int* rows = order + s * batch;
    for (long a = 0; a < batch; a++) {
      int r = rows[a];
      if (s + 1 < steps) {
        int next = rows[a + batch];
        _mm_prefetch((const char*)(I + next), _MM_HINT_T0);
        _mm_prefetch((const char*)(J + next), _MM_HINT_T0);
        _mm_prefetch((const char*)(y + next), _MM_HINT_T0);
      }
      __m512 u = _mm512_loadu_ps(U + 16L * I[r]), v = _mm512_loadu_ps(V + 16L * J[r]);
      __m512 E = _mm512_set1_ps((_mm512_reduce_add_ps(u * v) - y[r]) * scale);
      _mm512_store_ps(V_updates + a * 16, E * u);
      _mm512_store_ps(U_updates + a * 16, E * v);
    }
    for (long a = 0; a < batch; a++) {
      int r = rows[a];
      float *u = U + 16L * I[r], *v = V + 16L * J[r];
      _mm512_storeu_ps(u, _mm512_loadu_ps(u) - _mm512_load_ps(U_updates + a * 16));
      _mm512_storeu_ps(v, _mm512_loadu_ps(v) - _mm512_load_ps(V_updates + a * 16));
    }
  }
}

// Rosenbrock's function of n <= 4096 numbers, by Adam.
void w8(double* x, long n, long steps, double rate) {
  static double ALIGNED m[4096], v[4096], g[4096];
  memset(m, 0, sizeof m), memset(v, 0, sizeof v);
  Bias bias;
  for (long t = 0; t < steps; t++) {
    g[0] = 0;
    for (long i = 0; i + 1 < n; i++) {
      double d = x[i + 1] - x[i] * x[i];
      g[i] = -400 * x[i] * d - 2 * (1 - x[i]);
    }
    g[n - 1] = 0;
    for (long i = n - 1; i > 0; i--) g[i] += 200 * (x[i] - x[i - 1] * x[i - 1]);
    bias.advance();
    adam<double>(x, m, v, g, n, rate, bias, 0, 1);
  }
}
}
