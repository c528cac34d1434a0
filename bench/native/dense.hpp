// Dense layers and a small network in C++, on 64-byte vectors (which the compiler splits where the processor has none).
#pragma once
#include <cstring>
#include <memory>
#include <vector>

template <class T> struct Lanes {
  typedef T vector __attribute__((vector_size(64)));
  static constexpr size_t count = 64 / sizeof(T);
};

template <class T> typename Lanes<T>::vector loadVector(const T* p) {
  typename Lanes<T>::vector v;
  std::memcpy(&v, p, 64);
  return v;
}

/** `ROWS` rows and two vectors of columns of C = A B + bias. */
template <class T, int ROWS>
void tile(const T* a, size_t lda, const T* b, size_t ldb, const T* bias, T* c, size_t ldc, size_t depth) {
  using V = typename Lanes<T>::vector;
  constexpr size_t L = Lanes<T>::count;
  V low[ROWS], high[ROWS];
  for (int r = 0; r < ROWS; r++) {
    low[r] = bias ? loadVector(bias) : V{};
    high[r] = bias ? loadVector(bias + L) : V{};
  }
  for (size_t k = 0; k < depth; k++) {
    const V b0 = loadVector(b + k * ldb), b1 = loadVector(b + k * ldb + L);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) {
      const T x = a[r * lda + k];
      low[r] += x * b0;
      high[r] += x * b1;
    }
  }
  for (int r = 0; r < ROWS; r++) {
    std::memcpy(c + r * ldc, &low[r], 64);
    std::memcpy(c + r * ldc + L, &high[r], 64);
  }
}

/** C [rows × columns] = A [rows × depth] B [depth × columns] + bias (null: none). */
template <class T>
void multiply(const T* a, size_t lda, const T* b, size_t ldb, const T* bias, T* c, size_t ldc, size_t rows, size_t columns, size_t depth) {
  constexpr size_t wide = 2 * Lanes<T>::count;
  const size_t whole = columns - columns % wide;
  for (size_t j = 0; j < whole; j += wide) {
    const T* bj = bias ? bias + j : nullptr;
    size_t r = 0;
    for (; r + 8 <= rows; r += 8) tile<T, 8>(a + r * lda, lda, b + j, ldb, bj, c + r * ldc + j, ldc, depth);
    for (; r < rows; r++) tile<T, 1>(a + r * lda, lda, b + j, ldb, bj, c + r * ldc + j, ldc, depth);
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t j = whole; j < columns; j++) {
      T s = bias ? bias[j] : T(0);
      for (size_t k = 0; k < depth; k++) s += a[r * lda + k] * b[k * ldb + j];
      c[r * ldc + j] = s;
    }
}

/** W̄ [outs × ins] += δᵀ A, b̄ += column sums of δ. */
template <class T>
void accumulate(const T* delta, size_t ldd, const T* a, size_t lda, T* __restrict w, T* __restrict bias, size_t rows, size_t outs, size_t ins) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t o = 0; o < outs; o++) bias[o] += delta[r * ldd + o];
  }
  for (size_t o = 0; o < outs; o++) {
    for (size_t r = 0; r < rows; r++) {
      const T d = delta[r * ldd + o];
      for (size_t j = 0; j < ins; j++) w[o * ins + j] += d * a[r * lda + j];
    }
  }
}

/** The network 2 → 64 → 64 → 2 of the benchmark. */
template <class T> struct Network {
  static constexpr size_t D = 2, H = 64, parameters = H * D + H + H * H + H + D * H + D;
  std::vector<T> theta, bar, hidden1, hidden2, delta1, delta2;
  /** Wᵀ of each layer. */
  std::vector<T> t1, t2, t3;
  size_t batch;

  Network(std::vector<T> given, size_t rows) : theta(std::move(given)), bar(parameters), batch(rows) {
    for (auto* v : {&hidden1, &hidden2, &delta1, &delta2}) v->resize(batch * H);
    t1 = transposed(w1(theta), H, D);
    t2 = transposed(w2(theta), H, H);
    t3 = transposed(w3(theta), D, H);
  }
  static T* w1(std::vector<T>& p) { return p.data(); }
  static T* w2(std::vector<T>& p) { return p.data() + H * D + H; }
  static T* w3(std::vector<T>& p) { return w2(p) + H * H + H; }
  static std::vector<T> transposed(const T* w, size_t outs, size_t ins) {
    std::vector<T> t(outs * ins);
    for (size_t o = 0; o < outs; o++)
      for (size_t i = 0; i < ins; i++) t[i * outs + o] = w[o * ins + i];
    return t;
  }

  template <class F> void forward(const T* x, T* dx, F act) {
    multiply<T>(x, D, t1.data(), H, w1(theta) + H * D, hidden1.data(), H, batch, H, D);
    for (T& v : hidden1) v = act(v);
    multiply<T>(hidden1.data(), H, t2.data(), H, w2(theta) + H * H, hidden2.data(), H, batch, H, H);
    for (T& v : hidden2) v = act(v);
    if (dx) multiply<T>(hidden2.data(), H, t3.data(), D, w3(theta) + D * H, dx, D, batch, D, H);
  }

  void backward(const T* x, const T* cotangent, T* xBar) {
    accumulate<T>(cotangent, D, hidden2.data(), H, w3(bar), w3(bar) + D * H, batch, D, H);
    multiply<T>(cotangent, D, w3(theta), H, nullptr, delta2.data(), H, batch, H, D);
    for (size_t i = 0; i < batch * H; i++) delta2[i] *= 1 - hidden2[i] * hidden2[i];
    accumulate<T>(delta2.data(), H, hidden1.data(), H, w2(bar), w2(bar) + H * H, batch, H, H);
    multiply<T>(delta2.data(), H, w2(theta), H, nullptr, delta1.data(), H, batch, H, H);
    for (size_t i = 0; i < batch * H; i++) delta1[i] *= 1 - hidden1[i] * hidden1[i];
    accumulate<T>(delta1.data(), H, x, D, w1(bar), w1(bar) + H * D, batch, H, D);
    multiply<T>(delta1.data(), H, w1(theta), D, nullptr, xBar, D, batch, D, H);
  }

  std::vector<T> d11, d12, d21, d22, sum1, sum2, dot1, dot2, bend1, bend2;

  /** xBar, and in `bar`, of the sum of v · J u over pairs of u and v, [pairs × batch × D] each, after `forward`. */
  void second(const T* x, const T* us, const T* vs, size_t pairs, T* xBar) {
    const size_t n = batch * H;
    for (auto* v : {&d11, &d12, &d21, &d22, &sum1, &sum2, &dot1, &dot2, &bend1, &bend2}) v->resize(n);
    for (size_t i = 0; i < n; i++) {
      d11[i] = 1 - hidden1[i] * hidden1[i], d12[i] = -2 * hidden1[i] * d11[i];
      d21[i] = 1 - hidden2[i] * hidden2[i], d22[i] = -2 * hidden2[i] * d21[i];
      sum1[i] = sum2[i] = 0;
    }
    std::vector<T> unused(H);
    for (size_t k = 0; k < pairs; k++) {
      const T *u = us + k * batch * D, *v = vs + k * batch * D;
      multiply<T>(u, D, t1.data(), H, nullptr, dot1.data(), H, batch, H, D);
      for (size_t i = 0; i < n; i++) bend1[i] = d12[i] * dot1[i], dot1[i] *= d11[i];
      multiply<T>(dot1.data(), H, t2.data(), H, nullptr, dot2.data(), H, batch, H, H);
      for (size_t i = 0; i < n; i++) bend2[i] = d22[i] * dot2[i], dot2[i] *= d21[i];
      accumulate<T>(v, D, dot2.data(), H, w3(bar), unused.data(), batch, D, H);
      multiply<T>(v, D, w3(theta), H, nullptr, delta2.data(), H, batch, H, D);
      for (size_t i = 0; i < n; i++) sum2[i] += bend2[i] * delta2[i], delta2[i] *= d21[i];
      accumulate<T>(delta2.data(), H, dot1.data(), H, w2(bar), unused.data(), batch, H, H);
      multiply<T>(delta2.data(), H, w2(theta), H, nullptr, delta1.data(), H, batch, H, H);
      for (size_t i = 0; i < n; i++) sum1[i] += bend1[i] * delta1[i], delta1[i] *= d11[i];
      accumulate<T>(delta1.data(), H, u, D, w1(bar), unused.data(), batch, H, D);
    }
    accumulate<T>(sum2.data(), H, hidden1.data(), H, w2(bar), w2(bar) + H * H, batch, H, H);
    multiply<T>(sum2.data(), H, w2(theta), H, nullptr, delta1.data(), H, batch, H, H);
    for (size_t i = 0; i < n; i++) delta1[i] = d11[i] * delta1[i] + sum1[i];
    accumulate<T>(delta1.data(), H, x, D, w1(bar), w1(bar) + H * D, batch, H, D);
    multiply<T>(delta1.data(), H, w1(theta), D, nullptr, xBar, D, batch, D, H);
  }
};
