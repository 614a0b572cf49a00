/// A team of threads that belongs to one context. It never touches process-wide thread settings, and an
/// exception thrown by a worker reaches the caller.
#pragma once

#include <prismatic/core/types.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace prismatic {

/// Runs a callable on a fixed number of threads, the calling one among them. One job at a time: a team
/// is used by the thread that owns its context, and a job must not start another on the same team.
class thread_team {
 public:
  /// @param threads  how many, the caller included; 0 takes one per hardware thread
  explicit thread_team(int threads = 0)
      : size_(threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))),
        failures_(static_cast<std::size_t>(size_)),
        taken_(static_cast<std::size_t>(size_)) {
    workers_.reserve(static_cast<std::size_t>(size_ - 1));
    try {
      for (int worker = 1; worker < size_; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
    } catch (...) {
      stop();
      throw;
    }
  }
  thread_team(const thread_team&) = delete;
  thread_team& operator=(const thread_team&) = delete;
  ~thread_team() { stop(); }

  [[nodiscard]] int size() const noexcept { return size_; }

  /// body(worker) once for each worker 0 ... size() - 1. The first exception (by worker) is rethrown.
  ///
  /// The caller is worker 0, and takes the parts of those who have not begun when it is done with its own: on a
  /// busy machine nobody waits for a thread that has not been scheduled. Parts must not wait for one another.
  template <class F>
  void run(F&& body) {
    if (size_ == 1) return body(0);
    using body_type = std::remove_reference_t<F>;
    invoke_ = [](void* f, int worker) { (*static_cast<body_type*>(f))(worker); };
    body_ = const_cast<void*>(static_cast<const void*>(std::addressof(body)));
    remaining_.store(size_ - 1, std::memory_order_relaxed);
    const std::uint32_t epoch = epoch_.fetch_add(1, std::memory_order_release) + 1;
    epoch_.notify_all();
    call(0);
    for (int worker = 1; worker < size_; ++worker)
      if (take(worker, epoch)) {
        call(worker);
        remaining_.fetch_sub(1, std::memory_order_relaxed);
      }
    for (int left = remaining_.load(std::memory_order_acquire), spin = 0; left != 0;
         left = remaining_.load(std::memory_order_acquire)) {
      if (++spin < spins)
        pause();
      else
        remaining_.wait(left, std::memory_order_acquire);
    }
    for (std::exception_ptr& failure : failures_)
      if (failure) {
        const std::exception_ptr first = std::exchange(failure, nullptr);
        std::ranges::fill(failures_, nullptr);
        std::rethrow_exception(first);
      }
  }

  /// body(begin, end, worker) on contiguous parts of [0, n), one part a worker at the most. The parts
  /// depend on n, grain and size() only. `grain` is the least a worker is started for.
  template <class F>
  void for_range(index_t n, index_t grain, F&& body) {
    const index_t parts = std::clamp<index_t>(n / std::max<index_t>(grain, 1), 1, size_);
    if (parts == 1) {
      if (n > 0) body(index_t{0}, n, 0);
      return;
    }
    run([&](int worker) {
      const index_t begin = n * worker / parts, end = n * (worker + 1) / parts;
      if (worker < parts && begin < end) body(begin, end, worker);
    });
  }

  /// body(i, worker) for every i in [0, n), handed out one at a time as workers fall free. Which worker
  /// takes which i varies from run to run: results must not depend on it.
  template <class F>
  void for_each(index_t n, F&& body) {
    if (size_ == 1 || n <= 1) {
      for (index_t i = 0; i < n; ++i) body(i, 0);
      return;
    }
    std::atomic<index_t> next{0};
    run([&](int worker) {
      for (index_t i = next.fetch_add(1, std::memory_order_relaxed); i < n;
           i = next.fetch_add(1, std::memory_order_relaxed))
        body(i, worker);
    });
  }

 private:
  static constexpr int spins = 4000;  // some 50 microseconds before a thread goes to sleep

  static void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  // Whether the part of `worker` in this epoch is still to be done, and the asking thread's from now on.
  bool take(int worker, std::uint32_t epoch) noexcept {
    std::uint32_t before = epoch - 1;
    return taken_[static_cast<std::size_t>(worker)].compare_exchange_strong(
        before, epoch, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  void call(int worker) noexcept {
    try {
      invoke_(body_, worker);
    } catch (...) {
      failures_[static_cast<std::size_t>(worker)] = std::current_exception();
    }
  }

  void serve(int worker) noexcept {
    std::uint32_t seen = 0;
    while (true) {
      std::uint32_t now = epoch_.load(std::memory_order_acquire);
      for (int spin = 0; now == seen && spin < spins; ++spin) {
        pause();
        now = epoch_.load(std::memory_order_acquire);
      }
      if (now == seen) {
        epoch_.wait(seen, std::memory_order_acquire);
        continue;
      }
      seen = now;
      if (stopping_.load(std::memory_order_relaxed)) return;
      if (!take(worker, now)) continue;
      call(worker);
      if (remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1) remaining_.notify_one();
    }
  }

  void stop() noexcept {
    stopping_.store(true, std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_release);
    epoch_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int size_;
  std::vector<std::thread> workers_;
  std::vector<std::exception_ptr> failures_;
  std::vector<std::atomic<std::uint32_t>> taken_;  // by worker: the last epoch whose part somebody took
  void (*invoke_)(void*, int) = nullptr;
  void* body_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> epoch_{0};
  alignas(64) std::atomic<int> remaining_{0};
  std::atomic<bool> stopping_{false};
};

}  // namespace prismatic
