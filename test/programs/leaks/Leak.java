import java.util.*;
import java.util.concurrent.*;

/**
 * Leak thread|pool|process RATE COUNT [HOLD_S]: makes COUNT of them that stay, RATE a second (0: as fast as it can), at three
 * places with shares of 60, 30 and 10 in an order that is always the same. At the end it holds them for HOLD_S seconds (10).
 */
public class Leak {
  static final List<Object> kept = new ArrayList<>();
  static final CountDownLatch never = new CountDownLatch(1);

  static void work() {
    try { never.await(); } catch (InterruptedException e) { }
  }
  static Thread daemon(Runnable body) {
    Thread thread = new Thread(null, body, "leak", 64 * 1024);
    thread.setDaemon(true);
    return thread;
  }

  static void handleRequest() {
    Thread thread = daemon(Leak::work);
    thread.start();
    kept.add(thread);
  }
  static void refreshCache() {
    Thread thread = daemon(Leak::work);
    kept.add(thread);
    thread.start();
  }
  static void rotateLogs() {
    Runnable later = () -> daemon(Leak::work).start();
    later.run();
  }

  static void handleOrder() {
    ExecutorService pool = Executors.newFixedThreadPool(1, Leak::daemon);
    pool.submit(Leak::work);
    kept.add(pool);
  }
  static void warmCache() {
    ExecutorService pool = Executors.newCachedThreadPool(Leak::daemon);
    pool.execute(Leak::work);
    kept.add(pool);
  }
  static void planBackup() {
    ScheduledExecutorService pool = Executors.newScheduledThreadPool(1, Leak::daemon);
    pool.schedule(Leak::work, 0, TimeUnit.MILLISECONDS);
    kept.add(pool);
  }

  static void resizeImage() throws Exception {
    kept.add(new ProcessBuilder("sleep", "60").start());
  }
  static void sendMail() throws Exception {
    ProcessBuilder mail = new ProcessBuilder("sleep", "60");
    kept.add(mail.start());
  }
  static void probeDisk() throws Exception {
    kept.add(Runtime.getRuntime().exec(new String[] {"sleep", "60"}));
  }

  static void leak(String kind, int pick) throws Exception {
    switch (kind + " " + (pick < 60 ? 0 : pick < 90 ? 1 : 2)) {
      case "thread 0": handleRequest(); break;
      case "thread 1": refreshCache(); break;
      case "thread 2": rotateLogs(); break;
      case "pool 0": handleOrder(); break;
      case "pool 1": warmCache(); break;
      case "pool 2": planBackup(); break;
      case "process 0": resizeImage(); break;
      case "process 1": sendMail(); break;
      default: probeDisk();
    }
  }

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[1]);
    int count = Integer.parseInt(args[2]);
    Random random = new Random(1);
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      try { leak(args[0], random.nextInt(100)); } catch (OutOfMemoryError | java.io.IOException e) { }
      long leftMs = rate == 0 ? 0 : (begin + (long) ((i + 1) / rate * 1e9) - System.nanoTime()) / 1_000_000;
      if (leftMs > 0) Thread.sleep(leftMs);
    }
    System.out.println("made " + count);
    Thread.sleep(1000L * (args.length > 3 ? Integer.parseInt(args[3]) : 10));
    Runtime.getRuntime().halt(0);
  }
}
