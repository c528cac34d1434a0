// The initial value problems of the solver benchmark, as in bench/solvers/problems.ts, over any number type.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

struct Lorenz {
  static constexpr size_t n = 3;
  template <class T> static void field(T, const T* y, T* dy) {
    dy[0] = T(10) * (y[1] - y[0]);
    dy[1] = y[0] * (T(28) - y[2]) - y[1];
    dy[2] = y[0] * y[1] - (T(8) / T(3)) * y[2];
  }
};

struct LotkaVolterra {
  static constexpr size_t n = 2;
  template <class T> static void field(T, const T* y, T* dy) {
    dy[0] = T(1.5) * y[0] - y[0] * y[1];
    dy[1] = y[0] * y[1] - T(3) * y[1];
  }
};

template <int MU> struct VanDerPol {
  static constexpr size_t n = 2;
  template <class T> static void field(T, const T* y, T* dy) {
    dy[0] = y[1];
    dy[1] = T(MU) * (T(1) - y[0] * y[0]) * y[1] - y[0];
  }
};

inline double root(double x) { return std::sqrt(x); }

struct Arenstorf {
  static constexpr size_t n = 4;
  template <class T> static void field(T, const T* y, T* dy) {
    const T mu = T(12277471) / T(1000000000), nu = T(1) - mu;
    const T a = y[0] + mu, b = y[0] - nu;
    const T square = y[1] * y[1];
    const T d1 = a * a + square, d2 = b * b + square;
    const T e1 = nu / (d1 * root(d1)), e2 = mu / (d2 * root(d2));
    dy[0] = y[2];
    dy[1] = y[3];
    dy[2] = y[0] + T(2) * y[3] - e1 * a - e2 * b;
    dy[3] = y[1] - T(2) * y[2] - (e1 + e2) * y[1];
  }
};

struct Pleiades {
  static constexpr size_t n = 28;
  template <class T> static void field(T, const T* y, T* dy) {
    for (size_t i = 0; i < 14; i++) {
      dy[i] = y[14 + i];
      dy[14 + i] = T(0);
    }
    for (size_t i = 1; i < 7; i++) {
      for (size_t j = 0; j < i; j++) {
        const T dx = y[j] - y[i], dz = y[7 + j] - y[7 + i];
        const T square = dx * dx + dz * dz;
        const T inverse = T(1) / (square * root(square));
        const T px = dx * inverse, pz = dz * inverse;
        dy[14 + i] += T(j + 1) * px;
        dy[21 + i] += T(j + 1) * pz;
        dy[14 + j] -= T(i + 1) * px;
        dy[21 + j] -= T(i + 1) * pz;
      }
    }
  }
};

struct Brusselator {
  static constexpr size_t n = 1000;
  template <class T> static void field(T, const T* y, T* dy) {
    // The ends apart, so that the compiler can vectorise what lies between them.
    auto cell = [&](size_t i, T ul, T vl, T ur, T vr) {
      const T u = y[i], v = y[i + 1], uuv = u * u * v;
      dy[i] = T(1) + uuv - T(24) * u + T(10) * (ul + ur);
      dy[i + 1] = T(3) * u - uuv - T(20) * v + T(10) * (vl + vr);
    };
    cell(0, T(1), T(3), y[2], y[3]);
    for (size_t i = 2; i < n - 2; i += 2) cell(i, y[i - 2], y[i - 1], y[i + 2], y[i + 3]);
    cell(n - 2, y[n - 4], y[n - 3], T(1), T(3));
  }
};

/** Calls `use` with the problem of that name. */
template <class F> auto withProblem(const std::string& name, F use) {
  if (name == "lorenz") return use(Lorenz{});
  if (name == "lotka-volterra") return use(LotkaVolterra{});
  if (name == "van-der-pol-1") return use(VanDerPol<1>{});
  if (name == "van-der-pol-10") return use(VanDerPol<10>{});
  if (name == "van-der-pol-100") return use(VanDerPol<100>{});
  if (name == "arenstorf") return use(Arenstorf{});
  if (name == "pleiades") return use(Pleiades{});
  return use(Brusselator{});
}
