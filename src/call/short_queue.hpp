#pragma once
// For queues that hold little most of the time, of which every call has several: a std::deque takes 600 bytes before
// anything is in it.

#include <boost/container/devector.hpp>

namespace call {

template <class Element>
using ShortQueue = boost::container::devector<Element>;

}  // namespace call
