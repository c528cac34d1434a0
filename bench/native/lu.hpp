// Dense LU factors with partial pivoting, row-major, as the solvers in C++ that odegrad is compared with have them.
#pragma once
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

struct LU {
  size_t n;
  std::vector<double> lu;
  std::vector<size_t> pivots;

  explicit LU(size_t n) : n(n), lu(n * n), pivots(n) {}

  /** The factors of I − scale·J, with reciprocals of the pivots on the diagonal. */
  void factor(const double* jacobian, double scale) {
    for (size_t i = 0; i < n * n; i++) lu[i] = -scale * jacobian[i];
    for (size_t i = 0; i < n * n; i += n + 1) lu[i] += 1;
    for (size_t k = 0; k < n; k++) {
      size_t best = k;
      for (size_t i = k + 1; i < n; i++)
        if (std::fabs(lu[i * n + k]) > std::fabs(lu[best * n + k])) best = i;
      pivots[k] = best;
      double* __restrict own = &lu[k * n];
      if (best != k) std::swap_ranges(own, own + n, &lu[best * n]);
      const double inverse = 1 / own[k];
      own[k] = inverse;
      for (size_t i = k + 1; i < n; i++) {
        double* __restrict row = &lu[i * n];
        const double l = row[k] * inverse;
        row[k] = l;
        for (size_t j = k + 1; j < n; j++) row[j] -= l * own[j];
      }
    }
  }

  void solve(double* x) const {
    for (size_t k = 0; k < n; k++) std::swap(x[k], x[pivots[k]]);
    for (size_t i = 1; i < n; i++)
      for (size_t j = 0; j < i; j++) x[i] -= lu[i * n + j] * x[j];
    for (size_t i = n; i-- > 0;) {
      for (size_t j = i + 1; j < n; j++) x[i] -= lu[i * n + j] * x[j];
      x[i] *= lu[i * n + i];
    }
  }

  void solveTransposed(double* x) const {
    for (size_t i = 0; i < n; i++) {
      x[i] *= lu[i * n + i];
      for (size_t j = i + 1; j < n; j++) x[j] -= x[i] * lu[i * n + j];
    }
    for (size_t i = n; i-- > 0;)
      for (size_t j = 0; j < i; j++) x[j] -= x[i] * lu[i * n + j];
    for (size_t i = n; i-- > 0;) std::swap(x[i], x[pivots[i]]);
  }
};
