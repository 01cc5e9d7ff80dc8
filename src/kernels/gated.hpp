// The gated activation of an MLP (Shazeer 2020, 2002.05202): y = curve(gate) * up.
#pragma once

#include <cstdint>

#include "kernels/elementwise.hpp"

namespace temper {

// gate_up is [rows, 2 width], the gate first; y [rows, width].
template <class T>
void gated_forward(Curve curve, const T* gate_up, std::int64_t rows, std::int64_t width, T* y);

// d_gate_up [rows, 2 width] receives the gradient of gate_up; it may be gate_up itself.
template <class T>
void gated_backward(Curve curve, const T* gate_up, const T* dy, std::int64_t rows,
                    std::int64_t width, T* d_gate_up);

}  // namespace temper
