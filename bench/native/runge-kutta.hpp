// An adaptive explicit Runge–Kutta solver in C++ with odegrad's algorithm: Hairer's first step, the scaled rms norm, the
// PI controller, FSAL. Coefficients are compile-time constants, so stage combinations are unrolled, without zero terms.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

struct Statistics {
  long accepted = 0, rejected = 0, evaluations = 0;
};

template <class Problem, class M> class Integrator {
  static constexpr size_t n = Problem::n;
  static constexpr int S = M::stages;
  using Vector = std::vector<double>;
  Vector y, next, stage, k[S];
  double rtol, atol;

  template <int ROW, size_t... J> double sum(const double* coefficients, size_t i, std::index_sequence<J...>) const {
    (void)coefficients;
    double s = 0;
    ((M::a[ROW][J] != 0 ? void(s += M::a[ROW][J] * k[J][i]) : void()), ...);
    return s;
  }
  template <const double* W, size_t... J> double weighted(size_t i, std::index_sequence<J...>) const {
    double s = 0;
    ((W[J] != 0 ? void(s += W[J] * k[J][i]) : void()), ...);
    return s;
  }
  using All = std::make_index_sequence<S>;

  double scale(double a, double b) const { return atol + rtol * std::max(std::fabs(a), std::fabs(b)); }

  template <const double* W> double norm(double h) const {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
      const double r = h * weighted<W>(i, All{}) / scale(y[i], next[i]);
      total += r * r;
    }
    return total / n;
  }

  double rms(const Vector& v) const {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
      const double r = v[i] / scale(y[i], y[i]);
      total += r * r;
    }
    return std::sqrt(total / n);
  }

  template <int ROW> void evaluate(double t, double h) {
    double* out = ROW == S - 1 && M::fsal ? next.data() : stage.data();
    for (size_t i = 0; i < n; i++) out[i] = y[i] + h * sum<ROW>(nullptr, i, std::make_index_sequence<ROW>{});
    Problem::field(t + M::c[ROW] * h, out, k[ROW].data());
  }
  template <size_t... ROW> void evaluateAll(double t, double h, std::index_sequence<ROW...>) {
    (evaluate<int(ROW) + 1>(t, h), ...);
  }

  double firstStep(double t) {
    const double d0 = rms(y), d1 = rms(k[0]);
    const double h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1;
    for (size_t i = 0; i < n; i++) stage[i] = y[i] + h0 * k[0][i];
    Problem::field(t + h0, stage.data(), k[1].data());
    for (size_t i = 0; i < n; i++) stage[i] = k[1][i] - k[0][i];
    const double d2 = rms(stage) / h0, d = std::max(d1, d2);
    const double h1 = d <= 1e-15 ? std::max(1e-6, h0 * 1e-3) : std::pow(0.01 / d, 1.0 / M::order);
    return std::min(100 * h0, h1);
  }

public:
  Statistics stats;

  Integrator(double relative, double absolute) : next(n), stage(n), rtol(relative), atol(absolute) {
    for (Vector& v : k) v.resize(n);
  }

  const Vector& solve(const Vector& start, double t, double end) {
    y = start;
    stats = Statistics();
    Problem::field(t, y.data(), k[0].data());
    double size = firstStep(t), last = 0;
    stats.evaluations = 2;
    while (t < end) {
      const bool reaches = size >= (end - t) * (1 - 1e-12);
      const double h = reaches ? end - t : size;
      evaluateAll(t, h, std::make_index_sequence<S - 1>{});
      stats.evaluations += S - 1;
      if (!M::fsal)
        for (size_t i = 0; i < n; i++) next[i] = y[i] + h * weighted<M::b>(i, All{});
      double r = norm<M::error>(h);
      if constexpr (M::steadied) {
        const double steadying = norm<M::steadyingError>(h);
        r = r == 0 ? 0 : r / std::sqrt(r + 0.01 * steadying);
      } else {
        r = std::sqrt(r);
      }
      const double inverse = r < 1e-300 ? 690 : -std::log(r);
      const double factor = 0.9 * std::exp((0.7 * inverse - 0.4 * last) / M::order);
      if (!(r <= 1)) {
        stats.rejected++;
        size = h * (r < INFINITY ? std::clamp(factor, 0.2, 0.9) : 0.2);
        continue;
      }
      stats.accepted++;
      last = inverse;
      size = h * std::clamp(factor, 0.9, 10.0);
      t = reaches ? end : t + h;
      std::swap(y, next);
      if (M::fsal) {
        std::swap(k[0], k[S - 1]);
      } else if (t < end) {
        Problem::field(t, y.data(), k[0].data());
        stats.evaluations++;
      }
    }
    return y;
  }
};
