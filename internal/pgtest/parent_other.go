//go:build !linux

package pgtest

import "syscall"

// endWithThisProcess: only Linux can.
func endWithThisProcess(*syscall.SysProcAttr) {}
