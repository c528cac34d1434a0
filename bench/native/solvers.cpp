// Native solvers, timed on request: a line "problem method tolerance start end y0… iterations" on the standard input is
// answered by "nanoseconds accepted rejected evaluations y…" of one solve with rtol = atol = tolerance.
// tableaus.hpp is written by bench/solvers/tableaus.ts from odegrad's own coefficients.
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>
#include "problems.hpp"
#include "runge-kutta.hpp"
#include "tableaus.hpp"

template <class Problem, class Method> void answer(std::istringstream& words) {
  double tolerance, start, end;
  long iterations;
  std::vector<double> y0(Problem::n), y;
  words >> tolerance >> start >> end;
  for (double& v : y0) words >> v;
  words >> iterations;
  Statistics stats;
  const auto begin = std::chrono::steady_clock::now();
  for (long i = 0; i < iterations; i++) {
    Integrator<Problem, Method> integrator(tolerance, tolerance);
    y = integrator.solve(y0, start, end);
    stats = integrator.stats;
  }
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
  std::cout << passed.count() / iterations << ' ' << stats.accepted << ' ' << stats.rejected << ' ' << stats.evaluations;
  for (double v : y) std::cout << ' ' << v;
  std::cout << std::endl;
}

int main() {
  std::cout.precision(17);
  std::string line, problem, method;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    words >> problem >> method;
    withProblem(problem, [&](auto p) {
      if (method == "dop853") answer<decltype(p), Dop853>(words);
      else answer<decltype(p), Dopri5>(words);
    });
  }
}
