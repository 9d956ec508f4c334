// W3, W4 and W5: softmax regression and networks of fixed sizes in float32, 10 classes padded to 16
// lanes.
#include "vectors.hpp"

// Gather the rows of a batch, and their labels.
template <int BATCH, int COLUMNS>
static INLINE void gather(const float* X, const int* y, const int* rows, float* x, int* labels) {
  for (int j = 0; j < BATCH; j++) {
    memcpy(x + j * COLUMNS, X + (long)COLUMNS * rows[j], COLUMNS * sizeof(float));
    labels[j] = y[rows[j]];
  }
}

// Copy an output layer (n x 10 and 10 biases) into rows of 16 with the biases last, and back.
static void pad(const float* W, const float* b, int n, float* padded) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < 10; j++) padded[i * 16 + j] = W[i * 10 + j];
  for (int j = 0; j < 10; j++) padded[n * 16 + j] = b[j];
}

static void unpad(const float* padded, int n, float* W, float* b) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < 10; j++) W[i * 10 + j] = padded[i * 16 + j];
  for (int j = 0; j < 10; j++) b[j] = padded[n * 16 + j];
}

extern "C" {

// Softmax regression 64 -> 10 by Adam with an exponentially decaying rate.
void w3(const float* X, const int* y, const int* order, long steps, float* W, float* b, double rate,
        double decay, double every) {
  const int M = 64;
  static float ALIGNED x[M * 64], Z[M * 16], D[M * 16], G[65 * 16], m[65 * 16], v[65 * 16],
      P[65 * 16];
  int labels[M];
  memset(m, 0, sizeof m), memset(v, 0, sizeof v), memset(P, 0, sizeof P);
  pad(W, b, 64, P);
  Bias bias;
  const double factor = pow(decay, 1 / every);
  for (long s = 0; s < steps; s++) {
    gather<M, 64>(X, y, order + s * M, x, labels);
    product<float, M, 16, 64>(x, 64, 1, P, P + 1024, Z, STORE(Z, 16));
    softmax_gradient<M>(Z, labels, D);
    product<float, 64, 16, M>(x, 1, 64, D, nullptr, G, STORE(G, 16));
    column_sums<M, 16>(D, G + 1024);
    bias.advance();
    adam<float>(P, m, v, G, 65 * 16, rate, bias, 0, 1);
    rate *= factor;
  }
  unpad(P, 64, W, b);
}

// 64 -> 32 -> 32 -> 10, tanh, by AdamW after clipping by the global norm.
void w4(const float* X, const int* y, const int* order, long steps, float* W1, float* b1, float* W2,
        float* b2, float* W3, float* b3, double rate, double weight_decay, double clip) {
  const int M = 32;
  enum { o2 = 2048 + 32, o3 = o2 + 1024 + 32, N = o3 + 512 + 16 };
  static float ALIGNED x[M * 64], h1[M * 32], h2[M * 32], Z[M * 16], D3[M * 16], D2[M * 32],
      D1[M * 32];
  static float ALIGNED G[N], m[N], v[N], P[N], Wt[32 * 32];
  int labels[M];
  memset(m, 0, sizeof m), memset(v, 0, sizeof v), memset(P, 0, sizeof P);
  memcpy(P, W1, 2048 * 4), memcpy(P + 2048, b1, 128), memcpy(P + o2, W2, 4096),
      memcpy(P + o2 + 1024, b2, 128);
  pad(W3, b3, 32, P + o3);
  Bias bias;
  for (long s = 0; s < steps; s++) {
    gather<M, 64>(X, y, order + s * M, x, labels);
    product<float, M, 32, 64>(x, 64, 1, P, P + 2048, h1, STORE(h1, 32));
    tanh_of(h1, M * 32);
    product<float, M, 32, 32>(h1, 32, 1, P + o2, P + o2 + 1024, h2, STORE(h2, 32));
    tanh_of(h2, M * 32);
    product<float, M, 16, 32>(h2, 32, 1, P + o3, P + o3 + 512, Z, STORE(Z, 16));
    softmax_gradient<M>(Z, labels, D3);
    product<float, 32, 16, M>(h2, 1, 32, D3, nullptr, G + o3, STORE(G + o3, 16));
    column_sums<M, 16>(D3, G + o3 + 512);
    transpose(P + o3, Wt, 32, 16);
    product<float, M, 32, 16>(D3, 16, 1, Wt, nullptr, D2, [&](int i, int j, Floats d) {
      Floats h = *(Floats*)(h2 + i * 32 + j);
      *(Floats*)(D2 + i * 32 + j) = d * (1.f - h * h);
    });
    product<float, 32, 32, M>(h1, 1, 32, D2, nullptr, G + o2, STORE(G + o2, 32));
    column_sums<M, 32>(D2, G + o2 + 1024);
    transpose(P + o2, Wt, 32, 32);
    product<float, M, 32, 32>(D2, 32, 1, Wt, nullptr, D1, [&](int i, int j, Floats d) {
      Floats h = *(Floats*)(h1 + i * 32 + j);
      *(Floats*)(D1 + i * 32 + j) = d * (1.f - h * h);
    });
    product<float, 64, 32, M>(x, 1, 64, D1, nullptr, G, STORE(G, 32));
    column_sums<M, 32>(D1, G + 2048);
    float squares = 0;
    for (int i = 0; i < N; i++) squares += G[i] * G[i];
    float norm = sqrtf(squares), scale = norm < clip ? 1.f : (float)clip / norm;
    bias.advance();
    adam<float>(P, m, v, G, N, rate, bias, weight_decay, scale);
  }
  memcpy(W1, P, 2048 * 4), memcpy(b1, P + 2048, 128), memcpy(W2, P + o2, 4096),
      memcpy(b2, P + o2 + 1024, 128);
  unpad(P + o3, 32, W3, b3);
}

// 784 -> 128 -> 10, relu, by momentum, whose update is made where the weights' gradient is
// finished.
void w5(const float* X, const int* y, const int* order, long steps, float* W1, float* b1, float* W2,
        float* b2, double rate_, double momentum_) {
  const int M = 64;
  const float rate = rate_, momentum = momentum_;
  const Floats zero = broadcast<float>(0);
  static float ALIGNED x[M * 784], h[M * 128], Z[M * 16], D2[M * 16], D1[M * 128], Wt[16 * 128];
  static float ALIGNED P1[784 * 128], S1[784 * 128], B1[128], C1[128], g1[128];
  static float ALIGNED P2[129 * 16], S2[129 * 16], G2[129 * 16];
  int labels[M];
  memset(S1, 0, sizeof S1), memset(S2, 0, sizeof S2), memset(P2, 0, sizeof P2),
      memset(C1, 0, sizeof C1);
  memcpy(P1, W1, sizeof P1), memcpy(B1, b1, sizeof B1);
  pad(W2, b2, 128, P2);
  for (long s = 0; s < steps; s++) {
    const int* rows = order + s * M;
    gather<M, 784>(X, y, rows, x, labels);
    if (s + 1 < steps)
      for (int j = 0; j < M; j++)
        for (int c = 0; c < 784; c += 16)
          _mm_prefetch((const char*)(X + 784L * rows[j + M] + c), _MM_HINT_T2);
    product<float, M, 128, 784, 98>(x, 784, 1, P1, B1, h, [&](int i, int j, Floats z) {
      *(Floats*)(h + i * 128 + j) = z > zero ? z : zero;
    });
    product<float, M, 16, 128>(h, 128, 1, P2, P2 + 2048, Z, STORE(Z, 16));
    softmax_gradient<M>(Z, labels, D2);
    product<float, 128, 16, M>(h, 1, 128, D2, nullptr, G2, STORE(G2, 16));
    column_sums<M, 16>(D2, G2 + 2048);
    transpose(P2, Wt, 128, 16);
    product<float, M, 128, 16>(D2, 16, 1, Wt, nullptr, D1, [&](int i, int j, Floats d) {
      *(Floats*)(D1 + i * 128 + j) = *(Floats*)(h + i * 128 + j) > zero ? d : zero;
    });
    column_sums<M, 128>(D1, g1);
    product<float, 784, 128, M>(
        x, 1, 784, D1, nullptr, (float*)nullptr, [&](int i, int j, Floats g) {
          Floats *trace = (Floats*)(S1 + i * 128 + j), *p = (Floats*)(P1 + i * 128 + j);
          Floats t = *trace * momentum + g;
          *trace = t;
          *p -= rate * t;
        });
    for (int i = 0; i < 129 * 16; i++) {
      S2[i] = momentum * S2[i] + G2[i];
      P2[i] -= rate * S2[i];
    }
    for (int i = 0; i < 128; i++) {
      C1[i] = momentum * C1[i] + g1[i];
      B1[i] -= rate * C1[i];
    }
  }
  memcpy(W1, P1, sizeof P1), memcpy(b1, B1, sizeof B1);
  unpad(P2, 128, W2, b2);
}
}
