package pgtest

import "syscall"

// endWithThisProcess lets the server end at once when this process is killed.
func endWithThisProcess(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }
