// Calls of getppid from Go: a static program with its own calls, stacks of its own, and goroutines.
package main

import "syscall"

//go:noinline
func mark() int { return syscall.Getppid() }

//go:noinline
func nested(depth int) int {
	if depth > 0 {
		return nested(depth-1) + 1
	}
	return mark() + 1
}

func main() {
	nested(3)
	done := make(chan int)
	go func() { done <- nested(2) }()
	<-done
}
