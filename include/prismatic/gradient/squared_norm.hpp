/// The sink that gives exact squared gradient norms, a batch at a time.
#pragma once

#include <prismatic/gradient/gram.hpp>

namespace prismatic {

/// squared_norms() answers |g_s|^2 for the sequences of the last batch, the cross terms of tied parameters
/// included. What a batch keeps is given back at the next begin().
template <class B, real T>
class squared_norm_sink : private gram_sink<B, T> {
 public:
  using gram_sink<B, T>::gram_sink;
  using gram_sink<B, T>::wants;
  using gram_sink<B, T>::outer;
  using gram_sink<B, T>::rows;
  using gram_sink<B, T>::dense;
  using gram_sink<B, T>::squared_norms;

  /// Starts a batch.
  void begin(index_t sequences) {
    this->clear();
    gram_sink<B, T>::begin(sequences);
  }
};

}  // namespace prismatic
