/* Losses over time by hand, and their gradients. Called by benchmarks/scans.py, which builds it
   with -O3 -march=native. `descend_*` go down so many steps of a rate. */
#include <math.h>
#include <string.h>

/* ---- AR(2): the mean squared one-step error */

double ar(const double *restrict phi, const double *restrict y, long n) {
  double total = 0;
  for (long t = 2; t < n; t++) {
    double e = y[t] - phi[0] * y[t - 1] - phi[1] * y[t - 2];
    total += e * e;
  }
  return total / (n - 2);
}

static double ar_gradient(const double *restrict phi, const double *restrict y, long n,
                          double *restrict g) {
  double total = 0, g0 = 0, g1 = 0, scale = -2.0 / (n - 2);
  for (long t = 2; t < n; t++) {
    double e = y[t] - phi[0] * y[t - 1] - phi[1] * y[t - 2];
    total += e * e;
    g0 += e * y[t - 1];
    g1 += e * y[t - 2];
  }
  g[0] = scale * g0;
  g[1] = scale * g1;
  return total / (n - 2);
}

/* ---- ARMA(1, 1): the same where each error depends on the last */

double arma(const double *restrict params, const double *restrict y, long n) {
  double phi = params[0], theta = params[1], e = 0, total = 0;
  for (long t = 1; t < n; t++) {
    e = y[t] - phi * y[t - 1] - theta * e;
    total += e * e;
  }
  return total / (n - 1);
}

#define MOST 4096
static double errors[MOST];

static double arma_gradient(const double *restrict params, const double *restrict y, long n,
                            double *restrict g) {
  double phi = params[0], theta = params[1], e = 0, total = 0, scale = 2.0 / (n - 1);
  errors[0] = 0;
  for (long t = 1; t < n; t++) {
    errors[t] = e = y[t] - phi * y[t - 1] - theta * e;
    total += e * e;
  }
  double adjoint = 0, g0 = 0, g1 = 0;
  for (long t = n - 1; t > 0; t--) {
    adjoint = scale * errors[t] - theta * adjoint;
    g0 -= adjoint * y[t - 1];
    g1 -= adjoint * errors[t - 1];
  }
  g[0] = g0;
  g[1] = g1;
  return total / (n - 1);
}

/* ---- a Kalman filter: positions and velocities in the plane, positions seen */

typedef double four[4][4];
typedef struct {
  double e[2], inverse[2][2], seen[2][4], gain[4][2];
} Turn;

static Turn turns[MOST];
static const four F = {{1, 1, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 1}};
static const four kicks = {
    {1. / 3, 1. / 2, 0, 0}, {1. / 2, 1, 0, 0}, {0, 0, 1. / 3, 1. / 2}, {0, 0, 1. / 2, 1}};

static void times(const four a, const four b, four to) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) {
      double sum = 0;
      for (int k = 0; k < 4; k++) sum += a[i][k] * b[k][j];
      to[i][j] = sum;
    }
}

static void turned(const four a, four to) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) to[i][j] = a[j][i];
}

static double advance(double x[4], four P, const double *z, double q, const double r[2],
                      const four Ft, Turn *turn) {
  double before[4], S[2][2], weighed[2];
  four FP;
  memcpy(before, x, sizeof before);
  for (int i = 0; i < 4; i++) {
    x[i] = 0;
    for (int k = 0; k < 4; k++) x[i] += F[i][k] * before[k];
  }
  times(F, P, FP);
  times(FP, Ft, P);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) P[i][j] += q * kicks[i][j];
  for (int a = 0; a < 2; a++) {
    turn->e[a] = z[a] - x[2 * a];
    for (int j = 0; j < 4; j++) turn->seen[a][j] = P[2 * a][j];
    for (int b = 0; b < 2; b++) S[a][b] = P[2 * a][2 * b] + (a == b ? r[a] : 0);
  }
  double det = S[0][0] * S[1][1] - S[0][1] * S[1][0];
  turn->inverse[0][0] = S[1][1] / det;
  turn->inverse[1][1] = S[0][0] / det;
  turn->inverse[0][1] = -S[0][1] / det;
  turn->inverse[1][0] = -S[1][0] / det;
  for (int i = 0; i < 4; i++)
    for (int b = 0; b < 2; b++)
      turn->gain[i][b] =
          turn->seen[0][i] * turn->inverse[0][b] + turn->seen[1][i] * turn->inverse[1][b];
  for (int i = 0; i < 4; i++) x[i] += turn->gain[i][0] * turn->e[0] + turn->gain[i][1] * turn->e[1];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++)
      P[i][j] -= turn->gain[i][0] * turn->seen[0][j] + turn->gain[i][1] * turn->seen[1][j];
  for (int a = 0; a < 2; a++)
    weighed[a] = turn->inverse[a][0] * turn->e[0] + turn->inverse[a][1] * turn->e[1];
  return log(det) + turn->e[0] * weighed[0] + turn->e[1] * weighed[1];
}

/* Adjoints of the state and its covariance after a turn become those before it. */
static void back(double x[4], four P, double weight, const Turn *turn, const four Ft,
                 double *q, double r[2]) {
  double gain[4][2], e[2], weighed[2], seen[2][4], inner[2][2], S[2][2], before[4];
  four FP;
  for (int i = 0; i < 4; i++)
    for (int b = 0; b < 2; b++) {
      double sum = x[i] * turn->e[b];
      for (int j = 0; j < 4; j++) sum -= P[i][j] * turn->seen[b][j];
      gain[i][b] = sum;
    }
  for (int a = 0; a < 2; a++) {
    weighed[a] = turn->inverse[a][0] * turn->e[0] + turn->inverse[a][1] * turn->e[1];
    e[a] = 2 * weight * weighed[a];
    for (int i = 0; i < 4; i++) e[a] += turn->gain[i][a] * x[i];
    for (int j = 0; j < 4; j++) {
      double sum = 0;
      for (int i = 0; i < 4; i++) sum -= turn->gain[i][a] * P[i][j];
      seen[a][j] = sum;
    }
    for (int b = 0; b < 2; b++) {
      inner[a][b] = 0;
      for (int i = 0; i < 4; i++) inner[a][b] += turn->seen[a][i] * gain[i][b];
    }
  }
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      double sum = weight * (turn->inverse[a][b] - weighed[a] * weighed[b]);
      for (int c = 0; c < 2; c++)
        for (int d = 0; d < 2; d++) sum -= turn->inverse[a][c] * inner[c][d] * turn->inverse[d][b];
      S[a][b] = sum;
    }
  for (int a = 0; a < 2; a++) {
    r[a] += S[a][a];
    x[2 * a] -= e[a];
    for (int j = 0; j < 4; j++)
      seen[a][j] += turn->inverse[a][0] * gain[j][0] + turn->inverse[a][1] * gain[j][1];
    for (int b = 0; b < 2; b++) seen[a][2 * b] += S[a][b];
    for (int j = 0; j < 4; j++) P[2 * a][j] += seen[a][j];
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) *q += P[i][j] * kicks[i][j];
  times(Ft, P, FP);
  times(FP, F, P);
  memcpy(before, x, sizeof before);
  for (int i = 0; i < 4; i++) {
    x[i] = 0;
    for (int k = 0; k < 4; k++) x[i] += Ft[i][k] * before[k];
  }
}

static double filter(const double *params, const double *z, long n, Turn *kept, long stride) {
  double q = exp(params[0]), r[2] = {exp(params[1]), exp(params[2])}, x[4] = {0}, total = 0;
  four P = {{10, 0, 0, 0}, {0, 10, 0, 0}, {0, 0, 10, 0}, {0, 0, 0, 10}}, Ft;
  turned(F, Ft);
  for (long t = 0; t < n; t++) total += advance(x, P, z + 2 * t, q, r, Ft, kept + stride * t);
  return 0.5 * total / n;
}

double kalman(const double *params, const double *z, long n) {
  Turn turn;
  return filter(params, z, n, &turn, 0);
}

static double kalman_gradient(const double *params, const double *z, long n, double *g) {
  double x[4] = {0}, q = 0, r[2] = {0}, value = filter(params, z, n, turns, 1);
  four P = {{0}}, Ft;
  turned(F, Ft);
  for (long t = n - 1; t >= 0; t--) back(x, P, 0.5 / n, turns + t, Ft, &q, r);
  g[0] = q * exp(params[0]);
  for (int a = 0; a < 2; a++) g[1 + a] = r[a] * exp(params[1 + a]);
  return value;
}

/* ---- descents */

#define DESCENT(name, size)                                                                \
  double descend_##name(double *params, const double *data, long n, long steps, double rate) { \
    double g[size], value = 0;                                                              \
    for (long s = 0; s < steps; s++) {                                                      \
      value = name##_gradient(params, data, n, g);                                          \
      for (int i = 0; i < size; i++) params[i] -= rate * g[i];                              \
    }                                                                                       \
    return value;                                                                           \
  }

DESCENT(ar, 2)
DESCENT(arma, 2)
DESCENT(kalman, 3)
