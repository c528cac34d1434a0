// Reference solutions in 128-bit arithmetic by extrapolation of the midpoint rule (Gragg, Bulirsch, Stoer), which needs
// no coefficients that could be wrong. Input and output as bench/native/solvers.cpp, without method and iterations.
//   g++ -O2 -std=gnu++17 bench/native/references.cpp -lquadmath
#include <iostream>
#include <quadmath.h>
#include <sstream>
#include <string>
#include <vector>
typedef __float128 Quad;
inline Quad root(Quad x) { return sqrtq(x); }
#include "problems.hpp"

template <class P> struct Extrapolation {
  static constexpr size_t n = P::n;
  static constexpr int COLUMNS = 12;
  typedef std::vector<Quad> Vector;

  /** One step of 2 (column + 1) midpoints. */
  static Vector midpoints(Quad t, const Vector& y, Quad h, int column) {
    const int count = 2 * (column + 1);
    const Quad s = h / count;
    Vector before = y, now(n), slope(n);
    P::field(t, y.data(), slope.data());
    for (size_t i = 0; i < n; i++) now[i] = y[i] + s * slope[i];
    for (int m = 1; m < count; m++) {
      P::field(t + m * s, now.data(), slope.data());
      for (size_t i = 0; i < n; i++) {
        const Quad next = before[i] + 2 * s * slope[i];
        before[i] = now[i];
        now[i] = next;
      }
    }
    P::field(t + h, now.data(), slope.data());
    for (size_t i = 0; i < n; i++) now[i] = (before[i] + now[i] + s * slope[i]) / 2;
    return now;
  }

  static Vector solve(Vector y, Quad t, Quad end, Quad tolerance) {
    Quad h = (end - t) / 1000;
    while (t < end) {
      if (t + h > end) h = end - t;
      std::vector<Vector> table;
      Quad error = 0;
      for (int j = 0; j < COLUMNS; j++) {
        table.push_back(midpoints(t, y, h, j));
        for (int m = j - 1; m >= 0; m--) {
          const Quad q = Quad(j + 1) / Quad(m + 1);
          for (size_t i = 0; i < n; i++) table[m][i] = table[m + 1][i] + (table[m + 1][i] - table[m][i]) / (q * q - 1);
        }
      }
      for (size_t i = 0; i < n; i++) {
        const Quad e = fabsq(table[0][i] - table[1][i]) / (1 + fabsq(y[i]));
        if (error == error && !(e <= error)) error = e; // NaN stays
      }
      const bool accepted = error <= tolerance;
      if (accepted) t = end - t <= h ? end : t + h, y = table[0];
      const double factor = error > 0 ? 0.8 * std::pow(double(tolerance / error), 1.0 / (2 * COLUMNS - 1)) : 3;
      h *= factor != factor ? 0.2 : factor > 3 ? 3 : factor < 0.2 ? 0.2 : factor;
    }
    return y;
  }
};

int main() {
  std::cout.precision(17);
  std::string line, problem;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    double tolerance, start, end, value;
    words >> problem >> tolerance >> start >> end;
    std::vector<Quad> y;
    while (words >> value) y.push_back(value);
    withProblem(problem, [&](auto p) {
      const auto result = Extrapolation<decltype(p)>::solve(y, start, end, tolerance);
      for (size_t i = 0; i < result.size(); i++) std::cout << (i ? " " : "") << double(result[i]);
      std::cout << std::endl;
    });
  }
}
