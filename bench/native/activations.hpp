// Activations and their derivatives, each a type, so that the loop over one of them is compiled for it.
#pragma once
#include <cmath>
#include <string>

// NAME, value from x, derivative from `k` (the value; for silu the argument).
#define ACTIVATION(NAME, VALUE, SLOPE)             \
  struct NAME {                                    \
    template <class T> static T value(T x) { return VALUE; } \
    template <class T> static T slope(T k) { return SLOPE; } \
  };
ACTIVATION(Tanh, std::tanh(x), 1 - k * k)
ACTIVATION(Relu, x > 0 ? x : 0, k > 0 ? 1 : 0)
ACTIVATION(Softplus, (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x))), -std::expm1(-k))
ACTIVATION(Sigmoid, 1 / (1 + std::exp(-x)), k * (1 - k))
ACTIVATION(Elu, x >= 0 ? x : std::expm1(x), 1 + (k < 0 ? k : 0))
struct Silu {
  template <class T> static T value(T x) { return x / (1 + std::exp(-x)); }
  template <class T> static T slope(T k) {
    const T s = 1 / (1 + std::exp(-k));
    return s * (1 + k * (1 - s));
  }
};
#undef ACTIVATION

/** Calls `use` with the activation of that name. */
template <class F> auto withActivation(const std::string& name, F use) {
  if (name == "tanh") return use(Tanh{});
  if (name == "relu") return use(Relu{});
  if (name == "softplus") return use(Softplus{});
  if (name == "sigmoid") return use(Sigmoid{});
  if (name == "silu") return use(Silu{});
  return use(Elu{});
}
