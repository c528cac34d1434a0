// The kernels in C++, timed on request: a line "kernel precision sizes… iterations" on the standard input is answered by
// "nanoseconds checksum", the time of one run and the sum of the result. Plain loops where the compiler vectorises them
// by itself; sums that it may not reorder are spelled with vectors.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>
#include "activations.hpp"
#include "dense.hpp"
#include "lu.hpp"

template <class T> using Numbers = std::vector<T>;

template <class T> Numbers<T> filled(size_t n, int seed) {
  Numbers<T> x(n);
  for (size_t i = 0; i < n; i++) x[i] = T(double((i * 37 + seed * 11) % 101) / 101 - 0.5);
  return x;
}

template <class T> double total(const Numbers<T>& x) {
  double s = 0;
  for (T v : x) s += v;
  return s;
}

/** A kernel bound to its operands, and its result. */
struct Case {
  std::function<void()> run;
  std::function<double()> checksum;
};

const double H = 0.01;
const double W[6] = {0.3, -0.2, 0.5, 0.7, -0.4, 0.1};

template <class T>
void combine(T* __restrict out, const T* base, const T* a, const T* b, const T* c, const T* d, const T* e, const T* f, size_t n) {
  const T w0 = H * W[0], w1 = H * W[1], w2 = H * W[2], w3 = H * W[3], w4 = H * W[4], w5 = H * W[5];
  for (size_t i = 0; i < n; i++)
    out[i] = base[i] + (w0 * a[i] + w1 * b[i] + w2 * c[i] + w3 * d[i] + w4 * e[i] + w5 * f[i]);
}

template <class T> T* at(std::vector<Numbers<T>>& v, int j) { return v[j].data(); }

template <class T> double scaledNorm(std::vector<Numbers<T>>& v, const T* ya, const T* yb, size_t n) {
  const T w0 = H * W[0], w1 = H * W[1], w2 = H * W[2], w3 = H * W[3], w4 = H * W[4], w5 = H * W[5];
  const T *a = at(v, 0), *b = at(v, 1), *c = at(v, 2), *d = at(v, 3), *e = at(v, 4), *f = at(v, 5);
  // Sixteen sums side by side: the compiler may not split one.
  T sums[16] = {};
  auto square = [&](size_t i) {
    T error = w0 * a[i] + w1 * b[i] + w2 * c[i] + w3 * d[i] + w4 * e[i] + w5 * f[i];
    T p = std::fabs(ya[i]), q = std::fabs(yb[i]);
    T r = error / (T(1e-9) + T(1e-6) * (p > q ? p : q));
    return r * r;
  };
  size_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int l = 0; l < 16; l++) sums[l] += square(i + l);
  for (; i < n; i++) sums[0] += square(i);
  double s = 0;
  for (T x : sums) s += x;
  return std::sqrt(s / n);
}

template <class T> double dot(const T* a, const T* b, size_t n) {
  T sums[64] = {};
  size_t i = 0;
  for (; i + 64 <= n; i += 64)
    for (int l = 0; l < 64; l++) sums[l] += a[i + l] * b[i + l];
  for (; i < n; i++) sums[0] += a[i] * b[i];
  double s = 0;
  for (T x : sums) s += x;
  return s;
}

template <class T> void adam(T* __restrict p, const T* __restrict g, T* __restrict m, T* __restrict v, size_t n) {
  const T step = 1e-3 / (1 - std::pow(0.9, 10)), scale = 1 / std::sqrt(1 - std::pow(0.999, 10));
  for (size_t i = 0; i < n; i++) {
    m[i] = T(0.9) * m[i] + T(0.1) * g[i];
    v[i] = T(0.999) * v[i] + T(0.001) * g[i] * g[i];
    p[i] -= step * m[i] / (std::sqrt(v[i]) * scale + T(1e-8));
  }
}

/** The operands of a case live as long as its closures: shared between them. */
template <class T> Case prepare(const std::string& kernel, std::istringstream& words) {
  struct Operands {
    std::vector<Numbers<T>> v;
    double value = 0;
  };
  auto o = std::make_shared<Operands>();
  auto& v = o->v;
  auto vector = [&](size_t n, int seed) { v.push_back(filled<T>(n, seed)); };
  auto result = [o](int j) { return [o, j] { return total(o->v[j]); }; };
  auto value = [o] { return o->value; };
  if (kernel == "activation" || kernel == "activationGradient") {
    std::string name;
    size_t n;
    words >> name >> n;
    for (int seed = 0; seed < 3; seed++) vector(n, seed);
    const bool isForward = kernel == "activation";
    return withActivation(name, [&](auto act) -> Case {
      if (isForward)
        return {[o, n, act] {
          T *out = at(o->v, 0), *x = at(o->v, 1);
          for (size_t i = 0; i < n; i++) out[i] = act.value(x[i]);
        }, result(0)};
      return {[o, n, act] {
        T *delta = at(o->v, 0), *kept = at(o->v, 1), *fresh = at(o->v, 2);
        std::copy(fresh, fresh + n, delta);
        for (size_t i = 0; i < n; i++) delta[i] *= act.slope(kept[i]);
      }, result(0)};
    });
  }
  if (kernel == "denseForward" || kernel == "denseVjp") {
    size_t width, rows;
    words >> width >> rows;
    // 0 A or δ, 1 W, 2 bias, 3 C or Ā, 4 W̄, 5 b̄, 6 the layer's input
    vector(rows * width, 0), vector(width * width, 1), vector(width, 2), vector(rows * width, 3);
    vector(width * width, 4), vector(width, 5), vector(rows * width, 6);
    auto packed = std::make_shared<Numbers<T>>(width * width);
    for (size_t i = 0; i < width; i++)
      for (size_t j = 0; j < width; j++) (*packed)[j * width + i] = v[1][i * width + j];
    if (kernel == "denseForward")
      return {[o, packed, width, rows] {
        auto& v = o->v;
        multiply<T>(at(v, 0), width, packed->data(), width, at(v, 2), at(v, 3), width, rows, width, width);
      }, result(3)};
    return {[o, width, rows] {
      auto& v = o->v;
      multiply<T>(at(v, 0), width, at(v, 1), width, nullptr, at(v, 3), width, rows, width, width);
      accumulate<T>(at(v, 0), width, at(v, 6), width, at(v, 4), at(v, 5), rows, width, width);
    }, result(3)};
  }
  if (kernel == "mlpForward" || kernel == "mlpVjp") {
    size_t batch;
    words >> batch;
    auto net = std::make_shared<Network<T>>(filled<T>(Network<T>::parameters, 1), batch);
    vector(batch * 2, 2), vector(batch * 2, 3), vector(batch * 2, 4);
    if (kernel == "mlpForward")
      return {[o, net] { net->forward(at(o->v, 0), at(o->v, 1), [](T x) { return std::tanh(x); }); }, result(1)};
    return {[o, net] {
      net->forward(at(o->v, 0), nullptr, [](T x) { return std::tanh(x); });
      net->backward(at(o->v, 0), at(o->v, 2), at(o->v, 1));
    }, result(1)};
  }
  if (kernel == "mlpSecond") {
    size_t batch, pairs;
    words >> batch >> pairs;
    auto net = std::make_shared<Network<T>>(filled<T>(Network<T>::parameters, 1), batch);
    // 0 x, 1 x̄, 2 cotangents, 3 tangents
    vector(batch * 2, 2), vector(batch * 2, 3), vector(pairs * batch * 2, 4), vector(pairs * batch * 2, 5);
    net->forward(at(o->v, 0), nullptr, [](T x) { return std::tanh(x); });
    return {[o, net, pairs] { net->second(at(o->v, 0), at(o->v, 3), at(o->v, 2), pairs, at(o->v, 1)); }, result(1)};
  }
  size_t n;
  words >> n;
  if (kernel.rfind("LU", 0) == 0) {
    const Numbers<double> J = filled<double>(n * n, 0), right = filled<double>(n, 1);
    auto system = std::make_shared<LU>(n);
    auto x = std::make_shared<Numbers<double>>(n);
    const bool factors = kernel == "LUfactor+solve", transposed = kernel == "LUtransposedsolve";
    system->factor(J.data(), 3);
    return {[=] {
      if (factors) system->factor(J.data(), 3);
      std::copy(right.begin(), right.end(), x->begin());
      if (transposed) system->solveTransposed(x->data());
      else system->solve(x->data());
    }, [x] { return total(*x); }};
  }
  for (int seed = 0; seed < 8; seed++) vector(n, seed);
  if (kernel == "combine")
    return {[o, n] {
      auto& v = o->v;
      combine<T>(at(v, 7), at(v, 6), at(v, 0), at(v, 1), at(v, 2), at(v, 3), at(v, 4), at(v, 5), n);
    }, result(7)};
  if (kernel == "scaledNorm") return {[o, n] { o->value = scaledNorm<T>(o->v, at(o->v, 6), at(o->v, 7), n); }, value};
  if (kernel == "dot") return {[o, n] { o->value = dot<T>(at(o->v, 0), at(o->v, 1), n); }, value};
  for (T& x : v[2]) x = 0;
  for (T& x : v[3]) x = 0;
  return {[o, n] { adam<T>(at(o->v, 0), at(o->v, 1), at(o->v, 2), at(o->v, 3), n); }, result(0)};
}

int main() {
  std::string line, last;
  Case bound;
  while (std::getline(std::cin, line)) {
    // The last word is the number of runs; what stands before it names the case.
    const size_t cut = line.rfind(' ');
    const std::string name = line.substr(0, cut);
    const long iterations = std::stol(line.substr(cut + 1));
    if (name != last) {
      std::istringstream words(name);
      std::string kernel, precision;
      words >> kernel >> precision;
      bound = precision == "f32" ? prepare<float>(kernel, words) : prepare<double>(kernel, words);
      last = name;
    }
    const auto start = std::chrono::steady_clock::now();
    for (long i = 0; i < iterations; i++) bound.run();
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
    std::cout.precision(17);
    std::cout << passed.count() / iterations << ' ' << bound.checksum() << std::endl;
  }
}
