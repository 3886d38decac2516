// spawner-cc N [HOLD_S [then]]: the same mix as spawner.c, with std::thread and templates as C++ has them.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>

namespace mix {

int pipes[2];
std::mutex mutex;
std::condition_variable never;

void park_read() {
  char byte;
  if (read(pipes[0], &byte, 1) < 0) std::perror("read");
}
void park_wait() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) never.wait(lock);
}
void park_sleep() {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1000));
}

struct Pool {
  template <typename Body>
  __attribute__((noinline)) bool start(Body body) {
    try {
      std::thread(body).detach();
      return true;
    } catch (const std::system_error &) {
      return false;
    }
  }
  __attribute__((noinline)) bool spawn_connection() { return start([] { park_read(); }) && made++ >= 0; }
  __attribute__((noinline)) bool spawn_worker() { return start([] { park_wait(); }) && made++ >= 0; }
  __attribute__((noinline)) bool spawn_ticker() { return start([] { park_sleep(); }) && made++ >= 0; }
  bool spawn(int i) {
    if (i % 10 < 6) return spawn_connection();
    return i % 10 < 9 ? spawn_worker() : spawn_ticker();
  }
  int made = 0;
};

}  // namespace mix

int main(int argc, char **argv) {
  int count = argc > 1 ? std::atoi(argv[1]) : 100;
  alarm(argc > 2 ? std::atoi(argv[2]) : 10);
  if (pipe(mix::pipes) != 0) return 1;
  mix::Pool pool;
  for (int i = 0; i < count && pool.spawn(i); i++) continue;
  usleep(200000);
  std::printf("ready %d %d\n", getpid(), pool.made);
  std::fflush(stdout);
  if (argc > 3)
    for (int i = 0;; i++) pool.spawn(i);
  for (;;) pause();
}
