/* L-BFGS of ten pairs on Rosenbrock's function, by hand: weak Wolfe conditions by bisection.
   Called by benchmarks/solvers.py; at most 4,096 numbers. */
#include <math.h>
#include <string.h>

#define PAIRS 10
#define MOST 4096

static double steps[PAIRS][MOST], changes[PAIRS][MOST], inverse[PAIRS];
static double direction[MOST], gradient[MOST], trial[MOST], trial_gradient[MOST];

static double value_and_gradient(const double *restrict x, double *restrict g, long n) {
  double total = 0;
  for (long i = 0; i + 1 < n; i++) {
    double bend = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
    total += 100 * bend * bend + rest * rest;
    g[i] = -400 * x[i] * bend - 2 * rest;
  }
  g[n - 1] = 0;
  for (long i = n - 1; i > 0; i--) g[i] += 200 * (x[i] - x[i - 1] * x[i - 1]);
  return total;
}

static double dot(const double *restrict a, const double *restrict b, long n) {
  double total = 0;
  for (long i = 0; i < n; i++) total += a[i] * b[i];
  return total;
}

static void add(double factor, const double *restrict a, double *restrict to, long n) {
  for (long i = 0; i < n; i++) to[i] += factor * a[i];
}

static double largest(const double *a, long n) {
  double found = 0;
  for (long i = 0; i < n; i++) found = fabs(a[i]) > found ? fabs(a[i]) : found;
  return found;
}

/* The two-loop recursion: `direction` becomes the inverse Hessian's estimate times the gradient. */
static void turn(long kept, long n) {
  double weights[PAIRS];
  long count = kept < PAIRS ? kept : PAIRS, last = (kept - 1) % PAIRS;
  memcpy(direction, gradient, n * sizeof(double));
  for (long q = 0; q < count; q++) {
    long j = (kept - 1 - q) % PAIRS;
    weights[j] = inverse[j] * dot(steps[j], direction, n);
    add(-weights[j], changes[j], direction, n);
  }
  double scale = count ? 1 / (inverse[last] * dot(changes[last], changes[last], n))
                       : 1 / sqrt(dot(gradient, gradient, n));
  for (long i = 0; i < n; i++) direction[i] *= scale;
  for (long q = count - 1; q >= 0; q--) {
    long j = (kept - 1 - q) % PAIRS;
    add(weights[j] - inverse[j] * dot(changes[j], direction, n), steps[j], direction, n);
  }
}

/* Minimizes from x, in place; returns the iterations. */
long minimize(double *x, long n, double tolerance, long most, long *evaluations) {
  long k = 0, kept = 0;
  double value = value_and_gradient(x, gradient, n);
  *evaluations = 1;
  for (; k < most && largest(gradient, n) > tolerance; k++) {
    turn(kept, n);
    double slope = -dot(gradient, direction, n), low = 0, high = INFINITY, rate = 1, found = value;
    if (slope >= 0) {
      kept = 0;
      continue;
    }
    for (int tries = 0; tries < 40; tries++) {
      for (long i = 0; i < n; i++) trial[i] = x[i] - rate * direction[i];
      found = value_and_gradient(trial, trial_gradient, n);
      ++*evaluations;
      if (found > value + 1e-4 * rate * slope + 1e-15 * fabs(value)) high = rate;
      else if (-dot(trial_gradient, direction, n) < 0.9 * slope) low = rate;
      else break;
      rate = high < INFINITY ? 0.5 * (low + high) : 2 * low;
    }
    long j = kept % PAIRS;
    double curvature = 0;
    for (long i = 0; i < n; i++) {
      steps[j][i] = trial[i] - x[i];
      changes[j][i] = trial_gradient[i] - gradient[i];
      curvature += steps[j][i] * changes[j][i];
    }
    if (curvature > 0) inverse[j] = 1 / curvature, kept++;
    memcpy(x, trial, n * sizeof(double));
    memcpy(gradient, trial_gradient, n * sizeof(double));
    value = found;
  }
  return k;
}
