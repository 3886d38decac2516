// spawner N [HOLD_S [then]]: the same mix as spawner.c, in Go: goroutines that hold a thread each.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

var pipe [2]int

//go:noinline
func parkRead() { var b [1]byte; syscall.Read(pipe[0], b[:]) }

//go:noinline
func parkSleep() { ts := syscall.Timespec{Sec: 1000}; syscall.Nanosleep(&ts, nil) }

//go:noinline
func parkPoll() { var set syscall.FdSet; syscall.Select(0, &set, nil, nil, &syscall.Timeval{Sec: 1000}) }

func connection() { runtime.LockOSThread(); parkRead() }
func worker()     { runtime.LockOSThread(); parkPoll() }
func ticker()     { runtime.LockOSThread(); parkSleep() }

//go:noinline
func spawnConnection() { go connection() }

//go:noinline
func spawnWorker() { go worker() }

//go:noinline
func spawnTicker() { go ticker() }

func spawn(i int) {
	if i%10 < 6 {
		spawnConnection()
	} else if i%10 < 9 {
		spawnWorker()
	} else {
		spawnTicker()
	}
}

func main() {
	arg := func(i, or int) int {
		if len(os.Args) > i {
			n, _ := strconv.Atoi(os.Args[i])
			return n
		}
		return or
	}
	syscall.Pipe(pipe[:])
	for i := 0; i < arg(1, 100); i++ {
		spawn(i)
	}
	time.Sleep(300 * time.Millisecond)
	fmt.Println("ready", os.Getpid(), arg(1, 100))
	end := time.Now().Add(time.Duration(arg(2, 10)) * time.Second)
	for i := 0; len(os.Args) > 3 && time.Now().Before(end); i++ {
		spawn(i)
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(time.Until(end))
}
